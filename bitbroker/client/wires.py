"""How a game speaks with its broker, by either wire, so that what is written above need not know which."""

from collections.abc import Sequence
from typing import Protocol

import trio

from bitbroker.client.answer import Answer, Ask
from bitbroker.client.match import MatchInfo, MatchOverError, Outcome, Player, Result
from bitbroker.client.session import Session
from bitbroker.errors import Cause, RemoteProtocolError
from bitbroker.wire import basic, messages
from bitbroker.wire.messages import Message


class GameWire(Protocol):
    """A game's conversation, from the start of its match.

    Attributes:
        match: who plays.
    """

    match: MatchInfo

    @property
    def ended(self) -> bool:
        """Whether the game has said that it is over."""

    async def ready(self) -> None:
        """Wait until the game may go on.

        Raises:
            MatchOverError: the broker ended the match; so all that follow.
        """

    async def ask(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """Ask these seats, each another one; their answers in the same order."""

    async def publish(self, payload: bytes) -> None:
        """Show spectators this."""

    async def end(self, result: Result) -> Outcome | None:
        """End the match; the outcome, where the wire tells it."""


class BasicGameWire:
    """The basic wire: one player at a time, and only when the broker asks what is next."""

    def __init__(self, session: Session, names: Sequence[str]) -> None:
        self._session = session
        self._triggered = False
        self._over: MatchOverError | None = None
        self.match = MatchInfo("", None, [Player(seat, name) for seat, name in enumerate(names)])
        self.ended = False

    async def ready(self) -> None:
        """Wait for the trigger."""
        if self._over is not None:
            raise self._over
        if not self._triggered:
            message = await self._receive()
            if message != basic.TRIGGER:
                raise RemoteProtocolError(f"expected a trigger, the broker sent {message!r}")
            self._triggered = True

    async def ask(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """One after the other; the limit is the broker's own."""
        return [await self._ask(ask) for ask in asks]

    async def _ask(self, ask: Ask) -> Answer:
        await self.ready()
        self._triggered = False
        began = trio.current_time()
        await self._session.send(basic.action(ask.seat, ask.state))
        answer = await self._receive()
        if answer.opcode != messages.DECISION:
            raise RemoteProtocolError(f"expected the answer of player {ask.seat}, the broker sent {answer!r}")
        return Answer(ask.seat, answer.body, Cause(answer.operand), trio.current_time() - began)

    async def publish(self, payload: bytes) -> None:
        """Nothing: there are no spectators here."""

    async def end(self, result: Result) -> None:
        """Say end, and the scores to whoever started the game, if it wants them."""
        await self.ready()
        self.ended = True
        seats = range(len(self.match.players))
        complete = bool(result.scores) and set(seats) <= result.scores.keys()
        self._session.hand_in_scores([result.scores[seat] for seat in seats] if complete else None)
        await self._session.send(basic.END)
        while not basic.is_termination(await self._session.receive()):
            pass

    async def _receive(self) -> Message:
        if basic.is_termination(message := await self._session.receive()):
            self._over = MatchOverError(None)
            raise self._over
        return message
