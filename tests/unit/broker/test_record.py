"""What is kept of a match, while it runs and when it is over."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

import bitbroker
from bitbroker.broker.record import record_match
from bitbroker.broker.table import Table
from bitbroker.errors import Cause
from bitbroker.match import Decided, Ended, Event, PlayerLost, Question, Result, SeatResult, TurnAsked

from .conftest import MakeTable


def ask(seat: int) -> TurnAsked:
    """The game asks this seat."""
    return TurnAsked([Question(seat, b"")])


def play(table: Table, *events: tuple[Event, float]) -> None:
    """Let these things happen, each at its time."""
    for event, now in events:
        table.match.handle(event, now)


def test_running_match(make_table: MakeTable) -> None:
    """Who is asked and how long it has, and no ending yet."""
    table = make_table(number=7, time_limit=5)
    play(table, (ask(1), 1002.0))
    record = record_match(table, 1003.25)
    assert (record.match, record.version) == (7, bitbroker.__version__)
    assert (record.seconds, record.turns, record.asked, record.remaining_seconds) == (3.25, 1, [1], 3.75)
    assert (record.cause, record.at_fault, record.seat, record.detail) == (None, None, None, "")
    assert [(seat.seat, seat.name) for seat in record.seats] == [(0, "bot 0"), (1, "bot 1")]


def test_game_that_thinks(make_table: MakeTable) -> None:
    """Nobody is asked; the game has its own limit, or none."""
    record = record_match(make_table(game_time_limit=60), 1010.0)
    assert (record.asked, record.remaining_seconds) == ([], 50.0)
    record = record_match(make_table(game_time_limit=0), 1010.0)
    assert (record.asked, record.remaining_seconds) == ([], None)


def test_time_that_is_over_is_nothing_left(make_table: MakeTable) -> None:
    """A deadline that the clock has not looked at yet leaves no negative time."""
    assert record_match(make_table(game_time_limit=1), 1005.0).remaining_seconds == 0.0


def test_match_that_is_over(make_table: MakeTable) -> None:
    """Its outcome, and its time does not go on."""
    table = make_table()
    play(table, (ask(0), 1001.0), (Decided(0, b""), 1002.0), (Ended(), 1004.5))
    record = record_match(table, 2000.0)
    assert (record.cause, record.at_fault, record.seat) == (Cause.COMPLETED, "nobody", None)
    assert (record.seconds, record.turns, record.asked, record.remaining_seconds) == (4.5, 1, [], None)


def test_who_was_at_fault(make_table: MakeTable) -> None:
    """By seat and in words; whoever was asked then is no matter any more."""
    table = make_table()
    play(table, (ask(0), 1001.0), (PlayerLost(1, Cause.SLOW_CONSUMER, "it does not read"), 1002.0))
    record = record_match(table, 1003.0)
    assert (record.cause, record.at_fault, record.seat) == (Cause.SLOW_CONSUMER, "player 1", 1)
    assert (record.detail, record.asked) == ("it does not read", [])


def test_times_of_answers(make_table: MakeTable) -> None:
    """How many, their mean and the longest, to the microsecond; nothing where there are none."""
    table = make_table()
    for seconds in (0.5, 0.25, 0.1000004):
        table.times[0].add(seconds)
    first, second = record_match(table, 1000.0).seats
    assert (first.moves, first.mean_seconds, first.worst_seconds) == (3, 0.283333, 0.5)
    assert (second.moves, second.mean_seconds, second.worst_seconds) == (0, None, None)


def test_what_the_game_says_of_it(make_table: MakeTable) -> None:
    """Scores and ranks by seat, for those of whom it says something, and how it ended."""
    table = make_table()
    play(table, (Ended(Result([SeatResult(1, score=2.5, rank=1)], "by points")), 1001.0))
    record = record_match(table, 1001.0)
    assert record.reason == "by points"
    assert [(seat.score, seat.rank) for seat in record.seats] == [(None, None), (2.5, 1)]


def test_long_sentences_are_cut(make_table: MakeTable) -> None:
    """A game may say much at the end; of that, the results file and the API hold the beginning."""
    table = make_table()
    play(table, (Ended(Result((), "r" * 60_000)), 1001.0))
    assert record_match(table, 1001.0).reason == "r" * 1000 + "... (60,000 characters)"


def test_seat_that_is_out(make_table: MakeTable) -> None:
    """While the match goes on without it: why; in JSON by the cause's label."""
    table = make_table(on_failure="tell-game")
    play(table, (PlayerLost(0, Cause.DISCONNECTED), 1001.0))
    record = record_match(table, 1002.0)
    assert record.cause is None
    assert [seat.out for seat in record.seats] == [Cause.DISCONNECTED, None]
    plain: dict[str, Any] = json.loads(json.dumps(record.to_json()))
    assert [seat["out"] for seat in plain["seats"]] == ["disconnected", None]


@pytest.mark.parametrize("over", [False, True])
def test_as_json(make_table: MakeTable, over: bool) -> None:
    """Plain values under the record's own names; the cause by its label, the time as people and machines read it."""
    table = make_table()
    if over:
        play(table, (ask(9), 1001.0))
    record = record_match(table, 1001.0)
    plain: dict[str, Any] = json.loads(json.dumps(record.to_json()))
    assert plain["cause"] == ("game-fault" if over else None)
    assert plain["seats"][1] == {
        "seat": 1,
        "name": "bot 1",
        "moves": 0,
        "mean_seconds": None,
        "worst_seconds": None,
        "bank_seconds": 0.0,
        "out": None,
        "score": None,
        "rank": None,
    }
    began = datetime.fromisoformat(plain["began"])
    assert began.tzinfo == UTC
    assert abs((datetime.now(UTC) - began).total_seconds()) < 3600
