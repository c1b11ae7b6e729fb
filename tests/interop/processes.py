"""The processes of one scenario, and what they say."""

import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import trio

_REAP_SECONDS = 10
_LAST_LINES = 8
_LONGEST = 300


class Child:
    """A process, and the lines that it has said.

    Attributes:
        command: what was started.
        out: lines of its standard output.
        err: lines of its standard error.
        exit_code: once it has ended; negative for the signal that ended it.
    """

    def __init__(self, process: trio.Process, command: Sequence[str]) -> None:
        self.command = command
        self.out: list[str] = []
        self.err: list[str] = []
        self.exit_code: int | None = None
        self._process = process
        self._news = trio.Event()

    async def look_after(self) -> None:
        """Read all that it says and wait for its end; cancelled, end it. Owns a nursery with a task for each stream."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read, self._process.stdout, self.out)
                nursery.start_soon(self._read, self._process.stderr, self.err)
            self.exit_code = await self._process.wait()
        finally:
            if self.exit_code is None:
                self._process.kill()
                with trio.move_on_after(_REAP_SECONDS, shield=True):
                    self.exit_code = await self._process.wait()
            self._tell()

    async def _read(self, stream: trio.abc.ReceiveStream, lines: list[str]) -> None:
        rest = b""
        async with stream:
            async for chunk in stream:
                *whole, rest = (rest + chunk).split(b"\n")
                lines.extend(line.decode() for line in whole)
                self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = trio.Event()

    async def find(self, fits: Callable[[str], bool], time: int = 1) -> str:
        """The first line that fits, or a later one, when it is there."""
        while len(found := [line for line in self.out + self.err if fits(line)]) < time:
            assert self.exit_code is None, f"it ended with {self.exit_code} before it said what was waited for"
            await self._news.wait()
        return found[time - 1]

    async def wait_said(self, words: str, times: int = 1) -> None:
        """Wait until so many of its lines have these words."""
        await self.find(lambda line: words in line, times)

    async def wait(self) -> int:
        """Wait until it has ended and all that it said is here; its exit code."""
        while self.exit_code is None:
            await self._news.wait()
        return self.exit_code

    async def go_on(self) -> None:
        """Say the word to one that has paused."""
        assert self._process.stdin is not None
        await self._process.stdin.send_all(b"\n")

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it."""
        self._process.kill()

    def show(self) -> None:
        """Print how it is, and the last that it has said."""
        print(f"{shown(' '.join(self.command))}: exit code {self.exit_code}")
        for line in self.out[-_LAST_LINES:] + self.err[-_LAST_LINES:]:
            print("   ", shown(line))


class Party:
    """The processes of one scenario; see `open_party`."""

    def __init__(self, nursery: trio.Nursery, children: list[Child]) -> None:
        self._nursery = nursery
        self._children = children

    async def start(self, *command: str) -> Child:
        """Start a process."""
        pipe = subprocess.PIPE
        process = await trio.lowlevel.open_process(command, stdin=pipe, stdout=pipe, stderr=pipe)
        child = Child(process, command)
        self._children.append(child)
        self._nursery.start_soon(child.look_after)
        return child


@asynccontextmanager
async def open_party(*, shows: bool = True) -> AsyncIterator[Party]:
    """A place to start processes in: a nursery with a task for each, which ends them all on the way out.

    Args:
        shows: whether to print then what they have said; pytest shows that where a test fails.
    """
    children: list[Child] = []
    try:
        async with trio.open_nursery() as nursery:
            yield Party(nursery, children)
            nursery.cancel_scope.cancel()
    finally:
        for child in children if shows else ():
            child.show()


def shown(text: str) -> str:
    """The text, cut."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
