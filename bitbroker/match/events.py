"""What happens to a match: the events that `Match.handle` takes.

All are immutable; those made for every turn are so by convention only, since attrs takes three times as long to make a
frozen object (0.9 us against 0.3).
"""

from collections.abc import Sequence

import attrs

from bitbroker.errors import Cause
from bitbroker.match.outcome import Result

Payload = object
"""A state or a decision: whatever the shell handed in is handed back, never looked into."""


@attrs.frozen
class Began:
    """All seats are taken and the game is there."""


@attrs.define
class Question:
    """What one seat is asked: a state, and a base time of its own in seconds, if it has one."""

    seat: int
    state: Payload
    limit: float | None = None


@attrs.define
class TurnAsked:
    """The game asks one seat or several.

    Attributes:
        questions: whom, and what.
        number: of the turn as the game counts; None for a game that does not.
        more: whether further questions of this turn follow in another event.
    """

    questions: Sequence[Question]
    number: int | None = None
    more: bool = False


@attrs.define
class Decided:
    """This seat's bot sent a decision, asked or not; under a number, if it is a bot that says one."""

    seat: int
    decision: Payload
    number: int | None = None


@attrs.frozen
class Resigned:
    """This seat's bot gives up."""

    seat: int


@attrs.frozen
class Ended:
    """The game says that it is over, and perhaps with what result."""

    result: Result | None = None


@attrs.frozen
class PlayerAway:
    """This seat's connection is lost; its bot may come back."""

    seat: int
    detail: str = ""


@attrs.frozen
class PlayerBack:
    """This seat's bot is there again, on a new connection."""

    seat: int


@attrs.frozen
class PlayerLost:
    """This seat's bot is gone for good, or must go, and why.

    `cause` is DISCONNECTED, PROTOCOL_VIOLATION, MESSAGE_TOO_LARGE or SLOW_CONSUMER; `detail` is half a sentence
    for a person.
    """

    seat: int
    cause: Cause
    detail: str = ""


@attrs.frozen
class GameAway:
    """The game's connection is lost; it may come back."""

    detail: str = ""


@attrs.frozen
class GameBack:
    """The game is there again, on a new connection, and may send its last turn again."""


@attrs.frozen
class GameLost:
    """The game is gone for good, or must go, and why; causes as in `PlayerLost`, or GAME_FAULT."""

    cause: Cause
    detail: str = ""


@attrs.frozen
class Stopped:
    """The match is ended from outside: BROKER_STOPPING, ABORTED or BROKER_FAULT."""

    cause: Cause
    detail: str = ""


@attrs.frozen
class Stalled:
    """The broker itself was held up for so many seconds, until now: they are nobody's time."""

    seconds: float


@attrs.frozen
class TimeReached:
    """The time of `Match.deadline()` has come. Too early is harmless."""


Event = (
    Began
    | TurnAsked
    | Decided
    | Resigned
    | Ended
    | PlayerAway
    | PlayerBack
    | PlayerLost
    | GameAway
    | GameBack
    | GameLost
    | Stopped
    | Stalled
    | TimeReached
)
