"""How connections come in: at which pace, how many from one address, and through a shortage of the system."""

import errno
import os
from itertools import chain, repeat
from math import inf

import pytest
import structlog.testing
import trio
from trio.testing import MockClock

from bitbroker.broker.entrance import Entrance, Neighbours, Pace, home_of


class Caller(trio.abc.AsyncResource):
    """A connection that nobody uses."""

    async def aclose(self) -> None:
        """Nothing to close."""


class Door(trio.abc.Listener[Caller]):
    """A listener that does what it is told: an error, or a wait and then a connection.

    Attributes:
        tries: when it was asked.
    """

    def __init__(self, *steps: BaseException | float) -> None:
        self._steps = chain(steps, repeat(inf))
        self.tries: list[float] = []

    async def accept(self) -> Caller:
        """The next step."""
        self.tries.append(round(trio.current_time(), 6))
        step = next(self._steps)
        if isinstance(step, BaseException):
            raise step
        await trio.sleep(step)
        return Caller()

    async def aclose(self) -> None:
        """Nothing to close."""


def lacks(number: int) -> OSError:
    """The system's word for it."""
    return OSError(number, os.strerror(number))


SHORTAGES = [*map(lacks, (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)), MemoryError()]


async def accept_for(entrance: Entrance[Caller], seconds: float) -> int:
    """How many come in within that time."""
    count = 0
    with trio.move_on_after(seconds):
        while True:
            await entrance.accept()
            count += 1
    return count


# The pace.


async def test_second_s_worth_comes_at_once_and_then_one_by_one(autojump_clock: MockClock) -> None:
    """A burst is let in; what is above the rate waits, and nobody is lost."""
    began = trio.current_time()
    door = Door(*[0] * 20)
    assert await accept_for(Entrance(door, Pace(10)), 60) == 20
    waits = [when - began for when in door.tries]
    assert waits[:10] == pytest.approx([0] * 10)
    assert waits[10:] == pytest.approx([0.1 * number for number in range(1, 12)])


async def test_pause_fills_the_bucket_to_the_brim_and_no_further(autojump_clock: MockClock) -> None:
    """An hour without anybody allows as large a burst as a second does."""
    door = Door(*[0] * 10, 3600, *[0] * 15)
    await accept_for(Entrance(door, Pace(10)), 4000)
    later = [when - door.tries[11] for when in door.tries[11:]]
    assert later == pytest.approx([0] * 9 + [0.1 * number for number in range(1, 8)], abs=1e-5)


async def test_listeners_share_a_pace(autojump_clock: MockClock) -> None:
    """What one has let in, the other may not."""
    pace = Pace(10)
    one, other = Entrance(Door(*[0] * 10), pace), Entrance(Door(*[0] * 10), pace)
    assert await accept_for(one, 0.01) == 10
    assert await accept_for(other, 0.51) == 5


async def test_no_pace(autojump_clock: MockClock) -> None:
    """With 0 nobody waits."""
    began = trio.current_time()
    door = Door(*[0] * 1000)
    await accept_for(Entrance(door, Pace(0)), 1)
    assert set(door.tries) == {round(began, 6)}


# Shortages.


@pytest.mark.parametrize("shortage", SHORTAGES, ids=repr)
async def test_shortage_is_waited_out(autojump_clock: MockClock, shortage: BaseException) -> None:
    """Tried again ever more seldom, a second apart at the most; and logged when it begins and when it is over."""
    began = trio.current_time()
    door = Door(*[shortage] * 10, 0)
    with structlog.testing.capture_logs() as log:
        assert await accept_for(Entrance(door, Pace(0)), 3600) == 1
    waits = [when - began for when in door.tries[:11]]
    assert waits == pytest.approx([0, 0.1, 0.3, 0.7, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5])
    begins, ends = log
    assert begins["event"] == "accepting pauses"
    assert begins["reason"] == (shortage.strerror if isinstance(shortage, OSError) else "out of memory")
    assert ends == {"event": "accepting goes on", "seconds": 9.5, "failures": 10, "log_level": "warning"}


async def test_brink_of_a_shortage_is_one_shortage(autojump_clock: MockClock) -> None:
    """Where each connection that closes lets one in and the next one fails, there are still two lines of log."""
    brink: list[BaseException | float] = [lacks(errno.EMFILE), 0, 0.5]
    door = Door(*brink * 100)
    with structlog.testing.capture_logs() as log:
        assert await accept_for(Entrance(door, Pace(0)), 3600) == 200
    assert [(entry["event"], entry.get("failures")) for entry in log] == [
        ("accepting pauses", None),
        ("accepting goes on", 100),
    ]


async def test_steady_stream_ends_a_shortage_too(autojump_clock: MockClock) -> None:
    """It need not become quiet, only succeed."""
    with structlog.testing.capture_logs() as log:
        assert await accept_for(Entrance(Door(lacks(errno.EMFILE), *[0.01] * 1000), Pace(0)), 8) > 700
    assert [entry["event"] for entry in log] == ["accepting pauses", "accepting goes on"]


async def test_other_errors_are_none_of_it(autojump_clock: MockClock) -> None:
    """They are not hidden."""
    with pytest.raises(OSError, match="Bad file descriptor"):
        await Entrance(Door(lacks(errno.EBADF)), Pace(0)).accept()


# Addresses.


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1:1000", "192.0.2.1:2000", True),
        ("192.0.2.1:1000", "192.0.2.2:1000", False),
        ("192.0.2.1:1000", "[::ffff:192.0.2.1]:1000", True),
        ("[::ffff:192.0.2.1]:1000", "[::ffff:192.0.2.2]:1000", False),
        ("[2001:db8::1]:1000", "[2001:db8::ffff:1]:1000", True),
        ("[2001:db8:0:1::1]:1000", "[2001:db8:0:2::1]:1000", False),
        ("[fe80::1%eth0]:1000", "[fe80::2%eth0]:1000", True),
        ("one of a pair", "one of a pair", True),
    ],
)
def test_whose_address_it_is(one: str, other: str, same: bool) -> None:
    """IPv4 by the address, however it is written; IPv6 by the network of which one has all addresses."""
    assert (home_of(one) == home_of(other)) is same


def test_neighbours_are_counted_while_they_are_there() -> None:
    """Each address by itself, and forgotten with its last connection."""
    neighbours = Neighbours()
    with neighbours.counted("192.0.2.1:1") as first, neighbours.counted("192.0.2.1:2") as second:
        with neighbours.counted("192.0.2.2:1") as other:
            assert (first, second, other) == (1, 2, 1)
            assert len(neighbours) == 2
        with neighbours.counted("192.0.2.1:3") as third:
            assert third == 3
        with neighbours.counted("192.0.2.1:4") as again:
            assert again == 3
        assert len(neighbours) == 1
    assert len(neighbours) == 0
