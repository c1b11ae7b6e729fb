"""Games that are written as they are thought, with `def play`, in a thread; and Ctrl-C. On a real clock."""

import signal
import threading
from collections.abc import Callable

import pytest
import trio

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client import BaseBot, BaseGame, Cause, MatchOverError, Outcome, Table
from bitbroker.wire import extended
from bitbroker.wire.messages import Message

from .scripted import answer, failure, outcome, request, scripted, start, turn_result, welcome


class Blocking(BaseGame):
    """Three turns, as one would tell it."""

    def __init__(self) -> None:
        self.notes: list[object] = []
        self.outcomes: list[Outcome | None] = []

    def play(self, table: Table) -> None:
        """In a thread."""
        self.notes.append(threading.current_thread() is threading.main_thread())
        self.notes.append([player.name for player in table.players])
        answers = table.ask_all({0: b"a", 1: b"b"})
        self.notes += [answers[0].decision, answers[1].cause]
        table.publish(b"picture")
        self.notes.append(table.ask(1, b"c", limit=1).decision)
        self.outcomes.append(table.end([1, 0]))

    def on_terminated(self) -> None:
        """Note it."""
        self.notes.append("terminated")


def test_play_in_a_thread() -> None:
    """Everything that the table has, by blocking calls."""
    game = Blocking()
    results = [turn_result(1, answer(0, b"A"), failure(1)), turn_result(2, answer(1, b"C"))]
    with scripted([welcome(), start(), *results, outcome()]) as broker:
        game.run()
    assert game.notes == [False, ["bot 0", "bot 1"], b"A", Cause.TIME_LIMIT, b"C"]
    assert game.outcomes == [Outcome("7", Cause.COMPLETED)]
    codes = [extended.code(message) for message in broker.heard()[1:]]
    assert codes == [extended.TURN, extended.PUBLISH, extended.TURN, extended.RESULT]


def test_broker_ends_the_match() -> None:
    """The error passes through the thread and ends where it should."""
    game = Blocking()
    with scripted([welcome(), start(), outcome(pb.CAUSE_TIME_LIMIT, seat=0)]):
        game.run()
    assert game.notes[2:] == ["terminated"]


def test_table_from_another_thread() -> None:
    """The table may be handed on."""

    class Handing(Blocking):
        def play(self, table: Table) -> None:
            helper = threading.Thread(target=lambda: self.notes.append(table.ask(0, b"").decision))
            helper.start()
            helper.join()

    game = Handing()
    with scripted([welcome(), start(), turn_result(1, answer(0, b"A")), outcome()]):
        game.run()
    assert game.notes == [b"A"]


def test_exceptions_arrive_bare() -> None:
    """From the thread, as they were raised."""

    class MyError(Exception):
        pass

    class Broken(Blocking):
        def play(self, table: Table) -> None:
            with pytest.raises(MatchOverError):
                table.ask(0, b"")
            raise MyError

    with scripted([welcome(), start(), outcome(pb.CAUSE_ABORTED)]), pytest.raises(MyError) as caught:
        Broken().run()
    assert caught.value.__context__ is None


class Interrupted(BaseGame):
    """Is interrupted while it waits for something that never comes."""

    def __init__(self, wait: Callable[[Table], object]) -> None:
        self._wait = wait

    def play(self, table: Table) -> None:
        """Have somebody press Ctrl-C."""
        signal.raise_signal(signal.SIGINT)
        self._wait(table)


def test_ctrl_c_while_the_thread_waits() -> None:
    """For a player, or for anything else: the process ends with the shell's usual code, and waits for nobody."""
    never = threading.Event()
    try:
        for wait in (lambda table: table.ask(0, b""), lambda table: never.wait()):
            with scripted([welcome(), start()], open_ended=True), pytest.raises(SystemExit) as caught:
                Interrupted(wait).run()
            assert caught.value.code == 130
    finally:
        never.set()


def test_ctrl_c_while_a_bot_decides() -> None:
    """The same, out of the user's own code."""

    class Bot(BaseBot):
        def decide_move(self, state: bytes) -> bytes:
            signal.raise_signal(signal.SIGINT)
            return b""

    with scripted([welcome(), start(0), request(1)]) as broker, pytest.raises(SystemExit) as caught:
        Bot().run()
    assert caught.value.code == 130
    assert broker.heard()[2:] == [Message(*extended.LEAVE)]


def test_game_that_is_cancelled_leaves_its_thread() -> None:
    """`arun` ends at once; the table is of no more use, and says so to the thread."""
    scope = trio.CancelScope()
    done = threading.Event()
    errors: list[type[BaseException]] = []

    class Cancelled(Blocking):
        def play(self, table: Table) -> None:
            trio.from_thread.run_sync(scope.cancel)
            try:
                table.ask(0, b"")
            except BaseException as error:
                errors.append(type(error))
                raise
            finally:
                done.set()

    async def main() -> None:
        with scope:
            await Cancelled().arun()
        assert scope.cancelled_caught
        assert await trio.to_thread.run_sync(done.wait, 60)

    with scripted([welcome(), start()], open_ended=True):
        trio.run(main)
    assert errors == [trio.ClosedResourceError]
