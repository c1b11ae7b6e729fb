"""What the players of Monty Hall have in common: any door at first; they differ in what they do then."""

from abc import abstractmethod
from collections.abc import Sequence

from bitbroker.client import BaseBot
from bitbroker.examples._arguments import bot_parser, play
from bitbroker.examples._seed import add_seed, make_lots
from bitbroker.examples.monty_hall import DOORS, Choice, Doors


class MontyHallBot(BaseBot[Doors, Choice]):
    """Chooses a door by lots, and then does what `choose_again` says; the same seed chooses the same."""

    State = Doors

    def __init__(self, seed: int | None = None) -> None:
        self._lots = make_lots("player", seed)

    def decide_move(self, state: Doors) -> Choice:
        """Choose a door."""
        return Choice(door=self.choose_again(state) if state.chosen else self._lots.choice(DOORS))

    @abstractmethod
    def choose_again(self, state: Doors) -> int:
        """The door to end with, now that the host has opened one."""


def play_as(kind: type[MontyHallBot], arguments: Sequence[str] | None) -> None:
    """Play as the command line says."""
    parser = bot_parser(kind.__doc__ or "", kind.NAME)
    add_seed(parser, "choose the first door by lots from this seed")
    options = parser.parse_args(arguments)
    bot = kind(options.seed)
    bot.NAME = options.name
    play(bot, options)
