"""States and answers that check themselves; the same as in rust/src/lib.rs, in Python."""

from typing import Final

_PERIOD: Final = 251
"""A prime, so that no buffer's size is a multiple of the pattern's."""
_PATTERN: Final = bytes(range(_PERIOD))


def state(turn: int, size: int) -> bytes:
    """The state of a turn: another one each turn, and no stretch of it like the one beside it."""
    start = turn % _PERIOD
    return (_PATTERN * (size // _PERIOD + 2))[start : start + size]


def answer(state: bytes, tag: int) -> bytes:
    """What the bot with this tag (1 to 255) answers: the state from its end, each byte under the tag."""
    return state[::-1].translate(bytes(byte ^ tag for byte in range(256)))
