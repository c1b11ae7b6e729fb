"""The broker's time: one for what is worked off together, its own lag seen to, and whose deadline comes next."""

from collections.abc import Callable
from math import inf

import trio

from bitbroker.broker.agenda import Agenda
from bitbroker.broker.lag import BEAT_SECONDS, Lag
from bitbroker.broker.table import Table


class Timekeeper:
    """Says what time it is, and calls when a deadline has come."""

    def __init__(self, on_lag: Callable[[float, float], None], on_due: Callable[[Table, float], None]) -> None:
        """Prepare.

        Args:
            on_lag: called with how long the broker was held up, in seconds, and until when, before anybody is told
                that time.
            on_due: called with a table whose time has come, and that time; must raise nothing.
        """
        self._on_lag = on_lag
        self._on_due = on_due
        self._lag = Lag(trio.current_time())
        self._moment: float | None = None
        self._agenda = Agenda()
        self._agenda_moved = trio.Event()

    @property
    def last_beat(self) -> float:
        """When the broker was last seen running, on Trio's clock."""
        return self._lag.last_beat

    def now(self) -> float:
        """The time of what is being worked off together; or now, when the broker's lag has been seen to."""
        if self._moment is not None:
            return self._moment
        now = trio.current_time()
        if now > self._lag.late_at:
            self._on_lag(self._lag.take(now), now)
        return now

    def hold(self) -> float:
        """Let it be one time until `go_on`, for what is worked off together; no checkpoint may come between."""
        self._moment = self.now()
        return self._moment

    def go_on(self) -> None:
        """It has been worked off."""
        self._moment = None

    def look_at(self, table: Table) -> None:
        """See to it that `on_due` is called for this table when its next time has come."""
        time = table.next_time()
        if time == inf:
            self._agenda.remove(table)
        elif self._agenda.put(table, time):
            self._agenda_moved.set()

    async def run_heartbeat(self) -> None:
        """Beat, so that lag shows. Ends by being cancelled."""
        while True:
            self._lag.beat(self.now())
            await trio.sleep(BEAT_SECONDS)

    async def run_clock(self) -> None:
        """Wait for the next time of any table. Ends by being cancelled."""
        while True:
            with trio.move_on_at(self._agenda.next_time()):
                await self._agenda_moved.wait()
            self._agenda_moved = trio.Event()
            self._call_due()

    def _call_due(self) -> None:
        """Call for all tables whose time has come: not in the clock's loop, where the last would be kept in memory."""
        now = self.hold()
        try:
            for table in self._agenda.take_due(now):
                self._on_due(table, now)
                self.look_at(table)
        finally:
            self.go_on()
