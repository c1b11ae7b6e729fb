"""What the broker counts, and the picture of it that the health API shows."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from bitbroker.errors import Cause, Ending

TURN_BOUNDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Upper bounds of the turn time's buckets, in seconds."""

HANDLING_BOUNDS: Final = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""The same for the broker's own work."""


class Histogram:
    """How many observations fell into which bucket, and their sum.

    Attributes:
        bounds: upper bounds of the buckets, in seconds; one more bucket takes what is larger.
        counts: observations in each bucket, that one included.
        total: the sum of all observations, in seconds.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds


class Tally:
    """Plain counters, cheap enough for the hot path; whoever looks takes a snapshot.

    Attributes:
        stalls: how often the broker was held up.
        stall_seconds: for how long in all; nobody's clock ran meanwhile.
        turn_time: of each answered request, from reading what the game asks to reading the decision, without stalls.
        handling_time: of each batch of messages: reading them, the rules, and sending what follows.
    """

    def __init__(self) -> None:
        self.connections = 0
        self.connections_open = 0
        self.refused: Counter[Ending] = Counter()
        self.matches: Counter[Cause] = Counter()
        self.not_taken: Counter[Cause] = Counter()
        self.stalls = 0
        self.stall_seconds = 0.0
        self.turn_time = Histogram(TURN_BOUNDS)
        self.handling_time = Histogram(HANDLING_BOUNDS)

    @property
    def turns(self) -> int:
        """Requests that were answered."""
        return sum(self.turn_time.counts)


@attrs.frozen
class Snapshot:
    """The broker at one moment.

    Attributes:
        ready: whether it takes part in new matches; false while it stops.
        blocked_seconds: how long ago the event loop was last seen running.
        waiting_games: games without a match.
        waiting_bots: bots without a match.
        waiting_spectators: spectators whose match has not begun.
        matches_running: matches that have begun and not ended.
        matches_finished: ended matches by cause.
        connections: accepted since the start.
        connections_open: of games and bots, right now.
        connections_refused: by reason.
        answers_not_taken: by cause.
        stalls: how often the broker itself was held up.
        stall_seconds: for how long in all.
        turns: answered requests.
        turn_time: their time, from reading what is asked to reading the decision, without stalls.
        handling_time: the broker's own share: reading, rules and sending, for each batch of messages.
    """

    version: str
    players: int
    uptime_seconds: float
    ready: bool
    blocked_seconds: float
    waiting_games: int
    waiting_bots: int
    waiting_spectators: int
    matches_running: int
    matches_finished: Mapping[Cause, int]
    connections: int
    connections_open: int
    connections_refused: Mapping[Ending, int]
    answers_not_taken: Mapping[Cause, int]
    stalls: int
    stall_seconds: float
    turns: int
    turn_time: Histogram
    handling_time: Histogram
