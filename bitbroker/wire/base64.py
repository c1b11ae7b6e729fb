"""Base64: of large messages by pybase64, which takes a tenth of the standard library's time, where it is installed.

It comes with the extra `broker`. Small messages are left to the standard library, which is faster with them.
"""

from binascii import Error, a2b_base64, b2a_base64
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

FAST: Final = find_spec("pybase64") is not None
"""Whether it is installed."""
_LARGE_BYTES: Final = 1024
"""From here on it is the faster one."""

if TYPE_CHECKING or FAST:
    import pybase64


def is_base64(text: memoryview) -> bool:
    """Whether this is base64 without padding, and nothing else; False also where only a closer look can tell."""
    if not FAST:
        return False
    try:
        return len(pybase64.b64decode(text, validate=True)) * 4 == len(text) * 3
    except Error:
        return False


def decode(line: bytes | bytearray) -> bytes:
    """What a line that has been checked, newline included, stands for."""
    if len(line) < _LARGE_BYTES or not FAST:
        return a2b_base64(line)
    with memoryview(line) as view:
        return pybase64.b64decode(view[:-1], validate=True)


def encode(content: bytes) -> bytes:
    """These bytes as a line, newline included."""
    if len(content) < _LARGE_BYTES or not FAST:
        return b2a_base64(content)
    return pybase64.b64encode(content) + b"\n"
