"""What a game that is written as it is thought plays at: `def play(self, table)`, or `async def play(self, table)`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import trio

from bitbroker.client.answer import Answer, Ask
from bitbroker.client.match import BySeat, MatchInfo, Outcome, Player, Result
from bitbroker.client.payload import DecisionT, StateT, encode_payload
from bitbroker.client.wires import GameWire

T = TypeVar("T")


class AsyncTable(Generic[StateT, DecisionT]):
    """The table of a game with `async def play`.

    Attributes:
        match: the match, as it stands at its start.
        players: who plays, ordered by seat.
        outcome: how it ended, once the game has ended it; None on the basic wire, which does not tell.
    """

    def __init__(self, wire: GameWire, parse: Callable[[bytes], DecisionT]) -> None:
        """Sit down.

        Args:
            wire: the way to the broker.
            parse: makes a decision of a payload.
        """
        self._wire = wire
        self._parse = parse
        self.match: MatchInfo = wire.match
        self.players: Sequence[Player] = wire.match.players
        self.outcome: Outcome | None = None

    @property
    def ended(self) -> bool:
        """Whether the game has ended the match."""
        return self._wire.ended

    async def ready(self) -> None:
        """Wait until the broker wants to know what is next; on the extended wire it always does.

        Raises:
            MatchOverError: the broker ended the match.
        """
        self._check_open()
        await self._wire.ready()

    async def ask(self, seat: int, state: StateT, limit: float | None = None) -> Answer[DecisionT]:
        """Ask one player.

        Args:
            seat: whose; from 0.
            state: bytes, or a protobuf message.
            limit: base time in seconds; None for the time control's, `math.inf` for none. The basic wire has no word
                for it.

        Raises:
            MatchOverError: the broker ended the match.
            ConnectionLostError: the connection was lost, and there was no way back to the match.
            ValueError: there is no such seat, or the state is too large.
        """
        answers = await self.ask_all({seat: state}, limit)
        return answers[seat]

    async def ask_all(self, states: Mapping[int, StateT], limit: float | None = None) -> dict[int, Answer[DecisionT]]:
        """Ask several players at once, each with a state of its own; on the basic wire, one after the other.

        Args:
            states: by seat.
            limit: as `ask` has it, for each of them.

        Returns:
            Their answers by seat, when the last of them is in or out of time.

        Raises:
            MatchOverError: and so on, as `ask`.
        """
        self._check_open()
        self._check_seats(states)
        asks = [Ask(seat, encode_payload(state, "the game"), limit) for seat, state in states.items()]
        answers = await self._wire.ask(asks) if asks else ()
        return {answer.seat: answer.read_by(self._parse) for answer in answers}

    async def publish(self, state: object) -> None:
        """Show the spectators this: a complete picture of the match, bytes or a protobuf message.

        On the basic wire, which has no spectators, this does nothing.

        Raises:
            MatchOverError: the broker ended the match, and the game has heard of it.
            ValueError: it is too large.
        """
        self._check_open()
        await self._wire.publish(encode_payload(state, "publish"))

    async def end(self, result: Result | BySeat | None = None) -> Outcome | None:
        """End the match.

        Args:
            result: scores, as a sequence in the order of seats or as a mapping from seats; or a `Result`; or nothing.

        Returns:
            The outcome; None on the basic wire, which does not tell.

        Raises:
            MatchOverError: the broker ended the match for another cause.
            ConnectionLostError: the connection was lost, and there was no way back to the match.
            ValueError: the result is none, or names a seat that is not there.
        """
        self._check_open()
        checked = Result.of(result)
        self._check_seats(checked.seats)
        self.outcome = await self._wire.end(checked)
        return self.outcome

    def _check_open(self) -> None:
        if self._wire.ended:
            raise RuntimeError("the match is over: this game has ended it")

    def _check_seats(self, seats: Mapping[int, object] | Sequence[int]) -> None:
        for seat in seats:
            if not 0 <= seat < len(self.players):
                raise ValueError(f"there is no player {seat}: this match has {len(self.players)}, numbered from 0")


class Table(Generic[StateT, DecisionT]):
    """The table of a game with `def play`, which runs in a thread of its own; methods block it. From any thread.

    Attributes:
        match: the match, as it stands at its start.
        players: who plays, ordered by seat.
    """

    def __init__(self, table: AsyncTable[StateT, DecisionT]) -> None:
        """Sit down; to be called within Trio.

        Args:
            table: what does the work.
        """
        self._table = table
        self._token = trio.lowlevel.current_trio_token()
        self.match = table.match
        self.players = table.players

    def ask(self, seat: int, state: StateT, limit: float | None = None) -> Answer[DecisionT]:
        """Ask one player; as `AsyncTable.ask`."""
        return self._run(self._table.ask, seat, state, limit)

    def ask_all(self, states: Mapping[int, StateT], limit: float | None = None) -> dict[int, Answer[DecisionT]]:
        """Ask several players at once; as `AsyncTable.ask_all`."""
        return self._run(self._table.ask_all, states, limit)

    def publish(self, state: object) -> None:
        """Show the spectators this; as `AsyncTable.publish`."""
        self._run(self._table.publish, state)

    def end(self, result: Result | BySeat | None = None) -> Outcome | None:
        """End the match; as `AsyncTable.end`."""
        return self._run(self._table.end, result)

    def _run(self, method: Callable[..., Awaitable[T]], *args: Any) -> T:
        return trio.from_thread.run(method, *args, trio_token=self._token)
