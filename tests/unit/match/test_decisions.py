"""Decisions that count for nothing: unasked, late, double, under numbers and without; and where they lead."""

import pytest

from bitbroker.errors import Cause
from bitbroker.match import Ask, Decided, Dismiss, Finish, NotTaken, Out, PlayerLost, Resigned
from tests.unit.match.helpers import (
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
    play,
    result,
    run_out,
    state,
    taken,
)

# From a bot that says no numbers.


def test_unasked_counts_for_nothing() -> None:
    """Before the first request, between two, and while another is asked: never an answer to what is asked later."""
    match = began(basic_game=True)
    assert decide(match, 0, b"early") == [NotTaken(0, None, Cause.NOT_ASKED)]
    assert ask(match, 1) == [Ask(1, 1, state(1), 5.0, 0.0)]
    assert decide(match, 0, b"early") == [NotTaken(0, None, Cause.NOT_ASKED)]
    assert match.asked == [1]
    assert play(match, [Decided(1, b"move"), Decided(1, b"another")])[2:] == [NotTaken(1, None, Cause.NOT_ASKED)]
    ask(match, 0)
    assert decide(match, 0, b"answer") == result(2, taken(0, b"answer"))


def test_unasked_word_moves_no_deadline() -> None:
    """It gains time neither for the game nor for who is asked."""
    match = began(basic_game=True, game_time_limit=60)
    decide(match, 0, now=130.0)
    assert match.deadline() == 160.0
    ask(match, 1, now=140.0)
    decide(match, 0, now=142.0)
    assert match.deadline() == 145.0


@pytest.mark.parametrize("max_unasked", [0, 1, 3])
@pytest.mark.parametrize("someone_is_asked", [False, True])
@pytest.mark.parametrize("basic_game", [False, True])
def test_one_word_too_many_ends_the_match(basic_game: bool, someone_is_asked: bool, max_unasked: int) -> None:
    """So many are borne; the next is a violation, by name, and the match ends."""
    match = began(3, numbered=False, basic_game=basic_game, max_unasked=max_unasked)
    if someone_is_asked:
        ask(match, 0)
    for _ in range(max_unasked):
        assert decide(match, 1) == [NotTaken(1, None, Cause.NOT_ASKED)]
    detail = f"it spoke {max_unasked + 1} times without being asked"
    assert decide(match, 1, now=101.0) == [
        NotTaken(1, None, Cause.NOT_ASKED),
        finish(Cause.PROTOCOL_VIOLATION, 1, int(someone_is_asked), 1.0, detail),
    ]
    assert over(match).at_fault == "player 1"


def test_one_word_too_many_dismisses_under_tell_game() -> None:
    """The match goes on without that bot, and what it says from then on changes nothing more."""
    match = began(3, basic_game=True, max_unasked=1, on_failure=TELL_GAME)
    decide(match, 1)
    assert decide(match, 1) == [
        NotTaken(1, None, Cause.NOT_ASKED),
        Dismiss(1, Cause.PROTOCOL_VIOLATION, "it spoke 2 times without being asked"),
        Out(1, Cause.PROTOCOL_VIOLATION),
    ]
    assert decide(match, 1) == [NotTaken(1, None, Cause.NOT_ASKED)]
    assert ask(match, 1) == result(1, failed(1, Cause.PROTOCOL_VIOLATION))
    assert ask(match, 0) == [Ask(0, 2, state(0), 5.0, 0.0)]


def test_each_player_has_strikes_of_its_own() -> None:
    """One bot's words are not counted against another, and answers between them do not wipe them out."""
    match = began(basic_game=True, max_unasked=2)
    for _ in range(2):
        assert play(match, [Decided(0, b""), Decided(1, b"")]) == [
            NotTaken(0, None, Cause.NOT_ASKED),
            NotTaken(1, None, Cause.NOT_ASKED),
        ]
        ask(match, 0)
        decide(match, 0)
    assert match.outcome is None
    decide(match, 0)
    assert over(match).seat == 0


@pytest.mark.parametrize("asked_again", [False, True])
def test_late_answer_is_dropped(asked_again: bool) -> None:
    """It is no strike, and not taken for the answer to a later question."""
    match = asked(basic_game=True, move=2, max_unasked=0, on_failure=TELL_GAME)
    run_out(match, 102.0)
    if asked_again:
        ask(match, 0, now=103.0)
    assert decide(match, 0, b"to the first", now=103.5) == [NotTaken(0, None, Cause.TIME_LIMIT)]
    if not asked_again:
        ask(match, 0, now=104.0)
    elapsed = 1.5 if asked_again else 0.5
    assert decide(match, 0, b"to the second", now=104.5) == result(2, taken(0, b"to the second", elapsed))


def test_late_answer_while_another_is_asked() -> None:
    """It touches nobody else's turn, and what one player owes is not another's."""
    match = asked(basic_game=True, move=2, on_failure=TELL_GAME)
    run_out(match, 102.0)
    ask(match, 1, now=102.0)
    assert decide(match, 0, now=103.0) == [NotTaken(0, None, Cause.TIME_LIMIT)]
    assert (match.asked, match.deadline()) == ([1], 104.0)
    assert decide(match, 1, now=103.0) == result(2, taken(1, elapsed=1.0))


def test_what_is_owed_adds_up_over_time_outs() -> None:
    """Three requests timed out: the next three answers are late, the fourth counts, a fifth is a strike."""
    match = began(basic_game=True, move=2, on_failure=TELL_GAME)
    for turn in range(3):
        ask(match, 0, now=100.0 + 2 * turn)
        run_out(match, 102.0 + 2 * turn)
    ask(match, 0, now=107.0)
    for late in range(3):
        assert decide(match, 0, late, now=108.0) == [NotTaken(0, None, Cause.TIME_LIMIT)]
    assert decide(match, 0, 3, now=108.0) == result(4, taken(0, 3, elapsed=1.0))
    assert decide(match, 0, 4, now=108.0) == [NotTaken(0, None, Cause.NOT_ASKED)]
    assert match.turns == 4


def test_answer_dropped_leaves_the_request_open_to_its_deadline() -> None:
    """One answer a request: a bot that gave one answer to two requests times out a second time."""
    match = asked(basic_game=True, move=2, on_failure=TELL_GAME)
    run_out(match, 102.0)
    ask(match, 0, now=102.0)
    decide(match, 0, now=103.0)
    assert (match.asked, match.deadline()) == ([0], 104.0)
    assert run_out(match, 104.0) == result(2, failed(0, Cause.TIME_LIMIT, 2.0))


def test_lost_player_that_owes_an_answer() -> None:
    """First too late, then gone: asked again, it fails for being gone, and what it owed is still dropped."""
    match = asked(basic_game=True, move=2, on_failure=TELL_GAME)
    run_out(match, 102.0)
    handle(match, PlayerLost(0, Cause.DISCONNECTED), 103.0)
    assert decide(match, 0, now=103.0) == [NotTaken(0, None, Cause.TIME_LIMIT)]
    assert ask(match, 0, now=103.0) == result(2, failed(0, Cause.DISCONNECTED))


def test_words_of_a_lost_player_are_no_answer() -> None:
    """What was still on its way when it went is dropped, and can end nothing."""
    match = began(3, basic_game=True, max_unasked=0, on_failure=TELL_GAME)
    handle(match, PlayerLost(1, Cause.DISCONNECTED))
    ask(match, 0)
    for _ in range(5):
        assert decide(match, 1) == [NotTaken(1, None, Cause.NOT_ASKED)]
    assert match.asked == [0]


# Under numbers.


def test_second_answer() -> None:
    """While the turn is open, after it, and while a later one is open: never taken, and told once."""
    match = began()
    ask(match, 0, 1)
    decide(match, 0, b"first")
    assert decide(match, 0, b"second", number=1) == [NotTaken(0, 1, Cause.ALREADY_ANSWERED)]
    decide(match, 1)
    ask(match, 0)
    assert decide(match, 0, b"third", number=1) == [NotTaken(0, 1, Cause.ALREADY_ANSWERED, told=True)]
    assert decide(match, 0, number=2) == result(2, taken(0))
    assert decide(match, 0, number=2) == [NotTaken(0, 2, Cause.ALREADY_ANSWERED)]


@pytest.mark.parametrize("asked_again", [False, True])
def test_late_under_its_number(asked_again: bool) -> None:
    """It says how late it was, is no strike, and leaves the request that is open alone, which needs one answer only."""
    match = asked(move=2, max_unasked=0, on_failure=TELL_GAME)
    run_out(match, 102.5)
    if asked_again:
        ask(match, 0, now=103.0)
    assert decide(match, 0, now=103.25, number=1) == [NotTaken(0, 1, Cause.TIME_LIMIT, late=1.25)]
    if asked_again:
        assert decide(match, 0, now=104.0, number=2) == result(2, taken(0, elapsed=1.0))


def test_answer_that_never_comes_is_not_owed() -> None:
    """Numbers tell answers apart: a bot that gave up a late request answers the next one with its first word."""
    match = asked(move=2, on_failure=TELL_GAME)
    run_out(match, 102.0)
    ask(match, 0, now=103.0)
    assert decide(match, 0, now=104.0, number=2) == result(2, taken(0, elapsed=1.0))


def test_not_asked_under_this_number() -> None:
    """A turn that asked others, or in which its seat has not been asked yet: a strike, told once for each number."""
    match = began(max_unasked=9)
    ask(match, 0)
    decide(match, 0)
    ask(match, 0, number=2, more=True)
    for number in (1, 2):
        assert decide(match, 1, number=number) == [NotTaken(1, number, Cause.NOT_ASKED)]
        assert decide(match, 1, number=number) == [NotTaken(1, number, Cause.NOT_ASKED, told=True)]
    assert match.seats[1].unasked == 4
    assert ask(match, 1, number=2) == [Ask(1, 2, state(1), 5.0, 0.0)]
    decide(match, 0)
    assert decide(match, 1, number=2)[-1] == result(2, taken(0), taken(1))[-1]
    assert decide(match, 1, number=2) == [NotTaken(1, 2, Cause.ALREADY_ANSWERED, told=True)]


def test_strikes() -> None:
    """The first word under a number that was asked is free; each other one counts, and one too many is a violation."""
    match = began(3, move=2, max_unasked=2, on_failure=TELL_GAME)
    ask(match, 0)
    run_out(match, 102.0)
    ask(match, 0, now=102.0)
    decide(match, 0, now=102.0)
    for number in (1, 2):
        decide(match, 0, number=number, now=102.0)
    assert match.seats[0].unasked == 0
    for number in (1, 2):
        decide(match, 0, number=number, now=102.0)
    assert match.seats[0].unasked == 2
    assert decide(match, 0, now=104.0, number=1) == [
        NotTaken(0, 1, Cause.TIME_LIMIT, late=2.0, told=True),
        Dismiss(0, Cause.PROTOCOL_VIOLATION, "it spoke 3 times without being asked"),
        Out(0, Cause.PROTOCOL_VIOLATION),
    ]


@pytest.mark.parametrize("number", [-1, 0, 2, 3, 2**32 - 1])
@pytest.mark.parametrize("is_asked", [False, True])
def test_number_that_was_never_given_out(is_asked: bool, number: int) -> None:
    """A violation at once, whatever the bot has left of strikes."""
    match = asked(seat=0 if is_asked else 1, max_unasked=100)
    detail = f"it answered request {number}, which was never made"
    assert decide(match, 0, number=number) == [finish(Cause.PROTOCOL_VIOLATION, 0, 1, 0.0, detail)]


def test_number_that_was_never_given_out_under_forfeit() -> None:
    """The seat is out, and its open request fails for that cause; further ones as forfeited."""
    match = asked(3, on_failure=FORFEIT_SEAT)
    effects = decide(match, 0, now=101.0, number=2)
    assert effects[0] == Dismiss(0, Cause.PROTOCOL_VIOLATION, "it answered request 2, which was never made")
    assert effects[-1] == result(1, failed(0, Cause.PROTOCOL_VIOLATION, 1.0))[-1]
    assert ask(match, 0, now=101.0) == result(2, failed(0, Cause.FORFEITED))
    assert handle(match, Decided(0, b"", 99), 101.0) == []


@pytest.mark.parametrize("turns_ago", [1, 16, 17])
def test_sixteen_requests_are_remembered(turns_ago: int) -> None:
    """An answer to an older one is an answer to no request."""
    match = began(3, move=2, on_failure=TELL_GAME)
    ask(match, 0)
    run_out(match, 102.0)
    for _ in range(turns_ago - 1):
        ask(match, 0, now=102.0)
        decide(match, 0, now=102.0)
        ask(match, 1, now=102.0)  # other seats' requests do not count
        decide(match, 1, now=102.0)
    late = NotTaken(0, 1, Cause.TIME_LIMIT, late=1.0)
    assert decide(match, 0, now=103.0, number=1) == [late if turns_ago <= 16 else NotTaken(0, 1, Cause.NOT_ASKED)]


def test_why_a_request_had_failed() -> None:
    """A decision that crossed its bot's own resignation hears of that."""
    match = asked(3)
    handle(match, Resigned(0))
    assert decide(match, 0, number=1) == [NotTaken(0, 1, Cause.RESIGNED)]


def test_words_of_a_seat_that_is_out_can_end_nothing() -> None:
    """Not even under end-match: its bot is put out, and the match goes on."""
    match = began(3, max_unasked=0)
    handle(match, Resigned(0))
    ask(match, 1)
    detail = "it spoke 1 times without being asked"
    assert decide(match, 0) == [
        NotTaken(0, 1, Cause.NOT_ASKED),
        Dismiss(0, Cause.PROTOCOL_VIOLATION, detail),
    ]
    assert decide(match, 0) == [NotTaken(0, 1, Cause.NOT_ASKED, told=True)]
    assert not any(isinstance(effect, Finish) for effect in decide(match, 1))
