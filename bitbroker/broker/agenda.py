"""Which match's deadline comes next: one heap for all matches, not a timer each."""

import heapq
from math import inf

from bitbroker.broker.table import Table

_SLACK = 64


class Agenda:
    """Tables by the time at which to look at their deadline.

    A deadline moves with every turn, mostly to later; so a table's entry stays where it is, and whoever comes to it
    too early puts it back at the deadline of then. A new entry is made only for an earlier one, and the old one is
    stale: it stays until its time comes, or until there are more stale ones than others. So entries are twice as many
    as tables at the most, and a few.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Table]] = []
        self._stale = 0

    def __len__(self) -> int:
        """How many entries there are, stale ones too."""
        return len(self._heap)

    def next_time(self) -> float:
        """When to look next; infinity for never."""
        return self._heap[0][0] if self._heap else inf

    def put(self, table: Table, deadline: float) -> bool:
        """See to it that the table is looked at by this deadline.

        Returns:
            Whether the next time to look has become an earlier one.
        """
        if deadline >= table.scheduled:
            return False
        earlier = deadline < self.next_time()
        self.remove(table)
        table.scheduled = deadline
        heapq.heappush(self._heap, (deadline, table.number, table))
        return earlier

    def remove(self, table: Table) -> None:
        """See to it no more, until it is put again."""
        if table.scheduled == inf:
            return
        table.scheduled = inf
        self._stale += 1
        if 2 * self._stale > len(self._heap) + _SLACK:
            self._drop_stale()

    def _drop_stale(self) -> None:
        tables = {table.number: table for _, _, table in self._heap if table.scheduled < inf}
        self._heap = [(table.scheduled, number, table) for number, table in tables.items()]
        heapq.heapify(self._heap)
        self._stale = 0

    def take_due(self, now: float) -> list[Table]:
        """The tables whose time has come, off the agenda; each is put back by whoever looks at it."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            time, _, table = heapq.heappop(self._heap)
            if time == table.scheduled:
                table.scheduled = inf
                due.append(table)
            else:
                self._stale -= 1
        return due
