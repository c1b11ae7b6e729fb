"""The game that the bots play: nim, which holds every move against the one that the bots' rule makes.

`python -m tests.interop.languages.nim` plays it with two of them, who meet in the lobby of a broker on its usual port.
"""

import operator
from collections.abc import Awaitable, Callable
from functools import reduce

from bitbroker.client import AsyncTable, BaseGame, TimeControl

NimTable = AsyncTable[bytes, bytes]
Script = Callable[[NimTable], Awaitable[None]]


class Nim(BaseGame[bytes, bytes]):
    """A match that goes as a script says."""

    TIME_CONTROL = TimeControl(move=60, on_failure="tell-game")

    def __init__(self, players: int, script: Script) -> None:
        self.PLAYERS = players
        self._script = script

    async def play(self, table: NimTable) -> None:
        """Follow the script."""
        await self._script(table)


def state_of(heaps: list[int]) -> bytes:
    """The heaps as players see them."""
    return " ".join(map(str, heaps)).encode()


def best_move(heaps: list[int]) -> tuple[int, int]:
    """A heap and how many to take from it: what leaves a sum of 0; else one from the first heap that has any."""
    total = reduce(operator.xor, heaps)
    for heap, size in enumerate(heaps):
        if size ^ total < size:
            return heap, size - (size ^ total)
    return next(heap for heap, size in enumerate(heaps) if size), 1


async def ask(table: NimTable, seat: int, heaps: list[int]) -> list[int]:
    """Ask for a move, which must be the right one; the heaps after it."""
    answer = await table.ask(seat, state_of(heaps))
    heap, taken = best_move(heaps)
    assert answer.decision == b"%d %d" % (heap, taken)
    return [size - taken if place == heap else size for place, size in enumerate(heaps)]


async def play_out(table: NimTable) -> None:
    """A whole game, players in turn, to the last piece."""
    heaps, turn = [3, 4, 5], 0
    while any(heaps):
        heaps = await ask(table, turn % len(table.players), heaps)
        turn += 1
    winner = (turn - 1) % len(table.players)
    await table.end({player.seat: float(player.seat == winner) for player in table.players})


if __name__ == "__main__":
    Nim(2, play_out).run()
