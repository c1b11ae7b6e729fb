"""How a match ended."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

import attrs

from bitbroker.errors import Cause

_NOBODYS_FAULT: Final = frozenset(
    {
        Cause.COMPLETED,
        Cause.BROKER_STOPPING,
        Cause.MATCH_TIME_LIMIT,
        Cause.NO_PLAYERS_LEFT,
        Cause.ABORTED,
    }
)


@attrs.frozen
class SeatResult:
    """What the game says of one seat: a score (more is better), a rank (1 is best, ties share one), or both."""

    seat: int
    score: float | None = None
    rank: int | None = None


@attrs.frozen
class Result:
    """What the game says at the end.

    Attributes:
        seats: at most one entry for each.
        reason: how it ended, for a person.
    """

    seats: Sequence[SeatResult] = ()
    reason: str = ""

    def fault(self, players: int) -> str:
        """What is wrong with it in a match of so many players; empty if nothing is."""
        seats = [entry.seat for entry in self.seats]
        if any(not 0 <= seat < players for seat in seats):
            return f"its result names seats {seats}; they are 0 to {players - 1}"
        if len(set(seats)) < len(seats):
            return f"its result names a seat twice: {seats}"
        if any(entry.score is not None and not isfinite(entry.score) for entry in self.seats):
            return "its result has a score that is not finite"
        if any(entry.rank is not None and entry.rank < 1 for entry in self.seats):
            return "its result has a rank below 1"
        return ""


@attrs.frozen
class Outcome:
    """One cause, and who is at fault.

    Attributes:
        cause: why the match ended; COMPLETED if the game said so itself.
        seat: the seat at fault, where one is.
        turns: requests made.
        seconds: from its beginning to its end.
        detail: half a sentence for a person, or empty.
        result: what the game said, if it did.
    """

    cause: Cause
    seat: int | None
    turns: int
    seconds: float
    detail: str = ""
    result: Result | None = None

    @property
    def completed(self) -> bool:
        """Whether the game itself said that it is over."""
        return self.cause is Cause.COMPLETED

    @property
    def at_fault(self) -> str:
        """`player N`, `game`, `broker` or `nobody`."""
        if self.seat is not None:
            return f"player {self.seat}"
        if self.cause in _NOBODYS_FAULT:
            return "nobody"
        return "broker" if self.cause is Cause.BROKER_FAULT else "game"
