"""Scripted clients: each kind of trouble, by both policies, to its cause."""

from itertools import repeat

import pytest

from bitbroker._pb.examples.connect_four_pb2 import Move
from bitbroker.client import Action, BaseBot, Cause, Player
from bitbroker.testing import (
    Chatter,
    Cut,
    Delay,
    Nonsense,
    ScriptedBot,
    ScriptedGame,
    ScriptOverError,
    Silence,
    Step,
    TroubledBot,
    play_match,
)
from bitbroker.wire import basic


def ask(*seats: int) -> list[Step]:
    """A script that asks these seats, each with its turn's number."""
    return [Action.player_action(seat, b"%d" % number) for number, seat in enumerate(seats, 1)]


TROUBLE: list[tuple[Step, Cause, str, float]] = [
    (Cut(), Cause.DISCONNECTED, "it closed the connection", 0),
    (Silence(), Cause.TIME_LIMIT, "it did not answer within 5 s", 5),
    (Nonsense(), Cause.PROTOCOL_VIOLATION, "it sent a line that is not padded base64: 'nonsense!\\n'", 0),
    (Delay(5.001, b"late"), Cause.TIME_LIMIT, "it did not answer within 5 s", 5),
    (Delay(2, Cut()), Cause.DISCONNECTED, "it closed the connection", 2),
    (Nonsense(b"A" * 8000), Cause.MESSAGE_TOO_LARGE, "it sent a message of more than 5,120 bytes", 0),
]


@pytest.mark.parametrize(("step", "cause", "detail", "seconds"), TROUBLE)
def test_trouble_ends_the_match(step: Step, cause: Cause, detail: str, seconds: float) -> None:
    """Under end-match: the bot is at fault, at the right time, and the game is told that it is over."""
    game = ScriptedGame(ask(0, 1, 0))
    report = play_match(game, [ScriptedBot(repeat(b"fine")), ScriptedBot([step])], max_payload_bytes=1024)
    assert (report.cause, report.at_fault, report.detail) == (cause, "player 1", detail)
    assert report.seconds == seconds
    assert [turn.cause for turn in report.turns] == [Cause.NONE, cause]
    assert (report.turns[1].decision, report.turns[1].seconds) == (None, seconds)
    assert (game.answers, game.terminated) == ([b"fine"], True)


@pytest.mark.parametrize(("step", "cause", "_detail", "seconds"), TROUBLE)
def test_trouble_is_told_to_the_game(step: Step, cause: Cause, _detail: str, seconds: float) -> None:
    """Under tell-game: the game hears the cause, goes on with the other one, and ends the match itself."""
    game = ScriptedGame(ask(0, 1, 0))
    bots = [ScriptedBot(repeat(b"fine")), ScriptedBot([step])]
    report = play_match(game, bots, max_payload_bytes=1024, on_failure="tell-game")
    assert (report.cause, report.at_fault) == (Cause.COMPLETED, "nobody")
    assert report.seconds == seconds
    assert (game.answers, game.terminated) == ([b"fine", cause, b"fine"], False)


@pytest.mark.parametrize(
    ("step", "cause", "detail", "seconds"),
    [
        (Cut(), Cause.GAME_LOST, "it closed the connection", 0),
        (Silence(), Cause.GAME_TIME_LIMIT, "it did not go on within 60 s", 60),
        (Delay(61, Action.end_game()), Cause.GAME_TIME_LIMIT, "it did not go on within 60 s", 60),
        (Nonsense(), Cause.PROTOCOL_VIOLATION, "it sent a line that is not padded base64: 'nonsense!\\n'", 0),
    ],
)
def test_trouble_of_the_game(step: Step, cause: Cause, detail: str, seconds: float) -> None:
    """The game is at fault by the right cause; what was asked until then is in the report."""
    report = play_match(ScriptedGame([*ask(0), step]), [ScriptedBot([b"fine"])])
    assert (report.cause, report.at_fault, report.detail) == (cause, "game", detail)
    assert report.seconds == seconds
    assert report.answers(0) == [b"fine"]


def test_trouble_of_the_basic_wire() -> None:
    """A word that is none there, and a game that asks for somebody who is not there."""
    wrong = Nonsense(basic.END.to_line())
    report = play_match(ScriptedGame(ask(0)), [ScriptedBot([wrong])], wire="basic")
    assert report.detail == "it sent <Message 00 fe + 0 B>, which is no decision"
    wrong = Nonsense(basic.action(1, b"").to_line())
    report = play_match(ScriptedGame([wrong]), [ScriptedBot([])], wire="basic")
    assert (report.cause, report.at_fault) == (Cause.GAME_FAULT, "game")
    assert report.detail == "it asked player 1; the players are 0 to 0"


def test_answer_at_the_last_moment_counts() -> None:
    """What is there when the deadline is looked at is in time, as with the broker."""
    report = play_match(ScriptedGame(ask(0)), [ScriptedBot([Delay(5, b"just")])], time_limit=5)
    assert report.answers(0) == [b"just"]


def test_late_answer_is_no_answer_to_the_next_question() -> None:
    """Under tell-game: the late one is dropped, the next one is the next one's."""
    game = ScriptedGame(ask(0, 0))
    report = play_match(game, [ScriptedBot([Delay(6, b"late"), b"second"])], on_failure="tell-game")
    assert game.answers == [Cause.TIME_LIMIT, b"second"]
    assert report.seats[0].not_taken == [Cause.TIME_LIMIT]
    assert [turn.seconds for turn in report.turns] == [5, 1]


def test_chatter_is_counted_up_to_the_limit() -> None:
    """What nobody asked for does not count; once too often is a violation."""
    bots = [ScriptedBot([Chatter(b"a", 2), Chatter(b"b", 2), b"never"])]
    report = play_match(ScriptedGame(ask(0, 0, 0)), bots, max_unasked=3, wire="basic")
    assert report.answers(0) == [b"a", b"b"]
    assert report.seats[0].not_taken == [Cause.NOT_ASKED] * 4
    assert report.detail == "it spoke 4 times without being asked"


def test_chatter_on_the_extended_wire() -> None:
    """There an answer has its request's number, so that the second one is told apart, and the third one counted."""
    report = play_match(ScriptedGame(ask(0, 0)), [ScriptedBot([Chatter(b"a", 2), b"never"])], max_unasked=0)
    assert report.answers(0) == [b"a"]
    assert report.seats[0].not_taken == [Cause.ALREADY_ANSWERED] * 2
    assert (report.cause, report.detail) == (Cause.PROTOCOL_VIOLATION, "it spoke 1 times without being asked")


def test_everyone_lost_ends_the_match() -> None:
    """Under tell-game, the last player's end is the match's."""
    report = play_match(
        ScriptedGame(ask(0, 1, 0)), [ScriptedBot([Cut()]), ScriptedBot([Cut()])], on_failure="tell-game"
    )
    assert (report.cause, report.at_fault) == (Cause.NO_PLAYERS_LEFT, "nobody")


def test_script_that_is_over() -> None:
    """A bot that is asked more often than the test thought ends the test, with what it was asked."""
    with pytest.raises(ScriptOverError, match=r"bot 'short' is over and it was asked once more, with b'2': it has 1"):
        play_match(ScriptedGame(ask(0, 0)), [ScriptedBot([b"one"], name="short")])


def test_scripts_keep_what_they_hear() -> None:
    """States of the bot, players and answers of the game; protobuf messages are answers too."""
    bot, game = ScriptedBot([b"one", Move(column=3)]), ScriptedGame(ask(0, 0))
    report = play_match(game, [bot])
    assert bot.states == [b"1", b"2"]
    assert game.players == [Player(0, "scripted")]
    assert game.answers == [b"one", Move(column=3).SerializeToString()] == report.answers(0)
    assert not game.terminated


def test_script_goes_on_over_matches() -> None:
    """One script, two matches."""
    bot = ScriptedBot([b"one", b"two"])
    answers = [play_match(ScriptedGame(ask(0)), [bot]).answers(0) for _ in range(2)]
    assert answers == [[b"one"], [b"two"]]


def test_another_bot_in_trouble() -> None:
    """It answers for itself, late where it is told to, until it is cut; its name stays."""

    class Shouter(BaseBot):
        def decide_move(self, state: bytes) -> bytes:
            return state + b"!"

    report = play_match(ScriptedGame(ask(0, 0, 0, 0)), [TroubledBot(Shouter(), {2: Delay(4), 3: b"no", 4: Cut()})])
    assert report.seats[0].name == "Shouter"
    assert report.answers(0) == [b"1!", b"2!", b"no"]
    assert report.seats[0].seconds == [0, 4, 0]
    assert report.cause is Cause.DISCONNECTED
