"""What there is to know of a match: who plays, how it ended, with what result."""

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Any

import attrs

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client.time import TimeControl
from bitbroker.errors import BitbrokerError, Cause

BySeat = Sequence[float] | Mapping[int, float]
"""A number for each seat: a sequence in the order of seats, or a mapping from some of them."""


@attrs.frozen
class Player:
    """One player of a match: its seat, from 0, and its bot's name (not always unique)."""

    seat: int
    name: str


@attrs.frozen
class MatchInfo:
    """A match, as it stands at its start.

    Attributes:
        id: the broker's name for it; empty on the basic wire, which does not tell.
        seat: your own, if you are a player.
        players: all of them, ordered by seat.
        time_control: as it holds.
        content_type: of what the game publishes, if it says so.
    """

    id: str
    seat: int | None
    players: Sequence[Player]
    time_control: TimeControl = attrs.field(factory=TimeControl)
    content_type: str = ""

    @classmethod
    def from_wire(cls, start: pb.Start) -> "MatchInfo":
        """What the broker said at the start."""
        return cls(
            id=start.match_id,
            seat=start.seat if start.HasField("seat") else None,
            players=[Player(player.seat, player.name) for player in start.players],
            time_control=TimeControl.from_wire(start.time_control),
            content_type=start.content_type,
        )


def _by_seat(numbers: BySeat) -> dict[int, Any]:
    """Numbers by seat, as plain ones."""
    return dict(numbers if isinstance(numbers, Mapping) else enumerate(numbers))


def _finite(numbers: BySeat) -> dict[int, float]:
    try:
        scores = {seat: float(score) for seat, score in _by_seat(numbers).items()}
    except (TypeError, ValueError):
        scores = {0: nan}
    if not all(map(isfinite, scores.values())):
        raise ValueError(f"scores are {numbers!r}: each must be a finite number")
    return scores


def _ranks(numbers: Sequence[int] | Mapping[int, int]) -> dict[int, int]:
    ranks = _by_seat(numbers)
    if not all(isinstance(rank, int) and rank >= 1 for rank in ranks.values()):
        raise ValueError(f"ranks are {numbers!r}: each must be a whole number, from 1")
    return ranks


@attrs.frozen
class Result:
    """What came out of a match, as its game says it.

    Scores and ranks may be given as a sequence in the order of seats, or as a mapping from seats; both may leave
    seats out. They are kept as mappings.

    Attributes:
        scores: finite numbers, more is better.
        ranks: from 1, which is best; ties share one.
        reason: how it ended, for a person.

    Raises:
        ValueError: a score is not finite, or a rank is none.
    """

    scores: Mapping[int, float] = attrs.field(factory=dict, converter=_finite)
    ranks: Mapping[int, int] = attrs.field(factory=dict, converter=_ranks)
    reason: str = ""

    @classmethod
    def of(cls, value: "Result | BySeat | None") -> "Result":
        """A result, from scores alone too, or from nothing."""
        if isinstance(value, Result):
            return value
        return cls() if value is None else cls(scores=value)

    @property
    def seats(self) -> list[int]:
        """The seats of which it says something."""
        return sorted({*self.scores, *self.ranks})

    def to_wire(self) -> pb.Result:
        """The same as the wire has it."""
        seats = [
            pb.SeatResult(seat=seat, score=self.scores.get(seat), rank=self.ranks.get(seat)) for seat in self.seats
        ]
        return pb.Result(seats=seats, reason=self.reason)

    @classmethod
    def from_wire(cls, result: pb.Result) -> "Result":
        """What the wire has, as far as it can be."""
        return cls(
            scores={each.seat: each.score for each in result.seats if each.HasField("score") and isfinite(each.score)},
            ranks={each.seat: each.rank for each in result.seats if each.rank},
            reason=result.reason,
        )


@attrs.frozen
class Outcome:
    """How a match ended.

    Attributes:
        match_id: of which match.
        cause: why; `Cause.COMPLETED` if the game said so itself.
        seat: who is at fault, where one seat is.
        detail: half a sentence for a person, or empty.
        result: what the game said came out of it; None if it did not.
    """

    match_id: str
    cause: Cause
    seat: int | None = None
    detail: str = ""
    result: Result | None = None

    @classmethod
    def from_wire(cls, outcome: pb.Outcome) -> "Outcome":
        """What the broker said at the end."""
        return cls(
            match_id=outcome.match_id,
            cause=Cause(outcome.cause),
            seat=outcome.seat if outcome.HasField("seat") else None,
            detail=outcome.detail,
            result=Result.from_wire(outcome.result) if outcome.HasField("result") else None,
        )

    @property
    def completed(self) -> bool:
        """Whether the game itself said that it is over."""
        return self.cause is Cause.COMPLETED

    def __str__(self) -> str:
        who = "" if self.seat is None else f", player {self.seat} at fault"
        return f"{self.cause.label}{who}" + (f": {self.detail}" if self.detail else "")


class MatchOverError(BitbrokerError):
    """The broker ended the match before the game did. Let it pass, or catch it to clean up.

    Attributes:
        outcome: how it ended; None on the basic wire, which does not tell.
    """

    def __init__(self, outcome: Outcome | None) -> None:
        how = "the broker's log says why" if outcome is None else str(outcome)
        super().__init__(f"the broker ended the match before the game did: {how}")
        self.outcome = outcome
