"""The examples with real processes: many games of connect four at once, chess, batches of Monty Hall, a ride."""

import io
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import chess
import chess.pgn
import pytest
import trio

from .conftest import PATIENCE, StartBroker

if TYPE_CHECKING:
    from collections.abc import Callable


def example(name: str, *arguments: str) -> list[str]:
    """The command of an example's program."""
    return [sys.executable, "-m", f"bitbroker.examples.{name}", *arguments]


async def test_fifty_games_of_connect_four_at_once(tmp_path: Path, start_broker: StartBroker) -> None:
    """Fifty games and a hundred bots, a process each ten; every match ends by the game's own word."""
    results = tmp_path / "results.jsonl"
    broker = await start_broker("--game-time-limit", "200", "--time-limit", "100")
    with trio.fail_after(240):
        async with trio.open_nursery() as nursery:
            for command in example_clients(str(broker.port), results):
                nursery.start_soon(trio.run_process, command)
    await broker.stop()
    assert broker.outcomes() == ["completed"] * 50
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


async def test_batches_of_monty_hall_repeat(tmp_path: Path) -> None:
    """The same seed is the same batch, match by match; who stays wins where who switches loses."""

    async def won(bot: str, results: str) -> dict[int, float]:
        batch = [sys.executable, "-m", "bitbroker", "play", "--matches", "12", "--parallel", "4", "--seed", "5"]
        game, player = (f"{{python}} -m bitbroker.examples.monty_hall.{name}" for name in ("game", bot))
        command = [*batch, "--game", game, "--bot", player, "--results", str(tmp_path / results)]
        await trio.run_process(command, capture_stdout=True)
        lines = map(json.loads, (tmp_path / results).read_text().splitlines())
        return {line["match"]: line["scores"][0] for line in lines}

    with trio.fail_after(120):
        switched = await won("switch_bot", "one.jsonl")
        assert switched == await won("switch_bot", "two.jsonl")
        assert switched == {match: 1 - score for match, score in (await won("stay_bot", "three.jsonl")).items()}
    assert sorted(switched) == list(range(1, 13))


async def test_a_ride_with_a_spectator(start_broker: StartBroker) -> None:
    """Who looks on sees the arena after each turn, and in the end who won."""
    broker = await start_broker()
    address = ("--port", str(broker.port), "--match", "arena")
    async with trio.open_nursery() as nursery:
        watch = [sys.executable, "-m", "bitbroker", "watch", "arena", "--port", str(broker.port)]
        watching: trio.Process = await nursery.start(partial(trio.run_process, watch, stdout=subprocess.PIPE))
        await broker.wait_logged("connection opened")
        for name in ("random_bot", "scout_bot", "scout_bot"):
            nursery.start_soon(trio.run_process, example(f"light_cycles.{name}", *address))
        game = partial(trio.run_process, example("light_cycles.game", *address, "--players", "3"))
        nursery.start_soon(partial(game, stdout=subprocess.DEVNULL))
        assert watching.stdout is not None
        with trio.fail_after(PATIENCE):
            lines = b"".join([data async for data in watching.stdout]).decode().splitlines()
    turns = [line for line in lines if line.startswith("turn ")]
    assert turns[0] == "turn 0, riding: 3"
    assert re.fullmatch(r"turn \d+, riding: [01]", turns[-1])
    assert sum(set(line) <= set("#.012^>v<") and len(line) == 16 for line in lines) == 16 * len(turns)
    over = lines.index("over: completed")
    ranks = [re.fullmatch(r"  player (\d) \(.*\) scored \d, rank (\d)", line) for line in lines[over + 1 : over + 4]]
    assert [rank[1] for rank in ranks if rank] == ["0", "1", "2"]
    assert "1" in [rank[2] for rank in ranks if rank]


@pytest.mark.engines
async def test_ten_games_of_chess_between_engines(tmp_path: Path, start_broker: StartBroker) -> None:
    """Stockfish and GNU Chess through one broker, the referee being the game: all legal, all named."""
    results, pgn = tmp_path / "results.jsonl", tmp_path / "games.pgn"
    broker = await start_broker("--time-limit", "60")
    address = ("--port", str(broker.port), "--matches", "10")
    with trio.fail_after(900):
        async with trio.open_nursery() as nursery:
            for engine in ("stockfish", "gnuchess --uci"):
                bot = example("chess.uci_bot", *address, "--engine", engine, "--name", engine.split()[0])
                nursery.start_soon(trio.run_process, bot)
            referee = example("chess.game", *address, "--move-ms", "20", "--results", str(results), "--pgn", str(pgn))
            nursery.start_soon(trio.run_process, referee)
    await broker.stop()
    assert broker.outcomes() == ["completed"] * 10
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
