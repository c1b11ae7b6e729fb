"""A match beside: it must notice nothing of what is done in another one of the same broker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

import trio

from bitbroker.client import AsyncTable, BaseBot, BaseGame, Outcome, Result, TimeControl
from bitbroker.errors import Cause
from tests.e2e.conftest import BrokerProcess

_HOST: Final = "127.0.0.1"
_BREATH: Final = 0.005
"""Seconds between its turns, so that it leaves the machine to others."""


class _Doubler(BaseBot):
    """Answers a number with its double."""

    def decide_move(self, state: bytes) -> bytes:
        """Double it."""
        return b"%d" % (2 * int(state))


class _Steady(BaseGame):
    """Asks both players on and on, until it is told to end, and is surprised by every wrong answer.

    Attributes:
        turns: so many were answered by both, and correctly.
        outcome: the broker's word, once it is over.
    """

    TIME_CONTROL = TimeControl(move=60)
    PLAYERS = 2

    def __init__(self) -> None:
        self.turns = 0
        self.outcome: Outcome | None = None
        self._grew = trio.Event()
        self._is_over = False

    async def play(self, table: AsyncTable) -> None:
        """All turns, and the result."""
        for turn in count(1):
            answers = await table.ask_all({seat: b"%d" % (2 * turn + seat) for seat in (0, 1)})
            assert [answer.decision for answer in answers.values()] == [b"%d" % (4 * turn), b"%d" % (4 * turn + 2)]
            self._count()
            if self._is_over:
                break
            await trio.sleep(_BREATH)
        await table.end(Result([1, 1]))

    def on_outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        self.outcome = outcome
        self._tell()

    def _count(self) -> None:
        self.turns += 1
        self._tell()

    def _tell(self) -> None:
        self._grew.set()
        self._grew = trio.Event()

    async def wait_turns(self, more: int) -> None:
        """Wait until it has played so many more turns."""
        until = self.turns + more
        while self.turns < until:
            assert self.outcome is None, f"the match beside was disturbed: {self.outcome}"
            await self._grew.wait()

    def end(self) -> None:
        """Let it end with its next turn."""
        self._is_over = True


@asynccontextmanager
async def match_beside(broker: BrokerProcess) -> AsyncIterator[_Steady]:
    """Have one played from before to after what is done within: by a basic bot and an extended one.

    The nursery has its three clients, who end with it.
    """
    steady = _Steady()
    number = 1 + len(broker.entries("match began"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: _Doubler().arun(_HOST, broker.port, wire="basic"))
        nursery.start_soon(_Doubler().arun, _HOST, broker.port)
        nursery.start_soon(steady.arun, _HOST, broker.port)
        await broker.wait_logged("match began", match=number)
        await steady.wait_turns(1)
        yield steady
        await steady.wait_turns(1)
        steady.end()
    assert steady.outcome is not None
    assert steady.outcome.cause is Cause.COMPLETED
