"""The rules of connect four, and nothing else: no bot, no broker, no input or output.

A board is two integers. Each column takes seven bits, the lowest being its bottom cell; the seventh is above the
board and always empty, so that a line that leaves the board at an edge does not come back at the other::

     6 13 20 27 34 41 48    always empty
     5 12 19 26 33 40 47    top row
     .  .  .  .  .  .  .
     0  7 14 21 28 35 42    bottom row
"""

from collections.abc import Iterable
from typing import Final, Self

import attrs

WIDTH: Final = 7
HEIGHT: Final = 6

_STRIDE: Final = HEIGHT + 1
_BOTTOM_ROW: Final = sum(1 << (_STRIDE * column) for column in range(WIDTH))
ALL_CELLS: Final = _BOTTOM_ROW * ((1 << HEIGHT) - 1)
COLUMN_CELLS: Final = tuple(((1 << HEIGHT) - 1) << (_STRIDE * column) for column in range(WIDTH))
_DIRECTIONS: Final = (1, _STRIDE, _STRIDE + 1, _STRIDE - 1)  # up, right, and the two diagonals


class IllegalMoveError(ValueError):
    """There is no such column, or it is full; the message says which."""


def has_four(discs: int) -> bool:
    """Whether four of these discs are in a row, in any direction."""
    for step in _DIRECTIONS:
        pairs = discs & (discs >> step)
        if pairs & (pairs >> (2 * step)):
            return True
    return False


def landing_cells(taken: int) -> int:
    """The cell in which a disc would come to rest, for each column that is not full."""
    return (taken + _BOTTOM_ROW) & ALL_CELLS


def winning_cells(discs: int, taken: int) -> int:
    """The empty cells, within reach or not, where one disc more makes four in a row of these."""
    cells = (discs << 1) & (discs << 2) & (discs << 3)
    for step in _DIRECTIONS[1:]:
        two_below = (discs << step) & (discs << (2 * step))
        two_above = (discs >> step) & (discs >> (2 * step))
        cells |= two_below & ((discs << (3 * step)) | (discs >> step))
        cells |= two_above & ((discs >> (3 * step)) | (discs << step))
    return cells & ~taken & ALL_CELLS


@attrs.frozen
class Board:
    """A position. Columns are 1 to 7, from the left.

    Attributes:
        mover: the discs of the player who is to move.
        taken: the discs of both.
    """

    mover: int = 0
    taken: int = 0

    @classmethod
    def after(cls, columns: Iterable[int]) -> Self:
        """The position after discs in these columns, from the empty board.

        Raises:
            IllegalMoveError: one of them cannot be played.
        """
        board = cls()
        for column in columns:
            board = board.drop(column)
        return board

    def drop(self, column: int) -> Self:
        """The position after the mover's disc in this column.

        Raises:
            IllegalMoveError: there is no such column, or it is full.
        """
        if not 1 <= column <= WIDTH:
            raise IllegalMoveError(f"there is no column {column}: they are 1 to 7")
        cell = landing_cells(self.taken) & COLUMN_CELLS[column - 1]
        if not cell:
            raise IllegalMoveError(f"column {column} is full")
        return type(self)(mover=self.taken ^ self.mover, taken=self.taken | cell)

    @property
    def columns(self) -> list[int]:
        """The columns that are not full."""
        landing = landing_cells(self.taken)
        return [column for column in range(1, WIDTH + 1) if landing & COLUMN_CELLS[column - 1]]

    @property
    def is_won(self) -> bool:
        """Whether the last disc made four in a row."""
        return has_four(self.taken ^ self.mover)

    @property
    def is_full(self) -> bool:
        """Whether there is no column left."""
        return self.taken == ALL_CELLS

    def drawing(self) -> str:
        """The board as text; `x` began."""
        rows = [" ".join(self._symbol(row, column) for column in range(WIDTH)) for row in reversed(range(HEIGHT))]
        return "\n".join([*rows, " ".join(str(column) for column in range(1, WIDTH + 1))])

    def _symbol(self, row: int, column: int) -> str:
        cell = 1 << (_STRIDE * column + row)
        if not self.taken & cell:
            return "."
        x_to_move = self.taken.bit_count() % 2 == 0
        return "x" if bool(self.mover & cell) == x_to_move else "o"
