"""The length-prefixed framing: each message is its length, 32 bits, most significant byte first, and then its bytes."""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final

from bitbroker.errors import RemoteProtocolError
from bitbroker.wire.buffered import BufferedFraming
from bitbroker.wire.messages import HEADER_BYTES, LARGE_BYTES, Message, Piece

FIRST_BYTE: Final = b"\x00"
"""What every client's first message begins with: a hello is shorter than 64 KiB, so the length begins with zeros."""

_LENGTH: Final = Struct(">I")
_LENGTH_AND_HEADER: Final = Struct(">IBB")


class PrefixedFraming(BufferedFraming):
    """A `Framing`."""

    __slots__ = ()

    def _next_message(self) -> Message | None:
        buffer, begin = self._buffer, self._taken
        if len(buffer) - begin < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(buffer, begin)
        # Before the message itself is there: who announces too much need not send it to be refused.
        self._check_length(length)
        end = begin + _LENGTH.size + length
        if len(buffer) < end:
            return None
        _, opcode, operand = _LENGTH_AND_HEADER.unpack_from(buffer, begin)
        # Through a view, since a slice of a bytearray would be a bytearray.
        body = bytes(memoryview(buffer)[begin + _LENGTH_AND_HEADER.size : end])
        self._leave(end)
        return Message(opcode, operand, body)

    def _check_length(self, length: int) -> None:
        if length > self._max_message_bytes:
            raise self._too_large()
        if length < HEADER_BYTES:
            raise RemoteProtocolError(f"a message of length {length}: it has two bytes at the least")

    def encode_pieces(self, messages: Iterable[Message]) -> Sequence[Piece]:
        """Each message behind its length."""
        pieces: list[Piece] = []
        for message in messages:
            body = message.body
            head = _LENGTH_AND_HEADER.pack(HEADER_BYTES + len(body), message.opcode, message.operand)
            pieces += (head, body) if len(body) >= LARGE_BYTES else (head + body,)
        return pieces

    def encoded_bytes(self, message_bytes: int) -> int:
        """The message and its length."""
        return _LENGTH.size + message_bytes
