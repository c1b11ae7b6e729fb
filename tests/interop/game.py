"""A game on our client that checks every answer: `python -m tests.interop.game PORT TURNS SIZE`.

It prints what the crate's game prints (rust/src/bin/game.rs).
"""

import sys
import time
from collections.abc import Sequence

from bitbroker.client import Action, BaseGame, Player
from tests.interop.payloads import answer, state


class Checker(BaseGame):
    """Asks the players in turn, with states of one size."""

    def __init__(self, turns: int, size: int) -> None:
        self._turns = turns
        self._size = size
        self._turn = 0
        self._wrong = 0
        self._tags: list[int] = []
        self._began: float | None = None
        self._seconds = 0.0

    def initialise(self, players: Sequence[Player]) -> None:
        """Say who plays."""
        self._tags = [0] * len(players)
        for player in players:
            print("player", player.seat, player.name.encode().hex())

    def next_action(self) -> Action:
        """Ask the next player, or end."""
        self._began = self._began or time.perf_counter()
        if self._turn == self._turns:
            return Action.end_game()
        return Action.player_action(self._turn % len(self._tags), state(self._turn, self._size))

    def deliver_response(self, response: bytes) -> None:
        """Check an answer."""
        assert self._began is not None
        self._seconds = time.perf_counter() - self._began
        self._wrong += not self._is_right(self._turn % len(self._tags), response)
        self._turn += 1

    def _is_right(self, seat: int, response: bytes) -> bool:
        """Whether this is the answer of the bot in this seat. The first that is not empty tells its tag."""
        asked = state(self._turn, self._size)
        if not self._tags[seat] and response and asked:
            tag = response[0] ^ asked[-1]
            if tag in self._tags:
                return False
            self._tags[seat] = tag
        return response == answer(asked, self._tags[seat])

    def report(self) -> None:
        """Say how it went."""
        for seat, tag in enumerate(self._tags):
            print("tag", seat, tag)
        print("turns", self._turn)
        print("wrong", self._wrong)
        print(f"seconds {self._seconds:.6f}")


if __name__ == "__main__":
    checker = Checker(int(sys.argv[2]), int(sys.argv[3]))
    checker.run("127.0.0.1", int(sys.argv[1]))
    checker.report()
