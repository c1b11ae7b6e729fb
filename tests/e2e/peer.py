r"""A client that does what its arguments say, step by step, and no more: for all that a proper client never does.

Usage: peer.py PORT STEP...

- `say:TEXT` sends the text and a newline, `raw:TEXT` the text alone (with escapes as in Python), in one write
- `hear` waits for a line from the broker and prints it; `rest` prints all lines to the end of the stream
- `wait` waits for a line on standard input
- `stall` waits for ever, and reads nothing
- `die` ends it as a crash does

It needs only the standard library, and is a process, so that what it does to its socket is what the system makes of it.
"""

import os
import signal
import socket
import sys
from contextlib import suppress


def main(port: int, steps: list[str]) -> None:
    """Connect, and take the steps."""
    with socket.create_connection(("127.0.0.1", port)) as sock, sock.makefile("rb") as heard:
        for step in steps:
            word, _, text = step.partition(":")
            match word:
                case "say":
                    sock.sendall(text.encode() + b"\n")
                case "raw":
                    sock.sendall(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
                case "hear":
                    show(heard.readline())
                case "rest":
                    with suppress(ConnectionResetError):
                        for line in heard:
                            show(line)
                case "wait":
                    sys.stdin.readline()
                case "stall":
                    signal.pause()
                case "die":
                    os.kill(os.getpid(), signal.SIGKILL)
                case _:
                    sys.exit(f"there is no step {step!r}")


def show(line: bytes) -> None:
    """Print what was heard, at once."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
