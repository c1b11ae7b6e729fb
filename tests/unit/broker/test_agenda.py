"""Which deadline comes next, over all matches."""

from math import inf

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitbroker.broker.agenda import Agenda

from .conftest import MakeTable

FEW = 64
"""Entries that may be there in vain, whatever the number of tables."""


def test_empty() -> None:
    """Nothing to look at, ever."""
    agenda = Agenda()
    assert agenda.next_time() == inf
    assert agenda.take_due(1e9) == []


def test_earliest_comes_first(make_table: MakeTable) -> None:
    """Each once, when its time has come."""
    agenda = Agenda()
    early, late = make_table(1), make_table(2)
    assert agenda.put(late, 20.0)
    assert agenda.put(early, 10.0)
    assert agenda.next_time() == 10.0
    assert agenda.take_due(9.9) == []
    assert agenda.take_due(10.0) == [early]
    assert agenda.next_time() == 20.0
    assert agenda.take_due(30.0) == [late]
    assert agenda.next_time() == inf


def test_two_at_the_same_time(make_table: MakeTable) -> None:
    """By the number of their match: tables themselves have no order."""
    agenda = Agenda()
    tables = [make_table(number) for number in (1, 2)]
    for table in reversed(tables):
        agenda.put(table, 5.0)
    assert agenda.take_due(5.0) == tables


def test_later_deadline_changes_nothing_until_the_earlier_one_was_looked_at(make_table: MakeTable) -> None:
    """A turn moves a deadline to later; the table is put back by whoever comes to it too early."""
    agenda = Agenda()
    table = make_table()
    agenda.put(table, 10.0)
    assert not agenda.put(table, 15.0)
    assert agenda.next_time() == 10.0
    assert agenda.take_due(10.0) == [table]
    assert agenda.put(table, 15.0)
    assert agenda.take_due(15.0) == [table]


def test_earlier_deadline_is_heeded_and_the_old_one_forgotten(make_table: MakeTable) -> None:
    """A table comes up once for both."""
    agenda = Agenda()
    table = make_table()
    agenda.put(table, 10.0)
    assert agenda.put(table, 5.0)
    assert agenda.take_due(7.0) == [table]
    assert agenda.take_due(20.0) == []


def test_earlier_deadline_that_is_not_the_next_one(make_table: MakeTable) -> None:
    """Whoever sleeps until the next time need not be woken."""
    agenda = Agenda()
    first, second = make_table(1), make_table(2)
    agenda.put(first, 1.0)
    agenda.put(second, 10.0)
    assert not agenda.put(second, 5.0)
    assert agenda.take_due(5.0) == [first, second]


def test_no_deadline_is_never_looked_at(make_table: MakeTable) -> None:
    """A match without limits makes no entry."""
    agenda = Agenda()
    assert not agenda.put(make_table(), inf)
    assert agenda.next_time() == inf


def test_what_is_removed_is_not_looked_at(make_table: MakeTable) -> None:
    """As when its match is over; it may be put again."""
    agenda = Agenda()
    table = make_table()
    agenda.put(table, 1.0)
    agenda.remove(table)
    agenda.remove(table)
    assert agenda.take_due(5.0) == []
    agenda.put(table, 6.0)
    assert agenda.take_due(10.0) == [table]


def test_what_is_removed_does_not_stay_in_memory(make_table: MakeTable) -> None:
    """Not for long: there are never many more entries than twice the tables that are to be looked at."""
    agenda = Agenda()
    tables = [make_table(number) for number in range(1000)]
    for table in tables:
        agenda.put(table, 100.0 + table.number)
    for left, table in zip(range(999, 0, -1), tables, strict=False):
        agenda.remove(table)
        assert len(agenda) <= 2 * left + FEW
    assert agenda.take_due(2000.0) == [tables[-1]]


def test_deadlines_near_and_far_by_turns(make_table: MakeTable) -> None:
    """Each near one makes an entry beside the far one: those do not pile up until the far time has come."""
    agenda = Agenda()
    table = make_table()
    for turn in range(1000):
        now = float(turn)
        agenda.put(table, now + 3600.0)
        agenda.put(table, now + 0.5)
        assert agenda.take_due(now + 0.5) == [table]
        assert len(agenda) <= 2 + FEW
    agenda.put(table, 5000.0)
    assert agenda.take_due(4999.9) == []
    assert agenda.take_due(5000.0) == [table]


def test_ending_all_looks_at_each_a_few_times(make_table: MakeTable) -> None:
    """No step is quadratic: what is dropped had been put in."""
    agenda = Agenda()
    tables = [make_table(number) for number in range(1000)]
    looked_at = 0
    for round_ in range(3, 0, -1):
        for table in tables:
            agenda.put(table, 100.0 * round_)
    for table in tables:
        before = len(agenda)
        agenda.remove(table)
        looked_at += before if len(agenda) < before else 0
    assert looked_at <= 4 * 3 * len(tables)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # tables and agenda are made anew
@given(moves=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50), st.integers(0, 3)), max_size=60))
def test_every_deadline_is_looked_at_in_time(make_table: MakeTable, moves: list[tuple[int, int, int]]) -> None:
    """However deadlines move: whoever always sleeps until the next time is never late for one."""
    agenda = Agenda()
    tables = [make_table(number) for number in range(5)]
    deadlines: dict[int, float] = {}
    now = 0.0
    for number, delay, sleep in moves:
        deadlines[number] = now + delay
        agenda.put(tables[number], now + delay)
        until = now + sleep
        while (time := agenda.next_time()) <= until:
            assert all(deadline >= time for deadline in deadlines.values()), "one was slept through"
            now = max(now, time)
            for table in agenda.take_due(now):
                deadline = deadlines.get(table.number, inf)
                if deadline <= now:
                    del deadlines[table.number]
                else:
                    agenda.put(table, deadline)
        now = until
        assert len(agenda) <= 2 * len(tables) + FEW
        assert all(deadline > now for deadline in deadlines.values())
