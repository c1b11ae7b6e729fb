"""What is kept of a match: for the results file, the API and the log of a batch."""

from datetime import UTC, datetime
from math import inf

import attrs

import bitbroker
from bitbroker.broker.table import Table
from bitbroker.errors import Cause


@attrs.frozen
class SeatRecord:
    """One player of a match.

    Attributes:
        moves: answers that were taken.
        mean_seconds: their mean time; None if there were none.
        worst_seconds: the longest; None if there were none.
    """

    seat: int
    name: str
    moves: int
    mean_seconds: float | None
    worst_seconds: float | None


@attrs.frozen
class MatchRecord:
    """A match, running or over.

    Attributes:
        match: its number in this broker, from 1.
        version: of the broker.
        began: when, in UTC, as ISO 8601.
        seconds: from its beginning to its end, or to now.
        turns: requests made.
        asked: the seat that is being asked; None while the game thinks, and at the end.
        remaining_seconds: what the seat that is asked, or the game, has left; None for no limit, and at the end.
        cause: why it ended; None while it runs.
        at_fault: `player N`, `game`, `broker` or `nobody`; None while it runs.
        seat: the seat at fault, where one is.
        detail: half a sentence for a person.
        seats: the players.
    """

    match: int
    version: str
    began: str
    seconds: float
    turns: int
    asked: int | None
    remaining_seconds: float | None
    cause: Cause | None
    at_fault: str | None
    seat: int | None
    detail: str
    seats: list[SeatRecord]

    def to_json(self) -> dict[str, object]:
        """As a results file and the API have it: plain values, the cause by its label."""
        plain = attrs.asdict(self)
        plain["cause"] = self.cause.label if self.cause is not None else None
        return plain


def record_match(table: Table, now: float) -> MatchRecord:
    """What there is to say of a match at this moment.

    Args:
        table: where it is, or was, played.
        now: on Trio's clock.
    """
    match = table.match
    outcome = match.outcome
    return MatchRecord(
        match=table.number,
        version=bitbroker.__version__,
        began=datetime.fromtimestamp(table.began_at, UTC).isoformat(timespec="milliseconds"),
        seconds=round(outcome.seconds if outcome else now - table.began, 6),
        turns=match.turns,
        asked=match.asked if outcome is None else None,
        remaining_seconds=_remaining(match.deadline() - now),
        seats=[_record_seat(table, seat) for seat in range(len(table.bots))],
        cause=outcome.cause if outcome else None,
        at_fault=outcome.at_fault if outcome else None,
        seat=outcome.seat if outcome else None,
        detail=outcome.detail if outcome else "",
    )


def _record_seat(table: Table, seat: int) -> SeatRecord:
    times = table.times[seat]
    mean, worst = (times.total / times.moves, times.worst) if times.moves else (None, None)
    return SeatRecord(seat, table.bots[seat].name, times.moves, _rounded(mean), _rounded(worst))


def _rounded(seconds: float | None) -> float | None:
    """To the microsecond, below which there is only noise."""
    return None if seconds is None else round(seconds, 6)


def _remaining(seconds: float) -> float | None:
    return round(max(seconds, 0.0), 3) if seconds < inf else None
