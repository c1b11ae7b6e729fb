"""The rules of light cycles, and nothing else: no bot, no broker, no input or output.

In each turn everybody rides on by one cell, all at the same time, and leaves a trail. Who rides into a wall, into a
trail, or into the same cell as another one, is out. The last one wins.
"""

from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from math import ceil, isqrt
from typing import Final, Self

import attrs

MOST_RIDERS: Final = 32
PLOT: Final = 7
"""The side of the square in whose middle each rider starts."""

FREE: Final = 0
WALL: Final = 255
_SIGNS: Final = b".0123456789ABCDEFGHIJKLMNOPQRSTUV".ljust(WALL) + b"#"
_ARROWS: Final = b" ^>v<"


class Heading(IntEnum):
    """Where a rider goes; the numbers are those of the messages."""

    UP = 1
    RIGHT = 2
    DOWN = 3
    LEFT = 4


@attrs.frozen
class Rider:
    """Where somebody is, and where it rides on to if nothing else is said."""

    cell: int
    heading: Heading


@attrs.define
class Arena:
    """How it stands.

    Attributes:
        width: of a row, the walls at both of its ends included.
        cells: row by row from the top: `FREE`, `WALL`, or 1 + the seat whose trail it is.
        riders: who still rides, by seat.
        out: who does not: in which turn it went out.
        turn: how many have been played.
    """

    width: int
    cells: bytearray
    riders: dict[int, Rider]
    out: dict[int, int] = attrs.Factory(dict)
    turn: int = 0

    @classmethod
    def for_riders(cls, count: int) -> Self:
        """The arena before the first turn: as square as may be, everybody in the middle of a plot."""
        columns = 1 + isqrt(count - 1)
        rows = ceil(count / columns)
        width = columns * PLOT + 2
        row = bytes([WALL, *[FREE] * (width - 2), WALL])
        wall = bytes([WALL] * width)
        arena = cls(width, bytearray(wall + rows * PLOT * row + wall), {})
        for seat in range(count):
            down, right = divmod(seat, columns)
            cell = (1 + PLOT // 2) * (width + 1) + PLOT * (down * width + right)
            arena.put(seat, Rider(cell, Heading.UP if (down + right) % 2 else Heading.DOWN))
        return arena

    def put(self, seat: int, rider: Rider) -> None:
        """This is where it is now."""
        self.riders[seat] = rider
        self.cells[rider.cell] = 1 + seat

    def neighbour(self, cell: int, heading: Heading) -> int:
        """The next cell on this way."""
        return cell + (0, -self.width, 1, self.width, -1)[heading]

    def ways(self, cell: int) -> list[Heading]:
        """Where there is room to ride on to."""
        return [heading for heading in Heading if self.cells[self.neighbour(cell, heading)] == FREE]

    def ride(self, headings: Mapping[int, Heading]) -> None:
        """Play a turn.

        Args:
            headings: by seat; who has none gives up.
        """
        self.turn += 1
        goals = {
            seat: Rider(self.neighbour(rider.cell, headings[seat]), headings[seat])
            for seat, rider in self.riders.items()
            if seat in headings
        }
        riders_at = Counter(goal.cell for goal in goals.values())
        safe = {cell for cell, riders in riders_at.items() if riders == 1 and self.cells[cell] == FREE}
        for seat in list(self.riders):
            if seat in goals and goals[seat].cell in safe:
                self.put(seat, goals[seat])
            else:
                del self.riders[seat]
                self.out[seat] = self.turn

    @property
    def is_over(self) -> bool:
        """Whether there is nobody left to ride against."""
        return len(self.riders) <= 1

    def outlived(self) -> dict[int, int]:
        """How many others were out before it, by seat."""
        last = {**self.out, **dict.fromkeys(self.riders, self.turn + 1)}
        return {seat: sum(other < turn for other in last.values()) for seat, turn in sorted(last.items())}

    def ranks(self) -> dict[int, int]:
        """By seat: 1 for the best; who went out in the same turn shares a rank."""
        scores = self.outlived()
        return {seat: 1 + sum(other > score for other in scores.values()) for seat, score in scores.items()}

    def picture(self) -> bytes:
        """The arena as text: trails are the seats' signs, 0 to 9 and A to V, riders are arrows."""
        text = self.cells.translate(_SIGNS)
        for rider in self.riders.values():
            text[rider.cell] = _ARROWS[rider.heading]
        rows = [text[start : start + self.width] for start in range(0, len(text), self.width)]
        return b"\n".join([b"turn %d, riding: %d" % (self.turn, len(self.riders)), *rows])
