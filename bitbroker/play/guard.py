"""A small process that ends others when its parent ends, whatever ended the parent.

It reads lines from standard input: `+N` to look after process group N, `-N` to look after it no more. When the input
ends, it kills the groups that are left. It runs as a script by itself and imports nothing of bitbroker.
"""

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Look after groups until the input ends."""
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
