"""The rules of light cycles."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.examples.light_cycles.arena import FREE, MOST_RIDERS, PLOT, WALL, Arena, Heading, Rider

UP, RIGHT, DOWN, LEFT = Heading

SIX_BY_THREE = """\
########
#......#
#......#
#......#
########"""


def arena_of(drawing: str, **headings: Heading) -> Arena:
    """An arena as it is drawn; letters are trails, capitals are riders, `a` having seat 0."""
    rows = drawing.split()
    arena = Arena(len(rows[0]), bytearray(), {})
    for cell, sign in enumerate("".join(rows)):
        arena.cells.append({".": FREE, "#": WALL}.get(sign) or (FREE if sign == "." else 1 + "abc".index(sign.lower())))
        if sign.isupper():
            arena.put("ABC".index(sign), Rider(cell, headings.get(sign, RIGHT)))
    return arena


def drawing_of(arena: Arena) -> str:
    """What it looks like, without the line above it."""
    return arena.picture().decode().partition("\n")[2]


@pytest.mark.parametrize("count", range(2, MOST_RIDERS + 1))
def test_everybody_starts_in_the_middle_of_a_plot(count: int) -> None:
    """As far from the walls as from the next rider, and with all ways open."""
    arena = Arena.for_riders(count)
    places = [divmod(arena.riders[seat].cell, arena.width) for seat in range(count)]
    assert len(set(places)) == count
    assert {(row - 1) % PLOT for row, _ in places} == {(column - 1) % PLOT for _, column in places} == {PLOT // 2}
    assert all(arena.ways(rider.cell) == list(Heading) for rider in arena.riders.values())
    assert len(arena.cells) == arena.width * (max(row for row, _ in places) + PLOT // 2 + 2)


def test_the_arena_has_no_more_plots_than_it_needs() -> None:
    """Two side by side; beyond that as square as may be."""
    sizes = {count: Arena.for_riders(count) for count in (2, 4, 5, 32)}
    plots = {count: (arena.width // PLOT, len(arena.cells) // arena.width // PLOT) for count, arena in sizes.items()}
    assert plots == {2: (2, 1), 4: (2, 2), 5: (3, 2), 32: (6, 6)}


def test_riders_leave_trails() -> None:
    """A cell in each turn, all at the same time."""
    arena = arena_of("######## #A....B# #......# #....C.# ########")
    arena.ride({0: DOWN, 1: DOWN, 2: LEFT})
    arena.ride({0: RIGHT, 1: DOWN, 2: LEFT})
    assert arena.picture().decode() == "turn 2, riding: 3\n########\n#0....1#\n#0>...1#\n#..<22v#\n########"


@pytest.mark.parametrize(
    ("drawing", "headings", "left"),
    [
        pytest.param("##### #A.B# #####", {0: UP, 1: LEFT}, {1}, id="a wall"),
        pytest.param("##### #A.B# #..b# #####", {0: DOWN, 1: DOWN}, {0}, id="its own trail"),
        pytest.param("##### #Ab.# #.B.# #####", {0: RIGHT, 1: DOWN}, set(), id="another's trail, and a wall"),
        pytest.param("##### #A.B# #####", {0: RIGHT, 1: LEFT}, set(), id="the same cell as another"),
        pytest.param("##### #AB.# #####", {0: RIGHT, 1: LEFT}, set(), id="each other's cell"),
        pytest.param("##### #AB.# #####", {0: RIGHT, 1: RIGHT}, {1}, id="a cell that is just being left"),
        pytest.param("##### #A.B# #####", {1: LEFT}, {1}, id="gives up"),
        pytest.param("##### #A.B# #####", {0: RIGHT, 1: UP}, {0}, id="a cell to which nobody else comes"),
    ],
)
def test_who_goes_out(drawing: str, headings: dict[int, Heading], left: set[int]) -> None:
    """Each ending that there is, and no other."""
    arena = arena_of(drawing)
    arena.ride(headings)
    assert arena.riders.keys() == left
    assert arena.out == dict.fromkeys({0, 1} - left, 1)


def test_trails_stay_when_their_rider_is_out() -> None:
    """The picture has no arrow for it any more."""
    arena = arena_of("##### #A.B# #####", A=LEFT)
    arena.ride({0: LEFT, 1: LEFT})
    assert drawing_of(arena) == "#####\n#0<1#\n#####"


def test_ranks_are_by_the_turn_in_which_one_went_out() -> None:
    """Those of the same turn share one; a score is how many one has outlived."""
    arena = Arena.for_riders(5)
    arena.ride({0: UP, 1: UP, 2: UP})
    assert not arena.is_over
    arena.ride({0: UP})
    assert arena.is_over
    assert arena.ranks() == {0: 1, 1: 2, 2: 2, 3: 4, 4: 4}
    assert arena.outlived() == {0: 4, 1: 2, 2: 2, 3: 0, 4: 0}


def test_it_may_end_with_nobody() -> None:
    """Then the last ones are the best."""
    arena = Arena.for_riders(3)
    arena.ride({0: UP, 1: UP})
    arena.ride({})
    assert arena.is_over
    assert arena.ranks() == {0: 1, 1: 1, 2: 3}


def test_every_sign_is_another() -> None:
    """All seats, free cells, walls and riders can be told apart."""
    arena = Arena.for_riders(MOST_RIDERS)
    arena.ride({seat: Heading(1 + seat % 4) for seat in range(MOST_RIDERS)})
    assert set(drawing_of(arena)) == set("0123456789ABCDEFGHIJKLMNOPQRSTUV.#^>v<\n")


@given(st.integers(2, MOST_RIDERS), st.randoms(use_true_random=False))
def test_any_match(count: int, lots: random.Random) -> None:
    """Each turn takes a free cell for each rider that is left, and no other; it ends, and everybody has a rank."""
    arena = Arena.for_riders(count)
    while not arena.is_over:
        before, riding = bytes(arena.cells), arena.riders.copy()
        arena.ride({seat: lots.choice(arena.ways(rider.cell) or [UP]) for seat, rider in riding.items()})
        taken = {cell: arena.cells[cell] for cell in range(len(before)) if arena.cells[cell] != before[cell]}
        assert taken == {rider.cell: 1 + seat for seat, rider in arena.riders.items()}
        assert all(before[cell] == FREE for cell in taken)
        assert arena.riders.keys() | arena.out.keys() == set(range(count))
    ranks = arena.ranks()
    assert sorted(ranks) == list(range(count))
    assert all(rank == 1 + sum(other < rank for other in ranks.values()) for rank in ranks.values())
