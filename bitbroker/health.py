"""Ask a broker whether it is well, as container engines do every few seconds: the standard library does for that.

`python -m bitbroker.health` loads a tenth of what `bitbroker health` loads; both ask the same.
"""

import os
import ssl
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from typing import Final

from bitbroker.errors import UnwellError

DEFAULT_PORT: Final = 8080
PORT_ENV: Final = "BROKER_HTTP_PORT"
_CERT_ENV: Final = "BROKER_TLS_CERT"
_PLAIN_ENV: Final = "BROKER_HTTP_PLAIN"
_CA_ENV: Final = "BROKER_CA_FILE"
_NO: Final = frozenset({"", "0", "false", "no", "off"})
_PATIENCE_SECONDS: Final = 3.0


def speaks_tls(environ: Mapping[str, str]) -> bool:
    """Whether the broker that has its settings from this environment speaks HTTPS."""
    plain = environ.get(_PLAIN_ENV, "").strip().lower() not in _NO
    return bool(environ.get(_CERT_ENV)) and not plain


def ask_health(host: str, port: int, *, tls: bool = False) -> str:
    """What the health API says of a broker that is well.

    Args:
        host: where it listens.
        port: on which port.
        tls: ask by HTTPS. On this machine, by an address such as 127.0.0.1, any certificate will do: nothing is said
            that needs secrecy, and a certificate that has run out does not make a broker unwell.

    Raises:
        UnwellError: it is not, or does not answer; one line that says why.
    """
    try:
        connection = _open_https(host, port) if tls else HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
    except OSError as error:
        raise UnwellError(f"{_CA_ENV} cannot be used: {error.strerror}; name a file with certificates in PEM") from None
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        text = answer.read(200).decode("utf-8", "replace").strip()
    except (OSError, UnicodeError, HTTPException) as error:
        reason = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or error
        raise UnwellError(
            f"no health API answers at {host} port {port}{' by HTTPS' if tls else ''}: {reason}; is a broker running, "
            "and is that its --http-port?"
        ) from None
    finally:
        connection.close()
    if answer.status != 200:
        raise UnwellError(text)
    return text


def _open_https(host: str, port: int) -> HTTPConnection:
    context = ssl.create_default_context(cafile=os.environ.get(_CA_ENV) or None)
    if _is_here(host):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=_PATIENCE_SECONDS, context=context)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _port_from_environment() -> int:
    text = os.environ.get(PORT_ENV) or str(DEFAULT_PORT)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise UnwellError(f"{PORT_ENV} is {text!r}: it must be the health API's port, 1 to 65535")
    return int(text)


def main() -> None:
    """Ask the broker on this machine that has its port from the same environment; exit code 0 or 1, and a line."""
    try:
        print(ask_health("127.0.0.1", _port_from_environment(), tls=speaks_tls(os.environ)))
    except UnwellError as error:
        sys.exit(f"bitbroker: {error}")


if __name__ == "__main__":
    main()
