"""The simplest rider of light cycles: any way on which there is room for another cell.

Run it with `python -m bitbroker.examples.light_cycles.random_bot`.
"""

import random
from collections.abc import Sequence

from bitbroker._pb.examples import light_cycles_pb2 as pb
from bitbroker.client import BaseBot
from bitbroker.examples._arguments import bot_parser, play
from bitbroker.examples.light_cycles.position import read_position, write_heading


class RandomBot(BaseBot[pb.Position, pb.Move]):
    """Rides at random; the same seed rides the same."""

    NAME = "random"
    State = pb.Position

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a game, not a secret

    def decide_move(self, state: pb.Position) -> pb.Move:
        """Choose a way; straight on if there is none."""
        arena = read_position(state)
        ways = arena.ways(arena.riders[state.seat].cell)
        return pb.Move(heading=write_heading(self._random.choice(ways))) if ways else pb.Move()


def main(arguments: Sequence[str] | None = None) -> None:
    """Ride as the command line says."""
    parser = bot_parser("Rides light cycles at random.", RandomBot.NAME)
    parser.add_argument("--seed", type=int, help="ride the same each time")
    options = parser.parse_args(arguments)
    bot = RandomBot(options.seed)
    bot.NAME = options.name
    play(bot, options)


if __name__ == "__main__":
    main()
