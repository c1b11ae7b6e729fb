"""Every misbehaviour of the table, played with real brokers: all that is seen of it is what must be."""

from collections.abc import Mapping

import pytest
import trio

from bitbroker.errors import Cause, Ending
from tests.misbehaviour.cases import CASES, ROWS, Broker, Case
from tests.misbehaviour.stage import play_all
from tests.misbehaviour.stories import Record, expect
from tests.misbehaviour.table import Row

Seen = Mapping[Case, Record | BaseException]


@pytest.fixture(scope="module")
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What is seen of the cases whose tests are run: those of one broker one by one, the brokers side by side."""
    wanted: dict[Broker, list[Case]] = {}
    for item in request.session.items:
        case = item.callspec.params.get("case") if hasattr(item, "callspec") else None
        if isinstance(case, Case):  # tests of other files are among the items, and may have cases of their own
            wanted.setdefault(case.broker, []).append(case)
    seen: dict[Case, Record | BaseException] = {}

    async def play(number: int, kind: Broker, cases: list[Case]) -> None:
        try:
            seen.update(await play_all(kind, cases, tmp_path_factory.mktemp("results") / f"{number}.jsonl"))
        except Exception as error:  # noqa: BLE001 - of this broker; its tests raise it
            seen.update(dict.fromkeys(cases, error))

    async def play_side_by_side() -> None:
        async with trio.open_nursery() as nursery:
            for number, (kind, of_kind) in enumerate(wanted.items()):
                nursery.start_soon(play, number, kind, of_kind)

    trio.run(play_side_by_side)
    return seen


@pytest.mark.parametrize("case", CASES, ids=str)
def test_misbehaviour(case: Case, seen: Seen) -> None:
    """What everybody heard, how connections ended, what was counted, and the record: the whole of it."""
    record = seen[case]
    if isinstance(record, BaseException):
        raise record
    assert record == expect(case)


def test_no_row_is_there_twice() -> None:
    """By who does what, on which wire and framing."""
    names = [str(case) for case in CASES]
    assert len(set(names)) == len(names)


def causes_of(row: Row) -> set[Cause]:
    """For which answers fail or are not taken, and matches end."""
    return {row.cause, *row.not_taken}


def test_every_cause_that_a_client_can_bring_about_has_a_row() -> None:
    """All but those that others are the cause of, or that only follow."""
    others = {Cause.NONE, Cause.BROKER_STOPPING, Cause.MATCH_TIME_LIMIT, Cause.BROKER_FAULT, Cause.ABORTED}
    follows = {Cause.FORFEITED, Cause.NO_PLAYERS_LEFT}
    no_misbehaviour = {Cause.RESIGNED}
    of_rows = set[Cause]().union(*map(causes_of, ROWS)) - {Cause.NONE}
    assert of_rows == set(Cause) - others - follows - no_misbehaviour


def test_every_refusal_for_what_is_said_has_a_row() -> None:
    """All but those for which there is no place, of spectators, and of brokers with a certificate or a roster."""
    no_place = {Ending.NO_PLACE, Ending.TOO_MANY_WAITING, Ending.TOO_MANY_CONNECTIONS, Ending.TOO_MANY_FROM_ADDRESS}
    with_tls = {Ending.TLS_FAILED, Ending.TLS_REQUIRED}
    with_roster = {Ending.NOT_ON_ROSTER, Ending.MAY_NOT_JOIN}
    of_spectators = {Ending.NO_SUCH_MATCH, Ending.NO_SPECTATORS}
    refusals = {ending for ending in Ending if ending.refused} - no_place - with_tls - with_roster - of_spectators
    assert refusals <= {row.ending for row in ROWS}
