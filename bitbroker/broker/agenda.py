"""Which match's deadline comes next: one heap for all matches, not a timer each."""

import heapq
from math import inf

from bitbroker.broker.table import Table

_SLACK = 64


class Agenda:
    """Tables by the time at which to look at their deadline.

    A deadline moves with every turn, mostly to later; so a table's entry stays where it is, and whoever comes to it
    too early puts it back at the deadline of then. A new entry is made only for an earlier one.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Table]] = []

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
        table.scheduled = deadline
        heapq.heappush(self._heap, (deadline, table.number, table))
        return earlier

    def take_due(self, now: float) -> list[Table]:
        """The tables whose time has come, off the agenda; each is put back by whoever looks at it."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            time, _, table = heapq.heappop(self._heap)
            if time == table.scheduled:  # otherwise an earlier entry has been served, and this is the old one
                table.scheduled = inf
                due.append(table)
        return due

    def trim(self, alive: int) -> None:
        """Forget matches that are done with, once they outnumber the others.

        Keeps the heap within twice the number of those (`alive`) and a few.
        """
        if len(self._heap) > 2 * alive + _SLACK:
            self._heap = [entry for entry in self._heap if not entry[2].done]
            heapq.heapify(self._heap)
