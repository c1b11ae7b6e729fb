"""A match of processes in which one thing fails at one message, and what must come of it.

Broker, game and bots are processes of their own, each client behind a link that counts its messages. Whoever loses its
connection before a match has begun for it is started again, as its user would; all others have the one match.
"""

import json
import signal
import subprocess
import sys
from enum import Enum
from typing import Any, Final

import attrs
import trio

from bitbroker.client.connection import Wire
from tests.cuts import take_line, take_prefixed
from tests.e2e.conftest import BrokerProcess, open_broker
from tests.faults.programs import PLAYERS
from tests.faults.proxy import Link, Trouble

CLIENTS: Final = ("game", *(f"bot-{number}" for number in range(PLAYERS)))
PATIENCE: Final = 60.0
"""Seconds after which whoever has not ended counts as hanging; all limits of the broker here are some seconds."""
_MOST_STARTS: Final = 4


class Fault(Enum):
    """What fails, and the broker's flags for it: limits that are short where they are to be reached, or else long."""

    KILL_CLIENT = "kill -9 of the client", ("--resume-grace", "1")
    KILL_BROKER = "kill -9 of the broker", ("--resume-grace", "1")
    STOP = "SIGTERM, with a grace", ("--grace", "30")
    STOP_NOW = "SIGTERM, without a grace", ("--grace", "0")
    # Less than the time for an answer, from which it would be a race who is named: who is away, or late.
    CUT = "connection cut", ("--resume-grace", "4")
    RESET = "connection reset", ("--resume-grace", "4")
    DRIP = "byte by byte", ()
    DELAY = "delayed", ()
    STALL = (
        "one direction stalls",
        ("--time-limit", "2", "--game-time-limit", "2", "--handshake-timeout", "2", "--close-timeout", "1"),
    )

    @property
    def label(self) -> str:
        """As a table has it."""
        label: str = self.value[0]
        return label

    @property
    def flags(self) -> tuple[str, ...]:
        """The broker's."""
        flags: tuple[str, ...] = self.value[1]
        return flags

    @property
    def trouble(self) -> Trouble | None:
        """What the network does, if it is the network."""
        return Trouble.__members__.get(self.name)


@attrs.frozen
class Place:
    """Where it fails: at which message of which client's link."""

    fault: Fault
    wire: Wire
    client: str
    message: int

    def __str__(self) -> str:
        return f"{self.fault.label}, {self.wire}, {self.client}, message {self.message}"


@attrs.define
class Report:
    """What came of it.

    Attributes:
        passed: how many messages each link saw.
        told: what each client was told or had to say at its end, run by run; None for one that was killed.
        cause: of the match, in the broker's log; empty if there was none, or the broker did not live to say.
        at_fault: the same for who is.
        names: of the bots, by seat; nobody if no match has begun.
        refused: the clients that the broker turned away when it stopped.
        exit_code: the broker's.
        seconds: from the failure to the last end, the broker's included if it was to end.
    """

    passed: dict[str, int] = attrs.field(factory=dict)
    told: dict[str, list[dict[str, str] | None]] = attrs.field(factory=dict)
    cause: str = ""
    at_fault: str = ""
    names: list[str] = attrs.field(factory=list)
    refused: set[str] = attrs.field(factory=set)
    exit_code: int | None = None
    seconds: float = 0.0


class FailingMatch:
    """One match, and its one failure."""

    def __init__(self, wire: Wire, place: Place | None = None) -> None:
        self._wire = wire
        self._place = place
        self._links = {name: Link(take_prefixed if wire == "binary" else take_line) for name in CLIENTS}
        self._processes: dict[str, trio.Process] = {}
        self._broker: BrokerProcess
        self._failed_at: float | None = None
        self._report = Report()

    async def hold(self) -> Report:
        """From the first process to the end of the last. Owns a nursery: links and log, until all have ended."""
        self._broker = await open_broker(*(self._place.fault.flags if self._place else ()), players=PLAYERS)
        try:
            with trio.fail_after(PATIENCE):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._broker.read_log)
                    await self._broker.wait_logged("listening")
                    for link in self._links.values():
                        await nursery.start(link.serve, self._broker.port)
                    self._lay_failure()
                    await self._run_clients()
                    await self._end_broker()
                    nursery.cancel_scope.cancel()
        finally:
            for process in (*self._processes.values(), self._broker.process):
                process.kill()
                await process.wait()
        return self._read_report()

    def _lay_failure(self) -> None:
        if self._place is not None:
            self._links[self._place.client].strike(self._place.message, self._fail, self._place.fault.trouble)

    async def _fail(self) -> None:
        assert self._place is not None
        self._failed_at = trio.current_time()
        match self._place.fault:
            case Fault.KILL_CLIENT:
                await self._kill(self._processes[self._place.client])
            case Fault.KILL_BROKER:
                await self._kill(self._broker.process)
            case Fault.STOP | Fault.STOP_NOW:
                self._broker.process.terminate()
                await self._broker.wait_logged("stopping")
            case _:
                await trio.lowlevel.checkpoint()

    async def _kill(self, process: trio.Process) -> None:
        process.kill()
        await process.wait()

    async def _run_clients(self) -> None:
        async with trio.open_nursery() as nursery:
            for name in CLIENTS:
                nursery.start_soon(self._run_client, name)

    async def _run_client(self, name: str) -> None:
        """Run it, and again as long as it has not had a match, and there may be one."""
        runs = self._report.told[name] = []
        while len(runs) < _MOST_STARTS:
            told = await self._run_process(name)
            runs.append(told)
            # A basic client that is turned away in its handshake is told no more than one whose match is over.
            has_ended_well = told is not None and not told["error"] and bool(self._broker.entries("match began"))
            if has_ended_well or self._is_ending or await self._had_match(name):
                return

    @property
    def _is_ending(self) -> bool:
        return bool(self._broker.entries("stopping")) or self._broker.process.poll() is not None

    async def _run_process(self, name: str) -> dict[str, str] | None:
        address = f"127.0.0.1:{self._links[name].port}"
        command = [sys.executable, "-m", "tests.faults.programs", name, address, self._wire]
        process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE)
        self._processes[name] = process
        assert process.stdout is not None
        async with process.stdout as stream:
            said = b"".join([data async for data in stream])
        code = await process.wait()
        if code == -signal.SIGKILL:
            return None
        assert code == 0, f"{name} ended with {code}"
        told: dict[str, str] = json.loads(said)
        return told

    async def _had_match(self, name: str) -> bool:
        """Whether one of its connections was in a match; asked when it has ended."""
        await self._wait_accepted()
        numbers = self._numbers(name)
        for number in numbers:
            await self._broker.wait_logged("connection over", connection=number)
        return any(numbers & set(entry["connections"]) for entry in self._broker.entries("match began"))

    async def _wait_accepted(self) -> None:
        """Wait until the broker has logged all that came before: a connection that is reset by then it never does."""
        async with await trio.open_tcp_stream("127.0.0.1", self._broker.port) as probe:
            port = probe.socket.getsockname()[1]
            last = await self._broker.wait_logged("connection opened", peer=f"127.0.0.1:{port}")
        for number in range(1, last["connection"]):
            await self._broker.wait_logged("connection opened", connection=number)

    def _numbers(self, name: str) -> set[int]:
        """Of this client's connections, in the broker's log."""
        peers = {f"127.0.0.1:{port}" for port in self._links[name].local_ports}
        return {entry["connection"] for entry in self._broker.entries("connection opened") if entry["peer"] in peers}

    def _was_refused(self, name: str) -> bool:
        over = self._broker.entries("connection over", ending="broker-stopping")
        return bool(self._numbers(name) & {entry["connection"] for entry in over})

    async def _end_broker(self) -> None:
        """It ends by itself if it was stopped or killed; otherwise it is asked to, now that all is over."""
        if not self._is_ending:
            self._note_seconds()
            self._broker.process.terminate()
        self._report.exit_code = await self._broker.wait()
        self._note_seconds()

    def _note_seconds(self) -> None:
        if self._failed_at is not None and not self._report.seconds:
            self._report.seconds = trio.current_time() - self._failed_at

    def _read_report(self) -> Report:
        report = self._report
        report.passed = {name: link.passed for name, link in self._links.items()}
        assert [entry for entry in self._broker.log if entry["level"] == "error"] == []
        assert self._place is None or self._failed_at is not None, "the match never came to this place"
        overs: list[dict[str, Any]] = self._broker.entries("match over")
        assert len(overs) < 2, "there was more than one match"
        for began in self._broker.entries("match began"):
            report.names = began["players"]
        report.refused = {name for name in CLIENTS if self._was_refused(name)}
        for over in overs:
            report.cause, report.at_fault = over["cause"], over["at_fault"]
        return report
