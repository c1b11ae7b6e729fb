"""What is freed stays with the process, up to a bound."""

import ctypes
import subprocess
import sys

import pytest

from bitbroker.broker.allocator import KEPT_BYTES, keep_freed_memory

FAULTS = """
import resource, sys
from bitbroker.broker.allocator import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if {keep}:
    assert keep_freed_memory()
for _ in range(20):
    blocks = [bytes(350_000) for _ in range(6)]
    del blocks
before = faults()
for _ in range(100):
    blocks = [bytes(350_000) for _ in range(6)]
    del blocks
print(faults() - before)
"""


def count_faults(*, keep: bool) -> int:
    """The page faults of a hundred times six blocks of the size of a state, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", FAULTS.format(keep=keep)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_what_is_freed_is_used_again() -> None:
    """Without a page fault; by itself the C library gives it back and takes it again, each time."""
    assert count_faults(keep=True) < 100 < count_faults(keep=False)


def test_too_much_is_given_back() -> None:
    """What one large burst has taken does not stay for ever."""
    script = (
        "from bitbroker.broker.allocator import keep_freed_memory\n"
        "def resident():\n"
        "    return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "assert keep_freed_memory()\n"
        "before = resident()\n"
        "blocks = [bytes(8 << 20) + b'.' for _ in range(20)]\n"
        "assert resident() - before > 100 << 20\n"
        "del blocks\n"
        "print(resident() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= KEPT_BYTES + (8 << 20)


def test_another_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no such function nothing is done."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert not keep_freed_memory()
