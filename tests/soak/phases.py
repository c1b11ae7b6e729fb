"""What is played in a soak: verdicts under load, one broker for long, and connections that do nothing."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs

from tests.soak.basic_players import MAX_PAYLOAD_BYTES
from tests.soak.broker import Sample, SoakedBroker, soaked_broker
from tests.soak.lines import Report
from tests.soak.oracle import Judgement, judge
from tests.soak.scripts import GRACE

_CROWDS: Final = 2
"""Processes of clients."""
_BETWEEN_SAMPLES: Final = 0.5
_TRIES: Final = 20
_FLAT: Final = 0.05
"""What grows by more is not flat."""
_ENOUGH: Final = 4000
"""Matches in which Python has surely looked for cycles of objects once."""
SETTLED: Final = 1000
"""Matches after which a broker holds all that it will: its caches are full, and so are its lists of past matches."""


def resident(sample: Sample) -> int:
    """Its resident memory, in bytes."""
    return sample.resident_bytes


def blocks(sample: Sample) -> int:
    """Its blocks of memory."""
    return sample.blocks


@attrs.frozen
class Load:
    """What is played.

    Attributes:
        matches: how many in all.
        at_once: how many side by side.
        limit: of a bot's time, in seconds.
        mischief: how probable it is that a client misbehaves.
        broker_limit: of a bot's time, as the broker has it, where that is another: for a test of this test.
        busy: processes beside it that do nothing but keep a processor busy; the broker is `nice` to them.
        nice: how much the broker gives way to all others, from 0 to 19.
    """

    matches: int
    at_once: int = 250
    limit: float = 1.0
    mischief: float = 0.1
    broker_limit: float | None = None
    busy: int = 0
    nice: int = 0

    @property
    def flags(self) -> Sequence[str]:
        """Of the broker."""
        limits = {
            "--time-limit": self.broker_limit or self.limit,
            "--game-time-limit": 5 * self.limit,
            "--resume-grace": GRACE,
            "--max-payload-bytes": MAX_PAYLOAD_BYTES,
        }
        return [word for flag, value in limits.items() for word in (flag, str(value))]


@attrs.frozen
class Soak:
    """What came of it.

    Attributes:
        judgement: of all verdicts.
        samples: of the broker, while matches were played.
        before: a sample of the broker at rest, before the first match.
        after: another one, after the last.
        seconds: how long it took.
        complaints: lines of the broker's log that are warnings or errors.
        stalls: how often the broker was held up.
        stall_seconds: for how long in all.
    """

    load: Load
    judgement: Judgement
    samples: Sequence[Sample]
    before: Sample
    after: Sample
    seconds: float
    complaints: Sequence[str]
    stalls: float
    stall_seconds: float

    def faults(self) -> list[str]:
        """All that is wrong, a line each."""
        faults = [f"{count:,} times: {kind}" for kind, count in self.judgement.findings.items()]
        if self.judgement.matches != self.load.matches:
            faults.append(f"{self.judgement.matches:,} verdicts on {self.load.matches:,} matches")
        if self.complaints:
            faults.append(f"the broker's log has {len(self.complaints):,} complaints, such as {self.complaints[0]}")
        if self.after.descriptors != self.before.descriptors:
            faults.append(f"it had {self.before.descriptors} descriptors at rest, and has {self.after.descriptors}")
        return faults + self._growth_faults()

    def _growth_faults(self) -> list[str]:
        growths = {"resident memory": self.growth(resident), "blocks of memory": self.growth(blocks)}
        return [
            f"{what} grew by {growth:.1%} from the first fifth to the last"
            for what, growth in growths.items()
            if growth is not None and growth > _FLAT
        ]

    def growth(self, of: Callable[[Sample], int]) -> float | None:
        """How much larger the least figure of the last fifth of the matches is than that of the first fifth.

        The least, since Python lets cycles of objects lie, for two thousand matches or so. Samples count from the
        thousandth match on; None if a fifth is too little to say anything.
        """
        fifth = (self.load.matches - SETTLED) // 5
        if fifth < _ENOUGH:
            return None
        first = [of(sample) for sample in self.samples if SETTLED <= sample.matches < SETTLED + fifth]
        last = [of(sample) for sample in self.samples if sample.matches >= self.load.matches - fifth]
        return min(last) / min(first) - 1


def play(load: Load, folder: Path) -> Soak:
    """Play it through one broker, and hold each verdict against what the clients did.

    Args:
        load: what to play.
        folder: an empty one, for what broker and clients write.
    """
    results = folder / "results.jsonl"
    began = time.monotonic()
    with soaked_broker(folder, *load.flags, "--results", str(results), nice=load.nice) as broker:
        before = broker.sample(time.monotonic() - began)
        with _busy(load.busy):
            samples = _sample_until(_start_crowds(broker, load, folder), broker, began)
        seconds = time.monotonic() - began
        after = _rest(broker, began, before.descriptors)
        metrics = broker.metrics()
    judgement = judge(_read_reports(folder), _read_lines(results), load.limit)
    return Soak(
        load,
        judgement,
        samples,
        before,
        after,
        seconds,
        broker.complaints.read_text().splitlines(),
        metrics["bitbroker_stalls_total"],
        metrics["bitbroker_stall_seconds_total"],
    )


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """So many processes take what they get of the processors in this block."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _start_crowds(broker: SoakedBroker, load: Load, folder: Path) -> list[subprocess.Popen[bytes]]:
    crowds = []
    for number in range(_CROWDS):
        options: dict[str, Any] = {
            "port": broker.port,
            "number": number,
            "matches": load.matches // _CROWDS + (number < load.matches % _CROWDS),
            "places": load.at_once // _CROWDS,
            "limit": load.limit,
            "mischief": load.mischief,
            "reports": folder / f"reports-{number}.jsonl",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        crowds.append(subprocess.Popen([sys.executable, "-m", "tests.soak.crowd", *words]))
    return crowds


def _sample_until(crowds: Sequence[subprocess.Popen[bytes]], broker: SoakedBroker, began: float) -> list[Sample]:
    """Take samples until the clients have ended, all as they should."""
    samples = []
    for crowd in crowds:
        while True:
            try:
                code = crowd.wait(_BETWEEN_SAMPLES)
            except subprocess.TimeoutExpired:
                samples.append(broker.sample(time.monotonic() - began))
            else:
                assert code == 0, f"the clients ended with exit code {code}"
                break
    return samples


def _rest(broker: SoakedBroker, began: float, descriptors: int) -> Sample:
    """A sample of a broker that has nothing more to do, once it has no more descriptors than so many, or never will."""
    sample = broker.sample(time.monotonic() - began)
    tries = 1
    while tries < _TRIES and (sample.connections or sample.descriptors > descriptors):
        time.sleep(_BETWEEN_SAMPLES)
        sample = broker.sample(time.monotonic() - began)
        tries += 1
    return sample


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _read_reports(folder: Path) -> Iterator[Report]:
    for path in sorted(folder.glob("reports-*.jsonl")):
        for entry in _read_lines(path):
            yield Report(**entry)
