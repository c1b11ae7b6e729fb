"""The client's end of a connection without a socket."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Final, TypeVar

import trio
from trio.testing import MockClock

from bitbroker.client.connection import Connection
from bitbroker.client.session import Session, Wish
from bitbroker.wire.messages import Message

T = TypeVar("T")

_threads_at_work: Final = trio.lowlevel.RunVar("threads at work", 0)
_threshold: Final = trio.lowlevel.RunVar("autojump threshold when none is at work", inf)


class MemorySession(Session):
    """A session as ever, but for what reaches out of this process, and for the time that threads take.

    A virtual clock jumps when no task has anything to do, and it cannot see a thread: so while the thread of a game
    with `def play` computes, the clock is held. Where that thread waits for the broker, this session receives.

    Attributes:
        scores: what a basic game handed in; None if it did not.
    """

    def __init__(self, stream: trio.abc.Stream, wish: Wish) -> None:
        super().__init__(Connection(stream), wish)
        self.scores: Sequence[float] | None = None
        self._in_thread = False

    def hand_in_scores(self, scores: Sequence[float] | None) -> None:
        """Keep a basic game's scores for the report."""
        self.scores = scores

    async def receive(self) -> Message:
        """The broker's next message; the clock goes on until it is there."""
        if not self._in_thread:
            return await super().receive()
        _let_clock_go()
        try:
            return await super().receive()
        finally:
            _hold_clock()

    async def run_in_thread(self, function: Callable[..., T], *args: object) -> T:
        """As ever; the clock stands still while the thread works."""
        self._in_thread = True
        _hold_clock()
        try:
            return await super().run_in_thread(function, *args)
        finally:
            _let_clock_go()
            self._in_thread = False


def _hold_clock() -> None:
    clock = trio.lowlevel.current_clock()
    working = _threads_at_work.get()
    _threads_at_work.set(working + 1)
    if isinstance(clock, MockClock) and not working:
        _threshold.set(clock.autojump_threshold)
        clock.autojump_threshold = inf


def _let_clock_go() -> None:
    clock = trio.lowlevel.current_clock()
    working = _threads_at_work.get() - 1
    _threads_at_work.set(working)
    if isinstance(clock, MockClock) and not working:
        clock.autojump_threshold = _threshold.get()
