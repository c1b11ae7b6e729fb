"""Matches of a basic game: a turn is one action, and neither game nor bots say numbers."""

from math import inf

import pytest

from bitbroker.errors import Cause
from bitbroker.match import (
    Ask,
    Began,
    Decided,
    Deliver,
    Ended,
    Finish,
    Introduce,
    Match,
    Question,
    Resigned,
    Settled,
    TurnAsked,
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
    make_rules,
    over,
    play,
    result,
    run_out,
    state,
    taken,
)


def action(seat: int) -> TurnAsked:
    """A basic game's action."""
    return TurnAsked((Question(seat, state(seat)),))


def test_before_the_beginning() -> None:
    """Nobody is asked, nothing is due, nothing has happened; bots say no numbers unless told otherwise."""
    match = Match(["a", "b"], make_rules(basic_game=True))
    assert (match.asked, match.number, match.turns, match.outcome) == ([], 0, 0, None)
    assert (match.deadline(), match.next_to_run_out(), match.due(1e9)) == (inf, inf, [])
    assert [(seat.name, seat.numbered) for seat in match.seats] == [("a", False), ("b", False)]


def test_beginning() -> None:
    """All are told; the game has its time limit from now."""
    match = Match(["a", "", "a"], make_rules(basic_game=True, game_time_limit=60))
    assert handle(match, Began(), 5.0) == [Introduce()]
    assert (match.asked, match.deadline(), match.next_to_run_out()) == ([], 65.0, 65.0)


def test_turn() -> None:
    """Action to request, decision to response; payloads are handed on as the same objects; the broker numbers."""
    match = began(basic_game=True, move=5, game_time_limit=60)
    action_state, decision = object(), object()
    (request,) = handle(match, TurnAsked((Question(1, action_state),)), 101.0)
    assert request == Ask(1, 1, action_state, base=5.0, bank=0.0)
    assert isinstance(request, Ask)
    assert request.state is action_state
    assert (match.asked, match.number, match.turns, match.deadline()) == ([1], 1, 1, 106.0)
    settled, deliver = handle(match, Decided(1, decision), 103.5)
    assert settled == Settled(1, taken(1, decision, elapsed=2.5))
    assert deliver == Deliver(1, [taken(1, decision, elapsed=2.5)])
    assert isinstance(deliver, Deliver)
    assert deliver.answers[0].decision is decision
    assert (match.asked, match.turns, match.deadline()) == ([], 1, 163.5)


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("players", [1, 255])
def test_fewest_and_most_players(players: int, policy: FailurePolicy) -> None:
    """Each seat of one, and of 255, can be asked and answers; the one above cannot."""
    match = began(players, basic_game=True, on_failure=policy)
    for seat in range(players):
        assert play(match, [action(seat), Decided(seat, -seat)]) == [
            Ask(seat, seat + 1, state(seat), 5.0, 0.0),
            *result(seat + 1, taken(seat, -seat)),
        ]
    assert match.turns == players
    ask(match, players)
    assert over(match).cause is Cause.GAME_FAULT


def test_same_player_again_and_again() -> None:
    """Who is asked is the game's choice; nobody takes turns by rule."""
    match = began(basic_game=True)
    for number in range(1, 6):
        assert ask(match, 1) == [Ask(1, number, state(1), 5.0, 0.0)]
        assert decide(match, 1, number) == result(number, taken(1, number))


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("player", [2, 3, 255])
def test_player_that_is_not_there(player: int, policy: FailurePolicy) -> None:
    """The game is at fault by name, under any policy; it counts as no turn."""
    match = began(basic_game=True, on_failure=policy)
    detail = f"it asked player {player}; the players are 0 to 1"
    assert ask(match, player, now=103.0) == [finish(Cause.GAME_FAULT, None, 0, 3.0, detail)]
    assert over(match).at_fault == "game"


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("event", [action(0), action(1), action(9), Ended()])
def test_game_goes_on_while_a_player_is_asked(event: TurnAsked | Ended, policy: FailurePolicy) -> None:
    """To ask again, or to end, before the answer is there is a basic game's fault."""
    match = asked(seat=1, basic_game=True, on_failure=policy)
    (effect,) = handle(match, event)
    assert isinstance(effect, Finish)
    assert (effect.outcome.cause, effect.outcome.at_fault, effect.outcome.turns) == (Cause.GAME_FAULT, "game", 1)
    assert "while player 1 was being asked" in effect.outcome.detail


def test_two_actions_in_one_piece() -> None:
    """The second is not kept for later: a basic game speaks once a trigger."""
    request, effect = play(began(basic_game=True), [action(0), action(0)])
    assert isinstance(request, Ask)
    assert isinstance(effect, Finish)
    assert effect.outcome.cause is Cause.GAME_FAULT


def test_end_at_once() -> None:
    """A game may end before it has asked anybody."""
    assert handle(began(basic_game=True), Ended()) == [finish(Cause.COMPLETED)]


@pytest.mark.parametrize("late", [0.0, 0.5, 1000.0])
@pytest.mark.parametrize("tolerated", [0, 5])
@pytest.mark.parametrize("policy", [END_MATCH, FORFEIT_SEAT])
def test_time_out_ends_the_match(policy: FailurePolicy, tolerated: int, late: float) -> None:
    """A basic game could know neither of a failure that is tolerated nor of a seat that is out: the match ends."""
    match = asked(seat=1, basic_game=True, move=2.5, on_failure=policy, tolerated_failures=tolerated)
    assert run_out(match, 102.5 + late) == [
        Settled(1, failed(1, Cause.TIME_LIMIT, elapsed=2.5 + late)),
        finish(Cause.TIME_LIMIT, 1, 1, 2.5 + late, "it did not answer within 2.5 s"),
    ]
    assert over(match).at_fault == "player 1"


@pytest.mark.parametrize("tolerated", [0, 5])
def test_time_out_is_told_under_tell_game(tolerated: int) -> None:
    """No answer, and why; the game's time begins anew and the bot stays."""
    match = asked(move=2, basic_game=True, on_failure=TELL_GAME, tolerated_failures=tolerated)
    assert run_out(match, 102.0) == result(1, failed(0, Cause.TIME_LIMIT, elapsed=2.0))
    assert (match.asked, match.deadline(), match.outcome) == ([], 162.0, None)
    assert ask(match, 0, now=103.0) == [Ask(0, 2, state(0), 2.0, 0.0)]


@pytest.mark.parametrize("is_asked", [False, True])
@pytest.mark.parametrize("policy", [END_MATCH, FORFEIT_SEAT])
def test_resignation_ends_the_match(policy: FailurePolicy, is_asked: bool) -> None:
    """An extended bot gives up in a basic game, which has no word for it: the match ends, that seat at fault."""
    match = began(3, numbered=True, basic_game=True, on_failure=policy)
    if is_asked:
        ask(match, 1)
    assert handle(match, Resigned(1), 104.0) == [finish(Cause.RESIGNED, 1, int(is_asked), 4.0)]
    assert over(match).at_fault == "player 1"


def test_resignation_is_told_under_tell_game() -> None:
    """Then a failure that says so is the answer, now and each time that the seat is asked."""
    match = asked(3, numbered=True, basic_game=True, on_failure=TELL_GAME)
    assert handle(match, Resigned(0), 101.0)[-1] == Deliver(1, [failed(0, Cause.RESIGNED, elapsed=1.0)])
    assert ask(match, 0, now=102.0) == result(2, failed(0, Cause.RESIGNED))


def test_extended_bots_play_under_the_brokers_numbers() -> None:
    """In a basic game the broker counts the turns, and an extended bot answers under that number."""
    match = began(numbered=[True, False], basic_game=True)
    for number in (1, 3):
        assert ask(match, 0) == [Ask(0, number, state(0), 5.0, 0.0)]
        assert handle(match, Decided(0, b"move", number)) == result(number, taken(0))
        ask(match, 1)
        assert handle(match, Decided(1, b"move")) == result(number + 1, taken(1))
