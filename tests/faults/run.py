"""Let things fail at every place of a match: `python -m tests.faults.run [--fault NAME] [--sample N]`.

Writes a line for each place at which something was not as it must be, and at the end a table; `make faults` is this.
"""

import argparse
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import partial

import trio

from tests.faults.match import Fault, Place, Report
from tests.faults.places import all_places, hold_whole, try_places


class Tally:
    """What came of all places.

    Attributes:
        wrong: at how many something was not as it must be.
    """

    def __init__(self) -> None:
        self.wrong = 0
        self._causes: defaultdict[Fault, Counter[str]] = defaultdict(Counter)
        self._longest: dict[Fault, float] = {}

    def add(self, place: Place, report: Report | None, complaints: Sequence[str]) -> None:
        """Count one, and say what is wrong with it."""
        if report is not None:
            self._causes[place.fault][report.cause or "no outcome"] += 1
            self._longest[place.fault] = max(report.seconds, self._longest.get(place.fault, 0.0))
        for complaint in complaints:
            print(f"{place}: {complaint}", flush=True)
        self.wrong += bool(complaints)

    def show(self) -> None:
        """A row for each fault."""
        print("| what fails | places | how matches ended | longest wait |\n|---|---|---|---|")
        for fault, causes in self._causes.items():
            ends = ", ".join(f"{cause} {count}" for cause, count in causes.most_common())
            print(f"| {fault.label} | {causes.total()} | {ends} | {self._longest[fault]:.1f} s |")
        print(f"{sum(causes.total() for causes in self._causes.values())} places, {self.wrong} wrong")


async def run(faults: Collection[str], lanes: int, sample: int | None, seed: int) -> int:
    """Try all places of these faults, or a sample of them; how many went wrong."""
    whole = await hold_whole()
    places = [place for place in all_places(whole) if place.fault.name in faults]
    if sample is not None:
        print(f"a sample of {sample} of {len(places)} places, by seed {seed}")
        places = random.Random(seed).sample(places, min(sample, len(places)))
    tally = Tally()
    await try_places(places, whole, tally.add, lanes)
    tally.show()
    return tally.wrong


def main(arguments: Sequence[str]) -> int:
    """As the arguments say; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run")
    names = [fault.name for fault in Fault]
    parser.add_argument("--fault", choices=names, action="append", help="this alone; may be given several times")
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1, help="matches at a time")
    parser.add_argument("--sample", type=int, help="so many places alone")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    chosen = parser.parse_args(arguments)
    return bool(trio.run(partial(run, chosen.fault or names, chosen.lanes, chosen.sample, chosen.seed)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
