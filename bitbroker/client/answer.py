"""What a game asks, and what it gets back."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import attrs

from bitbroker.client.payload import DecisionT
from bitbroker.errors import AnswerFailedError, Cause

T = TypeVar("T")


@attrs.frozen
class Ask:
    """A question to one seat.

    Attributes:
        seat: who is asked.
        state: with what.
        limit: base time in seconds; None for the time control's, `math.inf` for none.
    """

    seat: int
    state: bytes
    limit: float | None = None


@attrs.frozen
class Answer(Generic[DecisionT]):
    """What became of a question.

    Attributes:
        seat: who was asked.
        payload: the decision as bytes; empty if there is none.
        cause: why there is none; `Cause.NONE` if there is one.
        elapsed: how long it took, or how long it was waited for, in seconds.
        bank_left: what the seat has left in its bank, in seconds; `math.inf` if it has no limit, None on the basic
            wire, which does not tell.
        stalled: how long the broker itself was held up meanwhile, in seconds, which is not in `elapsed` and counts for
            nobody.
    """

    seat: int
    payload: bytes
    cause: Cause = Cause.NONE
    elapsed: float = 0.0
    bank_left: float | None = None
    stalled: float = 0.0
    _parse: Callable[[bytes], Any] = attrs.field(default=bytes, repr=False, eq=False)

    def read_by(self, parse: Callable[[bytes], T]) -> "Answer[T]":
        """The same answer, whose decision is what `parse` makes of the payload."""
        return Answer(self.seat, self.payload, self.cause, self.elapsed, self.bank_left, self.stalled, parse)

    @property
    def ok(self) -> bool:
        """Whether there is a decision."""
        return self.cause is Cause.NONE

    @property
    def decision(self) -> DecisionT:
        """The decision: bytes, or a message of the game's class `Response`.

        Raises:
            AnswerFailedError: there is none.
            google.protobuf.message.DecodeError: it is not of the class `Response`.
        """
        if not self.ok:
            raise AnswerFailedError(self.seat, self.cause)
        decision: DecisionT = self._parse(self.payload)
        return decision
