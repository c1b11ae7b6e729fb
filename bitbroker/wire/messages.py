"""What is said, whatever the framing: opcode, operand, body.

A `Message` that came in as a base64 line keeps that line. To pass it on under another opcode and operand, only
the first four characters change: they hold opcode, operand and the body's first byte. So the body of a state or
a decision is decoded only by whoever looks inside.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from typing import Final

from bitbroker.wire.base64 import decode, encode

Piece = bytes | bytearray | memoryview
"""Bytes on their way to a socket."""

HELLO: Final = 0x00
"""Opcode of all that is said before and after the play; the operand tells them apart."""
ACTION: Final = 0x01
"""Opcode of a trigger (from the broker) and of an action (from the game; the operand is the player)."""
DECISION: Final = 0x02
"""Opcode of a request, a decision and a response."""

GAME: Final = 0x01
BOT: Final = 0x02
PLAYERS: Final = 0x11
BOT_INFO: Final = 0x22
END: Final = 0xFE
TERMINATION: Final = 0xFF

HEADER_BYTES: Final = 2
"""Opcode and operand."""

LARGE_BYTES: Final = 65536
"""From here on, not copying pays for the further system calls that it costs."""


class Message:
    """One message: opcode and operand (0 to 255 each) and an opaque body.

    Immutable by convention; its parts are plain slots because two of them are made for every turn.
    """

    __slots__ = ("_body", "_head", "_line", "opcode", "operand")

    opcode: int
    operand: int
    _body: bytes | None
    _line: bytes | bytearray | None
    _head: bytes
    """Stands in place of the first characters of `_line`, which is too large to be copied for them."""

    def __init__(
        self,
        opcode: int,
        operand: int,
        body: bytes | None = b"",
        line: bytes | bytearray | None = None,
        head: bytes = b"",
    ) -> None:
        """Make a message, of a body or of a line.

        Args:
            opcode: what it is.
            operand: and what about.
            body: all behind these; None for a line.
            line: the message in base64, newline included, checked as a whole.
            head: what to write in place of its first four characters, if that is something else.
        """
        self.opcode = opcode
        self.operand = operand
        self._body = body
        self._line = line
        self._head = head

    @property
    def body(self) -> bytes:
        """All bytes behind opcode and operand."""
        if self._body is None:
            assert self._line is not None
            self._body = decode(self._line)[HEADER_BYTES:]
        return self._body

    @property
    def body_bytes(self) -> int:
        """The length of the body, without decoding it."""
        if self._line is None:
            return len(self.body)
        padding = self._line.count(b"=", -3)
        return (len(self._line) - 1) // 4 * 3 - padding - HEADER_BYTES

    def line_pieces(self) -> Sequence[Piece]:
        """The message as a base64 line, newline included; a large one may be in two pieces."""
        line = self._line
        if line is None:
            line = self._line = encode(bytes((self.opcode, self.operand)) + self.body)
        if self._head:
            return (self._head, memoryview(line)[len(self._head) :])
        return (line,)

    def to_line(self) -> bytes:
        """The message as a base64 line, newline included."""
        return b"".join(self.line_pieces())

    def with_header(self, opcode: int, operand: int) -> "Message":
        """The same body under another opcode and operand; the body's encoding is kept, not made again."""
        if self._line is None:
            return Message(opcode, operand, self.body)
        header = bytes((opcode, operand)) + a2b_base64(self._line[:4])[HEADER_BYTES:]
        head = b2a_base64(header, newline=False)
        if len(self._line) < LARGE_BYTES:
            return Message(opcode, operand, None, head + self._line[4:])
        return Message(opcode, operand, None, self._line, head)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return (self.opcode, self.operand, self.body) == (other.opcode, other.operand, other.body)

    def __hash__(self) -> int:
        return hash((self.opcode, self.operand, self.body))

    def __repr__(self) -> str:
        return f"<Message {self.opcode:02x} {self.operand:02x} + {self.body_bytes} B>"
