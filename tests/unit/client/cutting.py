"""A broker that holds a match with one client and cuts the connection at given places, and a return is a return."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from math import inf

import pytest
import trio
from trio.testing import memory_stream_pair

from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message

from .scripted import LIMIT


class CutError(Exception):
    """The connection is to be cut here."""


class Peer:
    """The broker's end of a connection, on which messages are counted."""

    def __init__(self, stream: trio.abc.Stream, count: Callable[[], None]) -> None:
        self._stream = stream
        self._framing = LineFraming(LIMIT)
        self._count = count

    async def say(self, message: Message) -> None:
        """Say it; then may come a cut."""
        await self._stream.send_all(message.to_line())
        self._count()

    async def hear(self, take: Callable[[Message], None]) -> None:
        """Hear the next message and do something with it; then may come a cut."""
        while (message := self._framing.next_message()) is None:
            data = await self._stream.receive_some(65536)
            assert data, "the client left"
            self._framing.feed(data)
        take(message)
        self._count()

    async def aclose(self) -> None:
        """Cut."""
        await self._stream.aclose()


class CuttingBroker:
    """Counts messages from the end of the first handshake on, in both directions.

    Attributes:
        hellos: what the client said first, on each connection.
    """

    def __init__(self, cuts: Iterable[int]) -> None:
        self._cuts = set(cuts)
        self._passed = -1
        self._send, self._receive = trio.open_memory_channel[trio.abc.Stream](inf)  # a handful, in a test
        self.hellos: list[Message] = []

    async def open_tcp_stream(self, host: str, port: int) -> trio.abc.Stream:
        """Take the place of Trio's own."""
        near, far = memory_stream_pair()
        await self._send.send(far)
        return near

    async def serve(self, converse: Callable[[Peer], Awaitable[None]]) -> None:
        """Hold the conversation, anew after each cut, until it comes to its end."""
        async for stream in self._receive:
            peer = Peer(stream, self._count)
            try:
                await peer.hear(self.hellos.append)
                await converse(peer)
            except CutError:
                await peer.aclose()
            else:
                return

    def begin(self) -> None:
        """The next message is the first that counts; only the first call matters."""
        self._passed = max(self._passed, 0)

    def end(self) -> None:
        """The last word comes next: who has heard it does not come back."""
        self._cuts.clear()

    def _count(self) -> None:
        if self._passed >= 0:
            self._passed += 1
            if self._passed in self._cuts:
                raise CutError

    @property
    def came_back(self) -> int:
        """How often the client came back."""
        return len(self.hellos) - 1


@asynccontextmanager
async def cutting(
    cuts: Iterable[int], converse: Callable[[CuttingBroker, Peer], Awaitable[None]]
) -> AsyncIterator[CuttingBroker]:
    """Wherever a client connects, there is this broker."""
    broker = CuttingBroker(cuts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trio, "open_tcp_stream", broker.open_tcp_stream)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(broker.serve, lambda peer: converse(broker, peer))
            yield broker
