"""The judge of the soak finds what is wrong, and only that."""

from typing import Any

import attrs
import pytest

from tests.soak.lines import Report
from tests.soak.oracle import Judgement, judge
from tests.soak.scripts import GRACE, BotKind, BotScript

LIMIT = 1.0


def name(place: int, kind: BotKind) -> str:
    """Of a bot that does so in its first request."""
    return BotScript(f"0-0.{place}", False, kind, 1).name


def match(kind: BotKind = BotKind.PLAYS) -> tuple[list[Report], dict[str, Any]]:
    """What all have seen of a match whose first bot is of this kind, and the right verdict on it."""
    names = [name(0, kind), name(1, BotKind.PLAYS)]
    if kind is BotKind.PLAYS:
        asked, verdict = [10.0, 10.1, 10.2, 10.3], ("completed", "nobody", 4)
        answered = [[10.05, 10.25], [10.15, 10.35]]
    else:
        asked, verdict = [10.0], ("time-limit", "player 0", 1)
        answered = [[], []]
    game = Report(game="plays@1", players=names, asked=asked, end="told")
    bots = [Report(bot=names[place], asked=asked[place::2], answered=answered[place], end="told") for place in range(2)]
    keys = ("cause", "at_fault", "turns")
    record: dict[str, Any] = {**dict(zip(keys, verdict, strict=True)), "seats": [{"name": each} for each in names]}
    return [game, *bots], record


def found(reports: list[Report], *records: dict[str, Any]) -> dict[str, int]:
    """What is wrong."""
    return dict(judge(reports, records, LIMIT).findings)


@pytest.mark.parametrize("kind", [BotKind.PLAYS, BotKind.SILENT])
def test_right_verdict(kind: BotKind) -> None:
    """Nothing is wrong with it."""
    reports, record = match(kind)
    judgement = judge(reports, [record], LIMIT)
    assert judgement == Judgement(matches=1, causes=judgement.causes)
    assert judgement.causes == {record["cause"]: 1}


def test_wrong_cause() -> None:
    """And a wrong culprit, and a wrong count of turns."""
    reports, record = match()
    assert found(reports, record | {"cause": "disconnected", "at_fault": "player 0"}) == {"wrong cause": 1}
    reports, record = match(BotKind.SILENT)
    assert found(reports, record | {"cause": "completed"}) == {"wrong cause": 1}
    assert found(reports, record | {"at_fault": "player 1"}) == {"wrong culprit": 1}
    assert found(reports, record | {"turns": 2}) == {"wrong culprit": 1}


def test_who_was_not_asked_cannot_be_late() -> None:
    """A verdict on a request that never came is found."""
    (game, first, second), record = match()
    game, first = attrs.evolve(game, asked=[10.0]), attrs.evolve(first, asked=[], answered=[])
    record |= {"cause": "time-limit", "at_fault": "player 0", "turns": 1}
    assert found([game, first, second], record) == {"time-out without a request": 1}


@pytest.mark.parametrize(
    ("answered", "findings", "excused"),
    [
        ([10.05, 11.2], {"false time-out": 1}, 0),  # the moment itself is in time
        ([10.05, 11.201], {}, 1),
        ([10.05], {}, 1),  # the request came so late that it had not answered yet
    ],
)
def test_time_out_is_held_against_the_bot_s_own_clock(
    answered: list[float], findings: dict[str, int], excused: int
) -> None:
    """False if the answer was sent within the limit, counted from before the broker could count."""
    reports, record = match()
    game, first, second = reports
    game = attrs.evolve(game, asked=game.asked[:3])
    first = attrs.evolve(first, answered=answered)
    record |= {"cause": "time-limit", "at_fault": "player 0", "turns": 3}
    judgement = judge([game, first, second], [record], LIMIT)
    assert (dict(judgement.findings), judgement.excused) == (findings, excused)


def test_everybody_must_be_told() -> None:
    """Who hears no end is hung, who hears none before the stream's end was not told; who leaves need not be."""
    (game, first, second), record = match()
    assert found([attrs.evolve(game, end="hung"), first, second], record) == {"hung": 1}
    assert found([game, attrs.evolve(first, end="cut"), second], record) == {"not told": 1}
    assert found([game, attrs.evolve(first, end="left"), second], record) == {"not told": 1}
    assert found([attrs.evolve(game, wrong="words"), first, second], record) == {"wrong words": 1}


def test_who_comes_back_too_late_need_not_be_told() -> None:
    """The match was forgotten meanwhile; one that comes back before that must be."""
    (game, first, second), record = match()
    late = attrs.evolve(first, away=LIMIT + GRACE + 0.1, end="cut", wrong="its key is of no match")
    judgement = judge([game, late, second], [record], LIMIT)
    assert (dict(judgement.findings), judgement.excused) == ({}, 1)
    assert found([game, attrs.evolve(late, away=2.9), second], record) == {"not told": 1, "wrong words": 1}


def test_every_match_has_one_verdict() -> None:
    """One that has none is found, and a verdict on what nobody played."""
    reports, record = match()
    assert found(reports) == {"match without a verdict": 1}
    assert found(reports, record, record) == {"unknown match": 1}
    assert found(reports, record, record | {"seats": [{"name": "x"}, {"name": "y"}]}) == {"unknown match": 1}


def test_close_calls_are_counted() -> None:
    """Answers in time that took more than a quarter of it: without them a soak would say nothing of time-outs."""
    (game, first, second), record = match()
    slow = attrs.evolve(first, answered=[10.3, 10.45])
    assert judge([game, slow, second], [record], LIMIT).close_calls == 1
