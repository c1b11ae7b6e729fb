"""TLS over one socket, still without ever waiting.

OpenSSL works on memory here (`ssl.SSLObject` between two `ssl.MemoryBIO`), and this module alone moves bytes between
memory and socket. So whoever reads and writes a plain socket reads and writes this one, by the same methods; two things
that he relies on take some care:

- *What is readable shows at the socket.* A poller looks at the socket alone, so nothing may be left here decrypted. One
  read takes no more ciphertext than what the caller has room for, and decrypts all of it; an end that came with it is
  made the socket's own.
- *What was sent is gone.* A caller that was told that all was taken does not come back, so bytes count as sent when all
  of their ciphertext has left.
"""

import errno
import socket
import ssl
from contextlib import suppress
from typing import Final, Protocol

from bitbroker.errors import RemoteProtocolError
from bitbroker.text import tls_reason

FIRST_BYTE: Final = 0x16
"""What every TLS connection begins with: a record of the handshake. No framing begins with it."""

RECORD_BYTES: Final = 5 + 16384 + 2048
"""The longest record, as TLS 1.2 has it; those of TLS 1.3 are shorter."""
_TEXT_BYTES: Final = 16384
"""The most that one record holds."""
_PIECE_BYTES: Final = 65536
"""How much is encrypted before it is seen whether the socket takes it."""
_MOST_UNSENT: Final = 2 * _PIECE_BYTES
"""A piece and its records' heads, and what TLS itself has to say; more comes of a peer that asks and does not read."""


class TlsHandshakeError(RemoteProtocolError):
    """TLS was begun, and not agreed on."""


class NonBlockingSocket(Protocol):
    """What is used of a socket here: it does its part at once, or raises `BlockingIOError`."""

    def fileno(self) -> int:
        """The descriptor; -1 once it is closed."""

    def recv(self, size: int, /) -> bytes:
        """Read up to so many bytes; none at the end."""

    def send(self, data: bytes | bytearray | memoryview, /) -> int:
        """Send; how much was taken."""

    def shutdown(self, how: int, /) -> None:
        """Shut down one direction or both."""

    def close(self) -> None:
        """Close it."""


class TlsSocket:
    """A `NonBlockingSocket` that speaks TLS, for the side that was connected to.

    Worst memory beside OpenSSL's own: a record that is not here whole, and ciphertext that the socket did not take, of
    up to 128 KiB.

    Attributes:
        version: of TLS, such as `TLSv1.3`; empty until it is agreed on.
    """

    def __init__(self, sock: NonBlockingSocket, context: ssl.SSLContext, first: bytes) -> None:
        """Begin.

        Args:
            sock: without blocking. It is this object's from here on.
            context: with the certificate.
            first: what was read from it already; the first `recv` takes it up.
        """
        self._socket = sock
        self._first = first
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.version = ""
        self._unsent = b""
        self._owed = 0  # bytes that were given to `send` and not counted: their ciphertext is in `_unsent`
        self._ended = False
        self._fault: OSError | None = None
        self._discards = False

    @property
    def holds_back(self) -> bool:
        """Whether ciphertext waits for the socket to take it: call `send` when it may, be it with nothing."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """The socket's descriptor; -1 once it is closed."""
        return self._socket.fileno()

    def recv(self, size: int) -> bytes:
        """Read: from the socket, until that gives what makes something here, or nothing more.

        OpenSSL ends a connection on which many records in a row hold nothing, so this does not go on for ever.

        Args:
            size: how much at the most; above `RECORD_BYTES`.

        Returns:
            What came; nothing at the end, be it said by TLS or by TCP alone.

        Raises:
            BlockingIOError: there is nothing now.
            TlsHandshakeError: TLS could not be agreed on.
            OSError: the connection is broken.
        """
        assert size > RECORD_BYTES, "a record that is not here whole must fit beside what is read"
        if self._discards:
            return self._socket.recv(size)
        if self._fault is not None:
            raise self._fault
        while not self._ended:
            ciphertext = self._first or self._socket.recv(size - RECORD_BYTES)
            if not ciphertext:
                break
            self._first = b""
            self._incoming.write(ciphertext)
            if data := self._decrypt():
                return data
        return b""

    def _decrypt(self) -> bytes:
        """All that can be read now. An end or a fault behind it is for the next read."""
        texts: list[bytes] = []
        try:
            if not self.version:
                self._tls.do_handshake()
                self.version = self._tls.version() or "TLS"
            # A read takes a whole record. Where no more is here OpenSSL is not asked: it would say so by an exception.
            while self._incoming.pending:
                text = self._tls.read(_TEXT_BYTES)
                if not text:
                    self._end()
                    break
                texts.append(text)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            if not self.version:
                raise TlsHandshakeError(f"its TLS handshake failed: {tls_reason(error)}") from None
            self._break(f"its TLS broke: {tls_reason(error)}")
        finally:
            if self._outgoing.pending or self._unsent:
                self._answer()
        if self._fault is not None and not texts:
            raise self._fault
        return b"".join(texts)

    def _answer(self) -> None:
        """Send what TLS has to say by itself."""
        with suppress(OSError):  # what is lost in sending shows at the next read
            self._push()
        if len(self._unsent) > _MOST_UNSENT:
            self._break("it does not read what TLS has to say")

    def _break(self, why: str) -> None:
        self._fault = ConnectionAbortedError(errno.ECONNABORTED, why)
        self._end()

    def _end(self) -> None:
        """No more is to be had from here: to whoever waits for the socket, the same as TCP's own end."""
        self._ended = True
        with suppress(OSError):  # it is gone already
            self._socket.shutdown(socket.SHUT_RD)

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Send what the socket takes.

        Args:
            data: begins with what the last call did not count, if there was such.

        Returns:
            How much of it has left.

        Raises:
            BlockingIOError: none of it; or, with nothing to send, there is ciphertext still.
            OSError: the connection is broken.
        """
        assert self._owed <= len(data), "what was not counted must be given again"
        if self._unsent and not self._push():
            raise BlockingIOError
        sent, self._owed = self._owed, 0
        while sent < len(data):
            piece = data[sent : sent + _PIECE_BYTES]
            self._tls.write(piece)
            if not self._push():
                self._owed = len(piece)
                break
            sent += len(piece)
        if self._owed and not sent:
            raise BlockingIOError
        return sent

    def _push(self) -> bool:
        """Send ciphertext; whether all of it has left."""
        self._unsent += self._outgoing.read()
        if self._unsent:
            try:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
            except BlockingIOError:
                pass
            except OSError:
                self._unsent, self._owed = b"", 0  # nobody is there to read it
                raise
        return not self._unsent

    def say_end(self) -> None:
        """Say by TLS that no more will be sent; call `send` while it `holds_back`. What comes is not decrypted now."""
        self._discards = True
        with suppress(OSError):  # the peer's own end is not waited for; or TLS was never agreed on; or nobody is there
            self._tls.unwrap()
        with suppress(OSError):
            self._push()

    def shutdown(self, how: int) -> None:
        """Shut down the socket, after `say_end`."""
        self._socket.shutdown(how)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
