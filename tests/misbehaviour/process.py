"""A client as a process of its own, whose words come from the test: `process.py PORT`.

It sends what it reads on standard input, and writes what it hears to standard output. At the end of standard input it
exits at once, without a word. Only the standard library, so that it starts quickly; a process, so that what its end, or
its being suspended, does to its socket is what the system makes of it.
"""

import os
import select
import socket
import sys
from typing import Final

_CHUNK: Final = 65536


def main(port: int) -> None:
    """Connect, and pass on."""
    sock = socket.create_connection(("127.0.0.1", port))
    sources: list[int | socket.socket] = [0, sock]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if 0 in ready:
            said = os.read(0, _CHUNK)
            if not said:
                os._exit(0)
            sock.sendall(said)
        if sock in ready:
            heard = _receive(sock)
            if heard:
                os.write(1, heard)
            else:
                os.close(1)
                sources.remove(sock)


def _receive(sock: socket.socket) -> bytes:
    try:
        return sock.recv(_CHUNK)
    except ConnectionError:
        return b""


if __name__ == "__main__":
    main(int(sys.argv[1]))
