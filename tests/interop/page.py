"""docs/interop.md, made from what a run of `make test-interop` has seen."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import attrs

from tests.interop import matrix, protobuf, trouble
from tests.interop.matrix import Cell
from tests.interop.programs import NAMES, Kind
from tests.interop.protobuf import Fields

PAGE: Final = Path(__file__).parents[2] / "docs" / "interop.md"


@attrs.define
class Seen:
    """What was seen so far.

    Attributes:
        cells: matches in which all was as it should be.
        trouble: what became of everybody, by scene and broker.
        protobuf: what prost and ours read, by kind of message and case.
    """

    cells: set[Cell] = attrs.field(factory=set)
    trouble: dict[tuple[str, Kind], str] = attrs.field(factory=dict)
    protobuf: dict[tuple[str, str], tuple[Fields | str, Fields | str]] = attrs.field(factory=dict)

    def missing(self) -> list[str]:
        """What was not seen, or not as it should be."""
        return [
            *(str(cell) for cell in matrix.CELLS if cell not in self.cells),
            *(
                f"{row.what} ({kind})"
                for row in trouble.ROWS
                for kind in Kind
                if row.expected(kind) and (row.what, kind) not in self.trouble
            ),
            *(case.what for case in protobuf.CASES if (case.kind, case.what) not in self.protobuf),
        ]


HEAD: Final = """\
# With the crate

Made by `make test-interop`, which plays all of this with the Rust crate `bitbroker` 0.1.0 as it is published: its
broker, and a bot and a game built on it ([tests/interop/rust](../tests/interop/rust/Cargo.toml)). What is built on the
crate works with our broker by one changed address, and what is built on our client works with the crate's broker.

## Played

Each row is a match over TCP between processes. The game checks every answer, and an answer is made of every byte of
its state, so each payload is checked both ways; names and seats are checked too. Any two values of any two columns meet
in some row, but for two that cannot: one bot is not mixed, and a bot on our client without a name takes its class's.
The name is the first bot's, the next one has the next name: "plain", one outside ASCII, none, one of 64 characters, the
most that ours takes.
Everybody ended well, and no answer was wrong.
"""

TROUBLE: Final = """
## In trouble

What became of everybody, with either broker; bots and games are built on the crate. `Ok(())` and "its error" are what
the crate's `run_bot` and `run_game` returned. "fails" is a panic or an I/O error, whichever the sockets' timing made
of it; with our broker nobody panicked. "waits": until we ended it. Where our match ends, its cause and who was at
fault are in the broker's log. Where the two differ it is on purpose: a client's trouble is no other match's, nobody is
waited for without a limit, and whoever is still there is told.
"""

PROTOBUF: Final = """
## Protobuf

What prost 0.13 (the crate's library) and our generated code read in the two messages of the handshake. Besides, any
index and any name are written by both as the same bytes, and unknown fields of every wire type are read past wherever
they stand. They differ in one thing that nobody writes: prost refuses a known field of another wire type, and
ours reads past it.
"""

NAME_WORDS: Final = {"plain": "plain", "foreign": "outside ASCII", "empty": "none", "long": "64 characters"}


def render(seen: Seen) -> str:
    """The page; of all that is to be seen, in the order in which it is declared."""
    assert NAME_WORDS.keys() == NAMES.keys()
    lines = [
        HEAD,
        *_table(
            ("broker", "game", "bots", "players", "state, bytes", "name", "first", "turns"), map(_cell, matrix.CELLS)
        ),
        TROUBLE,
        *_table(("what happens", "the crate's broker", "ours"), (_row(row, seen) for row in trouble.ROWS)),
        PROTOBUF,
        *_table(("message", "bytes", "prost", "ours"), (_case(case, seen) for case in protobuf.CASES)),
    ]
    return "\n".join(lines) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(cell: Cell) -> tuple[str, ...]:
    numbers = f"{cell.players}", f"{cell.size:,}"
    return cell.broker, cell.game, cell.bots, *numbers, NAME_WORDS[cell.name], cell.first, f"{cell.turns:,}"


def _row(row: trouble.Row, seen: Seen) -> tuple[str, ...]:
    crate = seen.trouble.get((row.what, Kind.CRATE), "has no such setting")
    return row.what, crate, seen.trouble[row.what, Kind.OURS]


def _case(case: protobuf.Case, seen: Seen) -> tuple[str, ...]:
    return case.kind, case.what, *map(_fields, seen.protobuf[case.kind, case.what])


def _fields(fields: Fields | str) -> str:
    if isinstance(fields, str):
        return fields
    return ", ".join(f'{index} "{name}"' for index, name in fields) or "no entry"
