"""One connection: what its framing has to say beside messages, and how it ends."""

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from bitbroker.client import BaseBot, ConnectionLostError, MissingExtraError, connection
from bitbroker.client.connection import Connection
from bitbroker.wire import extended
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.websocket import ServerWebSocketFraming

from .scripted import LIMIT, decision, outcome, request, start, welcome

MESSAGE = Message(2, 5, b"x")


class ChattyFraming(LineFraming):
    """Has a word for each thing that it was fed."""

    def __init__(self) -> None:
        super().__init__(1000)
        self._fed = 0

    def feed(self, data: bytes | bytearray) -> None:
        """Count."""
        self._fed += 1
        super().feed(data)

    def take_replies(self) -> bytes:
        """The words."""
        replies, self._fed = b"reply\n" * self._fed, 0
        return replies


async def test_framing_replies(autojump_clock: MockClock) -> None:
    """They leave before the next wait."""
    near, far = memory_stream_pair()
    connected = Connection(near, ChattyFraming())
    await far.send_all(MESSAGE.to_line()[:3])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connected.receive)
        assert await far.receive_some() == b"reply\n"
        await far.send_all(MESSAGE.to_line()[3:])


async def test_sending_while_another_task_receives(autojump_clock: MockClock) -> None:
    """The answer to a ping waits until what is being sent has left."""
    sent: list[bytes] = []
    near, far = memory_stream_pair()

    class SlowStream(trio.abc.Stream):
        """Takes its time, and one writer."""

        def __init__(self) -> None:
            self._writers = trio.StrictFIFOLock()

        async def send_all(self, data: bytes | bytearray | memoryview) -> None:
            self._writers.acquire_nowait()
            await trio.sleep(1)
            sent.append(bytes(data))
            self._writers.release()

        async def wait_send_all_might_not_block(self) -> None:
            raise AssertionError

        async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
            return await near.receive_some(max_bytes)

        async def aclose(self) -> None:
            await near.aclose()

    connected = Connection(SlowStream())
    await far.send_all(Message(*extended.PING).to_line() + MESSAGE.to_line())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connected.send, MESSAGE)
        assert await connected.receive() == MESSAGE
    assert sent == [MESSAGE.to_line(), Message(*extended.PONG).to_line()]


@pytest.mark.parametrize("deaf", [False, True])
async def test_ends(autojump_clock: MockClock, *, deaf: bool) -> None:
    """A loss shows at the next receive, never at a send; what was said before is still to be had."""
    near, far = memory_stream_pair()
    connected = Connection(near)
    await far.send_all(MESSAGE.to_line())
    await far.send_stream.aclose()
    if deaf:
        await far.receive_stream.aclose()
    await connected.send(MESSAGE)
    assert await connected.receive() == MESSAGE
    with pytest.raises(ConnectionLostError, match="its log says why"):
        await connected.receive()


async def test_reset(autojump_clock: MockClock) -> None:
    """An end that is none is a loss as well."""

    async def reset() -> None:
        raise trio.BrokenResourceError("reset by peer")

    near, _ = memory_stream_pair()
    near.receive_stream.receive_some_hook = reset
    with pytest.raises(ConnectionLostError, match="broke in mid-match: reset by peer"):
        await Connection(near).receive()


# By WebSocket.


class Upgraded:
    """The broker's end of a WebSocket, with the broker's own framing."""

    def __init__(self) -> None:
        self.near, self.far = memory_stream_pair()
        self.framing = ServerWebSocketFraming(LIMIT, [])

    async def hear(self) -> Message:
        """The next message."""
        while (message := self.framing.next_message()) is None:
            await self.far.send_all(self.framing.take_replies())
            data = await self.far.receive_some()
            assert data, "the client left"
            self.framing.feed(data)
        return message

    async def say(self, message: Message) -> None:
        """Say it."""
        await self.far.send_all(self.framing.encode([message]))


class Echo(BaseBot):
    """Answers with what it is asked."""

    def decide_move(self, state: bytes) -> bytes:
        """The state."""
        return state


async def test_websocket(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The upgrade goes ahead of the hello; at the end the WebSocket is closed by its own rules."""
    peer = Upgraded()
    addresses = []

    async def open_tcp_stream(host: str, port: int) -> trio.abc.Stream:
        addresses.append((host, port))
        return peer.near

    monkeypatch.setattr(trio, "open_tcp_stream", open_tcp_stream)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Echo().arun, "ws://[::1]:7/play?room=1")
            assert extended.code(await peer.hear()) == extended.BOT_HELLO
            assert extended.code(await peer.hear()) == extended.BOT_INFO
            for message in (welcome(), start(0), request(1, b"a")):
                await peer.say(message)
            assert await peer.hear() == decision(1, b"a")
            await peer.say(outcome())
            with pytest.raises(ConnectionLostError, match="closed the WebSocket"):
                await peer.hear()
    assert addresses == [("::1", 7)]


async def test_websocket_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says what to install; before anything is connected."""
    monkeypatch.setattr(connection, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'bitbroker\[websocket\]'"):
        await Echo().arun("ws://broker")


async def test_websocket_and_another_framing() -> None:
    """One or the other."""
    with pytest.raises(ValueError, match="wire='binary' is no WebSocket"):
        await Echo().arun("ws://broker", wire="binary")
