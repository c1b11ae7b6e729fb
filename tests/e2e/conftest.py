"""What end-to-end tests share: a broker process on free ports, with its log as it grows, and ways to ask it."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import trio

PATIENCE = 60.0
"""Seconds after which what is waited for counts as never to come; no test is right or wrong by less."""


class BrokerProcess:
    """A broker at work, in a process of its own.

    Attributes:
        process: what runs.
        log: its log so far, an entry a line.
        words: what it wrote that is no log entry, such as the one line about a wrong setting.
    """

    def __init__(self, process: trio.Process) -> None:
        self.process = process
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
        return f"http://127.0.0.1:{self.entries('health API')[0]['port']}"

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


StartBroker = Callable[..., Awaitable[BrokerProcess]]


@pytest.fixture
async def start_broker() -> AsyncIterator[StartBroker]:
    """A factory of brokers; takes flags of `serve`, and gives a broker that listens.

    A broker that the test leaves running is stopped, at once, and must obey. None may have logged an error.
    """
    brokers: list[BrokerProcess] = []
    async with trio.open_nursery() as nursery:

        async def start_broker(*flags: str, players: int = 2, listens: bool = True) -> BrokerProcess:
            serve = [sys.executable, "-m", "bitbroker", "serve", "--players", str(players), "--log-format", "json"]
            process = await trio.lowlevel.open_process(
                [*serve, *flags],
                stderr=subprocess.PIPE,
                env={"BROKER_PORT": "0", "BROKER_HTTP_PORT": "0", "BROKER_GRACE": "0", **os.environ},
            )
            brokers.append(BrokerProcess(process))
            nursery.start_soon(brokers[-1].read_log)
            if listens:
                await brokers[-1].wait_logged("listening")
            return brokers[-1]

        yield start_broker
        for broker in brokers:
            if broker.process.returncode is None:
                assert await broker.stop() == 0
            assert [entry for entry in broker.log if entry["level"] == "error"] == []


async def fetch(url: str) -> tuple[int, bytes]:
    """Status and body of an HTTP answer."""
    return await trio.to_thread.run_sync(_fetch, url)


async def fetch_json(url: str) -> tuple[int, Any]:
    """Status and JSON."""
    status, body = await fetch(url)
    return status, json.loads(body)


def _fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
