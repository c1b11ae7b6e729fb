"""The soak: thousands of matches, each verdict held against what the clients did. `make soak`.

Four parts: many matches on short clocks, a tenth of the clients at fault; the same with a broker that hardly gets a
processor; very many through one broker, whose memory must stay flat; and connections that do nothing. Ends with 1 if
anything is wrong.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench.run import machine
from tests.soak import idle, page
from tests.soak.phases import Load, Soak, play

_BUSY: Final = 4
_STARVED_AT_ONCE: Final = 100
_NICE: Final = 10
"""With so many processes that are busy all the time, a broker that is so nice to them gets a tenth of a processor."""


def soak(title: str, load: Load) -> Soak:
    """Play, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        result = play(load, Path(folder))
    print(page.as_text(title, result), flush=True)
    return result


def rest(kind: str, count: int) -> idle.Idle:
    """Connect, and print what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        result = idle.measure(kind, count, Path(folder))
    print(page.idle_as_text(result), flush=True)
    return result


def main() -> None:
    """Soak, print, write; fail if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdicts", type=int, default=20_000, help="matches of the first part")
    parser.add_argument("--starved", type=int, default=1_000, help="matches of a broker that hardly gets a processor")
    parser.add_argument("--matches", type=int, default=100_000, help="matches of the second part")
    parser.add_argument("--at-once", type=int, default=250, help="matches side by side")
    parser.add_argument("--idle", type=int, default=10_000, help="connections of the third part")
    parser.add_argument("--docs", type=Path, help="the folder where reliability.md and its plot are written")
    options = parser.parse_args()
    began = time.monotonic()
    verdicts = soak("verdicts", Load(options.verdicts, options.at_once, mischief=0.1))
    starved = soak("starved", Load(options.starved, _STARVED_AT_ONCE, mischief=0.1, busy=_BUSY, nice=_NICE))
    endurance = soak("one broker for long", Load(options.matches, options.at_once, mischief=0.02))
    idles = [rest(kind, options.idle) for kind in idle.KINDS]
    if options.docs:
        page.write(verdicts, starved, endurance, idles, machine(), time.monotonic() - began, options.docs)
    if faults := verdicts.faults() + starved.faults() + endurance.faults():
        sys.exit(f"{len(faults)} things are wrong; see above")


if __name__ == "__main__":
    main()
