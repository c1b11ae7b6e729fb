"""Accepts connections: several in one go, each with its number and its socket's options."""

import errno
import socket
from collections.abc import Iterator
from typing import Final

import trio

from bitbroker.broker.certificate import Certificate
from bitbroker.broker.stream import Framings, MessageStream

_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}
"""A peer whose machine or network is gone is found within two minutes, in seconds and probes; the system's own
default is two hours. No client is dropped for being slow to think."""

_ACCEPTS_IN_ONE_GO: Final = 16

_OF_THE_PEER: Final = frozenset(
    getattr(errno, name)
    for name in (
        *("ECONNABORTED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ENONET"),
        *("ENOPROTOOPT", "EOPNOTSUPP", "EPERM", "EPROTO", "ETIMEDOUT"),
    )
    if hasattr(errno, name)
)
"""What accept(2) says of a connection that was lost, or forbidden by a firewall, before it was accepted."""


class NumberedListener(trio.abc.Listener[MessageStream]):
    """Accepts connections, each with its number: tasks start in any order, so the number is given here.

    It accepts several without giving way to other tasks: one at a time, with all that those who play have to do in
    between, a few hundred newcomers would wait for seconds, and so would who comes back to its match.
    """

    def __init__(
        self,
        listener: trio.SocketListener,
        numbers: Iterator[int],
        framings: Framings,
        certificate: Certificate | None = None,
    ) -> None:
        # The descriptor changes hands, so that accepting is one call of the system.
        self._socket = socket.socket(fileno=listener.socket.detach())
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's way
        self._in_one_go = 0
        self._certificate = certificate
        self._numbers = numbers
        self._framings = framings

    async def accept(self) -> MessageStream:
        """The next connection."""
        while True:
            sock = await self._accept_socket()
            try:
                peer = _peer(sock)
                _set_options(sock)
            except OSError:  # reset between the kernel's accept and ours
                sock.close()
            else:
                return MessageStream(sock, next(self._numbers), peer, self._framings, self._certificate)

    async def _accept_socket(self) -> socket.socket:
        while True:
            if self._in_one_go == _ACCEPTS_IN_ONE_GO:
                self._in_one_go = 0
                await trio.lowlevel.checkpoint()
            self._in_one_go += 1
            try:
                return self._socket.accept()[0]
            except BlockingIOError:
                self._in_one_go = 0
                await trio.lowlevel.wait_readable(self._socket)
            except OSError as error:
                if error.errno not in _OF_THE_PEER:
                    raise

    async def aclose(self) -> None:
        """Stop listening."""
        trio.lowlevel.notify_closing(self._socket)
        self._socket.close()
        await trio.lowlevel.checkpoint()


def _set_options(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEP_ALIVE.items():
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _peer(sock: socket.socket) -> str:
    host, port, *_ = sock.getpeername()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
