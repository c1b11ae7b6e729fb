"""The broker's own lag counts for nobody."""

from math import inf

import pytest

from bitbroker.errors import Cause
from bitbroker.match import (
    Answer,
    Away,
    Decided,
    Deliver,
    Finish,
    GameAway,
    PlayerAway,
    Settled,
    Stalled,
    TimeReached,
)
from tests.unit.match.helpers import START, TELL_GAME, ask, asked, began


def test_stall_moves_a_deadline() -> None:
    """A limit of 5 s ends 5 s after the request, and as much later as the broker was held up."""
    match = asked(move=5.0)
    assert match.handle(Stalled(3.0), START + 4) == ()
    assert match.deadline() == START + 8
    assert match.due(START + 7.9) == []
    assert match.due(START + 8) == [0]


def test_answer_says_what_was_not_counted() -> None:
    """Its time is that of the player; beside it stands how long the broker was held up."""
    match = asked(on_failure=TELL_GAME, move=5.0, bank=2.0, numbered=True)
    match.handle(Stalled(1.5), START + 2)
    match.handle(Stalled(2.0), START + 4.5)
    answer = Answer(0, b"decision", Cause.NONE, 1.5, 2.0, 3.5)
    assert match.handle(Decided(0, b"decision", 1), START + 5) == (Settled(1, answer), Deliver(1, [answer]))
    assert match.stalled == 3.5


def test_failure_says_it_too() -> None:
    """A time-out is one without the stall, and shows it."""
    match = asked(on_failure=TELL_GAME, move=5.0)
    match.handle(Stalled(10.0), START + 12)
    assert match.handle(TimeReached(), START + 14.9) == []
    settled, *_ = match.handle(TimeReached(), START + 15)
    assert settled == Settled(1, Answer(0, None, Cause.TIME_LIMIT, 5.0, 0.0, 10.0))


def test_no_more_than_since_the_request() -> None:
    """What was held up before a request was made is not given to its player."""
    match = asked(move=5.0)
    match.handle(Stalled(30.0), START + 1)
    assert match.deadline() == START + 6


def test_bank_is_not_spent_by_it() -> None:
    """Nor is what is left of it told as less."""
    match = asked(on_failure=TELL_GAME, move=1.0, bank=10.0)
    match.handle(Stalled(6.0), START + 6.5)
    settled, _ = match.handle(Decided(0, b"", 1), START + 7.5)
    assert isinstance(settled, Settled)
    assert settled.answer.bank == pytest.approx(9.5)


def test_every_open_request_is_credited_and_no_settled_one() -> None:
    """In a turn of three, who has answered is not given time for the next turn."""
    match = began(3, on_failure=TELL_GAME, move=5.0)
    ask(match, 0, 1, 2)
    match.handle(Decided(1, b"", 1), START + 1)
    match.handle(Stalled(2.0), START + 3)
    assert match.due(START + 6.9) == []
    assert match.due(START + 7) == [0, 2]


def test_game_is_credited() -> None:
    """Its own time limit moves too, though by no more than it has been running."""
    match = began(game_time_limit=60.0)
    match.handle(Stalled(20.0), START + 30)
    assert match.deadline() == START + 80
    match.handle(Stalled(500.0), START + 40)
    assert match.deadline() == START + 100


def test_no_limit_stays_none() -> None:
    """Infinity moves nowhere."""
    match = asked(move=inf, game_time_limit=inf)
    match.handle(Stalled(20.0), START + 30)
    assert match.deadline() == inf


def test_who_may_come_back_is_credited() -> None:
    """Nobody can come back to a broker that is held up."""
    match = asked(on_failure=TELL_GAME, resume_grace=10.0, move=100.0)
    assert match.handle(PlayerAway(0), START) == (Away(0),)
    match.handle(GameAway(), START)
    match.handle(Stalled(8.0), START + 9)
    assert match.deadline() == START + 18


def test_match_as_a_whole_is_not() -> None:
    """Its limit is what the organiser planned, and nobody's fault."""
    match = asked(move=5.0, match_time_limit=10.0)
    match.handle(Stalled(20.0), START + 20)
    (finish,) = match.handle(TimeReached(), START + 20)
    assert isinstance(finish, Finish)
    assert finish.outcome.cause is Cause.MATCH_TIME_LIMIT
