"""Messages: made, received, and passed on under another opcode and operand."""

from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.wire import messages as messages_module
from bitbroker.wire.lines import parse_line
from bitbroker.wire.messages import Message

BYTE = st.integers(0, 255)
BODY = st.binary(max_size=40)

CODECS = ["a2b_base64", "b2a_base64", "decode", "encode"]
"""What messages have at hand to decode and encode with."""


def encoded(opcode: int, operand: int, body: bytes) -> bytes:
    """A line as the standard library makes it."""
    return b64encode(bytes((opcode, operand)) + body) + b"\n"


def both_origins(opcode: int, operand: int, body: bytes) -> list[Message]:
    """The same message made here, made here and sent once, come in, and come in and looked into."""
    made, sent = Message(opcode, operand, body), Message(opcode, operand, body)
    sent.to_line()
    received, seen = parse_line(encoded(opcode, operand, body)), parse_line(encoded(opcode, operand, body))
    assert seen.body == body
    return [made, sent, received, seen]


@given(BYTE, BYTE, BODY)
def test_line_is_standard_padded_base64(opcode: int, operand: int, body: bytes) -> None:
    """However it came about, a message's line is what the standard library's encoder makes, and one newline."""
    for message in both_origins(opcode, operand, body):
        assert message.to_line() == encoded(opcode, operand, body)
        assert message.to_line() == encoded(opcode, operand, body)


@given(BYTE, BYTE, BODY)
def test_parts_are_kept(opcode: int, operand: int, body: bytes) -> None:
    """Opcode, operand, body and its length are what went in."""
    for message in both_origins(opcode, operand, body):
        assert (message.opcode, message.operand, message.body) == (opcode, operand, body)
        assert message.body_bytes == len(body)


@given(BYTE, BYTE, BODY)
def test_received_line_is_passed_on_as_it_came(opcode: int, operand: int, body: bytes) -> None:
    """What came in goes out byte for byte: the very same object, not made again."""
    line = encoded(opcode, operand, body)
    assert parse_line(line).to_line() is line


@pytest.mark.parametrize("size", range(20))
def test_recoding_is_encoding_under_the_other_header(size: int) -> None:
    """For bodies of every length, with_header gives what encoding from scratch gives."""
    body = bytes(range(251, 251 - size, -1))
    for message in both_origins(1, 7, body):
        recoded = message.with_header(2, 5)
        assert (recoded.opcode, recoded.operand, recoded.body) == (2, 5, body)
        assert recoded.body_bytes == size
        assert recoded.to_line() == encoded(2, 5, body)


@given(BYTE, BYTE, BODY, BYTE, BYTE)
def test_recoding_any_message(opcode: int, operand: int, body: bytes, new_opcode: int, new_operand: int) -> None:
    """For all headers and bodies: the same body under the new header, a canonical line, the original untouched."""
    for message in both_origins(opcode, operand, body):
        recoded = message.with_header(new_opcode, new_operand)
        assert recoded.to_line() == encoded(new_opcode, new_operand, body)
        assert parse_line(recoded.to_line()) == recoded == Message(new_opcode, new_operand, body)
        assert message.to_line() == encoded(opcode, operand, body)
        assert (message.opcode, message.operand) == (opcode, operand)
        assert recoded.with_header(opcode, operand).to_line() == encoded(opcode, operand, body)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100_000])
def test_recoding_touches_four_characters_only(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """To pass a received message on, no more than three bytes are encoded and four characters decoded."""
    work: list[int] = []

    def counted(codec: Callable[..., bytes]) -> Callable[..., bytes]:
        def count(data: bytes, **others: bool) -> bytes:
            work.append(len(data))
            return codec(data, **others)

        return count

    message = parse_line(encoded(1, 0, bytes(size)))
    for codec in CODECS:
        monkeypatch.setattr(messages_module, codec, counted(getattr(messages_module, codec)))
    recoded = message.with_header(2, 255)
    assert recoded.to_line() == encoded(2, 255, bytes(size))
    assert recoded.body_bytes == size
    assert work
    assert max(work) <= 4
    assert sum(work) <= 7


def test_length_of_a_body_is_told_without_decoding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """body_bytes and repr of a received message work from its line."""
    received = [parse_line(encoded(1, 0, bytes(size))) for size in range(7)]
    for codec in CODECS:
        monkeypatch.delattr(messages_module, codec)
    assert [message.body_bytes for message in received] == list(range(7))
    assert repr(received[6]) == "<Message 01 00 + 6 B>"


@given(BYTE, BYTE, BODY)
def test_equal_whatever_the_origin(opcode: int, operand: int, body: bytes) -> None:
    """Messages with the same parts are equal and hash alike."""
    origins = both_origins(opcode, operand, body)
    assert all(one == other for one in origins for other in origins)
    assert len(set(origins)) == 1


@pytest.mark.parametrize(
    "other", [Message(2, 2, b"body"), Message(1, 3, b"body"), Message(1, 2, b"bodx"), Message(1, 2)]
)
def test_unequal_if_any_part_differs(other: Message) -> None:
    """Opcode, operand and body all count, for made and for received messages."""
    assert Message(1, 2, b"body") != other
    assert parse_line(Message(1, 2, b"body").to_line()) != parse_line(other.to_line())


def test_unequal_to_what_is_no_message() -> None:
    """A message is not its bytes, nor its parts."""
    assert Message(1, 2, b"body") != b"\x01\x02body"
    assert Message(1, 2, b"body") != (1, 2, b"body")


@pytest.mark.parametrize("byte", [0, 127, 128, 255])
def test_repr_shows_header_and_size_but_no_payload(byte: int) -> None:
    """A log line with a message in it stays short."""
    assert repr(Message(byte, byte, b"secret" * 1000)) == f"<Message {byte:02x} {byte:02x} + 6000 B>"
