"""What the last screen of `play` says about whoever is at fault."""

from collections.abc import Sequence
from typing import Any

import pytest

from bitbroker.broker.record import MatchRecord, SeatRecord
from bitbroker.errors import Cause
from bitbroker.match import Outcome
from bitbroker.play.child import Child
from bitbroker.play.match import Plan, Result
from bitbroker.play.view import tell_end


def make_result(
    cause: Cause,
    *,
    bots_fault: bool = True,
    turns: int = 7,
    exit_code: int | None = 0,
    was_ended: bool = False,
    words: Sequence[str] = (),
    detail: str = "what happened",
) -> Result:
    """A match of two bots that ended so; turns 0 is a match that never began."""
    outcome = Outcome(cause, 1 if bots_fault else None, turns, float(turns), detail)
    children = [Child("game", "game.py"), Child("bot 1", "one.py"), Child("bot 2", "two.py")]
    culprit = children[2 if bots_fault else 0]
    culprit.exit_code, culprit.was_ended = exit_code, was_ended
    culprit.last_words.extend(words)
    seats = [SeatRecord(seat, name, 0, None, None) for seat, name in enumerate(("one", "two"))]
    record = MatchRecord(
        match=1,
        name="",
        version="1",
        began="",
        seconds=outcome.seconds,
        turns=turns,
        asked=[],
        remaining_seconds=None,
        cause=cause,
        at_fault=outcome.at_fault,
        seat=outcome.seat,
        detail=outcome.detail,
        reason="",
        spectators=0,
        seats=seats,
    )
    return Result(Plan(1, 0, "game.py", ["one.py", "two.py"], [0, 1]), record, None, children)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"exit_code": 1}, "'two.py' (exit code 1): what happened, in turn 7"),
        ({"exit_code": 0}, "'two.py' (exit code 0): what happened, in turn 7"),
        ({"exit_code": -11}, "'two.py' (killed by SIGSEGV): what happened, in turn 7"),
        ({"exit_code": -40}, "'two.py' (killed by signal 40): what happened, in turn 7"),
        ({"exit_code": -15, "was_ended": True}, "'two.py': what happened, in turn 7"),
        ({"exit_code": 1, "turns": 0}, "'two.py': what happened"),
        ({"exit_code": None, "turns": 0}, "'two.py': what happened"),
    ],
)
def test_lost_process(how: dict[str, Any], said: str) -> None:
    """How it ended, if by itself; a match that never began has no turn, and says the exit code in its own words."""
    first, *_, last = tell_end(make_result(Cause.DISCONNECTED, **how))
    assert first == f"at fault: bot 2, {said}"
    assert last.startswith("one (bot 1) won: disconnected, ")


@pytest.mark.parametrize(
    ("how", "advice"),
    [
        ({"exit_code": 1, "words": ["boom"]}, "see its last words to standard error, above"),
        ({"exit_code": 0}, "its process ended before the match was over, without a word to standard error"),
        ({"exit_code": 0, "turns": 0}, "its process ended before the match began, without a word to standard error"),
        ({"was_ended": True}, "let it keep its connection until it hears that the match is over"),
    ],
)
def test_advice_on_a_lost_process(how: dict[str, Any], advice: str) -> None:
    """Where to look, or what it did wrong."""
    assert tell_end(make_result(Cause.DISCONNECTED, **how))[-2].startswith(f"  to mend it: {advice}")


def test_advice_stands_below_the_last_words() -> None:
    """In this order: who and what, its last words, what to mend, the result."""
    assert tell_end(make_result(Cause.TIME_LIMIT, words=["thinking", "still thinking"])) == [
        "at fault: bot 2, 'two.py': what happened, in turn 7",
        "  bot 2 stderr: thinking",
        "  bot 2 stderr: still thinking",
        "  to mend it: let it answer sooner, or give every bot longer with --time-limit",
        "one (bot 1) won: time-limit, 7 turns, 7.0 s",
    ]


def test_resignation_speaks_for_itself() -> None:
    """Its name is all there is to say."""
    assert tell_end(make_result(Cause.RESIGNED, detail="")) == [
        "at fault: bot 2, 'two.py': resigned, in turn 7",
        "one (bot 1) won: resigned, 7 turns, 7.0 s",
    ]


BLAMED = [cause for cause in Cause if Outcome(cause, None, 0, 0.0).at_fault == "game"]
NOT_IN_A_MATCH = {Cause.NONE, Cause.FORFEITED, Cause.RESIGNED, Cause.ALREADY_ANSWERED, Cause.NOT_ASKED}


@pytest.mark.parametrize("cause", [cause for cause in BLAMED if cause not in NOT_IN_A_MATCH])
def test_every_fault_has_advice(cause: Cause) -> None:
    """Whatever ends a match by somebody's fault has a line on what to mend, in mid-match and before it."""
    for turns in (7, 0):
        lines = tell_end(make_result(cause, bots_fault=False, turns=turns))
        assert lines[0].startswith("at fault: game, 'game.py'")
        assert lines[-2].startswith("  to mend it: ")


def test_process_that_never_joined() -> None:
    """What it would take to join."""
    join = "let its command connect to BROKER_HOST and BROKER_PORT, or have {host} and {port} in it"
    assert tell_end(make_result(Cause.GAME_TIME_LIMIT, bots_fault=False, turns=0, was_ended=True)) == [
        "at fault: game, 'game.py': what happened",
        f"  to mend it: {join}; if it is slow to start, raise --join-timeout",
        "nobody won: game-time-limit, 0 turns, 0.0 s",
    ]


@pytest.mark.parametrize("cause", [Cause.MATCH_TIME_LIMIT, Cause.BROKER_FAULT])
def test_nobodys_process_is_at_fault(cause: Cause) -> None:
    """Then none is named, and the broker's words stand alone."""
    first, last = tell_end(make_result(cause, bots_fault=False))
    assert first.endswith(" at fault: what happened")
    assert last.startswith("nobody won: ")
