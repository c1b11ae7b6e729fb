"""Endings: the game's own, its loss, time limits and stops; and what an outcome says."""

from typing import Any

import attrs
import pytest

from bitbroker.errors import Cause
from bitbroker.match import (
    Began,
    Decided,
    Effect,
    Ended,
    Event,
    Finish,
    GameAway,
    GameBack,
    GameLost,
    Match,
    Outcome,
    PlayerAway,
    PlayerBack,
    PlayerLost,
    Question,
    Resigned,
    Result,
    SeatResult,
    Stopped,
    TimeReached,
    TurnAsked,
)
from bitbroker.settings import FailurePolicy
from tests.unit.match.helpers import TELL_GAME, ask, asked, began, decide, finish, handle, make_rules, over, run_out

EVERY_EVENT: list[Event] = [
    Began(),
    TurnAsked([Question(0, b"state")], 1),
    TurnAsked([Question(200, b"state")], 1),
    Decided(0, b"decision", 1),
    Resigned(0),
    Ended(),
    PlayerAway(0),
    PlayerBack(0),
    PlayerLost(0, Cause.DISCONNECTED),
    GameAway(),
    GameBack(),
    GameLost(Cause.DISCONNECTED),
    Stopped(Cause.ABORTED),
    TimeReached(),
]
BASIC = pytest.mark.parametrize("basic_game", [False, True])
IS_ASKED = pytest.mark.parametrize("is_asked", [False, True])


def match_with(*, is_asked: bool, **rules: Any) -> Match:
    """A match in which seat 0 is being asked, or nobody."""
    return asked(**rules) if is_asked else began(**rules)


# The game says so.


@BASIC
def test_end(basic_game: bool) -> None:
    """Completed, nobody's fault, with requests made and seconds; without a word on how, there is no result."""
    match = asked(basic_game=basic_game)
    decide(match, 0, now=101.0)
    assert handle(match, Ended(), 107.25) == [Finish(Outcome(Cause.COMPLETED, None, 1, 7.25))]
    assert over(match) == Outcome(Cause.COMPLETED, None, 1, 7.25, detail="", result=None)
    assert over(match).completed


def test_end_between_the_parts_of_a_turn() -> None:
    """Also at any time."""
    match = began()
    ask(match, 0, more=True)
    assert handle(match, Ended()) == [finish(Cause.COMPLETED, turns=1)]


# The game is lost, or the match is stopped.


@BASIC
@IS_ASKED
@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize(
    ("cause", "named"),
    [
        (Cause.DISCONNECTED, Cause.GAME_LOST),
        (Cause.GAME_LOST, Cause.GAME_LOST),
        (Cause.GAME_FAULT, Cause.GAME_FAULT),
        (Cause.PROTOCOL_VIOLATION, Cause.PROTOCOL_VIOLATION),
        (Cause.MESSAGE_TOO_LARGE, Cause.MESSAGE_TOO_LARGE),
        (Cause.SLOW_CONSUMER, Cause.SLOW_CONSUMER),
    ],
)
def test_game_lost(cause: Cause, named: Cause, policy: FailurePolicy, is_asked: bool, basic_game: bool) -> None:
    """Gone is game-lost; what it did wrong keeps its name; the game is at fault, not a player."""
    match = match_with(is_asked=is_asked, on_failure=policy, basic_game=basic_game)
    assert handle(match, GameLost(cause, "it went"), 102.0) == [finish(named, None, int(is_asked), 2.0, "it went")]
    assert over(match).at_fault == "game"


@BASIC
@IS_ASKED
@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize(
    ("cause", "at_fault"),
    [(Cause.BROKER_STOPPING, "nobody"), (Cause.ABORTED, "nobody"), (Cause.BROKER_FAULT, "broker")],
)
def test_stopped(cause: Cause, at_fault: str, policy: FailurePolicy, is_asked: bool, basic_game: bool) -> None:
    """From outside, at any time, by the cause that is given."""
    match = match_with(is_asked=is_asked, on_failure=policy, basic_game=basic_game)
    assert handle(match, Stopped(cause, "stopped"), 102.0) == [finish(cause, None, int(is_asked), 2.0, "stopped")]
    assert over(match).at_fault == at_fault
    assert not over(match).completed


@BASIC
@IS_ASKED
def test_closed_from_outside(is_asked: bool, basic_game: bool) -> None:
    """By who finds a fault in its rules: nothing is due any more, or the broker would look at it again and again."""
    match = match_with(is_asked=is_asked, basic_game=basic_game, match_time_limit=30.0)
    outcome = Outcome(Cause.BROKER_FAULT, None, int(is_asked), 0.0, "a fault")
    assert match.close(outcome) == (Finish(outcome),)
    assert over(match) == outcome
    assert run_out(match, 1000.0) == []


# The match as a whole takes too long.


@BASIC
@IS_ASKED
@pytest.mark.parametrize("policy", FailurePolicy)
def test_match_time_limit(policy: FailurePolicy, is_asked: bool, basic_game: bool) -> None:
    """It ends the match whoever's turn it is, and is nobody's fault."""
    rules = {"match_time_limit": 30.0, "move": 100.0, "game_time_limit": 100.0}
    match = match_with(is_asked=is_asked, on_failure=policy, basic_game=basic_game, **rules)
    assert match.deadline() == 130.0
    assert run_out(match, 130.0) == [finish(Cause.MATCH_TIME_LIMIT, None, int(is_asked), 30.0, "30 s are over")]
    assert over(match).at_fault == "nobody"


def test_match_time_limit_runs_from_the_beginning() -> None:
    """Turns do not move it, nor do absences."""
    match = began(match_time_limit=30.0, resume_grace=100.0)
    for second in range(10):
        ask(match, 0, now=100.0 + second)
        decide(match, 0, now=100.0 + second)
    handle(match, GameAway(), 110.0)
    assert match.deadline() == 130.0


@BASIC
def test_earlier_deadline_rules(basic_game: bool) -> None:
    """When more than one time is past, the one that was first names the ending; of two at once, the match's."""

    def cause_of(match: Match, now: float) -> Cause:
        run_out(match, now)
        return over(match).cause

    rules: dict[str, Any] = {"match_time_limit": 30.0, "basic_game": basic_game}
    assert cause_of(asked(move=29.0, **rules), 1000.0) is Cause.TIME_LIMIT
    assert cause_of(asked(move=31.0, **rules), 1000.0) is Cause.MATCH_TIME_LIMIT
    assert cause_of(asked(move=30.0, **rules), 130.0) is Cause.MATCH_TIME_LIMIT
    assert cause_of(began(game_time_limit=29.0, **rules), 1000.0) is Cause.GAME_TIME_LIMIT
    assert cause_of(began(game_time_limit=30.0, **rules), 130.0) is Cause.MATCH_TIME_LIMIT


def test_time_out_told_then_match_over() -> None:
    """Under tell-game both have their say, one after the other, when both are past."""
    match = asked(match_time_limit=30.0, move=29.0, on_failure=TELL_GAME)
    *_, last = run_out(match, 1000.0)
    assert last == finish(Cause.MATCH_TIME_LIMIT, None, 1, 900.0, "30 s are over")


# After the end.


@pytest.mark.parametrize("event", EVERY_EVENT)
@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize(
    "last",
    [Ended(), GameLost(Cause.DISCONNECTED), Stopped(Cause.BROKER_STOPPING), TurnAsked([Question(2, b"")], 1)],
)
def test_nothing_after_the_end(last: Event, policy: FailurePolicy, event: Event) -> None:
    """Whatever comes later has no effect, and the outcome stands."""
    match = began(on_failure=policy, resume_grace=10.0)
    handle(match, last)
    outcome = over(match)
    assert handle(match, event, 1e9) == []
    assert over(match) is outcome


# What outcomes say.


@pytest.mark.parametrize(
    ("cause", "seat", "at_fault"),
    [
        (Cause.COMPLETED, None, "nobody"),
        (Cause.TIME_LIMIT, 3, "player 3"),
        (Cause.DISCONNECTED, 0, "player 0"),
        (Cause.RESIGNED, 1, "player 1"),
        (Cause.PROTOCOL_VIOLATION, 254, "player 254"),
        (Cause.PROTOCOL_VIOLATION, None, "game"),
        (Cause.MESSAGE_TOO_LARGE, None, "game"),
        (Cause.SLOW_CONSUMER, None, "game"),
        (Cause.GAME_LOST, None, "game"),
        (Cause.GAME_FAULT, None, "game"),
        (Cause.GAME_TIME_LIMIT, None, "game"),
        (Cause.BROKER_STOPPING, None, "nobody"),
        (Cause.MATCH_TIME_LIMIT, None, "nobody"),
        (Cause.NO_PLAYERS_LEFT, None, "nobody"),
        (Cause.ABORTED, None, "nobody"),
        (Cause.BROKER_FAULT, None, "broker"),
    ],
)
def test_who_is_at_fault(cause: Cause, seat: int | None, at_fault: str) -> None:
    """Every ending says whose it is; seat 0 is a player too."""
    outcome = Outcome(cause, seat, 0, 0.0)
    assert outcome.at_fault == at_fault
    assert outcome.completed == (cause is Cause.COMPLETED)


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Outcome(Cause.ABORTED, None, 0, 0), "cause"),
        (Result(), "reason"),
    ],
)
def test_outcomes_do_not_change(thing: object, name: str) -> None:
    """A verdict is frozen."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(thing, name, None)


@pytest.mark.parametrize("policy", FailurePolicy)
def test_same_events_same_effects(policy: FailurePolicy) -> None:
    """A match is a function of its events: played again, it is the same."""
    events: list[Event] = [
        Began(),
        TurnAsked([Question(0, 1), Question(1, 2)], 1),
        Decided(1, 3, 1),
        Decided(0, 4, 1),
        TurnAsked([Question(1, 5)], 2),
        PlayerAway(1),
        PlayerBack(1),
        Decided(1, 6, 1),
        GameAway(),
        TimeReached(),
        GameBack(),
        TurnAsked([Question(1, 5)], 2),
        Resigned(0),
        Ended(Result([SeatResult(1, rank=1)])),
    ]
    rules = make_rules(on_failure=policy, move=3.5, game_time_limit=40.0, resume_grace=20.0)

    def replay() -> list[Effect]:
        match = Match(["a", "b"], rules, [True, True])
        return [effect for now, event in enumerate(events) for effect in match.handle(event, now)]

    before = repr(events)
    effects = replay()
    assert isinstance(effects[-1], Finish)
    assert replay() == effects
    assert repr(events) == before
