"""What a match wants done: the effects that `Match.handle` returns, in the order in which to carry them out.

All are immutable; those made for every turn by convention only, as in `events.py`.
"""

from collections.abc import Sequence

import attrs

from bitbroker.errors import Cause
from bitbroker.match.events import Payload
from bitbroker.match.outcome import Outcome


@attrs.frozen
class Introduce:
    """Tell everyone who plays; it is for the game to go on."""


@attrs.define
class Ask:
    """Ask this seat's bot.

    Attributes:
        seat: whom.
        number: of the turn.
        state: what.
        base: what is left of its base time, in seconds; infinity for no limit.
        bank: what is left of its bank, in seconds; infinity for no limit.
        again: it has been asked before, on a connection that was lost.
    """

    seat: int
    number: int
    state: Payload
    base: float
    bank: float
    again: bool = False


@attrs.define
class Answer:
    """How an ask ended.

    Attributes:
        seat: who was asked.
        decision: its answer; None if that failed.
        cause: NONE if the decision counts, or why there is none.
        elapsed: from the first attempt to ask to the decision or the failure, in seconds, without `stalled`.
        bank: what the seat has left in its bank, in seconds; infinity for no limit.
        stalled: for how much of that time the broker itself was held up, in seconds.
    """

    seat: int
    decision: Payload
    cause: Cause
    elapsed: float
    bank: float
    stalled: float = 0.0


@attrs.define
class Settled:
    """An ask has ended; the game hears of it with the rest of the turn. For log, metrics and spectators."""

    number: int
    answer: Answer


@attrs.define
class Deliver:
    """Hand the game all answers of this turn, in the order of its asks; it is for the game to go on."""

    number: int
    answers: Sequence[Answer]


@attrs.frozen
class NotTaken:
    """A decision of this seat counts for nothing.

    Attributes:
        seat: whose.
        number: under which it came; None for a bot that says none, and need not be told.
        cause: TIME_LIMIT (too late), ALREADY_ANSWERED, NOT_ASKED, or why the ask had failed.
        late: how long after the deadline it came, in seconds; 0 if that is not why.
        told: whether the bot has been told before, under this number.
    """

    seat: int
    number: int | None
    cause: Cause
    late: float = 0.0
    told: bool = False


@attrs.frozen
class Away:
    """This seat's connection is lost, and its bot has time to come back."""

    seat: int


@attrs.frozen
class Back:
    """This seat's bot is there again."""

    seat: int


@attrs.frozen
class Out:
    """This seat plays no more in this match, and why."""

    seat: int
    cause: Cause


@attrs.frozen
class Dismiss:
    """Say farewell to this seat's bot; the match goes on without it."""

    seat: int
    cause: Cause
    detail: str


@attrs.frozen
class Finish:
    """The match is over: say farewell to all. Always the last effect, exactly once in a match."""

    outcome: Outcome


Effect = Introduce | Ask | Settled | Deliver | NotTaken | Away | Back | Out | Dismiss | Finish
