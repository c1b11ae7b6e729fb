"""What framings have in common that take their messages out of one buffer."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Final

from bitbroker.errors import MessageTooLargeError, RemoteProtocolError
from bitbroker.wire.messages import LARGE_BYTES, Message, Piece


class BufferedFraming(ABC):
    """The way in of a `Framing`: bytes are copied only where a message came in more than one piece.

    Holds an unfinished message of the limit, and what one `feed` brought, until that has been taken.
    """

    __slots__ = ("_buffer", "_error", "_max_message_bytes", "_taken")

    has_replies: Final = False
    """These framings have no words of their own."""

    def __init__(self, max_message_bytes: int) -> None:
        self.limit_messages(max_message_bytes)
        self._buffer: bytes | bytearray = b""
        self._taken = 0
        self._error: RemoteProtocolError | None = None

    def limit_messages(self, max_message_bytes: int) -> None:
        """Refuse messages of more than so many bytes (opcode and operand included) from here on."""
        self._max_message_bytes = max_message_bytes

    def feed(self, data: bytes | bytearray) -> None:
        """Take what the socket gave."""
        if self._error is not None:
            return
        if not self._buffer:
            self._buffer = data if isinstance(data, bytes) else bytes(data)
            return
        if self._taken or not isinstance(self._buffer, bytearray):
            self._drop_taken()
        self._buffer += data

    def _drop_taken(self) -> None:
        self._buffer = bytearray(memoryview(self._buffer)[self._taken :])
        self._taken = 0

    def next_message(self) -> Message | None:
        """The next whole message, or None until more bytes come.

        Raises:
            RemoteProtocolError: the bytes are no message; from then on every call raises it again.
        """
        if not self._buffer:  # nor is there anything in it after an error
            if self._error is not None:
                raise self._error
            return None
        try:
            return self._next_message()
        except RemoteProtocolError as error:
            self._error = error.with_traceback(None)  # whose frames would hold the buffer
            self._buffer = b""
            raise

    @abstractmethod
    def _next_message(self) -> Message | None:
        """The next message of the buffer, which is not empty."""

    def _take(self, end: int) -> bytes | bytearray:
        """All up to there; alone in the buffer, as nearly every message is, it is taken over without being copied."""
        buffer, begin = self._buffer, self._taken
        if end < len(buffer):
            self._taken = end
        else:
            self._buffer = b""
            self._taken = 0
            if begin == 0 and (isinstance(buffer, bytes) or end >= LARGE_BYTES):
                return buffer
        return bytes(memoryview(buffer)[begin:end])

    def _leave(self, end: int) -> None:
        """All up to there has been taken."""
        if end < len(self._buffer):
            self._taken = end
        else:
            self._buffer = b""
            self._taken = 0

    @abstractmethod
    def encode_pieces(self, messages: Iterable[Message]) -> Sequence[Piece]:
        """These messages as bytes for the socket."""

    def encode(self, messages: Iterable[Message]) -> bytes:
        """The same, in one piece."""
        return b"".join(self.encode_pieces(messages))

    def encode_end(self) -> bytes:
        """Nothing."""
        return b""

    def take_replies(self) -> bytes:
        """Nothing."""
        return b""

    def _too_large(self) -> MessageTooLargeError:
        return MessageTooLargeError(f"a message of more than {self._max_message_bytes:,} bytes")
