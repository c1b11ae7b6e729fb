"""The broker's certificate: read at the start, and again when it is told that there is a new one."""

import ssl
from pathlib import Path
from typing import Final, Self

from bitbroker.errors import SettingsError
from bitbroker.settings import Settings
from bitbroker.text import tls_reason

_CERT: Final = "BROKER_TLS_CERT (--tls-cert)"
_KEY: Final = "BROKER_TLS_KEY (--tls-key)"


class Certificate:
    """A certificate with its key, and what TLS takes from it for each new connection.

    Attributes:
        context: of the certificate as it was last read. Connections keep the one that they began with.
        only: whether who does not speak TLS is refused.
    """

    def __init__(self, cert: Path, key: Path, *, only: bool = False) -> None:
        """Read the files.

        Args:
            cert: in PEM: the certificate, and behind it those between it and its root.
            key: in PEM, without a pass phrase.
            only: refuse who does not speak TLS.

        Raises:
            SettingsError: they cannot be read, or are not what they should be; one line that says what to do.
        """
        self._cert = cert
        self._key = key
        self.only = only
        self.context = _make_context(cert, key)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The one that the settings name, if they do.

        Raises:
            SettingsError: they name half of it, or need one; or as above.
        """
        cert, key = settings.tls_cert, settings.tls_key
        if cert is not None and key is not None:
            return cls(cert, key, only=settings.tls_only)
        if cert is not None:
            raise SettingsError(f"{_KEY} is not set: name the file with the key of {cert}")
        if key is not None:
            raise SettingsError(f"{_CERT} is not set: name the file with the certificate for {key}")
        if settings.tls_only:
            raise SettingsError(f"{_CERT} is not set: TLS alone (--tls-only) needs a certificate")
        return None

    def read_again(self) -> None:
        """Take what the files hold now, for new connections.

        Raises:
            SettingsError: they hold no certificate with its key; the one before stays.
        """
        # A new context: the old one, filled anew, would go on offering an old certificate of another kind of key.
        self.context = self.new_context()

    def new_context(self) -> ssl.SSLContext:
        """A context of what the files hold now.

        Raises:
            SettingsError: as above.
        """
        return _make_context(self._cert, self._key)

    def choose(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        """Give a connection the certificate as it is now: an `sni_callback`, for who holds on to a context."""
        connection.context = self.context


def _make_context(cert: Path, key: Path) -> ssl.SSLContext:
    _see_pem(_CERT, cert, b"-----BEGIN CERTIFICATE-----", "certificate")
    _see_pem(_KEY, key, b"PRIVATE KEY-----", "private key")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    # A connection lasts for a match, so a ticket to shorten the next handshake gains nothing. And a client that says
    # its last word and closes would leave one unread, which resets the connection and may destroy that word.
    context.num_tickets = 0

    def refuse_to_ask() -> str:
        raise _wrong(_KEY, key, "it is encrypted; give a key without a pass phrase (openssl pkey -in FILE -out NEW)")

    try:
        context.load_cert_chain(cert, key, password=refuse_to_ask)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise _wrong(_KEY, key, f"it is not the key of {cert}; give the key that this certificate is for") from None
        raise _wrong(_CERT, cert, f"it and {key} cannot be used: {tls_reason(error)}") from None
    return context


def _see_pem(source: str, path: Path, marker: bytes, what: str) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _wrong(source, path, f"it cannot be read: {error.strerror}; name another file") from None
    if marker not in content:
        raise _wrong(source, path, f"it holds no {what} in PEM; name the file that does")


def _wrong(source: str, path: Path, what: str) -> SettingsError:
    return SettingsError(f"{source} is {str(path)!r}: {what}")
