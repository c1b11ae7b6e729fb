"""A game that is away and comes back: its last turn again, whole or in parts, and its result."""

import pytest

from bitbroker.errors import Cause
from bitbroker.match import Ask, Deliver, Ended, Finish, GameAway, GameBack, GameLost, Match, Resigned, Settled
from tests.unit.match.helpers import ask, began, decide, failed, finish, handle, over, result, run_out, state, taken


def came_back(match: Match, now: float = 102.0) -> Match:
    """The game has lost its connection a second ago, and is there again."""
    assert handle(match, GameAway("the connection was reset"), now - 1) == []
    assert handle(match, GameBack(), now) == []
    return match


def open_turn() -> Match:
    """Seats 2 and 0 of three are being asked, in turn 1."""
    match = began(3, move=20.0, resume_grace=10.0)
    ask(match, 2, 0)
    return match


def closed_turn() -> Match:
    """Seats 2 and 0 of three have answered in turn 1."""
    match = open_turn()
    decide(match, 0, b"zero", now=101.0)
    decide(match, 2, b"two", now=101.0)
    return match


RESULT = Deliver(1, [taken(2, b"two", 1.0), taken(0, b"zero", 1.0)])

# Away.


def test_away_ends_nothing() -> None:
    """Bots think on, and their answers count; what there is to deliver is for the game to ask for again."""
    match = open_turn()
    assert handle(match, GameAway(), 100.5) == []
    assert match.deadline() == 110.5
    assert decide(match, 0, b"zero", now=101.0) == [Settled(1, taken(0, b"zero", 1.0))]
    assert decide(match, 2, b"two", now=101.0) == [Settled(1, taken(2, b"two", 1.0)), RESULT]


@pytest.mark.parametrize("is_open", [False, True])
def test_not_back(is_open: bool) -> None:
    """The game is lost when the grace is over; an absence that is told twice began the first time."""
    match = open_turn() if is_open else closed_turn()
    handle(match, GameAway(), 101.0)
    handle(match, GameAway(), 105.0)
    assert run_out(match, 110.5) == []
    detail = "it did not come back within 10 s"
    assert run_out(match, 111.0) == [finish(Cause.GAME_LOST, None, 2, 11.0, detail)]
    assert over(match).at_fault == "game"


@pytest.mark.parametrize("bank", [0.0, 2.2])
def test_lost_as_it_asked(bank: float) -> None:
    """Nobody was there for the answer: no bot is timed out by a game that was lost when it asked."""
    match = began(move=1.1, bank=bank, resume_grace=1.1 + bank)
    ask(match, 0, now=101.0)
    handle(match, GameAway(), 101.0)
    run_out(match, match.deadline())
    assert over(match).cause is Cause.GAME_LOST


def test_no_grace() -> None:
    """Where nobody may come back, away is lost."""
    match = began()
    assert handle(match, GameAway("it went"), 101.0) == [finish(Cause.GAME_LOST, seconds=1.0, detail="it went")]


def test_its_time_runs_on() -> None:
    """Being away wins a game no time: what it had for its next turn goes on."""
    match = began(game_time_limit=5.0, resume_grace=10.0)
    handle(match, GameAway(), 101.0)
    run_out(match, 105.0)
    assert over(match).cause is Cause.GAME_TIME_LIMIT


def test_lost_while_away() -> None:
    """A fault that shows then has its own name."""
    match = open_turn()
    handle(match, GameAway(), 101.0)
    assert handle(match, GameLost(Cause.SLOW_CONSUMER, "it is slow"), 102.0) == [
        finish(Cause.SLOW_CONSUMER, None, 2, 2.0, "it is slow")
    ]


# Back.


def test_back_ends_the_grace() -> None:
    """Nothing is due any more, and each absence has the whole grace."""
    match = came_back(began(resume_grace=10.0))
    assert run_out(match, 115.0) == []
    handle(match, GameAway(), 120.0)
    assert run_out(match, 129.5) == []
    run_out(match, 130.0)
    assert over(match).cause is Cause.GAME_LOST


def test_next_turn_after_the_return() -> None:
    """A game that has its result goes on as if nothing had been, and may not go back after that."""
    match = came_back(closed_turn())
    assert ask(match, 1, number=2, now=102.0) == [Ask(1, 2, state(1), 20.0, 0.0)]
    assert isinstance(ask(match, 2, 0, number=1, now=102.0)[0], Finish)


def test_open_turn_goes_on_without_being_sent_again() -> None:
    """The broker has it all: its result comes to the new connection."""
    match = came_back(open_turn())
    decide(match, 0, b"zero", now=103.0)
    assert decide(match, 2, b"two", now=103.0)[-1] == Deliver(1, [taken(2, b"two", 3.0), taken(0, b"zero", 3.0)])


def test_end_after_the_return() -> None:
    """With a turn open or not."""
    for match in (came_back(open_turn()), came_back(closed_turn())):
        assert handle(match, Ended(), 103.0) == [finish(Cause.COMPLETED, None, 2, 3.0)]


def test_closed_turn_again() -> None:
    """Its result, now; nobody is asked again, and the game's time begins anew."""
    match = came_back(closed_turn(), now=130.0)
    assert ask(match, 2, 0, number=1, now=130.0) == [RESULT]
    assert (match.number, match.turns, match.deadline()) == (1, 2, 190.0)
    assert ask(match, 0, number=2, now=130.0) == [Ask(0, 2, state(0), 20.0, 0.0)]


def test_open_turn_again() -> None:
    """Its result, when it is there and once; nobody is asked again, and no clock starts anew."""
    match = came_back(open_turn())
    decide(match, 0, b"zero", now=102.0)
    assert ask(match, 2, 0, number=1, now=103.0) == []
    assert (match.asked, match.next_to_run_out()) == ([2], 120.0)
    assert decide(match, 2, b"two", now=104.0) == [
        Settled(1, taken(2, b"two", 4.0)),
        Deliver(1, [taken(2, b"two", 4.0), taken(0, b"zero", 2.0)]),
    ]


def test_closed_turn_again_in_parts() -> None:
    """However it was cut the first time; the result comes with the last part, and parts have the game's time limit."""
    match = came_back(closed_turn(), now=130.0)
    assert ask(match, 2, number=1, more=True, now=130.0) == []
    assert match.next_to_run_out() == 190.0
    assert ask(match, 0, number=1, now=131.0) == [RESULT]
    assert ask(match, 1, number=2, now=131.0) == [Ask(1, 2, state(1), 20.0, 0.0)]


def test_open_turn_again_in_parts() -> None:
    """Answers that come between the parts wait for the last one: the result is delivered once."""
    match = came_back(open_turn())
    assert ask(match, 2, number=1, more=True, now=103.0) == []
    decide(match, 0, b"zero", now=103.0)
    assert decide(match, 2, b"two", now=103.0) == [Settled(1, taken(2, b"two", 3.0))]
    assert ask(match, 0, number=1, now=104.0) == [Deliver(1, [taken(2, b"two", 3.0), taken(0, b"zero", 3.0)])]


def test_repetition_that_stops_between_two_parts() -> None:
    """The game has its time limit for the rest, as in any turn."""
    match = came_back(closed_turn())
    ask(match, 2, number=1, more=True, now=105.0)
    run_out(match, 165.0)
    assert over(match).cause is Cause.GAME_TIME_LIMIT


@pytest.mark.parametrize("answered", [False, True])
def test_turn_that_was_lost_in_the_middle(answered: bool) -> None:
    """The first part had come, the rest not: sent again whole, only who had not been asked is asked."""
    match = began(3, resume_grace=10.0)
    ask(match, 2, number=1, more=True)
    if answered:
        decide(match, 2)
    came_back(match)
    assert ask(match, 2, 0, 1, number=1, now=102.0) == [
        Ask(0, 1, state(0), 5.0, 0.0),
        Ask(1, 1, state(1), 5.0, 0.0),
    ]
    effects = [effect for seat in match.asked for effect in decide(match, seat, now=102.0)]
    (deliver,) = [effect for effect in effects if isinstance(effect, Deliver)]
    assert [answer.seat for answer in deliver.answers] == [2, 0, 1]
    assert ask(match, 1, number=2, now=102.0) == [Ask(1, 2, state(1), 5.0, 0.0)]


def test_turn_that_was_lost_in_the_middle_again_in_parts() -> None:
    """The known part again, then the new ones; the turn is whole with the last."""
    match = came_back(first_part())
    assert ask(match, 2, number=1, more=True, now=102.0) == []
    assert ask(match, 0, number=1, more=True, now=102.0) == [Ask(0, 1, state(0), 5.0, 0.0)]
    decide(match, 0, now=102.0)
    assert ask(match, 1, number=1, now=102.0) == [Ask(1, 1, state(1), 5.0, 0.0)]
    assert decide(match, 1, now=102.0)[-1] == Deliver(1, [taken(2), taken(0), taken(1)])


def first_part() -> Match:
    """Turn 1 has one part, of seat 2, which has answered; more is to come."""
    match = began(3, resume_grace=10.0)
    ask(match, 2, number=1, more=True)
    decide(match, 2)
    return match


def test_seat_that_went_out_meanwhile() -> None:
    """Its ask was taken while it was in: the answer that it had stands."""
    match = closed_turn()
    handle(match, Resigned(0), 101.0)
    came_back(match)
    assert ask(match, 2, 0, number=1, now=102.0) == [RESULT]
    assert ask(match, 0, number=2, now=102.0) == result(2, failed(0, Cause.RESIGNED))


# What it may not do.


@pytest.mark.parametrize("seats", [(2, 0, 1), (1,), (2, 0, 3)])
def test_more_than_was_asked(seats: tuple[int, ...]) -> None:
    """A turn that was whole has no asks but those it had."""
    for match in (came_back(open_turn()), came_back(closed_turn())):
        detail = f"it sent turn 1 again with an ask more, for player {seats[-1]}"
        assert ask(match, *seats, number=1, now=102.0) == [finish(Cause.GAME_FAULT, None, 2, 2.0, detail)]


def test_more_than_was_asked_in_parts() -> None:
    """Nor does it get them by saying that more follows."""
    match = came_back(closed_turn())
    assert ask(match, 2, number=1, more=True, now=102.0) == []
    detail = "it sent turn 1 again with an ask more, for player 1"
    assert ask(match, 1, number=1, now=102.0) == [finish(Cause.GAME_FAULT, None, 2, 2.0, detail)]


def test_new_asks_are_looked_at() -> None:
    """What comes for the first time must be in order, as in any turn."""
    match = came_back(first_part())
    detail = "it asked player 3; the players are 0 to 2"
    assert ask(match, 2, 3, number=1, now=102.0) == [finish(Cause.GAME_FAULT, None, 1, 2.0, detail)]


@pytest.mark.parametrize("number", [0, 2, 3])
def test_another_number(number: int) -> None:
    """The last turn or the next one: and the next one not while this one is open."""
    match = came_back(open_turn())
    ask(match, 2, number=number, now=102.0)
    assert over(match).cause is Cause.GAME_FAULT


def test_one_return_one_repetition() -> None:
    """A game cannot stop its clock by asking for the same result again and again."""
    match = came_back(closed_turn())
    ask(match, 2, 0, number=1, now=102.0)
    detail = "it sent turn 1 in place of turn 2"
    assert ask(match, 2, 0, number=1, now=103.0) == [finish(Cause.GAME_FAULT, None, 2, 3.0, detail)]
    match = came_back(closed_turn())
    for now in (102.0, 104.0, 106.0):
        assert ask(match, 2, 0, number=1, now=now) == [RESULT]
        came_back(match, now + 2)


def test_turn_again_without_a_return() -> None:
    """Only who has lost its connection may repeat itself."""
    detail = "it sent turn 1 in place of turn 2"
    assert ask(closed_turn(), 2, 0, number=1, now=101.0) == [finish(Cause.GAME_FAULT, None, 2, 1.0, detail)]


def test_turn_after_the_return_again() -> None:
    """What the return allows is the turn before it, not the one after."""
    match = came_back(closed_turn())
    ask(match, 1, number=2, now=102.0)
    decide(match, 1, now=102.0)
    detail = "it sent turn 2 in place of turn 3"
    assert ask(match, 1, number=2, now=102.0) == [finish(Cause.GAME_FAULT, None, 3, 2.0, detail)]


def test_nothing_to_repeat() -> None:
    """Before the first turn there is no turn 0 to come back to."""
    match = came_back(began(resume_grace=10.0))
    detail = "it sent turn 0 in place of turn 1"
    assert ask(match, 0, number=0, now=102.0) == [finish(Cause.GAME_FAULT, None, 0, 2.0, detail)]
