"""The players of connect four."""

import random
from collections.abc import Callable

import pytest

from bitbroker._pb.examples import connect_four_pb2 as pb
from bitbroker.examples.connect_four.board import Board
from bitbroker.examples.connect_four.random_bot import RandomBot
from bitbroker.examples.connect_four.search_bot import SearchBot, best_column

DRAWN = [1, 2, 1, 2, 2, 1, 2, 1, 1, 2, 1, 2, 3, 4, 3, 4, 4, 3, 4, 3, 3, 4, 3, 4, 5, 6, 5, 6, 6, 5, 6, 5, 5, 6, 5, 6, 7]
DRAWN += [7] * 5

Decide = Callable[[pb.Position], pb.Move]


def play_out(*decide: Decide) -> int | None:
    """Play a whole game; the winner, or None for a draw."""
    columns: list[int] = []
    while not (board := Board.after(columns)).is_won and not board.is_full:
        columns.append(decide[len(columns) % 2](pb.Position(columns=columns)).column)
    return (len(columns) - 1) % 2 if board.is_won else None


def test_the_random_bot_plays_any_column_that_is_not_full() -> None:
    """And no other."""
    bot = RandomBot(seed=1)
    state = pb.Position(columns=[1] * 6 + [3] * 6)
    assert {bot.decide_move(state).column for _ in range(200)} == {2, 4, 5, 6, 7}


def test_the_random_bot_repeats_itself_from_a_seed() -> None:
    """The same seed plays the same."""
    first, again = ([bot.decide_move(pb.Position()).column for _ in range(20)] for bot in (RandomBot(7), RandomBot(7)))
    assert first == again


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize(
    ("columns", "column"),
    [
        pytest.param([1, 7, 1, 7, 1, 7], 1, id="win upwards, rather than block"),
        pytest.param([2, 2, 3, 3, 5, 5], 4, id="win in a gap"),
        pytest.param([4, 1, 5, 1, 4, 1], 1, id="block upwards"),
        pytest.param([2, 1, 3, 1, 1], 4, id="block at the bottom"),
    ],
)
def test_the_search_bot_sees_one_move_ahead(columns: list[int], column: int, depth: int) -> None:
    """At any depth it takes a win, and blocks a loss."""
    assert SearchBot(depth).decide_move(pb.Position(columns=columns)).column == column


def test_the_search_bot_stops_an_open_three() -> None:
    """Two discs in the middle of the bottom row become two threats at once unless they are stopped now."""
    assert SearchBot(depth=4).decide_move(pb.Position(columns=[4, 4, 3])).column in {2, 5}


def test_the_search_bot_makes_an_open_three() -> None:
    """And the other way round: it makes two threats at once, and then wins."""
    columns = [4, 4, 3, 3]
    for reply in (1, 7):
        columns.append(SearchBot(depth=4).decide_move(pb.Position(columns=columns)).column)
        columns.append(reply)
    assert Board.after([*columns, SearchBot(depth=1).decide_move(pb.Position(columns=columns)).column]).is_won


def test_the_search_bot_plays_to_the_very_end() -> None:
    """A full board ends the search; a single cell that is left is played."""
    columns = DRAWN[:-1]
    assert SearchBot().decide_move(pb.Position(columns=columns)).column == DRAWN[-1]


@pytest.mark.parametrize("seed", range(8))
def test_the_search_is_as_good_as_one_without_cuts(seed: int) -> None:
    """Alpha-beta finds a column that plain negamax scores best."""
    lots = random.Random(seed)
    board = Board()
    while board.taken.bit_count() < 16 or board.is_won:
        board = Board() if board.is_won or not board.columns else board.drop(lots.choice(board.columns))
    scores = {column: -_solve(board.drop(column), 4) for column in board.columns}
    assert scores[best_column(board, 6)] == max(scores.values())


def _solve(board: Board, depth: int) -> int:
    """1 for a win of the player to move, -1 for a loss, 0 for neither within this depth."""
    if board.is_won:
        return -1
    if depth == 0 or board.is_full:
        return 0
    return max(-_solve(board.drop(column), depth - 1) for column in board.columns)


def test_the_search_bot_beats_the_random_bot() -> None:
    """Whoever begins, and at a modest depth."""
    search = SearchBot(depth=4).decide_move
    won_first = [play_out(search, RandomBot(seed).decide_move) == 0 for seed in range(10)]
    won_second = [play_out(RandomBot(seed).decide_move, search) == 1 for seed in range(10)]
    assert sum(won_first) + sum(won_second) >= 19
