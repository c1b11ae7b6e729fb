"""Who won, and how often."""

from typing import Any

import pytest

from bitbroker.play.standing import judge, tell_standings


@pytest.mark.parametrize(
    ("seats", "at_fault", "scores", "verdicts"),
    [
        (2, None, [1, 0], ["win", "loss"]),
        (2, None, [0.5, 0.5], ["draw", "draw"]),
        (3, None, [2, 2, 1], ["draw", "draw", "loss"]),
        (3, None, [-1, -2, -3], ["win", "loss", "loss"]),
        (1, None, [1], ["win"]),
        (1, None, [0], ["loss"]),
        (2, None, None, [None, None]),
        (2, 0, None, ["loss", "win"]),
        (2, 1, [0, 1], ["win", "loss"]),
        (3, 1, None, [None, "loss", None]),
        (1, 0, None, ["loss"]),
    ],
)
def test_judge(seats: int, at_fault: int | None, scores: list[float] | None, verdicts: list[str | None]) -> None:
    """The highest score wins, ties share, a fault loses, and where nobody can say, nobody does."""
    assert judge(seats, at_fault, scores) == verdicts


def line(cause: str, at_fault: int | None, scores: list[float] | None, bots: tuple[int, int]) -> dict[str, Any]:
    """A line of a results file, as far as standings look at it."""
    seats = [
        {"seat": seat, "bot": bot, "name": f"name {bot}", "moves": 2, "mean_seconds": 0.5, "worst_seconds": bot}
        for seat, bot in enumerate(bots)
    ]
    return {"cause": cause, "seat": at_fault, "scores": scores, "seats": seats}


def test_standings_follow_the_bot_and_not_the_seat() -> None:
    """Results, forfeits and times are counted for the bot that sat there."""
    first, second = tell_standings(
        2,
        [
            line("completed", None, [1, 0], (1, 2)),
            line("completed", None, [1, 0], (2, 1)),
            line("completed", None, [0.5, 0.5], (1, 2)),
            line("time-limit", 0, None, (2, 1)),
            line("game-lost", None, None, (1, 2)),
        ],
    )
    assert (first.matches, first.wins, first.draws, first.losses) == (5, 2, 1, 1)
    assert (second.matches, second.wins, second.draws, second.losses) == (5, 1, 1, 2)
    assert (first.forfeits, second.forfeits) == ({}, {"time-limit": 1})
    assert (first.mean_score, second.mean_score) == (0.5, 0.5)
    assert (first.moves, first.mean_seconds, second.worst_seconds) == (10, 0.5, 2)
    assert first.name == "name 1"


def test_standing_without_anything_has_no_means() -> None:
    """No scores, no answers: nothing to divide by."""
    (standing,) = tell_standings(1, [])
    assert standing.mean_score is None
    assert standing.mean_seconds is None
