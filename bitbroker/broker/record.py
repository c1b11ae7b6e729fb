"""What is kept of a match: for the results file, the API and the log of a batch."""

from datetime import UTC, datetime
from math import inf
from typing import Final

import attrs

import bitbroker
from bitbroker.broker.table import Table
from bitbroker.errors import Cause
from bitbroker.match import SeatResult
from bitbroker.text import shortened

_LONGEST_TEXT: Final = 1000
"""Of what is kept of a sentence that a client had a hand in, in characters."""


@attrs.frozen
class SeatRecord:
    """One player of a match.

    Attributes:
        moves: answers that were taken.
        mean_seconds: their mean time; None if there were none.
        worst_seconds: the longest; None if there were none.
        bank_seconds: what is left in its bank; None for no limit.
        out: why it plays no more in this match; None if it does.
        score: what the game gave it; None if it said nothing, and before the end.
        rank: the same.
    """

    seat: int
    name: str
    moves: int = 0
    mean_seconds: float | None = None
    worst_seconds: float | None = None
    bank_seconds: float | None = 0.0
    out: Cause | None = None
    score: float | None = None
    rank: int | None = None


@attrs.frozen
class MatchRecord:
    """A match, running or over.

    Attributes:
        match: its number in this broker, from 1.
        version: of the broker.
        name: under which its players met; empty for the lobby.
        began: when, in UTC, as ISO 8601.
        seconds: from its beginning to its end, or to now.
        turns: requests made.
        asked: the seats that are being asked; none while the game thinks, and at the end.
        remaining_seconds: what the first of them to run out, or the game, has left; None for no limit, and at the end.
        cause: why it ended; None while it runs.
        at_fault: `player N`, `game`, `broker` or `nobody`; None while it runs.
        seat: the seat at fault, where one is.
        detail: half a sentence for a person; its first 1000 characters.
        reason: how it ended, as the game says; the same.
        spectators: how many look on.
        seats: the players.
        stalled_seconds: how long the broker itself was held up in it, which counted for nobody.
    """

    match: int
    version: str
    name: str
    began: str
    seconds: float
    turns: int
    asked: list[int]
    remaining_seconds: float | None
    cause: Cause | None
    at_fault: str | None
    seat: int | None
    detail: str
    reason: str
    spectators: int
    seats: list[SeatRecord]
    stalled_seconds: float = 0.0

    def to_json(self) -> dict[str, object]:
        """As a results file and the API have it: plain values, the cause by its label."""
        plain = attrs.asdict(self)
        plain["cause"] = _label(self.cause)
        for seat, entry in zip(self.seats, plain["seats"], strict=True):
            entry["out"] = _label(seat.out)
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
        name=table.name,
        began=datetime.fromtimestamp(table.began_at, UTC).isoformat(timespec="milliseconds"),
        seconds=round(outcome.seconds if outcome else now - table.began, 6),
        turns=match.turns,
        stalled_seconds=round(match.stalled, 6),
        asked=match.asked,
        remaining_seconds=_remaining(match.next_to_run_out() - now),
        seats=[_record_seat(table, seat) for seat in range(len(table.bots))],
        cause=outcome.cause if outcome else None,
        at_fault=outcome.at_fault if outcome else None,
        seat=outcome.seat if outcome else None,
        detail=shortened(outcome.detail, _LONGEST_TEXT) if outcome else "",
        reason=shortened(outcome.result.reason, _LONGEST_TEXT) if outcome and outcome.result else "",
        spectators=len(table.spectators),
    )


def _record_seat(table: Table, number: int) -> SeatRecord:
    times = table.times[number]
    seat = table.match.seats[number]
    mean, worst = (times.total / times.moves, times.worst) if times.moves else (None, None)
    result = _result_of(table, number)
    return SeatRecord(
        seat=number,
        name=seat.name,
        moves=times.moves,
        mean_seconds=_rounded(mean),
        worst_seconds=_rounded(worst),
        bank_seconds=_remaining(seat.bank),
        out=seat.out,
        score=result.score if result else None,
        rank=result.rank if result else None,
    )


def _result_of(table: Table, seat: int) -> SeatResult | None:
    outcome = table.match.outcome
    entries = outcome.result.seats if outcome and outcome.result else ()
    return next((entry for entry in entries if entry.seat == seat), None)


def _label(cause: Cause | None) -> str | None:
    return None if cause is None else cause.label


def _rounded(seconds: float | None) -> float | None:
    """To the microsecond, below which there is only noise."""
    return None if seconds is None else round(seconds, 6)


def _remaining(seconds: float) -> float | None:
    return round(max(seconds, 0.0), 3) if seconds < inf else None
