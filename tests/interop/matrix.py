"""Who plays with whom: matches in which every two values of any two columns meet at least once."""

from enum import StrEnum
from typing import Final

import attrs

from tests.interop.processes import Child, Party, open_party
from tests.interop.programs import NAMES, Kind, expected_name, open_broker, read_report, start_bot, start_game

OURS, CRATE = Kind.OURS, Kind.CRATE
LARGE: Final = 1_000_000


class Bots(StrEnum):
    """Whose bots play."""

    OURS = "ours"
    CRATE = "the crate's"
    MIXED = "mixed"


class First(StrEnum):
    """Who connects first."""

    BOTS = "bots"
    GAME = "game"


@attrs.frozen
class Cell:
    """One match.

    Attributes:
        broker: whose.
        game: whose.
        bots: whose; mixed is the crate's and ours by turns.
        players: how many.
        size: of its states, in bytes.
        name: the first bot's, a key of `NAMES`; the next bot has the next name, and so on.
        first: who connects before the others.
    """

    broker: Kind
    game: Kind
    bots: Bots
    players: int
    size: int
    name: str
    first: First

    @property
    def turns(self) -> int:
        """How many: the crate's broker takes 44 ms for each, a megabyte takes its time everywhere."""
        return 100 if self.broker is CRATE or self.size == LARGE else 5_000

    @property
    def bot_kinds(self) -> list[Kind]:
        """Whose bot each is."""
        if self.bots is Bots.MIXED:
            return [(CRATE, OURS)[number % 2] for number in range(self.players)]
        return [Kind(self.bots)] * self.players

    @property
    def names(self) -> list[str]:
        """Each bot's name, as a key."""
        keys = list(NAMES)
        start = keys.index(self.name)
        return [keys[(start + number) % len(keys)] for number in range(self.players)]

    def __str__(self) -> str:
        words = (self.broker, self.game, self.bots, f"{self.players}-players", f"{self.size}-bytes", self.name)
        return "-".join(word.replace("the crate's", "crate") for word in (*words, f"{self.first}-first"))


CELLS: Final = [
    Cell(OURS, OURS, Bots.CRATE, 1, 1_000, "plain", First.GAME),
    Cell(OURS, OURS, Bots.CRATE, 3, LARGE, "foreign", First.BOTS),
    Cell(OURS, OURS, Bots.CRATE, 16, 3, "empty", First.BOTS),
    Cell(OURS, OURS, Bots.MIXED, 2, 1, "plain", First.GAME),
    Cell(OURS, OURS, Bots.MIXED, 16, 0, "foreign", First.BOTS),
    Cell(OURS, CRATE, Bots.OURS, 3, 0, "long", First.GAME),
    Cell(OURS, CRATE, Bots.OURS, 3, 2, "plain", First.BOTS),
    Cell(OURS, CRATE, Bots.OURS, 16, 1, "foreign", First.BOTS),
    Cell(OURS, CRATE, Bots.OURS, 16, 1_000, "long", First.BOTS),
    Cell(OURS, CRATE, Bots.CRATE, 1, 1, "long", First.BOTS),
    Cell(OURS, CRATE, Bots.CRATE, 1, LARGE, "empty", First.GAME),
    Cell(OURS, CRATE, Bots.CRATE, 2, 2, "empty", First.BOTS),
    Cell(OURS, CRATE, Bots.MIXED, 16, LARGE, "plain", First.GAME),
    Cell(CRATE, OURS, Bots.OURS, 1, 2, "foreign", First.GAME),
    Cell(CRATE, OURS, Bots.OURS, 1, 3, "foreign", First.BOTS),
    Cell(CRATE, OURS, Bots.OURS, 2, 0, "plain", First.BOTS),
    Cell(CRATE, OURS, Bots.OURS, 2, LARGE, "long", First.GAME),
    Cell(CRATE, OURS, Bots.CRATE, 1, 0, "empty", First.GAME),
    Cell(CRATE, OURS, Bots.CRATE, 3, 1, "empty", First.GAME),
    Cell(CRATE, OURS, Bots.MIXED, 16, 2, "long", First.BOTS),
    Cell(CRATE, CRATE, Bots.OURS, 2, 3, "long", First.BOTS),
    Cell(CRATE, CRATE, Bots.MIXED, 2, 1_000, "foreign", First.GAME),
    Cell(CRATE, CRATE, Bots.MIXED, 3, 3, "plain", First.GAME),
    Cell(CRATE, CRATE, Bots.MIXED, 3, 1_000, "empty", First.BOTS),
]


@attrs.frozen
class Played:
    """How a match went.

    Attributes:
        exit_codes: of broker, game and bots; all 0 if all is well.
        turns: how many were played.
        wrong: how many answers were wrong.
        seats: name and tag of each bot as the game saw them, sorted; the tag is 0 where states are empty.
    """

    exit_codes: list[int]
    turns: int
    wrong: int
    seats: list[tuple[str, int]]


def expected(cell: Cell) -> Played:
    """How it must go; bots that start at the same time may sit in any order."""
    tags = [number if cell.size else 0 for number in range(1, cell.players + 1)]
    names = [expected_name(kind, name) for kind, name in zip(cell.bot_kinds, cell.names, strict=True)]
    seats = sorted(zip(names, tags, strict=True))
    return Played([0] * (cell.players + 2), cell.turns, 0, seats)


async def play(cell: Cell) -> Played:
    """Play it with real processes."""
    async with open_party() as party:
        flags = ("--once", "--time-limit", "100", "--game-time-limit", "100") if cell.broker is OURS else ()
        broker = await open_broker(party, cell.broker, cell.players, *flags)
        if cell.first is First.GAME:
            game = await start_game(party, cell.game, broker.port, cell.turns, cell.size)
            await broker.wait_arrived(1)
            bots = await _start_bots(party, cell, broker.port)
        else:
            bots = await _start_bots(party, cell, broker.port)
            await broker.wait_arrived(cell.players)
            game = await start_game(party, cell.game, broker.port, cell.turns, cell.size)
        exit_codes = [await child.wait() for child in (broker.child, game, *bots)]
    report = read_report(game)
    return Played(exit_codes, report.turns, report.wrong, sorted(report.seats))


async def _start_bots(party: Party, cell: Cell, port: int) -> list[Child]:
    entries = enumerate(zip(cell.bot_kinds, cell.names, strict=True), start=1)
    return [await start_bot(party, kind, port, tag, name) for tag, (kind, name) in entries]
