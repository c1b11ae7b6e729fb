"""A few of the places at which something may fail, other ones each time; `make faults` has them all."""

import os
import random
from collections.abc import Sequence

import pytest

from tests.faults.match import CLIENTS, Fault, Place, Report
from tests.faults.places import Whole, all_places, hold_whole, try_places
from tests.faults.verdicts import complaints

SEED = int(os.environ.get("FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
"""The same places again: with this in the environment."""
LANES = 3


def sample(whole: Whole) -> list[Place]:
    """A place for each fault: by which wire, whose and which message, the seed decides."""
    places = list(all_places(whole))
    lots = random.Random(SEED)
    return [lots.choice([place for place in places if place.fault is fault]) for fault in Fault]


async def test_sample() -> None:
    """Survivors have the right outcome or a clear error, and nobody hangs."""
    whole = await hold_whole()
    wrong: list[str] = []

    def note(place: Place, _report: Report | None, complaints: Sequence[str]) -> None:
        wrong.extend(f"{place}: {complaint}" for complaint in complaints)

    await try_places(sample(whole), whole, note, LANES)
    assert not wrong, f"FAULTS_SEED={SEED}"


# Whether something wrong would be found.

WHOLE = Report(passed=dict.fromkeys(CLIENTS, 9))
KILLED = Place(Fault.KILL_CLIENT, "auto", "bot-0", 6)


def report(cause: str, at_fault: str, survivor: str = "", *, error: str = "", code: int = 0) -> Report:
    """A match whose first bot was killed, and what the others were told."""
    told = {"told": survivor or cause, "error": error, "text": error and "in one line"}
    clients: dict[str, list[dict[str, str] | None]] = {"game": [told], "bot-0": [None], "bot-1": [told]}
    return Report(told=clients, cause=cause, at_fault=at_fault, names=["bot-1", "bot-0"], exit_code=code)


@pytest.mark.parametrize(
    ("came_of_it", "complaint"),
    [
        (report("completed", "nobody"), "the match ended by 'completed'"),
        (report("disconnected", "player 0"), "at fault is 'player 0', and not 'player 1'"),
        (report("disconnected", "player 1", "completed"), "game was told 'completed'"),
        (report("disconnected", "player 1", error="ConnectionLostError"), "game ended with"),
        (report("disconnected", "player 1", code=1), "the broker ended with 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_outcomes_are_found(came_of_it: Report, complaint: str) -> None:
    """A wrong cause, culprit, word to a survivor, error or exit code is named; the right ones are not."""
    assert complaint in complaints(KILLED, came_of_it, WHOLE)[0]
    assert complaints(KILLED, report("disconnected", "player 1"), WHOLE) == []
