"""What is known of matches, and of time: checked where it is written, the same on both sides of the wire."""

from math import inf, nan

import attrs
import pytest

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client import Answer, Cause, MatchOverError, Outcome, Result, TimeControl
from bitbroker.client.time import OnFailure


@pytest.mark.parametrize("policy", ["end-match", "forfeit-seat", "tell-game", None])
def test_time_control_there_and_back(policy: OnFailure | None) -> None:
    """Every field, no limit too."""
    control = TimeControl(move=0.25, start=inf, bank=0, increment=1, on_failure=policy, tolerated_failures=3)
    assert control.to_wire().start_ms == 0xFFFFFFFF
    assert TimeControl.from_wire(control.to_wire()) == control


def test_time_control_that_says_nothing() -> None:
    """Then nothing is on the wire."""
    assert TimeControl().to_wire() == pb.TimeControl()
    assert TimeControl.from_wire(pb.TimeControl()) == TimeControl()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"move": -1}, "move is -1: it must be seconds"),
        ({"bank": nan}, "bank is nan"),
        ({"on_failure": "cry"}, "must be one of end-match, forfeit-seat, tell-game"),
        ({"tolerated_failures": -1}, "must be 0 or more"),
    ],
)
def test_time_control_that_cannot_be(fields: dict[str, object], message: str) -> None:
    """One line that says which field, and what it may be."""
    with pytest.raises(ValueError, match=message):
        TimeControl(**fields)  # type: ignore[arg-type]  # wrong on purpose


def test_result_there_and_back() -> None:
    """Scores and ranks of some seats."""
    result = Result(scores={0: 1.5, 2: 0}, ranks=[1, 2], reason="so it was")
    assert result.seats == [0, 1, 2]
    assert Result.from_wire(result.to_wire()) == result


def test_result_of_a_broker_that_checks_less() -> None:
    """What is no score and no rank is left out."""
    said = pb.Result(seats=[pb.SeatResult(seat=0, score=nan, rank=0), pb.SeatResult(seat=1, score=inf, rank=1)])
    assert Result.from_wire(said) == Result(ranks={1: 1})


def test_outcomes_as_text() -> None:
    """As logs show them."""
    outcome = Outcome("7", Cause.TIME_LIMIT, 1, "it did not answer within 5 s")
    assert str(outcome) == "time-limit, player 1 at fault: it did not answer within 5 s"
    assert str(MatchOverError(outcome)) == f"the broker ended the match before the game did: {outcome}"
    assert str(Outcome("7", Cause.COMPLETED)) == "completed"


def test_causes_of_a_newer_broker() -> None:
    """They are called by their number; what is no number is no cause."""
    assert Cause(99).label == "cause-99"
    assert Cause(99) == 99
    with pytest.raises(ValueError, match="'late' is not a valid Cause"):
        Cause("late")  # type: ignore[arg-type]  # wrong on purpose


def test_answers_compare_by_what_they_hold() -> None:
    """Not by how they are read."""
    answer: Answer[object] = Answer(0, b"1")
    read: Answer[object] = answer.read_by(int)
    assert read == answer
    assert read.decision == 1
    assert attrs.evolve(answer, payload=b"2") != answer
