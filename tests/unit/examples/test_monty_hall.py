"""Monty Hall: the host, driven as the client library drives it, and its players; without a network."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bitbroker.client import Action, Cause, Player
from bitbroker.examples.monty_hall import DOORS, Choice, Doors
from bitbroker.examples.monty_hall.game import MontyHall
from bitbroker.examples.monty_hall.player import MontyHallBot
from bitbroker.examples.monty_hall.stay_bot import StayBot
from bitbroker.examples.monty_hall.switch_bot import SwitchBot

ADA = Player(0, "ada")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where results go."""
    return tmp_path / "results.jsonl"


def read(results: Path) -> list[dict[str, Any]]:
    """The results."""
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def begin(game: MontyHall, answers: Sequence[int] = ()) -> None:
    """Begin a match and choose these doors."""
    game.initialise([ADA])
    for door in answers:
        game.next_action()
        game.deliver_response(Choice(door=door))


def ask(game: MontyHall) -> Doors:
    """What the game asks the player with."""
    action = game.next_action()
    assert action.player == 0
    return Doors.FromString(action.state)


def play_out(game: MontyHall, bot: MontyHallBot) -> bool:
    """Play a whole match; whether the bot won."""
    game.initialise([ADA])
    for _ in range(2):
        game.deliver_response(bot.decide_move(ask(game)))
    action = game.next_action()
    assert action.player is None
    assert action.scores is not None
    return action.scores == [1.0]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("chosen", DOORS)
def test_the_host_opens_another_door_with_a_goat(results: Path, seed: int, chosen: int) -> None:
    """Whatever the player chooses, and wherever the car is."""
    game = MontyHall(results=results, seed=seed)
    game.initialise([ADA])
    assert ask(game) == Doors()
    game.deliver_response(Choice(door=chosen))
    doors = ask(game)
    assert doors.chosen == chosen
    assert doors.opened in set(DOORS) - {chosen}
    game.deliver_response(Choice(door=chosen))
    game.next_action()
    [result] = read(results)
    assert result["car"] != doors.opened
    assert result["won"] == (result["car"] == chosen)


def test_lots_decide_everything_that_is_free(results: Path) -> None:
    """The car is behind each door, and a host who may open either of two doors opens either."""
    game = MontyHall(results=results, seed=1)
    for _ in range(100):
        begin(game, [1, 1])
        game.next_action()
    assert {result["car"] for result in read(results)} == set(DOORS)
    assert {result["opened"] for result in read(results) if result["car"] == 1} == {2, 3}


def test_switching_wins_two_thirds() -> None:
    """Who switches wins where who stays loses, match by match, and about twice as often."""
    switched = [play_out(MontyHall(seed=seed), SwitchBot(seed)) for seed in range(1000)]
    stayed = [play_out(MontyHall(seed=seed), StayBot(seed)) for seed in range(1000)]
    assert switched == [not won for won in stayed]
    assert 620 < sum(switched) < 710  # three standard deviations


def test_the_same_seed_plays_the_same(results: Path) -> None:
    """The game and the bot both."""
    for _ in range(2):
        assert play_out(MontyHall(results=results, seed=5), StayBot(5)) in {True, False}
    first, again = read(results)
    assert first == again


def test_without_a_seed_lots_differ(results: Path) -> None:
    """A hundred matches are not a hundred times the same."""
    for _ in range(100):
        play_out(MontyHall(results=results), StayBot())
    assert len({(result["car"], result["chosen"]) for result in read(results)}) > 1


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        pytest.param(Choice(door=4).SerializeToString(), "there is no door 4", id="no such door"),
        pytest.param(b"", "there is no door 0", id="empty"),
        pytest.param(b"\xff", "there is no door 0", id="not a message"),
    ],
)
def test_a_choice_that_is_none_loses(
    results: Path, capsys: pytest.CaptureFixture[str], first: bytes, reason: str
) -> None:
    """By name: the line says what was wrong."""
    game = MontyHall(results=results)
    begin(game)
    game.next_action()
    game.deliver_response(game.parse_response(first))
    assert game.next_action() == Action.end_game([0])
    assert [(result["won"], result["fault"]) for result in read(results)] == [(False, reason)]
    assert capsys.readouterr().out == f"ada lost: {reason}\n"


def test_the_open_door_cannot_be_chosen(results: Path) -> None:
    """There is a goat, for all to see."""
    game = MontyHall(results=results)
    begin(game, [1])
    opened = ask(game).opened
    game.deliver_response(Choice(door=opened))
    assert game.next_action() == Action.end_game([0])
    assert read(results)[0]["fault"] == f"door {opened} is open"


def test_a_player_who_does_not_answer_forfeits(results: Path) -> None:
    """The result has the broker's cause."""
    game = MontyHall(results=results)
    begin(game, [1])
    game.next_action()
    game.deliver_failure(0, Cause.TIME_LIMIT)
    assert game.next_action() == Action.end_game([0])
    assert read(results)[0]["fault"] == "forfeit: time-limit"


def test_the_broker_ends_the_match(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was won."""
    game = MontyHall(results=results)
    begin(game, [1])
    game.on_terminated()
    assert [(result["won"], result["final"]) for result in read(results)] == [(False, 0)]
    assert capsys.readouterr().out == "ada did not choose\n"


def test_the_broker_ends_before_a_match_begins(results: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No match, no result; only the library's warning."""
    with caplog.at_level(logging.WARNING):
        MontyHall(results=results).on_terminated()
    assert not results.exists()
    assert "ended the match" in caplog.text


def test_the_line_says_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    """Who stayed or switched, and what that was good for."""
    for seed in range(10):
        for bot in (StayBot(seed), SwitchBot(seed)):
            won = play_out(MontyHall(seed=seed), bot)
            line = capsys.readouterr().out
            assert ("stayed with" if isinstance(bot, StayBot) else "switched to") in line
            assert ("won the car" if won else "got a goat") in line


@pytest.mark.parametrize("count", [0, 2])
def test_it_is_a_game_for_one(count: int) -> None:
    """Another number of players is a mistake of who runs the broker."""
    with pytest.raises(ValueError, match=f"for one player, the broker sent {count}"):
        MontyHall().initialise([Player(seat, "x") for seat in range(count)])
