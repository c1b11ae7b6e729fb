"""The base64-line framing: whole lines checked, limits exact, linear, and the same however the bytes are cut."""

import binascii
import itertools
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bitbroker.errors import MessageTooLargeError, RemoteProtocolError
from bitbroker.wire import buffered
from bitbroker.wire.lines import LineFraming, line_bytes, parse_line
from bitbroker.wire.messages import Message
from tests.framings import MESSAGES, Heard, chunked, drain, hear

NO_LIMIT = 1 << 30


def oracle(line: bytes) -> Message | None:
    """What a line holds, by the standard library's strict decoder and encoder; None if it must be refused."""
    try:
        raw = b64decode(line[:-1], validate=True)
    except binascii.Error:
        return None
    if line[-1:] != b"\n" or b64encode(raw) != line[:-1] or len(raw) < 2:
        return None
    return Message(raw[0], raw[1], raw[2:])


def taken(line: bytes) -> Message | None:
    """What parse_line makes of a line; None if it refuses it."""
    try:
        return parse_line(line)
    except RemoteProtocolError:
        return None


def decode(chunks: Iterable[bytes], limit: int = NO_LIMIT) -> Heard:
    """All messages out of the chunks, and the error that ended them, if one did."""
    return hear(LineFraming(limit), chunks)


def join(messages: Iterable[Message]) -> bytes:
    """The bytes of a conversation."""
    return b"".join(message.to_line() for message in messages)


# Cut anyhow.


@given(st.lists(MESSAGES, max_size=8), st.lists(st.integers(0)))
def test_any_chunking_gives_the_same_messages(messages: list[Message], cuts: list[int]) -> None:
    """What was said is what is heard, wherever the network cuts."""
    assert decode(chunked(join(messages), cuts)) == (messages, None)


@given(st.lists(MESSAGES, max_size=8))
def test_byte_by_byte(messages: list[Message]) -> None:
    """One byte at a time, each message comes out with its newline and not before."""
    decoder = LineFraming(NO_LIMIT)
    heard = []
    for byte in join(messages):
        decoder.feed(bytes((byte,)))
        new = list(drain(decoder))
        assert len(new) == (byte == ord("\n"))
        heard += new
    assert heard == messages


def test_cut_at_every_byte() -> None:
    """Two pieces, cut at each place in turn."""
    messages = [
        Message(0, 1),
        Message(1, 254, b"\xff"),
        Message(2, 0, b"ab"),
        Message(2, 255, bytes(10)),
        Message(0, 254),
    ]
    data = join(messages)
    for cut in range(len(data) + 1):
        assert decode(chunked(data, [cut])) == (messages, None)


@given(MESSAGES)
def test_line_comes_out_as_it_went_in(message: Message) -> None:
    """A received message is passed on byte for byte."""
    decoder = LineFraming(NO_LIMIT)
    decoder.feed(message.to_line())
    (heard,) = drain(decoder)
    assert heard.to_line() == message.to_line()


def test_messages_do_not_change_with_what_comes_later() -> None:
    """A message is not a window on the decoder's buffer."""
    decoder = LineFraming(NO_LIMIT)
    decoder.feed(Message(1, 0, b"first").to_line() + Message(1, 1, b"second").to_line())
    first = decoder.next_message()
    decoder.feed(Message(1, 2, b"third" * 100).to_line())
    assert [first, *drain(decoder)] == [
        Message(1, 0, b"first"),
        Message(1, 1, b"second"),
        Message(1, 2, b"third" * 100),
    ]


def test_nothing_yet() -> None:
    """No bytes, empty feeds and half a line are no message and no error."""
    decoder = LineFraming(NO_LIMIT)
    assert decoder.next_message() is None
    decoder.feed(b"")
    assert decoder.next_message() is None
    decoder.feed(b"AA")
    assert decoder.next_message() is None
    assert decoder.next_message() is None
    decoder.feed(b"E=\n")
    assert decoder.next_message() == Message(0, 1)
    assert decoder.next_message() is None


# The whole line is checked.


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"AA==\n",
        b"AgB=\n",
        b"AP9=\n",
        b"AQAAAB==\n",
        b"AQAAAP==\n",
        b"AQAAAAF=\n",
        b"AAE\n",
        b"AAE==\n",
        b"AAE===\n",
        b"A===\n",
        b"A=\n",
        b"A\n",
        b"=\n",
        b"==\n",
        b"===\n",
        b"====\n",
        b"AAE=\r\n",
        b"AAE=\r",
        b"\rAAE\n",
        b"AAA\r\n",
        b"AA==AAAA\n",
        b"AAE=AAAA\n",
        b"A=AA\n",
        b"=AAA\n",
        b"AA=A\n",
        b"AAAA=\n",
        b"AAAA==\n",
        b"AAAA====\n",
        b"AAAAA\n",
        b"AAAAAA\n",
        b"AAAAAAA\n",
        b" AAE=\n",
        b"AAE= \n",
        b"AA E=\n",
        b"AAE-\n",
        b"AAE_\n",
        b"AAE\xff\n",
        b"AAE\x00\n",
        b"AAE=",
        b"AAAA",
        b"",
        b"AAE=\nAAE=\n",
        b"AAE=\n\n",
        b"AAAA\nAAE=\n",
        "AAÄA\n".encode(),
        b"GET / HTTP/1.1\r\n",
    ],
)
def test_what_is_no_canonical_line_is_refused(line: bytes) -> None:
    """Peers that are strict would panic on it, so it must not be passed on; the oracle agrees on each."""
    assert oracle(line) is None
    with pytest.raises(RemoteProtocolError):
        parse_line(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\n", "an empty line"),
        (b"AA==\n", "a message of 1 byte"),
        (b"AgB=\n", "base64 with unused bits that are not zero: 'AgB=\\n'"),
        (b"AAE=\r\n", "not padded base64: 'AAE=\\r\\n'"),
    ],
)
def test_error_says_what_is_wrong(line: bytes, reason: str) -> None:
    """Whoever writes a client reads this in a log."""
    with pytest.raises(RemoteProtocolError) as caught:
        parse_line(line)
    assert reason in str(caught.value)


@given(st.binary(min_size=1, max_size=3000))
@example(b"\x1b[2J" * 500)
@example(b"A" * 3001)
def test_error_is_short_and_safe_to_log(line: bytes) -> None:
    """Whatever a peer sends, the error is one short line of printable ASCII."""
    with pytest.raises(RemoteProtocolError) as caught:
        parse_line(line + b"!\n")
    text = str(caught.value)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 250


@given(st.binary(max_size=40))
def test_random_lines_as_the_oracle(line: bytes) -> None:
    """Random bytes, closed by a newline, are what the standard library says they are."""
    assert taken(line + b"\n") == oracle(line + b"\n")


@given(st.text(alphabet="ABEQgw+/9=\r\n-", max_size=13).map(str.encode))
def test_nearly_base64_as_the_oracle(line: bytes) -> None:
    """Likewise what looks much like base64."""
    assert taken(line) == oracle(line)
    assert taken(line + b"\n") == oracle(line + b"\n")


def test_every_short_line_of_a_small_alphabet_as_the_oracle() -> None:
    """All lines of up to five characters that matter: each kind of padding and newline at each place."""
    accepted = 0
    for length in range(6):
        for characters in itertools.product(b"ABQ=\r\n/-", repeat=length):
            line = bytes(characters) + b"\n"
            assert taken(line) == oracle(line)
            accepted += oracle(line) is not None
    assert accepted > 100


@pytest.mark.parametrize(
    ("pattern", "accepted"),
    [
        (b"A?==\n", 0),
        (b"AA?=\n", 16),
        (b"AAA?\n", 65),  # the padding, too
        (b"AAAAA?==\n", 4),
        (b"AAAAAA?=\n", 17),
        (b"AAAA?AAA\n", 64),
        (b"?AAA\n", 64),
    ],
)
def test_every_byte_at_the_places_that_matter_as_the_oracle(pattern: bytes, accepted: int) -> None:
    """All 256 values of the last characters before the padding, and of others."""
    lines = [pattern.replace(b"?", bytes((byte,))) for byte in range(256)]
    assert [taken(line) for line in lines] == [oracle(line) for line in lines]
    assert sum(taken(line) is not None for line in lines) == accepted


@given(MESSAGES, st.integers(0), st.integers(0, 255), st.sampled_from(["put", "insert", "delete"]))
def test_a_line_with_one_fault_as_the_oracle(message: Message, place: int, byte: int, fault: str) -> None:
    """A byte changed, added or lost anywhere gives what the oracle gives."""
    line = bytearray(message.to_line())
    place %= len(line)
    if fault == "insert":
        line.insert(place, byte)
    elif fault == "delete":
        del line[place]
    else:
        line[place] = byte
    assert taken(bytes(line)) == oracle(bytes(line))


@pytest.mark.parametrize("place", [0, 3, 4, 5_000, 9_996, 9_998, 9_999])
@pytest.mark.parametrize("bad", [b"=", b"\r", b"\n", b"-", b"\x80", b" "])
def test_long_line_is_checked_to_its_end(place: int, bad: bytes) -> None:
    """A bad character is found wherever it is: not only where opcode and operand are."""
    line = bytearray(b"A" * 10_000 + b"\n")
    assert parse_line(bytes(line)).body == bytes(7_498)
    line[place : place + 1] = bad
    assert taken(bytes(line)) == oracle(bytes(line))
    assert (taken(bytes(line)) is None) == (bad != b"=" or place != 9_999)


# One error, for good.

PIECES = st.one_of(
    MESSAGES.map(Message.to_line),
    st.binary(max_size=12),
    st.text(alphabet="AQ=\n\r", max_size=9).map(str.encode),
    st.sampled_from([b"\n", b"AA==\n", b"AgB=\n", b"AAE=\r\n"]),
)


@given(st.lists(PIECES, max_size=10), st.lists(st.integers(0)))
def test_any_bytes_are_messages_or_one_error(pieces: list[bytes], cuts: list[int]) -> None:
    """All lines before the first bad one are heard; that one is the error, however the bytes are cut."""
    data = b"".join(pieces)
    lines = [line + b"\n" for line in data.split(b"\n")[:-1]]
    good = list(itertools.takewhile(lambda line: oracle(line) is not None, lines))
    heard, error = decode(chunked(data, cuts))
    assert heard == [oracle(line) for line in good]
    assert (error is None) == (good == lines)


@given(st.binary(max_size=20), st.lists(st.one_of(st.binary(max_size=20), MESSAGES.map(Message.to_line)), max_size=5))
def test_error_repeats_whatever_comes_later(junk: bytes, later: list[bytes]) -> None:
    """A decoder that has lost the thread never finds it again: the same error, each time it is asked."""
    decoder = LineFraming(NO_LIMIT)
    decoder.feed(Message(0, 1).to_line() + b"!" + junk.replace(b"\n", b"") + b"\n" + Message(0, 2).to_line())
    assert decoder.next_message() == Message(0, 1)
    with pytest.raises(RemoteProtocolError) as first:
        decoder.next_message()
    for data in (b"", *later):
        decoder.feed(data)
        with pytest.raises(RemoteProtocolError) as again:
            decoder.next_message()
        assert (type(again.value), str(again.value)) == (type(first.value), str(first.value))


def test_too_large_repeats_too() -> None:
    """The limit's error is for good as well, and stays of its own kind."""
    decoder = LineFraming(2)
    decoder.feed(Message(0, 1, b"x").to_line())
    for _ in range(3):
        with pytest.raises(MessageTooLargeError):
            decoder.next_message()
        decoder.feed(Message(0, 1).to_line())


# The limit.


@pytest.mark.parametrize("limit", range(2, 14))
@pytest.mark.parametrize("piece", [1, 2, 1000])
def test_limit_is_exact(limit: int, piece: int) -> None:
    """A message of the limit is taken, one byte more is too large, whatever that does to the line's length."""
    for size in range(2, limit + 6):
        message = Message(1, 2, b"\xff" * (size - 2))
        data = message.to_line()
        heard, error = decode([data[start : start + piece] for start in range(0, len(data), piece)], limit)
        if size <= limit:
            assert (heard, error) == ([message], None)
        else:
            assert heard == []
            assert type(error) is MessageTooLargeError


@pytest.mark.parametrize("limit", [2, 3, 4, 5, 1000, 65536])
def test_limit_holds_without_a_newline(limit: int) -> None:
    """Who never ends a line is refused as soon as no newline could make it a message any more."""
    decoder = LineFraming(limit)
    longest = line_bytes(limit)
    decoder.feed(b"A" * (longest - 1))
    assert decoder.next_message() is None
    decoder.feed(b"AA")
    with pytest.raises(MessageTooLargeError):
        decoder.next_message()


def test_limit_counts_each_message_alone() -> None:
    """Many messages in one piece are not one large message; a too large one among them stops the rest."""
    messages = [Message(1, 0, bytes(8))] * 1000
    assert decode([join(messages)], 10) == (messages, None)
    heard, error = decode([join([*messages, Message(1, 0, bytes(9)), *messages])], 10)
    assert heard == messages
    assert type(error) is MessageTooLargeError


def test_error_names_the_limit() -> None:
    """With its unit, and thousands set apart."""
    _, error = decode([b"A" * 9000], 1026)
    assert str(error) == "a message of more than 1,026 bytes"


def test_limit_can_be_raised_and_lowered() -> None:
    """It holds for all messages that are not taken yet, also for one that has come in part."""
    decoder = LineFraming(4)
    decoder.feed(Message(1, 0, bytes(100)).to_line()[:4])
    assert decoder.next_message() is None
    decoder.limit_messages(102)
    decoder.feed(Message(1, 0, bytes(100)).to_line()[4:] + Message(1, 0, bytes(100)).to_line())
    assert decoder.next_message() == Message(1, 0, bytes(100))
    decoder.limit_messages(101)
    with pytest.raises(MessageTooLargeError):
        decoder.next_message()


@given(st.integers(2, 60), st.lists(st.integers(1, 90), min_size=1, max_size=30))
def test_never_holds_more_than_a_line_and_a_feed(limit: int, sizes: list[int]) -> None:
    """Without a newline in sight, memory is bound by the limit and what one feed brings."""
    decoder = LineFraming(limit)
    for size in sizes:
        held = len(decoder._buffer)
        assert held <= line_bytes(limit)
        decoder.feed(b"A" * size)
        try:
            assert decoder.next_message() is None
        except MessageTooLargeError:
            assert held + size > line_bytes(limit)
            assert len(decoder._buffer) == 0
            return
    assert sum(sizes) <= line_bytes(limit)


@pytest.mark.parametrize("size", range(2, 50))
def test_line_bytes(size: int) -> None:
    """The length that is told is the length that is made."""
    assert line_bytes(size) == len(Message(0, 0, bytes(size - 2)).to_line())


# Linear in the bytes.


class Counter:
    """Counts the bytes that are looked at in search of a newline, by buffers that this one makes."""

    def __init__(self) -> None:
        self.searched = 0

    def count(self, kind: type) -> type:
        """The same kind of buffer, which counts."""

        def find(buffer: Any, sub: Any, start: int = 0) -> int:
            place = kind.find(buffer, sub, start)  # type: ignore[attr-defined]
            self.searched += (len(buffer) if place < 0 else place + 1) - start
            return cast("int", place)

        return type(kind.__name__, (kind,), {"find": find})


def searched(chunks: Iterable[bytes]) -> int:
    """How many bytes are looked at for a newline while all messages of the chunks are taken."""
    decoder, counter = LineFraming(NO_LIMIT), Counter()
    with pytest.MonkeyPatch.context() as patch:
        for kind in (bytes, bytearray):
            patch.setattr(buffered, kind.__name__, counter.count(kind), raising=False)
        for chunk in chunks:
            decoder.feed(chunk)
            for _ in drain(decoder):
                pass
    return counter.searched


@pytest.mark.parametrize("piece", [1, 7, 1000, 1 << 20])
def test_each_byte_of_a_long_line_is_searched_once(piece: int) -> None:
    """200,000 characters, even one at a time, cost 200,000 looks, not 20,000 million."""
    data = Message(1, 0, bytes(150_000)).to_line()
    assert searched(data[start : start + piece] for start in range(0, len(data), piece)) == len(data)


@pytest.mark.parametrize("piece", [1, 1000, 1 << 20])
def test_each_byte_of_many_lines_is_searched_once(piece: int) -> None:
    """20,000 lines in one piece cost their bytes, not the bytes times the lines."""
    data = Message(2, 0, b"move").to_line() * 20_000
    assert searched(data[start : start + piece] for start in range(0, len(data), piece)) == len(data)


@given(st.lists(MESSAGES, max_size=8), st.lists(st.integers(0)))
def test_each_byte_is_searched_once_however_cut(messages: list[Message], cuts: list[int]) -> None:
    """Nothing is looked at twice: not after a message, nor after half of one."""
    data = join(messages)
    assert searched(chunked(data, cuts)) == len(data)
