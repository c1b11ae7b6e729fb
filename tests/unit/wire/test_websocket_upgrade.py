"""The upgrade to WebSocket: who is let in, who is refused and what they are told; and what a client makes of it."""

from http.client import parse_headers
from io import BytesIO
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.errors import ConnectionLostError, RemoteProtocolError
from bitbroker.wire.messages import Message
from bitbroker.wire.websocket import FIRST_BYTE, MAX_HEAD_BYTES, ClientWebSocketFraming, ServerWebSocketFraming
from tests.framings import CUTS, chunked, hear, held_bytes, open_websocket, pieces

LIMIT: Final = 1000
# The example of RFC 6455 (1.3).
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
HEADERS: Final = {
    "Host": "localhost:9000",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "bitbroker.v1",
}
HI: Final = bytes.fromhex("82 84 00 00 00 00 02 00 68 69")  # a client's frame, under a mask of zeros


def request(line: str = "GET / HTTP/1.1", **changes: str | None) -> bytes:
    """An upgrade, with these headers (`_` for `-`) otherwise, or without them."""
    changed = {
        name.replace("_", "-").title().replace("Websocket", "WebSocket"): value for name, value in changes.items()
    }
    headers = {**HEADERS, **changed}
    lines = [line, *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


class Answer:
    """A whole HTTP answer, its head read by the standard library."""

    def __init__(self, data: bytes) -> None:
        stream = BytesIO(data)
        version, status, self.phrase = stream.readline().decode().rstrip().split(" ", 2)
        assert version == "HTTP/1.1"
        self.status = int(status)
        self.headers = parse_headers(stream)
        body = stream.read()
        assert self.headers["Content-Length"] == str(len(body))
        self.body = body.decode()


def refused(data: bytes, server: ServerWebSocketFraming, size: int = 1000) -> tuple[Answer, str]:
    """The answer to a request, and the error, seen to be the end of it."""
    heard, error = hear(server, pieces(data, size))
    assert heard == []
    assert type(error) is RemoteProtocolError
    answer = Answer(server.take_replies())
    assert hear(server, [request(), HI]) == ([], error)
    assert (
        server.take_replies() == server.encode([Message(0, 255)]) == server.encode_end() == server.encode_ping() == b""
    )
    return answer, str(error)


# The server: who is let in.


@pytest.mark.parametrize("size", [1, 2, 3, 50, 10_000])
def test_upgrade_as_the_rfc_has_it(size: int) -> None:
    """101, the token that proves it, our sub-protocol, no extension; nothing of it before the head is whole."""
    server = ServerWebSocketFraming(LIMIT, ())
    data = request(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
    assert data.startswith(FIRST_BYTE)
    assert hear(server, pieces(data[:-1], size)) == ([], None)
    assert server.take_replies() == b""
    assert hear(server, [data[-1:]]) == ([], None)
    head, blank, rest = server.take_replies().partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    assert status.startswith("HTTP/1.1 101 ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert {name: value.lower() for name, value in headers.items() if name in {"upgrade", "connection"}} == {
        "upgrade": "websocket",
        "connection": "upgrade",
    }
    assert headers["sec-websocket-accept"] == ACCEPT
    assert headers["sec-websocket-protocol"] == "bitbroker.v1"
    assert "sec-websocket-extensions" not in headers
    assert (blank, rest) == (b"\r\n\r\n", b"")


@given(CUTS)
def test_messages_right_behind_the_request(cuts: list[int]) -> None:
    """A client that does not wait for the answer is heard all the same, however it is cut."""
    server = ServerWebSocketFraming(LIMIT, ())
    assert hear(server, chunked(request() + HI + HI, cuts)) == ([Message(2, 0, b"hi")] * 2, None)


def test_the_end_right_behind_the_request() -> None:
    """Both halves are answered, the upgrade first."""
    server = ServerWebSocketFraming(LIMIT, ())
    server.feed(request() + HI + bytes.fromhex("88 80 00 00 00 00"))
    assert server.next_message() == Message(2, 0, b"hi")
    with pytest.raises(ConnectionLostError):
        server.next_message()
    head, _, rest = server.take_replies().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert rest == bytes.fromhex("88 00")


@pytest.mark.parametrize("offered", ["bitbroker.v1", "chat, bitbroker.v1", "bitbroker.v1,bitbroker.v2"])
def test_sub_protocol_is_chosen_among_those_offered(offered: str) -> None:
    """Whatever else a client speaks."""
    server = ServerWebSocketFraming(LIMIT, ())
    assert hear(server, [request(Sec_WebSocket_Protocol=offered)]) == ([], None)
    assert b"Sec-WebSocket-Protocol: bitbroker.v1\r\n" in server.take_replies()


@pytest.mark.parametrize("path", ["/", "/any/path?with=query", "*"])
def test_any_path(path: str) -> None:
    """There is one thing here to connect to."""
    server = ServerWebSocketFraming(LIMIT, ())
    assert hear(server, [request(f"GET {path} HTTP/1.1"), HI]) == ([Message(2, 0, b"hi")], None)


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ((), None, True),
        ((), "https://a.example", False),
        (("https://a.example",), None, True),
        (("https://a.example",), "https://a.example", True),
        (("https://b.example", "https://a.example"), "https://a.example", True),
        (("https://a.example",), "http://a.example", False),
        (("https://a.example",), "https://a.example:8443", False),
        (("https://a.example",), "https://a.example.evil", False),
        (("https://a.example",), "null", False),
        (("*",), "null", True),
        (("*",), "https://a.example", True),
        (("https://*",), "https://a.example", False),
    ],
)
def test_origins(origins: tuple[str, ...], origin: str | None, allowed: bool) -> None:
    """A web page is let in if its origin is listed, as a whole; who is no browser has none."""
    server = ServerWebSocketFraming(LIMIT, origins)
    if allowed:
        assert hear(server, [request(Origin=origin)]) == ([], None)
        assert server.take_replies().startswith(b"HTTP/1.1 101 ")
    else:
        answer, error = refused(request(Origin=origin), server)
        assert answer.status == 403
        assert error == f"an upgrade from the origin {origin!r}, which is not allowed"
        assert error in answer.body
        assert "--origins" in answer.body


def test_every_origin_must_be_allowed() -> None:
    """Two of them are not made one by where they stand."""
    for both in "https://a.example\r\nOrigin: https://b.example", "https://b.example\r\nOrigin: https://a.example":
        answer, _ = refused(request(Origin=both), ServerWebSocketFraming(LIMIT, ("https://a.example",)))
        assert answer.status == 403


# The server: who is refused.

REFUSED: Final = {
    "plain GET": (b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n", 426),
    "plain GET of HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", 426),
    "POST": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi", 426),
    "HEAD": (b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
    "upgrade by POST": (request("POST / HTTP/1.1"), 426),
    "upgrade to something else": (request(Upgrade="h2c"), 426),
    "no upgrade": (request(Upgrade=None), 426),
    "no connection": (request(Connection="keep-alive"), 426),
    "no key": (request(Sec_WebSocket_Key=None), 426),
    "no version": (request(Sec_WebSocket_Version=None), 426),
    "old version": (request(Sec_WebSocket_Version="8"), 426),
    "no host": (request(Host=None), 426),
    "a host that is no name": (request(Host="xn--\xff"), 426),
    "a sub-protocol that is no text": (request(Sec_WebSocket_Protocol="\xff"), 426),
    "no HTTP": (b"Go away\r\n\r\n", 426),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 426),
    "binary": (b"G\x00\xff\xfe\r\n\r\n", 426),
    "nothing": (b"\r\n\r\n", 426),
    "no sub-protocol": (request(Sec_WebSocket_Protocol=None), 400),
    "another sub-protocol": (request(Sec_WebSocket_Protocol="chat, bitbroker.v2, BITBROKER.V1"), 400),
    "a long origin": (request(Origin="https://" + "a" * 10_000), 403),
    "an unprintable origin": (request(Origin="https://\xa0\x80"), 403),
    "a long head": (request(Cookie="a" * MAX_HEAD_BYTES), 431),
    "a head without an end": (b"G" * MAX_HEAD_BYTES, 431),
}


@pytest.mark.parametrize(("data", "status"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_refusals(data: bytes, status: int, size: int) -> None:
    """A whole answer with a sentence, and the way to do better in its head; the log gets the sentence too."""
    answer, error = refused(data, ServerWebSocketFraming(LIMIT, ()), size)
    assert answer.status == status
    assert answer.headers["Upgrade"] == "websocket"
    assert answer.headers["Connection"] == "close, Upgrade"
    assert answer.headers["Sec-WebSocket-Version"] == "13"
    assert answer.headers.get_content_type() == "text/plain"
    assert answer.body.startswith(f"You sent {error}. ")
    assert answer.body.endswith(".\n")
    assert answer.body.count("\n") == 1
    assert (answer.body.strip() + error).isprintable()
    assert len(error) < 300


def test_refusal_says_what_to_do() -> None:
    """As someone reads it who looks at the port with curl or a browser, or has forgotten the sub-protocol."""
    answer, _ = refused(REFUSED["plain GET"][0], ServerWebSocketFraming(LIMIT, ()))
    assert answer.body == (
        "You sent an HTTP request that is no WebSocket upgrade (Missing header, 'Connection: Upgrade'). "
        "Games and bots connect here by WebSocket with the sub-protocol bitbroker.v1.\n"
    )
    answer, _ = refused(REFUSED["no sub-protocol"][0], ServerWebSocketFraming(LIMIT, ()))
    assert answer.body == (
        "You sent an upgrade that does not offer the sub-protocol bitbroker.v1. "
        "Offer it in the header Sec-WebSocket-Protocol.\n"
    )


@pytest.mark.parametrize("size", [1, 1000, 100_000])
def test_limit_of_the_head_is_exact(size: int) -> None:
    """A head of 16 KiB is read, one byte more is too much, wherever it is cut."""
    fill = MAX_HEAD_BYTES - len(request(Cookie=""))
    assert hear(ServerWebSocketFraming(LIMIT, ()), pieces(request(Cookie="a" * fill) + HI, size))[0] != []
    answer, error = refused(request(Cookie="a" * (fill + 1)) + HI, ServerWebSocketFraming(LIMIT, ()), size)
    assert answer.status == 431
    assert error == "an HTTP request with a head of more than 16,384 bytes"


def test_nothing_is_said_before_the_upgrade() -> None:
    """A server that gives up waiting has no words that the other side could read."""
    server = ServerWebSocketFraming(LIMIT, ())
    hear(server, [request()[:20]])
    assert (
        server.encode([Message(0, 255)]) == server.encode_end() == server.encode_ping() == server.take_replies() == b""
    )


# The client.


def accepted(client: ClientWebSocketFraming) -> bytes:
    """The answer of a server of ours to this client's request."""
    server = ServerWebSocketFraming(LIMIT, ())
    assert hear(server, [client.take_replies()]) == ([], None)
    return server.take_replies()


def open_client() -> ClientWebSocketFraming:
    """A client that has sent its request."""
    return ClientWebSocketFraming(LIMIT, "localhost:9000", "/play")


def test_request() -> None:
    """A client's request is there from the beginning, once, and no two have the same key."""
    client = open_client()
    line, *lines = client.take_replies().decode().removesuffix("\r\n\r\n").split("\r\n")
    assert client.take_replies() == b""
    assert line == "GET /play HTTP/1.1"
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    key = headers.pop("sec-websocket-key")
    assert {name: value.lower() for name, value in headers.items()} == {
        "host": "localhost:9000",
        "upgrade": "websocket",
        "connection": "upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-protocol": "bitbroker.v1",
    }
    assert key.encode() not in open_client().take_replies()


@given(CUTS)
def test_messages_right_behind_the_acceptance(cuts: list[int]) -> None:
    """What a server says in one piece with its answer is heard, however it is cut."""
    client = open_client()
    data = accepted(client) + bytes.fromhex("82 04 02 00 68 69 82 02 00 ff")
    assert hear(client, chunked(data, cuts)) == ([Message(2, 0, b"hi"), Message(0, 255)], None)


def test_what_is_said_early_waits_for_the_upgrade() -> None:
    """A client may say hello at once; it leaves when the server has agreed, and before what is said later."""
    client, server = open_client(), ServerWebSocketFraming(LIMIT, ())
    assert client.encode([Message(0, 2)]) == client.encode([Message(0, 34, b"R\3ada")]) == b""
    assert hear(server, [client.take_replies()]) == ([], None)
    assert hear(client, [server.take_replies()]) == ([], None)
    assert hear(server, [client.take_replies(), client.encode([Message(2, 0)])]) == (
        [Message(0, 2), Message(0, 34, b"R\3ada"), Message(2, 0)],
        None,
    )


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("name", ["plain GET", "another sub-protocol", "a long origin"])
def test_refusal_of_our_server(name: str, size: int) -> None:
    """The client's user reads the status and the server's sentence."""
    data, status = REFUSED[name]
    server = ServerWebSocketFraming(LIMIT, ())
    hear(server, [data])
    client = open_client()
    client.take_replies()
    response = server.take_replies()
    heard, error = hear(client, pieces(response, size))
    sentence = Answer(response).body.strip()
    assert (heard, str(error)) == ([], f"a refusal of the WebSocket with status {status}: {sentence}")
    assert hear(client, [HI]) == ([], error)
    assert client.take_replies() == client.encode([Message(0, 2)]) == client.encode_end() == client.encode_ping() == b""


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("response", "text"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404: it gave no reason"),
        (b"HTTP/1.1 502 \r\nContent-Length: 5\r\n\r\nhello", "502: hello"),
        (b"HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "502: hello"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200: hi"),
        (b"HTTP/1.1 200 OK\r\n\r\nsome page, and no telling where it ends", "200: it gave no reason"),
        (b"HTTP/1.0 503 Busy\r\n\r\nlater", "503: it gave no reason"),
        (b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "301: it gave no reason"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "204: it gave no reason"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "100: it gave no reason"),
        (
            b"HTTP/1.1 403 No\r\nContent-Length: 12\r\n\r\n<p>\r\n \x1b[2J\xff!",
            "403: <p> ?[2J\N{REPLACEMENT CHARACTER}!",
        ),
        (b"HTTP/1.1 403 No\r\nContent-Length: 9999\r\n\r\n" + b"a" * 400, "403: " + "a" * 300),
        (b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno and something else", "403: no"),
    ],
)
def test_refusal_of_any_server(response: bytes, text: str, size: int) -> None:
    """Whatever answers there, one printable line says it, as soon as there is enough of it."""
    client = open_client()
    client.take_replies()
    heard, error = hear(client, pieces(response, size))
    assert (heard, str(error)) == ([], f"a refusal of the WebSocket with status {text}")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Upgrade: ", b"X-Upgrade: ", "an answer to the WebSocket upgrade that is none"),
        (b"Connection: ", b"X-Connection: ", "an answer to the WebSocket upgrade that is none: Missing header"),
        (b"Accept: ", b"Accept: x", "an answer to the WebSocket upgrade that is none: Bad accept token"),
        (b"bitbroker.v1", b"bitbroker.v2", "an answer to the WebSocket upgrade that is none"),
        (
            b"bitbroker.v1",
            b"a\x1b[2J",
            "an answer to the WebSocket upgrade that is none: unrecognized subprotocol a?[2J",
        ),
        (b"bitbroker.v1", b"\xff", "an answer to the WebSocket upgrade that is none"),
        (b"Sec-WebSocket-Protocol: ", b"X-Protocol: ", "a WebSocket without the sub-protocol bitbroker.v1"),
        (b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x\r\n\r\n", "an answer to the WebSocket upgrade that is none"),
        (b"HTTP", b"IRC ", "an answer to the WebSocket upgrade that is none: Bad HTTP message"),
        (b"HTTP/1.1", b"a" * MAX_HEAD_BYTES, "an answer to the WebSocket upgrade that is none: Bad HTTP message"),
    ],
)
@pytest.mark.parametrize("size", [50, 100_000])
def test_acceptance_that_is_none(old: bytes, new: bytes, reason: str, size: int) -> None:
    """A server must prove that it has read the request, and choose what was offered."""
    client = open_client()
    data = accepted(client)
    assert old in data
    client.encode([Message(0, 2)])
    heard, error = hear(client, pieces(data.replace(old, new) + bytes.fromhex("82 02 00 ff"), size))
    assert heard == []
    assert type(error) is RemoteProtocolError
    assert str(error).startswith(reason)
    assert client.take_replies() == b""


def test_nothing_is_kept_of_what_is_over() -> None:
    """Neither what was said early, once it has left, nor a head that was refused, nor what is said after that."""
    client, server = open_client(), ServerWebSocketFraming(LIMIT, ())

    def upgrade() -> None:
        client.encode([Message(1, 0, bytes(1 << 20))])
        server.feed(client.take_replies())
        server.next_message()
        client.feed(server.take_replies())
        client.next_message()
        client.take_replies()

    refused_server = ServerWebSocketFraming(LIMIT, ())

    def refuse() -> None:
        refused_server.feed(b"G" * (1 << 20))
        with pytest.raises(RemoteProtocolError):
            refused_server.next_message()
        refused_server.encode(Message(1, 0, bytes(1000)) for _ in range(1000))

    assert held_bytes(upgrade) < 1 << 17
    assert held_bytes(refuse) < 1 << 17


# Anything at all.

HTTP: Final = st.lists(
    st.one_of(
        st.sampled_from([line + b"\r\n" for line in request(Origin="https://a.example").split(b"\r\n")]),
        st.sampled_from([b"HTTP/1.1 101 x\r\n", b"HTTP/1.1 403 x\r\n", b"\r\n", b"\n\n", HI]),
        st.sampled_from([b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n"]),
        st.binary(max_size=5),
    ),
    max_size=15,
).map(b"".join)


@given(HTTP, st.sampled_from([b"", request()[:-2]]), CUTS)
def test_any_bytes_are_taken_or_refused(data: bytes, before: bytes, cuts: list[int]) -> None:
    """Nothing that comes makes either side fail in a way of its own, and cuts change nothing."""
    for make in lambda: ServerWebSocketFraming(LIMIT, ("https://a.example",)), open_client:
        cut, whole = make(), make()
        cut.take_replies(), whole.take_replies()
        (heard, error), (heard_whole, error_whole) = (
            hear(cut, chunked(before + data, cuts)),
            hear(whole, [before + data]),
        )
        assert (heard, str(error)) == (heard_whole, str(error_whole))
        assert cut.take_replies() == whole.take_replies()


def test_both_sides_joined() -> None:
    """Without a socket: upgrade, messages both ways, and the end."""
    client, server = open_websocket(LIMIT)
    messages = [Message(1, 0, b"state"), Message(2, 5), Message(0, 254, bytes(998))]
    for speaker, hearer in (client, server), (server, client):
        assert hear(hearer, [speaker.encode(messages)]) == (messages, None)
