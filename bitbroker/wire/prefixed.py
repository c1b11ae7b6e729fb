"""The length-prefixed framing: each message is its length, 32 bits, most significant byte first, and then its bytes."""

from collections.abc import Iterable
from struct import Struct
from typing import Final

from bitbroker.errors import MessageTooLargeError, RemoteProtocolError
from bitbroker.wire.messages import HEADER_BYTES, Message

FIRST_BYTE: Final = b"\x00"
"""What every client's first message begins with: a hello is shorter than 64 KiB, so the length begins with zeros."""

_LENGTH: Final = Struct(">I")
_LENGTH_AND_HEADER: Final = Struct(">IBB")


class PrefixedFraming:
    """A `Framing`. Each byte is copied twice on its way in: to the buffer, and out of it; and once on its way out."""

    __slots__ = ("_buffer", "_error", "_max_message_bytes")

    def __init__(self, max_message_bytes: int) -> None:
        self.limit_messages(max_message_bytes)
        self._buffer = bytearray()
        self._error: RemoteProtocolError | None = None

    def limit_messages(self, max_message_bytes: int) -> None:
        """Refuse messages of more than so many bytes (opcode and operand included) from here on."""
        self._max_message_bytes = max_message_bytes

    def feed(self, data: bytes | bytearray) -> None:
        """Take what the socket gave."""
        if self._error is None:
            self._buffer += data

    def next_message(self) -> Message | None:
        """The next whole message, or None until more bytes come.

        Raises:
            RemoteProtocolError: the bytes are no message; from then on every call raises it again.
        """
        if self._error is not None:
            raise self._error
        try:
            return self._next_message()
        except RemoteProtocolError as error:
            self._error = error
            self._buffer.clear()
            raise

    def _next_message(self) -> Message | None:
        buffer = self._buffer
        if len(buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(buffer)
        # Before the message itself is there: who announces too much need not send it to be refused.
        self._check_length(length)
        end = _LENGTH.size + length
        if len(buffer) < end:
            return None
        _, opcode, operand = _LENGTH_AND_HEADER.unpack_from(buffer)
        # Through a view, since a slice of a bytearray would be a copy of its own. The view must be gone before the
        # buffer changes its size.
        with memoryview(buffer) as view:
            body = bytes(view[_LENGTH_AND_HEADER.size : end])
        del buffer[:end]
        return Message(opcode, operand, body)

    def _check_length(self, length: int) -> None:
        if length > self._max_message_bytes:
            raise MessageTooLargeError(f"a message of more than {self._max_message_bytes:,} bytes")
        if length < HEADER_BYTES:
            raise RemoteProtocolError(f"a message of length {length}: it has two bytes at the least")

    def encode(self, messages: Iterable[Message]) -> bytes:
        """Each message behind its length."""
        parts: list[bytes] = []
        for message in messages:
            body = message.body
            parts += (_LENGTH_AND_HEADER.pack(HEADER_BYTES + len(body), message.opcode, message.operand), body)
        return b"".join(parts)

    def encode_end(self) -> bytes:
        """Nothing."""
        return b""

    def take_replies(self) -> bytes:
        """Nothing."""
        return b""

    def encoded_bytes(self, message_bytes: int) -> int:
        """The message and its length."""
        return _LENGTH.size + message_bytes
