"""The length-prefixed framing: its bytes, and what is refused as soon as its length is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.errors import MessageTooLargeError, RemoteProtocolError
from bitbroker.wire.lines import parse_line
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import FIRST_BYTE, PrefixedFraming
from tests.framings import CUTS, MESSAGES, chunked, hear

LIMIT = 1000


def oracle(data: bytes) -> tuple[list[Message], bool]:
    """What the bytes hold, read off by hand; and whether they then go wrong."""
    messages: list[Message] = []
    while len(data) >= 4:
        length = sum(byte << shift for byte, shift in zip(data, (24, 16, 8, 0), strict=False))
        if not 2 <= length <= LIMIT:
            return messages, True
        if len(data) < 4 + length:
            break
        messages.append(Message(data[4], data[5], data[6 : 4 + length]))
        data = data[4 + length :]
    return messages, False


def prefixed(content: bytes) -> bytes:
    """These bytes behind their length."""
    return len(content).to_bytes(4, "big") + content


def test_bytes_of_the_documentation() -> None:
    """The example of docs/protocol.md, both ways."""
    data, message = bytes.fromhex("00 00 00 04 02 00 68 69"), Message(2, 0, b"hi")
    assert PrefixedFraming(LIMIT).encode([message]) == data
    assert hear(PrefixedFraming(LIMIT), [data]) == ([message], None)


@given(MESSAGES)
def test_first_byte_tells_the_framing(message: Message) -> None:
    """No message of less than 16 MiB begins otherwise."""
    assert PrefixedFraming(LIMIT).encode([message]).startswith(FIRST_BYTE)


@given(MESSAGES)
def test_a_line_is_passed_on(message: Message) -> None:
    """A message that came as a line leaves with its length, under its own code and under another."""
    received = parse_line(message.to_line())
    changed = received.with_header(7, 9)
    content = bytes((7, 9)) + message.body
    assert PrefixedFraming(LIMIT).encode([received, changed, changed]) == (
        prefixed(bytes((message.opcode, message.operand)) + message.body) + prefixed(content) + prefixed(content)
    )


@pytest.mark.parametrize("length", [LIMIT + 1, 1 << 16, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])
def test_too_large_is_refused_by_its_length(length: int) -> None:
    """Nothing of the message itself needs to come; three bytes of the length are not enough."""
    framing = PrefixedFraming(LIMIT)
    data = length.to_bytes(4, "big")
    assert hear(framing, [data[:3]]) == ([], None)
    framing.feed(data[3:])
    with pytest.raises(MessageTooLargeError, match="a message of more than 1,000 bytes"):
        framing.next_message()


@pytest.mark.parametrize("length", [0, 1])
def test_too_short_is_refused_by_its_length(length: int) -> None:
    """A message has opcode and operand, so two bytes at the least."""
    heard, error = hear(PrefixedFraming(LIMIT), [prefixed(b"\x01\x02"), prefixed(bytes(length))[:4]])
    assert heard == [Message(1, 2)]
    assert type(error) is RemoteProtocolError
    assert str(error) == f"a message of length {length}: it has two bytes at the least"


@given(
    st.lists(
        st.one_of(
            st.binary(min_size=2, max_size=30).map(prefixed),
            st.binary(max_size=8),
            st.sampled_from([bytes(4), b"\0\0\0\1", b"\0\0\3\xe9", b"\0\0\3\xe8", b"\xff" * 4]),
        ),
        max_size=8,
    ),
    CUTS,
)
def test_any_bytes_are_messages_or_one_error(parts: list[bytes], cuts: list[int]) -> None:
    """All messages before the first fault are heard; that one is the error, for good, however the bytes are cut."""
    data = b"".join(parts)
    framing = PrefixedFraming(LIMIT)
    heard, error = hear(framing, chunked(data, cuts))
    assert (heard, error is not None) == oracle(data)
    if error is not None:
        assert hear(framing, [prefixed(b"\x01\x02")]) == ([], error)


def test_has_no_words_of_its_own() -> None:
    """Neither pings nor last words: all that is said is messages."""
    framing = PrefixedFraming(LIMIT)
    assert framing.encode_end() == b""
    assert framing.take_replies() == b""
