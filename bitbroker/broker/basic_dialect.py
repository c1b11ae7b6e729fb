"""The basic dialect: a turn is one action, triggered by the broker, and nobody is told anything beside."""

from collections.abc import Sequence
from math import ceil, inf
from typing import Final

from bitbroker.broker.dialect import Farewell, Heard, Introduction
from bitbroker.errors import RemoteProtocolError
from bitbroker.match import Answer, Ask, Decided, Deliver, Ended, NotTaken, Question, TurnAsked
from bitbroker.wire import basic
from bitbroker.wire.messages import ACTION, DECISION, Message

_MAX_SECONDS: Final = 255


class BasicBot:
    """A basic bot: requests, decisions, the termination."""

    extended = False

    def hear(self, message: Message, seat: int | None) -> Heard:
        """A decision, and nothing else."""
        assert seat is not None
        if message.opcode == DECISION and message.operand == 0:
            return Decided(seat, message)
        raise RemoteProtocolError(f"{message!r}, which is no decision")

    def say_introduction(self, _introduction: Introduction, _seat: int | None) -> Sequence[Message]:
        """Nothing: its first request tells it."""
        return ()

    def say_request(self, ask: Ask) -> Message:
        """The state under the header of a request: the time that is left in whole seconds, rounded up."""
        left = ask.base + ask.bank
        seconds = _MAX_SECONDS if left == inf else min(max(ceil(left), 1), _MAX_SECONDS)
        if isinstance(ask.state, Message):
            return basic.request(ask.state, seconds)
        assert isinstance(ask.state, bytes)
        return Message(DECISION, seconds, ask.state)

    def say_not_taken(self, _effect: NotTaken) -> Sequence[Message]:
        """Nothing: there is no word for it."""
        return ()

    def say_farewell(self, _farewell: Farewell) -> Sequence[Message]:
        """The termination, whatever the reason."""
        return (basic.TERMINATION,)


class BasicGame:
    """A basic game: triggers, actions, responses, the termination."""

    extended = False

    def hear(self, message: Message, _seat: int | None) -> Heard:
        """An action or the end."""
        if message.opcode == ACTION:
            return TurnAsked((Question(message.operand, message),))
        if message == basic.END:
            return Ended()
        raise RemoteProtocolError(f"{message!r}, which no game may say in a match")

    def say_introduction(self, introduction: Introduction, _seat: int | None) -> Sequence[Message]:
        """The list of players, and the first trigger."""
        return (basic.players(introduction.names), basic.TRIGGER)

    def say_answers(self, effect: Deliver) -> Sequence[Message]:
        """The decision as it came, or the failure; and the next trigger."""
        return (_say_answer(effect.answers[0]), basic.TRIGGER)

    def say_farewell(self, farewell: Farewell) -> Sequence[Message]:
        """The termination.

        The crate's game takes a termination that comes where it awaits a response as that response, and panics when no
        other follows; so one that has not said itself that it is over is told twice, in one write.
        """
        outcome = farewell.outcome
        twice = outcome is not None and not outcome.completed
        return (basic.TERMINATION, basic.TERMINATION) if twice else (basic.TERMINATION,)


def _say_answer(answer: Answer) -> Message:
    if answer.cause:
        return basic.failure(answer.cause)
    if isinstance(answer.decision, Message):
        return answer.decision
    assert isinstance(answer.decision, bytes)
    return basic.decision(answer.decision)
