"""How a match ended."""

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
class Outcome:
    """One cause, and who is at fault.

    Attributes:
        cause: why the match ended; COMPLETED if the game said so itself.
        seat: the seat at fault, where one is.
        turns: requests made.
        seconds: from its beginning to its end.
        detail: half a sentence for a person, or empty.
    """

    cause: Cause
    seat: int | None
    turns: int
    seconds: float
    detail: str = ""

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
