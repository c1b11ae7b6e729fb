"""Where a broker is: host and port, or a URL."""

import os
from typing import Final
from urllib.parse import SplitResult, urlsplit

import attrs

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 9000
_URL_PORTS: Final = {"ws": 80, "wss": 443}
_SCHEMES: Final = frozenset({"tcp", "tls", "ws", "wss"})
_ENCRYPTED: Final = frozenset({"tls", "wss"})


@attrs.frozen
class Address:
    """A broker's address.

    Attributes:
        host: its name or address.
        port: its port for players.
        path: of a WebSocket, query included; None for other framings.
        tls: whether it is spoken to over TLS.
    """

    host: str
    port: int
    path: str | None = None
    tls: bool = False

    @property
    def netloc(self) -> str:
        """Host and port as URLs have them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def find_address(host: str | None = None, port: int | None = None) -> Address:
    """The address that is meant.

    Args:
        host: name or address of the broker, or `host:port`, or an URL: `tcp://host:port` or `ws://host:port/path`, or
            over TLS `tls://host:port` or `wss://host:port/path`; None for what the environment's BROKER_HOST says, or
            else 127.0.0.1.
        port: its port for players; None for that of the host's text, or else what the environment's BROKER_PORT says,
            or else 9000.

    Raises:
        ValueError: it is no address.
    """
    text = host or os.environ.get("BROKER_HOST") or DEFAULT_HOST
    port = _checked("port", str(port)) if port else None
    if "://" not in text and text.count(":") != 1 and not text.startswith("["):
        return Address(text, port or _port_from_environment())
    parts = urlsplit(text if "://" in text else f"tcp://{text}")
    said = _port_of(parts, text)
    if said and port and said != port:
        raise ValueError(f"the broker's address is {text!r} and its port {port}: say the port once")
    if not parts.hostname or parts.scheme not in _SCHEMES:
        raise _no_address(text)
    port, tls = port or said, parts.scheme in _ENCRYPTED
    if parts.scheme in _URL_PORTS:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Address(parts.hostname, port or _URL_PORTS[parts.scheme], path, tls)
    if parts.path.strip("/"):
        raise _no_address(text)
    return Address(parts.hostname, port or _port_from_environment(), tls=tls)


def _port_of(parts: SplitResult, text: str) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise _no_address(text) from None


def _no_address(text: str) -> ValueError:
    return ValueError(
        f"the broker's address is {text!r}: it must be a host, host:port, tcp://host:port or ws://host:port/path, or "
        "over TLS tls://host:port or wss://host:port/path"
    )


def _port_from_environment() -> int:
    return _checked("BROKER_PORT", os.environ.get("BROKER_PORT") or str(DEFAULT_PORT))


def _checked(source: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"{source} is {text!r}: it must be a port, 1 to 65535")
    return int(text)
