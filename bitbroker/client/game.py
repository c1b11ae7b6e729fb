"""The game's side: says whom to ask and with what, and takes the answers."""

import inspect
import logging
from collections.abc import Awaitable, Sequence
from operator import index
from typing import Any, Final, Generic, Self, Unpack

import attrs

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client.match import MatchOverError, Outcome, Player
from bitbroker.client.payload import DecisionT, StateT, encode_payload, name_of, parse_payload
from bitbroker.client.place import Place
from bitbroker.client.running import Client, Options
from bitbroker.client.scores import checked_scores
from bitbroker.client.session import Session, call
from bitbroker.client.table import AsyncTable, Table
from bitbroker.client.time import TimeControl, to_limit
from bitbroker.client.turns import ExtendedGameWire
from bitbroker.client.wires import BasicGameWire, GameWire
from bitbroker.errors import AnswerFailedError, Cause
from bitbroker.wire import basic, extended

_log = logging.getLogger("bitbroker.client")

_METHODS: Final = ("deliver_response", "next_action")
"""What a game has to have, if it has no `play`."""


@attrs.frozen
class Action:
    """What a game wants next; made by `player_action` or `end_game`."""

    player: int | None
    state: bytes
    scores: Sequence[float] | None = None
    limit: float | None = None

    @classmethod
    def player_action(cls, player: int, state: object, limit: float | None = None) -> Self:
        """Ask the player in this seat.

        Args:
            player: the seat, from 0.
            state: bytes, or a protobuf message.
            limit: base time in seconds; None for the time control's, `math.inf` for none. The basic wire has no word
                for it.

        Raises:
            ValueError: no seat has that number.
            TypeError: the player is no number, or the state neither bytes nor a protobuf message.
        """
        try:
            seat = index(player)  # of other libraries' integers, too
        except TypeError:
            raise TypeError(f"player is {player!r}: it must be the number of a seat, such as player.seat") from None
        if not 0 <= seat < basic.MAX_PLAYERS:
            raise ValueError(f"there is no player {seat}: seats are numbered from 0, up to {basic.MAX_PLAYERS - 1}")
        return cls(seat, encode_payload(state, "Action.player_action"), limit=limit)

    @classmethod
    def end_game(cls, scores: Sequence[float] | None = None) -> Self:
        """The game is over.

        Args:
            scores: one for each seat, the highest wins; None to say nothing. The basic wire has no word for them:
                there they reach whoever started the game, if it asked for them (see `bitbroker.client.scores`).

        Raises:
            ValueError: they are no list of finite numbers.
        """
        return cls(None, b"", None if scores is None else checked_scores(scores))


class BaseGame(Client, Generic[StateT, DecisionT]):
    """A game. Subclass it, write `next_action` and `deliver_response`, or else `play`, and call `run`.

    The type parameters are those of `BaseBot`: what is sent as a state, what comes back as a decision. On the basic
    wire the broker's settings hold for what is said in capitals here.

    Attributes:
        Response: the protobuf class of the decisions it gets; None for plain bytes.
        NAME: how the game is called in lists and logs; the class's name if empty.
        PLAYERS: how many seats; None for the broker's setting.
        TIME_CONTROL: what differs from the broker's settings.
        SPECTATORS: whether there may be any; None for the broker's setting.
        SPECTATOR_DELAY: how far behind they are kept, in seconds.
        CONTENT_TYPE: of what it publishes, such as `text/plain` or `application/json`.
    """

    Response: type[DecisionT] | None = None
    NAME: str = ""
    PLAYERS: int | None = None
    TIME_CONTROL: TimeControl | None = None
    SPECTATORS: bool | None = None
    SPECTATOR_DELAY: float = 0.0
    CONTENT_TYPE: str = ""

    # Mangled, like what else this class keeps for itself: the names are the user's.
    __picture: bytes | None = None
    __outcome: Outcome | None = None

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Make a game, if it is written as one.

        Raises:
            TypeError: methods are missing. Abstract methods would not do, since there are two ways to write a game.
        """
        missing = [name for name in _METHODS if getattr(cls, name) is getattr(BaseGame, name)]
        if missing and cls.play is BaseGame.play:
            raise TypeError(f"{cls.__name__} cannot be played: it needs {' and '.join(missing)}, or else play")
        return super().__new__(cls)

    def initialise(self, players: Sequence[Player]) -> Awaitable[None] | None:
        """A match begins; all players are there, ordered by seat. May be `async def`, as all that follow."""

    def next_action(self) -> Action | Awaitable[Action]:
        """Say what is next: `Action.player_action(player, state)` or `Action.end_game()`."""
        raise NotImplementedError

    def deliver_response(self, response: DecisionT) -> Awaitable[None] | None:
        """Take the answer to the last action: bytes, or a message of the class `Response`."""
        raise NotImplementedError

    def deliver_failure(self, player: int, cause: Cause) -> Awaitable[None] | None:
        """The player last asked gave no answer, and it is left to the game what that means.

        Called where a failed answer does not end the match: see `TimeControl.on_failure`, or a broker that runs with
        `--on-failure tell-game`.

        Raises:
            AnswerFailedError: always, unless the game has a method of its own.
        """
        raise AnswerFailedError(player, cause)

    def play(self, table: Any) -> Awaitable[None] | None:
        """Hold the whole match, in place of `next_action` and `deliver_response`. Its end is the end of the match.

        Args:
            table: a `Table`, whose methods block; `play` then runs in a thread of its own. If this is `async def`,
                an `AsyncTable`, whose methods are awaited. A thread cannot be cancelled: after Ctrl-C, or when `arun`
                is cancelled, it is left behind, and its table raises an error.
        """
        raise NotImplementedError

    def publish(self, state: object) -> None:
        """Show the spectators this: a complete picture of the match, bytes or a protobuf message.

        For a game with `next_action`: it is sent with the next action, and only the last of several is.
        """
        self.__picture = encode_payload(state, "publish")

    def on_terminated(self) -> Awaitable[None] | None:
        """The broker ended the match before the game did: a player failed, a limit was reached, or it stops."""
        _log.warning("%s", MatchOverError(self.__outcome))
        return None

    def on_outcome(self, outcome: Outcome) -> Awaitable[None] | None:
        """The match is over, whoever ended it. Not called on the basic wire, which does not tell how it ended."""

    def parse_response(self, data: bytes) -> DecisionT:
        """The decision as `deliver_response` gets it.

        Raises:
            google.protobuf.message.DecodeError: it is not of the class `Response`.
        """
        response: DecisionT = parse_payload(self.Response, data, "the decision that a bot sent")
        return response

    async def play_match(self, session: Session) -> None:
        """One match, from hello to the last word."""
        self.__picture = self.__outcome = None
        wire = await self.__join(session)
        if wire is None or not await self.__play_at(wire, session):
            await call(self.on_terminated)

    async def __join(self, session: Session) -> GameWire | None:
        """The way to the broker, when all players are there; None if there will be no match."""
        place = await Place.join(session, extended.GAME_HELLO, self.__hello())
        if place is not None:
            return ExtendedGameWire(place)
        message = await session.receive()
        return None if basic.is_termination(message) else BasicGameWire(session, basic.parse_players(message))

    def __hello(self) -> pb.Hello:
        hello = pb.Hello(
            name=name_of(self, self.NAME),
            players=self.PLAYERS,
            time_control=None if self.TIME_CONTROL is None else self.TIME_CONTROL.to_wire(),
            content_type=self.CONTENT_TYPE,
            spectator_delay_ms=to_limit(self.SPECTATOR_DELAY),
        )
        if self.SPECTATORS is not None:
            hello.spectators = self.SPECTATORS
        return hello

    async def __play_at(self, wire: GameWire, session: Session) -> bool:
        """The match itself; whether it was the game that said it is over."""
        table: AsyncTable[StateT, DecisionT] = AsyncTable(wire, self.parse_response)
        over = None
        try:
            await self.__play(table, session)
        except MatchOverError as error:
            over = error
        self.__outcome = table.outcome if over is None else over.outcome
        if self.__outcome is not None:
            await call(self.on_outcome, self.__outcome)
        return over is None

    async def __play(self, table: AsyncTable[StateT, DecisionT], session: Session) -> None:
        await call(self.initialise, table.players)
        if type(self).play is BaseGame.play:
            await self.__play_by_actions(table)
        elif inspect.iscoroutinefunction(self.play):
            await self.play(table)
        else:
            await session.run_in_thread(self.play, Table(table))
        if not table.ended:
            await table.end()

    async def __play_by_actions(self, table: AsyncTable[StateT, DecisionT]) -> None:
        while not table.ended:
            await table.ready()
            action = await call(self.next_action)
            if not isinstance(action, Action):
                raise TypeError(
                    f"next_action returned {action!r}: it must be Action.player_action(...) or Action.end_game()"
                )
            if self.__picture is not None:
                await table.publish(self.__picture)
                self.__picture = None
            if action.player is None:
                await table.end(action.scores)
            else:
                await self.__ask(table, action.player, action)

    async def __ask(self, table: AsyncTable[Any, DecisionT], player: int, action: Action) -> None:
        answer = await table.ask(player, action.state, action.limit)
        if answer.ok:
            await call(self.deliver_response, answer.decision)
        else:
            await call(self.deliver_failure, player, answer.cause)


def run_game(
    game: BaseGame[Any, Any], host: str | None = None, port: int | None = None, **options: Unpack[Options]
) -> None:
    """Hold matches of this game; the same as its `run`."""
    game.run(host, port, **options)
