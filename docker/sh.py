#!/opt/bitbroker/bin/python -IS
"""The image's /bin/sh: runs `curl localhost:8080`, and nothing else.

Compose files written for the Rust broker say `test: curl localhost:8080`, which engines run as
`/bin/sh -c "curl localhost:8080"`. This does for that command what curl would: it prints the answer, and its exit
code says whether there was one. It is no shell: it starts no process, and looks at nothing but its two arguments.
"""

import sys
from http.client import HTTPConnection, HTTPException

COMMAND = "curl localhost:8080"
PATIENCE_SECONDS = 4.0  # curl would wait for ever, and not every engine ends a health check that takes too long
NOT_CONNECTED, TIMED_OUT, BAD_ANSWER = 7, 28, 56  # curl's own exit codes
NO_SUCH_COMMAND = 127  # a shell's own


def curl() -> None:
    """Print what the health API says of the broker."""
    connection = HTTPConnection("localhost", 8080, timeout=PATIENCE_SECONDS)
    try:
        connection.connect()
    except OSError as error:
        leave(NOT_CONNECTED, f"curl: cannot connect to localhost port 8080: {error}")
    try:
        connection.request("GET", "/")
        sys.stdout.buffer.write(connection.getresponse().read())
    except TimeoutError:
        leave(TIMED_OUT, f"curl: no answer within {PATIENCE_SECONDS:g} s")
    except (OSError, HTTPException) as error:
        leave(BAD_ANSWER, f"curl: the answer broke off: {error}")


def leave(exit_code: int, message: str) -> None:
    """Say why, and exit."""
    print(message, file=sys.stderr)
    sys.exit(exit_code)


if sys.argv[1:] == ["-c", COMMAND]:
    curl()
else:
    leave(NO_SUCH_COMMAND, f"sh: this image has no shell; its /bin/sh runs `{COMMAND}` for health checks, only that")
