"""One epoll for all clients that are lent to the coordinator: one Trio wake-up for a whole batch of ready sockets."""

import select
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final

import trio

from bitbroker.broker.table import Participant
from bitbroker.errors import SettingsError
from bitbroker.settings import Reading, Settings

AVAILABLE: Final = hasattr(select, "epoll")
"""Whether this system has epoll. Where it has not, each connection's task reads for itself."""

_BATCH: Final = 256
"""Sockets that are read at once: at 256 KiB each, 64 MiB. Small messages of so many take some ten milliseconds."""

_TURN_SECONDS: Final = 0.005
"""For so long small batches go on, before the rest of the broker has its turn."""


def is_wanted(settings: Settings) -> bool:
    """Whether there is to be a poller.

    Raises:
        SettingsError: it is wanted, and this system has none.
    """
    if settings.reading is Reading.POLLER and not AVAILABLE:
        raise SettingsError(
            "BROKER_READING (--reading) is 'poller': this system has no epoll, so it must be auto or task"
        )
    return AVAILABLE and settings.reading is not Reading.TASK


class Poller:
    """Tells which participants have something to read.

    Looks again until nothing is there or its time is up, since a wake-up of the task costs more than ten looks.
    """

    def __init__(self, read: Callable[[Sequence[Participant]], None]) -> None:
        """Prepare; `read` is called with those whose sockets have something, some of whom it may remove."""
        self._epoll = select.epoll()
        self._participants: dict[int, Participant] = {}
        self._read = read

    def add(self, participant: Participant) -> None:
        """Look after this participant's socket."""
        descriptor = participant.stream.fileno()
        self._participants[descriptor] = participant
        self._epoll.register(descriptor, select.EPOLLIN)

    def remove(self, participant: Participant) -> None:
        """Look after it no more. Must come before its socket is closed, since descriptors are given out again."""
        descriptor = participant.stream.fileno()
        if self._participants.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    async def run(self) -> None:
        """Have all read whose sockets have something. Ends by being cancelled."""
        participants = self._participants
        try:
            while True:
                await trio.lowlevel.wait_readable(self._epoll.fileno())
                until = perf_counter() + _TURN_SECONDS
                while perf_counter() < until and (ready := self._epoll.poll(0, _BATCH)):
                    self._read([participants[descriptor] for descriptor, _events in ready])
        finally:
            self._epoll.close()
