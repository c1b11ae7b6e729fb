"""Measures side by side and writes down what came of it. `make bench`, `make bench-quick`.

Each scenario is played in rounds, and in each round by every target, one after the other, each time in another order:
so what the machine does beside hits all of them. Ratios are taken within a round.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench import page
from tests.bench.results import Result
from tests.bench.samples import FailedError, measure
from tests.bench.scenarios import QUICK, SCENARIOS, Scenario
from tests.bench.targets import MissingError

_ROUNDS: Final = 5
_QUICK_ROUNDS: Final = 3


def play(scenario: Scenario, rounds: int) -> Result:
    """Play a scenario in so many rounds."""
    result = Result(scenario)
    targets = list(scenario.targets)
    for _ in range(rounds):
        samples = {}
        for target in tuple(targets):
            try:
                samples[target.key] = measure(target, scenario.load)
            except (MissingError, FailedError) as error:
                result.notes.append(str(error))
                targets.remove(target)
        result.rounds.append(samples)
        targets = targets[1:] + targets[:1]
    return result


def play_all(scenarios: Sequence[Scenario], rounds: int) -> list[Result]:
    """Play scenarios, and print each one's lines when it is done."""
    results = []
    for scenario in scenarios:
        result = play(scenario, rounds)
        print(page.as_text(result), flush=True)
        results.append(result)
    return results


def machine() -> dict[str, str | int]:
    """What was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few, with wide margins; fails if one is missed")
    parser.add_argument("--rounds", type=int, help="how often each scenario is played")
    parser.add_argument("--only", default="", help="only the groups whose name contains this")
    parser.add_argument("--json", type=Path, help="where to write all samples")
    parser.add_argument("--docs", type=Path, help="the folder where performance.md and its plots are written")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write; with `--quick`, fail where a goal is missed."""
    arguments = _arguments()
    scenarios = [scenario for scenario in (QUICK if arguments.quick else SCENARIOS) if arguments.only in scenario.group]
    rounds = arguments.rounds or (_QUICK_ROUNDS if arguments.quick else _ROUNDS)
    results = play_all(scenarios, rounds)
    if arguments.json:
        whole = {"machine": machine(), "results": [result.as_json() for result in results]}
        arguments.json.write_text(json.dumps(whole, indent=1) + "\n")
    if arguments.docs:
        page.write(results, machine(), rounds, arguments.docs)
    missed = [line for result in results for line in result.missed()]
    print("\n".join(["", *missed] if missed else ["", "all goals are met"]))
    if arguments.quick and missed:
        sys.exit("the broker has become slower: look at where the time of a turn goes, as docs/performance.md tells")


if __name__ == "__main__":
    main()
