"""How messages travel: one small interface, a module for each way."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from bitbroker.wire.messages import Message, Piece


class Framing(Protocol):
    """One connection's bytes <-> messages, for either side of it. No socket: bytes are handed in and out.

    Bytes in, however they are cut; messages out, or one error. Linear in the bytes. Holds at most one unfinished
    message of the limit and what one `feed` brought.
    """

    @property
    def has_replies(self) -> bool:
        """Whether there is something in `take_replies`."""

    def limit_messages(self, max_message_bytes: int) -> None:
        """Refuse messages of more than so many bytes (opcode and operand included) from here on."""

    def feed(self, data: bytes | bytearray) -> None:
        """Take what the socket gave."""

    def next_message(self) -> Message | None:
        """The next whole message, or None until more bytes come.

        Raises:
            RemoteProtocolError: the bytes are no message; from then on every call raises it again.
            ConnectionLostError: the peer has said, in the framing's own words, that it says no more.
        """

    def encode_pieces(self, messages: Iterable[Message]) -> Sequence[Piece]:
        """These messages as bytes for the socket, in pieces, so that large bodies need not be copied."""

    def encode(self, messages: Iterable[Message]) -> bytes:
        """The same, in one piece."""

    def encode_end(self) -> bytes:
        """The framing's own last words, behind the last message; mostly none."""

    def take_replies(self) -> bytes:
        """What the framing itself has to say, such as the answer to a ping; mostly nothing."""

    def encoded_bytes(self, message_bytes: int) -> int:
        """How many bytes on the socket a message of so many bytes makes at the most."""
