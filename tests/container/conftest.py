"""The image in a real engine: `make docker-check` builds it, starts the engine, and runs these tests in its network."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import attrs
import pytest
import trio

IMAGE = "bitbroker:latest"
DOCKER = shlex.split(os.environ.get("DOCKER", "docker"))
COMPOSE = shlex.split(os.environ.get("COMPOSE", "docker compose"))
PATIENCE_SECONDS = 90

HARDENED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
"""How every container here runs: what needs more than that would fail."""
FOR_TWO = ("--env", "BROKER_NUM_PLAYERS=2")
PUBLISHED = ("--publish", "9000:9000", "--publish", "8080:8080")

Figures = pytest.StashKey[list[str]]()


async def run(*command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    with trio.fail_after(PATIENCE_SECONDS):
        done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    result = subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert not check or result.returncode == 0, f"{shlex.join(command)}: {result.stdout}{result.stderr}"
    return result


async def docker(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run the engine's client."""
    return await run(*DOCKER, *arguments, check=check)


async def read_until(pattern: str, *command: str) -> str:
    """Read what a command writes until a line of it matches; that line. The command is ended then."""
    text = ""
    start = partial(trio.run_process, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            process: trio.Process = await nursery.start(start)
            assert process.stdout is not None
            while not (found := re.search(rf"^.*(?:{pattern}).*\n", text, re.MULTILINE)):
                data = await process.stdout.receive_some()
                assert data, f"{shlex.join(command)} ended without {pattern!r}: {text}"
                text += data.decode()
            nursery.cancel_scope.cancel()
    return found[0]


@attrs.frozen
class Container:
    """A container of the image."""

    id: str

    async def inspect(self) -> Any:
        """All that the engine knows of it."""
        return json.loads((await docker("inspect", self.id)).stdout)[0]

    async def execute(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command inside."""
        return await docker("exec", self.id, *command, check=False)

    async def logs(self) -> "subprocess.CompletedProcess[str]":
        """What it has written so far."""
        return await docker("logs", self.id)

    async def wait_logged(self, pattern: str) -> str:
        """Wait until it logs a matching line; that line, with the engine's time stamp in front."""
        return await read_until(pattern, *DOCKER, "logs", "--follow", "--timestamps", self.id)

    async def wait_health(self, status: str) -> None:
        """Wait until the engine finds it so by its own checks."""
        created = (await self.inspect())["Created"]
        filters = ("--since", created, "--filter", f"container={self.id}")
        await read_until(f"health_status: {status}$", *DOCKER, "events", *filters, "--format", "{{.Action}}")

    async def wait_exit(self) -> int:
        """Wait until it ends; its exit code."""
        return int((await docker("wait", self.id)).stdout)


Start = Callable[..., Awaitable[Container]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts containers: flags for the engine first, then `command`; they go when the test is over."""
    started: list[str] = []

    async def start_container(*flags: str, command: Sequence[str] = ()) -> Container:
        done = await docker("run", "--detach", *HARDENED, *flags, IMAGE, *command)
        started.append(done.stdout.strip())
        return Container(started[-1])

    yield start_container
    await docker("rm", "--force", *started)


@pytest.fixture
def report(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Takes figures to print in the end."""
    return pytestconfig.stash.setdefault(Figures, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures."""
    for line in config.stash.get(Figures, []):
        terminalreporter.write_line(line)
