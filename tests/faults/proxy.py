"""What stands between a client and its broker: it passes messages on, and at a chosen one it does something else.

Messages are counted over all connections of the client, both ways, so that a place in a match is a number.
"""

from collections.abc import Awaitable, Callable
from enum import Enum
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from typing import Final

import trio

from tests.cuts import TakeMessage

_DELAY_SECONDS: Final = 0.05
"""What each message is late by; nothing is measured by it."""
_READ_BYTES: Final = 65536


class Trouble(Enum):
    """What a network does to a connection, from the chosen message on."""

    CUT = "the connection is closed to both sides, and the message is lost"
    RESET = "the same by a reset"
    DRIP = "byte by byte, each in a segment of its own"
    DELAY = "each message comes later"
    STALL = "nothing more passes in the message's direction, while the other is as it was"


class Link:
    """All connections of one client.

    Attributes:
        port: where the client connects.
        passed: how many messages came by, those that were lost included.
        local_ports: from which it went on to the broker, connection by connection.
    """

    def __init__(self, take: TakeMessage) -> None:
        self.port = 0
        self.passed = 0
        self.local_ports: list[int] = []
        self._take = take
        self._message = 0
        self._trouble: Trouble | None = None
        self._act: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint

    def strike(self, message: int, act: Callable[[], Awaitable[None]], trouble: Trouble | None = None) -> None:
        """At this message do that, before it passes, and have this trouble."""
        self._message = message
        self._act = act
        self._trouble = trouble

    async def serve(self, broker_port: int, *, task_status: trio.TaskStatus[None]) -> None:
        """Take connections on, each in a task of the nursery that it owns. Ends by being cancelled."""

        async def handle(client: trio.SocketStream) -> None:
            try:
                broker = await trio.open_tcp_stream("127.0.0.1", broker_port)
            except OSError:  # there is none any more, which the client shall see
                await trio.aclose_forcefully(client)
                return
            self.local_ports.append(broker.socket.getsockname()[1])
            await _Connection(self, client, broker).run()

        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listener.socket.getsockname()[1]
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, handle, [listener])
            task_status.started()

    def take(self, data: bytearray) -> bytes:
        """The first message off the bytes, if it is whole."""
        return self._take(data)

    async def pass_by(self) -> Trouble | None:
        """A message is here; what befalls the connection at it."""
        self.passed += 1
        if self.passed != self._message:
            return None
        await self._act()
        return self._trouble


class _Connection:
    """Two sockets, and what comes in by one goes out by the other."""

    def __init__(self, link: Link, client: trio.SocketStream, broker: trio.SocketStream) -> None:
        self._link = link
        self._ends = client, broker
        self._trouble: Trouble | None = None
        self._stalled: trio.SocketStream | None = None

    async def run(self) -> None:
        """Both ways, to the end of both or to the cut. Owns a nursery with a task for each way."""
        client, broker = self._ends
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pump, client, broker, nursery.cancel_scope)
                nursery.start_soon(self._pump, broker, client, nursery.cancel_scope)
        finally:
            for end in self._ends:
                await trio.aclose_forcefully(end)

    async def _pump(self, source: trio.SocketStream, sink: trio.SocketStream, both: trio.CancelScope) -> None:
        rest = bytearray()
        try:
            while data := await source.receive_some(_READ_BYTES):
                rest += data
                while message := self._link.take(rest):
                    self._befall(await self._link.pass_by(), sink, both)
                    await self._send(message, sink)
            if self._stalled is not None:
                both.cancel()  # one end has given up on it, and so the other shall see an end too
            await sink.send_eof()
        except trio.BrokenResourceError:  # by either end: a process that was killed, mostly
            both.cancel()

    def _befall(self, trouble: Trouble | None, sink: trio.SocketStream, both: trio.CancelScope) -> None:
        self._trouble = trouble or self._trouble
        if trouble is Trouble.STALL:
            self._stalled = sink
        elif trouble in {Trouble.CUT, Trouble.RESET}:
            both.cancel()
            for end in self._ends if trouble is Trouble.RESET else ():
                end.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))

    async def _send(self, message: bytes, sink: trio.SocketStream) -> None:
        if sink is self._stalled:
            return
        if self._trouble is Trouble.DELAY:
            await trio.sleep(_DELAY_SECONDS)
        for piece in _bytes_of(message) if self._trouble is Trouble.DRIP else (message,):
            await sink.send_all(piece)


def _bytes_of(message: bytes) -> list[bytes]:
    return [message[place : place + 1] for place in range(len(message))]
