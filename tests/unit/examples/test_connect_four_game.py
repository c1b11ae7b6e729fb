"""The referee of connect four, driven as the client library drives it, without a network."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bitbroker._pb.examples import connect_four_pb2 as pb
from bitbroker.client import Action, Cause, Player
from bitbroker.examples.connect_four.game import ConnectFour

PLAYERS = (Player(0, "ada"), Player(1, "bob"))
SCORES: dict[int | None, Sequence[float]] = {0: [1, 0], 1: [0, 1], None: [0.5, 0.5]}
DRAWN = [1, 2, 1, 2, 2, 1, 2, 1, 1, 2, 1, 2, 3, 4, 3, 4, 4, 3, 4, 3, 3, 4, 3, 4, 5, 6, 5, 6, 6, 5, 6, 5, 5, 6, 5, 6, 7]
DRAWN += [7] * 5


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where results go."""
    return tmp_path / "results.jsonl"


def begin(game: ConnectFour, columns: Sequence[int] = ()) -> None:
    """Begin a match and play these columns."""
    game.initialise(PLAYERS)
    for column in columns:
        game.next_action()
        game.deliver_response(pb.Move(column=column))


def read(results: Path) -> list[dict[str, Any]]:
    """The results, without the seconds, which are checked here."""
    records = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert all(record.pop("seconds") >= 0 for record in records)
    return records


def test_players_are_asked_in_turn() -> None:
    """Seat 0 begins; each is sent what has been played."""
    game = ConnectFour()
    begin(game)
    assert game.next_action() == Action.player_action(0, pb.Position())
    game.deliver_response(pb.Move(column=4))
    assert game.next_action() == Action.player_action(1, pb.Position(columns=[4]))
    game.deliver_response(pb.Move(column=3))
    assert game.next_action() == Action.player_action(0, pb.Position(columns=[4, 3]))


@pytest.mark.parametrize(
    ("columns", "winner", "how"),
    [
        pytest.param([1, 2, 1, 2, 1, 2, 1], 0, "four in a row", id="first"),
        pytest.param([7, 1, 6, 1, 7, 1, 6, 1], 1, "four in a row", id="second"),
        pytest.param(DRAWN, None, "draw", id="draw"),
    ],
)
def test_a_match_ends_by_the_rules(results: Path, columns: list[int], winner: int | None, how: str) -> None:
    """The game ends with the last disc, and one line of results."""
    game = ConnectFour(results=results)
    begin(game, columns)
    assert game.next_action() == Action.end_game(SCORES[winner])
    assert read(results) == [{"winner": winner, "names": ["ada", "bob"], "how": how, "turns": len(columns)}]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(
            pb.Move(column=8).SerializeToString(), "there is no column 8: they are 1 to 7", id="no such column"
        ),
        pytest.param(pb.Move(column=4).SerializeToString(), "column 4 is full", id="full column"),
        pytest.param(b"", "the answer is no Move with a column", id="empty"),
        pytest.param(b"\xff", "the answer is no Move with a column", id="not a message"),
    ],
)
def test_an_illegal_move_loses(results: Path, capsys: pytest.CaptureFixture[str], answer: bytes, reason: str) -> None:
    """By name: the line says whose match it was and what was wrong."""
    game = ConnectFour(results=results)
    begin(game, [4] * 6)
    game.next_action()
    game.deliver_response(game.parse_response(answer))
    assert game.next_action() == Action.end_game([0, 1])
    assert read(results) == [{"winner": 1, "names": ["ada", "bob"], "how": "illegal move", "turns": 6}]
    assert capsys.readouterr().out.startswith(f"bob (seat 1) beat ada (seat 0), illegal move ({reason}), 6 turns, ")


def test_a_player_who_does_not_answer_forfeits(results: Path) -> None:
    """The result has the broker's cause."""
    game = ConnectFour(results=results)
    begin(game, [4])
    game.next_action()
    game.deliver_failure(1, Cause.TIME_LIMIT)
    assert game.next_action() == Action.end_game([1, 0])
    assert read(results) == [{"winner": 0, "names": ["ada", "bob"], "how": "forfeit: time-limit", "turns": 1}]


def test_the_broker_ends_the_match(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody won."""
    game = ConnectFour(results=results)
    begin(game, [4])
    game.on_terminated()
    assert read(results) == [{"winner": None, "names": ["ada", "bob"], "how": "terminated", "turns": 1}]
    assert capsys.readouterr().out.startswith(
        "ada (seat 0) and bob (seat 1): nobody won, terminated (by the broker), 1 turns, "
    )


def test_the_broker_ends_a_match_that_was_decided(results: Path) -> None:
    """What was won stays won, though the game had no time to say so."""
    game = ConnectFour(results=results)
    begin(game, [1, 2, 1, 2, 1, 2, 1])
    game.on_terminated()
    assert [record["how"] for record in read(results)] == ["four in a row"]


def test_the_broker_ends_before_a_match_begins(results: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No match, no result; only the library's warning."""
    with caplog.at_level(logging.WARNING):
        ConnectFour(results=results).on_terminated()
    assert not results.exists()
    assert "ended the match" in caplog.text


def test_one_referee_for_several_matches(results: Path) -> None:
    """Each begins with an empty board."""
    game = ConnectFour(results=results)
    for _ in range(2):
        begin(game, [1, 2, 1, 2, 1, 2, 1])
        assert game.next_action() == Action.end_game([1, 0])
    assert [record["turns"] for record in read(results)] == [7, 7]


def test_a_seed_draws_lots_for_who_begins() -> None:
    """The same in each run; both seats begin now and then."""

    def first_seats(seed: int) -> list[int | None]:
        game = ConnectFour(seed=seed)
        seats = []
        for _ in range(20):
            begin(game)
            seats.append(game.next_action().player)
        return seats

    assert set(first_seats(5)) == {0, 1}
    assert first_seats(5) == first_seats(5)


def test_the_second_seat_wins_when_it_began(results: Path) -> None:
    """The winner is a seat, whoever began."""
    game = ConnectFour(results=results, seed=0)
    begin(game)
    while game.next_action().player != 1:
        begin(game)
    for column in (1, 2, 1, 2, 1, 2, 1):
        game.deliver_response(pb.Move(column=column))
    game.next_action()
    assert [record["winner"] for record in read(results)] == [1]


def test_the_board_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """After each move, if asked for."""
    begin(ConnectFour(draw=True), [4])
    assert ". . . x . . .\n1 2 3 4 5 6 7\n\n" in capsys.readouterr().out
    begin(ConnectFour(), [4])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_is_a_game_for_two(count: int) -> None:
    """Another number of players is a mistake of who runs the broker."""
    with pytest.raises(ValueError, match=f"for two players, the broker sent {count}"):
        ConnectFour().initialise([Player(seat, "x") for seat in range(count)])
