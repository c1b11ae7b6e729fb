"""The notes that are taken while a match is played, and the report that is made of them."""

from collections.abc import Sequence

import attrs

from bitbroker.errors import Cause
from bitbroker.match import Outcome
from bitbroker.testing.report import MatchReport, SeatReport, Turn


class Transcript:
    """Every request and what became of it; times are to the microsecond, below which floats make noise."""

    def __init__(self, names: Sequence[str], began: float) -> None:
        self._names = names
        self._began = began
        self._turns: list[Turn] = []
        self._open: dict[int, int] = {}  # seats that are being asked, and which turn that is
        self._published: dict[int, bytes] = {}
        self._not_taken: list[list[Cause]] = [[] for _ in names]

    def ask(self, number: int, seat: int, state: bytes, now: float) -> None:
        """This seat is asked in the turn of this number; the answer is open."""
        self._open[seat] = len(self._turns)
        self._turns.append(Turn(number, seat, state, None, Cause.NONE, round(now - self._began, 6), 0.0))

    def settle(self, seat: int, decision: bytes | None, cause: Cause, elapsed: float) -> None:
        """This seat has answered, or failed to."""
        index = self._open.pop(seat)
        seconds = round(elapsed, 6)
        self._turns[index] = attrs.evolve(self._turns[index], decision=decision, cause=cause, seconds=seconds)

    def not_take(self, seat: int, cause: Cause) -> None:
        """It said something that does not count."""
        self._not_taken[seat].append(cause)

    def publish(self, number: int, payload: bytes) -> None:
        """The game shows this; what comes under an old number does not count."""
        if number > max(self._published, default=0):
            self._published[number] = payload

    def report(self, outcome: Outcome, scores: Sequence[float] | None, now: float) -> MatchReport:
        """The match is over, and with it all requests that are open."""
        for seat, index in [*self._open.items()]:
            waited = now - self._began - self._turns[index].began
            self.settle(seat, None, outcome.cause if seat == outcome.seat else Cause.ABORTED, waited)
        seats = [*map(self._report_seat, range(len(self._names)))]
        return MatchReport(outcome, seats, self._turns, scores, [*self._published.values()])

    def _report_seat(self, seat: int) -> SeatReport:
        taken = [(turn.decision, turn.seconds) for turn in self._turns if turn.seat == seat]
        answered = [(decision, seconds) for decision, seconds in taken if decision is not None]
        answers, times = [answer for answer, _ in answered], [seconds for _, seconds in answered]
        return SeatReport(seat, self._names[seat], answers, times, self._not_taken[seat])
