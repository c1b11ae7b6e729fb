"""The riders of light cycles."""

import pytest

from bitbroker._pb.examples import light_cycles_pb2 as pb
from bitbroker.client import BasicWireError, Clock
from bitbroker.examples.light_cycles import scout_bot
from bitbroker.examples.light_cycles.arena import Arena, Heading, Rider
from bitbroker.examples.light_cycles.position import read_heading, read_position, write_position
from bitbroker.examples.light_cycles.random_bot import RandomBot
from bitbroker.examples.light_cycles.scout_bot import ScoutBot, claim, is_hopeless

from .test_light_cycles_arena import arena_of

UP, RIGHT, DOWN, LEFT = Heading

WALLED_OFF = "######## #Ab...# #abB..# #.b...# #ab...# ########"
"""A duel, whose players cannot meet; 1 has more than twice the room of 0."""


def wish(bot: RandomBot | ScoutBot, arena: Arena, seat: int = 0) -> int:
    """Where a bot wants to go."""
    return bot.decide_move(write_position(arena, seat)).heading


def test_a_position_is_read_as_it_was_written() -> None:
    """All that a bot needs, whoever is still there."""
    arena = Arena.for_riders(5)
    arena.ride(dict.fromkeys((0, 2, 4), LEFT))
    again = read_position(write_position(arena, 2))
    assert (again.width, again.cells, again.riders) == (arena.width, arena.cells, arena.riders)


def test_a_move_that_says_nothing_is_straight_on() -> None:
    """So is one that says what cannot be."""
    headings = [read_heading(pb.Move.FromString(bytes([8, number])), LEFT) for number in (0, 1, 2, 3, 4, 5, 127)]
    assert headings == [LEFT, UP, RIGHT, DOWN, LEFT, LEFT, LEFT]


def test_the_random_bot_rides_where_there_is_room() -> None:
    """On all such ways, and on no other; straight on if there is none."""
    arena = arena_of("##### #..B# #.Aa# #####")
    assert {wish(RandomBot(seed), arena) for seed in range(50)} == {UP, LEFT}
    assert wish(RandomBot(), arena_of("#### #Ab# ####")) == pb.HEADING_STRAIGHT_ON


def test_the_random_bot_repeats_itself_from_a_seed() -> None:
    """The same seed rides the same."""
    arena = Arena.for_riders(2)
    first, again = ([wish(bot, arena) for _ in range(20)] for bot in (RandomBot(7), RandomBot(7)))
    assert first == again


def test_a_claim_is_what_one_reaches_first() -> None:
    """The cells in the middle, which both reach at the same time, are nobody's, and nobody gets past them."""
    arena = arena_of("####### #A...B# #######")
    assert claim(arena, [0, 1]) == {0: {8 + 1}, 1: {8 + 3}}
    assert claim(arena, [0]) == {0: {9, 10, 11}}


@pytest.mark.parametrize(
    ("drawing", "heading"),
    [
        pytest.param("####### #aA...# #....b# #...bB# #######", RIGHT, id="the way to most of the cells"),
        pytest.param("####### #.aaa.# #.aA..# #.aaa.# #...B.# #######", RIGHT, id="the only way"),
        pytest.param("####### #....b# #.aA.b# #aa.bB# #######", UP, id="not into a dead end"),
    ],
)
def test_the_scout_rides_to_where_there_is_room(drawing: str, heading: Heading) -> None:
    """As far as it sees without looking ahead."""
    assert wish(ScoutBot(1), arena_of(drawing)) == heading


def test_the_scout_fills_its_own_room() -> None:
    """Where it is alone it looks ahead, and does not cut its room in two."""
    arena = arena_of("######## #...bB.# #.A.b..# ########")
    assert (wish(ScoutBot(1), arena), wish(ScoutBot(8), arena)) == (UP, RIGHT)


def test_the_scout_shuns_a_cell_that_another_may_ride_into() -> None:
    """Where there is as much room elsewhere, it does not ride into another's face."""
    assert wish(ScoutBot(1), arena_of("####### #.A.B.# #.....# #######")) in {LEFT, DOWN}


def test_the_scout_looks_ahead_while_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No further move once half of the base time is gone; the bank is for the move at which it finds that out."""
    depths: list[int] = []

    def best_way(_arena: Arena, _seat: int, depth: int) -> Heading:
        depths.append(depth)
        return UP

    monkeypatch.setattr(scout_bot, "best_way", best_way)
    bot = ScoutBot(depth=9)
    for seconds, deepest in ((0.0, 9), (0.2, 3), (0.3, 2)):
        depths.clear()
        bot.clock = clock_of(depths, seconds)
        assert wish(bot, arena_of(WALLED_OFF), 1) == UP
        assert depths == [*range(1, deepest + 1)]
    depths.clear()
    wish(bot, Arena.for_riders(2))
    assert depths == [1]  # where others ride too, what comes then is theirs as well


def clock_of(calls: list[int], seconds: float) -> Clock:
    """A clock on which each of the calls took so long."""
    return Clock(base=1.0, bank=10.0, deadline=11.0, now=lambda: seconds * len(calls))


def test_the_scout_resigns_a_lost_duel() -> None:
    """And only that: the one who wins it does not, nor does anybody in a match of three."""
    arena = arena_of(WALLED_OFF)
    assert is_hopeless(arena, 0)
    assert not is_hopeless(arena, 1)
    arena.put(2, Rider(arena.riders[1].cell + 1, UP))
    assert not is_hopeless(arena, 0)


def test_a_duel_is_open_while_the_two_can_meet() -> None:
    """However little room is left."""
    assert not is_hopeless(arena_of("######## #A.b..# #abB..# #.b...# #a....# ########"), 0)


def test_a_resignation_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the wire has a word for it; where it has none, it rides on."""

    class Resigned(BaseException):
        pass

    def resign(_bot: ScoutBot) -> None:
        raise Resigned

    arena = arena_of(WALLED_OFF)
    with pytest.raises(BasicWireError):
        ScoutBot().resign()
    assert wish(ScoutBot(), arena) == pb.HEADING_STRAIGHT_ON
    monkeypatch.setattr(ScoutBot, "resign", resign)
    with pytest.raises(Resigned):
        wish(ScoutBot(), arena)


def test_the_scout_outlives_the_random_bot() -> None:
    """In nearly every duel, from either seat."""
    won = sum(outlives(seed, seat) for seed in range(10) for seat in (0, 1))
    assert won >= 19


def outlives(seed: int, seat: int) -> bool:
    """Whether a scout in this seat wins a duel."""
    arena = Arena.for_riders(2)
    scout, other = ScoutBot(depth=2), RandomBot(seed)
    while not arena.is_over:
        ways = {number: wish(scout if number == seat else other, arena, number) for number in (0, 1)}
        arena.ride(
            {n: read_heading(pb.Move.FromString(bytes([8, way])), arena.riders[n].heading) for n, way in ways.items()}
        )
    return arena.ranks() == {seat: 1, 1 - seat: 2}
