"""The referee of chess, driven as the client library drives it, without a network."""

import importlib
import io
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chess
import chess.pgn
import pytest

import bitbroker.examples.chess
from bitbroker._pb.examples import chess_pb2 as pb
from bitbroker.client import Action, Cause, Player
from bitbroker.examples.chess.game import Chess, Verdict, adjudicate, legal_move

PLAYERS = (Player(0, "ada"), Player(1, "bob"))
SCORES: dict[str, Sequence[float]] = {"1-0": [1, 0], "0-1": [0, 1], "1/2-1/2": [0.5, 0.5]}
FOOLS_MATE = ["f2f3", "e7e5", "g2g4", "d8h4"]
SCHOLARS_MATE = ["e2e4", "e7e5", "d1h5", "b8c6", "f1c4", "g8f6", "h5f7"]
BACK_AND_FORTH = ["g1f3", "g8f6", "f3g1", "f6g8"]
# Sam Loyd's ten-move stalemate.
STALEMATE = [
    *("e2e3", "a7a5", "d1h5", "a8a6", "h5a5", "h7h5", "a5c7", "a6h6", "h2h4", "f7f6"),
    *("c7d7", "e8f7", "d7b7", "d8d3", "b7b8", "d3h7", "b8c8", "f7g6", "c8e6"),
]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where results go."""
    return tmp_path / "results.jsonl"


def begin(game: Chess, moves: Sequence[str] = ()) -> None:
    """Begin a match and play these moves."""
    game.initialise(PLAYERS)
    for uci in moves:
        game.next_action()
        game.deliver_response(pb.Move(uci=uci))


def read(results: Path) -> list[dict[str, Any]]:
    """The results, without the seconds, which are checked here."""
    records = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert all(record.pop("seconds") >= 0 for record in records)
    return records


def record(result: str, termination: str, plies: int) -> dict[str, Any]:
    """A result as it should be."""
    return {"result": result, "termination": termination, "plies": plies, "names": ["ada", "bob"]}


def test_players_are_asked_in_turn() -> None:
    """White is seat 0; each is sent the position, how it came about, and how long to think."""
    game = Chess(move_ms=250)
    begin(game)
    assert game.next_action() == Action.player_action(0, pb.Position(fen=chess.STARTING_FEN, think_ms=250))
    game.deliver_response(pb.Move(uci="e2e4"))
    fen = "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"
    assert game.next_action() == Action.player_action(1, pb.Position(fen=fen, moves=["e2e4"], think_ms=250))
    game.deliver_response(pb.Move(uci="e7e5"))
    assert game.next_action().player == 0


@pytest.mark.parametrize(
    ("moves", "result", "termination"),
    [
        pytest.param(SCHOLARS_MATE, "1-0", "checkmate", id="white mates"),
        pytest.param(FOOLS_MATE, "0-1", "checkmate", id="black mates"),
        pytest.param(STALEMATE, "1/2-1/2", "stalemate", id="stalemate"),
        pytest.param(BACK_AND_FORTH * 2, "1/2-1/2", "threefold repetition", id="threefold repetition"),
    ],
)
def test_a_match_ends_by_the_rules(results: Path, moves: list[str], result: str, termination: str) -> None:
    """The game ends with the last move, not before, and one line of results."""
    game = Chess(results=results)
    begin(game, moves[:-1])
    assert game.next_action().player is not None
    game.deliver_response(pb.Move(uci=moves[-1]))
    assert game.next_action() == Action.end_game(SCORES[result])
    assert read(results) == [record(result, termination, len(moves))]


def test_a_match_that_gets_too_long_is_a_draw(results: Path) -> None:
    """By name; a mate with the very last move still counts."""
    game = Chess(results=results, max_plies=4)
    begin(game, ["e2e4", "e7e5", "g1f3", "b8c6"])
    assert game.next_action() == Action.end_game([0.5, 0.5])
    begin(game, FOOLS_MATE)
    assert game.next_action() == Action.end_game([0, 1])
    assert read(results) == [record("1/2-1/2", "ply limit", 4), record("0-1", "checkmate", 4)]


@pytest.mark.parametrize(
    ("fen", "verdict"),
    [
        pytest.param("8/8/4k3/8/8/3K4/8/8 w - - 0 1", Verdict.drawn("insufficient material"), id="two kings"),
        pytest.param("8/8/4k3/8/8/3KB3/8/8 w - - 0 1", Verdict.drawn("insufficient material"), id="a bishop"),
        pytest.param("8/8/4k3/8/8/3KR3/8/8 b - - 99 80", None, id="49 moves and a half"),
        pytest.param("8/8/4k3/8/8/3KR3/8/8 b - - 100 80", Verdict.drawn("fifty moves"), id="50 moves"),
        pytest.param("8/8/4k3/8/8/3KR3/8/8 b - - 150 99", Verdict.drawn("seventyfive moves"), id="75 moves"),
        pytest.param("4R1k1/5ppp/8/8/8/3K4/8/8 b - - 100 80", Verdict.won(0, "checkmate"), id="mate at the 50th"),
        pytest.param("7k/5K2/6Q1/8/8/8/8/8 b - - 0 1", Verdict.drawn("stalemate"), id="stalemate"),
    ],
)
def test_positions_are_adjudicated(fen: str, verdict: Verdict | None) -> None:
    """Endings that take long to reach, from a position. The fifty moves need no claim."""
    assert adjudicate(chess.Board(fen), max_plies=100) == verdict


@pytest.mark.parametrize("uci", ["", "0000", "e2e5", "e7e5", "e2", "castle", "e2e4q", "é2e4", "e2e4 "])
def test_moves_that_are_not_legal(uci: str) -> None:
    """Impossible, of the wrong colour, the null move, and what is no move."""
    assert legal_move(chess.Board(), uci) is None


def test_special_moves_are_legal() -> None:
    """Castling, en passant and promotion, in UCI notation."""
    castling = chess.Board("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1")
    assert legal_move(castling, "e1g1") == chess.Move.from_uci("e1g1")
    en_passant = chess.Board("4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 2")
    assert legal_move(en_passant, "e5d6") is not None
    promotion = chess.Board("8/P3k3/8/8/8/8/8/4K3 w - - 0 1")
    assert legal_move(promotion, "a7a8q") is not None
    assert legal_move(promotion, "a7a8") is None


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        pytest.param(pb.Move(uci="e2e4").SerializeToString(), "'e2e4'", id="not black's"),
        pytest.param(pb.Move(uci="\x1b[2J\n").SerializeToString(), "'?[2J?'", id="control characters"),
        pytest.param(pb.Move(uci="e" * 1000).SerializeToString(), f"'{'e' * 40}...'", id="long"),
        pytest.param(b"", "the answer is no Move with a uci", id="empty"),
        pytest.param(b"\x0a\xff", "the answer is no Move with a uci", id="not a message"),
    ],
)
def test_an_illegal_move_loses(results: Path, capsys: pytest.CaptureFixture[str], answer: bytes, shown: str) -> None:
    """By name: the line shows what was played, as far as it can be shown."""
    game = Chess(results=results)
    begin(game, ["d2d4"])
    game.next_action()
    game.deliver_response(game.parse_response(answer))
    assert game.next_action() == Action.end_game([1, 0])
    assert read(results) == [record("1-0", "illegal move", 1)]
    assert capsys.readouterr().out.startswith(f"ada (white) - bob (black) 1-0, illegal move ({shown}), 1 plies, ")


@pytest.mark.parametrize(("seat", "result"), [(0, "0-1"), (1, "1-0")])
def test_a_player_who_does_not_answer_forfeits(results: Path, seat: int, result: str) -> None:
    """The result has the broker's cause."""
    game = Chess(results=results)
    begin(game, BACK_AND_FORTH[:seat])
    game.next_action()
    game.deliver_failure(seat, Cause.DISCONNECTED)
    assert game.next_action() == Action.end_game(SCORES[result])
    assert read(results) == [record(result, "forfeit: disconnected", seat)]


def test_the_broker_ends_the_match(results: Path) -> None:
    """There is no score; one that was reached stays."""
    game = Chess(results=results)
    begin(game, ["d2d4"])
    game.on_terminated()
    begin(game, FOOLS_MATE)
    game.on_terminated()
    assert read(results) == [record("*", "terminated", 1), record("0-1", "checkmate", 4)]


def test_the_broker_ends_before_a_match_begins(results: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No match, no result; only the library's warning."""
    with caplog.at_level(logging.WARNING):
        Chess(results=results).on_terminated()
    assert not results.exists()
    assert "ended the match" in caplog.text


def test_games_are_kept_in_pgn(tmp_path: Path) -> None:
    """One after the other, with names and results, whatever a bot calls itself."""
    path = tmp_path / "games.pgn"
    game = Chess(pgn=path)
    for name in ("ada", 'a"d\\a\n[Result "1-0"]'):
        begin(game, [])
        game.initialise([Player(0, name), Player(1, "bob")])
        for uci in FOOLS_MATE:
            game.deliver_response(pb.Move(uci=uci))
        game.next_action()
    file = io.StringIO(path.read_text(encoding="utf-8"))
    games = [read_game(file), read_game(file)]
    assert chess.pgn.read_game(file) is None
    assert [game.headers["White"] for game in games] == ["ada", "a'd/a?[Result '1-0']"]
    for kept in games:
        assert [move.uci() for move in kept.mainline_moves()] == FOOLS_MATE
        assert (kept.headers["Black"], kept.headers["Result"]) == ("bob", "0-1")
        assert kept.headers["Termination"] == "checkmate"


def read_game(file: io.StringIO) -> chess.pgn.Game:
    """The next game of a PGN file."""
    game = chess.pgn.read_game(file)
    assert game is not None
    assert game.errors == []
    return game


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_is_a_game_for_two(count: int) -> None:
    """Another number of players is a mistake of who runs the broker."""
    with pytest.raises(ValueError, match=f"for two players, the broker sent {count}"):
        Chess().initialise([Player(seat, "x") for seat in range(count)])


def test_without_the_chess_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says how to get it."""
    monkeypatch.delitem(sys.modules, "chess")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(SystemExit) as caught:
        importlib.reload(bitbroker.examples.chess)
    assert caught.value.code == 2
    assert capsys.readouterr().err == "the chess example needs the chess package: pip install 'bitbroker[chess]'\n"
