"""What a game may say of how it ended."""

from math import inf, nan

import pytest

from bitbroker.errors import Cause
from bitbroker.match import Ended, Outcome, Result, SeatResult
from bitbroker.settings import FailurePolicy
from tests.unit.match.helpers import asked, began, finish, handle, over


@pytest.mark.parametrize("is_asked", [False, True])
def test_end_with_a_result(is_asked: bool) -> None:
    """It stands in the outcome as the game gave it; an extended game may end at any time, asked seats or not."""
    scores = [SeatResult(1, score=-2.5, rank=2), SeatResult(0, rank=1)]
    result = Result(scores, "paper covers rock")
    match = asked() if is_asked else began()
    handle(match, Ended(result), 103.0)
    assert over(match) == Outcome(Cause.COMPLETED, None, int(is_asked), 3.0, result=result)


@pytest.mark.parametrize(
    "seats",
    [
        [],
        [SeatResult(0)],
        [SeatResult(2, score=0.0), SeatResult(0, score=-1e300)],
        [SeatResult(seat, rank=1) for seat in range(3)],
        [SeatResult(0, rank=3), SeatResult(1, rank=2**32 - 1)],
    ],
)
def test_results_that_are_right(seats: list[SeatResult]) -> None:
    """Seats may be left out, ranks be shared or skipped, and scores have any size."""
    match = began(3)
    handle(match, Ended(Result(seats)))
    assert over(match).completed


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize(
    ("seats", "detail"),
    [
        ([SeatResult(3)], "its result names seats [3]; they are 0 to 2"),
        ([SeatResult(0), SeatResult(-1)], "its result names seats [0, -1]; they are 0 to 2"),
        ([SeatResult(1), SeatResult(0), SeatResult(1)], "its result names a seat twice: [1, 0, 1]"),
        ([SeatResult(0, score=inf)], "its result has a score that is not finite"),
        ([SeatResult(0, score=-inf)], "its result has a score that is not finite"),
        ([SeatResult(0, score=nan)], "its result has a score that is not finite"),
        ([SeatResult(1, rank=0)], "its result has a rank below 1"),
        ([SeatResult(1, rank=-1)], "its result has a rank below 1"),
    ],
)
def test_results_that_are_wrong(seats: list[SeatResult], detail: str, policy: FailurePolicy) -> None:
    """The game is at fault, and its result stands nowhere."""
    match = began(3, on_failure=policy)
    assert handle(match, Ended(Result(seats))) == [finish(Cause.GAME_FAULT, detail=detail)]
    assert over(match).result is None
    assert over(match).at_fault == "game"
