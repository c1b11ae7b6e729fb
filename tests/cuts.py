"""A client's line to its broker, on which messages are counted, and which is cut where a test wants it to be.

It takes the place of `trio.open_tcp_stream`, so the client that is cut is the real one.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum

import attrs
import pytest
import trio

Dial = Callable[[], Awaitable[trio.abc.Stream]]
TakeMessage = Callable[[bytearray], bytes]
"""Takes the first message off the bytes, if it is there whole; else nothing."""


class Manner(Enum):
    """How a connection ends."""

    AWAY = "both sides see it; the client comes back after a while"
    AT_ONCE = "both sides see it; the client comes back at once"
    UNNOTICED = "only the client sees it, and comes back while the broker thinks that it is there"


@attrs.frozen
class Cut:
    """Where a line is cut.

    Attributes:
        message: the one with which it ends, counted from 1 over all connections, both ways.
        lost: whether that one does not get through; or it is the last that does.
        manner: how it ends.
    """

    message: int
    lost: bool
    manner: Manner = Manner.AT_ONCE


def take_line(data: bytearray) -> bytes:
    """The first message of base64 lines."""
    return _take(data, data.find(b"\n") + 1)


def take_prefixed(data: bytearray) -> bytes:
    """The first message of the length-prefixed framing."""
    end = 4 + int.from_bytes(data[:4], "big")
    return _take(data, end if len(data) >= max(end, 4) else 0)


def _take(data: bytearray, end: int) -> bytes:
    message = bytes(data[:end])
    del data[:end]
    return message


class Line:
    """All connections of one client.

    Attributes:
        passed: how many messages came to be sent, lost ones included.
        connections: how many there were.
    """

    def __init__(self, dial: Dial, cuts: Iterable[Cut] = (), take: TakeMessage = take_line, pause: float = 0.0) -> None:
        """Lay it.

        Args:
            dial: opens a connection to the broker.
            cuts: where it is cut.
            take: as its messages are framed.
            pause: for how long a client is away, in seconds.
        """
        self.passed = 0
        self.connections = 0
        self.take = take
        self._dial = dial
        self._cuts = {cut.message: cut for cut in cuts}
        self._pause = pause
        self._is_away = False
        self._left_open: list[trio.abc.Stream] = []
        self._waits = trio.lowlevel.ParkingLot()

    async def connect(self) -> "CountedStream":
        """Another connection."""
        if self._is_away:
            await trio.sleep(self._pause)
        self.connections += 1
        return CountedStream(await self._dial(), self)

    def count(self) -> Cut | None:
        """A message is about to pass; whether it is the last, and how."""
        self.passed += 1
        self._waits.unpark_all()
        return self._cuts.get(self.passed)

    async def wait_passed(self, messages: int) -> None:
        """Wait until so many messages have passed."""
        while self.passed < messages:
            await self._waits.park()

    async def end(self, stream: trio.abc.Stream, manner: Manner) -> None:
        """A connection is cut."""
        if manner is Manner.UNNOTICED:
            self._left_open.append(stream)  # or it would be closed with the last reference to it
        else:
            await trio.aclose_forcefully(stream)
        self._is_away = manner is Manner.AWAY

    async def aclose(self) -> None:
        """Close what was left open."""
        for stream in self._left_open:
            await trio.aclose_forcefully(stream)


class CountedStream(trio.abc.Stream):
    """One connection, whose messages pass one by one."""

    def __init__(self, stream: trio.abc.Stream, line: Line) -> None:
        self._stream = stream
        self._line = line
        self._received = bytearray()
        self._is_cut = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send messages, as far as they get; the sender does not see how far that is."""
        if self._is_cut:
            raise trio.BrokenResourceError("cut")
        rest = bytearray(data)
        while message := self._line.take(rest):
            cut = self._line.count()
            if cut is None or not cut.lost:
                await self._stream.send_all(message)
            if cut is not None:
                await self._end(cut)
                return

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """The next message, or the end."""
        if self._is_cut:
            return b""
        while not (message := self._line.take(self._received)):
            data = await self._stream.receive_some(max_bytes)
            if not data:
                return b""
            self._received += data
        cut = self._line.count()
        if cut is not None:
            await self._end(cut)
            if cut.lost:
                raise trio.BrokenResourceError("cut")
        return message

    async def wait_send_all_might_not_block(self) -> None:
        """Not used by clients."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close, unless it is cut: a cut has its own manner."""
        if self._is_cut:
            await trio.lowlevel.checkpoint()
        else:
            await self._stream.aclose()

    async def _end(self, cut: Cut) -> None:
        self._is_cut = True
        await self._line.end(self._stream, cut.manner)


@contextmanager
def laid(lines: Mapping[str, Line]) -> Iterator[None]:
    """Have clients reach their brokers by these lines, each named as a host; other hosts are what they are."""
    straight = trio.open_tcp_stream

    async def open_tcp_stream(host: str, port: int) -> trio.abc.Stream:
        return await lines[host].connect() if host in lines else await straight(host, port)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trio, "open_tcp_stream", open_tcp_stream)
        yield
