"""The clock of a seat: base time, bank, increment; and when time has its say."""

from math import inf

import pytest

from bitbroker.errors import Cause
from bitbroker.match import Ask, Deliver, Effect, PlayerBack, Settled
from tests.unit.match.helpers import (
    START,
    TELL_GAME,
    ask,
    asked,
    began,
    decide,
    failed,
    finish,
    handle,
    over,
    result,
    run_out,
    state,
    taken,
)


def clocks(effects: list[Effect]) -> list[tuple[float, float]]:
    """Base time and bank of each request."""
    return [(effect.base, effect.bank) for effect in effects if isinstance(effect, Ask)]


# Base time.


def test_start_limit_is_for_a_seats_first_request() -> None:
    """Each seat has its own first one."""
    match = began(move=1.0, start=30.0)
    assert clocks(ask(match, 0)) == [(30.0, 0.0)]
    decide(match, 0)
    assert clocks(ask(match, 0, 1)) == [(1.0, 0.0), (30.0, 0.0)]
    assert match.due(101.0) == [0]
    decide(match, 0)
    decide(match, 1)
    assert clocks(ask(match, 1)) == [(1.0, 0.0)]


def test_limit_of_the_ask_goes_before_the_others() -> None:
    """Before the start limit, which is spent with it, and before the move limit; a limit of 0 is one."""
    match = began(move=1.0, start=30.0)
    assert clocks(ask(match, 0, limit=7.0)) == [(7.0, 0.0)]
    decide(match, 0)
    assert clocks(ask(match, 0)) == [(1.0, 0.0)]
    decide(match, 0)
    assert clocks(ask(match, 0, limit=0.0)) == [(0.0, 0.0)]
    assert match.deadline() == START
    run_out(match, START)
    assert over(match).cause is Cause.TIME_LIMIT


def test_start_limit_is_spent_by_a_request_that_failed() -> None:
    """The second request is the second, however the first ended."""
    match = asked(move=1.0, start=30.0, on_failure=TELL_GAME)
    run_out(match, 130.0)
    assert clocks(ask(match, 0, now=130.0)) == [(1.0, 0.0)]


# Bank and increment.


@pytest.mark.parametrize(
    ("base_ms", "bank_ms", "increment_ms", "elapsed_ms", "left_ms"),
    [
        (1000, 5000, 0, 0, 5000),
        (1000, 5000, 0, 999, 5000),
        (1000, 5000, 0, 1000, 5000),  # base time is free
        (1000, 5000, 0, 1001, 4999),  # and the first millisecond after it is the bank's
        (1000, 5000, 0, 5999, 1),
        (1000, 5000, 0, 6000, 0),
        (1000, 5000, 200, 500, 5200),  # an increment goes in even if nothing was taken out
        (1000, 5000, 200, 1001, 5199),
        (1000, 5000, 200, 5999, 201),
        (0, 60000, 2000, 1, 61999),  # Fischer: all in the bank
        (0, 3, 0, 2, 1),
        (1000, 0, 250, 700, 250),  # an empty bank fills by increments
        (1000, 0, 0, 1000, 0),
        (1000, 5000, 0, 7000, 0),  # found at the last look, after the deadline: the bank is empty, and no debt
        (1000, 5000, 200, 9000, 200),
    ],
)
def test_answer_taken(base_ms: int, bank_ms: int, increment_ms: int, elapsed_ms: int, left_ms: int) -> None:
    """To the millisecond: bank = bank - max(0, elapsed - base) + increment, and never below nothing."""
    match = began(move=base_ms / 1000, bank=bank_ms / 1000, increment=increment_ms / 1000)
    assert clocks(ask(match, 0)) == [(base_ms / 1000, bank_ms / 1000)]
    assert round(1000 * (match.next_to_run_out() - START), 6) == base_ms + bank_ms
    settled = decide(match, 0, now=START + elapsed_ms / 1000)[0]
    assert isinstance(settled, Settled)
    assert settled.answer.cause is Cause.NONE
    assert round(1000 * settled.answer.elapsed, 6) == elapsed_ms
    assert round(1000 * settled.answer.bank, 6) == left_ms
    assert match.seats[0].bank == settled.answer.bank


def test_bank_lasts_for_the_match() -> None:
    """Each request finds what the one before has left; the other seat's bank is its own."""
    match = began(move=1.0, bank=4.0, increment=0.5)
    ask(match, 0)
    decide(match, 0, now=103.0)  # 2 s of the bank, and half a second for it
    assert clocks(ask(match, 0, 1, now=103.0)) == [(1.0, 2.5), (1.0, 4.0)]
    assert match.next_to_run_out() == 106.5
    decide(match, 1, now=103.5)
    decide(match, 0, now=106.5)
    assert [seat.bank for seat in match.seats] == [0.5, 4.5]


def test_time_out_empties_the_bank() -> None:
    """No increment, and the next request has its base time alone; an answer to that one brings its increment."""
    match = asked(move=1.0, bank=4.0, increment=0.5, on_failure=TELL_GAME)
    assert run_out(match, 104.75) == []
    assert run_out(match, 105.0) == result(1, failed(0, Cause.TIME_LIMIT, 5.0, bank=0.0))
    assert clocks(ask(match, 0, now=105.0)) == [(1.0, 0.0)]
    assert decide(match, 0, now=106.0) == result(2, taken(0, elapsed=1.0, bank=0.5))


def test_limit_in_the_ending_is_base_and_bank() -> None:
    """What is said of a time-out is how long the player had."""
    match = asked(move=1.0, bank=4.0)
    assert run_out(match, 105.0)[-1] == finish(Cause.TIME_LIMIT, 0, 1, 5.0, "it did not answer within 5 s")


# No limit.


def test_no_base_limit() -> None:
    """Nothing is due, however long it takes, and the bank is not touched."""
    match = asked(move=inf, bank=4.0, increment=1.0)
    assert run_out(match, 1e9) == []
    assert (match.asked, match.deadline(), match.next_to_run_out(), match.due(1e9)) == ([0], inf, inf, [])
    assert decide(match, 0, now=1e9) == result(1, taken(0, elapsed=1e9 - START, bank=5.0))


def test_no_bank_limit() -> None:
    """A bank without limit makes a request without deadline, and stays."""
    match = began(move=1.0, bank=inf, increment=1.0)
    assert clocks(ask(match, 0)) == [(1.0, inf)]
    assert match.next_to_run_out() == inf
    assert decide(match, 0, now=1e6) == result(1, taken(0, elapsed=1e6 - START, bank=inf))


def test_no_limit_for_one_ask() -> None:
    """The others of its turn keep theirs."""
    match = began(move=inf, start=2.0)
    ask(match, 0)
    decide(match, 0)
    assert clocks(ask(match, 0, 1)) == [(inf, 0.0), (2.0, 0.0)]
    assert (match.next_to_run_out(), match.due(1e9)) == (102.0, [1])


# What is left when a request is said again.


@pytest.mark.parametrize(
    ("elapsed", "left"),
    [
        (0.0, (1.0, 4.0)),
        (0.75, (0.25, 4.0)),
        (1.0, (0.0, 4.0)),
        (1.5, (0.0, 3.5)),
        (5.0, (0.0, 0.0)),
        (9.0, (0.0, 0.0)),
    ],
)
def test_what_is_left(elapsed: float, left: tuple[float, float]) -> None:
    """First of the base time, then of the bank; together the time until the deadline, which has not moved."""
    match = asked(move=1.0, bank=4.0)
    assert handle(match, PlayerBack(0), START + elapsed) == [Ask(0, 1, state(0), *left, again=True)]
    assert match.next_to_run_out() == 105.0
    assert match.seats[0].bank == 4.0


def test_what_is_left_without_limit() -> None:
    """Infinity stays infinity."""
    assert clocks(handle(asked(move=inf, bank=4.0), PlayerBack(0), 1e9)) == [(inf, 4.0)]
    assert clocks(handle(asked(move=1.0, bank=inf), PlayerBack(0), 1e9)) == [(0.0, inf)]


# When time has its say.


def test_too_early_is_harmless() -> None:
    """TimeReached before a deadline changes nothing, in both kinds of waiting."""
    match = began(game_time_limit=60)
    assert run_out(match, 159.5) == []
    ask(match, 0, now=159.5)
    assert run_out(match, 164.0) == []
    assert (match.asked, match.deadline(), match.outcome) == ([0], 164.5, None)


def test_earliest_may_be_too_early_but_never_too_late() -> None:
    """An answer leaves it where it was; TimeReached then brings it up to date."""
    match = began(move=5.0)
    ask(match, 0, limit=2.0, number=1, more=True)
    ask(match, 1, number=1)
    decide(match, 0, now=101.0)
    assert (match.earliest, match.deadline()) == (102.0, 105.0)
    assert run_out(match, match.earliest) == []
    assert match.earliest == match.deadline() == 105.0


def test_earliest_of_several() -> None:
    """Each seat of a turn has its own deadline; one that is past does not close the others."""
    match = began(3, start=5.0, move=2.0, on_failure=TELL_GAME)
    ask(match, 0)
    decide(match, 0)
    ask(match, 1, 0, 2)
    assert (match.deadline(), match.due(102.0)) == (102.0, [0])
    assert run_out(match, 102.0) == [Settled(2, failed(0, Cause.TIME_LIMIT, 2.0))]
    assert (match.asked, match.deadline(), match.due(105.0)) == ([1, 2], 105.0, [1, 2])


def test_all_that_is_past_is_closed_in_the_order_of_deadlines() -> None:
    """A broker that was held up looks once, and sees the turn as it was."""
    match = began(3, start=5.0, move=2.0, on_failure=TELL_GAME)
    ask(match, 2)
    decide(match, 2)
    ask(match, 0, 1, 2)
    late = [failed(0, Cause.TIME_LIMIT, 50.0), failed(1, Cause.TIME_LIMIT, 50.0), failed(2, Cause.TIME_LIMIT, 50.0)]
    assert run_out(match, 150.0) == [
        Settled(2, late[2]),
        Settled(2, late[0]),
        Settled(2, late[1]),
        Deliver(2, late),
    ]
    assert match.deadline() == 210.0


def test_first_deadline_names_who_is_at_fault() -> None:
    """Not the first ask: of two who are late, the one whose time was over first."""
    match = began(start=5.0, move=2.0)
    ask(match, 1)
    decide(match, 1)
    ask(match, 0, 1)
    run_out(match, 150.0)
    assert over(match).seat == 1


@pytest.mark.parametrize("basic_game", [False, True])
def test_answer_after_the_deadline_counts_until_time_has_its_say(basic_game: bool) -> None:
    """The broker's own delay is not the player's fault: what is handled before TimeReached is in time."""
    match = asked(move=2.0, basic_game=basic_game)
    assert decide(match, 0, now=103.0) == result(1, taken(0, elapsed=3.0))
