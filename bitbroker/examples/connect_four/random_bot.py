"""The simplest player of connect four: any column that is not full.

Run it with `python -m bitbroker.examples.connect_four.random_bot`.
"""

import random
from collections.abc import Sequence

from bitbroker._pb.examples import connect_four_pb2 as pb
from bitbroker.client import BaseBot
from bitbroker.examples._arguments import bot_parser, play
from bitbroker.examples.connect_four.board import Board


class RandomBot(BaseBot[pb.Position, pb.Move]):
    """Plays at random; the same seed plays the same."""

    NAME = "random"
    State = pb.Position

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a game, not a secret

    def decide_move(self, state: pb.Position) -> pb.Move:
        """Choose a column."""
        return pb.Move(column=self._random.choice(Board.after(state.columns).columns))


def main(arguments: Sequence[str] | None = None) -> None:
    """Play as the command line says."""
    parser = bot_parser("Plays connect four at random.", RandomBot.NAME)
    parser.add_argument("--seed", type=int, help="play the same each time")
    options = parser.parse_args(arguments)
    bot = RandomBot(options.seed)
    bot.NAME = options.name
    play(bot, options)


if __name__ == "__main__":
    main()
