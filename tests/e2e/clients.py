"""Games and bots on our client, for tests: `python -m tests.e2e.clients ROLE ADDRESS WIRE MATCH [ROLE ADDRESS ...]`.

All of them run in this process, and each writes what it was told as a line of JSON when its match is over. The game
asks all its players at once, in each turn, and wants numbers doubled. A wire of `ws` is what its address says.
"""

import json
import sys
from collections.abc import Sequence

import trio

from bitbroker.client import AsyncTable, BaseBot, BaseGame, MatchInfo, Outcome, Result, Table, TimeControl

TURNS = 15


def tell(role: str, **what: object) -> None:
    """Write a line of JSON."""
    print(json.dumps({"role": role, **what}), flush=True)


class Doubling(BaseGame):
    """Asks, and counts who is right."""

    NAME = "doubling"
    TIME_CONTROL = TimeControl(move=60, on_failure="tell-game")
    CONTENT_TYPE = "text/plain"

    async def play(self, table: AsyncTable) -> None:
        """All turns, and the result."""
        seats = range(len(table.players))
        right = [0] * len(seats)
        for turn in range(1, TURNS + 1):
            await table.publish(b"turn %d" % turn)
            states = {seat: 10 * turn + seat for seat in seats}
            answers = await table.ask_all({seat: b"%d" % state for seat, state in states.items()})
            for seat, answer in answers.items():
                right[seat] += int(answer.decision) == 2 * states[seat]
        await table.end(Result(right, reason="all turns are played"))
        tell("game", right=right, names=[player.name for player in table.players])


class Waiting(BaseGame):
    """Asks, in a thread of its own, a player who never answers."""

    TIME_CONTROL = TimeControl(move=600)

    def play(self, table: Table) -> None:
        """Wait."""
        table.ask(0, b"for ever")


class Doubler(BaseBot):
    """The bot; named after its wire."""

    def __init__(self, name: str) -> None:
        self.NAME = name
        self._asked = 0
        self._seat: int | None = None

    def on_start(self, match: MatchInfo) -> None:
        """Note the seat."""
        self._seat = match.seat

    async def decide_move(self, state: bytes) -> bytes:
        """Twice the state."""
        if state == b"for ever":
            tell("bot", waits=True)
            await trio.sleep_forever()
        self._asked += 1
        return b"%d" % (2 * int(state))

    def on_outcome(self, outcome: Outcome) -> None:
        """Tell it."""
        tell("bot", name=self.NAME, seat=self._seat, asked=self._asked, cause=outcome.cause.label)


async def main(arguments: Sequence[str]) -> None:
    """Run a client for each four arguments."""
    async with trio.open_nursery() as nursery:
        for role, address, wire, match in zip(*[iter(arguments)] * 4, strict=True):
            client = Doubling() if role == "game" else Doubler(wire)
            nursery.start_soon(run, client, address, wire, match)


async def run(client: BaseGame | BaseBot, address: str, wire: str, match: str) -> None:
    """Run one."""
    await client.arun(address, wire="auto" if wire == "ws" else wire, match=match)  # type: ignore[arg-type]  # typed by whoever calls


if __name__ == "__main__":
    if sys.argv[1] == "waiting":
        Waiting().run(sys.argv[2])
    else:
        trio.run(main, sys.argv[1:])
