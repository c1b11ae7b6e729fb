"""A rider of light cycles that looks for room: it counts the cells that it reaches before anybody else.

Run it with `python -m bitbroker.examples.light_cycles.scout_bot`.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from bitbroker._pb.examples import light_cycles_pb2 as pb
from bitbroker.client import BaseBot, BasicWireError
from bitbroker.examples._arguments import at_least, bot_parser, play
from bitbroker.examples.light_cycles.arena import FREE, Arena, Heading, Rider
from bitbroker.examples.light_cycles.position import read_position, write_heading

DEFAULT_DEPTH: Final = 8

_NOBODY: Final = -1


def claim(arena: Arena, seats: Iterable[int]) -> dict[int, set[int]]:
    """The cells that each of these seats reaches before the others do, as if nobody left another trail."""
    steps = [arena.neighbour(0, heading) for heading in Heading]
    cells = bytearray(arena.cells)
    claims: dict[int, set[int]] = {seat: set() for seat in seats}
    fronts = {seat: {arena.riders[seat].cell} for seat in claims}
    while any(fronts.values()):
        reached: dict[int, int] = {}
        for seat, front in fronts.items():
            for goal in [cell + step for cell in front for step in steps if cells[cell + step] == FREE]:
                reached[goal] = seat if reached.get(goal, seat) == seat else _NOBODY
        fronts = {seat: {cell for cell, first in reached.items() if first == seat} for seat in claims}
        for seat, front in fronts.items():
            claims[seat] |= front
        for cell in reached:
            cells[cell] = 1
    return claims


def room(arena: Arena, seat: int) -> set[int]:
    """The cells that it reaches at all."""
    return claim(arena, [seat])[seat]


def beside_others(arena: Arena, seat: int) -> set[int]:
    """The cells into which somebody else may ride in this turn."""
    others = [rider.cell for other, rider in arena.riders.items() if other != seat]
    return {arena.neighbour(cell, way) for cell in others for way in arena.ways(cell)}


def is_walled_off(arena: Arena, seat: int) -> bool:
    """Whether nobody else can get to where it can get to."""
    return room(arena, seat).isdisjoint(beside_others(arena, seat))


def is_hopeless(arena: Arena, seat: int) -> bool:
    """Whether this is a duel, the two are walled off from each other, and the other one has more than twice the room.

    It cannot be hopeless for both: so nobody resigns a match that nobody would win.
    """
    if len(arena.riders) != 2 or not is_walled_off(arena, seat):
        return False
    (other,) = arena.riders.keys() - {seat}
    return 2 * len(room(arena, seat)) < len(room(arena, other))


def best_way(arena: Arena, seat: int, depth: int) -> Heading:
    """Where there is most room, so many moves ahead; there must be a way."""
    here = arena.riders[seat].cell
    disputed = beside_others(arena, seat)

    def value(way: Heading) -> float:
        cells = worth(ahead(arena, seat, way), seat, depth - 1)
        return cells / 2 if arena.neighbour(here, way) in disputed else cells

    return max(arena.ways(here), key=value)


def worth(arena: Arena, seat: int, depth: int) -> int:
    """How many cells it may still ride over, as it seems so many moves ahead; the others stand still meanwhile."""
    if depth == 0:
        return len(claim(arena, arena.riders)[seat])
    ways = arena.ways(arena.riders[seat].cell)
    return max((1 + worth(ahead(arena, seat, way), seat, depth - 1) for way in ways), default=0)


def ahead(arena: Arena, seat: int, heading: Heading) -> Arena:
    """The arena when this one alone has ridden on."""
    later = Arena(arena.width, bytearray(arena.cells), dict(arena.riders))
    later.put(seat, Rider(arena.neighbour(arena.riders[seat].cell, heading), heading))
    return later


class ScoutBot(BaseBot[pb.Position, pb.Move]):
    """Rides to where there is most room; where nobody can interfere it looks ahead, for as long as its clock allows."""

    NAME = "scout"
    State = pb.Position

    def __init__(self, depth: int = DEFAULT_DEPTH) -> None:
        self._depth = depth

    def decide_move(self, state: pb.Position) -> pb.Move:
        """Choose a way, or resign; straight on if there is none."""
        arena, seat = read_position(state), state.seat
        if is_hopeless(arena, seat):
            with suppress(BasicWireError):  # which has no word for it: ride on
                self.resign()
        if not arena.ways(arena.riders[seat].cell):
            return pb.Move()
        depth, deepest = 1, self._depth if is_walled_off(arena, seat) else 1
        best = best_way(arena, seat, depth)
        while depth < deepest and not self._is_late():
            depth += 1
            best = best_way(arena, seat, depth)
        return pb.Move(heading=write_heading(best))

    def _is_late(self) -> bool:
        """Whether half of the base time is gone: what the next look ahead takes more than the rest is the bank's."""
        return self.clock.remaining() < self.clock.bank + self.clock.base / 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Ride as the command line says."""
    parser = bot_parser("Rides light cycles to where there is room.", ScoutBot.NAME)
    parser.add_argument(
        "--depth",
        type=at_least(1),
        default=DEFAULT_DEPTH,
        help="how many moves to look ahead where it is alone, if there is time (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    bot = ScoutBot(options.depth)
    bot.NAME = options.name
    play(bot, options)


if __name__ == "__main__":
    main()
