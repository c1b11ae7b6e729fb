"""The processes of a match: the game and the bots, as commands that the user gave."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import trio

from bitbroker.errors import BitbrokerError
from bitbroker.play import guard

LAST_LINES: Final = 10
_LONGEST_LINE: Final = 65536
"""Worst memory of a child: its last ten lines of standard error and one line a stream, 768 KiB."""
_TERM_SECONDS: Final = 1.0
_PLACEHOLDER: Final = re.compile(r"\{(host|port|seed|python)\}")

_TELL_GUARD: Final = ("/bin/sh", "-c", 'echo "+$$" >&0 && exec "$@" </dev/null', "sh")
"""A shell's first words, which become the command itself: its number, to the guard's pipe, which is its input."""

OnLine = Callable[[str, str], None]


class StartError(BitbrokerError):
    """A command could not be started; the message says which, and why."""


class Guard:
    """The process that ends the children if this one cannot.

    Each child tells it of itself, before it becomes the user's command, so that there is no moment in which this
    process may be killed and leave one behind.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    @property
    def pipe(self) -> IO[bytes]:
        """Where to tell it."""
        return self._pipe

    def remove(self, group: int) -> None:
        """This process group has ended."""
        with suppress(BrokenPipeError):  # somebody ended the guard: the children are still ended by us
            self._pipe.write(f"-{group}\n".encode())
            self._pipe.flush()


@contextmanager
def running_guard() -> Iterator[Guard]:
    """Run a guard; in a session of its own, so that Ctrl-C does not reach it."""
    command = [sys.executable, "-I", "-S", guard.__file__]
    with subprocess.Popen(  # noqa: S603 - our own script, by our own interpreter
        command, stdin=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdin is not None
        yield Guard(process.stdin)


class Child:
    """One command of a match.

    Attributes:
        label: `game` or `bot N`, N as on the command line, from 1.
        command: as the user gave it.
        last_words: the last lines of its standard error.
        exit_code: once it has ended; negative for the signal that ended it.
        was_ended: whether it was we who ended it, by a signal.
    """

    def __init__(self, label: str, command: str) -> None:
        self.label = label
        self.command = command
        self.last_words: deque[str] = deque(maxlen=LAST_LINES)
        self.exit_code: int | None = None
        self.was_ended = False
        self._process: trio.Process | None = None
        self._ended = trio.Event()

    async def start(self, environment: Mapping[str, str], values: Mapping[str, str], guard: Guard) -> None:
        """Start it, in a process group of its own.

        Args:
            environment: what to add to the environment.
            values: what `{host}`, `{port}`, `{seed}` and `{python}` stand for in the command.
            guard: ends it if this process cannot.

        Raises:
            StartError: it cannot be started.
        """
        try:
            arguments = [_PLACEHOLDER.sub(lambda found: values[found[1]], word) for word in shlex.split(self.command)]
            if not arguments or shutil.which(arguments[0]) is None:
                raise StartError(f"{self.label} cannot be started: there is no such program: {self.command!r}")
            self._process = await trio.lowlevel.open_process(
                [*_TELL_GUARD, *arguments],
                stdin=guard.pipe,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **environment},
                process_group=0,
            )
        except (OSError, ValueError) as error:
            raise StartError(f"{self.label} cannot be started: {self.command!r}: {error}") from None

    async def run(self, guard: Guard, on_line: OnLine, log_folder: Path | None) -> int:
        """Pass its output on, until it ends.

        Owns a nursery with a task for each of its streams. Cancelled, it kills the process and all of its group.

        Args:
            guard: the one that it was started with.
            on_line: called with `out` or `err`, and a line.
            log_folder: where to keep its output whole; None for nowhere.

        Returns:
            Its exit code.
        """
        process = self._process
        assert process is not None
        try:
            async with trio.open_nursery() as nursery:
                for kind, stream in (("out", process.stdout), ("err", process.stderr)):
                    assert stream is not None
                    nursery.start_soon(self._pass_on, kind, stream, on_line, log_folder)
                self.exit_code = await process.wait()
                nursery.cancel_scope.deadline = trio.current_time() + _TERM_SECONDS  # its own children may hold a pipe
        finally:
            self._signal(signal.SIGKILL)
            with trio.CancelScope(shield=True, deadline=trio.current_time() + _TERM_SECONDS):
                self.exit_code = await process.wait()
            guard.remove(process.pid)
            self._ended.set()
        return self.exit_code

    async def wait(self) -> None:
        """Wait until it has ended; at once if it was never started."""
        if self._process is not None:
            await self._ended.wait()

    def ask_to_end(self) -> None:
        """Send SIGTERM to it and all of its group."""
        if self._process is not None and self.exit_code is None:
            self.was_ended = True
            self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _pass_on(self, kind: str, stream: trio.abc.ReceiveStream, on_line: OnLine, folder: Path | None) -> None:
        rest = b""
        async with stream:
            with open_log(folder, f"{self.label.replace(' ', '-')}.{kind}") as log:
                async for chunk in stream:
                    log.write(chunk)
                    *lines, rest = (rest + chunk).split(b"\n")
                    lines += [rest] if len(rest) > _LONGEST_LINE else []
                    rest = rest if len(rest) <= _LONGEST_LINE else b""
                    for line in lines:
                        self._hear(kind, line, on_line)
        if rest:
            self._hear(kind, rest, on_line)

    def _hear(self, kind: str, line: bytes, on_line: OnLine) -> None:
        text = line[:_LONGEST_LINE].decode("utf-8", "replace").rstrip("\r")
        if kind == "err":
            self.last_words.append(text)
        on_line(kind, text)


def open_log(folder: Path | None, name: str) -> IO[bytes]:
    """A file in the log folder; nowhere if there is none."""
    return Path(os.devnull).open("wb") if folder is None else (folder / name).open("wb")
