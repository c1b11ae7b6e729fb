"""A framed stream over one TCP socket: Trio's and the system's errors mapped to ours.

The socket is read and written without waiting, by whoever the reader is: the poller, or the connection's own task.
Only the connection's task ever waits, for the socket to become readable or writable.
"""

import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import trio

from bitbroker.broker.certificate import Certificate
from bitbroker.broker.mailbox import CAPACITY, Mailbox
from bitbroker.broker.outgoing import AT_ONCE, Outgoing
from bitbroker.broker.tls import FIRST_BYTE, NonBlockingSocket, TlsSocket
from bitbroker.errors import ConnectionLostError, RemoteProtocolError
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import LARGE_BYTES, Message, Piece
from bitbroker.wire.prefixed import PrefixedFraming
from bitbroker.wire.websocket import ServerWebSocketFraming

READ_BYTES: Final = 65536
_MORE_READS: Final = 3
"""So many times more READ_BYTES are read at once from a peer that sends much, before others have their turn."""
HANDSHAKE_MESSAGE_BYTES: Final = 65536
"""The largest message before the handshake is done."""

_PING_SECONDS: Final = 30.0
"""Between pings of a WebSocket: proxies drop what is silent. A dead peer shows by TCP's own time-outs."""

Framings = Mapping[int, Callable[[int], Framing]]
"""How to speak, by the first byte of a connection; made with the largest message before the handshake is done."""


def framings(origins: Sequence[str]) -> Framings:
    """All framings that are spoken here.

    Args:
        origins: of web pages whose scripts may connect.
    """
    return {
        ord("A"): LineFraming,
        0: PrefixedFraming,
        ord("G"): lambda limit: ServerWebSocketFraming(limit, origins),
    }


class NotThisProtocolError(RemoteProtocolError):
    """The first byte is of no framing that is spoken here."""


class MessageStream(trio.abc.AsyncResource):
    """One accepted connection.

    Worst memory: what came in and is not taken (one message of the limit, one read, and the mailbox's messages) and
    what is to go out (`max_outbox_bytes`, and a farewell): three messages of the limit as their framing writes them,
    and 256 KiB of one read, 33.9 MiB at the default limits; and with TLS what `TlsSocket` states. One that plays small
    messages holds some kilobytes.

    Attributes:
        number: in the order in which connections were accepted, from 1.
        peer: address and port of the other side, for the log.
        mailbox: what was said and is not taken yet.
        unheard: whether something has been read, since the mailbox was last filled with all that there was.
        ended: why no more will be read from it; empty while more may come.
        lent: the scope in which its task leaves it to the coordinator; cancelled to give it back.
    """

    def __init__(
        self, sock: socket.socket, number: int, peer: str, framings: Framings, certificate: Certificate | None = None
    ) -> None:
        """Take a connection.

        Args:
            sock: it.
            number: in the order in which connections were accepted, from 1.
            peer: address and port of the other side.
            framings: how to speak.
            certificate: for TLS; without one it is not spoken.
        """
        sock.setblocking(False)  # noqa: FBT003 - the standard library's way
        self.number = number
        self.peer = peer
        self.mailbox = Mailbox()
        self.unheard = False
        self.ended = ""
        self._socket: NonBlockingSocket = sock
        self._certificate = certificate
        self._tls: TlsSocket | None = None
        self._framings = framings
        self._framing: Framing | None = None
        self._max_outbox_bytes = 0
        self._outbox: deque[Piece] = deque()
        self._outbox_bytes = 0
        self._outbox_waits = trio.Event()
        self._outgoing = AT_ONCE
        self.lent = trio.CancelScope()
        self._fault: Exception | None = None

    def fileno(self) -> int:
        """The socket's descriptor; -1 once it is closed."""
        return self._socket.fileno()

    @property
    def tls_version(self) -> str:
        """Such as `TLSv1.3`; empty for a plain connection."""
        return "" if self._tls is None else self._tls.version

    @property
    def lacks_tls(self) -> bool:
        """Whether it is plain, and may not be."""
        return self._tls is None and self._certificate is not None and self._certificate.only

    def break_off(self, fault: Exception) -> None:
        """Give it back to its task, since there is a fault of ours."""
        self._fault = fault
        self.lent.cancel()

    def raise_fault(self) -> None:
        """Raise the fault for which it was given back, if it was for one."""
        if self._fault is not None:
            raise self._fault

    def lend(self, max_message_bytes: int, outgoing: Outgoing) -> None:
        """The handshake is done: take and hold messages of so many bytes, and send with others of a batch."""
        assert self._framing is not None
        self._outgoing = outgoing
        self._framing.limit_messages(max_message_bytes)
        # A largest request and, behind it, the smaller words that may follow before it has gone out.
        self._max_outbox_bytes = self._framing.encoded_bytes(max_message_bytes) + READ_BYTES

    def read_nowait(self) -> bool:
        """Read once, as much as is there up to 256 KiB.

        Returns:
            Whether anything came, the end included.

        Raises:
            NotThisProtocolError: the first byte of the connection is of no framing spoken here.
            TlsHandshakeError: it is that of TLS, and this was not agreed on.
        """
        try:
            data = self._socket.recv(READ_BYTES)
            self.unheard = True
            if data and self._framing is not None:
                self._framing.feed(data)
            else:
                self._take_in(data)
            if len(data) == READ_BYTES:
                self._read_on()
        except BlockingIOError:
            return False
        except OSError as error:
            self.ended = error.strerror or str(error)
            self.unheard = True
        return True

    def _read_on(self) -> None:
        """Read from a peer that sends much, before others have their turn."""
        with suppress(BlockingIOError):
            for _ in range(_MORE_READS):
                data = self._socket.recv(READ_BYTES)
                self._take_in(data)
                if len(data) < READ_BYTES:
                    break

    def _take_in(self, data: bytes) -> None:
        if not data:
            self.ended = "it closed the connection"
            return
        if self._framing is None:
            if data[0] == FIRST_BYTE and self._tls is None:
                self._begin_tls(data)
                return
            self._framing = self._tell_framing(data)
        self._framing.feed(data)

    def _begin_tls(self, data: bytes) -> None:
        if self._certificate is None:
            raise NotThisProtocolError(
                f"its first bytes are {data[:16]!r}: that is TLS, and this broker has no certificate (--tls-cert)"
            )
        self._socket = self._tls = TlsSocket(self._socket, self._certificate.context, data)
        self._take_in(self._socket.recv(READ_BYTES))

    def _tell_framing(self, data: bytes) -> Framing:
        framing = self._framings.get(data[0])
        if framing is None:
            raise NotThisProtocolError(
                f"its first bytes are {data[:16]!r}: lines of base64 begin with 'A', length-prefixed messages with 00, "
                "WebSockets with 'G'"
            )
        return framing(HANDSHAKE_MESSAGE_BYTES)

    def fill_mailbox(self) -> tuple[int, bool]:
        """Move messages that have come whole into the mailbox, which is empty, until it is full.

        Returns:
            How many are in it, and whether there is something behind them: more of them, or what is none.

        Raises:
            RemoteProtocolError: what came next is no message.
        """
        framing = self._framing
        self.unheard = False
        if framing is None:
            return 0, False
        count, more = 0, False
        put = self.mailbox.put_nowait
        try:
            while count < CAPACITY and (message := framing.next_message()) is not None:
                put(message)
                count += 1
            more = count == CAPACITY
        except RemoteProtocolError:
            if not count:
                raise
            more = True  # the next call raises it again, when what came before it has been taken
        except ConnectionLostError as error:
            self.ended = self.ended or str(error)
        finally:
            if framing.has_replies:
                self._send_pieces((framing.take_replies(),))
        return count, more

    async def receive(self) -> Message:
        """Wait for the next message; for the handshake, before anyone else reads.

        Raises:
            ConnectionLostError: the connection ended first.
            RemoteProtocolError: what came is no message.
        """
        while (message := self._next_message()) is None:
            if self.ended:
                raise ConnectionLostError(self.ended)
            await self._flush()  # nobody else does yet
            await trio.lowlevel.wait_readable(self._socket)
            self.read_nowait()
        return message

    def _next_message(self) -> Message | None:
        framing = self._framing
        if framing is None:
            return None
        try:
            return framing.next_message()
        finally:
            if framing.has_replies:
                self._send_pieces((framing.take_replies(),))

    async def wait_readable(self) -> None:
        """Wait until there is something to read, or the end."""
        await trio.lowlevel.wait_readable(self._socket)

    def send_nowait(self, messages: Sequence[Message]) -> bool:
        """Send now, or at the end of a batch, what the socket takes, and the rest when it takes more.

        Returns:
            False if more would wait than may: the peer does not read, and nothing was sent.
        """
        assert self._framing is not None
        return self._send_pieces(self._framing.encode_pieces(messages))

    def _send_pieces(self, pieces: Sequence[Piece]) -> bool:
        size = len(pieces[0]) if len(pieces) == 1 else sum(map(len, pieces))
        if not self._outbox:
            self._outbox.extend(pieces)
            self._outbox_bytes = size
            if self._outgoing.holding:
                self._outgoing.senders.append(self)
            else:
                self.send_waiting()
            return True
        if self._outbox_bytes + size <= self._max_outbox_bytes:
            self._outbox.extend(pieces)
            self._outbox_bytes += size
            return True
        if self._outbox_waits.is_set():
            return False
        self.send_waiting()  # it is held back in this batch, and may be all that there is
        return self._send_pieces(pieces)

    def send_waiting(self) -> None:
        """Send what waits, as far as the socket takes it; the connection's task sees to the rest."""
        outbox = self._outbox
        while outbox:
            if len(outbox) > 1:
                self._join_small()
            piece = outbox.popleft()
            sent = self._try_to_send(piece)
            self._outbox_bytes -= sent
            if sent < len(piece):
                outbox.appendleft(memoryview(piece)[sent:])
                self._outbox_waits.set()
                return

    def _join_small(self) -> None:
        """Make one of the small pieces that come first, so that they cost one write."""
        outbox = self._outbox
        if self._outbox_bytes <= LARGE_BYTES:  # as nearly always: all that there is
            whole = b"".join(outbox)
            outbox.clear()
            outbox.append(whole)
            return
        small, size = [], 0
        while outbox and (size := size + len(outbox[0])) <= LARGE_BYTES:
            small.append(outbox.popleft())
        if small:
            outbox.appendleft(b"".join(small))

    def _try_to_send(self, piece: Piece) -> int:
        """How many bytes the socket has taken; all, if nobody is there to read them."""
        try:
            return self._socket.send(piece)
        except BlockingIOError:
            return 0
        except OSError:
            return len(piece)  # the reader will hear of it

    async def serve_writes(self) -> None:
        """Send what waits, whenever something does. Ends by being cancelled."""
        while True:
            await self._outbox_waits.wait()
            await self._flush()

    @property
    def pings(self) -> bool:
        """Whether `serve_pings` has something to do."""
        return isinstance(self._framing, ServerWebSocketFraming)

    async def serve_pings(self) -> None:
        """Ping a WebSocket now and then. Ends by being cancelled."""
        assert isinstance(self._framing, ServerWebSocketFraming)
        while True:
            await trio.sleep(_PING_SECONDS)
            self._send_pieces((self._framing.encode_ping(),))

    async def _flush(self) -> None:
        while self._outbox or (self._tls is not None and self._tls.holds_back):
            await trio.lowlevel.wait_writable(self._socket)
            if self._outbox:
                self.send_waiting()
            else:
                self._try_to_send(b"")
        self._outbox_waits = trio.Event()

    async def say_farewell(self, farewell: Sequence[Message]) -> None:
        """Send the last words, shut down writing, read and discard to the end of the stream.

        Closing with unread input would send a reset, which can destroy the farewell on its way. Who calls it puts
        a deadline on it, and closes the stream then.

        Args:
            farewell: what to say; left out if the peer never spoke a framing.
        """
        if self._framing is not None:
            last = self._framing.encode(farewell) + self._framing.encode_end()
            if last:
                self._outbox.append(last)
                self._outbox_bytes += len(last)
        await self._flush()
        if self._tls is not None:
            self._tls.say_end()
            await self._flush()
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:  # the peer has reset it
            return
        while not self.ended:
            await trio.lowlevel.wait_readable(self._socket)
            self._discard_nowait()

    def _discard_nowait(self) -> None:
        try:
            if not self._socket.recv(READ_BYTES):
                self.ended = "it closed the connection"
        except BlockingIOError:
            pass
        except OSError as error:
            self.ended = error.strerror or str(error)

    async def aclose(self) -> None:
        """Close the socket, and let go of all that it held: a match may remember who was there for long."""
        self._socket.close()
        self._framing = None
        self._outbox.clear()
        await trio.lowlevel.checkpoint()
