"""The clients of a match in which something fails: `python -m tests.faults.programs NAME ADDRESS WIRE`.

`game` asks each bot in each turn; any other name is a bot, called so. At its end each writes a line of JSON: what it
was told, or the error that it ended with, in the words that a user would read.
"""

import json
import logging
import sys
from collections.abc import Sequence
from typing import Final

from bitbroker.client import AsyncTable, BaseBot, BaseGame, Outcome, Result
from bitbroker.client.connection import Wire
from bitbroker.errors import BitbrokerError

PLAYERS: Final = 2
TURNS: Final = 2
CONNECT_SECONDS: Final = 5.0


class Caller(BaseGame):
    """Asks everybody at once, in each turn."""

    PLAYERS = PLAYERS

    def __init__(self) -> None:
        self.told = ""

    async def play(self, table: AsyncTable) -> None:
        """All turns, and the result."""
        for turn in range(1, TURNS + 1):
            answers = await table.ask_all({player.seat: b"turn %d" % turn for player in table.players})
            assert all(answer.decision == b"answer to turn %d" % turn for answer in answers.values())
        await table.end(Result([1.0, 0.0]))

    def on_outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        self.told = outcome.cause.label


class Answerer(BaseBot):
    """Answers."""

    def __init__(self, name: str) -> None:
        self.NAME = name
        self.told = ""

    def decide_move(self, state: bytes) -> bytes:
        """Its answer says to what."""
        return b"answer to " + state

    def on_outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        self.told = outcome.cause.label


def main(name: str, address: str, wire: Wire) -> None:
    """Play one match, and tell how that was."""
    logging.disable()  # what it tells is on standard output
    client = Caller() if name == "game" else Answerer(name)
    error = text = ""
    try:
        client.run(address, wire=wire, connect_timeout=CONNECT_SECONDS)
    except BitbrokerError as failure:
        error, text = type(failure).__name__, str(failure)
    print(json.dumps({"told": client.told, "error": error, "text": text}), flush=True)


def _wire(arguments: Sequence[str]) -> Wire:
    match arguments[3]:
        case "auto" | "basic" | "binary" as wire:
            return wire
        case other:
            raise ValueError(f"wire is {other!r}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], _wire(sys.argv))
