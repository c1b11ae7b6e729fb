"""Large messages, with pybase64 and without it: the same checks and the same bytes as for small ones."""

from base64 import b64encode

import pytest

from bitbroker.errors import RemoteProtocolError
from bitbroker.wire import base64
from bitbroker.wire.lines import parse_line
from bitbroker.wire.messages import LARGE_BYTES, Message

BODY = bytes(range(256)) * (3 * LARGE_BYTES // 256) + b"end"
"""Makes a line of four pieces and a bit, as they are checked."""

BOTH = pytest.mark.parametrize("fast", [True, False], ids=["pybase64", "standard"], indirect=True)


@pytest.fixture
def fast(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With pybase64, which is here, or as if it were not."""
    assert base64.FAST
    monkeypatch.setattr(base64, "FAST", request.param)
    return bool(request.param)


@BOTH
@pytest.mark.parametrize("cut", [0, 1, 2])
def test_line_there_and_back(fast: bool, cut: int) -> None:
    """Each length of the padding: the line is the standard library's, and what it stands for is what was said."""
    message = Message(2, 7, BODY[cut:])
    line = message.to_line()
    assert line == b64encode(bytes((2, 7)) + BODY[cut:]) + b"\n"
    assert parse_line(line).body == parse_line(bytearray(line)).body == BODY[cut:]
    assert parse_line(line).with_header(1, 0) == Message(1, 0, BODY[cut:])


@BOTH
def test_lines_about_where_large_ones_begin(fast: bool) -> None:
    """Nothing changes there but who decodes and encodes."""
    for size in range(760, 1030):  # from lines of 1,016 characters to contents of 1,031 bytes
        message = Message(2, 7, BODY[:size])
        assert message.to_line() == b64encode(bytes((2, 7)) + BODY[:size]) + b"\n"
        assert parse_line(message.to_line()).body == BODY[:size]


@BOTH
@pytest.mark.parametrize("bad", [b"=", b"==", b"\r", b"\n", b"-", b"\x80", b" "])
@pytest.mark.parametrize("place", [0, 5, LARGE_BYTES - 2, LARGE_BYTES - 1, LARGE_BYTES, 2 * LARGE_BYTES - 2, -7])
def test_one_fault_anywhere(fast: bool, bad: bytes, place: int) -> None:
    """Padding is a fault too, where a piece that is checked by itself may end in it."""
    line = bytearray(Message(2, 7, BODY).to_line())
    place %= len(line)
    line[place : place + len(bad)] = bad
    with pytest.raises(RemoteProtocolError, match="a line that is not padded base64"):
        parse_line(bytes(line))
