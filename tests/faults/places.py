"""All places at which something may fail, and a match at each of some of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import trio

from bitbroker.client.connection import Wire
from tests.faults.match import CLIENTS, FailingMatch, Fault, Place, Report
from tests.faults.verdicts import complaints

WIRES: Final[tuple[Wire, ...]] = ("auto", "binary", "basic")
Whole = Mapping[Wire, Report]


async def hold_whole() -> Whole:
    """A match by each wire in which nothing fails: what is counted there are the places."""
    whole = {wire: await FailingMatch(wire).hold() for wire in WIRES}
    for wire, report in whole.items():
        assert report.cause == "completed", f"{wire}: {report}"
    return whole


def all_places(whole: Whole) -> Iterator[Place]:
    """Each fault at each message of each client, by each wire; the network's alone are left out length-prefixed."""
    for fault in Fault:
        for wire in WIRES:
            if wire == "binary" and fault.trouble is not None:
                continue  # to the proxy, one framing is as the other
            for client in CLIENTS:
                for message in range(1, whole[wire].passed[client] + 1):
                    yield Place(fault, wire, client, message)


Told = Callable[[Place, Report | None, list[str]], None]


async def try_places(places: Iterable[Place], whole: Whole, tell: Told, lanes: int) -> None:
    """Hold a match for each place, so many at a time. Owns a nursery with a task for each lane.

    Args:
        places: where something is to fail.
        whole: the matches without a failure.
        tell: called with each place, what came of it, and what is wrong with that; the report is None if somebody hung.
        lanes: how many matches at a time.
    """
    rest = iter(places)

    async def run_lane() -> None:
        for place in rest:
            tell(place, *await _try_place(place, whole[place.wire]))

    async with trio.open_nursery() as nursery:
        for _ in range(lanes):
            nursery.start_soon(run_lane)


async def _try_place(place: Place, whole: Report) -> tuple[Report | None, list[str]]:
    report, wrong = None, ["somebody hung"]
    try:
        report = await FailingMatch(place.wire, place).hold()
        wrong = complaints(place, report, whole)
    except* (trio.TooSlowError, AssertionError) as errors:
        wrong = [f"{wrong[0]}, or: {errors.exceptions!r}"]
    return report, wrong
