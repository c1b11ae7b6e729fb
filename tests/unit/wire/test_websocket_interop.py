"""Our WebSocket framing against an independent one, the package `websockets`, both ways and without a socket."""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from bitbroker.errors import ConnectionLostError, MessageTooLargeError, RemoteProtocolError
from bitbroker.wire.messages import Message
from bitbroker.wire.websocket import ClientWebSocketFraming, ServerWebSocketFraming
from tests.framings import MESSAGES, hear

LIMIT: Final = 1 << 20
OURS: Final = Subprotocol("bitbroker.v1")

Ours = ClientWebSocketFraming | ServerWebSocketFraming
Theirs = ClientProtocol | ServerProtocol
OpenPair = Callable[[], tuple[Ours, Theirs]]


def sent(theirs: Theirs) -> bytes:
    """What the other implementation has for its socket; the end of the stream left out."""
    return b"".join(theirs.data_to_send())


def their_client(*subprotocols: Subprotocol) -> ClientProtocol:
    """A client that has sent its request, with an extension on offer, as browsers have."""
    uri = parse_uri("ws://localhost:9000/path?query")
    client = ClientProtocol(uri, subprotocols=subprotocols, extensions=[ClientPerMessageDeflateFactory()])
    client.send_request(client.connect())
    return client


def with_their_client() -> tuple[Ours, Theirs]:
    """Our server and their client, after the upgrade."""
    ours, theirs = ServerWebSocketFraming(LIMIT, ()), their_client(Subprotocol("chat"), OURS)
    assert hear(ours, [sent(theirs)]) == ([], None)
    theirs.receive_data(ours.take_replies())
    return ours, theirs


def with_their_server() -> tuple[Ours, Theirs]:
    """Our client and their server, after the upgrade."""
    ours = ClientWebSocketFraming(LIMIT, "localhost:9000", "/path?query")
    theirs = ServerProtocol(subprotocols=[OURS], extensions=[ServerPerMessageDeflateFactory()])
    theirs.receive_data(ours.take_replies())
    (request,) = theirs.events_received()
    assert isinstance(request, Request)
    theirs.send_response(theirs.accept(request))
    assert hear(ours, [sent(theirs)]) == ([], None)
    return ours, theirs


both_sides = pytest.mark.parametrize("open_pair", [with_their_client, with_their_server])


def frames(theirs: Theirs) -> list[Frame]:
    """What the other implementation has heard."""
    return [event for event in theirs.events_received() if isinstance(event, Frame)]


@both_sides
def test_upgrade(open_pair: OpenPair) -> None:
    """Both agree on the sub-protocol, and on no extension."""
    _, theirs = open_pair()
    assert theirs.handshake_exc is None
    assert theirs.state is State.OPEN
    assert theirs.subprotocol == OURS
    assert theirs.extensions == []


@both_sides
@given(messages=st.lists(MESSAGES, max_size=6), size=st.sampled_from([0, 125, 126, 65535, 65536]))
def test_messages(open_pair: OpenPair, messages: list[Message], size: int) -> None:
    """Binary messages of all lengths, both ways."""
    ours, theirs = open_pair()
    messages = [*messages, Message(1, 2, bytes(size))]
    contents = [bytes((message.opcode, message.operand)) + message.body for message in messages]
    theirs.receive_data(ours.encode(messages))
    assert [(frame.opcode, frame.fin, frame.data) for frame in frames(theirs)] == [
        (Opcode.BINARY, True, content) for content in contents
    ]
    for content in contents:
        theirs.send_binary(content)
    assert hear(ours, [sent(theirs)]) == (messages, None)


@both_sides
def test_fragments(open_pair: OpenPair) -> None:
    """A message in fragments, with a ping between them."""
    ours, theirs = open_pair()
    theirs.send_binary(b"\1", fin=False)
    theirs.send_ping(b"?")
    theirs.send_continuation(b"\2bo", fin=False)
    theirs.send_continuation(b"dy", fin=True)
    assert hear(ours, [sent(theirs)]) == ([Message(1, 2, b"body")], None)
    theirs.receive_data(ours.take_replies())
    assert [(frame.opcode, frame.data) for frame in frames(theirs)] == [(Opcode.PONG, b"?")]


@both_sides
def test_our_ping(open_pair: OpenPair) -> None:
    """The other side answers it, and nothing comes of that."""
    ours, theirs = open_pair()
    theirs.receive_data(ours.encode_ping())
    assert hear(ours, [sent(theirs)]) == ([], None)
    assert ours.take_replies() == b""


@both_sides
def test_they_close(open_pair: OpenPair) -> None:
    """The other side sees its close frame answered, and holds the connection for closed."""
    ours, theirs = open_pair()
    theirs.send_close(1001, "bye")
    ours.feed(sent(theirs))
    with pytest.raises(ConnectionLostError):
        ours.next_message()
    theirs.receive_data(ours.take_replies())
    theirs.receive_eof()
    assert (theirs.state, theirs.close_code, theirs.close_reason) == (State.CLOSED, 1001, "bye")


@both_sides
def test_we_close(open_pair: OpenPair) -> None:
    """The other side hears the last message, then the end, and answers it."""
    ours, theirs = open_pair()
    theirs.receive_data(ours.encode([Message(0, 255)]) + ours.encode_end())
    assert [frame.opcode for frame in frames(theirs)] == [Opcode.BINARY, Opcode.CLOSE]
    ours.feed(sent(theirs))
    with pytest.raises(ConnectionLostError):
        ours.next_message()
    theirs.receive_eof()
    assert (theirs.state, theirs.close_code) == (State.CLOSED, 1000)


@both_sides
@pytest.mark.parametrize(
    ("say", "kind", "code"),
    [
        (lambda theirs: theirs.send_text(b"hi"), RemoteProtocolError, 1003),
        (lambda theirs: theirs.send_binary(bytes(LIMIT + 1)), MessageTooLargeError, 1009),
        (lambda theirs: theirs.send_binary(b"\1"), RemoteProtocolError, 1002),
    ],
)
def test_they_are_told_their_fault(
    open_pair: OpenPair, say: Callable[[Theirs], None], kind: type[RemoteProtocolError], code: int
) -> None:
    """The other side reads code and reason."""
    ours, theirs = open_pair()
    say(theirs)
    error = hear(ours, [sent(theirs)])[1]
    assert type(error) is kind
    theirs.receive_data(ours.encode_end())
    theirs.receive_eof()
    assert (theirs.close_code, theirs.close_reason) == (code, str(error))


def test_their_client_is_refused() -> None:
    """It reads the status and the sentence."""
    ours, theirs = ServerWebSocketFraming(LIMIT, ()), their_client(Subprotocol("chat"))
    assert type(hear(ours, [sent(theirs)])[1]) is RemoteProtocolError
    theirs.receive_data(ours.take_replies())
    theirs.receive_eof()
    assert isinstance(theirs.handshake_exc, InvalidStatus)
    response = theirs.handshake_exc.response
    assert response.status_code == 400
    assert response.body.startswith(b"You sent an upgrade that does not offer the sub-protocol bitbroker.v1.")


def test_their_server_refuses() -> None:
    """Our client says what it said."""
    ours, theirs = ClientWebSocketFraming(LIMIT, "localhost", "/"), ServerProtocol()
    theirs.receive_data(ours.take_replies())
    theirs.send_response(theirs.reject(503, "Come back later.\n"))
    _, error = hear(ours, [sent(theirs)])
    assert str(error) == "a refusal of the WebSocket with status 503: Come back later."


def test_their_server_speaks_something_else() -> None:
    """A WebSocket without our sub-protocol is none of ours, and it is told so."""
    ours, theirs = ClientWebSocketFraming(LIMIT, "localhost", "/"), ServerProtocol()
    theirs.receive_data(ours.take_replies())
    (request,) = theirs.events_received()
    assert isinstance(request, Request)
    theirs.send_response(theirs.accept(request))
    assert type(hear(ours, [sent(theirs)])[1]) is RemoteProtocolError
    theirs.receive_data(ours.encode_end())
    theirs.receive_eof()
    assert theirs.close_code == 1002
