"""One connection: what its framing has to say beside messages, and how it ends."""

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from bitbroker.client.connection import Connection
from bitbroker.errors import ConnectionLostError
from bitbroker.wire import extended
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message

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
    connection = Connection(near, ChattyFraming())
    await far.send_all(MESSAGE.to_line()[:3])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.receive)
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

    connection = Connection(SlowStream())
    await far.send_all(Message(*extended.PING).to_line() + MESSAGE.to_line())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.send, MESSAGE)
        assert await connection.receive() == MESSAGE
    assert sent == [MESSAGE.to_line(), Message(*extended.PONG).to_line()]


@pytest.mark.parametrize("deaf", [False, True])
async def test_ends(autojump_clock: MockClock, *, deaf: bool) -> None:
    """A loss shows at the next receive, never at a send; what was said before is still to be had."""
    near, far = memory_stream_pair()
    connection = Connection(near)
    await far.send_all(MESSAGE.to_line())
    await far.send_stream.aclose()
    if deaf:
        await far.receive_stream.aclose()
    await connection.send(MESSAGE)
    assert await connection.receive() == MESSAGE
    with pytest.raises(ConnectionLostError, match="its log says why"):
        await connection.receive()


async def test_reset(autojump_clock: MockClock) -> None:
    """An end that is none is a loss as well."""

    async def reset() -> None:
        raise trio.BrokenResourceError("reset by peer")

    near, _ = memory_stream_pair()
    near.receive_stream.receive_some_hook = reset
    with pytest.raises(ConnectionLostError, match="broke in mid-match: reset by peer"):
        await Connection(near).receive()
