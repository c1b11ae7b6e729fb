"""A client's token: proof of who it is, for brokers that have a roster. It is shown nowhere."""

import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "BITBROKER_TOKEN"


def find_token(token: str | None = None) -> str:
    """The token to say hello with.

    Args:
        token: as it was given; None for what the environment's BITBROKER_TOKEN says.

    Returns:
        The token; empty for none.

    Raises:
        ValueError: it is no token.
    """
    if token is None:
        return _checked(VARIABLE, os.environ.get(VARIABLE, ""))
    return _checked("token", token)


def read_token_file(path: str | Path) -> str:
    """The token that a file holds, and nothing else.

    Raises:
        ValueError: the file cannot be read, or does not hold a token.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"the token file {path} cannot be read: {error.strerror}") from None
    except UnicodeError:
        text = ""
    return _checked(f"what the file {path} holds", text.strip() or "no token")


def _checked(source: str, text: str) -> str:
    token = text.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"{source} is no token: that is one word, as `bitbroker roster add` prints it")
    return token
