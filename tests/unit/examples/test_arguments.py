"""The command lines of the examples."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bitbroker._pb.examples import connect_four_pb2 as pb
from bitbroker.client import BaseBot, BaseGame, BrokerUnreachableError, Player
from bitbroker.examples.chess import game as chess_game
from bitbroker.examples.connect_four import game as connect_four_game
from bitbroker.examples.connect_four import random_bot, search_bot
from bitbroker.examples.light_cycles import game as light_cycles_game
from bitbroker.examples.light_cycles import random_bot as random_rider
from bitbroker.examples.light_cycles import scout_bot
from bitbroker.examples.monty_hall import Choice, Doors, stay_bot, switch_bot
from bitbroker.examples.monty_hall import game as monty_hall_game

Main = Callable[[Sequence[str]], None]
BOTS: list[tuple[Main, str]] = [
    (random_bot.main, "random"),
    (search_bot.main, "search"),
    (random_rider.main, "random"),
    (scout_bot.main, "scout"),
    (stay_bot.main, "stay"),
    (switch_bot.main, "switch"),
]
GAMES: list[Main] = [connect_four_game.main, chess_game.main, light_cycles_game.main, monty_hall_game.main]
MAINS = [*GAMES, *(main for main, _ in BOTS)]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """Which clients were run and with what, instead of running them."""
    seen: list[tuple[Any, dict[str, Any]]] = []

    def run(client: Any, host: str | None, port: int | None, **options: Any) -> None:
        seen.append((client, {"host": host, "port": port, **options}))

    monkeypatch.setattr(BaseBot, "run", run)
    monkeypatch.setattr(BaseGame, "run", run)
    return seen


@pytest.mark.parametrize("main", MAINS)
def test_defaults(main: Main, runs: list[tuple[Any, dict[str, Any]]]) -> None:
    """One match, with the broker that the environment names."""
    main([])
    defaults = {"host": None, "port": None, "matches": 1, "connect_timeout": 30.0, "match": "", "token": None}
    assert [options for _, options in runs] == [defaults]


@pytest.mark.parametrize("main", MAINS)
def test_common_arguments(main: Main, runs: list[tuple[Any, dict[str, Any]]]) -> None:
    """All clients have the same; no number of matches is for as long as there is a broker."""
    main(["--host", "broker", "--port", "9001", "--matches", "0", "--connect-timeout", "1.5", "--match", "final"])
    assert [options for _, options in runs] == [
        {"host": "broker", "port": 9001, "matches": None, "connect_timeout": 1.5, "match": "final", "token": None}
    ]


@pytest.mark.parametrize(("main", "name"), BOTS)
def test_bots_have_names(main: Main, name: str, runs: list[tuple[Any, dict[str, Any]]]) -> None:
    """Their own, unless told otherwise."""
    main([])
    main(["--name", "carol"])
    assert [bot.NAME for bot, _ in runs] == [name, "carol"]


def test_arguments_reach_the_clients(tmp_path: Path, runs: list[tuple[Any, dict[str, Any]]]) -> None:
    """A file for results, for one."""
    results = tmp_path / "results.jsonl"
    connect_four_game.main(["--results", str(results), "--seed", "1"])
    [(game, _)] = runs
    game.initialise([Player(0, "ada"), Player(1, "bob")])
    game.deliver_response(pb.Move())
    game.next_action()
    assert json.loads(results.read_text(encoding="utf-8"))["how"] == "illegal move"


def first_choices(main: Main, arguments: Sequence[str], runs: list[tuple[Any, dict[str, Any]]]) -> list[int]:
    """What this player of Monty Hall chooses first, in ten matches."""
    main(arguments)
    bot, _ = runs.pop()
    choices: list[Choice] = [bot.decide_move(Doors()) for _ in range(10)]
    return [choice.door for choice in choices]


def test_the_seed_comes_from_the_command_line_or_the_environment(
    monkeypatch: pytest.MonkeyPatch, runs: list[tuple[Any, dict[str, Any]]]
) -> None:
    """The command line weighs more; without both there is none."""
    seven = first_choices(stay_bot.main, ["--seed", "7"], runs)
    monkeypatch.setenv("BROKER_SEED", "7")
    assert first_choices(stay_bot.main, [], runs) == seven
    assert first_choices(stay_bot.main, ["--seed", "8"], runs) != seven
    monkeypatch.setenv("BROKER_SEED", "")
    assert len({tuple(first_choices(stay_bot.main, [], runs)) for _ in range(10)}) > 1


def test_a_seed_in_the_environment_that_makes_no_sense(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on the command line."""
    monkeypatch.setenv("BROKER_SEED", "lucky")
    with pytest.raises(SystemExit):
        monty_hall_game.main([])
    assert "argument --seed: invalid int value: 'lucky'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (random_bot.main, ["--matches", "-1"]),
        (search_bot.main, ["--depth", "0"]),
        (chess_game.main, ["--max-plies", "none"]),
        (light_cycles_game.main, ["--players", "1"]),
        (light_cycles_game.main, ["--players", "33"]),
        (scout_bot.main, ["--depth", "0"]),
    ],
)
def test_arguments_that_make_no_sense(
    main: Main, arguments: list[str], capsys: pytest.CaptureFixture[str], runs: list[tuple[Any, dict[str, Any]]]
) -> None:
    """The usual exit code, and a line that says which argument."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err.splitlines()[-1]
    assert runs == []


def test_trouble_with_the_broker_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback: nothing is wrong with the program."""

    def run(client: object, *_args: object, **_options: object) -> None:
        raise BrokerUnreachableError("no broker answers")

    monkeypatch.setattr(BaseBot, "run", run)
    with pytest.raises(SystemExit, match=r"^BrokerUnreachableError: no broker answers$"):
        random_bot.main([])
