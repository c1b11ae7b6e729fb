"""One measurement: a target, the load generator beside it, and what it printed."""

import json
import os
import subprocess
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from tests.bench import certificate
from tests.bench.targets import Running, Target, running


@attrs.frozen
class Load:
    """What is played.

    Attributes:
        matches: how many side by side.
        players: of each.
        state_bytes: of each state; decisions have 64 bytes.
        waiting: bots that wait for a game that does not come.
        asks: on the extended wire: players that are asked in a turn; 0 for all.
        match_turns: on the extended wire: after how many turns a match ends and another begins; 0 for never.
        one_core: whether target and generator share one core, or have all of them.
        duration_ms: how long is measured.
    """

    matches: int = 1
    players: int = 2
    state_bytes: int = 64
    waiting: int = 0
    asks: int = 0
    match_turns: int = 0
    one_core: bool = True
    duration_ms: int = 1000

    @property
    def warm_up_ms(self) -> int:
        """How long is played before: long enough to have taken in those who wait, who come while it is played."""
        return 200 + min(2 * self.waiting, 3000)


@attrs.frozen
class Sample:
    """What came of it.

    Attributes:
        turns: how many were played; on the extended wire, answers.
        seconds: in which time.
        broker_cpu: seconds of CPU time of the target, all its threads.
        load_cpu: of the generator.
        broker_bytes: the target's resident memory at the end.
        turn: a turn's time in microseconds: mean, p50, p99, p99.9, largest.
        first_match: the same, of one match alone.
        start_seconds: from the target's start until it listened.
        matches: how many ended meanwhile.
    """

    turns: int
    seconds: float
    broker_cpu: float
    load_cpu: float
    broker_bytes: int
    turn: dict[str, float]
    first_match: dict[str, float]
    start_seconds: float
    matches: int = 0

    @property
    def rate(self) -> float:
        """Turns a second."""
        return self.turns / self.seconds

    @property
    def core_rate(self) -> float:
        """Turns in a second of CPU time that target and generator got together.

        It is what a core that they share, and nobody else uses, plays in a second; a busy machine changes it little.
        """
        return self.turns / (self.broker_cpu + self.load_cpu)

    @property
    def promptness(self) -> float:
        """How often the time fits into a second in which 99 of 100 turns of the first match are over."""
        return 1e6 / self.first_match["p99"]

    @property
    def broker_rate(self) -> float:
        """Turns in a second of the target's CPU time."""
        return self.turns / self.broker_cpu


ALL_CORES: Final = frozenset(os.sched_getaffinity(0))
ONE_CORE: Final = frozenset({max(ALL_CORES)})


class FailedError(Exception):
    """A measurement went wrong; the message says how."""


def measure(target: Target, load: Load) -> Sample:
    """Start the target, play, stop it.

    Raises:
        MissingError: it is not there.
        FailedError: it did not play as it must.
    """
    cores = ONE_CORE if load.one_core else ALL_CORES
    with running(target, load.players, cores) as broker:
        words = load_command(target, load, broker)
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, preexec_fn=partial(os.sched_setaffinity, 0, cores)
        )
    if done.returncode:
        raise FailedError(f"{target.title}: {done.stderr.strip() or f'the generator ended with {done.returncode}'}")
    printed: dict[str, Any] = json.loads(done.stdout)
    return Sample(**printed, start_seconds=broker.start_seconds)


def load_command(target: Target, load: Load, broker: Running) -> list[str | Path]:
    """What starts the generator beside a target."""
    options: dict[str, int | str | Path] = {
        "port": broker.port,
        "broker": broker.pid,
        "framing": target.framing,
        "matches": load.matches,
        "players": load.players,
        "state": load.state_bytes,
        "waiting": load.waiting,
        "warm-up": load.warm_up_ms,
        "duration": load.duration_ms,
        "asks": load.asks,
        "match-turns": load.match_turns,
    }
    if target.tls:
        options["tls"] = certificate.issued().ca_file
    return [target.program, *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
