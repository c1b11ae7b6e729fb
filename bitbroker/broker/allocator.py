"""The C library's allocator, told to keep what is freed: the next turn needs it again.

By itself glibc gives memory back to the system as soon as a few hundred kilobytes at the end of the heap are free. With
states of such a size that may come in every turn, depending on what else lies there, and the page faults that follow
triple what a turn costs.
"""

from importlib.util import find_spec
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""The numbers of both in glibc's `malloc.h`."""

KEPT_BYTES: Final = 32 << 20
"""Of free memory at the end of the heap: nearly three largest messages as lines."""
_LARGEST_IN_HEAP: Final = 16 << 20
"""Larger blocks are the system's own, and go back to it when they are freed."""


def keep_freed_memory() -> bool:
    """Keep up to 32 MiB that are free, for the whole process; whether that could be told: not where glibc is not."""
    if find_spec("_ctypes") is None:  # this Python has been built without
        return False
    from ctypes import CDLL

    try:
        mallopt = CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_IN_HEAP) and mallopt(_TRIM_THRESHOLD, KEPT_BYTES))
