"""A player of Monty Hall that keeps to its first choice.

Run it with `python -m bitbroker.examples.monty_hall.stay_bot`.
"""

from collections.abc import Sequence

from bitbroker.examples.monty_hall import Doors
from bitbroker.examples.monty_hall.player import MontyHallBot, play_as


class StayBot(MontyHallBot):
    """Plays Monty Hall and keeps to its first choice."""

    NAME = "stay"

    def choose_again(self, state: Doors) -> int:
        """The door of the first choice."""
        return state.chosen


def main(arguments: Sequence[str] | None = None) -> None:
    """Play as the command line says."""
    play_as(StayBot, arguments)


if __name__ == "__main__":
    main()
