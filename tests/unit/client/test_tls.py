"""A client's TLS, over memory streams: whom it trusts, what it says where it cannot, and when it tries again."""

import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from bitbroker.client import BaseBot, BrokerUnreachableError, ConnectionLostError, RemoteProtocolError, TlsError
from bitbroker.client.address import find_address
from bitbroker.client.connection import Connection
from bitbroker.client.tls import choose_context
from bitbroker.wire import extended
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from tests.authority import Authority, Files

from .scripted import decision, outcome, request, start, welcome

Accept = Callable[[trio.abc.Stream], Awaitable[None]]


class Echo(BaseBot):
    """Answers with what it is asked."""

    def decide_move(self, state: bytes) -> bytes:
        """The state."""
        return state


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The test's own; the environment names none."""
    monkeypatch.delenv("BROKER_CA_FILE", raising=False)
    return Authority(tmp_path)


def serving(files: Files) -> ssl.SSLContext:
    """What a broker has."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.cert, files.key)
    return context


class Network:
    """Every address leads to the test.

    Attributes:
        attempts: how often somebody connected.
    """

    def __init__(self, nursery: trio.Nursery, accept: Accept) -> None:
        self.attempts = 0
        self._nursery = nursery
        self._accept = accept

    async def open_tcp_stream(self, host: str, port: int) -> trio.abc.Stream:
        """Take the place of Trio's own."""
        self.attempts += 1
        await trio.lowlevel.checkpoint()
        near, far = memory_stream_pair()
        self._nursery.start_soon(self._accept, far)
        return near


async def run_bot(
    monkeypatch: pytest.MonkeyPatch, accept: Accept, address: str, ca_file: Path | None = None, patience: float = 0.0
) -> int:
    """Run a bot whose broker is `accept`; how often it connected. What it raises arrives bare."""
    async with trio.open_nursery() as nursery:
        network = Network(nursery, accept)
        monkeypatch.setattr(trio, "open_tcp_stream", network.open_tcp_stream)
        try:
            await Echo().arun(address, ca_file=ca_file, connect_timeout=patience)
        except (BrokerUnreachableError, ConnectionLostError, RemoteProtocolError, TlsError) as error:
            failure = error
        else:
            return network.attempts
    raise failure


async def play(context: ssl.SSLContext, stream: trio.abc.Stream, *, cut: bool = False) -> None:
    """A broker's side of a short match, over TLS; with `cut` the connection is lost before the request."""
    encrypted = trio.SSLStream(stream, context, server_side=True)
    framing = LineFraming(1 << 20)

    async def hear() -> Message:
        while (message := framing.next_message()) is None:
            framing.feed(await encrypted.receive_some())
        return message

    assert extended.code(await hear()) == extended.BOT_HELLO
    await encrypted.send_all(framing.encode((welcome(), start(0))))
    if cut:
        await trio.aclose_forcefully(stream)
        return
    await encrypted.send_all(framing.encode((request(1, b"a"),)))
    while (message := await hear()) != decision(1, b"a"):
        assert extended.code(message) == extended.BOT_INFO
    await encrypted.send_all(framing.encode((outcome(),)))
    await encrypted.aclose()


async def test_match(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """With its authority named the broker is trusted."""
    accept = partial(play, serving(authority.issue("broker")))
    assert await run_bot(monkeypatch, accept, "tls://broker", authority.ca_file) == 1


async def test_environment(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """BROKER_CA_FILE names it as well."""
    monkeypatch.setenv("BROKER_CA_FILE", str(authority.ca_file))
    accept = partial(play, serving(authority.issue("broker")))
    assert await run_bot(monkeypatch, accept, "tls://broker") == 1


async def test_return(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """A lost connection is made anew by TLS, and the match goes on."""
    context = serving(authority.issue("broker"))
    cuts = iter((True, False))

    async def accept(stream: trio.abc.Stream) -> None:
        await play(context, stream, cut=next(cuts))

    assert await run_bot(monkeypatch, accept, "tls://broker", authority.ca_file) == 2


async def shake_hands(context: ssl.SSLContext, stream: trio.abc.Stream) -> None:
    """A broker whose client may leave in the handshake."""
    with pytest.raises(trio.BrokenResourceError):
        await trio.SSLStream(stream, context, server_side=True).receive_some()


async def test_unknown_authority(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    """The system's authorities do not know it; it is not tried again, and what to do is said."""
    accept = partial(shake_hands, serving(authority.issue("broker")))
    with pytest.raises(TlsError) as caught:
        await run_bot(monkeypatch, accept, "tls://broker", patience=30)
    assert str(caught.value) == (
        "the broker at broker port 9000 cannot be trusted: unable to get local issuer certificate; "
        "if its certificate is of an authority of your own, name that one's with ca_file, or BROKER_CA_FILE"
    )
    assert trio.current_time() < 1


@pytest.mark.parametrize("host", ["broker", "127.0.0.1"])
async def test_another_name(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority, host: str
) -> None:
    """A certificate of a trusted authority, for somebody else."""
    accept = partial(shake_hands, serving(authority.issue("other")))
    with pytest.raises(TlsError) as caught:
        await run_bot(monkeypatch, accept, f"tls://{host}", authority.ca_file)
    assert f"the broker at {host} port 9000 cannot be trusted: " in str(caught.value)
    assert f"; connect by a name in its certificate, or have it get one for {host}" in str(caught.value)


async def test_certificate_that_has_run_out(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    """That is for the broker's side to mend."""
    accept = partial(shake_hands, serving(authority.issue("broker", expired=True)))
    with pytest.raises(TlsError, match="certificate has expired; whoever runs it must renew its certificate"):
        await run_bot(monkeypatch, accept, "tls://broker", authority.ca_file)


async def test_plain_answer(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """Somebody who speaks, and not TLS."""

    async def accept(stream: trio.abc.Stream) -> None:
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with pytest.raises(TlsError) as caught:
        await run_bot(monkeypatch, accept, "tls://broker", authority.ca_file, patience=30)
    assert str(caught.value) == (
        "TLS with the broker at broker port 9000 failed: wrong version number; "
        "if it speaks no TLS, its address is tcp:// or ws://"
    )


async def test_broker_without_a_certificate(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    """It hangs up; which it may also do where it is about to start, so it is tried again."""

    async def accept(stream: trio.abc.Stream) -> None:
        assert await stream.receive_some()
        await stream.aclose()

    with pytest.raises(BrokerUnreachableError) as caught:
        await run_bot(monkeypatch, accept, "tls://broker", authority.ca_file, patience=5)
    assert "it ended the connection in the TLS handshake; has it a certificate (--tls-cert)?" in str(caught.value)
    assert trio.current_time() > 4


async def test_silence(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """Somebody who accepts and says nothing is no broker that answers."""

    async def accept(stream: trio.abc.Stream) -> None:
        while await stream.receive_some():
            pass

    with pytest.raises(BrokerUnreachableError, match="no answer"):
        await run_bot(monkeypatch, accept, "tls://broker", authority.ca_file, patience=5)


async def test_tls_at_a_plain_address(autojump_clock: MockClock) -> None:
    """What stands in front of a broker and speaks TLS answers with an alert."""
    near, far = memory_stream_pair()
    await far.send_all(b"\x15\x03\x01\x00\x02\x02\x46")
    with pytest.raises(RemoteProtocolError) as caught:
        await Connection(near).receive()
    assert str(caught.value) == "the broker speaks TLS only: its address begins with tls:// or wss://"


# Whom to trust.


def test_no_tls() -> None:
    """A plain address needs nobody's word; to say whose to take is a mistake."""
    plain = find_address("tcp://broker")
    assert choose_context(plain, None, None) is None
    with pytest.raises(ValueError, match="ca_file is for TLS: leave it out, or give a tls:// or wss:// address"):
        choose_context(plain, "ca.pem", None)
    with pytest.raises(ValueError, match="ssl_context is for TLS"):
        choose_context(plain, None, ssl.create_default_context())


def test_context_of_ones_own() -> None:
    """It says all; a file beside it would say less."""
    address, context = find_address("tls://broker"), ssl.create_default_context()
    assert choose_context(address, None, context) is context
    with pytest.raises(ValueError, match="both say whom to trust"):
        choose_context(address, "ca.pem", context)


def test_the_system() -> None:
    """Names are looked at, by default."""
    context = choose_context(find_address("wss://broker"), None, None)
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said where the file was named, and what is wrong with it."""
    address, empty = find_address("tls://broker"), tmp_path / "empty"
    empty.touch()
    with pytest.raises(ValueError, match=r"ca_file is '.*empty': it holds no certificate in PEM"):
        choose_context(address, empty, None)
    monkeypatch.setenv("BROKER_CA_FILE", "gone")
    with pytest.raises(ValueError, match="BROKER_CA_FILE is 'gone': it cannot be read: No such file or directory"):
        choose_context(address, None, None)
