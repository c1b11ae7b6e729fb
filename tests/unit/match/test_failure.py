"""When an answer fails: time-outs, losses and resignations, under each policy."""

import pytest

from bitbroker.errors import Cause
from bitbroker.match import Ask, Deliver, Dismiss, Out, PlayerLost, Resigned, Settled
from bitbroker.settings import FailurePolicy
from tests.unit.match.helpers import (
    END_MATCH,
    FORFEIT_SEAT,
    LOSSES,
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

BASIC = pytest.mark.parametrize("basic_game", [False, True])
IS_ASKED = pytest.mark.parametrize("is_asked", [False, True])

# Time-outs.


def test_time_out_ends_the_match() -> None:
    """Under end-match the seat is at fault; those who still think are not heard of."""
    match = began(3)
    ask(match, 0, 1, 2)
    decide(match, 2, now=101.0)
    assert run_out(match, 105.0) == [
        Settled(1, failed(0, Cause.TIME_LIMIT, 5.0)),
        finish(Cause.TIME_LIMIT, 0, 3, 5.0, "it did not answer within 5 s"),
    ]
    assert over(match).at_fault == "player 0"


def test_time_out_puts_the_seat_out() -> None:
    """Under forfeit-seat the game hears why, now; each later ask to that seat is answered at once as forfeited."""
    match = asked(3, on_failure=FORFEIT_SEAT)
    late = failed(0, Cause.TIME_LIMIT, 5.0)
    assert run_out(match, 105.0) == [Settled(1, late), Out(0, Cause.TIME_LIMIT), Deliver(1, [late])]
    for number in (2, 3):
        assert ask(match, 0, now=105.0) == result(number, failed(0, Cause.FORFEITED))
    assert match.seats[0].out is Cause.TIME_LIMIT  # the record says why, not only that it forfeits
    assert ask(match, 1, now=105.0) == [Ask(1, 4, state(1), 5.0, 0.0)]
    assert match.deadline() == 110.0


@BASIC
def test_time_out_is_told_to_the_game(basic_game: bool) -> None:
    """Under tell-game it judges: the seat stays in, time-out after time-out."""
    match = began(basic_game=basic_game, on_failure=TELL_GAME)
    for number in (1, 2, 3):
        assert ask(match, 0, now=100.0 * number) == [Ask(0, number, state(0), 5.0, 0.0)]
        assert run_out(match, 100.0 * number + 5) == result(number, failed(0, Cause.TIME_LIMIT, 5.0))
    assert match.deadline() == 365.0


@pytest.mark.parametrize("policy", [END_MATCH, FORFEIT_SEAT])
@pytest.mark.parametrize("tolerated", [0, 1, 3])
def test_tolerated_failures(tolerated: int, policy: FailurePolicy) -> None:
    """So many of a seat's time-outs are only told; the next one is the policy's, and answers between them wipe none."""
    match = began(3, now=0.0, on_failure=policy, tolerated_failures=tolerated)
    for time in range(0, 5 * tolerated, 5):
        ask(match, 0, now=time)
        assert run_out(match, time + 5) == result(match.number, failed(0, Cause.TIME_LIMIT, 5.0))
        ask(match, 0, now=time + 5)
        decide(match, 0, now=time + 5)
    ask(match, 0, now=5 * tolerated)
    effect = run_out(match, 5 * tolerated + 5)[1]
    if policy is END_MATCH:
        detail = "it did not answer within 5 s"
        assert effect == finish(Cause.TIME_LIMIT, 0, 2 * tolerated + 1, 5.0 * tolerated + 5, detail)
    else:
        assert effect == Out(0, Cause.TIME_LIMIT)


def test_each_seat_has_failures_of_its_own() -> None:
    """What one may do once, another may too."""
    match = began(on_failure=END_MATCH, tolerated_failures=1)
    ask(match, 0, 1)
    both = [failed(0, Cause.TIME_LIMIT, 5.0), failed(1, Cause.TIME_LIMIT, 5.0)]
    assert run_out(match, 105.0) == [Settled(1, both[0]), Settled(1, both[1]), Deliver(1, both)]
    ask(match, 1, now=105.0)
    run_out(match, 110.0)
    assert over(match).seat == 1


@pytest.mark.parametrize("cause", LOSSES)
def test_losses_are_not_tolerated(cause: Cause) -> None:
    """Tolerance is for answers; a bot that is gone gives none."""
    match = asked(tolerated_failures=100)
    assert handle(match, PlayerLost(0, cause, "it went"), 104.0) == [finish(cause, 0, 1, 4.0, "it went")]


# Losses.


@BASIC
@IS_ASKED
@pytest.mark.parametrize("cause", LOSSES)
@pytest.mark.parametrize("seat", [0, 1])
def test_loss_ends_the_match(seat: int, cause: Cause, is_asked: bool, basic_game: bool) -> None:
    """Under end-match, and for a basic game under forfeit-seat: asked or not, by cause and detail of the loss."""
    for policy in (END_MATCH, FORFEIT_SEAT) if basic_game else (END_MATCH,):
        match = began(basic_game=basic_game, on_failure=policy)
        if is_asked:
            ask(match, 0)
        assert handle(match, PlayerLost(seat, cause, "it went"), 104.0) == [
            finish(cause, seat, int(is_asked), 4.0, "it went")
        ]
        assert over(match).at_fault == f"player {seat}"


@BASIC
@pytest.mark.parametrize("cause", LOSSES)
def test_loss_of_who_is_asked_is_told(cause: Cause, basic_game: bool) -> None:
    """Under tell-game: farewell to the bot, the failed answer to the game, whose time begins anew."""
    match = asked(seat=1, basic_game=basic_game, on_failure=TELL_GAME)
    answer = failed(1, cause, 4.0)
    assert handle(match, PlayerLost(1, cause, "it went"), 104.0) == [
        Dismiss(1, cause, "it went"),
        Settled(1, answer),
        Out(1, cause),
        Deliver(1, [answer]),
    ]
    assert (match.asked, match.deadline(), match.outcome) == ([], 164.0, None)


@IS_ASKED
@pytest.mark.parametrize("cause", LOSSES)
@pytest.mark.parametrize("policy", [FORFEIT_SEAT, TELL_GAME])
def test_loss_of_who_is_not_asked_shows_when_it_is(policy: FailurePolicy, cause: Cause, is_asked: bool) -> None:
    """Nothing is said to the game until it asks that seat; then at once, each time, and with its time anew."""
    match = began(on_failure=policy)
    if is_asked:
        ask(match, 0)
    before = match.asked, match.deadline()
    assert handle(match, PlayerLost(1, cause, "it went"), 101.0) == [Dismiss(1, cause, "it went"), Out(1, cause)]
    assert (match.asked, match.deadline()) == before
    if is_asked:
        assert decide(match, 0, now=102.0) == result(1, taken(0, elapsed=2.0))
    for time in (103.0, 150.0):
        answer = failed(1, Cause.FORFEITED if policy is FORFEIT_SEAT else cause)
        assert ask(match, 1, now=time) == result(match.number, answer)
        assert (match.asked, match.deadline()) == ([], time + 60)


@pytest.mark.parametrize("event", [PlayerLost(1, Cause.DISCONNECTED), Resigned(1)])
def test_nothing_is_delivered_that_nobody_waits_for(event: PlayerLost | Resigned) -> None:
    """A seat that goes before the first turn, between two, or between the parts of one brings no result about."""
    match = began(3, on_failure=TELL_GAME)
    assert not any(isinstance(effect, Deliver) for effect in handle(match, event))
    for more in (False, True):
        match = began(3, on_failure=TELL_GAME)
        ask(match, 0, more=more)
        decide(match, 0, now=101.0)
        deadline = match.deadline()
        assert not any(isinstance(effect, Deliver) for effect in handle(match, event, 102.0))
        assert match.deadline() == deadline


def test_loss_counts_once() -> None:
    """A seat that is lost cannot be lost again; the first cause stands."""
    match = began(3, on_failure=TELL_GAME)
    handle(match, PlayerLost(1, Cause.MESSAGE_TOO_LARGE))
    assert handle(match, PlayerLost(1, Cause.DISCONNECTED)) == []
    assert ask(match, 1) == result(1, failed(1, Cause.MESSAGE_TOO_LARGE))


def test_loss_of_a_seat_that_is_out() -> None:
    """Its bot stayed to hear the outcome, and goes before: one farewell, no end, and the cause stands."""
    match = began(3)
    handle(match, Resigned(1))
    assert handle(match, PlayerLost(1, Cause.DISCONNECTED, "it went")) == [Dismiss(1, Cause.DISCONNECTED, "it went")]
    assert handle(match, PlayerLost(1, Cause.DISCONNECTED, "it went")) == []
    assert ask(match, 1) == result(1, failed(1, Cause.RESIGNED))


# Resignations.


@pytest.mark.parametrize("policy", FailurePolicy)
def test_resignation_of_who_is_asked(policy: FailurePolicy) -> None:
    """The seat is out under every policy, its bot stays, and the game hears of it as the answer, now and later."""
    match = asked(3, on_failure=policy, tolerated_failures=5)
    answer = failed(0, Cause.RESIGNED, 2.0)
    assert handle(match, Resigned(0), 102.0) == [Settled(1, answer), Out(0, Cause.RESIGNED), Deliver(1, [answer])]
    assert ask(match, 0, now=102.0) == result(2, failed(0, Cause.RESIGNED))
    assert match.outcome is None


@pytest.mark.parametrize("policy", FailurePolicy)
def test_resignation_of_who_is_not_asked(policy: FailurePolicy) -> None:
    """It may come at any time, and once."""
    match = asked(3, seat=1, on_failure=policy)
    assert handle(match, Resigned(0), 102.0) == [Out(0, Cause.RESIGNED)]
    assert handle(match, Resigned(0), 103.0) == []
    assert decide(match, 1, now=104.0) == result(1, taken(1, elapsed=4.0))


def test_resignation_of_a_seat_that_is_out() -> None:
    """It has nothing left to give up."""
    match = asked(3, on_failure=FORFEIT_SEAT)
    run_out(match, 105.0)
    assert handle(match, Resigned(0), 105.0) == []
    assert ask(match, 0, now=105.0) == result(2, failed(0, Cause.FORFEITED))


# Nobody left.


@BASIC
@IS_ASKED
@pytest.mark.parametrize("players", [1, 3])
def test_loss_of_the_last_player(players: int, is_asked: bool, basic_game: bool) -> None:
    """The match ends when nobody is left; the game need not ask to find out."""
    match = began(players, basic_game=basic_game, on_failure=TELL_GAME)
    for seat in range(players - 1):
        handle(match, PlayerLost(seat, Cause.DISCONNECTED))
    if is_asked:
        ask(match, players - 1)
    last = players - 1
    answer = [Settled(1, failed(last, Cause.SLOW_CONSUMER, 3.0))] if is_asked else []
    assert handle(match, PlayerLost(last, Cause.SLOW_CONSUMER, "it is slow"), 103.0) == [
        Dismiss(last, Cause.SLOW_CONSUMER, "it is slow"),
        *answer,
        Out(last, Cause.SLOW_CONSUMER),
        finish(Cause.NO_PLAYERS_LEFT, None, int(is_asked), 3.0),
    ]
    assert over(match).at_fault == "nobody"


@pytest.mark.parametrize("policy", FailurePolicy)
def test_loss_of_the_only_player(policy: FailurePolicy) -> None:
    """With one player the policies differ only in the ending's name."""
    match = asked(1, on_failure=policy)
    handle(match, PlayerLost(0, Cause.DISCONNECTED))
    assert over(match).cause is (Cause.DISCONNECTED if policy is END_MATCH else Cause.NO_PLAYERS_LEFT)


def test_all_forfeit_at_once() -> None:
    """The last time-out of a turn leaves nobody: the match ends, and the game gets no result of that turn."""
    match = began(on_failure=FORFEIT_SEAT)
    ask(match, 0, 1)
    assert run_out(match, 105.0) == [
        Settled(1, failed(0, Cause.TIME_LIMIT, 5.0)),
        Out(0, Cause.TIME_LIMIT),
        Settled(1, failed(1, Cause.TIME_LIMIT, 5.0)),
        Out(1, Cause.TIME_LIMIT),
        finish(Cause.NO_PLAYERS_LEFT, None, 2, 5.0),
    ]


@pytest.mark.parametrize("policy", FailurePolicy)
def test_all_resign(policy: FailurePolicy) -> None:
    """Also the end, and nobody's fault."""
    match = began(on_failure=policy)
    handle(match, Resigned(1))
    assert handle(match, Resigned(0), 101.0) == [Out(0, Cause.RESIGNED), finish(Cause.NO_PLAYERS_LEFT, seconds=1.0)]
