"""Connections that are lost: a bot that is away, and comes back or not."""

import pytest

from bitbroker.errors import Cause
from bitbroker.match import (
    Ask,
    Away,
    Back,
    Deliver,
    Dismiss,
    NotTaken,
    Out,
    PlayerAway,
    PlayerBack,
    PlayerLost,
    Resigned,
    Settled,
)
from bitbroker.settings import FailurePolicy
from tests.unit.match.helpers import (
    END_MATCH,
    FORFEIT_SEAT,
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

NOT_BACK = "it did not come back within 10 s"
POLICIES_OTHER_THAN_END_MATCH = pytest.mark.parametrize("policy", [FORFEIT_SEAT, TELL_GAME])


@pytest.mark.parametrize("policy", FailurePolicy)
def test_away_is_not_failed(policy: FailurePolicy) -> None:
    """The request stays open, its clock runs on, and nobody but spectators hears of it; the grace is a deadline."""
    match = asked(on_failure=policy, move=20.0, resume_grace=10.0)
    assert handle(match, PlayerAway(0, "the connection was reset"), 103.0) == [Away(0)]
    assert (match.asked, match.next_to_run_out(), match.deadline()) == ([0], 120.0, 113.0)
    assert run_out(match, 112.5) == []


@pytest.mark.parametrize(("base", "bank"), [(10.0, 0.0), (1.1, 2.2), (3.3, 6.9), (0.1, 0.2)])
def test_lost_and_asked_at_one_time_is_lost(base: float, bank: float) -> None:
    """A grace that is as long as the time to answer is over first, whatever rounding makes of the sums."""
    for step in range(300):
        now = 100.0 + step / 7
        match = began(move=base, bank=bank, resume_grace=base + bank)
        handle(match, PlayerAway(0), now)
        ask(match, 0, now=now)
        run_out(match, match.deadline())
        assert over(match).cause is Cause.DISCONNECTED


def test_asked_while_away_runs_out_before_the_grace() -> None:
    """However little before."""
    match = began(move=5.0, resume_grace=5.001)
    handle(match, PlayerAway(0), 101.0)
    ask(match, 0, now=101.0)
    run_out(match, 106.5)
    assert over(match).cause is Cause.TIME_LIMIT


def test_match_limit_comes_first() -> None:
    """Where an absence ends with the match's time, that is over, and nobody is at fault."""
    match = began(match_time_limit=10.0, resume_grace=5.0)
    handle(match, PlayerAway(0), 105.0)
    run_out(match, 110.0)
    assert over(match).cause is Cause.MATCH_TIME_LIMIT


def test_back_with_a_request_open() -> None:
    """The same request under the same number, with what is left of its time; its answer counts as from the first."""
    match = asked(move=5.0, bank=4.0, resume_grace=10.0)
    handle(match, PlayerAway(0), 101.0)
    assert handle(match, PlayerBack(0), 103.0) == [Back(0), Ask(0, 1, state(0), 2.0, 4.0, again=True)]
    assert (match.turns, match.next_to_run_out()) == (1, 109.0)
    assert decide(match, 0, now=106.0) == result(1, taken(0, elapsed=6.0, bank=3.0))


def test_back_without_a_request() -> None:
    """There is nothing to say, whether its answer got through before or it was not asked at all."""
    match = asked(resume_grace=10.0)
    decide(match, 0)
    for seat in (0, 1):
        assert handle(match, PlayerAway(seat), 101.0) == [Away(seat)]
    for seat in (0, 1):
        assert handle(match, PlayerBack(seat), 103.0) == [Back(seat)]
    assert decide(match, 0, number=1, now=103.0) == [NotTaken(0, 1, Cause.ALREADY_ANSWERED)]
    run_out(match, 113.0)
    assert match.outcome is None


def test_asked_while_away() -> None:
    """Its clock starts with the first attempt to ask it, whether it is there or not."""
    match = began(move=5.0, resume_grace=10.0)
    handle(match, PlayerAway(1), 101.0)
    assert ask(match, 1, now=102.0) == [Ask(1, 1, state(1), 5.0, 0.0)]
    assert handle(match, PlayerBack(1), 106.0) == [Back(1), Ask(1, 1, state(1), 1.0, 0.0, again=True)]
    assert match.next_to_run_out() == 107.0


def test_newer_connection() -> None:
    """Back without having been away: it is told its open request again, and nothing else has happened."""
    match = asked(resume_grace=10.0)
    assert handle(match, PlayerBack(0), 101.0) == [Ask(0, 1, state(0), 4.0, 0.0, again=True)]
    assert handle(match, PlayerBack(0), 102.0) == [Ask(0, 1, state(0), 3.0, 0.0, again=True)]
    assert handle(match, PlayerBack(1), 102.0) == []
    assert decide(match, 0, now=102.0) == result(1, taken(0, elapsed=2.0))


def test_away_again() -> None:
    """Each absence has the whole grace; one that is told twice began the first time."""
    match = began(resume_grace=10.0)
    handle(match, PlayerAway(0), 100.0)
    handle(match, PlayerBack(0), 109.0)
    handle(match, PlayerAway(0), 110.0)
    assert handle(match, PlayerAway(0), 115.0) == []
    run_out(match, 119.5)
    assert match.outcome is None
    run_out(match, 120.0)
    assert over(match).cause is Cause.DISCONNECTED


# The grace is over.


@pytest.mark.parametrize("is_asked", [False, True])
def test_not_back_ends_the_match(is_asked: bool) -> None:
    """Under end-match, asked or not."""
    match = began(move=100.0, resume_grace=10.0)
    if is_asked:
        ask(match, 0)
    handle(match, PlayerAway(0), 101.0)
    assert run_out(match, 111.0) == [finish(Cause.DISCONNECTED, 0, int(is_asked), 11.0, NOT_BACK)]


@POLICIES_OTHER_THAN_END_MATCH
def test_not_back_puts_the_seat_out(policy: FailurePolicy) -> None:
    """Its open request fails as disconnected, later ones as the policy has it."""
    match = asked(3, move=100.0, resume_grace=10.0, on_failure=policy)
    handle(match, PlayerAway(0), 101.0)
    answer = failed(0, Cause.DISCONNECTED, 11.0)
    assert run_out(match, 111.0) == [
        Dismiss(0, Cause.DISCONNECTED, NOT_BACK),
        Settled(1, answer),
        Out(0, Cause.DISCONNECTED),
        Deliver(1, [answer]),
    ]
    later = Cause.FORFEITED if policy is FORFEIT_SEAT else Cause.DISCONNECTED
    assert ask(match, 0, now=111.0) == result(2, failed(0, later))
    assert handle(match, PlayerBack(0), 112.0) == []


def test_time_limit_before_the_grace() -> None:
    """Whichever is first: here the request times out, and the bot may still come back in time."""
    match = asked(3, move=5.0, resume_grace=10.0, on_failure=TELL_GAME)
    handle(match, PlayerAway(0), 101.0)
    assert run_out(match, 105.0) == result(1, failed(0, Cause.TIME_LIMIT, 5.0))
    assert match.deadline() == 111.0
    assert handle(match, PlayerBack(0), 110.0) == [Back(0)]


def test_both_over_when_the_broker_looks() -> None:
    """What was first is first, and an answer fails once."""
    for grace, cause in ((4.0, Cause.DISCONNECTED), (6.0, Cause.TIME_LIMIT)):
        match = asked(move=5.0, resume_grace=grace)
        handle(match, PlayerAway(0), 100.0)
        run_out(match, 150.0)
        assert over(match).cause is cause
        match = asked(3, move=5.0, resume_grace=grace, on_failure=TELL_GAME)
        handle(match, PlayerAway(0), 100.0)
        settled = [effect for effect in run_out(match, 150.0) if isinstance(effect, Settled)]
        assert settled == [Settled(1, failed(0, cause, 50.0))]
        assert ask(match, 0, now=150.0) == result(2, failed(0, Cause.DISCONNECTED))


def test_time_out_puts_out_who_is_away() -> None:
    """Under forfeit-seat the grace then has nothing left to decide."""
    match = asked(3, move=5.0, resume_grace=10.0, on_failure=FORFEIT_SEAT)
    handle(match, PlayerAway(0), 101.0)
    late = failed(0, Cause.TIME_LIMIT, 19.0)
    assert run_out(match, 119.0) == [Settled(1, late), Out(0, Cause.TIME_LIMIT), Deliver(1, [late])]
    assert handle(match, PlayerBack(0), 119.0) == []


def test_away_is_told_of_no_seat_that_is_out() -> None:
    """It plays no more: whether its bot is there is nobody's concern."""
    match = began(3, resume_grace=10.0)
    handle(match, Resigned(0))
    assert handle(match, PlayerAway(0)) == []
    assert handle(match, PlayerBack(0)) == []
    assert run_out(match, 111.0) == []


@pytest.mark.parametrize("policy", FailurePolicy)
def test_no_grace(policy: FailurePolicy) -> None:
    """Where nobody may come back, away is lost."""
    match = asked(3, resume_grace=0.0, on_failure=policy)
    effects = handle(match, PlayerAway(0, "it went"), 101.0)
    if policy is END_MATCH:
        assert effects == [finish(Cause.DISCONNECTED, 0, 1, 1.0, "it went")]
    else:
        assert effects[0] == Dismiss(0, Cause.DISCONNECTED, "it went")
        assert effects[-1] == Deliver(1, [failed(0, Cause.DISCONNECTED, 1.0)])


@POLICIES_OTHER_THAN_END_MATCH
def test_lost_while_away(policy: FailurePolicy) -> None:
    """The grace ends with it."""
    match = began(3, resume_grace=10.0, on_failure=policy)
    handle(match, PlayerAway(0), 101.0)
    handle(match, PlayerLost(0, Cause.SLOW_CONSUMER, "it is slow"), 102.0)
    assert run_out(match, 111.0) == []


@POLICIES_OTHER_THAN_END_MATCH
def test_all_away(policy: FailurePolicy) -> None:
    """The match waits for them, and ends when the last is lost."""
    match = began(resume_grace=10.0, on_failure=policy)
    handle(match, PlayerAway(0), 101.0)
    handle(match, PlayerAway(1), 103.0)
    assert run_out(match, 111.0) == [Dismiss(0, Cause.DISCONNECTED, NOT_BACK), Out(0, Cause.DISCONNECTED)]
    run_out(match, 113.0)
    assert over(match).cause is Cause.NO_PLAYERS_LEFT
