"""The conversation of the extended wire: its messages made and told apart, and what they may hold checked.

The protobuf classes themselves are the vocabulary; docs/protocol.md is the source.
"""

from math import ceil
from typing import Final, TypeVar, cast

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Protobuf

from bitbroker._pb import extended_pb2 as pb
from bitbroker.errors import Cause, RemoteProtocolError
from bitbroker.wire.messages import Message

P = TypeVar("P", bound=Protobuf)

VERSION: Final = 1
"""The version of the extended wire that is spoken here."""
NO_LIMIT: Final = 0xFFFFFFFF
"""A limit in milliseconds that is none."""
_NOISE_MS: Final = 1e-6
"""What sums of fractions may be off: it must not make another millisecond."""
ENVELOPE_BYTES: Final = 4096
"""What a message may hold beside one largest payload."""

GAME_HELLO: Final = (0x00, 0x01)
BOT_HELLO: Final = (0x00, 0x02)
SPECTATOR_HELLO: Final = (0x00, 0x03)
WELCOME: Final = (0x00, 0x10)
START: Final = (0x00, 0x12)
BOT_INFO: Final = (0x00, 0x22)
LEAVE: Final = (0x00, 0xF2)
PING: Final = (0x00, 0xF0)
PONG: Final = (0x00, 0xF1)
REFUSAL: Final = (0x00, 0xFD)
RESULT: Final = (0x00, 0xFE)
OUTCOME: Final = (0x00, 0xFF)
TURN: Final = (0x03, 0x00)
TURN_RESULT: Final = (0x03, 0x01)
REQUEST: Final = (0x03, 0x02)
DECISION: Final = (0x03, 0x03)
NOT_TAKEN: Final = (0x03, 0x04)
RESIGNATION: Final = (0x03, 0x05)
PUBLISH: Final = (0x04, 0x00)
PUBLISHED: Final = (0x04, 0x01)
EVENT: Final = (0x04, 0x02)
LIVE: Final = (0x04, 0x03)

MAX_PING_BYTES: Final = 125


def code(message: Message) -> tuple[int, int]:
    """Opcode and operand."""
    return message.opcode, message.operand


def encode(what: tuple[int, int], body: Protobuf) -> Message:
    """A message of this code with this body."""
    return Message(*what, body.SerializeToString())


def parse(message: Message, kind: type[P]) -> P:
    """The body as this class.

    Raises:
        RemoteProtocolError: it is not.
    """
    try:
        return kind.FromString(message.body)
    except DecodeError:
        raise RemoteProtocolError(f"{message!r}, whose body is no {kind.DESCRIPTOR.name}") from None


def pong(ping: Message) -> Message:
    """The answer to a ping.

    Raises:
        RemoteProtocolError: the ping is too long.
    """
    if ping.body_bytes > MAX_PING_BYTES:
        raise RemoteProtocolError(f"a ping of {ping.body_bytes} bytes: it may have {MAX_PING_BYTES}")
    return Message(*PONG, ping.body)


def to_ms(seconds: float) -> int:
    """A limit as the wire has it, rounded up, since a limit of 0.4 ms is not one of 0; infinity is no limit."""
    if seconds >= NO_LIMIT / 1000:
        return NO_LIMIT
    return max(0, ceil(seconds * 1000 - _NOISE_MS))


def to_us(seconds: float) -> int:
    """A measurement as the wire has it."""
    return max(0, round(seconds * 1_000_000))


def cause_number(cause: Cause) -> pb.Cause:
    """A cause as protobuf's stubs have it: the numbers are the same."""
    return cast("pb.Cause", int(cause))


def is_welcome(message: Message) -> bool:
    """Whether this first message says that the broker speaks the extended wire."""
    return code(message) in {WELCOME, REFUSAL}
