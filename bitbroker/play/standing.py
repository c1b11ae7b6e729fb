"""Who won how often: the standing of each bot over a batch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from bitbroker.errors import Cause

Verdict = Literal["win", "draw", "loss"]


@attrs.define
class Standing:
    """One bot's results, and its times in seconds; the name is the last that it gave itself."""

    name: str = ""
    matches: int = 0
    wins: int = 0
    draws: int = 0
    losses: int = 0
    score: float = 0.0
    scored: int = 0
    forfeits: Counter[str] = attrs.Factory(Counter)
    moves: int = 0
    seconds: float = 0.0
    worst_seconds: float = 0.0

    @property
    def mean_score(self) -> float | None:
        """Of the matches that have scores."""
        return self.score / self.scored if self.scored else None

    @property
    def mean_seconds(self) -> float | None:
        """Of its answers."""
        return self.seconds / self.moves if self.moves else None


def judge(seats: int, at_fault: int | None, scores: Sequence[float] | None) -> list[Verdict | None]:
    """Who won a match, by seat; None for a seat where nobody can say.

    The highest score wins; who shares it has a draw. A player alone wins with a score above 0. A player at fault has
    lost; with two players the other one has won, with more nobody can say.
    """
    if at_fault is not None:
        others: Verdict | None = "win" if seats == 2 else None
        return ["loss" if seat == at_fault else others for seat in range(seats)]
    if scores is None:
        return [None] * seats
    if seats == 1:
        return ["win" if scores[0] > 0 else "loss"]
    best = max(scores)
    top: Verdict = "draw" if list(scores).count(best) > 1 else "win"
    return [top if score == best else "loss" for score in scores]


def tell_standings(bots: int, results: Sequence[Mapping[str, Any]]) -> list[Standing]:
    """The standing of each bot.

    Args:
        bots: how many there are.
        results: lines of a results file, as `bitbroker.play.batch` writes them.
    """
    standings = [Standing() for _ in range(bots)]
    for result in results:
        verdicts = judge(len(result["seats"]), result["seat"], result["scores"])
        for seat, verdict in zip(result["seats"], verdicts, strict=True):
            _count(standings[seat["bot"] - 1], result, seat, verdict)
    return standings


def _count(standing: Standing, result: Mapping[str, Any], seat: Mapping[str, Any], verdict: Verdict | None) -> None:
    standing.name = seat["name"] or standing.name
    standing.matches += 1
    standing.wins += verdict == "win"
    standing.draws += verdict == "draw"
    standing.losses += verdict == "loss"
    if seat["seat"] == result["seat"] and result["cause"] != Cause.COMPLETED.label:
        standing.forfeits[result["cause"]] += 1
    if result["scores"] is not None:
        standing.score += result["scores"][seat["seat"]]
        standing.scored += 1
    if seat["moves"]:
        standing.moves += seat["moves"]
        standing.seconds += seat["mean_seconds"] * seat["moves"]
        standing.worst_seconds = max(standing.worst_seconds, seat["worst_seconds"])
