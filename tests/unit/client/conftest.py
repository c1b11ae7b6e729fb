"""A network of memory streams, on which clients find the test in the place of their broker."""

from math import inf
from typing import Final

import pytest
import trio
import trio.testing

from tests.replay import LinePeer

ADDRESS: Final = ("127.0.0.1", 9000)


class FakeNetwork:
    """What `trio.open_tcp_stream` leads to.

    Attributes:
        attempts: address and time of each attempt to connect.
        troubles: what the next attempts fail with, in this order.
        script: if there is one, what a broker says on each connection, all at once; it does not listen.
        heard: what the client said on each connection that had a script.
    """

    def __init__(self) -> None:
        self.attempts: list[tuple[tuple[str, int], float]] = []
        self.troubles: list[Exception] = []
        self.script: list[bytes] = []
        self._said: list[trio.testing.MemorySendStream] = []
        # A test opens a few connections; nobody else can.
        self._connected, self._accepted = trio.open_memory_channel[LinePeer](inf)

    async def open_tcp_stream(self, host: str, port: int) -> trio.abc.Stream:
        """Take the place of Trio's own."""
        self.attempts.append(((host, port), trio.current_time()))
        await trio.lowlevel.checkpoint()
        if self.troubles:
            raise self.troubles.pop(0)
        if self.script:
            return self._open_scripted()
        near, far = trio.testing.memory_stream_pair()
        self._connected.send_nowait(LinePeer(far))
        return near

    def _open_scripted(self) -> trio.abc.Stream:
        script = trio.testing.MemoryReceiveStream()
        script.put_data(b"".join(self.script))
        script.put_eof()
        self._said.append(trio.testing.MemorySendStream())
        return trio.StapledStream(self._said[-1], script)

    async def accept(self) -> LinePeer:
        """The broker's end of the next connection."""
        return await self._accepted.receive()

    @property
    def heard(self) -> list[bytes]:
        """What the client said, on each connection that had a script."""
        return [bytes(stream.get_data_nowait()) for stream in self._said]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    """A network on which every address leads to the test."""
    network = FakeNetwork()
    monkeypatch.setattr(trio, "open_tcp_stream", network.open_tcp_stream)
    return network
