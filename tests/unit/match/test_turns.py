"""Turns of an extended game: one ask or several, in one part or more, under numbers; and what it may not ask."""

from math import inf

import pytest

from bitbroker.errors import Cause
from bitbroker.match import Ask, Deliver, Effect, Question, Resigned, Settled, TurnAsked
from bitbroker.settings import FailurePolicy
from tests.unit.match.helpers import (
    TELL_GAME,
    ask,
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


def request(seat: int, number: int = 1) -> Ask:
    """What a seat is asked by `ask`, with the time that `began` gives it."""
    return Ask(seat, number, state(seat), base=5.0, bank=0.0)


# What a game may ask.


def test_numbers_from_one() -> None:
    """1 for the first and up by one; the request, the answer and the result carry it."""
    match = began()
    for number in (1, 2, 3):
        assert ask(match, 0, number=number) == [request(0, number)]
        assert match.number == number
        assert decide(match, 0, number=number) == result(number, taken(0))


def test_several_asks() -> None:
    """Each request leaves at once; nothing is delivered before all have answered; the order is that of the asks."""
    match = began(3)
    assert ask(match, 2, 0, 1) == [request(2), request(0), request(1)]
    assert match.asked == [2, 0, 1]
    assert decide(match, 0, b"zero", now=101.0) == [Settled(1, taken(0, b"zero", 1.0))]
    assert match.asked == [2, 1]
    assert decide(match, 1, b"one", now=102.0) == [Settled(1, taken(1, b"one", 2.0))]
    assert decide(match, 2, b"two", now=103.0) == [
        Settled(1, taken(2, b"two", 3.0)),
        Deliver(1, [taken(2, b"two", 3.0), taken(0, b"zero", 1.0), taken(1, b"one", 2.0)]),
    ]
    assert (match.asked, match.turns) == ([], 3)


def test_seats_may_be_left_out() -> None:
    """A turn asks whom it likes; who was not asked in one may be asked in the next."""
    match = began(4)
    for number, seats in enumerate([(3,), (0, 2), (1,), (2, 3)], 1):
        assert ask(match, *seats) == [request(seat, number) for seat in seats]
        effects = [effect for seat in seats for effect in decide(match, seat)]
        assert effects[-1] == Deliver(number, [taken(seat) for seat in seats])


def test_payloads_are_handed_on() -> None:
    """As the same objects, each to the seat that it is for."""
    match = began()
    states, decisions = [object(), object()], [object(), object()]
    asks = handle(match, TurnAsked([Question(0, states[0]), Question(1, states[1])], 1))
    for each, one in zip(asks, states, strict=True):
        assert isinstance(each, Ask)
        assert each.state is one
    decide(match, 1, decisions[1])
    deliver = decide(match, 0, decisions[0])[-1]
    assert isinstance(deliver, Deliver)
    for answer, one in zip(deliver.answers, decisions, strict=True):
        assert answer.decision is one


def test_some_fail_and_some_answer() -> None:
    """A failure takes its place in the result, and waits for the others as an answer would."""
    match = began(3, on_failure=TELL_GAME)
    ask(match, 0, 1, 2)
    decide(match, 2, now=101.0)
    handle(match, Resigned(1), 102.0)
    late, resigned = failed(0, Cause.TIME_LIMIT, 5.0), failed(1, Cause.RESIGNED, 2.0)
    assert run_out(match, 105.0) == [Settled(1, late), Deliver(1, [late, resigned, taken(2, elapsed=1.0)])]


def test_seats_that_are_out_are_answered_at_once() -> None:
    """Their answers wait with the rest of the turn for those who think; a turn of none but them is over at once."""
    match = began(3)
    handle(match, Resigned(0))
    handle(match, Resigned(2))
    out = [Settled(1, failed(0, Cause.RESIGNED)), Settled(1, failed(2, Cause.RESIGNED))]
    assert ask(match, 0, 1, 2) == [out[0], request(1), out[1]]
    assert match.asked == [1]
    assert decide(match, 1, now=101.0)[-1] == Deliver(
        1, [failed(0, Cause.RESIGNED), taken(1, elapsed=1.0), failed(2, Cause.RESIGNED)]
    )
    assert ask(match, 2, 0, now=101.0) == [
        Settled(2, failed(2, Cause.RESIGNED)),
        Settled(2, failed(0, Cause.RESIGNED)),
        Deliver(2, [failed(2, Cause.RESIGNED), failed(0, Cause.RESIGNED)]),
    ]


def test_basic_and_extended_bots_in_one_turn() -> None:
    """A basic bot is asked and answers without a number, beside one that says it."""
    match = began(numbered=[True, False])
    assert ask(match, 0, 1) == [request(0), request(1)]
    assert decide(match, 1) == [Settled(1, taken(1))]
    assert decide(match, 0) == [Settled(1, taken(0)), Deliver(1, [taken(0), taken(1)])]


# Turns in parts.


def test_more() -> None:
    """Requests leave with each part; the result comes when the last part's asks have ended too."""
    match = began(3)
    assert ask(match, 1, number=1, more=True) == [request(1)]
    assert decide(match, 1, now=100.5) == [Settled(1, taken(1, elapsed=0.5))]
    assert ask(match, 2, now=101.0, number=1, more=True) == [request(2)]
    assert ask(match, 0, now=101.0, number=1) == [request(0)]
    assert decide(match, 0, now=101.0) == [Settled(1, taken(0))]
    assert decide(match, 2, now=101.0)[-1] == Deliver(1, [taken(1, elapsed=0.5), taken(2), taken(0)])
    assert ask(match, 1, now=101.0, number=2) == [request(1, 2)]


def test_last_part_of_seats_that_are_out() -> None:
    """When it comes, all has been answered: the result is delivered with it."""
    match = began(2)
    handle(match, Resigned(1))
    ask(match, 0, number=1, more=True)
    decide(match, 0)
    assert ask(match, 1, number=1) == result(1, taken(0), failed(1, Cause.RESIGNED))


def test_each_part_has_the_games_time_limit() -> None:
    """Between two parts it is for the game to go on, asked seats or not; after the last one it waits, without limit."""
    match = began(2, move=100, game_time_limit=10)
    ask(match, 0, now=105.0, number=1, more=True)
    assert (match.deadline(), match.next_to_run_out()) == (115.0, 205.0)
    ask(match, 1, now=114.0, number=1)
    assert run_out(match, 204.5) == []
    assert (match.deadline(), match.due(204.5)) == (205.0, [])


@pytest.mark.parametrize("answered", [False, True])
def test_part_that_does_not_come(answered: bool) -> None:
    """The game is at fault, whether its first part is answered or not."""
    match = began(2, move=100, game_time_limit=10)
    ask(match, 0, number=1, more=True)
    if answered:
        decide(match, 0, now=109.0)
    assert run_out(match, 110.0) == [
        finish(Cause.GAME_TIME_LIMIT, None, 1, 10.0, "it did not go on within 10 s"),
    ]


# The game's time.


def test_game_has_its_time_from_each_result() -> None:
    """Not while a seat is being asked, and anew with each result."""
    match = began(2, move=100, game_time_limit=10)
    assert match.deadline() == 110.0
    ask(match, 0, 1, now=105.0)
    decide(match, 0, now=150.0)
    assert run_out(match, 150.0) == []
    assert match.deadline() == 205.0
    decide(match, 1, now=160.0)
    assert match.deadline() == 170.0
    (effect,) = run_out(match, 170.0)
    assert effect == finish(Cause.GAME_TIME_LIMIT, None, 2, 70.0, "it did not go on within 10 s")
    assert over(match).at_fault == "game"


def test_no_game_time_limit() -> None:
    """A game may think for ever where the rules say so; its bots may not."""
    match = began(game_time_limit=inf)
    assert match.deadline() == inf
    assert run_out(match, 1e6) == []
    ask(match, 0, now=1e6)
    assert match.deadline() == 1e6 + 5
    decide(match, 0, now=1e6)
    assert match.deadline() == inf


# What it may not ask.


def fault(detail: str, turns: int = 0) -> list[Effect]:
    """The game is at fault, and all that happens is that the match ends."""
    return [finish(Cause.GAME_FAULT, None, turns, 0.0, detail)]


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("more", [False, True])
def test_turn_without_an_ask(more: bool, policy: FailurePolicy) -> None:
    """It could end in no answer; nor may a part be empty."""
    match = began(on_failure=policy)
    assert ask(match, more=more) == fault("its turn asks nobody")
    assert over(match).at_fault == "game"


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("seat", [-1, 2, 255])
def test_seat_that_is_not_there(seat: int, policy: FailurePolicy) -> None:
    """Nobody is asked, not those before it either."""
    match = began(on_failure=policy)
    assert ask(match, 0, seat) == fault(f"it asked player {seat}; the players are 0 to 1")


@pytest.mark.parametrize("policy", FailurePolicy)
def test_seat_twice_in_a_turn(policy: FailurePolicy) -> None:
    """In one part, or in two, answered in between or not."""
    detail = "it asked player 1 twice in one turn"
    assert ask(began(on_failure=policy), 1, 0, 1) == fault(detail)
    for answered in (False, True):
        match = began(on_failure=policy)
        ask(match, 1, number=1, more=True)
        if answered:
            decide(match, 1)
        assert ask(match, 0, 1, number=1) == fault(detail, turns=1)


@pytest.mark.parametrize("number", [-1, 0, 2, 99])
def test_first_number_other_than_one(number: int) -> None:
    """It says which number was due."""
    assert ask(began(), 0, number=number) == fault(f"it sent turn {number} in place of turn 1")


@pytest.mark.parametrize("number", [0, 1, 2, 4])
def test_number_other_than_the_next(number: int) -> None:
    """Not one left out, and not one that is over."""
    match = began()
    for _ in range(2):
        ask(match, 0)
        decide(match, 0)
    assert ask(match, 0, number=number) == fault(f"it sent turn {number} in place of turn 3", turns=2)


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("answered", [False, True])
def test_part_under_another_number(answered: bool, number: int) -> None:
    """A turn of which more is to come is not left for another."""
    match = began()
    ask(match, 0, number=1, more=True)
    if answered:
        decide(match, 0)
    assert ask(match, 1, number=number) == fault(f"it sent turn {number} in place of turn 1", turns=1)


@pytest.mark.parametrize("number", [1, 2])
def test_turn_while_one_is_open(number: int) -> None:
    """The next one, or the same one again, before the result of this one is there."""
    match = began()
    ask(match, 0, 1)
    decide(match, 0)
    assert ask(match, 0, number=number) == fault("it asked player 0 while player 1 was being asked", turns=2)


def test_limit_above_what_is_allowed() -> None:
    """An ask may name a base time up to the broker's longest; no limit is above any."""
    match = began(max_limit=10.0)
    assert ask(match, 0, limit=10.0) == [Ask(0, 1, state(0), 10.0, 0.0)]
    decide(match, 0)
    assert ask(match, 0, limit=10.001) == fault("it gave player 0 10.001 s; the broker allows 10 s", turns=1)
    (effect,) = ask(began(max_limit=10.0), 0, limit=inf)
    assert effect == finish(Cause.GAME_FAULT, detail="it gave player 0 inf s; the broker allows 10 s")
    assert ask(began(max_limit=inf), 0, limit=inf) == [Ask(0, 1, state(0), inf, 0.0)]
