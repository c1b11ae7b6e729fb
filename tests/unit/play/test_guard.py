"""The process that ends others when its parent ends."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bitbroker.play import guard

Sleeper = subprocess.Popen[bytes]


@pytest.fixture
def sleepers() -> Iterator[list[Sleeper]]:
    """Two processes that do nothing, each in a group of its own."""
    program = [sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"]
    sleepers = [subprocess.Popen(program, process_group=0) for _ in range(2)]
    yield sleepers
    for sleeper in sleepers:
        sleeper.kill()
        sleeper.wait()


def run(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The guard, from its first line to the end of its input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    guard.main()


def test_who_is_left_is_killed(monkeypatch: pytest.MonkeyPatch, sleepers: list[Sleeper]) -> None:
    """Those that were reported to have ended are left alone: their number may be another's by now."""
    stays, goes = sleepers
    run(monkeypatch, f"+{stays.pid}\n+{goes.pid}\n-{stays.pid}\n")
    assert goes.wait() == -signal.SIGKILL
    assert stays.poll() is None


def test_who_has_ended_by_itself_is_no_trouble(monkeypatch: pytest.MonkeyPatch, sleepers: list[Sleeper]) -> None:
    """The others are ended all the same."""
    gone, goes = sleepers
    gone.kill()
    gone.wait()
    run(monkeypatch, f"+{gone.pid}\n+{goes.pid}\n")
    assert goes.wait() == -signal.SIGKILL


def test_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent that had no children, or saw all of them end."""
    run(monkeypatch, "")


def test_as_a_process(sleepers: list[Sleeper]) -> None:
    """Killed or not, its parent's end of the pipe is closed by the system."""
    with subprocess.Popen([sys.executable, "-I", "-S", guard.__file__], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        os.write(process.stdin.fileno(), b"+%d\n" % sleepers[0].pid)
    assert process.returncode == 0
    assert sleepers[0].wait() == -signal.SIGKILL
    assert sleepers[1].poll() is None
