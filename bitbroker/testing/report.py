"""What there is to say of a match that was played in a test."""

from collections.abc import Sequence

import attrs

from bitbroker.errors import Cause
from bitbroker.match import Outcome

_SHOWN_BYTES = 60


@attrs.frozen
class Turn:
    """One request to a player, and what became of it.

    Attributes:
        number: of the turn, from 1; what a game asks several players at once is one turn.
        seat: who was asked.
        state: what it was asked with, as bytes.
        decision: its answer, as bytes; None if there was none that counted.
        cause: why there was none; `Cause.NONE` if there was one, `Cause.ABORTED` if the match ended before that by no
            fault of this player.
        began: when it was asked, in seconds since the match began.
        seconds: how long it took, or how long it was waited for.
    """

    number: int
    seat: int
    state: bytes
    decision: bytes | None
    cause: Cause
    began: float
    seconds: float

    def __str__(self) -> str:
        answer = self.cause.label if self.decision is None else _shown(self.decision)
        return (
            f"{self.began:9.3f} s  turn {self.number}, player {self.seat}: "
            f"{_shown(self.state)} -> {answer} after {self.seconds:.3f} s"
        )


@attrs.frozen
class SeatReport:
    """One player.

    Attributes:
        seat: its number, from 0.
        name: as its bot said.
        answers: its decisions that counted, as bytes, in their order.
        seconds: how long each of them took.
        not_taken: for each thing it said that did not count, why: TIME_LIMIT (too late) or NOT_ASKED.
    """

    seat: int
    name: str
    answers: Sequence[bytes]
    seconds: Sequence[float]
    not_taken: Sequence[Cause]


@attrs.frozen
class MatchReport:
    """A match from its beginning to its end; `print(report)` shows it turn by turn.

    Attributes:
        outcome: how it ended, as the broker would log it.
        seats: the players.
        turns: every request, in its order.
        scores: one for each seat, as the game said at the end; None if it did not, or not for all.
        published: what the game showed to spectators, as bytes.
    """

    outcome: Outcome
    seats: Sequence[SeatReport]
    turns: Sequence[Turn]
    scores: Sequence[float] | None
    published: Sequence[bytes]

    @property
    def cause(self) -> Cause:
        """Why it ended; `Cause.COMPLETED` if the game said so itself."""
        return self.outcome.cause

    @property
    def at_fault(self) -> str:
        """`player N`, `game` or `nobody`."""
        return self.outcome.at_fault

    @property
    def completed(self) -> bool:
        """Whether the game itself said that it is over."""
        return self.outcome.completed

    @property
    def detail(self) -> str:
        """Half a sentence on the end for a person, or empty."""
        return self.outcome.detail

    @property
    def seconds(self) -> float:
        """From its beginning to its end."""
        return round(self.outcome.seconds, 6)

    def answers(self, seat: int) -> Sequence[bytes]:
        """The decisions of this seat's player that counted."""
        return self.seats[seat].answers

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        scores = f", scores {list(self.scores)}" if self.scores is not None else ""
        return "\n".join(
            [
                *(f"player {seat.seat}: {seat.name}" for seat in self.seats),
                *map(str, self.turns),
                f"{self.seconds:9.3f} s  {self.cause.label}, at fault: {self.at_fault}{detail}{scores}",
            ]
        )


def _shown(payload: bytes) -> str:
    more = f"... ({len(payload):,} bytes)" if len(payload) > _SHOWN_BYTES else ""
    return repr(payload[:_SHOWN_BYTES])[1:] + more
