"""A broker that says what a test says: for what the real one never does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio

from bitbroker.wire.framing import Framing
from bitbroker.wire.messages import Message
from tests.e2e.conftest import PATIENCE


@attrs.frozen
class Peer:
    """A bot that has connected."""

    _stream: trio.SocketStream
    _framing: Framing

    async def say(self, *messages: Message) -> None:
        """Send these."""
        await self._stream.send_all(self._framing.encode(messages))

    async def hear(self) -> tuple[int, int, bytes]:
        """Opcode, operand and body of the next message."""
        while (message := self._framing.next_message()) is None:
            data = await self._stream.receive_some()
            assert data, "the bot has gone"
            self._framing.feed(data)
        return message.opcode, message.operand, message.body


@attrs.frozen
class ScriptedBroker:
    """The broker."""

    _listener: trio.SocketListener

    @property
    def port(self) -> int:
        """Where bots connect."""
        port: int = self._listener.socket.getsockname()[1]
        return port

    @asynccontextmanager
    async def next_bot(self, framing: Framing) -> AsyncIterator[Peer]:
        """The next bot that connects; its connection is closed at the end."""
        with trio.fail_after(PATIENCE):
            async with await self._listener.accept() as stream:
                yield Peer(stream, framing)


@asynccontextmanager
async def scripted_broker() -> AsyncIterator[ScriptedBroker]:
    """Listen, on a free port."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        yield ScriptedBroker(listener)
