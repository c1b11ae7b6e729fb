"""What is measured: brokers of several kinds, each started as a process and stopped again."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from tests.bench import certificate, crate

HERE: Final = Path(__file__).parent
BUILT: Final = HERE / "build"
HOST: Final = "127.0.0.1"
_PATIENCE: Final = 20.0
"""Seconds for a target to listen, on a machine that is busy."""


class MissingError(Exception):
    """A target is not there; the message says what to install."""


@attrs.frozen
class Running:
    """A target that listens, and how long it took to do so, in seconds."""

    pid: int
    port: int
    start_seconds: float


@attrs.frozen
class Target:
    """Something to measure.

    Attributes:
        key: its name in results.
        title: its name for readers.
        framing: how it is spoken to.
        load: the generator that speaks so.
        tls: whether it is spoken to over TLS.
        command: the command for so many players; a port of 0 lets it choose.
        find_port: tells the port from what it says on standard output and error.
        check: raises `MissingError` if it cannot be started here.
    """

    key: str
    title: str
    framing: str
    command: Callable[[int, int], Sequence[str | Path]]
    find_port: Callable[[str], int | None] | None
    check: Callable[[], None] = lambda: None
    load: str = "load"
    tls: bool = False

    @property
    def program(self) -> Path:
        """The load generator."""
        return BUILT / (f"{self.load}-tls" if self.tls else self.load)


def _our_command(players: int, port: int, *flags: str) -> Sequence[str]:
    serve = [sys.executable, "-m", "bitbroker", "serve", "--players", str(players), "--port", str(port)]
    return [*serve, "--http-port", "0", "--log-format", "json", "--max-handshakes-per-second", "0", *flags]


def _our_port(line: str) -> int | None:
    entry = json.loads(line)
    return int(entry["port"]) if entry["event"] == "listening" else None


def _relay_command(players: int, port: int, *flags: str) -> Sequence[str | Path]:
    return [BUILT / "relay", str(players), *flags]


def _nats_command(players: int, port: int) -> Sequence[str]:
    return ["nats-server", "--addr", HOST, "--port", str(port)]


def _check_nats() -> None:
    if shutil.which("nats-server") is None:
        raise MissingError("nats-server is missing: on Debian, apt-get install nats-server")


def _crate_command(broker: Path, players: int, port: int) -> Sequence[str | Path]:
    return [broker, str(port), str(players)]


def _check_crate(broker: Path) -> None:
    if not broker.exists():
        raise MissingError(crate.why_missing())


def _check_tls(program: Path) -> None:
    if not program.exists():
        raise MissingError("the load generators that speak TLS are missing: on Debian, apt-get install libssl-dev")


def ours(*flags: str, key: str = "ours", title: str = "ours", framing: str = "lines", load: str = "load") -> Target:
    """`bitbroker serve`."""
    return Target(key, title, framing, partial(_with_flags, _our_command, flags), _our_port, load=load)


def over_tls(plain: Target) -> Target:
    """`bitbroker serve` with these flags, and all over TLS."""

    def command(players: int, port: int) -> Sequence[str | Path]:
        return [*plain.command(players, port), *certificate.issued().files.flags]

    spoken = attrs.evolve(plain, key=f"{plain.key}-tls", title=f"{plain.title}, TLS", command=command, tls=True)
    return attrs.evolve(spoken, check=partial(_check_tls, spoken.program))


def relay(*flags: str, key: str = "relay", title: str = "C relay", framing: str = "lines") -> Target:
    """The relay of relay.c."""
    return Target(key, title, framing, partial(_with_flags, _relay_command, flags), int)


def _with_flags(
    command: Callable[..., Sequence[str | Path]], flags: Sequence[str], players: int, port: int
) -> Sequence[str | Path]:
    return command(players, port, *flags)


OURS: Final = ours()
RELAY: Final = relay()
CODEC_RELAY: Final = relay("--codec", key="relay-codec", title="C relay that decodes and encodes")
NATS: Final = Target("nats", "NATS", "nats", _nats_command, None, _check_nats)
CRATE: Final = Target(
    "crate", "the crate", "lines", partial(_crate_command, crate.PLAIN), None, partial(_check_crate, crate.PLAIN)
)
PATCHED: Final = Target(
    "crate-nodelay",
    "the crate with TCP_NODELAY",
    "lines",
    partial(_crate_command, crate.PATCHED),
    None,
    partial(_check_crate, crate.PATCHED),
)


@contextmanager
def running(target: Target, players: int, cores: frozenset[int]) -> Iterator[Running]:
    """Start a target on these cores, wait until it listens, and stop it at the end."""
    target.check()
    began = time.perf_counter()
    port = 0 if target.find_port else _free_port()
    process = subprocess.Popen(
        target.command(players, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=partial(os.sched_setaffinity, 0, cores),
    )
    # What it says later on must be read, or it would wait with a full pipe.
    drain: subprocess.Popen[bytes] | None = None
    try:
        assert process.stdout is not None
        if target.find_port:
            port = next(found for found in map(target.find_port, process.stdout) if found)
        drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
        if not target.find_port:
            _wait_listening(process, port)
        yield Running(process.pid, port, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait()
        if drain is not None:
            drain.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


def _wait_listening(process: subprocess.Popen[str], port: int) -> None:
    """Wait until the port is listened on, without connecting: the crate's broker would take it for a client."""
    until = time.monotonic() + _PATIENCE
    wanted = f"0100007F:{port:04X}"
    while time.monotonic() < until and process.poll() is None:
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        if any(row[1] == wanted and row[3] == "0A" for row in rows):
            return
        time.sleep(0.01)
    raise MissingError(f"{process.args!r} does not listen on port {port}")
