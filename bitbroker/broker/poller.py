"""One epoll for all clients that are lent to the coordinator: one Trio wake-up for a whole batch of ready sockets."""

import select
from collections.abc import Callable
from typing import Final

import trio

from bitbroker.broker.table import Participant
from bitbroker.errors import SettingsError
from bitbroker.settings import Reading, Settings

AVAILABLE: Final = hasattr(select, "epoll")
"""Whether this system has epoll. Where it has not, each connection's task reads for itself."""

_BATCH: Final = 256
"""Sockets that one look takes in: at 256 KiB each, 64 MiB are read between two looks."""
_SMALL_BATCH: Final = 8
_LOOKS: Final = 8


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

    Looks again while batches are small, since a wake-up of the task costs more than a look; gives way to the rest of
    the broker when they are large.
    """

    def __init__(self, readable: Callable[[Participant], None]) -> None:
        self._epoll = select.epoll()
        self._participants: dict[int, Participant] = {}
        self._readable = readable

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
        """Call `readable` for each participant whose socket has something. Ends by being cancelled."""
        try:
            while True:
                await trio.lowlevel.wait_readable(self._epoll.fileno())
                for _ in range(_LOOKS):
                    ready = self._epoll.poll(0, _BATCH)
                    self._call_for(ready)
                    if not 0 < len(ready) <= _SMALL_BATCH:
                        break
        finally:
            self._epoll.close()

    def _call_for(self, ready: list[tuple[int, int]]) -> None:
        for descriptor, _events in ready:
            participant = self._participants.get(descriptor)
            if participant is not None:  # one earlier in this batch may have ended its match
                self._readable(participant)
