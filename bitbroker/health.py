"""Ask a broker whether it is well, as container engines do every few seconds: the standard library does for that.

`python -m bitbroker.health` loads a tenth of what `bitbroker health` loads; both ask the same.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException
from typing import Final

from bitbroker.errors import UnwellError

DEFAULT_PORT: Final = 8080
PORT_ENV: Final = "BROKER_HTTP_PORT"
_PATIENCE_SECONDS: Final = 3.0


def ask_health(host: str, port: int) -> str:
    """What the health API says of a broker that is well.

    Raises:
        UnwellError: it is not, or does not answer; one line that says why.
    """
    connection = HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        text = answer.read(200).decode("utf-8", "replace").strip()
    except (OSError, UnicodeError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnwellError(
            f"no health API answers at {host} port {port}: {reason}; is a broker running, and is that its --http-port?"
        ) from None
    finally:
        connection.close()
    if answer.status != 200:
        raise UnwellError(text)
    return text


def _port_from_environment() -> int:
    text = os.environ.get(PORT_ENV) or str(DEFAULT_PORT)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise UnwellError(f"{PORT_ENV} is {text!r}: it must be the health API's port, 1 to 65535")
    return int(text)


def main() -> None:
    """Ask the broker on this machine that has its port from the same environment; exit code 0 or 1, and a line."""
    try:
        print(ask_health("127.0.0.1", _port_from_environment()))
    except UnwellError as error:
        sys.exit(f"bitbroker: {error}")


if __name__ == "__main__":
    main()
