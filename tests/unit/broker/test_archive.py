"""What is kept of matches that are over, and for how long."""

from math import inf

import pytest

from bitbroker.broker import archive
from bitbroker.broker.archive import Archive
from bitbroker.broker.record import record_match
from bitbroker.broker.table import Table
from bitbroker.settings import Settings

from .conftest import MakeTable


def keep(kept: Archive, table: Table, now: float = 1000.0) -> Table | None:
    """The match at this table is over."""
    return kept.keep(table, record_match(table, now), now)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Archive:
    """One that keeps three matches at the most."""
    monkeypatch.setattr(archive, "_MOST_KEPT", 3)
    return Archive(Settings(num_players=2))


@pytest.fixture
def make_keyed(make_table: MakeTable, kept: Archive) -> MakeTable:
    """A factory of tables whose first bot may come back."""

    def make_keyed(number: int) -> Table:
        table = make_table(number, resume_grace=30.0)
        table.bots[0].key = f"key {number}"
        kept.hold(table.bots[0])
        return table

    return make_keyed


def test_kept_for_the_grace(make_keyed: MakeTable, kept: Archive) -> None:
    """As long as its players may come back."""
    table = make_keyed(1)
    assert keep(kept, table) is None
    assert (table.kept_until, kept.kept()) == (1030.0, [table])
    assert kept.find("key 1") is table.bots[0]


def test_nobody_may_come_back(make_table: MakeTable, kept: Archive) -> None:
    """Basic clients have no keys: there is nothing to keep but the record."""
    table = make_table(resume_grace=30.0)
    assert keep(kept, table) is None
    assert (table.kept_until, kept.kept(), len(kept.recent)) == (inf, [], 1)


def test_the_oldest_goes_first(make_keyed: MakeTable, kept: Archive) -> None:
    """It is told, so that nothing else holds it: nothing more is due at its table."""
    oldest, *others = [make_keyed(number) for number in range(1, 5)]
    assert [keep(kept, table) for table in (oldest, *others)] == [None, None, None, oldest]
    assert (oldest.kept_until, kept.find("key 1")) == (inf, None)
    assert kept.kept() == others
    assert kept.find("key 2") is others[0].bots[0]
