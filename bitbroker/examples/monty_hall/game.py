"""The host of Monty Hall: hides a car, opens a door with a goat, says what the player has won.

Run it with `python -m bitbroker.examples.monty_hall.game`, beside a broker and one bot.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs
from google.protobuf.message import DecodeError

from bitbroker.client import Action, BaseGame, Cause, Player
from bitbroker.examples._arguments import game_parser, play
from bitbroker.examples._results import append_result, plain
from bitbroker.examples._seed import add_seed, make_lots
from bitbroker.examples.monty_hall import DOORS, Choice, Doors

NO_CHOICE: Final = Choice()
"""What an answer that is no message counts as; its door is 0, which is not there."""


@attrs.define
class Show:
    """One match: where the car is, what the player and the host have done.

    Attributes:
        player: who plays.
        car: the door that hides it.
        spare: the door that the host opens if the player has chosen the car, and may open either.
        doors: what the player sees.
        final: the door that the player ends with; 0 until then.
        fault: why the player has lost by the rules, if it has.
    """

    player: Player
    car: int
    spare: int
    doors: Doors = attrs.Factory(Doors)
    final: int = 0
    fault: str = ""

    @classmethod
    def draw(cls, player: Player, lots: random.Random) -> "Show":
        """Hide the car; the lots decide where."""
        car = lots.choice(DOORS)
        return cls(player, car, spare=lots.choice([door for door in DOORS if door != car]))

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to ask."""
        return bool(self.final or self.fault)

    @property
    def is_won(self) -> bool:
        """Whether the player has found the car."""
        return not self.fault and self.final == self.car

    def choose(self, door: int) -> None:
        """Take the player's choice, the first or the second one."""
        if door not in DOORS:
            self.fault = f"there is no door {door}"
        elif door == self.doors.opened:
            self.fault = f"door {door} is open"
        elif self.doors.chosen:
            self.final = door
        else:
            self.doors = Doors(chosen=door, opened=self._goat(door))

    def _goat(self, chosen: int) -> int:
        if chosen == self.car:
            return self.spare
        return next(door for door in DOORS if door not in {chosen, self.car})

    def tell(self) -> str:
        """What happened, as one plain line."""
        name = plain(self.player.name)
        if self.fault:
            return f"{name} lost: {self.fault}"
        if not self.final:
            return f"{name} did not choose"
        how = "stayed with" if self.final == self.doors.chosen else "switched to"
        prize = "won the car" if self.is_won else f"got a goat; the car was behind door {self.car}"
        return f"{name} chose door {self.doors.chosen}, saw door {self.doors.opened}, {how} door {self.final}: {prize}"


class MontyHall(BaseGame[Doors, Choice]):
    """The game, as the broker knows it: a thin layer above `Show`."""

    Response = Choice

    def __init__(self, *, results: Path | None = None, seed: int | None = None) -> None:
        """Prepare to host.

        Args:
            results: the file to which results are appended.
            seed: of the lots that hide the car; None for others each time.
        """
        self._results = results
        self._lots = make_lots("host", seed)
        self._show: Show | None = None

    def initialise(self, players: Sequence[Player]) -> None:
        """Hide the car."""
        if len(players) != 1:
            raise ValueError(f"Monty Hall is for one player, the broker sent {len(players)}: serve --players 1")
        self._show = Show.draw(players[0], self._lots)

    def next_action(self) -> Action:
        """Ask for a door, for the first or the second time, or end the game."""
        show = self._current
        if not show.is_over:
            return Action.player_action(0, show.doors)
        self._report(show)
        return Action.end_game([float(show.is_won)])

    def deliver_response(self, response: Choice) -> None:
        """Take the choice, and open a door after the first one."""
        self._current.choose(response.door)

    def deliver_failure(self, _player: int, cause: Cause) -> None:
        """A player who does not answer has lost."""
        self._current.fault = f"forfeit: {cause.label}"

    def on_terminated(self) -> None:
        """The broker ended the match."""
        if self._show is None:  # it never began
            super().on_terminated()
        else:
            self._report(self._show)

    def parse_response(self, data: bytes) -> Choice:
        """The bot's choice; what cannot be parsed is none, and loses: the bot's fault, not an error of ours."""
        try:
            return super().parse_response(data)
        except DecodeError:
            return NO_CHOICE

    @property
    def _current(self) -> Show:
        assert self._show is not None, "the broker says who plays before anything else"
        return self._show

    def _report(self, show: Show) -> None:
        print(show.tell(), flush=True)
        result = {
            "name": show.player.name,
            "won": show.is_won,
            "car": show.car,
            "chosen": show.doors.chosen,
            "opened": show.doors.opened,
            "final": show.final,
            "fault": show.fault,
        }
        append_result(self._results, result)
        self._show = None


def main(arguments: Sequence[str] | None = None) -> None:
    """Host as the command line says."""
    parser = game_parser("The host of Monty Hall, a game for one player.")
    add_seed(parser, "hide the car by lots from this seed")
    options = parser.parse_args(arguments)
    play(MontyHall(results=options.results, seed=options.seed), options)


if __name__ == "__main__":
    main()
