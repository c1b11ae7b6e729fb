"""A stage for one scene of trouble: a broker of either kind, the crate's clients, and peers that speak raw bytes.

What is seen is told in words that do not depend on timing. Who loses the crate's broker, or is lost by it, panics or
has an I/O error, as the sockets' timing will have it: both are "fails". With our broker, a panic is called a panic.
"""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from math import inf
from typing import Final, TypeVar

import trio

from bitbroker.client.connection import Connection
from bitbroker.wire.messages import Message
from tests.interop.processes import Child, Party, open_party
from tests.interop.programs import HOST, Broker, Kind, OurBroker, open_broker, read_report, start_bot, start_game

T = TypeVar("T")

PATIENCE: Final = 1.0
"""How many seconds the crate's broker is given to do what it is known not to do; more would only take longer."""

STATE_BYTES: Final = 8

_ENDINGS: Final = {0: "Ok(())", 1: "its error", 101: "panics"}

Facts = dict[str, str]
"""Who, and how it ended."""


class Peer:
    """A client of no library: says messages or bytes, hears messages or bytes.

    Attributes:
        number: in the order in which clients have arrived, from 1.
    """

    def __init__(self, stream: trio.SocketStream, number: int) -> None:
        self.number = number
        self._stream = stream
        self._connection = Connection(stream)

    async def say(self, *messages: Message) -> None:
        """Send messages in one write."""
        await self._connection.send(*messages)

    async def say_bytes(self, data: bytes) -> None:
        """Send bytes."""
        await self._stream.send_all(data)

    async def hear(self) -> Message:
        """The next message."""
        return await self._connection.receive()

    async def hear_bytes(self) -> bytes:
        """What the next read gives."""
        return await self._stream.receive_some()


class Stage:
    """See the module."""

    def __init__(self, party: Party, kind: Kind) -> None:
        self.kind = kind
        self._party = party
        self._broker: Broker | None = None
        self._arrived = 0
        self._patience = inf
        self._peers: list[trio.SocketStream] = []

    @property
    def broker(self) -> Broker:
        """The broker, once it is open."""
        assert self._broker is not None
        return self._broker

    # Who comes.

    async def open(self, players: int, *flags: str, time_limit: float = 60, crate_hangs: bool = False) -> None:
        """Open the broker.

        Args:
            players: of a match.
            flags: for ours.
            time_limit: of ours, in seconds; the crate's has none.
            crate_hangs: whether this is a scene in which the crate's broker waits for ever.
        """
        if crate_hangs and self.kind is Kind.CRATE:
            self._patience = PATIENCE
        self._broker = await open_broker(self._party, self.kind, players, "--time-limit", str(time_limit), *flags)

    async def bot(self, tag: int, *, pause_at: int | None = None, arrives: bool = True) -> Child:
        """A bot on the crate, which has been let in unless this is said not to happen."""
        child = await start_bot(self._party, Kind.CRATE, self.broker.port, tag, "plain", pause_at=pause_at)
        if arrives:
            await self._wait_arrived()
        return child

    async def game(self, turns: int, *, pause_at: int = -1, first_player: int = 0, arrives: bool = True) -> Child:
        """A game on the crate, as above."""
        words = Kind.CRATE, self.broker.port, turns, STATE_BYTES
        child = await start_game(self._party, *words, pause_at=pause_at, first_player=first_player)
        if arrives:
            await self._wait_arrived()
        return child

    async def peer(self, *messages: Message) -> Peer:
        """A peer that says this, and has been let in; a silent one counts with ours only."""
        stream = await trio.open_tcp_stream(HOST, self.broker.port)
        self._peers.append(stream)
        peer = Peer(stream, self._arrived + 1)
        await peer.say(*messages)
        if messages or self.kind is Kind.OURS:
            await self._wait_arrived()
        return peer

    async def _wait_arrived(self) -> None:
        self._arrived += 1
        await self.broker.wait_arrived(self._arrived)

    async def leave(self) -> None:
        """Close the peers' connections."""
        for stream in self._peers:
            await trio.aclose_forcefully(stream)

    # What is seen.

    async def patiently(self, awaitable: Awaitable[T]) -> T | None:
        """What comes; None if nothing does, in a scene in which the crate's broker hangs."""
        with trio.move_on_after(self._patience):
            return await awaitable
        return None

    async def ending(self, child: Child) -> str:
        """How a client ends."""
        exit_code = await self.patiently(child.wait())
        if exit_code is None:
            return "waits"
        if self.kind is Kind.CRATE and exit_code in (1, 101):
            return "fails"
        return _ENDINGS.get(exit_code, f"exit code {exit_code}")

    async def outcome(self) -> Facts:
        """What becomes of the match: of the whole broker, where it is the crate's."""
        broker = self.broker
        if isinstance(broker, OurBroker):
            entry = await broker.entry("match over")
            return {"match": f"{entry['cause']}, at fault: {entry['at_fault']}"}
        return {"broker": await self.ending(broker.child)}

    async def refusal(self, stranger: Peer) -> Facts:
        """What becomes of a stranger: of the whole broker, where it is the crate's."""
        if isinstance(self.broker, OurBroker):
            entry = await self.broker.entry("connection over", connection=stranger.number)
            return {"stranger": f"refused, {entry['ending']}"}
        return await self.outcome()

    def right_answers(self, game: Child) -> str:
        """How many of the answers that the game got were right."""
        report = read_report(game)
        return f"{report.turns - report.wrong} of {report.turns}"


@asynccontextmanager
async def open_stage(kind: Kind) -> AsyncIterator[Stage]:
    """A stage on which nothing has happened yet; its processes and connections end on the way out."""
    async with open_party() as party:
        stage = Stage(party, kind)
        try:
            yield stage
        finally:
            await stage.leave()
