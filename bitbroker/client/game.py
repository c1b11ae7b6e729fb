"""The game's side: says whom to ask and with what, and takes the answers."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, Generic, Self

import attrs

from bitbroker.client.payload import DecisionT, StateT, encode_payload, parse_payload
from bitbroker.client.scores import checked_scores, hand_in_scores
from bitbroker.client.session import Session, call, play_matches, run_blocking
from bitbroker.errors import AnswerFailedError, Cause, RemoteProtocolError
from bitbroker.wire import basic, messages

_log = logging.getLogger("bitbroker.client")


@attrs.frozen
class Player:
    """One player of a match: its seat, from 0, and its bot's name (not always unique)."""

    seat: int
    name: str


@attrs.frozen
class Action:
    """What a game wants next; made by `player_action` or `end_game`."""

    player: int | None
    state: bytes
    scores: Sequence[float] | None = None

    @classmethod
    def player_action(cls, player: int, state: object) -> Self:
        """Ask the player in this seat, with this state: bytes, or a protobuf message.

        Raises:
            ValueError: no seat has that number.
            TypeError: the state is neither bytes nor a protobuf message.
        """
        if not 0 <= player < basic.MAX_PLAYERS:
            raise ValueError(f"there is no player {player}: seats are numbered from 0")
        return cls(player, encode_payload(state, "Action.player_action"))

    @classmethod
    def end_game(cls, scores: Sequence[float] | None = None) -> Self:
        """The game is over.

        Args:
            scores: one for each seat, the highest wins; None to say nothing. The basic wire has no word for them:
                they reach whoever started the game, if it asked for them (see `bitbroker.client.scores`).

        Raises:
            ValueError: a score is no finite number.
        """
        return cls(None, b"", None if scores is None else checked_scores(scores))


class BaseGame(ABC, Generic[StateT, DecisionT]):
    """A game. Subclass it, write `next_action` and `deliver_response`, call `run`.

    The type parameters are those of `BaseBot`: what is sent as a state, what comes back as a decision.

    Attributes:
        Response: the protobuf class of the decisions it gets; None for plain bytes.
    """

    Response: type[DecisionT] | None = None

    def initialise(self, players: Sequence[Player]) -> Awaitable[None] | None:
        """A match begins; all players are there, ordered by seat. May be `async def`, as all that follow."""

    @abstractmethod
    def next_action(self) -> Action | Awaitable[Action]:
        """Say what is next: `Action.player_action(player, state)` or `Action.end_game()`."""

    @abstractmethod
    def deliver_response(self, response: DecisionT) -> Awaitable[None] | None:
        """Take the answer to the last action: bytes, or a message of the class `Response`."""

    def deliver_failure(self, player: int, cause: Cause) -> Awaitable[None] | None:
        """The player last asked gave no answer, and the broker leaves it to the game what that means.

        Only a broker that runs with `--on-failure tell-game` calls upon it.

        Raises:
            AnswerFailedError: always, unless the game has a method of its own.
        """
        raise AnswerFailedError(player, cause)

    def on_terminated(self) -> Awaitable[None] | None:
        """The broker ended the match before the game did: a player failed, a limit was reached, or it stops."""
        _log.warning("the broker ended the match before the game did; the broker's log says why")
        return None

    def parse_response(self, data: bytes) -> DecisionT:
        """The decision as `deliver_response` gets it.

        Raises:
            google.protobuf.message.DecodeError: it is not of the class `Response`.
        """
        response: DecisionT = parse_payload(self.Response, data)
        return response

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        matches: int | None = 1,
        connect_timeout: float = 30.0,
    ) -> None:
        """Connect and play; returns when the matches are over. Blocking; for code within Trio there is `arun`.

        Args:
            host: name or address of the broker; if not given, the environment's BROKER_HOST, or 127.0.0.1.
            port: its port for players; if not given, the environment's BROKER_PORT, or 9000.
            matches: how many matches to hold, one after the other; None for as long as there is a broker.
            connect_timeout: for how many seconds to go on trying to connect; 0 for a single attempt.

        Raises:
            BrokerUnreachableError: no broker answered in that time.
            ConnectionLostError: the connection ended, and not by the end of the match.
            RemoteProtocolError: the broker said what no broker says.
        """
        run_blocking(partial(self.arun, host, port, matches=matches, connect_timeout=connect_timeout))

    async def arun(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        matches: int | None = 1,
        connect_timeout: float = 30.0,
    ) -> None:
        """As `run`, within Trio."""
        await play_matches(self.play_match, host, port, matches=matches, connect_timeout=connect_timeout)

    async def play_match(self, session: Session) -> None:
        """One match, from hello to termination."""
        await session.send(basic.GAME_HELLO)
        message = await session.receive()
        if not basic.is_termination(message):
            names = basic.parse_players(message)
            await call(self.initialise, [Player(seat, name) for seat, name in enumerate(names)])
            if await self._play_turns(session):
                return
        await call(self.on_terminated)

    async def _play_turns(self, session: Session) -> bool:
        """All turns; whether it was the game that said it is over."""
        while not basic.is_termination(message := await session.receive()):
            if message != basic.TRIGGER:
                raise RemoteProtocolError(f"expected a trigger, the broker sent {message!r}")
            action = await call(self.next_action)
            if action.player is None:
                hand_in_scores(action.scores)
                await self._end(session)
                return True
            await session.send(basic.action(action.player, action.state))
            if basic.is_termination(answer := await session.receive()):
                return False
            await self._deliver(action.player, answer)
        return False

    async def _deliver(self, player: int, answer: messages.Message) -> None:
        if answer.opcode != messages.DECISION:
            raise RemoteProtocolError(f"expected the answer of player {player}, the broker sent {answer!r}")
        if answer.operand == Cause.NONE:
            await call(self.deliver_response, self.parse_response(answer.body))
        else:
            await call(self.deliver_failure, player, _cause(answer.operand))

    async def _end(self, session: Session) -> None:
        await session.send(basic.END)
        while not basic.is_termination(await session.receive()):
            pass


def _cause(number: int) -> Cause:
    """The cause of this number; one that a newer broker may have added counts as a violation."""
    try:
        return Cause(number)
    except ValueError:
        return Cause.PROTOCOL_VIOLATION


def run_game(
    game: BaseGame[Any, Any],
    host: str | None = None,
    port: int | None = None,
    *,
    matches: int | None = 1,
    connect_timeout: float = 30.0,
) -> None:
    """Hold matches of this game; the same as its `run`."""
    game.run(host, port, matches=matches, connect_timeout=connect_timeout)
