"""What holds of every framing: the same bytes give the same messages however they are cut, within limit and memory."""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.errors import MessageTooLargeError, RemoteProtocolError
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming
from tests.framings import CUTS, MESSAGES, chunked, drain, hear, held_bytes, open_websocket, pieces

NO_LIMIT: Final = 1 << 30

Pair = tuple[Framing, Framing]
"""Who speaks, and who hears; the hearer takes messages of the limit."""
OpenPair = Callable[[int], Pair]


def open_lines(limit: int) -> Pair:
    """Both sides of a connection that speaks lines."""
    return LineFraming(limit), LineFraming(limit)


def open_prefixed(limit: int) -> Pair:
    """Both sides of a length-prefixed connection."""
    return PrefixedFraming(limit), PrefixedFraming(limit)


PAIRS: Final[dict[str, OpenPair]] = {
    "lines": open_lines,
    "prefixed": open_prefixed,
    "websocket-from-client": open_websocket,
    "websocket-from-server": lambda limit: open_websocket(limit)[::-1],
}
every_framing = pytest.mark.parametrize("open_pair", PAIRS.values(), ids=PAIRS)


def exhaust(framing: Framing) -> None:
    """Take messages and keep none, not even where an error's traceback would."""
    while framing.next_message() is not None:
        pass


# Cut anyhow.


@every_framing
@given(messages=st.lists(MESSAGES, max_size=8), cuts=CUTS)
def test_any_chunking_gives_the_same_messages(open_pair: OpenPair, messages: list[Message], cuts: list[int]) -> None:
    """What was said is what is heard, wherever the network cuts."""
    speaker, hearer = open_pair(NO_LIMIT)
    assert hear(hearer, chunked(speaker.encode(messages), cuts)) == (messages, None)


@every_framing
@given(messages=st.lists(MESSAGES, min_size=1, max_size=8))
def test_byte_by_byte(open_pair: OpenPair, messages: list[Message]) -> None:
    """One byte at a time, each message comes out with its last byte and not before."""
    speaker, hearer = open_pair(NO_LIMIT)
    for message in messages:
        *first, last = pieces(speaker.encode([message]), 1)
        assert hear(hearer, first) == ([], None)
        assert hear(hearer, [last]) == ([message], None)


@every_framing
@pytest.mark.parametrize("size", [2, 3, 125, 126, 127, 65535, 65536, 1_000_000])
def test_cut_around_both_ends(open_pair: OpenPair, size: int) -> None:
    """Messages of lengths at which framings change their ways, cut at each place around where they meet."""
    messages = [Message(1, 2, b"\xff" * (size - 2))] * 3
    speaker, hearer = open_pair(size)
    for shift in range(-20, 20):
        data = speaker.encode(messages)
        place = len(data) // 3
        assert hear(hearer, chunked(data, [max(0, place + shift), min(len(data), 2 * place + shift)])) == (
            messages,
            None,
        )


@every_framing
def test_many_messages_in_one_piece(open_pair: OpenPair) -> None:
    """50,000 messages in one feed cost their bytes, not the bytes times the messages."""
    messages = [Message(2, 0, b"move")] * 50_000
    speaker, hearer = open_pair(NO_LIMIT)
    assert hear(hearer, [speaker.encode(messages)]) == (messages, None)


@every_framing
def test_nothing_yet(open_pair: OpenPair) -> None:
    """No bytes, empty feeds and half a message are no message and no error."""
    speaker, hearer = open_pair(NO_LIMIT)
    data = speaker.encode([Message(0, 1)])
    assert hearer.next_message() is None
    for chunk in (b"", data[:2], b"", b""):
        hearer.feed(chunk)
        assert hearer.next_message() is None
    hearer.feed(data[2:])
    assert hearer.next_message() == Message(0, 1)
    assert hearer.next_message() is None


@every_framing
def test_messages_do_not_change_with_what_comes_later(open_pair: OpenPair) -> None:
    """A message is not a window on a buffer."""
    speaker, hearer = open_pair(NO_LIMIT)
    messages = [Message(1, number, bytes([number]) * 100) for number in range(3)]
    data = bytearray(speaker.encode(messages[:2]))
    hearer.feed(data)
    data[:] = bytes(len(data))
    heard = [hearer.next_message()]
    hearer.feed(speaker.encode(messages[2:]))
    assert [*heard, *drain(hearer)] == messages


# What is said.


@every_framing
@given(messages=st.lists(MESSAGES, max_size=5))
def test_encoding_several_is_encoding_each(open_pair: OpenPair, messages: list[Message]) -> None:
    """Messages that leave in one piece are heard as if each had left alone, also those that came as a line."""
    one_by_one, hearer = open_pair(NO_LIMIT)
    parsed = hear(LineFraming(NO_LIMIT), [message.to_line() for message in messages])[0]
    assert hear(hearer, [one_by_one.encode([message]) for message in parsed]) == (messages, None)
    assert hear(hearer, [one_by_one.encode(iter(parsed))]) == (messages, None)
    assert one_by_one.encode([]) == b""


@every_framing
@pytest.mark.parametrize("size", [2, 3, 4, 5, 125, 126, 65535, 65536, 100_000])
def test_encoded_bytes_is_an_upper_bound(open_pair: OpenPair, size: int) -> None:
    """No message takes more on the socket than was told, and none so much less that memory would be wasted."""
    for framing in open_pair(NO_LIMIT):
        actual = len(framing.encode([Message(0, 0, bytes(size - 2))]))
        assert actual <= framing.encoded_bytes(size) <= actual + 12


# The limit.


@every_framing
@pytest.mark.parametrize("limit", [2, 3, 4, 7, 125, 126, 5000])
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_limit_is_exact(open_pair: OpenPair, limit: int, size: int) -> None:
    """A message of the limit is taken, one byte more is too large, for good, and stops the rest."""
    speaker, hearer = open_pair(limit)
    largest, larger = Message(1, 2, bytes(limit - 2)), Message(1, 2, bytes(limit - 1))
    data = speaker.encode([largest, largest, larger, largest])
    heard, error = hear(hearer, pieces(data, size))
    assert heard == [largest, largest]
    assert type(error) is MessageTooLargeError
    assert str(error) == f"a message of more than {limit:,} bytes"
    for _ in range(3):
        hearer.feed(speaker.encode([largest]))
        with pytest.raises(MessageTooLargeError):
            hearer.next_message()


@every_framing
def test_limit_can_be_raised_and_lowered(open_pair: OpenPair) -> None:
    """It holds for all messages that are not taken yet, also for one that has come in part."""
    speaker, hearer = open_pair(4)
    message = Message(1, 0, bytes(100))
    data = speaker.encode([message, message])
    hearer.feed(data[:3])
    assert hearer.next_message() is None
    hearer.limit_messages(102)
    hearer.feed(data[3:])
    assert hearer.next_message() == message
    hearer.limit_messages(101)
    with pytest.raises(MessageTooLargeError):
        hearer.next_message()


@every_framing
def test_memory_is_bound_by_the_limit_and_one_feed(open_pair: OpenPair) -> None:
    """Who never ends a message fills no more than one message; who has sent what is none, no more than one feed."""
    limit, size = 1 << 20, 1 << 16
    speaker, hearer = open_pair(limit)
    data = speaker.encode([Message(1, 0, b"\xff" * (limit - 2))])[:-1]

    def overfeed() -> None:
        for _ in range(2):
            hearer.feed(b"A" * limit)
            with pytest.raises(RemoteProtocolError):
                exhaust(hearer)

    # A buffer grows by steps of an eighth, and a line is a third longer than what it says.
    assert held_bytes(lambda: hear(hearer, pieces(data, size))) < 1.6 * limit
    assert held_bytes(overfeed) < 1.2 * limit
