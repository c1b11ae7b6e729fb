"""TLS without a socket: both ends in memory, however the bytes are cut and whatever the socket takes."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.broker.certificate import Certificate
from bitbroker.broker.tls import FIRST_BYTE, TlsHandshakeError, TlsSocket
from tests.authority import Authority
from tests.framings import CUTS, chunked, pieces

READ_BYTES = 65536
LARGE = bytes(range(256)) * 4096  # 1 MiB


class MemorySocket:
    """The broker's end of a connection in memory.

    Attributes:
        arrived: what there is to read.
        left: what was sent.
        most: how much one read gives.
        room: how much more it takes.
        ended: whether the far end has closed, as TCP says it.
        gone: whether there is nobody to send to.
        shut: the directions that were shut down.
        offered: how much each `send` was given.
    """

    def __init__(self) -> None:
        self.arrived = bytearray()
        self.left = bytearray()
        self.most = self.room = 1 << 30
        self.ended = False
        self.gone = False
        self.shut: list[int] = []
        self.offered: list[int] = []

    @property
    def readable(self) -> bool:
        """Whether a poller would call."""
        return bool(self.arrived) or self.ended or socket.SHUT_RD in self.shut

    def fileno(self) -> int:
        """Some number."""
        return 7

    def recv(self, size: int, /) -> bytes:
        """Read, as a socket without blocking does."""
        if not self.readable:
            raise BlockingIOError
        size = min(size, self.most)
        data = bytes(self.arrived[:size])
        del self.arrived[:size]
        return data

    def send(self, data: bytes | bytearray | memoryview, /) -> int:
        """Send, as far as there is room."""
        self.offered.append(len(data))
        if self.gone:
            raise BrokenPipeError
        if not self.room:
            raise BlockingIOError
        taken = data[: self.room]
        self.left += taken
        self.room -= len(taken)
        return len(taken)

    def shutdown(self, how: int, /) -> None:
        """Note it."""
        self.shut.append(how)

    def close(self) -> None:
        """Nothing."""


class Ends:
    """A client and the broker's `TlsSocket`, joined by memory.

    Attributes:
        sock: under the broker's end.
        tls: the broker's end.
        client: the client's end.
        hello: what the client began with.
    """

    def __init__(self, certificate: Certificate, context: ssl.SSLContext, first: int = READ_BYTES) -> None:
        self.sock = MemorySocket()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = context.wrap_bio(self._in, self._out, server_hostname="localhost")
        self.client_does(self.client.do_handshake)
        self.hello = bytes(self.sock.arrived)
        self.sock.arrived[:] = self.hello[first:]
        self.tls = TlsSocket(self.sock, certificate.context, self.hello[:first])

    def client_does(self, act: Callable[[], object]) -> bool:
        """Have the client do something with what was sent to it; whether it could."""
        self._in.write(self.sock.left)
        self.sock.left.clear()
        try:
            act()
        except ssl.SSLWantReadError:
            return False
        finally:
            self.sock.arrived += self._out.read()
        return True

    def shake_hands(self) -> None:
        """The handshake, to its end on both sides."""
        for _ in range(4):
            with pytest.raises(BlockingIOError):
                self.tls.recv(READ_BYTES)
            if self.client_does(self.client.do_handshake):
                break
        with pytest.raises(BlockingIOError):
            self.tls.recv(READ_BYTES)

    def say(self, data: bytes) -> bytes:
        """Have the client encrypt this; the ciphertext, which has not arrived yet."""
        self.client.write(data)
        return self._out.read()

    def hear(self, most: int = 1 << 30) -> bytes:
        """All that the client can read of what was sent."""
        self._in.write(self.sock.left)
        self.sock.left.clear()
        heard = bytearray()
        while len(heard) < most:
            try:
                text = self.client.read(READ_BYTES)
            except ssl.SSLWantReadError:
                break
            if not text:
                break
            heard += text
        return bytes(heard)

    def read_all(self) -> bytes:
        """What the broker reads, for as long as the socket shows that there is something."""
        heard = bytearray()
        while self.sock.readable:
            try:
                data = self.tls.recv(READ_BYTES)
            except BlockingIOError:
                continue
            if not data:
                break
            heard += data
        return bytes(heard)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One for all tests here."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Certificate:
    """The broker's."""
    files = authority.issue()
    return Certificate(files.cert, files.key)


OpenEnds = Callable[[], Ends]


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"], scope="module")
def open_ends(request: pytest.FixtureRequest, authority: Authority, certificate: Certificate) -> OpenEnds:
    """A factory of pairs that have shaken hands, for each version of TLS that is spoken."""

    def open_ends() -> Ends:
        context = authority.trusting()
        context.maximum_version = request.param
        ends = Ends(certificate, context)
        ends.shake_hands()
        return ends

    return open_ends


# What comes in.


def test_hello_begins_as_told(authority: Authority, certificate: Certificate) -> None:
    """By this byte TLS is told from all framings."""
    ends = Ends(certificate, authority.trusting(), first=0)
    assert ends.sock.arrived[0] == FIRST_BYTE


def test_nobody_there_owes_nothing(open_ends: OpenEnds) -> None:
    """What had not been counted when the connection broke need not be given again."""
    ends = open_ends()
    ends.shake_hands()
    ends.sock.room = 100
    with pytest.raises(BlockingIOError):
        ends.tls.send(bytes(5000))
    ends.sock.gone = True
    for words in (bytes(5000), b"farewell"):
        with pytest.raises(BrokenPipeError):
            ends.tls.send(words)


@pytest.mark.parametrize("first", [1, 5, 100])
def test_handshake_in_drips(authority: Authority, certificate: Certificate, first: int) -> None:
    """The hello may arrive byte by byte: until it is whole there is nothing to read, and nothing to wait for here."""
    ends = Ends(certificate, authority.trusting(), first)
    hello = bytes(ends.sock.arrived)
    ends.sock.arrived.clear()
    for piece in pieces(hello, 1):
        with pytest.raises(BlockingIOError):
            ends.tls.recv(READ_BYTES)
        assert not ends.sock.left
        ends.sock.arrived += piece
    ends.shake_hands()
    assert ends.tls.version == "TLSv1.3"


def test_what_comes_in_one_piece(open_ends: OpenEnds) -> None:
    """Any number of records: one read gives all of what they hold."""
    ends = open_ends()
    ends.sock.arrived += ends.say(b"a") + ends.say(b"b") + ends.say(b"c" * 20000)
    assert ends.tls.recv(READ_BYTES) == b"ab" + b"c" * 20000
    assert not ends.sock.readable


def test_one_record_takes_one_read(open_ends: OpenEnds, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once all is read OpenSSL is not asked again: it would say so by an exception, which costs time."""
    ends = open_ends()
    ends.sock.arrived += ends.say(b"a decision")
    reads: list[int] = []
    read = ssl.SSLObject.read

    def counted(self: ssl.SSLObject, size: int) -> bytes:
        reads.append(size)
        return read(self, size)

    monkeypatch.setattr(ssl.SSLObject, "read", counted)
    assert ends.tls.recv(READ_BYTES) == b"a decision"
    assert len(reads) == 1


def test_large_text_never_outgrows_the_caller(open_ends: OpenEnds) -> None:
    """Whatever lay here unfinished, a read gives what was asked for at the most; and nothing stays."""
    ends = open_ends()
    first, rest = ends.say(LARGE[:16384]), b"".join(ends.say(text) for text in pieces(LARGE[16384:], 1000))
    heard = bytearray()
    ends.sock.arrived += first[:-1]
    with pytest.raises(BlockingIOError):
        ends.tls.recv(READ_BYTES)
    ends.sock.arrived += first[-1:] + rest
    while ends.sock.readable:
        data = ends.tls.recv(READ_BYTES)
        assert 0 < len(data) <= READ_BYTES
        heard += data
    assert heard == LARGE


@given(texts=st.lists(st.binary(min_size=1, max_size=40000), max_size=5), cuts=CUTS)
def test_however_it_is_cut(open_ends: OpenEnds, texts: list[bytes], cuts: list[int]) -> None:
    """After each arrival all that is whole is read, and the socket shows nothing that is not there."""
    ends = open_ends()
    ciphertext = b"".join(map(ends.say, texts))
    heard = bytearray()
    for chunk in chunked(ciphertext, cuts):
        ends.sock.arrived += chunk
        heard += ends.read_all()
    assert heard == b"".join(texts)


def test_reads_on_until_something_is_whole(open_ends: OpenEnds) -> None:
    """That there is nothing yet is said only when the socket has nothing more: time may rule on that."""
    ends = open_ends()
    ends.sock.most = 7
    ends.sock.arrived += ends.say(b"decision")
    assert ends.tls.recv(READ_BYTES) == b"decision"


# How it ends.


def test_end_behind_a_last_word(open_ends: OpenEnds) -> None:
    """TLS's own end, with TCP still open: the socket shows it, so that a poller calls once more."""
    ends = open_ends()
    word = ends.say(b"last word")
    ends.client_does(ends.client.unwrap)
    ends.sock.arrived[:0] = word
    assert ends.tls.recv(READ_BYTES) == b"last word"
    assert ends.sock.readable
    assert ends.tls.recv(READ_BYTES) == b""
    assert ends.tls.recv(READ_BYTES) == b""


def test_ragged_end(open_ends: OpenEnds) -> None:
    """TCP's end without that of TLS is an end."""
    ends = open_ends()
    ends.sock.arrived += ends.say(b"last word")
    ends.sock.ended = True
    assert ends.tls.recv(READ_BYTES) == b"last word"
    assert ends.tls.recv(READ_BYTES) == b""


def test_end_in_the_handshake(authority: Authority, certificate: Certificate) -> None:
    """Likewise."""
    ends = Ends(certificate, authority.trusting())
    ends.sock.ended = True
    assert ends.tls.recv(READ_BYTES) == b""


def test_text_that_was_changed_on_its_way(open_ends: OpenEnds) -> None:
    """What came before it counts; then it is the connection that is broken, not its peer at fault."""
    ends = open_ends()
    good, bad = ends.say(b"good"), bytearray(ends.say(b"bad"))
    bad[-1] ^= 1
    ends.sock.arrived += good + bad
    assert ends.tls.recv(READ_BYTES) == b"good"
    assert ends.sock.readable
    for _ in range(2):
        with pytest.raises(ConnectionAbortedError, match="its TLS broke: decryption failed or bad record mac"):
            ends.tls.recv(READ_BYTES)


def test_distrust(certificate: Certificate) -> None:
    """A client that does not know the authority says so, and that is what the log has."""
    ends = Ends(certificate, ssl.create_default_context())
    with pytest.raises(BlockingIOError):
        ends.tls.recv(READ_BYTES)
    with pytest.raises(ssl.SSLCertVerificationError):
        ends.client_does(ends.client.do_handshake)
    with pytest.raises(TlsHandshakeError, match="its TLS handshake failed: tlsv1 alert unknown ca"):
        ends.tls.recv(READ_BYTES)


def test_no_common_version(authority: Authority, certificate: Certificate) -> None:
    """TLS before 1.2 is not spoken; the client is told by TLS's own means."""
    context = authority.trusting()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    hello = bytearray(Ends(certificate, context).hello)
    hello[9:11] = b"\3\2"  # the highest version that it speaks: 1.1
    sock = MemorySocket()
    with pytest.raises(TlsHandshakeError, match="its TLS handshake failed: unsupported protocol"):
        TlsSocket(sock, certificate.context, bytes(hello)).recv(READ_BYTES)
    assert sock.left[:1] == b"\x15"  # an alert


def test_nonsense_behind_the_first_byte(certificate: Certificate) -> None:
    """What only looks like TLS."""
    tls = TlsSocket(MemorySocket(), certificate.context, b"\x16 hello")
    with pytest.raises(TlsHandshakeError, match="its TLS handshake failed: wrong version number"):
        tls.recv(READ_BYTES)


# What goes out.


def test_large_text_goes_out(open_ends: OpenEnds) -> None:
    """Whole, and in pieces of several records."""
    ends = open_ends()
    ends.sock.offered.clear()
    assert ends.tls.send(LARGE) == len(LARGE)
    assert len(ends.sock.offered) == len(LARGE) // 65536
    assert not ends.tls.holds_back
    assert ends.hear() == LARGE


@given(rooms=st.lists(st.integers(0, 70000), max_size=50), size=st.integers(1, 300000))
def test_socket_that_is_full(open_ends: OpenEnds, rooms: list[int], size: int) -> None:
    """Nothing counts as sent before all of its ciphertext has left; offered again, it is not encrypted again."""
    ends = open_ends()
    text = LARGE[:size]
    sent = heard = 0
    for room in [*rooms, 1 << 30]:
        ends.sock.room = room
        if sent < size:
            try:
                sent += ends.tls.send(memoryview(text)[sent:])
            except BlockingIOError:
                assert ends.tls.holds_back
        new = ends.hear()
        assert text[heard : heard + len(new)] == new
        heard += len(new)
        assert heard >= sent
    assert (sent, heard) == (size, size)


def test_backlog_is_of_one_piece(open_ends: OpenEnds) -> None:
    """However much there is to send, a full socket has no more of it encrypted."""
    ends = open_ends()
    ends.sock.room = 0
    for _ in range(3):
        with pytest.raises(BlockingIOError):
            ends.tls.send(LARGE)
    assert max(ends.sock.offered) < 70000


def test_nothing_to_send_but_ciphertext(open_ends: OpenEnds) -> None:
    """Sending nothing sends what was held back."""
    ends = open_ends()
    ends.sock.room = 0
    ends.tls.say_end()
    assert ends.tls.holds_back
    with pytest.raises(BlockingIOError):
        ends.tls.send(b"")
    ends.sock.room = 1000
    assert ends.tls.send(b"") == 0
    assert not ends.tls.holds_back
    assert ends.hear() == b""
    assert ends.client.read(1) == b""  # TLS's end, and no more to wait for


def test_peer_that_is_gone(open_ends: OpenEnds) -> None:
    """Sending says so; there is nothing left to send then, and reading goes on to the end."""
    ends = open_ends()
    ends.sock.arrived += ends.say(b"last word")
    ends.sock.gone = True
    with pytest.raises(BrokenPipeError):
        ends.tls.send(b"text")
    assert not ends.tls.holds_back
    assert ends.tls.recv(READ_BYTES) == b"last word"


def test_after_its_own_end(open_ends: OpenEnds) -> None:
    """What comes is read to be thrown away, so it is not decrypted."""
    ends = open_ends()
    ciphertext = ends.say(b"too late")
    ends.tls.say_end()
    ends.tls.shutdown(socket.SHUT_WR)
    assert ends.sock.shut == [socket.SHUT_WR]
    ends.sock.arrived += ciphertext
    assert ends.tls.recv(READ_BYTES) == ciphertext


class Answering:
    """In OpenSSL's place: has an answer of its own to every record, as to a peer that asks for new keys for ever."""

    def __init__(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing

    def do_handshake(self) -> None:
        """Done."""

    def version(self) -> str:
        """Some."""
        return "TLSv1.3"

    def read(self, size: int) -> bytes:
        """No text, and an answer as long as what came."""
        self._outgoing.write(self._incoming.read())
        raise ssl.SSLWantReadError


class AnsweringContext(ssl.SSLContext):
    """Makes it."""

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *arguments: Any, **options: Any) -> Any:
        """Make one."""
        return Answering(incoming, outgoing)


def test_peer_that_asks_and_does_not_read() -> None:
    """What TLS has to say by itself is bounded as well; a poller is called once more to hear of the end."""
    sock = MemorySocket()
    sock.room = 0
    tls = TlsSocket(sock, AnsweringContext(ssl.PROTOCOL_TLS_SERVER), b"\x16")

    def ask_for_ever() -> None:
        while len(sock.offered) < 100:
            sock.arrived += bytes(10000)
            with suppress(BlockingIOError):
                tls.recv(READ_BYTES)

    with pytest.raises(ConnectionAbortedError, match="it does not read what TLS has to say"):
        ask_for_ever()
    assert max(sock.offered) < 150_000
    assert sock.readable
