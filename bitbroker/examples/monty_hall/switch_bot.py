"""A player of Monty Hall that always takes the other door.

Run it with `python -m bitbroker.examples.monty_hall.switch_bot`.
"""

from collections.abc import Sequence

from bitbroker.examples.monty_hall import DOORS, Doors
from bitbroker.examples.monty_hall.player import MontyHallBot, play_as


class SwitchBot(MontyHallBot):
    """Plays Monty Hall and always takes the other door."""

    NAME = "switch"

    def choose_again(self, state: Doors) -> int:
        """The door that is neither chosen nor open."""
        return sum(DOORS) - state.chosen - state.opened


def main(arguments: Sequence[str] | None = None) -> None:
    """Play as the command line says."""
    play_as(SwitchBot, arguments)


if __name__ == "__main__":
    main()
