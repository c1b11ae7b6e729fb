"""What a match wants done: the effects that `Match.handle` returns, in the order in which to carry them out."""

from collections.abc import Sequence

import attrs

from bitbroker.errors import Cause
from bitbroker.match.events import Payload
from bitbroker.match.outcome import Outcome


@attrs.frozen
class Introduce:
    """Tell the game who plays: names by seat."""

    names: Sequence[str]


@attrs.frozen
class Trigger:
    """Ask the game what is next."""


@attrs.frozen
class Ask:
    """Ask this seat's bot; it has `limit` seconds from now."""

    seat: int
    state: Payload
    limit: float


@attrs.frozen
class Respond:
    """Hand the game this seat's decision, which took `elapsed` seconds."""

    seat: int
    decision: Payload
    elapsed: float


@attrs.frozen
class Fail:
    """Tell the game that this seat gave no answer, and why."""

    seat: int
    cause: Cause


@attrs.frozen
class NotTaken:
    """Something this seat said counts for nothing: TIME_LIMIT (too late) or NOT_ASKED. For log and metrics."""

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


Effect = Introduce | Trigger | Ask | Respond | Fail | NotTaken | Dismiss | Finish
