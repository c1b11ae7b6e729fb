"""WebSocket frames, written here byte by byte: what they are taken for, and with what code bad ones close."""

import itertools
import subprocess
import sys
from collections.abc import Iterable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.errors import ConnectionLostError, MessageTooLargeError, RemoteProtocolError
from bitbroker.wire.messages import Message
from bitbroker.wire.websocket import ClientWebSocketFraming, ServerWebSocketFraming
from tests.framings import CUTS, chunked, drain, hear, held_bytes, open_websocket, pieces

LIMIT: Final = 1000
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN: Final = 0x80
MASK: Final = b"\x5a\x00\xff\x17"

EitherSide = ClientWebSocketFraming | ServerWebSocketFraming


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """One frame as RFC 6455 (5.2) draws it; masked, as a client sends it."""
    head = bytes([fin * FIN | reserved << 4 | opcode])
    return head + length(len(payload), masked=masked) + (MASK + unmasked(payload) if masked else payload)


def length(size: int, *, masked: bool = True, size_bytes: int | None = None) -> bytes:
    """The length of a payload, in as many bytes as are told or needed."""
    if size_bytes is None:
        size_bytes = 0 if size < 126 else 2 if size < 1 << 16 else 8
    first = {0: size, 2: 126, 8: 127}[size_bytes]
    return (
        bytes([masked << 7 | first]) + size.to_bytes(size_bytes, "big") if size_bytes else bytes([masked << 7 | first])
    )


def unmasked(payload: bytes) -> bytes:
    """Masking, and taking the mask off."""
    return bytes(byte ^ mask for byte, mask in zip(payload, itertools.cycle(MASK), strict=False))


def close_frame(code: int, reason: str = "", *, masked: bool = True) -> bytes:
    """A close frame."""
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode(), masked=masked)


def open_server(limit: int = LIMIT) -> ServerWebSocketFraming:
    """The server's side, after the upgrade."""
    return open_websocket(limit)[1]


def read_frame(data: bytes) -> tuple[int, bytes]:
    """Opcode and payload of the one short frame, masked or not, that these bytes are."""
    assert data[0] & 0xF0 == FIN
    size = data[1] & 0x7F
    assert size < 126
    if not data[1] & 0x80:
        assert len(data) == 2 + size
        return data[0] & 0x0F, data[2:]
    assert len(data) == 6 + size
    return data[0] & 0x0F, bytes(byte ^ mask for byte, mask in zip(data[6:], itertools.cycle(data[2:6]), strict=False))


def closed_with(framing: EitherSide) -> tuple[int, str]:
    """Code and reason of the framing's last words."""
    opcode, payload = read_frame(framing.encode_end())
    assert opcode == CLOSE
    return int.from_bytes(payload[:2], "big"), payload[2:].decode()


# Messages.


def test_bytes_of_the_documentation() -> None:
    """The example of docs/protocol.md: from the server as it stands there, from the client under a mask."""
    client, server = open_websocket(LIMIT)
    message = Message(2, 0, b"hi")
    assert server.encode([message]) == bytes.fromhex("82 04 02 00 68 69")
    assert read_frame(client.encode([message])) == (BINARY, bytes.fromhex("02 00 68 69"))
    assert hear(server, [frame(BINARY, b"\2\0hi")]) == ([message], None)
    assert hear(client, [frame(BINARY, b"\2\0hi", masked=False)]) == ([message], None)


def test_client_masks_each_frame_anew() -> None:
    """So that what stands on the wire cannot be chosen by whoever chooses the message."""
    client, _ = open_websocket(LIMIT)
    assert len({client.encode([Message(2, 0, b"hi")])[2:6] for _ in range(20)}) > 1


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=6).filter(lambda parts: len(b"".join(parts)) >= 2), CUTS)
def test_fragments_are_joined(parts: list[bytes], cuts: list[int]) -> None:
    """A message in fragments is one message, with pings between them, however all of it is cut."""
    opcodes = [BINARY] + [CONTINUATION] * (len(parts) - 1)
    frames = [frame(opcode, part, fin=False) for opcode, part in zip(opcodes, parts, strict=True)]
    frames[-1] = bytes([frames[-1][0] | FIN]) + frames[-1][1:]
    content = b"".join(parts)
    server = open_server()
    data = frame(PING, b"?").join(frames) + frame(BINARY, b"\1\2")
    assert hear(server, chunked(data, cuts)) == ([Message(content[0], content[1], content[2:]), Message(1, 2)], None)


def test_huge_message_in_small_fragments() -> None:
    """256 KiB, each four bytes in a frame of their own, and an empty frame behind each."""
    content = bytes(range(256)) * 1024
    parts = [frame(CONTINUATION, part, fin=False) + frame(CONTINUATION, fin=False) for part in pieces(content, 4)]
    data = frame(BINARY, fin=False) + b"".join(parts) + frame(CONTINUATION)
    server = open_server(len(content))
    assert hear(server, pieces(data, 65536)) == ([Message(content[0], content[1], content[2:])], None)


@pytest.mark.parametrize("size", [1, 7, LIMIT - 1, LIMIT])
def test_limit_holds_for_the_joined_size(size: int) -> None:
    """Fragments may fill the limit. One byte more is too large as soon as it comes, in whatever frame."""
    parts = [b"x" * size] * (LIMIT // size) + [b"x" * (LIMIT % size)]
    data = frame(BINARY, fin=False) + b"".join(frame(CONTINUATION, part, fin=False) for part in parts)
    whole, above, above_at_once = open_server(), open_server(), open_server()
    assert hear(whole, [data, frame(CONTINUATION)]) == ([Message(120, 120, b"x" * (LIMIT - 2))], None)
    for server, end in (
        (above, frame(CONTINUATION, b"x", fin=False)),
        (above_at_once, frame(CONTINUATION, bytes(99))[:7]),
    ):
        heard, error = hear(server, [data, end])
        assert heard == []
        assert type(error) is MessageTooLargeError
        assert closed_with(server) == (1009, "a message of more than 1,000 bytes")


@pytest.mark.parametrize("content", [b"", b"\1"])
@pytest.mark.parametrize("masked", [True, False])
def test_too_short(content: bytes, masked: bool) -> None:
    """A message has opcode and operand, whoever sends it."""
    client, server = open_websocket(LIMIT)
    hearer = server if masked else client
    heard, error = hear(hearer, [frame(BINARY, content, masked=masked)])
    assert heard == []
    assert (
        closed_with(hearer)
        == (1002, str(error))
        == (1002, f"a message of length {len(content)}: it has two bytes at the least")
    )


@pytest.mark.parametrize("text", ["hi", "\N{SNOWMAN}" * 20, b"\xff\xfe", b"hi\xff", b""], ids=ascii)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_text_is_refused(text: str | bytes, size: int) -> None:
    """By a code of its own, also where it is not even text, and however it is cut."""
    server = open_server()
    data = (
        frame(BINARY, b"\1\2")
        + frame(TEXT, text if isinstance(text, bytes) else text.encode())
        + frame(BINARY, b"\1\2")
    )
    heard, error = hear(server, pieces(data, size))
    assert heard == [Message(1, 2)]
    assert type(error) is RemoteProtocolError
    assert closed_with(server) == (1003, str(error))


# What is no frame, or out of place.

BROKEN: Final = {
    "reserved bit 1": frame(BINARY, b"\1\2", reserved=4),
    "reserved bit 2": frame(BINARY, b"\1\2", reserved=2),
    "reserved bit 3": frame(PING, reserved=1),
    "reserved opcode": frame(3, b"\1\2"),
    "reserved control opcode": frame(11),
    "no mask": frame(BINARY, b"\1\2", masked=False),
    "no mask on a ping": frame(PING, masked=False),
    "length of 125 in 2 bytes": b"\x82" + length(125, size_bytes=2) + bytes(129),
    "length of 65535 in 8 bytes": b"\x82" + length(65535, size_bytes=8),
    "length with its highest bit": b"\x82" + length(1 << 63, size_bytes=8),
    "ping in fragments": frame(PING, fin=False),
    "close in fragments": frame(CLOSE, fin=False),
    "ping of 126 bytes": frame(PING, bytes(126)),
    "continuation of nothing": frame(CONTINUATION, b"\1\2"),
    "message within a message": frame(BINARY, b"\1\2", fin=False) + frame(BINARY, b"\1\2"),
    "close with half a code": frame(CLOSE, b"\3"),
    "close with code 0": close_frame(0),
    "close with code 999": close_frame(999),
    "close with code 1005": close_frame(1005),
    "close with code 1006": close_frame(1006),
    "close with code 1015": close_frame(1015),
    "close with code 2000": close_frame(2000),
    "close with code 5000": close_frame(5000),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_broken_frames(data: bytes, size: int) -> None:
    """What came before is heard; then one error, for good; the broker may still say something, and then the code."""
    server = open_server()
    heard, error = hear(server, pieces(frame(BINARY, b"\1\2") + data, size))
    assert heard == [Message(1, 2)]
    assert type(error) is RemoteProtocolError
    assert str(error).startswith("what is no WebSocket frame: ")
    assert hear(server, [frame(BINARY, b"\1\2"), close_frame(1000)]) == ([], error)
    assert server.take_replies() == b""
    assert server.encode([Message(0, 255)]) == b"\x82\x02\x00\xff"
    assert closed_with(server) == (1002, str(error))
    assert server.encode([Message(0, 255)]) == server.encode_end() == server.encode_ping() == b""


@pytest.mark.parametrize(
    "data", [frame(BINARY, b"\1\2"), frame(PING), frame(3, masked=False), frame(CONTINUATION, masked=False)]
)
def test_client_refuses_broken_frames(data: bytes) -> None:
    """Masked ones of a server's too; and it closes under a mask."""
    client, _ = open_websocket(LIMIT)
    heard, error = hear(client, [frame(BINARY, b"\1\2", masked=False), data])
    assert heard == [Message(1, 2)]
    assert type(error) is RemoteProtocolError
    assert closed_with(client) == (1002, str(error))


def test_close_with_a_reason_that_is_no_text() -> None:
    """A frame that is none, and no text message, though wsproto has one code for both."""
    server = open_server()
    _, error = hear(server, [frame(CLOSE, b"\x03\xe8\xff")])
    assert type(error) is RemoteProtocolError
    assert str(error).startswith("what is no WebSocket frame: Error decoding CLOSE reason")
    assert closed_with(server)[0] == 1002


FRAMES = st.one_of(
    st.binary(min_size=2, max_size=20).map(lambda content: frame(BINARY, content)),
    st.builds(frame, st.integers(0, 15), st.binary(max_size=130), fin=st.booleans()),
    st.sampled_from([*BROKEN.values(), close_frame(1000), frame(TEXT, b"hi"), frame(BINARY, bytes(2000))]),
    st.binary(max_size=12),
)


def course(data: bytes, cuts: Iterable[int]) -> tuple[list[Message], str, bytes]:
    """All that comes of these bytes: messages, the kind of error that ends them, and the code of the last words."""
    server = open_server()
    heard: list[Message] = []
    kind = ""
    for chunk in chunked(data, cuts):
        server.feed(chunk)
        try:
            heard.extend(drain(server))
        except (RemoteProtocolError, ConnectionLostError) as error:
            kind = type(error).__name__
    answer = server.take_replies() if kind == "ConnectionLostError" else server.encode_end()
    return heard, kind, answer[2:4]


@given(st.lists(FRAMES, max_size=8).map(b"".join), CUTS)
def test_same_course_however_cut(data: bytes, cuts: list[int]) -> None:
    """Any bytes give the same messages, the same kind of end and the same code, however they are cut."""
    assert course(data, cuts) == course(data, [])
    assert course(data, range(len(data))) == course(data, [])


# Pings.


@pytest.mark.parametrize("payload", [b"", b"are you there?", bytes(125)])
@pytest.mark.parametrize("masked", [True, False])
def test_ping_is_answered(payload: bytes, masked: bool) -> None:
    """With its own payload, once, by either side, also in the midst of a message."""
    client, server = open_websocket(LIMIT)
    hearer = server if masked else client
    data = frame(BINARY, b"\1", fin=False, masked=masked) + frame(PING, payload, masked=masked)
    assert hear(hearer, [data]) == ([], None)
    assert read_frame(hearer.take_replies()) == (PONG, payload)
    assert hearer.take_replies() == b""
    assert hear(hearer, [frame(CONTINUATION, b"\2", masked=masked)]) == ([Message(1, 2)], None)


def test_own_ping_is_answered_and_nothing_else_comes_of_it() -> None:
    """The broker's ping makes the client answer, which the broker does not hear as a message."""
    client, server = open_websocket(LIMIT)
    for pinger, other in (server, client), (client, server):
        assert hear(other, [pinger.encode_ping()]) == ([], None)
        assert hear(pinger, [other.take_replies()]) == ([], None)
        assert pinger.take_replies() == b""


def test_flood_of_pings_does_not_pile_up() -> None:
    """Only the last one is answered, as the RFC allows, so who pings and does not read fills nothing."""
    server = open_server()
    ping = frame(PING, bytes(125))
    assert held_bytes(lambda: [hear(server, [ping * 100]) for _ in range(100)]) < 32768  # not 10,000 pongs
    hear(server, [frame(PING, b"last")])
    assert read_frame(server.take_replies()) == (PONG, b"last")


# Closing.


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1011, 3000, 4999])
@pytest.mark.parametrize("masked", [True, False])
def test_close_is_answered(code: int, masked: bool) -> None:
    """With its own code; a ping before it is not, since nothing may follow. Then there is nothing more to say."""
    client, server = open_websocket(LIMIT)
    hearer = server if masked else client
    for data in (
        frame(BINARY, b"\1\2", masked=masked),
        frame(PING, masked=masked),
        close_frame(code, "bye", masked=masked),
    ):
        hearer.feed(data)
    assert hearer.next_message() == Message(1, 2)
    for _ in range(2):
        with pytest.raises(ConnectionLostError, match=r"^it closed the WebSocket$"):
            hearer.next_message()
        hearer.feed(frame(BINARY, b"\1\2", masked=masked))
    assert read_frame(hearer.take_replies()) == (CLOSE, code.to_bytes(2, "big") + b"bye")
    assert hearer.take_replies() == hearer.encode([Message(1, 2)]) == hearer.encode_end() == hearer.encode_ping() == b""


def test_close_without_a_code_is_answered_without_one() -> None:
    """As it came."""
    server = open_server()
    server.feed(frame(CLOSE))
    with pytest.raises(ConnectionLostError):
        server.next_message()
    assert read_frame(server.take_replies()) == (CLOSE, b"")


def test_closing_first() -> None:
    """After its last words a side hears on, but says no more: no pong, no second close frame."""
    client, server = open_websocket(LIMIT)
    hear(server, [frame(PING)])
    server_end, client_data = server.encode_end(), client.encode([Message(1, 2)]) + client.encode_ping()
    assert read_frame(server_end) == (CLOSE, (1000).to_bytes(2, "big"))
    assert server.encode([Message(1, 2)]) == server.encode_end() == server.encode_ping() == server.take_replies() == b""

    client.feed(server_end)
    with pytest.raises(ConnectionLostError):
        client.next_message()
    assert hear(server, [client_data]) == ([Message(1, 2)], None)
    server.feed(client.take_replies())
    with pytest.raises(ConnectionLostError):
        server.next_message()
    assert server.take_replies() == b""


@pytest.mark.parametrize("end", [frame(3), frame(TEXT), close_frame(1000)])
def test_nothing_is_kept_of_what_is_over(end: bytes) -> None:
    """Half a message is dropped when the other half can come no more."""
    server = open_server(1 << 20)

    def begin_and_end() -> None:
        hear(server, pieces(frame(BINARY, bytes(1 << 19), fin=False), 4096))
        server.feed(end)
        with pytest.raises((RemoteProtocolError, ConnectionLostError)):
            server.next_message()

    assert held_bytes(begin_and_end) < 1 << 17


def test_broken_frame_after_closing_first() -> None:
    """It is an error still, but there is no second close frame."""
    server = open_server()
    server.encode_end()
    assert type(hear(server, [frame(3)])[1]) is RemoteProtocolError
    assert server.encode_end() == b""


# Who needs wsproto.


def test_nothing_else_of_the_wire_loads_wsproto() -> None:
    """A client that does not connect by WebSocket need not have it: only the one module imports it."""
    script = (
        "import sys; from bitbroker.wire import basic, framing, lines, prefixed; sys.exit('wsproto' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
