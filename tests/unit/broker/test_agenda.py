"""Which deadline comes next, over all matches."""

from math import inf

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitbroker.broker.agenda import Agenda
from bitbroker.broker.table import Table
from bitbroker.errors import Cause
from bitbroker.match import Stopped

from .conftest import MakeTable


def end(table: Table) -> None:
    """Its match is over, and nobody waits for more of it."""
    table.match.handle(Stopped(Cause.ABORTED), 1000.0)
    table.outcome = table.match.outcome


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


def test_matches_that_are_over_are_forgotten(make_table: MakeTable) -> None:
    """Once there are many of them; those that run stay."""
    agenda = Agenda()
    tables = [make_table(number) for number in range(200)]
    for table in tables:
        agenda.put(table, 100.0 + table.number)
    for table in tables[:-1]:
        end(table)
    agenda.trim(1)
    assert agenda.take_due(1000.0) == [tables[-1]]


def test_few_that_are_over_do_no_harm(make_table: MakeTable) -> None:
    """They come up and are looked at in vain."""
    agenda = Agenda()
    table = make_table()
    agenda.put(table, 1.0)
    end(table)
    agenda.trim(0)
    assert agenda.take_due(1.0) == [table]


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
        assert all(deadline > now for deadline in deadlines.values())
