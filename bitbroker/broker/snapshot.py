"""What the broker counts, and the picture of it that the health API shows."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from bitbroker.errors import Cause, Ending

TURN_BUCKETS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Upper bounds of the turn time's histogram, in seconds; one more bucket takes what is longer."""


class Tally:
    """Plain counters, cheap enough for the hot path; whoever looks takes a snapshot."""

    def __init__(self) -> None:
        self.connections = 0
        self.connections_open = 0
        self.refused: Counter[Ending] = Counter()
        self.matches: Counter[Cause] = Counter()
        self.not_taken: Counter[Cause] = Counter()
        self.turns = 0
        self.turn_seconds = 0.0
        self.turn_buckets = [0] * (len(TURN_BUCKETS) + 1)

    def count_turn(self, elapsed: float) -> None:
        """Count an answered request.

        Args:
            elapsed: seconds from sending the request to reading the decision.
        """
        self.turns += 1
        self.turn_seconds += elapsed
        self.turn_buckets[bisect_left(TURN_BUCKETS, elapsed)] += 1


@attrs.frozen
class Snapshot:
    """The broker at one moment.

    Attributes:
        ready: whether it takes part in new matches; false while it stops.
        blocked_seconds: how long ago the event loop was last seen running.
        waiting_games: games without a match.
        waiting_bots: bots without a match.
        matches_running: matches that have begun and not ended.
        matches_finished: ended matches by cause.
        connections: accepted since the start.
        connections_open: of games and bots, right now.
        connections_refused: by reason.
        answers_not_taken: by cause.
        turns: answered requests.
        turn_seconds: their time in all.
        turn_buckets: how many took up to each of `TURN_BUCKETS`, and how many took longer.
    """

    version: str
    players: int
    uptime_seconds: float
    ready: bool
    blocked_seconds: float
    waiting_games: int
    waiting_bots: int
    matches_running: int
    matches_finished: Mapping[Cause, int]
    connections: int
    connections_open: int
    connections_refused: Mapping[Ending, int]
    answers_not_taken: Mapping[Cause, int]
    turns: int
    turn_seconds: float
    turn_buckets: Sequence[int]
