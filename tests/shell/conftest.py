"""The shell without processes or TCP: real connection tasks and coordinator over socket pairs, on a virtual clock.

A socket pair is as good as a memory stream here: what one end has sent is there for the other at once, and no other
process or thread answers, so the clock may jump whenever all tasks wait.
"""

import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import trio
import trio.testing

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.certificate import Certificate
from bitbroker.broker.connection import Reception
from bitbroker.broker.coordinator import Coordinator
from bitbroker.broker.snapshot import Tally
from bitbroker.broker.stream import MessageStream, framings
from bitbroker.settings import Reading, Settings
from bitbroker.wire import basic, extended
from bitbroker.wire.extended import P
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message


class WatchedSocket(socket.socket):
    """A socket that keeps what was written to it, write by write."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(fileno=sock.detach())
        self.writes: list[bytes] = []

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send, and keep what was sent."""
        sent = super().send(data, flags)
        self.writes.append(bytes(data[:sent]))
        return sent


class Peer:
    """The far end of a connection: says and hears messages, or raw bytes.

    Attributes:
        writes: what the broker has written to it, write by write.
    """

    def __init__(self, sock: socket.socket, framing: Framing, writes: list[bytes]) -> None:
        self.socket = sock
        self.writes = writes
        self.stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
        self._framing = framing

    def say(self, *messages: Message) -> None:
        """Send at once, without a checkpoint."""
        self.say_bytes(self._framing.encode(messages))

    def say_bytes(self, data: bytes) -> None:
        """Send at once; what the test sends fits the socket's buffer."""
        assert self.socket.send(data) == len(data)

    async def hear(self) -> Message:
        """The next message."""
        while (message := self._framing.next_message()) is None:
            data = await self.stream.receive_some(65536)
            assert data, "the broker closed the connection"
            self._framing.feed(data)
        return message

    async def say_much(self, message: Message) -> None:
        """Send what may not fit the socket's buffer."""
        await self.stream.send_all(self._framing.encode([message]))

    async def hear_farewell(self) -> list[Message]:
        """All messages to the end of the stream."""
        messages = []
        while data := await self.stream.receive_some(65536):
            self._framing.feed(data)
        while (message := self._framing.next_message()) is not None:
            messages.append(message)
        await self.stream.aclose()
        return messages

    async def hear_as(self, what: tuple[int, int], kind: type[P]) -> P:
        """The next message, which must be this one, and its body."""
        message = await self.hear()
        assert extended.code(message) == what, f"heard {message!r}"
        return extended.parse(message, kind)

    async def hear_last(self, what: tuple[int, int], kind: type[P]) -> P:
        """The last message, which must be this one and the only one that is left, and its body."""
        (message,) = await self.hear_farewell()
        assert extended.code(message) == what, f"heard {message!r}"
        return extended.parse(message, kind)

    async def leave(self) -> None:
        """Close."""
        await self.stream.aclose()


class Shell:
    """A coordinator and connections, in a nursery of the test's own."""

    def __init__(self, nursery: trio.Nursery, settings: Settings) -> None:
        self.tally = Tally()
        self.coordinator = Coordinator(settings, self.tally)
        self.reception = Reception(self.coordinator, settings, self.tally)
        self._certificate = Certificate.of(settings)
        self._nursery = nursery
        self._accepted = 0
        self._sockets: list[socket.socket] = []
        nursery.start_soon(self.coordinator.run)

    def connect(self, framing: Framing | None = None) -> Peer:
        """A new connection, accepted now, that has said nothing yet; lines if nothing else is said."""
        self._accepted += 1
        one_end, far = socket.socketpair()
        near = WatchedSocket(one_end)
        self._sockets += near, far
        self._nursery.start_soon(
            self._run, MessageStream(near, self._accepted, "test", framings(()), self._certificate)
        )
        return Peer(far, framing or LineFraming(1 << 26), near.writes)

    def close(self) -> None:
        """Close what the test has left open."""
        for sock in self._sockets:
            sock.close()

    async def _run(self, stream: MessageStream) -> None:
        await self.reception.run_connection(stream)
        await stream.aclose()

    def bot(self, name: str = "bot") -> Peer:
        """A bot that has said its handshake."""
        peer = self.connect()
        peer.say(basic.BOT_HELLO, basic.bot_info(name))
        return peer

    def game(self) -> Peer:
        """A game that has said its handshake."""
        peer = self.connect()
        peer.say(basic.GAME_HELLO)
        return peer

    def greet(self, role: tuple[int, int], framing: Framing | None = None, **hello: Any) -> Peer:
        """An extended client that has said its hello."""
        peer = self.connect(framing)
        peer.say(extended.encode(role, pb.Hello(**{"protocol": 1, **hello})))
        return peer

    async def seat(self, players: int = 2) -> tuple[Peer, list[Peer]]:
        """A game and its bots, in a match that has begun: the game has its trigger."""
        bots = [self.bot(f"bot {number}") for number in range(players)]
        game = self.game()
        assert basic.parse_players(await game.hear()) == [f"bot {number}" for number in range(players)]
        assert await game.hear() == basic.TRIGGER
        return game, bots


OpenShell = Callable[..., Shell]


@pytest.fixture(params=[Reading.POLLER, Reading.TASK])
async def open_shell(request: pytest.FixtureRequest) -> AsyncIterator[OpenShell]:
    """A factory of shells, once for each way of reading; takes settings as keywords.

    A test takes `autojump_clock` too: its own arguments are where pytest-trio looks for a clock.
    """
    shells: list[Shell] = []
    async with trio.open_nursery() as nursery:

        def open_shell(**settings: object) -> Shell:
            given = {"num_players": 2, "reading": request.param, **settings}
            shells.append(Shell(nursery, Settings(**given)))
            return shells[-1]

        yield open_shell
        nursery.cancel_scope.cancel()
    for shell in shells:
        shell.close()
