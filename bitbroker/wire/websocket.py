"""The WebSocket framing: an upgrade, and then each message is one binary message. Needs the extra `websocket`.

wsproto reads and writes the upgrade and the frames; what may be said in them is ruled here. Bytes are looked at when
messages are asked for, so ask for messages first and then for replies.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import RemoteProtocolError as NoUpgradeError

from bitbroker.errors import ConnectionLostError, MessageTooLargeError, RemoteProtocolError
from bitbroker.text import printable
from bitbroker.wire.messages import HEADER_BYTES, Message, Piece

FIRST_BYTE: Final = b"G"
"""What every client's upgrade begins with: its method is GET."""
SUBPROTOCOL: Final = "bitbroker.v1"
ANY_ORIGIN: Final = "*"
MAX_HEAD_BYTES: Final = 16384
"""The largest head of an upgrade, and of the answer to one: what h11, below wsproto, allows too."""

_HEAD_END: Final = b"\r\n\r\n"
_ORIGIN_SHOWN: Final = 60
_SHOWN: Final = 300


class _WebSocketFraming(ABC):
    """A `Framing`, as far as both sides are alike.

    Worst memory: the unfinished message of the limit, what one `feed` brought, and either the head of the upgrade with
    what was said too early or one reply of each kind. Pings cannot pile up: only the last one is answered, as RFC 6455
    (5.5.3) allows.
    """

    __slots__ = ("_close", "_early", "_error", "_head", "_max_message_bytes", "_message", "_pong", "_replies", "_ws")

    _OVERHEAD_BYTES: ClassVar[int]

    def __init__(self, max_message_bytes: int, side: ConnectionType) -> None:
        self.limit_messages(max_message_bytes)
        self._ws = WSConnection(side)
        self._head = bytearray()
        self._early: list[Message] = []
        self._message = bytearray()
        self._replies = b""
        self._pong = b""
        self._close = CloseConnection(code=CloseReason.NORMAL_CLOSURE)
        self._error: RemoteProtocolError | ConnectionLostError | None = None

    def limit_messages(self, max_message_bytes: int) -> None:
        """Refuse messages of more than so many bytes (opcode and operand included) from here on."""
        self._max_message_bytes = max_message_bytes

    def feed(self, data: bytes | bytearray) -> None:
        """Take what the socket gave."""
        if self._error is not None:
            return
        if self._ws.connection is None:
            self._head += data
        else:
            self._ws.receive_data(bytes(data))

    def next_message(self) -> Message | None:
        """The next whole message, or None until more bytes come.

        Raises:
            RemoteProtocolError: the upgrade failed, or the bytes are no message; from then on every call raises it
                again.
            ConnectionLostError: the peer has closed the WebSocket; likewise.
        """
        if self._error is not None:
            raise self._error
        try:
            return self._next_message()
        except (RemoteProtocolError, ConnectionLostError) as error:
            self._error = error
            self._head.clear()
            self._message.clear()
            self._early.clear()
            raise

    def _next_message(self) -> Message | None:
        if self._ws.connection is None:
            self._shake_hands()
            if self._ws.connection is None:
                return None
            self._replies += self.encode(self._early)
            self._early.clear()
        for event in self._ws.events():
            message = self._hear(event)
            if message is not None:
                return message
        return None

    @abstractmethod
    def _shake_hands(self) -> None:
        """Take the peer's half of the upgrade out of `_head`, if it is there whole."""

    def _hear(self, event: Event) -> Message | None:
        match event:
            case BytesMessage():
                return self._join(event)
            case TextMessage():
                raise self._text_message()
            case Ping() if self._ws.state is ConnectionState.OPEN:
                self._pong = self._ws.send(event.response())
            case CloseConnection():
                raise self._end(event)
        return None

    def _join(self, part: BytesMessage) -> Message | None:
        content = self._message
        if len(content) + len(part.data) > self._max_message_bytes:
            text = f"a message of more than {self._max_message_bytes:,} bytes"
            raise self._fault(CloseReason.MESSAGE_TOO_BIG, text, MessageTooLargeError)
        content += part.data
        if not part.message_finished:
            return None
        if len(content) < HEADER_BYTES:
            text = f"a message of length {len(content)}: it has two bytes at the least"
            raise self._fault(CloseReason.PROTOCOL_ERROR, text)
        with memoryview(content) as view:
            message = Message(content[0], content[1], bytes(view[HEADER_BYTES:]))
        content.clear()
        return message

    def _end(self, event: CloseConnection) -> RemoteProtocolError | ConnectionLostError:
        """The error of a close frame, or of what is no frame: wsproto gives both as the same event."""
        if self._ws.state in {ConnectionState.OPEN, ConnectionState.LOCAL_CLOSING}:
            if event.code == CloseReason.INVALID_FRAME_PAYLOAD_DATA and not _is_of_close(event):
                return self._text_message()  # not UTF-8, which wsproto sees before we do, or not: as bytes are cut
            text = f"what is no WebSocket frame: {_one_line(event.reason or '')}"
            return self._fault(CloseReason.PROTOCOL_ERROR, text)
        if self._ws.state is ConnectionState.REMOTE_CLOSING:
            self._replies += self._ws.send(event.response())
            self._pong = b""
        return ConnectionLostError("it closed the WebSocket")

    def _text_message(self) -> RemoteProtocolError:
        return self._fault(CloseReason.UNSUPPORTED_DATA, "a text message: only binary ones are spoken here")

    def _fault(
        self, code: CloseReason, text: str, kind: type[RemoteProtocolError] = RemoteProtocolError
    ) -> RemoteProtocolError:
        self._close = CloseConnection(code=code, reason=text)
        return kind(text)

    def encode_pieces(self, messages: Iterable[Message]) -> Sequence[Piece]:
        """Each message as one frame, all of them in one piece."""
        return (self.encode(messages),)

    def encode(self, messages: Iterable[Message]) -> bytes:
        """Each message as one frame.

        Before the upgrade is through, nothing: what is said then is in `take_replies` when it is. After the end of the
        WebSocket, nothing.
        """
        if self._ws.connection is None and self._error is None:
            self._early += messages
            return b""
        if self._ws.state is not ConnectionState.OPEN:
            return b""
        return b"".join([self._ws.send(BytesMessage(data=_content(message))) for message in messages])

    def encode_end(self) -> bytes:
        """The close frame, with the code of the peer's fault if it had one; nothing where no WebSocket is open."""
        self._pong = b""
        return self._ws.send(self._close) if self._ws.state is ConnectionState.OPEN else b""

    def encode_ping(self) -> bytes:
        """A ping, which the peer answers without being asked for more; nothing where no WebSocket is open."""
        return self._ws.send(Ping()) if self._ws.state is ConnectionState.OPEN else b""

    @property
    def has_replies(self) -> bool:
        """Whether there is something in `take_replies`."""
        return bool(self._replies or self._pong)

    def take_replies(self) -> bytes:
        """This side's half of the upgrade, the answers to a ping and to a close frame."""
        replies = self._replies + self._pong
        self._replies = self._pong = b""
        return replies

    def encoded_bytes(self, message_bytes: int) -> int:
        """The message and the longest head of a frame."""
        return self._OVERHEAD_BYTES + message_bytes


class ServerWebSocketFraming(_WebSocketFraming):
    """A `Framing` for the side that is connected to. A request that it refuses is answered in `take_replies`."""

    __slots__ = ("_origins",)

    _OVERHEAD_BYTES = 10

    def __init__(self, max_message_bytes: int, origins: Collection[str]) -> None:
        """Wait for an upgrade.

        Args:
            max_message_bytes: the limit of a message.
            origins: from which web pages it may come, as browsers write them (`https://example.org`); `*` is any. A
                request without an origin does not come from a browser, and is always allowed.
        """
        super().__init__(max_message_bytes, ConnectionType.SERVER)
        self._origins = origins

    def _shake_hands(self) -> None:
        # Cut here and not by wsproto, which would drop what comes in one piece with the head.
        end = self._head.find(_HEAD_END, 0, MAX_HEAD_BYTES)
        if end < 0:
            if len(self._head) >= MAX_HEAD_BYTES:
                status, advice = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Send fewer or shorter headers."
                raise self._refuse(status, f"an HTTP request with a head of more than {MAX_HEAD_BYTES:,} bytes", advice)
            return
        end += len(_HEAD_END)
        self._check(self._parse(bytes(self._head[:end])))
        self._replies = self._ws.send(AcceptConnection(subprotocol=SUBPROTOCOL))
        self._ws.receive_data(bytes(self._head[end:]))
        self._head.clear()

    def _parse(self, head: bytes) -> Request:
        try:
            self._ws.receive_data(head)
            request = next(self._ws.events())
        except (NoUpgradeError, UnicodeError) as error:
            what = f"an HTTP request that is no WebSocket upgrade ({_one_line(str(error))})"
            advice = f"Games and bots connect here by WebSocket with the sub-protocol {SUBPROTOCOL}."
            raise self._refuse(HTTPStatus.UPGRADE_REQUIRED, what, advice) from None
        assert isinstance(request, Request)
        return request

    def _check(self, request: Request) -> None:
        if SUBPROTOCOL not in request.subprotocols:
            what = f"an upgrade that does not offer the sub-protocol {SUBPROTOCOL}"
            raise self._refuse(HTTPStatus.BAD_REQUEST, what, "Offer it in the header Sec-WebSocket-Protocol.")
        for name, value in request.extra_headers:
            origin = value.decode("latin-1")
            if name == b"origin" and ANY_ORIGIN not in self._origins and origin not in self._origins:
                what = f"an upgrade from the origin {origin[:_ORIGIN_SHOWN]!a}, which is not allowed"
                raise self._refuse(HTTPStatus.FORBIDDEN, what, "Whoever runs the broker can allow it (--origins).")

    def _refuse(self, status: HTTPStatus, what: str, advice: str) -> RemoteProtocolError:
        self._replies = _response(status, f"You sent {what}. {advice}\n".encode())
        return RemoteProtocolError(what)


class ClientWebSocketFraming(_WebSocketFraming):
    """A `Framing` for the side that connects. Its request is in `take_replies` from the beginning."""

    __slots__ = ("_refusal", "_status")

    _OVERHEAD_BYTES = 14

    def __init__(self, max_message_bytes: int, host: str, path: str) -> None:
        """Ask for an upgrade.

        Args:
            max_message_bytes: the limit of a message.
            host: of whom, as in a URL, with the port if it has one.
            path: for what, as in a URL, from the first slash on.
        """
        super().__init__(max_message_bytes, ConnectionType.CLIENT)
        self._status = 0
        self._refusal = bytearray()
        self._replies = self._ws.send(Request(host=host, target=path, subprotocols=[SUBPROTOCOL]))

    def _shake_hands(self) -> None:
        if not self._head:
            return  # no bytes would be the end of the stream to wsproto
        data = bytes(self._head)
        self._head.clear()
        fault = ""
        try:
            self._ws.receive_data(data)
        except (NoUpgradeError, UnicodeError) as error:
            fault = f"an answer to the WebSocket upgrade that is none: {_one_line(str(error))}"
        for event in self._ws.events():  # first: a refusal that is whole counts, whatever stands behind it
            if isinstance(event, AcceptConnection):
                self._check(event)
                return  # the events behind it are the messages
            self._hear_refusal(event)
        if fault:
            raise RemoteProtocolError(fault)

    def _check(self, acceptance: AcceptConnection) -> None:
        if acceptance.subprotocol != SUBPROTOCOL:
            text = f"a WebSocket without the sub-protocol {SUBPROTOCOL}: no broker for games and bots answers there"
            raise self._fault(CloseReason.PROTOCOL_ERROR, text)

    def _hear_refusal(self, event: Event) -> None:
        """Take in what stands in place of an upgrade, until there is enough of it to show."""
        if isinstance(event, RejectConnection):
            self._status = event.status_code
            # A body that ends with the stream has no end that could be waited for here.
            has_end = {b"content-length", b"transfer-encoding"} & {name for name, _ in event.headers}
            complete = not (event.has_body and has_end)
        else:
            assert isinstance(event, RejectData)
            self._refusal += event.data
            complete = event.body_finished or len(self._refusal) >= _SHOWN
        if complete:
            reason = _one_line(self._refusal.decode("utf-8", "replace")) or "it gave no reason"
            raise RemoteProtocolError(f"a refusal of the WebSocket with status {self._status}: {reason}")


def _is_of_close(event: CloseConnection) -> bool:
    """Whether it is a close frame's reason that is not UTF-8; wsproto tells it from text by its words alone."""
    return (event.reason or "").startswith("Error decoding CLOSE reason")


def _content(message: Message) -> bytes:
    return bytes((message.opcode, message.operand)) + message.body


def _response(status: HTTPStatus, body: bytes) -> bytes:
    """A refusal, whole. By hand: wsproto gives no body to a request that it could not read."""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close, Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(head).encode() + _HEAD_END + body


def _one_line(text: str) -> str:
    """A peer's text, or a library's about it, as an error or a log may show it: one line, printable, and cut."""
    return printable(" ".join(text[:_SHOWN].split()))
