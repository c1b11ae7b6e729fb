"""Matches in one process: the user's code is called, the rules hold, and time takes none."""

import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from bitbroker.client import (
    Action,
    AnswerFailedError,
    AsyncTable,
    BaseBot,
    BaseGame,
    Cause,
    Player,
    Result,
    Table,
    TimeControl,
)
from bitbroker.client.session import Session
from bitbroker.errors import SettingsError
from bitbroker.examples.connect_four.game import ConnectFour
from bitbroker.examples.connect_four.random_bot import RandomBot
from bitbroker.examples.connect_four.search_bot import SearchBot
from bitbroker.testing import (
    Cut,
    Delay,
    MatchNotBegunError,
    MatchReport,
    ScriptedBot,
    ScriptedGame,
    Wire,
    aplay_match,
    play_match,
)
from bitbroker.wire.messages import Message


class Count(BaseGame[bytes, bytes]):
    """Asks everyone in turn for a number, until it has as many as it wants; the largest one wins."""

    def __init__(self, rounds: int = 2) -> None:
        self.rounds = rounds
        self.numbers: list[int] = []
        self.players: Sequence[Player] = ()

    def initialise(self, players: Sequence[Player]) -> None:
        """Note who plays."""
        self.players = players

    def next_action(self) -> Action:
        """Ask the next player, or end."""
        count, asked = len(self.players), len(self.numbers)
        if asked == self.rounds * count:
            return Action.end_game([sum(self.numbers[seat::count]) for seat in range(count)])
        return Action.player_action(asked % count, b"%d" % asked)

    def deliver_response(self, response: bytes) -> None:
        """Note a number."""
        self.numbers.append(int(response))


class Doubler(BaseBot):
    """Says twice what it is asked."""

    NAME = "doubler"

    def decide_move(self, state: bytes) -> bytes:
        """Twice as much."""
        return b"%d" % (2 * int(state))


class Thinker(BaseBot):
    """Thinks for a while, and then says twice what it is asked; has no name of its own."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def decide_move(self, state: bytes) -> bytes:
        """Think, then say twice as much."""
        await trio.sleep(self.seconds)
        return b"%d" % (2 * int(state))


ONE = Doubler()


def test_report_says_all() -> None:
    """Names, turns with payloads and times, scores, and a completed outcome."""
    report = play_match(Count(), [Doubler(), Thinker(3)])
    assert report.completed
    assert (report.cause, report.at_fault, report.detail) == (Cause.COMPLETED, "nobody", "")
    assert [seat.name for seat in report.seats] == ["doubler", "Thinker"]
    assert [report.answers(seat) for seat in (0, 1)] == [[b"0", b"4"], [b"2", b"6"]]
    assert [seat.seconds for seat in report.seats] == [[0, 0], [3, 3]]
    assert [turn.number for turn in report.turns] == [1, 2, 3, 4]
    assert [turn.state for turn in report.turns] == [b"0", b"1", b"2", b"3"]
    assert [turn.began for turn in report.turns] == [0, 0, 3, 3]
    assert {turn.cause for turn in report.turns} == {Cause.NONE}
    assert report.outcome.turns == 4
    assert report.scores == [4, 8]
    assert report.seconds == 6


def test_report_is_a_transcript() -> None:
    """Printed, it has a line for each player, for each turn and for the end; a long payload is cut."""
    report = play_match(ScriptedGame([Action.player_action(0, bytes(100))]), [Thinker(99)], time_limit=0.1)
    zeros = repr(bytes(60))[1:]
    assert str(report).splitlines() == [
        "player 0: Thinker",
        f"    0.000 s  turn 1, player 0: {zeros}... (100 bytes) -> time-limit after 0.100 s",
        "    0.100 s  time-limit, at fault: player 0 (it did not answer within 0.1 s)",
    ]


def test_virtual_time_takes_none() -> None:
    """An hour of thinking is over at once."""
    began = time.monotonic()
    report = play_match(Count(), [Thinker(3600)], time_limit=5000)
    assert report.completed
    assert report.seconds == 7200
    assert time.monotonic() - began < 3600


def test_real_time_is_real() -> None:
    """For code that waits for other processes: here a worker thread, which the virtual clock would not wait for."""

    class Threaded(BaseBot):
        async def decide_move(self, state: bytes) -> bytes:
            return await trio.to_thread.run_sync(Doubler().decide_move, state)

    report = play_match(Count(), [Threaded()], real_time=True, time_limit=60)
    assert report.completed
    assert report.seconds > 0


def test_same_match_gives_same_report() -> None:
    """Two matches of the same bots with the same seeds are equal to the last bit."""

    def play() -> MatchReport:
        return play_match(ConnectFour(), [RandomBot(7), SearchBot()])

    first = play()
    assert first == play()
    assert first.completed
    assert first != play_match(ConnectFour(), [RandomBot(8), SearchBot()])


def test_settings_are_the_brokers() -> None:
    """Its rules go by them: time limits, policies, sizes."""
    report = play_match(Count(), [Thinker(3)], time_limit=2)
    assert (report.cause, report.at_fault, report.seconds) == (Cause.TIME_LIMIT, "player 0", 2)
    report = play_match(Count(), [Thinker(3)], match_time_limit=5)
    assert (report.cause, report.at_fault, report.seconds) == (Cause.MATCH_TIME_LIMIT, "nobody", 5)
    report = play_match(Count(), [ScriptedBot([bytes(1025)])], max_payload_bytes=1024, wire="basic")
    assert (report.cause, report.at_fault) == (Cause.MESSAGE_TOO_LARGE, "player 0")
    with pytest.raises(ValueError, match="a decision of 1,025 bytes: the broker takes up to 1,024"):
        play_match(Count(), [ScriptedBot([bytes(1025)])], max_payload_bytes=1024)


def test_environment_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test must not depend on what a shell has set; nor are scores written for whoever may wait for them."""
    monkeypatch.setenv("BROKER_TIME_LIMIT", "0.5")
    monkeypatch.setenv("BROKER_SCORES", os.devnull + "/nowhere")
    assert play_match(Count(), [Thinker(3)]).scores == [2]


def test_users_exception_arrives_bare() -> None:
    """Neither wrapped nor changed: its cause is the user's own."""
    reason = ValueError("the reason")

    class Broken(BaseBot):
        def decide_move(self, state: bytes) -> bytes:
            raise KeyError("mine") from reason

    with pytest.raises(KeyError, match="mine") as caught:
        play_match(Count(), [Doubler(), Broken()])
    assert caught.value.__cause__ is reason


def test_users_group_is_not_opened() -> None:
    """An exception group of the user's own arrives as it was raised."""
    mine = ExceptionGroup("mine", [ValueError("one")])

    class Broken(BaseBot):
        async def decide_move(self, state: bytes) -> bytes:
            raise mine

    with pytest.raises(ExceptionGroup) as caught:
        play_match(Count(), [Broken()])
    assert caught.value.message == "mine"
    assert caught.value.exceptions == mine.exceptions


def test_failed_answer_without_a_method_for_it() -> None:
    """Under tell-game, a game that has no `deliver_failure` learns that it needs one."""
    with pytest.raises(AnswerFailedError, match=r"player 0 gave no answer \(time-limit\)"):
        play_match(Count(), [Thinker(6)], on_failure="tell-game")


def test_busy_bot_is_cancelled_after_the_match() -> None:
    """A bot that would think for ever does not hold up the report; its own clean-up runs."""
    ends = []

    class Stuck(BaseBot):
        async def decide_move(self, state: bytes) -> bytes:
            try:
                await trio.sleep_forever()
            finally:
                ends.append(trio.current_time())
            return b""

    report = play_match(Count(), [Stuck()], time_limit=5, close_timeout=2)
    assert report.cause is Cause.TIME_LIMIT
    assert ends == [7]


@pytest.mark.parametrize("wire", ["auto", "basic"])
def test_either_wire(wire: Wire) -> None:
    """The same match and the same report, scores included."""
    report = play_match(Count(), [Doubler(), Thinker(3)], wire=wire)
    assert (report.cause, report.scores, report.seconds) == (Cause.COMPLETED, [4, 8], 6)
    assert [report.answers(seat) for seat in (0, 1)] == [[b"0", b"4"], [b"2", b"6"]]


class Auction(BaseGame[bytes, bytes]):
    """Asks both players at once, and shows the spectators each round."""

    PLAYERS = 2
    TIME_CONTROL = TimeControl(move=1, bank=5)

    async def play(self, table: AsyncTable[bytes, bytes]) -> None:
        """Two rounds."""
        for number in (1, 2):
            await table.ask_all(dict.fromkeys((0, 1), b"%d" % number))
            await table.publish(b"round %d" % number)
        await table.end(Result(scores={0: 1}, reason="sold"))


def test_turn_for_several_players() -> None:
    """Its requests share a number, and each ends in its own time, bank included; what is published is kept."""
    report = play_match(Auction(), [Doubler(), Thinker(3)])
    assert [(turn.number, turn.seat, turn.began, turn.seconds) for turn in report.turns] == [
        (1, 0, 0, 0),
        (1, 1, 0, 3),
        (2, 0, 3, 0),
        (2, 1, 3, 3),
    ]
    assert report.published == [b"round 1", b"round 2"]
    assert (report.scores, report.outcome.result and report.outcome.result.reason) == (None, "sold")


def test_who_waits_is_not_blamed() -> None:
    """When the match ends by one player's fault, the request to the other one is aborted."""
    report = play_match(Auction(), [Thinker(4), ScriptedBot([Delay(2, Cut())])])
    assert (report.cause, report.at_fault) == (Cause.DISCONNECTED, "player 1")
    assert [(turn.seat, turn.cause, turn.seconds) for turn in report.turns] == [
        (0, Cause.ABORTED, 2),
        (1, Cause.DISCONNECTED, 2),
    ]


def test_match_waits_for_who_may_come_back() -> None:
    """With `resume_grace` as a real broker has it: nobody comes back here, but the match waits for it."""
    report = play_match(Auction(), [Doubler(), ScriptedBot([Cut()])], resume_grace=2)
    assert (report.cause, report.seconds) == (Cause.DISCONNECTED, 2)
    assert report.detail == "it did not come back within 2 s"


def test_game_that_wants_others() -> None:
    """A game may say how many players it has; then so many bots it must be given."""
    with pytest.raises(MatchNotBegunError, match=r"^the game wants 2 players, and was given 1 bots$"):
        play_match(Auction(), [Doubler()])


class Blocking(BaseGame[bytes, bytes]):
    """A game that is written as it is thought, and computes for a while between its questions."""

    def play(self, table: Table[bytes, bytes]) -> None:
        """Ask, compute, ask, compute."""
        for _ in range(2):
            table.ask(0, b"1")
            sum(range(1_000_000))  # while no task has anything to do, so that a clock which did not wait would jump
        table.end([1])


def test_clock_waits_for_the_game_in_its_thread() -> None:
    """What a game with `def play` computes takes no time, as with all others; its players' time is told."""
    report = play_match(Blocking(), [Thinker(3)], game_time_limit=1)
    assert (report.cause, report.seconds) == (Cause.COMPLETED, 6)
    report = play_match(Blocking(), [Thinker(6)])
    assert (report.cause, report.seconds) == (Cause.TIME_LIMIT, 5)


async def test_clock_waits_for_every_thread(autojump_clock: MockClock) -> None:
    """Of several matches in one Trio; behind them the clock is as it was."""
    async with trio.open_nursery() as nursery:
        for seconds in (1, 3):
            nursery.start_soon(partial(aplay_match, Blocking(), [Thinker(seconds)], game_time_limit=1))
    assert trio.current_time() == 6
    assert autojump_clock.autojump_threshold == 0


def test_exception_from_a_thread_arrives_bare() -> None:
    """As from anywhere else."""

    class Broken(BaseGame[bytes, bytes]):
        def play(self, _table: Table[bytes, bytes]) -> None:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        play_match(Broken(), [Doubler()])


def test_client_that_says_no_hello() -> None:
    """A `play_match` of the user's own that does not do its part is named, instead of a wait for ever."""

    class Mute(Doubler):
        async def play_match(self, session: Session) -> None:
            await trio.sleep_forever()

    class Gone(Doubler):
        async def play_match(self, session: Session) -> None:
            pass

    class Mad(Doubler):
        async def play_match(self, session: Session) -> None:
            await session.send(Message(0, 2), Message(0, 0x22, b"\xff"))

    for bot, words in (
        (Mute(), "the bot in seat 1 did not say who it is within 10 s"),
        (Gone(), "the bot in seat 1 did not say who it is: it closed the connection"),
        (Mad(), "the bot in seat 1 did not say who it is: what followed the bot's hello is no bot info"),
    ):
        with pytest.raises(MatchNotBegunError, match=words):
            play_match(Count(), [Doubler(), bot])


@pytest.mark.parametrize(
    ("bots", "settings", "error", "words"),
    [
        ([], {}, ValueError, "bots is empty: a match needs a bot for each seat, 1 to 255 of them"),
        ([Doubler()], {"game": Count}, TypeError, "Count'>: it must be an instance of a BaseGame"),
        ([ONE, ONE], {}, ValueError, "bots[1] is bots[0] once more: each seat needs an instance of its own"),
        ([Doubler], {}, TypeError, "bots[0] is <class "),
        ([Doubler()], {"wire": "binary"}, ValueError, "wire is 'binary': it must be 'auto' or 'basic'"),
        ([Doubler()], {"num_players": 1}, SettingsError, "leave it out, it is the number of bots"),
        ([Doubler()], {"time": 1}, SettingsError, "the match was given 'time', which is no setting; there are num_"),
        ([Doubler()], {"timelimit": 1}, SettingsError, "no setting; did you mean time_limit?"),
        ([Doubler()], {"time_limit": -1}, SettingsError, "BROKER_TIME_LIMIT (--time-limit) is '-1': it must be"),
    ],
)
def test_bad_arguments(bots: list[Any], settings: dict[str, Any], error: type[Exception], words: str) -> None:
    """Each says what is wrong and what would be right."""
    game: Any = settings.pop("game", Count())
    with pytest.raises(error) as caught:
        play_match(game, bots, **settings)
    assert words in str(caught.value)


async def test_within_trio(autojump_clock: MockClock) -> None:
    """`aplay_match` plays on the clock that runs, beside others; `play_match` says that it can not."""
    with pytest.raises(RuntimeError, match="await aplay_match"):
        play_match(Count(), [Doubler()])
    reports: list[MatchReport] = []

    async def play(seconds: float) -> None:
        reports.append(await aplay_match(Count(), [Thinker(seconds)]))

    async with trio.open_nursery() as nursery:
        for seconds in (3, 1, 2):
            nursery.start_soon(play, seconds)
    assert [report.seconds for report in reports] == [2, 4, 6]
    assert trio.current_time() == 6


async def test_within_trio_may_be_cancelled(autojump_clock: MockClock) -> None:
    """A deadline of the user's own ends a match like anything else."""
    with trio.move_on_after(1) as scope:
        await aplay_match(Count(), [Thinker(3), Thinker(3)])
    assert scope.cancelled_caught


async def test_two_crash_in_the_same_instant(autojump_clock: MockClock) -> None:
    """Nobody's exception is lost: both arrive, in a group."""
    now = trio.Event()

    class Dying(Count):
        async def on_terminated(self) -> None:
            await now.wait()
            raise KeyError("game")

    class Late(BaseBot):
        async def decide_move(self, state: bytes) -> bytes:
            await now.wait()
            raise KeyError("bot")

    async def let_them() -> None:
        await trio.sleep(6)
        now.set()

    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012 - the nursery is what raises
        async with trio.open_nursery() as nursery:
            nursery.start_soon(let_them)
            await aplay_match(Dying(), [Late()], time_limit=5)
    (both,) = caught.value.exceptions
    assert isinstance(both, ExceptionGroup)
    assert {str(error) for error in both.exceptions} == {"'game'", "'bot'"}


def test_partial_is_enough() -> None:
    """Many matches are a loop; each is told apart by what the user makes of it."""
    play = partial(play_match, time_limit=1)
    reports = [play(Count(rounds), [Doubler(), Doubler()]) for rounds in range(5)]
    assert [len(report.turns) for report in reports] == [0, 2, 4, 6, 8]
