"""Who may ask what of the HTTP API: all may look from this machine, from elsewhere who has the token."""

from hashlib import sha256
from hmac import compare_digest
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import attrs

from bitbroker.errors import SettingsError

OPEN_PATHS: Final = frozenset({"/", "/healthz", "/readyz"})
"""What anybody may ask: how the broker is, and what probes need. None of it has names of clients."""
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SCHEME: Final = "bearer "
_SHORTEST: Final = 16


@attrs.frozen
class Access:
    """What is asked of whoever comes.

    Attributes:
        local: whether only this machine can reach the API; then all may look.
        token: what opens the rest; None if nothing does.
    """

    local: bool = True
    token: str | None = attrs.field(default=None, repr=False)

    def refusal(self, method: str, path: str, authorization: str) -> str | None:
        """Why this may not be done; None if it may.

        Args:
            method: of the request.
            path: of the request.
            authorization: its header of this name; empty if it has none.
        """
        if path in OPEN_PATHS or (self.local and method in _READING):
            return None
        if self.token is None:
            return "this needs a token, and the broker has none: give it one with --api-token-file"
        if not authorization.lower().startswith(_SCHEME):
            return "this needs the API's token, in the header Authorization: Bearer TOKEN"
        given = authorization[len(_SCHEME) :].strip()
        return None if compare_digest(_hash(given), _hash(self.token)) else "this is not the API's token"


def _hash(token: str) -> bytes:
    """Of the same length for all tokens, so that comparing them tells nothing."""
    return sha256(token.encode(errors="surrogatepass")).digest()


def is_local(host: str) -> bool:
    """Whether only this machine reaches what listens at this address."""
    return ip_address(host).is_loopback


def read_api_token(path: Path | None) -> str | None:
    """The token that a file holds; None if there is no file.

    Raises:
        SettingsError: the file cannot be read, or does not hold a token; the message does not show what it holds.
    """
    if path is None:
        return None
    try:
        token = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}; name another file"
        raise SettingsError(f"BROKER_API_TOKEN_FILE (--api-token-file) is {str(path)!r}: {reason}") from None
    except UnicodeError:
        token = ""
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        reason = f"it must hold one word of {_SHORTEST} characters or more, and nothing else"
        raise SettingsError(f"BROKER_API_TOKEN_FILE (--api-token-file) is {str(path)!r}: {reason}")
    return token
