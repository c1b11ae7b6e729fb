"""The broker that is put to the test: a process, and what it uses."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final

import attrs

_METRIC: Final = re.compile(r"^(\w+)(?:\{[^}]*\})? ([\d.e+]+)$", re.MULTILINE)

_NO_COMPLAINTS: Final = '"level": "info"|"event": "the broker was held up"'
"""Lines of the log in which nothing is wrong: a processor that was busy elsewhere is no fault of the broker's."""


@attrs.frozen
class Sample:
    """What a broker uses at one moment.

    Attributes:
        matches: how many are over.
        seconds: since the soak began.
        resident_bytes: of memory.
        blocks: of memory that Python holds: about an object each.
        descriptors: that are open.
        connections: that are open.
    """

    matches: int
    seconds: float
    resident_bytes: int
    blocks: int
    descriptors: int
    connections: int


@attrs.frozen
class SoakedBroker:
    """A broker that listens.

    Attributes:
        pid: of its process.
        port: for players.
        http_port: of its API.
        complaints: what it has said that is no information.
    """

    pid: int
    port: int
    http_port: int
    complaints: Path

    def sample(self, seconds: float) -> Sample:
        """What it uses now."""
        process = Path(f"/proc/{self.pid}")
        descriptors = len([*(process / "fd").iterdir()])  # before there is one for the connection that asks for metrics
        metrics = self.metrics()
        resident = re.search(r"VmRSS:\s+(\d+) kB", (process / "status").read_text())
        assert resident is not None
        return Sample(
            matches=int(metrics["bitbroker_matches_total"]),
            seconds=round(seconds, 3),
            resident_bytes=int(resident[1]) * 1024,
            blocks=int(metrics["bitbroker_memory_blocks"]),
            descriptors=descriptors,
            connections=int(metrics["bitbroker_connections_open"]),
        )

    def metrics(self) -> dict[str, float]:
        """Its metrics, each summed over its labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics") as answer:
            text = answer.read().decode()
        sums: dict[str, float] = {}
        for name, value in _METRIC.findall(text):
            sums[name] = sums.get(name, 0.0) + float(value)
        return sums


@contextmanager
def soaked_broker(folder: Path, *flags: str, nice: int = 0) -> Iterator[SoakedBroker]:
    """Start a broker for matches of two, as nice to others as this, wait until it listens, and stop it at the end."""
    complaints = folder / "complaints.log"
    serve = [sys.executable, "-m", "bitbroker", "serve", "--players", "2", "--port", "0", "--http-port", "0"]
    process = subprocess.Popen(
        [*serve, "--log-format", "json", "--grace", "0", *flags],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(os.nice, nice),
    )
    assert process.stderr is not None
    with complaints.open("a", encoding="utf-8") as writer:
        ports = _read_ports(process.stderr)
        sieve = subprocess.Popen(
            ["grep", "--extended-regexp", "--invert-match", _NO_COMPLAINTS], stdin=process.stderr, stdout=writer
        )
        process.stderr.close()
        try:
            yield SoakedBroker(process.pid, ports["listening"], ports["health API"], complaints)
        finally:
            process.terminate()
            process.wait()
            sieve.wait()


def _read_ports(log: IO[str]) -> dict[str, int]:
    """Where it listens, once it has said so."""
    ports: dict[str, int] = {}
    for line in log:
        entry = json.loads(line)
        ports[entry["event"]] = entry.get("port", 0)
        if "listening" in ports:
            return ports
    raise AssertionError("the broker ended before it listened")
