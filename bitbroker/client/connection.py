"""One connection to a broker: how it is opened, and messages on it."""

import socket
import ssl
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Literal

import attrs
import trio

from bitbroker.client.address import Address
from bitbroker.client.tls import ALERT, CaFile, choose_context, encrypt
from bitbroker.errors import BrokerUnreachableError, ConnectionLostError, MissingExtraError, RemoteProtocolError
from bitbroker.wire import extended
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming

if TYPE_CHECKING:
    from bitbroker.wire.websocket import ClientWebSocketFraming

Wire = Literal["auto", "basic", "binary"]
"""`auto`: lines, and the extended wire if the broker speaks it; `basic`: lines and the basic wire; `binary`: the
length-prefixed framing and the extended wire. At the address of a WebSocket, its framing takes the place of lines."""

MAX_MESSAGE_BYTES: Final = 1 << 28
"""A client takes messages of up to 256 MiB; the broker's own limit (8 MiB by default) is the one that counts."""

_RECEIVE_BYTES: Final = 65536
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0
_SHORTEST_ATTEMPT: Final = 1.0
_LAST_WORDS_SECONDS: Final = 1.0
# A broker that has vanished without a word is missed after 20 s: soon enough to come back to the match, if it is the
# network between that has changed. TCP_USER_TIMEOUT is the same for what was sent and not acknowledged.
_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": 20_000}


class Connection:
    """Messages on a stream. One task may receive and others send at the same time."""

    def __init__(self, stream: trio.abc.Stream, framing: Framing | None = None) -> None:
        """Take the stream.

        Args:
            stream: to the broker.
            framing: how messages travel; lines if not given.
        """
        self._stream = stream
        self._framing = framing or LineFraming(MAX_MESSAGE_BYTES)
        self._heard = False
        self._sending = trio.Lock()
        self._whole = True  # whether all that was sent went out whole: behind half a message there is nothing to say

    async def send(self, *messages: Message) -> None:
        """Send messages in one write.

        A connection that is lost shows at the next `receive`: the broker may have said farewell before it closed,
        and that is still to be read.
        """
        said = self._framing.encode(messages)
        # Before what is said: a WebSocket's request for an upgrade, and what waited for its answer.
        await self.send_bytes(self._framing.take_replies() + said)

    async def receive(self) -> Message:
        """The broker's next message; a ping is answered, and is none.

        Raises:
            ConnectionLostError: the connection ended first.
            RemoteProtocolError: what came is no message.
        """
        while extended.code(message := await self._next_message()) == extended.PING:
            await self.send(extended.pong(message))
        return message

    async def aclose(self, *last: Message) -> None:
        """Say last words, and the framing's own, if there are any, and close, without waiting for anything else.

        Args:
            last: what to say even if this task is being cancelled, as far as the stream takes it soon.
        """
        try:
            last_words = (self._framing.encode(last) if last else b"") + self._framing.encode_end()
            if last_words and self._whole:
                with trio.CancelScope(deadline=trio.current_time() + _LAST_WORDS_SECONDS, shield=bool(last)):
                    await self.send_bytes(last_words)
        except trio.ClosedResourceError:
            pass  # in the middle of a return: the old one is closed, and there is no new one
        finally:
            await trio.aclose_forcefully(self._stream)

    async def _next_message(self) -> Message:
        while (message := self._next_in_framing()) is None:
            if replies := self._framing.take_replies():
                await self.send_bytes(replies)
            self._framing.feed(await self._receive_bytes())
        return message

    def _next_in_framing(self) -> Message | None:
        try:
            return self._framing.next_message()
        except RemoteProtocolError as error:
            raise type(error)(
                f"the broker sent {error}: is this a broker's port for players, and not that of its health API?"
            ) from None

    async def _receive_bytes(self) -> bytes:
        try:
            data = await self._stream.receive_some(_RECEIVE_BYTES)
        except trio.BrokenResourceError as error:
            reason = error.__cause__ or error
            raise ConnectionLostError(
                f"the connection to the broker broke in mid-match: {reason}; it, or the network, is gone"
            ) from error
        if not data:
            raise ConnectionLostError(
                "the broker closed the connection without saying that the match is over; its log says why"
            )
        if not self._heard and data.startswith(ALERT):
            raise RemoteProtocolError("the broker speaks TLS only: its address begins with tls:// or wss://")
        self._heard = True
        return bytes(data)

    async def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are: what a framing has made, or, in a test, nonsense."""
        try:
            self._sending.acquire_nowait()  # without the checkpoint of `acquire`: sending has one
        except trio.WouldBlock:
            await self._sending.acquire()
        self._whole = False
        try:
            await self._stream.send_all(data)
            self._whole = True
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()
        finally:
            self._sending.release()


@attrs.frozen
class Dialer:
    """Opens connections to one broker.

    Attributes:
        address: where it is.
        make_framing: how messages travel: a new framing for each connection.
        context: whom to trust; None for no TLS.
    """

    address: Address
    make_framing: Callable[[], Framing]
    context: ssl.SSLContext | None = None

    @classmethod
    def choose(
        cls,
        address: Address,
        wire: Wire,
        *,
        ca_file: CaFile | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> "Dialer":
        """By the framing that address and wire ask for.

        Args:
            address: where the broker is.
            wire: how to speak.
            ca_file: whom to trust, for TLS, as `choose_context` has it.
            ssl_context: likewise.

        Raises:
            ValueError: they ask for two framings, or for one that is not there; or whom to trust is not to be known.
            MissingExtraError: a WebSocket is wanted, and the package for it is not installed.
        """
        if wire not in {"auto", "basic", "binary"}:
            raise ValueError(f"wire is {wire!r}: it must be 'auto', 'basic' or 'binary'")
        context = choose_context(address, ca_file, ssl_context)
        if address.path is not None:
            if wire == "binary":
                raise ValueError("wire='binary' is no WebSocket: leave it out, or give a tcp:// or tls:// address")
            websocket = partial(_websocket_framing(), MAX_MESSAGE_BYTES, address.netloc, address.path)
            return cls(address, websocket, context)
        return cls(address, partial(PrefixedFraming if wire == "binary" else LineFraming, MAX_MESSAGE_BYTES), context)

    async def dial(self, timeout: float) -> Connection:  # noqa: ASYNC109 - for how long to go on trying
        """Open a connection, trying again for so many seconds.

        Raises:
            BrokerUnreachableError: nobody answered in that time.
            TlsError: the broker cannot be trusted, or TLS not agreed on.
        """
        return Connection(await connect(self.address, timeout, self.context), self.make_framing())


def _websocket_framing() -> "type[ClientWebSocketFraming]":
    """The framing whose package only those need who use it."""
    if find_spec("wsproto") is None:
        raise MissingExtraError(
            "the address of a WebSocket needs the package wsproto: pip install 'bitbroker[websocket]'"
        )
    from bitbroker.wire.websocket import ClientWebSocketFraming

    return ClientWebSocketFraming


async def connect(address: Address, connect_timeout: float, context: ssl.SSLContext | None) -> trio.abc.Stream:
    """Open a connection, trying again with growing pauses: clients may start before their broker.

    Args:
        address: of the broker.
        connect_timeout: for how many seconds to go on trying; 0 for a single attempt.
        context: whom to trust; None for no TLS.

    Raises:
        BrokerUnreachableError: nobody answered in that time.
        TlsError: the broker cannot be trusted, or TLS not agreed on.
    """
    deadline = trio.current_time() + connect_timeout
    pause = FIRST_PAUSE
    while True:
        reason: object = "no answer"
        with trio.move_on_after(max(deadline - trio.current_time(), _SHORTEST_ATTEMPT)):
            try:
                stream = _keep_alive(await trio.open_tcp_stream(address.host, address.port))
                return stream if context is None else await encrypt(stream, address, context)
            except (OSError, UnicodeError) as error:  # the latter from a name that can be no host's
                reason = error
        if trio.current_time() + pause > deadline:
            raise BrokerUnreachableError(
                f"no broker answers at {address.host} port {address.port} (tried for {connect_timeout:g} s; {reason}): "
                "is it running, and are host and port right?"
            )
        await trio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _keep_alive(stream: trio.abc.Stream) -> trio.abc.Stream:
    """Have the system look for a broker that is gone without a word, where it can; tests have other streams."""
    if isinstance(stream, trio.SocketStream):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE.items():
            if hasattr(socket, name):
                stream.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return stream
