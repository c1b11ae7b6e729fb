"""The examples through one real broker: fifty games of connect four at once, and ten of chess between engines."""

import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import chess
import chess.pgn
import pytest
import trio


@asynccontextmanager
async def running_broker(*flags: str) -> AsyncIterator[tuple[str, list[str]]]:
    """A broker of two players; its port, and its log as it grows. Ended by SIGTERM, which it must obey."""
    serve = [sys.executable, "-m", "bitbroker", "serve", "--players", "2", "--port", "0", "--http-port", "0"]
    broker = await trio.lowlevel.open_process([*serve, "--log-format", "json", *flags], stderr=subprocess.PIPE)
    assert broker.stderr is not None
    log: list[str] = []
    listening = trio.Event()

    async def read_log(stream: trio.abc.ReceiveStream) -> None:
        rest = b""
        async with stream:
            async for chunk in stream:
                *lines, rest = (rest + chunk).split(b"\n")
                log.extend(line.decode() for line in lines)
                if any(b'"listening"' in line for line in lines):
                    listening.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read_log, broker.stderr)
        await listening.wait()
        port = next(json.loads(line)["port"] for line in log if '"listening"' in line)
        yield str(port), log
        broker.terminate()
        assert await broker.wait() == 0


def outcomes(log: list[str]) -> Counter[str]:
    """Causes of the matches in a broker's log."""
    return Counter(json.loads(line)["cause"] for line in log if '"match over"' in line)


def example(name: str, *arguments: str) -> list[str]:
    """The command of an example's program."""
    return [sys.executable, "-m", f"bitbroker.examples.{name}", *arguments]


async def test_fifty_games_of_connect_four_at_once(tmp_path: Path) -> None:
    """Fifty games and a hundred bots, a process each ten; every match ends by the game's own word."""
    results = tmp_path / "results.jsonl"
    limits = ("--game-time-limit", "200", "--time-limit", "100")
    with trio.fail_after(240):
        async with running_broker(*limits) as (port, log), trio.open_nursery() as nursery:
            for command in example_clients(port, results):
                nursery.start_soon(trio.run_process, command)
    assert outcomes(log) == {"completed": 50}
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert len(lines) == 50
    assert {line["how"] for line in lines} <= {"four in a row", "draw"}


def example_clients(port: str, results: Path) -> list[list[str]]:
    """Programs that together are fifty games and a hundred bots, all connected at the same time."""
    many = (
        "import sys, trio\n"
        "from bitbroker.examples.connect_four.game import ConnectFour\n"
        "from bitbroker.examples.connect_four.random_bot import RandomBot\n"
        "from pathlib import Path\n"
        "port, results = int(sys.argv[1]), Path(sys.argv[2])\n"
        "clients = [ConnectFour(results=results) for _ in range(10)] + [RandomBot(seed) for seed in range(20)]\n"
        "async def play():\n"
        "    async with trio.open_nursery() as nursery:\n"
        "        for client in clients:\n"
        "            nursery.start_soon(client.arun, '127.0.0.1', port)\n"
        "trio.run(play)\n"
    )
    return [[sys.executable, "-c", many, port, str(results)]] * 5


@pytest.mark.engines
async def test_ten_games_of_chess_between_engines(tmp_path: Path) -> None:
    """Stockfish and GNU Chess through one broker, the referee being the game: all legal, all named."""
    results, pgn = tmp_path / "results.jsonl", tmp_path / "games.pgn"
    with trio.fail_after(900):
        async with running_broker("--time-limit", "60") as (port, log):
            address = ("--port", port, "--matches", "10")
            async with trio.open_nursery() as nursery:
                for engine in ("stockfish", "gnuchess --uci"):
                    bot = example("chess.uci_bot", *address, "--engine", engine, "--name", engine.split()[0])
                    nursery.start_soon(trio.run_process, bot)
                referee = example(
                    "chess.game", *address, "--move-ms", "20", "--results", str(results), "--pgn", str(pgn)
                )
                nursery.start_soon(trio.run_process, referee)
        assert outcomes(log) == {"completed": 10}
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    games = io.StringIO(pgn.read_text())
    for line in lines:
        game = chess.pgn.read_game(games)
        assert game is not None
        assert not game.errors
        check_ending(line, game)
    assert len(lines) == 10
    assert {frozenset(line["names"]) for line in lines} == {frozenset({"stockfish", "gnuchess"})}


def check_ending(line: dict[str, object], game: chess.pgn.Game) -> None:
    """What the referee says of a game is what its moves, read again by themselves, say."""
    board = game.end().board()
    assert line["plies"] == len(board.move_stack)
    ending: dict[str, Callable[[], bool]] = {
        "checkmate": board.is_checkmate,
        "stalemate": board.is_stalemate,
        "insufficient material": board.is_insufficient_material,
        "threefold repetition": lambda: board.is_repetition(3),
        "fifty moves": board.is_fifty_moves,
        "ply limit": lambda: len(board.move_stack) == 600,
    }
    assert ending[str(line["termination"])]()
    winner = {"1-0": chess.WHITE, "0-1": chess.BLACK, "1/2-1/2": None}[str(line["result"])]
    assert board.is_checkmate() == (winner is not None)
    assert winner is None or winner != board.turn
