"""Whole matches between our programs and the crate's."""

from itertools import combinations, product

import attrs
import pytest
import trio

from tests.interop.matrix import CELLS, Bots, Cell, First, expected, play
from tests.interop.page import Seen
from tests.interop.programs import NAMES, Kind


def test_every_two_values_meet() -> None:
    """Whatever two columns one looks at, each value of one is played with each of the other."""
    values: dict[str, list[object]] = {
        "broker": list(Kind),
        "game": list(Kind),
        "bots": list(Bots),
        "players": [1, 2, 3, 16],
        "size": [0, 1, 2, 3, 1_000, 1_000_000],
        "name": list(NAMES),
        "first": list(First),
    }
    played = [attrs.asdict(cell) for cell in CELLS]
    missing = [
        {one: left, other: right}
        for one, other in combinations(values, 2)
        for left, right in product(values[one], values[other])
        if not any(cell[one] == left and cell[other] == right for cell in played)
    ]
    # One bot can't be mixed, and ours takes its class's name where it has none.
    assert missing == [{"bots": "mixed", "players": 1}, {"bots": "ours", "name": "empty"}]


@pytest.mark.interop
@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_match(cell: Cell, seen: Seen) -> None:
    """Every payload arrives as it was sent, every name too, and everybody ends well."""
    with trio.fail_after(120):
        played = await play(cell)
    assert played == expected(cell)
    seen.cells.add(cell)
