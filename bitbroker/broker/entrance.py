"""Where connections come in: how fast, how many from one address, and what if the system has nothing left for more."""

import errno
import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Final, Generic, TypeVar

import structlog
import trio

_log = structlog.get_logger("bitbroker.service")

T = TypeVar("T", bound=trio.abc.AsyncResource)

_SCARCE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What accept(2) says when the system has no descriptor, buffer or memory left for one more connection."""

_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 1.0
_CALM_SECONDS: Final = 2.0
"""How long nothing must have failed until a shortage counts as over: at the brink accepting succeeds now and then."""

_IPV6_BYTES_OF_ONE: Final = 8
"""Whoever has one IPv6 address has the other 2**64 with the same first bytes too."""


class Pace:
    """Lets so many connections in a second: a token bucket that holds a second's worth.

    Nobody is turned away by it. Who has to wait does so in the kernel's backlog, and costs the broker nothing there.
    """

    def __init__(self, rate: int) -> None:
        """Prepare.

        Args:
            rate: connections a second; 0 for no limit.
        """
        self._interval = 1 / rate if rate else 0.0
        self._due = -inf

    async def wait(self) -> None:
        """Wait until the next connection may be accepted."""
        if self._due > trio.current_time():
            await trio.sleep_until(self._due)

    def take(self) -> None:
        """One has been."""
        full = trio.current_time() - 1.0 + self._interval  # with a second's worth in it
        self._due = max(self._due, full) + self._interval


class Neighbours:
    """How many connections are open from each address; holds an entry for each address that has one."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def counted(self, peer: str) -> Iterator[int]:
        """Count a connection for as long as it is open; gives how many its address has, this one included."""
        home = home_of(peer)
        self._open[home] += 1
        try:
            yield self._open[home]
        finally:
            self._open[home] -= 1
            if not self._open[home]:
                del self._open[home]


def home_of(peer: str) -> str:
    """What of a peer's address and port tells whose it is: an IPv4 address, or the first half of an IPv6 one."""
    host = peer.rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # no address of the Internet, such as a socket pair's
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return address.packed[:_IPV6_BYTES_OF_ONE].hex()
        address = address.ipv4_mapped
    return str(address)


class Entrance(trio.abc.Listener[T], Generic[T]):
    """A listener that keeps a pace, and that pauses while the system has nothing left for one more connection.

    Such a shortage is no reason to end anything: matches go on, who wants to come waits in the kernel's backlog, and
    each connection that closes makes room. It is logged when it begins and when it is over.
    """

    def __init__(self, listener: trio.abc.Listener[T], pace: Pace) -> None:
        self._listener = listener
        self._pace = pace
        self._pause = _SHORTEST_PAUSE
        self._began = 0.0
        self._failures = 0
        self._over_at = inf

    async def accept(self) -> T:
        """The next connection, when it may come in."""
        while True:
            await self._pace.wait()
            pause = 0.0
            with trio.move_on_at(self._over_at):
                try:
                    stream = await self._listener.accept()
                except (OSError, MemoryError) as error:
                    pause = self._note_failure(error)
                else:
                    self._pace.take()
                    self._pause = _SHORTEST_PAUSE
                    return stream
            if pause:
                await trio.sleep(pause)
            else:
                self._note_calm()

    def _note_failure(self, error: OSError | MemoryError) -> float:
        """Go into, or on with, a shortage; gives how long to pause."""
        if isinstance(error, OSError) and error.errno not in _SCARCE:
            raise error
        now = trio.current_time()
        if not self._failures:
            self._began = now
            reason = error.strerror if isinstance(error, OSError) else "out of memory"
            _log.warning("accepting pauses", reason=reason)
        self._failures += 1
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        self._over_at = now + pause + _CALM_SECONDS
        return pause

    def _note_calm(self) -> None:
        seconds = round(trio.current_time() - self._began, 3)
        _log.warning("accepting goes on", seconds=seconds, failures=self._failures)
        self._failures = 0
        self._over_at = inf

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()
