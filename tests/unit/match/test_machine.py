"""The rules of a match, one by one: events and times in, effects and an outcome out."""

from collections.abc import Iterable
from math import inf
from typing import Any

import attrs
import pytest

from bitbroker.errors import Cause
from bitbroker.match import (
    Ask,
    Asked,
    Began,
    Decided,
    Dismiss,
    Effect,
    Ended,
    Event,
    Fail,
    Finish,
    GameLost,
    Introduce,
    Match,
    NotTaken,
    Outcome,
    PlayerLost,
    Respond,
    Stopped,
    TimeReached,
    Trigger,
)
from bitbroker.settings import FailurePolicy, Settings

END_MATCH, TELL_GAME = FailurePolicy.END_MATCH, FailurePolicy.TELL_GAME
PLAYER_CAUSES = [Cause.DISCONNECTED, Cause.PROTOCOL_VIOLATION, Cause.MESSAGE_TOO_LARGE, Cause.SLOW_CONSUMER]
EVERY_EVENT: list[Event] = [
    Began(),
    Asked(0, b"state"),
    Asked(200, b"state"),
    Decided(0, b"decision"),
    Ended(),
    PlayerLost(0, Cause.DISCONNECTED),
    GameLost(Cause.DISCONNECTED),
    Stopped(Cause.ABORTED),
    TimeReached(),
]


def began(players: int = 2, now: float = 100.0, **settings: Any) -> Match:
    """A match that waits for the game after its first trigger."""
    match = Match([f"bot {seat}" for seat in range(players)], Settings(num_players=players, **settings))
    match.handle(Began(), now)
    return match


def asked(players: int = 2, seat: int = 0, now: float = 100.0, **settings: Any) -> Match:
    """A match in which this seat is being asked, since `now`."""
    match = began(players, now, **settings)
    match.handle(Asked(seat, b"state"), now)
    return match


def play(match: Match, events: Iterable[Event], now: float = 100.0) -> list[Effect]:
    """All effects of these events, at one time."""
    return [effect for event in events for effect in match.handle(event, now)]


def over(match: Match) -> Outcome:
    """The outcome of a match that is over."""
    assert match.outcome is not None
    return match.outcome


# From beginning to end.


def test_before_the_beginning() -> None:
    """Nobody is asked, nothing is due, nothing has happened."""
    match = Match(["a", "b"], Settings(num_players=2))
    assert (match.asked, match.outcome, match.turns, match.deadline()) == (None, None, 0, inf)


def test_beginning() -> None:
    """The game hears who plays, by seat, and then its first trigger; it has its time limit from now."""
    match = Match(["a", "", "a"], Settings(num_players=3, game_time_limit=60))
    assert list(match.handle(Began(), 5.0)) == [Introduce(["a", "", "a"]), Trigger()]
    assert (match.asked, match.deadline()) == (None, 65.0)


def test_turn() -> None:
    """Action to request, decision to response and the next trigger; payloads are handed on as the same objects."""
    match = began(time_limit=5, game_time_limit=60)
    state, decision = object(), object()
    (ask,) = match.handle(Asked(1, state), 101.0)
    assert isinstance(ask, Ask)
    assert (ask.seat, ask.limit) == (1, 5.0)
    assert ask.state is state
    assert (match.asked, match.turns, match.deadline()) == (1, 1, 106.0)
    respond, trigger = match.handle(Decided(1, decision), 103.5)
    assert isinstance(respond, Respond)
    assert (respond.seat, respond.elapsed) == (1, 2.5)
    assert respond.decision is decision
    assert trigger == Trigger()
    assert (match.asked, match.turns, match.deadline()) == (None, 1, 163.5)


def test_end() -> None:
    """The game says that it is over: completed, nobody's fault, with turns and seconds."""
    match = asked(now=100.0)
    match.handle(Decided(0, b"move"), 101.0)
    (finish,) = match.handle(Ended(), 107.25)
    assert finish == Finish(Outcome(Cause.COMPLETED, None, 1, 7.25))
    assert match.outcome == Outcome(Cause.COMPLETED, None, 1, 7.25)
    assert over(match).completed
    assert match.deadline() == inf


def test_end_at_once() -> None:
    """A game may end before it has asked anybody."""
    assert list(began().handle(Ended(), 100.0)) == [Finish(Outcome(Cause.COMPLETED, None, 0, 0.0))]


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("players", [1, 255])
def test_fewest_and_most_players(players: int, policy: FailurePolicy) -> None:
    """Each seat of one, and of 255, can be asked and answers; the one above cannot."""
    match = began(players, on_failure=policy)
    for seat in range(players):
        assert play(match, [Asked(seat, seat), Decided(seat, -seat)]) == [
            Ask(seat, seat, 5.0),
            Respond(seat, -seat, 0.0),
            Trigger(),
        ]
    assert match.turns == players
    match.handle(Asked(players, b""), 100.0)
    assert over(match).cause is Cause.GAME_FAULT


def test_same_player_again_and_again() -> None:
    """Who is asked is the game's choice; nobody takes turns by rule."""
    match = began()
    for turn in range(5):
        assert play(match, [Asked(1, turn), Decided(1, turn)]) == [Ask(1, turn, 5.0), Respond(1, turn, 0.0), Trigger()]


@pytest.mark.parametrize("event", EVERY_EVENT)
@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("last", [Ended(), GameLost(Cause.DISCONNECTED), Stopped(Cause.BROKER_STOPPING), Asked(2, b"")])
def test_nothing_after_the_end(last: Event, policy: FailurePolicy, event: Event) -> None:
    """Whatever comes later has no effect, and the outcome stands."""
    match = began(on_failure=policy)
    match.handle(last, 100.0)
    outcome = over(match)
    assert list(match.handle(event, 1e9)) == []
    assert match.outcome is outcome
    assert match.deadline() == inf


# The game at fault.


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("player", [2, 3, 255])
def test_player_that_is_not_there(player: int, policy: FailurePolicy) -> None:
    """The game is at fault by name, under any policy; it counts as no turn."""
    match = began(on_failure=policy)
    (finish,) = match.handle(Asked(player, b""), 103.0)
    assert isinstance(finish, Finish)
    assert attrs.astuple(finish.outcome)[:4] == (Cause.GAME_FAULT, None, 0, 3.0)
    assert finish.outcome.at_fault == "game"
    assert f"player {player}" in finish.outcome.detail
    assert "0 to 1" in finish.outcome.detail


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("event", [Asked(0, b""), Asked(1, b""), Asked(9, b""), Ended()])
def test_game_goes_on_while_a_player_is_asked(event: Event, policy: FailurePolicy) -> None:
    """To ask again, or to end, before the answer is there is the game's fault."""
    match = asked(seat=1, on_failure=policy)
    (finish,) = match.handle(event, 100.0)
    assert isinstance(finish, Finish)
    assert (finish.outcome.cause, finish.outcome.at_fault, finish.outcome.turns) == (Cause.GAME_FAULT, "game", 1)
    assert "while player 1 was being asked" in finish.outcome.detail


def test_two_actions_in_one_piece() -> None:
    """The second is not kept for later: a game speaks once a trigger."""
    effects = play(began(), [Asked(0, b"one"), Asked(0, b"two")])
    assert effects[0] == Ask(0, b"one", 5.0)
    assert isinstance(effects[1], Finish)
    assert effects[1].outcome.cause is Cause.GAME_FAULT


# Words that nobody asked for.


def test_decision_unasked_counts_for_nothing() -> None:
    """Before the first request, between two, and while another is asked: never an answer to what is asked later."""
    match = began()
    assert list(match.handle(Decided(0, b"early"), 100.0)) == [NotTaken(0, Cause.NOT_ASKED)]
    assert play(match, [Asked(1, b"state")]) == [Ask(1, b"state", 5.0)]
    assert list(match.handle(Decided(0, b"early"), 100.0)) == [NotTaken(0, Cause.NOT_ASKED)]
    assert match.asked == 1
    assert play(match, [Decided(1, b"move"), Decided(1, b"another")])[2:] == [NotTaken(1, Cause.NOT_ASKED)]
    assert play(match, [Asked(0, b"state"), Decided(0, b"answer")]) == [
        Ask(0, b"state", 5.0),
        Respond(0, b"answer", 0.0),
        Trigger(),
    ]


def test_unasked_word_moves_no_deadline() -> None:
    """It gains time neither for the game nor for who is asked."""
    match = began(game_time_limit=60)
    match.handle(Decided(0, b""), 130.0)
    assert match.deadline() == 160.0
    match.handle(Asked(1, b""), 140.0)
    match.handle(Decided(0, b""), 142.0)
    assert match.deadline() == 145.0


@pytest.mark.parametrize("max_unasked", [0, 1, 3])
@pytest.mark.parametrize("someone_is_asked", [False, True])
def test_one_word_too_many_ends_the_match(max_unasked: int, someone_is_asked: bool) -> None:
    """So many are borne; the next is a violation, by name, and the match ends."""
    match = began(3, max_unasked=max_unasked)
    if someone_is_asked:
        match.handle(Asked(0, b""), 100.0)
    for _ in range(max_unasked):
        assert list(match.handle(Decided(1, b""), 100.0)) == [NotTaken(1, Cause.NOT_ASKED)]
    not_taken, finish = match.handle(Decided(1, b""), 101.0)
    assert not_taken == NotTaken(1, Cause.NOT_ASKED)
    assert isinstance(finish, Finish)
    assert (finish.outcome.cause, finish.outcome.seat) == (Cause.PROTOCOL_VIOLATION, 1)
    assert finish.outcome.at_fault == "player 1"
    assert f"{max_unasked + 1} times without being asked" in finish.outcome.detail


def test_one_word_too_many_dismisses_under_tell_game() -> None:
    """The match goes on without that bot, and what it says from then on changes nothing more."""
    match = began(3, max_unasked=1, on_failure=TELL_GAME)
    not_taken, dismiss = play(match, [Decided(1, b""), Decided(1, b"")])[1:]
    assert not_taken == NotTaken(1, Cause.NOT_ASKED)
    assert isinstance(dismiss, Dismiss)
    assert (dismiss.seat, dismiss.cause) == (1, Cause.PROTOCOL_VIOLATION)
    assert list(match.handle(Decided(1, b""), 100.0)) == [NotTaken(1, Cause.NOT_ASKED)]
    assert play(match, [Asked(1, b"")]) == [Fail(1, Cause.PROTOCOL_VIOLATION), Trigger()]
    assert play(match, [Asked(0, b"")]) == [Ask(0, b"", 5.0)]


def test_each_player_has_strikes_of_its_own() -> None:
    """One bot's words are not counted against another, and answers between them do not wipe them out."""
    match = began(max_unasked=2)
    for _ in range(2):
        assert play(match, [Decided(0, b""), Decided(1, b"")]) == [
            NotTaken(0, Cause.NOT_ASKED),
            NotTaken(1, Cause.NOT_ASKED),
        ]
        play(match, [Asked(0, b""), Decided(0, b"")])
    assert match.outcome is None
    match.handle(Decided(0, b""), 100.0)
    assert over(match).seat == 0


# Time limits.


def test_too_early_is_harmless() -> None:
    """TimeReached before the deadline changes nothing, in both kinds of waiting."""
    match = began(time_limit=5, game_time_limit=60)
    assert list(match.handle(TimeReached(), 159.999)) == []
    match.handle(Asked(0, b""), 150.0)
    assert list(match.handle(TimeReached(), 154.999)) == []
    assert (match.asked, match.deadline(), match.outcome) == (0, 155.0, None)


@pytest.mark.parametrize("late", [0.0, 0.5, 1000.0])
def test_time_out_ends_the_match(late: float) -> None:
    """At the deadline, or whenever it is looked at later: the player is at fault."""
    match = asked(seat=1, time_limit=2.5)
    (finish,) = match.handle(TimeReached(), match.deadline() + late)
    assert finish == Finish(Outcome(Cause.TIME_LIMIT, 1, 1, 2.5 + late, "it did not answer within 2.5 s"))
    assert over(match).at_fault == "player 1"


@pytest.mark.parametrize("policy", FailurePolicy)
def test_answer_after_the_deadline_counts_until_time_has_its_say(policy: FailurePolicy) -> None:
    """The broker's own delay is not the player's fault: what is handled before TimeReached is in time."""
    match = asked(time_limit=2, on_failure=policy)
    assert list(match.handle(Decided(0, b"move"), 103.0)) == [Respond(0, b"move", 3.0), Trigger()]


def test_time_out_is_told_to_the_game() -> None:
    """Under tell-game: no answer, why, and the next trigger; the game's time begins anew and the bot stays."""
    match = asked(time_limit=2, game_time_limit=60, on_failure=TELL_GAME)
    assert list(match.handle(TimeReached(), 102.0)) == [Fail(0, Cause.TIME_LIMIT), Trigger()]
    assert (match.asked, match.deadline(), match.outcome) == (None, 162.0, None)
    assert play(match, [Asked(0, b"again")], 103.0) == [Ask(0, b"again", 2.0)]


@pytest.mark.parametrize("asked_again", [False, True])
def test_late_answer_is_dropped(asked_again: bool) -> None:
    """It is no strike, and not taken for the answer to a later question."""
    match = asked(time_limit=2, max_unasked=0, on_failure=TELL_GAME)
    match.handle(TimeReached(), 102.0)
    if asked_again:
        match.handle(Asked(0, b"second"), 103.0)
    assert list(match.handle(Decided(0, b"to the first"), 103.5)) == [NotTaken(0, Cause.TIME_LIMIT)]
    if not asked_again:
        match.handle(Asked(0, b"second"), 104.0)
    answer = match.handle(Decided(0, b"to the second"), 104.5)[0]
    assert answer == Respond(0, b"to the second", 1.5 if asked_again else 0.5)


def test_late_answer_while_another_is_asked() -> None:
    """It touches nobody else's turn."""
    match = asked(time_limit=2, on_failure=TELL_GAME)
    match.handle(TimeReached(), 102.0)
    match.handle(Asked(1, b""), 102.0)
    assert list(match.handle(Decided(0, b"late"), 103.0)) == [NotTaken(0, Cause.TIME_LIMIT)]
    assert (match.asked, match.deadline()) == (1, 104.0)
    assert list(match.handle(Decided(1, b"move"), 103.0)) == [Respond(1, b"move", 1.0), Trigger()]


def test_what_is_owed_adds_up_over_time_outs() -> None:
    """Three requests timed out: the next three answers are late, the fourth counts, a fifth is a strike."""
    match = began(time_limit=2, on_failure=TELL_GAME)
    for turn in range(3):
        match.handle(Asked(0, turn), 100.0 + 2 * turn)
        assert list(match.handle(TimeReached(), 102.0 + 2 * turn)) == [Fail(0, Cause.TIME_LIMIT), Trigger()]
    match.handle(Asked(0, 3), 107.0)
    effects = play(match, [Decided(0, turn) for turn in range(5)], 108.0)
    assert effects == [
        NotTaken(0, Cause.TIME_LIMIT),
        NotTaken(0, Cause.TIME_LIMIT),
        NotTaken(0, Cause.TIME_LIMIT),
        Respond(0, 3, 1.0),
        Trigger(),
        NotTaken(0, Cause.NOT_ASKED),
    ]
    assert match.turns == 4


def test_what_one_player_owes_is_not_anothers() -> None:
    """Debts are kept by seat."""
    match = asked(time_limit=2, on_failure=TELL_GAME)
    match.handle(TimeReached(), 102.0)
    assert play(match, [Asked(1, b""), Decided(1, b"move")], 102.0)[1] == Respond(1, b"move", 0.0)


def test_answer_dropped_leaves_the_request_open_to_its_deadline() -> None:
    """One answer a request: a bot that gave one answer to two requests times out a second time."""
    match = asked(time_limit=2, on_failure=TELL_GAME)
    match.handle(TimeReached(), 102.0)
    match.handle(Asked(0, b"second"), 102.0)
    match.handle(Decided(0, b"one"), 103.0)
    assert (match.asked, match.deadline()) == (0, 104.0)
    assert list(match.handle(TimeReached(), 104.0)) == [Fail(0, Cause.TIME_LIMIT), Trigger()]


@pytest.mark.parametrize("policy", FailurePolicy)
def test_game_that_does_not_go_on(policy: FailurePolicy) -> None:
    """The game's own limit, after its first trigger and after each later one, ends the match: its fault."""
    match = began(game_time_limit=60, on_failure=policy)
    play(match, [Asked(0, b""), Decided(0, b"")], 110.0)
    assert list(match.handle(TimeReached(), 169.0)) == []
    (finish,) = match.handle(TimeReached(), 170.0)
    assert isinstance(finish, Finish)
    assert (finish.outcome.cause, finish.outcome.at_fault) == (Cause.GAME_TIME_LIMIT, "game")
    assert "60 s" in finish.outcome.detail


def test_no_game_time_limit() -> None:
    """0 is none: a game may think for ever, but its bots may not."""
    match = began(time_limit=5, game_time_limit=0)
    assert match.deadline() == inf
    assert list(match.handle(TimeReached(), 1e12)) == []
    match.handle(Asked(0, b""), 1e6)
    assert match.deadline() == 1e6 + 5
    match.handle(Decided(0, b""), 1e6)
    assert match.deadline() == inf


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("is_asked", [False, True])
def test_match_time_limit(is_asked: bool, policy: FailurePolicy) -> None:
    """It ends the match whoever's turn it is, and is nobody's fault."""
    match = began(match_time_limit=30, time_limit=100, game_time_limit=100, on_failure=policy)
    if is_asked:
        match.handle(Asked(0, b""), 129.0)
    assert match.deadline() == 130.0
    (finish,) = match.handle(TimeReached(), 130.0)
    assert finish == Finish(Outcome(Cause.MATCH_TIME_LIMIT, None, int(is_asked), 30.0, "30 s are over"))
    assert over(match).at_fault == "nobody"


def test_match_time_limit_runs_from_the_beginning() -> None:
    """Turns do not move it."""
    match = began(match_time_limit=30)
    for turn in range(10):
        play(match, [Asked(0, b""), Decided(0, b"")], 100.0 + turn)
    assert match.deadline() == 130.0


def test_earlier_deadline_rules() -> None:
    """When both times are past, the limit that was reached first names the ending; at the same time, the match's."""
    player_first = asked(match_time_limit=30, time_limit=29)
    player_first.handle(TimeReached(), 1000.0)
    assert over(player_first).cause is Cause.TIME_LIMIT
    match_first = asked(match_time_limit=30, time_limit=31)
    match_first.handle(TimeReached(), 1000.0)
    assert over(match_first).cause is Cause.MATCH_TIME_LIMIT
    both = asked(match_time_limit=30, time_limit=30)
    both.handle(TimeReached(), 130.0)
    assert over(both).cause is Cause.MATCH_TIME_LIMIT
    game_first = began(match_time_limit=30, game_time_limit=29)
    game_first.handle(TimeReached(), 1000.0)
    assert over(game_first).cause is Cause.GAME_TIME_LIMIT


def test_time_out_told_then_match_over() -> None:
    """Under tell-game both have their say, one after the other, when both are past."""
    match = asked(match_time_limit=30, time_limit=29, on_failure=TELL_GAME)
    assert list(match.handle(TimeReached(), 1000.0)) == [Fail(0, Cause.TIME_LIMIT), Trigger()]
    assert match.deadline() == 130.0
    match.handle(TimeReached(), 1000.0)
    assert over(match).cause is Cause.MATCH_TIME_LIMIT


# A player is lost.


@pytest.mark.parametrize("cause", PLAYER_CAUSES)
@pytest.mark.parametrize("seat", [0, 1])
@pytest.mark.parametrize("is_asked", [False, True])
def test_loss_ends_the_match(is_asked: bool, seat: int, cause: Cause) -> None:
    """Asked or not, the match ends there, by the cause and detail of the loss and with the seat at fault."""
    match = asked(seat=0) if is_asked else began()
    (finish,) = match.handle(PlayerLost(seat, cause, "it went"), 104.0)
    assert finish == Finish(Outcome(cause, seat, int(is_asked), 4.0, "it went"))
    assert over(match).at_fault == f"player {seat}"


@pytest.mark.parametrize("cause", PLAYER_CAUSES)
def test_loss_of_who_is_asked_is_told(cause: Cause) -> None:
    """Under tell-game: farewell to the bot, the failed answer and a trigger to the game."""
    match = asked(seat=1, game_time_limit=60, on_failure=TELL_GAME)
    assert list(match.handle(PlayerLost(1, cause, "it went"), 104.0)) == [
        Dismiss(1, cause, "it went"),
        Fail(1, cause),
        Trigger(),
    ]
    assert (match.asked, match.deadline(), match.outcome) == (None, 164.0, None)


@pytest.mark.parametrize("cause", PLAYER_CAUSES)
@pytest.mark.parametrize("is_asked", [False, True])
def test_loss_of_who_is_not_asked_shows_when_it_is(is_asked: bool, cause: Cause) -> None:
    """Under tell-game nothing is said to the game until it asks that seat; then at once, each time."""
    match = began(game_time_limit=60, on_failure=TELL_GAME)
    if is_asked:
        match.handle(Asked(0, b""), 100.0)
    before = match.asked, match.deadline()
    assert list(match.handle(PlayerLost(1, cause, "it went"), 101.0)) == [Dismiss(1, cause, "it went")]
    assert (match.asked, match.deadline()) == before
    if is_asked:
        assert list(match.handle(Decided(0, b"move"), 102.0)) == [Respond(0, b"move", 2.0), Trigger()]
    for time in (103.0, 150.0):
        assert list(match.handle(Asked(1, b""), time)) == [Fail(1, cause), Trigger()]
        assert (match.asked, match.deadline()) == (None, time + 60)


@pytest.mark.parametrize("is_asked", [False, True])
@pytest.mark.parametrize("players", [1, 3])
def test_loss_of_the_last_player(players: int, is_asked: bool) -> None:
    """Under tell-game the match ends when nobody is left; the game need not ask to find out."""
    match = began(players, on_failure=TELL_GAME)
    for seat in range(players - 1):
        match.handle(PlayerLost(seat, Cause.DISCONNECTED), 100.0)
    if is_asked:
        match.handle(Asked(players - 1, b""), 100.0)
    dismiss, finish = match.handle(PlayerLost(players - 1, Cause.SLOW_CONSUMER, "it is slow"), 103.0)
    assert dismiss == Dismiss(players - 1, Cause.SLOW_CONSUMER, "it is slow")
    assert finish == Finish(Outcome(Cause.NO_PLAYERS_LEFT, None, int(is_asked), 3.0))
    assert over(match).at_fault == "nobody"


@pytest.mark.parametrize("policy", FailurePolicy)
def test_loss_of_the_only_player(policy: FailurePolicy) -> None:
    """With one player the policies differ only in the ending's name."""
    match = asked(1, on_failure=policy)
    match.handle(PlayerLost(0, Cause.DISCONNECTED), 100.0)
    assert over(match).cause is (Cause.DISCONNECTED if policy is END_MATCH else Cause.NO_PLAYERS_LEFT)


def test_loss_counts_once() -> None:
    """A seat that is lost cannot be lost again; the first cause stands."""
    match = began(3, on_failure=TELL_GAME)
    match.handle(PlayerLost(1, Cause.MESSAGE_TOO_LARGE), 100.0)
    assert list(match.handle(PlayerLost(1, Cause.DISCONNECTED), 100.0)) == []
    assert play(match, [Asked(1, b"")]) == [Fail(1, Cause.MESSAGE_TOO_LARGE), Trigger()]


def test_words_of_a_lost_player_are_no_answer() -> None:
    """What was still on its way when it went is dropped, and can end nothing."""
    match = began(3, max_unasked=0, on_failure=TELL_GAME)
    match.handle(PlayerLost(1, Cause.DISCONNECTED), 100.0)
    match.handle(Asked(0, b""), 100.0)
    for _ in range(5):
        assert list(match.handle(Decided(1, b"late"), 100.0)) == [NotTaken(1, Cause.NOT_ASKED)]
    assert match.asked == 0


def test_lost_player_that_owes_an_answer() -> None:
    """First too late, then gone: asked again, it fails for being gone, and what it owed is still dropped."""
    match = asked(time_limit=2, on_failure=TELL_GAME)
    match.handle(TimeReached(), 102.0)
    match.handle(PlayerLost(0, Cause.DISCONNECTED), 103.0)
    assert list(match.handle(Decided(0, b"late"), 103.0)) == [NotTaken(0, Cause.TIME_LIMIT)]
    assert list(match.handle(Asked(0, b""), 103.0)) == [Fail(0, Cause.DISCONNECTED), Trigger()]


# The game is lost, or the match is stopped.


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("is_asked", [False, True])
@pytest.mark.parametrize(
    ("cause", "named"),
    [
        (Cause.DISCONNECTED, Cause.GAME_LOST),
        (Cause.GAME_LOST, Cause.GAME_LOST),
        (Cause.PROTOCOL_VIOLATION, Cause.PROTOCOL_VIOLATION),
        (Cause.MESSAGE_TOO_LARGE, Cause.MESSAGE_TOO_LARGE),
        (Cause.SLOW_CONSUMER, Cause.SLOW_CONSUMER),
    ],
)
def test_game_lost(cause: Cause, named: Cause, is_asked: bool, policy: FailurePolicy) -> None:
    """Gone is game-lost; what it did wrong keeps its name; the game is at fault, not a player."""
    match = asked(on_failure=policy) if is_asked else began(on_failure=policy)
    (finish,) = match.handle(GameLost(cause, "it went"), 102.0)
    assert finish == Finish(Outcome(named, None, int(is_asked), 2.0, "it went"))
    assert over(match).at_fault == "game"


@pytest.mark.parametrize("policy", FailurePolicy)
@pytest.mark.parametrize("is_asked", [False, True])
@pytest.mark.parametrize(
    ("cause", "at_fault"),
    [(Cause.BROKER_STOPPING, "nobody"), (Cause.ABORTED, "nobody"), (Cause.BROKER_FAULT, "broker")],
)
def test_stopped(cause: Cause, at_fault: str, is_asked: bool, policy: FailurePolicy) -> None:
    """From outside, at any time, by the cause that is given."""
    match = asked(on_failure=policy) if is_asked else began(on_failure=policy)
    (finish,) = match.handle(Stopped(cause, "stopped"), 102.0)
    assert finish == Finish(Outcome(cause, None, int(is_asked), 2.0, "stopped"))
    assert over(match).at_fault == at_fault
    assert not over(match).completed


# Outcomes.


@pytest.mark.parametrize(
    ("cause", "seat", "at_fault"),
    [
        (Cause.COMPLETED, None, "nobody"),
        (Cause.TIME_LIMIT, 3, "player 3"),
        (Cause.DISCONNECTED, 0, "player 0"),
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


def test_events_effects_and_outcomes_do_not_change() -> None:
    """They are a recording: frozen."""
    for thing, name in (
        (Asked(0, b""), "player"),
        (Ask(0, b"", 1.0), "limit"),
        (Outcome(Cause.ABORTED, None, 0, 0), "cause"),
    ):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(thing, name, None)


@pytest.mark.parametrize("policy", FailurePolicy)
def test_same_events_same_effects(policy: FailurePolicy) -> None:
    """A match is a function of its events: played again, it is the same."""
    events: list[Event] = [
        Began(),
        Asked(0, 1),
        Decided(1, 2),
        Decided(0, 3),
        Asked(1, 4),
        TimeReached(),
        Asked(1, 5),
        Decided(1, 6),
        PlayerLost(0, Cause.SLOW_CONSUMER),
        Ended(),
    ]
    settings = Settings(num_players=2, on_failure=policy, time_limit=3, game_time_limit=4)

    def replay() -> list[Effect]:
        match = Match(["a", "b"], settings)
        return [effect for now, event in enumerate(events) for effect in match.handle(event, 3.0 * now)]

    assert replay() == replay()
