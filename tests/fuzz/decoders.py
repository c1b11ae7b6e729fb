"""Each framing's decoder, fed anything: whole and in pieces it must say the same, and what a plain reading says.

An input is a byte for the limit, eight for the places to cut at, and the bytes from the peer.
"""

import base64
import re
from collections.abc import Callable, Iterable
from struct import Struct
from typing import Final

from wsproto.utilities import generate_accept_token

from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import HEADER_BYTES, Message
from bitbroker.wire.prefixed import PrefixedFraming
from bitbroker.wire.websocket import ClientWebSocketFraming, ServerWebSocketFraming
from tests.framings import chunked, hear, open_websocket, pieces

LIMITS: Final = (2, 3, 4, 7, 64, 125, 126, 1000, 65536, 1 << 20)
HEAD_BYTES: Final = 9
"""Before the bytes from the peer."""
BYTE_BY_BYTE: Final = 0x80
OPENED: Final = 0x40
"""A WebSocket begins behind the upgrade."""
ACCEPT: Final = b"<accept>"
"""What a server's answer has in place of the token that only the client's request tells."""

_CUTS: Final = Struct(">4H")
_LENGTH: Final = Struct(">I")

Open = Callable[[int], Framing]
Reading = tuple[list[Message], bool]
"""What is in the bytes, and whether an error comes behind it."""


def fuzz_lines(data: bytes) -> None:
    """Base64 lines."""
    _fuzz(data, LineFraming, _read_lines)


def fuzz_prefixed(data: bytes) -> None:
    """Length-prefixed messages."""
    _fuzz(data, PrefixedFraming, _read_prefixed)


def fuzz_websocket_server(data: bytes) -> None:
    """The side of a WebSocket that is connected to, from its first byte on or behind the upgrade."""
    is_open = bool(data[:1]) and bool(data[0] & OPENED)
    _fuzz(data, (lambda limit: open_websocket(limit)[1]) if is_open else _websocket_server)


def fuzz_websocket_client(data: bytes) -> None:
    """The side that connects; a broker's answer may have the right token for its request."""
    if data[:1] and data[0] & OPENED:
        _fuzz(data, lambda limit: open_websocket(limit)[0])
    else:
        _fuzz(data, lambda limit: ClientWebSocketFraming(limit, "localhost", "/"), accept=True)


def _websocket_server(limit: int) -> Framing:
    return ServerWebSocketFraming(limit, ("https://example.org",))


def _fuzz(
    data: bytes, open_framing: Open, read: Callable[[bytes, int], Reading] | None = None, *, accept: bool = False
) -> None:
    if len(data) < HEAD_BYTES:
        return
    head, said = data[:HEAD_BYTES], data[HEAD_BYTES:]
    limit = LIMITS[(head[0] & 0x3F) % len(LIMITS)]
    cuts = _CUTS.unpack(head[1:])

    def listen(cut: Callable[[bytes], Iterable[bytes]]) -> tuple[list[Message], str, str]:
        framing = open_framing(limit)
        request = framing.take_replies()
        messages, error = hear(framing, cut(_with_token(said, request) if accept else said))
        _check_error(framing, error)
        return messages, type(error).__name__, str(error)

    heard = listen(lambda said: [said])
    in_pieces = listen(lambda said: pieces(said, 1) if head[0] & BYTE_BY_BYTE else chunked(said, cuts))
    assert heard == in_pieces, f"whole {heard}, in pieces {in_pieces}"
    _check_messages(heard[0], limit)
    if read is not None:
        expected = read(said, limit)
        assert (heard[0], heard[1] != "NoneType") == expected, f"heard {heard}, expected {expected}"


def _with_token(answer: bytes, request: bytes) -> bytes:
    """A server's answer with the token in its place."""
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
    assert key is not None
    return answer.replace(ACCEPT, generate_accept_token(key[1]), 1)


def _check_error(framing: Framing, error: Exception | None) -> None:
    """An error stays, is one line that can be printed, and is all that comes from then on."""
    if error is None:
        return
    text = str(error)
    assert text.isprintable(), f"not one printable line: {text!r}"
    assert len(text) < 1000, f"a long error: {text!r}"
    framing.encode_end()
    _, again = hear(framing, [b"AAE=\n"])
    assert type(again) is type(error)
    assert str(again) == text


def _check_messages(messages: Iterable[Message], limit: int) -> None:
    """What was taken is within the limit, and the same when it is passed on, by any framing."""
    for message in messages:
        assert HEADER_BYTES <= message.body_bytes + HEADER_BYTES <= limit
        assert message.body_bytes == len(message.body)
        for framing in (LineFraming(limit), PrefixedFraming(limit)):
            assert hear(framing, [framing.encode([message])]) == ([message], None)
        passed_on = message.with_header(2, 7)
        assert hear(LineFraming(limit), [passed_on.to_line()]) == ([Message(2, 7, message.body)], None)


def _read_lines(said: bytes, limit: int) -> Reading:
    """The same by the standard library, line by line."""
    messages: list[Message] = []
    *lines, rest = said.split(b"\n")
    longest = (limit + 2) // 3 * 4
    for line in lines:
        try:
            content = base64.b64decode(line, validate=True)
        except ValueError:
            return messages, True
        if base64.b64encode(content) != line or not HEADER_BYTES <= len(content) <= limit:
            return messages, True
        messages.append(Message(content[0], content[1], content[HEADER_BYTES:]))
    return messages, len(rest) > longest + 1


def _read_prefixed(said: bytes, limit: int) -> Reading:
    """The same, message by message."""
    messages: list[Message] = []
    while len(said) >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(said)
        if not HEADER_BYTES <= length <= limit:
            return messages, True
        content, said = said[_LENGTH.size : _LENGTH.size + length], said[_LENGTH.size + length :]
        if len(content) < length:
            break
        messages.append(Message(content[0], content[1], content[HEADER_BYTES:]))
    return messages, False
