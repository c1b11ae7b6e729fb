"""The rules of connect four."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbroker.examples.connect_four.board import (
    ALL_CELLS,
    HEIGHT,
    WIDTH,
    Board,
    IllegalMoveError,
    landing_cells,
    winning_cells,
)

DRAWN = [1, 2, 1, 2, 2, 1, 2, 1, 1, 2, 1, 2, 3, 4, 3, 4, 4, 3, 4, 3, 3, 4, 3, 4, 5, 6, 5, 6, 6, 5, 6, 5, 5, 6, 5, 6, 7]
DRAWN += [7] * 5


class NaiveBoard:
    """Connect four, written as slowly and plainly as can be."""

    def __init__(self) -> None:
        self.columns: list[list[int]] = [[] for _ in range(WIDTH)]
        self.to_move = 0

    def drop(self, column: int) -> None:
        """Put a disc of the player to move on top of this column."""
        self.columns[column - 1].append(self.to_move)
        self.to_move = 1 - self.to_move

    def at(self, column: int, row: int) -> int | None:
        """Whose disc is in this cell; both count from 0."""
        on_board = 0 <= column < WIDTH and 0 <= row < len(self.columns[column])
        return self.columns[column][row] if on_board else None

    def has_four(self, player: int) -> bool:
        """Whether this player has four in a row."""
        return any(
            all(self.at(column + i * right, row + i * up) == player for i in range(4))
            for column in range(WIDTH)
            for row in range(HEIGHT)
            for right, up in ((1, 0), (0, 1), (1, 1), (1, -1))
        )


def bit(column: int, row: int) -> int:
    """The cell's bit; both count from 0."""
    return 1 << (column * (HEIGHT + 1) + row)


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param([1, 1, 2, 2, 3, 3, 4], id="along the bottom, at the left edge"),
        pytest.param([7, 7, 6, 6, 5, 5, 4], id="along the bottom, at the right edge"),
        pytest.param([1, 1, 2, 2, 4, 4, 3], id="the gap is filled last"),
        pytest.param([3, 4, 3, 4, 3, 4, 3], id="upwards"),
        pytest.param([7, 1, 7, 7, 1, 7, 2, 7, 4, 7], id="upwards to the top, by who came second"),
        pytest.param([1, 2, 2, 3, 3, 4, 3, 4, 4, 6, 4], id="a rising diagonal"),
        pytest.param([7, 6, 6, 5, 5, 4, 5, 4, 4, 2, 4], id="a falling diagonal"),
    ],
)
def test_four_in_a_row_wins(columns: list[int]) -> None:
    """Four in a row wins with its last disc, not before."""
    assert Board.after(columns).is_won
    assert not any(Board.after(columns[:length]).is_won for length in range(len(columns)))


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param([1, 7] * 3, id="three upwards"),
        pytest.param([5, 1, 6, 1, 7, 2, 1], id="three at the right edge and one at the left"),
        pytest.param([2, 1, 2, 1, 3, 1, 1, 2, 1, 2, 1, 2], id="the top of a column and the bottom of the next"),
    ],
)
def test_lines_do_not_wrap_around(columns: list[int]) -> None:
    """A line ends at the edge of the board."""
    assert not Board.after(columns).is_won


def test_a_full_board_without_four_is_a_draw() -> None:
    """All cells are taken, nobody has won, and there is nothing left to play."""
    board = Board.after(DRAWN)
    assert board.is_full
    assert not board.is_won
    assert board.columns == []


@pytest.mark.parametrize("column", [-1, 0, 8, 2**31 - 1])
def test_there_is_no_such_column(column: int) -> None:
    """The error names the column."""
    with pytest.raises(IllegalMoveError, match=f"no column {column}"):
        Board().drop(column)


def test_a_full_column_cannot_be_played() -> None:
    """Six discs fill a column."""
    board = Board.after([3] * HEIGHT)
    assert 3 not in board.columns
    with pytest.raises(IllegalMoveError, match="column 3 is full"):
        board.drop(3)


def test_drawing() -> None:
    """The board as people see it, the first player's discs being x whoever is to move."""
    assert Board.after([4, 4, 5]).drawing().splitlines()[-3:] == [
        ". . . o . . .",
        ". . . x x . .",
        "1 2 3 4 5 6 7",
    ]
    assert Board.after([4, 4]).drawing().splitlines()[-2] == ". . . x . . ."


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_playouts_agree_with_the_naive_board(data: st.DataObject) -> None:
    """At each move of any game: who has won, where one may play, and where a disc more would win."""
    board, naive = Board(), NaiveBoard()
    while not board.is_won and not board.is_full:
        assert board.columns == [1 + i for i, discs in enumerate(naive.columns) if len(discs) < HEIGHT]
        _check_winning_columns(board, naive)
        column = data.draw(st.sampled_from(board.columns))
        board = board.drop(column)
        naive.drop(column)
        assert board.is_won == naive.has_four(1 - naive.to_move)


def _check_winning_columns(board: Board, naive: NaiveBoard) -> None:
    wins = winning_cells(board.mover, board.taken) & landing_cells(board.taken)
    for column in board.columns:
        naive.drop(column)
        won = naive.has_four(1 - naive.to_move)
        naive.columns[column - 1].pop()
        naive.to_move = 1 - naive.to_move
        row = len(naive.columns[column - 1])
        assert bool(wins & bit(column - 1, row)) == won


@settings(deadline=None)
@given(st.sets(st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))))
def test_winning_cells_of_any_discs(cells: set[tuple[int, int]]) -> None:
    """Floating discs too: what the search values are cells that are not within reach yet."""
    discs = sum(bit(column, row) for column, row in cells)
    expected = 0
    for column in range(WIDTH):
        for row in range(HEIGHT):
            if (column, row) not in cells and _completes_four(cells, column, row):
                expected |= bit(column, row)
    assert winning_cells(discs, discs) == expected
    assert winning_cells(discs, ALL_CELLS) == 0


def _completes_four(cells: set[tuple[int, int]], column: int, row: int) -> bool:
    """Whether this cell is missing from a four; upwards only the fourth is, since columns fill from below."""
    return any(
        all((column + i * right, row + i * up) in cells for i in range(first, first + 4) if i)
        for right, up in ((1, 0), (0, 1), (1, 1), (1, -1))
        for first in range(-3, 1 if right else -2)
    )
