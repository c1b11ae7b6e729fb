"""A bot that lets any UCI engine play chess, such as `stockfish` or `gnuchess --uci`.

Run it with `python -m bitbroker.examples.chess.uci_bot --engine stockfish`. It speaks to engines through the
`chess` package, which is under the GPL.
"""

import argparse
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import chess
import chess.engine

from bitbroker._pb.examples import chess_pb2 as pb
from bitbroker.client import BaseBot
from bitbroker.examples._arguments import at_least, bot_parser, play

DEFAULT_THINK_MS: Final = 100


class UciBot(BaseBot[pb.Position, pb.Move]):
    """Asks the engine.

    Thinking always has a time: there are engines (gnuchess) that take no notice of a number of nodes.
    """

    NAME = "uci"
    State = pb.Position

    def __init__(self, engine: chess.engine.SimpleEngine, move_ms: int | None = None, nodes: int | None = None) -> None:
        """Play with this engine.

        Args:
            engine: an engine that is running; it stays so.
            move_ms: how long it may think, in milliseconds; None for as long as the referee says.
            nodes: how many positions it may look at; None for as many as it can.
        """
        self._engine = engine
        self._move_ms = move_ms
        self._nodes = nodes
        self._match = object()

    def decide_move(self, state: pb.Position) -> pb.Move:
        """Let the engine choose; one that chooses nothing plays no move, which loses."""
        if len(state.moves) < 2:  # our first move: the engine is to forget the last match
            self._match = object()
        think_ms = self._move_ms or state.think_ms or DEFAULT_THINK_MS
        limit = chess.engine.Limit(time=think_ms / 1000, nodes=self._nodes)
        move = self._engine.play(board_after(state.moves), limit, game=self._match).move
        return pb.Move(uci=move.uci() if move else "")


def board_after(moves: Sequence[str]) -> chess.Board:
    """The position after these moves; with its history, so that the engine sees what would repeat it."""
    board = chess.Board()
    for uci in moves:
        board.push_uci(uci)
    return board


@contextmanager
def running_engine(
    command: str, options: Mapping[str, chess.engine.ConfigValue]
) -> Iterator[chess.engine.SimpleEngine]:
    """Start an engine; at the end ask it to quit, and after an error kill it.

    Args:
        command: the program and its arguments.
        options: UCI options to set, by name.

    Raises:
        OSError: it cannot be started, or does not answer.
        chess.engine.EngineError: it breaks off, or has no such option.
    """
    # In a process group of its own, so that Ctrl-C at the terminal reaches only us.
    with chess.engine.SimpleEngine.popen_uci(shlex.split(command), setpgrp=True) as engine:
        engine.configure(options)
        yield engine
        engine.quit()


def end_at_once(engine: chess.engine.SimpleEngine) -> None:
    """End this process by SIGTERM, but not without its engine: one that loses its input may spin (gnuchess does)."""
    with suppress(ProcessLookupError):
        engine.transport.kill()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTERM)


def uci_option(text: str) -> tuple[str, str]:
    """The type of `--option`: a name and a value."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not Name=Value")
    return name, value


def main(arguments: Sequence[str] | None = None) -> None:
    """Play as the command line says."""
    parser = bot_parser("Lets a UCI engine play chess.", UciBot.NAME)
    parser.add_argument("--engine", required=True, metavar="COMMAND", help="such as 'gnuchess --uci'")
    parser.add_argument(
        "--option", type=uci_option, action="append", default=[], metavar="Name=Value", help="may be repeated"
    )
    parser.add_argument("--move-ms", type=at_least(1), metavar="MS", help="how long to think (default: as told)")
    parser.add_argument("--nodes", type=at_least(1), metavar="N", help="how many positions to look at, at most")
    options = parser.parse_args(arguments)
    try:
        with running_engine(options.engine, dict(options.option)) as engine:
            signal.signal(signal.SIGTERM, lambda *_: end_at_once(engine))
            bot = UciBot(engine, options.move_ms, options.nodes)
            bot.NAME = options.name
            play(bot, options)
    except (OSError, chess.engine.EngineError) as error:
        sys.exit(f"the engine {options.engine!r} failed: {error!r}")


if __name__ == "__main__":
    main()
