"""What end-to-end tests share: a broker process on free ports, with its log as it grows, and ways to ask it."""

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import pytest
import trio

from bitbroker.client import Action, BaseBot, BaseGame, Player
from bitbroker.client.running import Options
from tests.authority import Authority

PATIENCE = 60.0
"""Seconds after which what is waited for counts as never to come; no test is right or wrong by less."""


class BrokerProcess:
    """A broker at work, in a process of its own.

    Attributes:
        process: what runs.
        log: its log so far, an entry a line.
        words: what it wrote that is no log entry, such as the one line about a wrong setting.
        errors: the errors that it may log.
    """

    def __init__(self, process: trio.Process, errors: Sequence[str] = ()) -> None:
        self.process = process
        self.errors = errors
        self.log: list[dict[str, Any]] = []
        self.words: list[str] = []
        self._ended = False
        self._grew = trio.Event()

    @property
    def port(self) -> int:
        """Where games and bots connect."""
        port: int = self.entries("listening")[0]["port"]
        return port

    @property
    def url(self) -> str:
        """Of the health API."""
        entry = self.entries("health API")[0]
        return f"{entry['scheme']}://127.0.0.1:{entry['port']}"

    def entries(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """Log entries of this event, with these fields."""
        return [entry for entry in self.log if {"event": event, **fields}.items() <= entry.items()]

    async def wait_logged(self, event: str, **fields: object) -> dict[str, Any]:
        """The first log entry of this event, with these fields, once it is there."""
        with trio.fail_after(PATIENCE):
            while not (entries := self.entries(event, **fields)):
                assert not self._ended, f"the broker ended and never logged {event!r}: {self.log} {self.words}"
                await self._grew.wait()
        return entries[0]

    async def wait(self) -> int:
        """Its exit code, once it has ended and its log is read."""
        with trio.fail_after(PATIENCE):
            await self.process.wait()
            while not self._ended:
                await self._grew.wait()
        assert self.process.returncode is not None
        return self.process.returncode

    async def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.terminate()
        return await self.wait()

    def outcomes(self) -> list[str]:
        """The causes of the matches that are over."""
        return [entry["cause"] for entry in self.entries("match over")]

    async def read_log(self) -> None:
        """Read standard error to its end."""
        assert self.process.stderr is not None
        rest = b""
        async with self.process.stderr as stream:
            async for chunk in stream:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._take(line.decode())
                self._tell()
        self._ended = True
        self._tell()

    def _take(self, line: str) -> None:
        if line.startswith("{"):
            self.log.append(json.loads(line))
        else:
            self.words.append(line)

    def _tell(self) -> None:
        self._grew.set()
        self._grew = trio.Event()


async def open_broker(
    nursery: trio.Nursery, *flags: str, players: int = 2, errors: Sequence[str] = ()
) -> BrokerProcess:
    """Start a broker on free ports, with these flags of `serve`; the nursery reads its log."""
    serve = [sys.executable, "-m", "bitbroker", "serve", "--players", str(players), "--log-format", "json"]
    process = await trio.lowlevel.open_process(
        [*serve, *flags],
        stderr=subprocess.PIPE,
        env={"BROKER_PORT": "0", "BROKER_HTTP_PORT": "0", "BROKER_GRACE": "0", **os.environ},
    )
    broker = BrokerProcess(process, errors)
    nursery.start_soon(broker.read_log)
    return broker


StartBroker = Callable[..., Awaitable[BrokerProcess]]


@pytest.fixture
async def start_broker() -> AsyncIterator[StartBroker]:
    """A factory of brokers; takes flags of `serve`, and gives a broker that listens.

    A broker that the test leaves running is stopped, at once, and must obey. None may have logged an error, but for
    those that the test names.
    """
    brokers: list[BrokerProcess] = []
    async with trio.open_nursery() as nursery:

        async def start_broker(
            *flags: str, players: int = 2, listens: bool = True, errors: Sequence[str] = ()
        ) -> BrokerProcess:
            brokers.append(await open_broker(nursery, *flags, players=players, errors=errors))
            if listens:
                await brokers[-1].wait_logged("listening")
            return brokers[-1]

        yield start_broker
        for broker in brokers:
            if broker.process.returncode is None:
                assert await broker.stop() == 0
            errors = [entry for entry in broker.log if entry["level"] == "error"]
            assert [entry for entry in errors if entry["event"] not in broker.errors] == []


class Peer:
    """A process that writes lines, and waits for the test where it says so, such as one of `peer.py`."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self._rest = b""

    async def hear(self) -> bytes:
        """The next line that it wrote, newline included; nothing once it has ended."""
        assert self.process.stdout is not None
        with trio.fail_after(PATIENCE):
            while b"\n" not in self._rest:
                data = await self.process.stdout.receive_some()
                if not data:
                    return b""
                self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line + b"\n"

    async def hear_all(self) -> list[bytes]:
        """All that it still writes, until it has ended."""
        lines = []
        while line := await self.hear():
            lines.append(line)
        return lines

    async def go_on(self) -> None:
        """Let it go on from where it waits."""
        assert self.process.stdin is not None
        await self.process.stdin.send_all(b"\n")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Issues certificates that nobody else trusts."""
    return Authority(tmp_path)


StartPeer = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def start_process() -> AsyncIterator[StartPeer]:
    """A factory of processes; takes the words of a command. What is left of them is killed."""
    peers: list[Peer] = []

    async def start_process(*command: str | bytes) -> Peer:
        process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        peers.append(Peer(process))
        return peers[-1]

    yield start_process
    for peer in peers:
        peer.process.kill()
        await peer.process.wait()
        for stream in (peer.process.stdin, peer.process.stdout):
            assert stream is not None
            await stream.aclose()


@pytest.fixture
def start_peer(start_process: StartPeer) -> StartPeer:
    """A factory of peers that do step by step what the test says; takes the broker's port and the steps."""
    script = str(Path(__file__).with_name("peer.py"))
    return lambda port, *steps: start_process(sys.executable, "-I", "-S", script, str(port), *steps)


class Echo(BaseBot):
    """Answers with the state."""

    def decide_move(self, state: bytes) -> bytes:
        """Answer."""
        return state


class Rounds(BaseGame):
    """Asks each player so many times, and is answered what it asked."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.questions: list[tuple[int, bytes]] = []

    def initialise(self, players: Sequence[Player]) -> None:
        """Think of all questions."""
        rounds = range(self.rounds)
        self.questions = [
            (player.seat, b"%d in round %d" % (player.seat, number)) for number in rounds for player in players
        ]

    def next_action(self) -> Action:
        """The next question."""
        return Action.player_action(*self.questions[0]) if self.questions else Action.end_game()

    def deliver_response(self, response: bytes) -> None:
        """Its answer."""
        assert response == self.questions.pop(0)[1]


async def play_match(
    port: int, players: int = 2, rounds: int = 3, host: str = "127.0.0.1", **options: Unpack[Options]
) -> None:
    """A match between proper clients, from beginning to end; options as `run` has them."""
    game = Rounds(rounds)
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for client in (*(Echo() for _ in range(players)), game):
                nursery.start_soon(partial(client.arun, host, port, **options))
    assert game.questions == []


async def fetch(url: str, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    """Status and body of an HTTP answer; `context` has whom to trust."""
    return await trio.to_thread.run_sync(_fetch, url, context)


async def fetch_json(url: str) -> tuple[int, Any]:
    """Status and JSON."""
    status, body = await fetch(url)
    return status, json.loads(body)


def _fetch(url: str, context: ssl.SSLContext | None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE, context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
