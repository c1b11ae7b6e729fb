"""Text of others, made fit to be shown."""

from typing import Final

LONGEST_NAME: Final = 64
"""Of a client or a match, in characters: as many as the wire lets it have."""
_SHOWN: Final = 40
"""How much of a name is shown to people."""


def printable(text: str, keep: str = "") -> str:
    """The text without control characters, which might do something to a terminal; a `?` for each.

    Args:
        text: anything.
        keep: what may stay all the same, such as line ends.
    """
    return "".join(letter if letter.isprintable() or letter in keep else "?" for letter in text)


def shortened(text: str, most: int) -> str:
    """The text, or its beginning with a word on how long it was."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def printable_name(name: str) -> str:
    """A name, fit for a line: no control characters, and short."""
    return printable(name[:_SHOWN])


def tls_reason(error: OSError) -> str:
    """What OpenSSL says is wrong, in words: `[SSL: KEY_VALUES_MISMATCH] ...` is "key values mismatch"."""
    return str(getattr(error, "reason", None) or error.strerror or error).replace("_", " ").lower()
