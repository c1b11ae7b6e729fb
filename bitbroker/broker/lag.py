"""The broker's own lag: a heartbeat that comes late shows for how long the broker was held up."""

from math import inf
from typing import Final

BEAT_SECONDS: Final = 0.05
"""Between two beats: so much of a stall may go unseen, if it begins just after one. Twenty wake-ups a second cost
about a thousandth of a core."""

TOLERANCE_SECONDS: Final = 0.02
"""Less than this is the ordinary work of a busy broker, and no stall."""


class Lag:
    """Compares when beats were due with when they came. Whoever looks at the clock first after a stall sees it.

    Attributes:
        late_at: from when on the next beat is late; infinity before the first.
        last_beat: when the broker was last seen running.
    """

    __slots__ = ("_due", "last_beat", "late_at")

    def __init__(self, now: float) -> None:
        self.last_beat = now
        self.late_at = inf
        self._due = inf

    def beat(self, now: float) -> None:
        """The broker runs."""
        self.last_beat = now
        self._due = now + BEAT_SECONDS
        self.late_at = self._due + TOLERANCE_SECONDS

    def take(self, now: float) -> float:
        """How long the broker was held up until now, in seconds; told once."""
        stall = now - self._due
        self.beat(now)
        return stall
