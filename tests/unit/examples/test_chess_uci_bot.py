"""The bot that drives a UCI engine, with an engine that is a script."""

import argparse
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import chess
import chess.engine
import pytest

from bitbroker._pb.examples import chess_pb2 as pb
from bitbroker.client import BaseBot
from bitbroker.examples.chess.uci_bot import UciBot, main, running_engine, uci_option

SCRIPT = Path(__file__).with_name("scripted_engine.py")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the engine notes what it was told."""
    return tmp_path / "engine.log"


@pytest.fixture
def _restore_sigterm() -> Iterator[None]:
    """Undo what `main` does to SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def command(log: Path, *answer: str) -> str:
    """The command that starts the engine."""
    return shlex.join([sys.executable, str(SCRIPT), str(log), *answer])


def told(log: Path, word: str) -> list[str]:
    """What the engine was told, as far as it begins with this word."""
    return [line for line in log.read_text(encoding="utf-8").splitlines() if line.split()[0] == word]


def test_the_engine_is_asked(log: Path) -> None:
    """It gets the moves, so that it sees repetitions, and the referee's time; its move is the bot's."""
    with running_engine(command(log), {}) as engine:
        bot = UciBot(engine)
        move = bot.decide_move(pb.Position(moves=["e2e4", "e7e5"], think_ms=250))
    assert move.uci == next(iter(chess.Board("rnbqkbnr/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/RNBQKBNR w").legal_moves)).uci()
    assert told(log, "position") == ["position startpos moves e2e4 e7e5"]
    assert told(log, "go") == ["go movetime 250"]
    assert told(log, "quit") == ["quit"]


@pytest.mark.parametrize(
    ("move_ms", "nodes", "think_ms", "go"),
    [
        pytest.param(50, None, 250, "go movetime 50", id="our own time"),
        pytest.param(None, None, 0, "go movetime 100", id="no time given"),
        pytest.param(None, 400, 250, "go nodes 400 movetime 250", id="nodes"),
    ],
)
def test_how_long_it_thinks(log: Path, move_ms: int | None, nodes: int | None, think_ms: int, go: str) -> None:
    """There is always a time, nodes or not."""
    with running_engine(command(log), {}) as engine:
        UciBot(engine, move_ms, nodes).decide_move(pb.Position(think_ms=think_ms))
    assert told(log, "go") == [go]


def test_each_match_is_a_new_game_to_the_engine(log: Path) -> None:
    """Whichever colour it has; moves within a match are of one game."""
    white = [[], ["a2a3", "a7a6"]]
    black = [["a2a3"], ["a2a3", "a7a6", "b2b3"]]
    with running_engine(command(log), {}) as engine:
        bot = UciBot(engine)
        for moves in white + white + black + black:
            bot.decide_move(pb.Position(moves=moves))
    assert len(told(log, "ucinewgame")) == 4


def test_no_move_is_an_empty_move(log: Path) -> None:
    """An engine may know no move; the referee's rules then say what that means."""
    with running_engine(command(log, "(none)"), {}) as engine:
        assert UciBot(engine).decide_move(pb.Position()) == pb.Move()


def test_options(log: Path) -> None:
    """They are set before anything is asked; an engine without such an option is an error."""
    with running_engine(command(log), {"Skill": "7"}):
        pass
    assert told(log, "setoption") == ["setoption name Skill value 7"]
    with (
        pytest.raises(chess.engine.EngineError, match="Wisdom"),
        running_engine(command(log), {"Wisdom": "7"}),
    ):
        pass


def test_option_arguments() -> None:
    """Name=Value, and only the first sign counts."""
    assert uci_option("Book File=a=b") == ("Book File", "a=b")
    assert uci_option("Empty=") == ("Empty", "")
    for text in ("Name", "=Value"):
        with pytest.raises(argparse.ArgumentTypeError, match="is not Name=Value"):
            uci_option(text)


@pytest.mark.usefixtures("_restore_sigterm")
def test_command_line(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine runs while the bot plays, under its name, and quits when it has played."""
    played = []

    def run(bot: UciBot, host: str, port: int, *, matches: int | None, **_options: object) -> None:
        played.append((bot.NAME, port, matches, bot.decide_move(pb.Position(moves=["e2e4"])).uci))

    monkeypatch.setattr(BaseBot, "run", run)
    main(["--engine", command(log, "c7c5"), "--option", "Skill=3", "--name", "sicilian", "--port", "9", "--nodes", "8"])
    assert played == [("sicilian", 9, 1, "c7c5")]
    assert told(log, "setoption") == ["setoption name Skill value 3"]
    assert told(log, "quit") == ["quit"]


@pytest.mark.usefixtures("_restore_sigterm")
def test_sigterm_ends_the_engine_too(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed; then the signal does what it does by default."""
    raised = []

    def run(bot: UciBot, *_args: object, **_options: object) -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        bot.decide_move(pb.Position())

    monkeypatch.setattr(BaseBot, "run", run)
    monkeypatch.setattr(signal, "raise_signal", lambda number: raised.append((number, signal.getsignal(number))))
    with pytest.raises(SystemExit, match="EngineTerminatedError"):
        main(["--engine", command(log)])
    assert raised == [(signal.SIGTERM, signal.SIG_DFL)]
    assert told(log, "go") == []


@pytest.mark.usefixtures("_restore_sigterm")
@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        pytest.param("{crash}", "EngineTerminatedError", id="dies when asked"),
        pytest.param("/no/such/engine", "FileNotFoundError", id="not there"),
    ],
)
def test_an_engine_that_fails(log: Path, monkeypatch: pytest.MonkeyPatch, engine: str, reason: str) -> None:
    """One line says which, and how."""
    monkeypatch.setattr(BaseBot, "run", lambda bot, *_args, **_options: bot.decide_move(pb.Position()))
    with pytest.raises(SystemExit, match=f"^the engine .* failed: {reason}"):
        main(["--engine", engine.format(crash=command(log, "crash"))])
