"""TLS with real processes: both ports, each framing, OpenSSL's own client, a new certificate, and none."""

import os
import shutil
import signal
import socket
import sys

import pytest
import trio

from bitbroker.client import RefusedError, TlsError
from bitbroker.client.connection import Wire
from bitbroker.wire import basic
from tests.authority import Authority

from .conftest import PATIENCE, BrokerProcess, Echo, Peer, StartBroker, StartPeer, fetch, play_match


def certificate_of(port: int, authority: Authority) -> bytes:
    """The certificate that is served at this port, in DER."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain,
        authority.trusting().wrap_socket(plain, server_hostname="127.0.0.1") as encrypted,
    ):
        served = encrypted.getpeercert(binary_form=True)
    assert served is not None
    return served


@pytest.mark.parametrize("reading", ["poller", "task"])
@pytest.mark.parametrize(
    ("scheme", "wire"), [("tls", "auto"), ("tls", "basic"), ("tls", "binary"), ("wss", "auto"), ("wss", "basic")]
)
async def test_matches(start_broker: StartBroker, authority: Authority, scheme: str, wire: Wire, reading: str) -> None:
    """By each framing and wire, whoever reads; the log says by which TLS."""
    broker = await start_broker(*authority.issue().flags, "--reading", reading)
    for host in ("127.0.0.1", "localhost"):
        await play_match(broker.port, host=f"{scheme}://{host}", wire=wire, ca_file=authority.ca_file)
    assert broker.outcomes() == ["completed", "completed"]
    await broker.stop()
    assert {entry["tls"] for entry in broker.entries("connection over")} == {"TLSv1.3"}


async def test_plain_beside_tls(start_broker: StartBroker, authority: Authority) -> None:
    """One port for both."""
    broker = await start_broker(*authority.issue().flags)
    await play_match(broker.port)
    await play_match(broker.port, host="tls://127.0.0.1", ca_file=authority.ca_file)
    await play_match(broker.port, host="ws://127.0.0.1")
    assert broker.outcomes() == ["completed"] * 3
    assert broker.entries("listening")[0]["tls"] == "yes"


async def test_tls_only(start_broker: StartBroker, authority: Authority) -> None:
    """Who connects plainly is told what to do."""
    broker = await start_broker(*authority.issue().flags, "--tls-only")
    with pytest.raises(RefusedError, match=r"\(tls-required\): this broker speaks TLS only: connect to tls:// or wss"):
        await Echo().arun("127.0.0.1", broker.port)
    await broker.wait_logged("connection over", ending="tls-required")
    await play_match(broker.port, host="tls://127.0.0.1", ca_file=authority.ca_file)
    assert broker.entries("listening")[0]["tls"] == "only"


async def test_client_that_does_not_trust(start_broker: StartBroker, authority: Authority) -> None:
    """It learns why; the broker's log has that it left, and matches go on."""
    broker = await start_broker(*authority.issue().flags)
    with pytest.raises(TlsError, match="unable to get local issuer certificate; if its certificate is of an authority"):
        await Echo().arun("tls://127.0.0.1", broker.port)
    await broker.wait_logged("connection over", ending="left-in-handshake")
    await play_match(broker.port, host="tls://127.0.0.1", ca_file=authority.ca_file)


async def test_broker_without_a_certificate(start_broker: StartBroker) -> None:
    """The log says what is missing; a client gets the same end as any other stranger."""
    broker = await start_broker()
    stream = await trio.open_tcp_stream("127.0.0.1", broker.port)
    await stream.send_all(b"\x16\x03\x01\x02\x00")
    assert await stream.receive_some() == b""
    await stream.aclose()
    entry = await broker.wait_logged("connection over", ending="not-this-protocol")
    assert entry["detail"].endswith("that is TLS, and this broker has no certificate (--tls-cert)")


# OpenSSL's client.


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
async def test_openssl(start_broker: StartBroker, authority: Authority, start_process: StartPeer, version: str) -> None:
    """A bot of a shell script: lines through `openssl s_client`, from its hello to the last word.

    In mid-match it asks for new keys, which TLS 1.3 has.
    """
    openssl = shutil.which("openssl")
    assert openssl, "openssl is missing: on Debian, apt-get install openssl"
    broker = await start_broker(*authority.issue().flags, players=1)
    connect = ["-connect", f"127.0.0.1:{broker.port}", "-verify_ip", "127.0.0.1", "-CAfile", str(authority.ca_file)]
    flag = version.lower().replace("v", "").replace(".", "_")
    command = [openssl, "s_client", f"-{flag}", *connect, "-verify_return_error"]
    bot = await start_process("sh", "-c", 'exec "$@" 2>&1', "sh", *command)
    assert bot.process.stdin is not None
    await bot.process.stdin.send_all(basic.BOT_HELLO.to_line() + basic.bot_info("shell").to_line())
    await broker.wait_logged("connection opened")
    game = await trio.open_tcp_stream("127.0.0.1", broker.port)
    await game.send_all(basic.GAME_HELLO.to_line())
    await broker.wait_logged("match began")
    await game.send_all(basic.action(0, b"state").to_line())
    await hear_line(bot, b"AgVzdGF0ZQ==\n")
    if version == "TLSv1.3":
        await bot.process.stdin.send_all(b"K\n")
        await hear_line(bot, b"KEYUPDATE\n")
    answer = basic.decision(b"answer").to_line()
    await bot.process.stdin.send_all(answer)
    heard = b""
    while answer + basic.TRIGGER.to_line() not in heard:
        heard += await game.receive_some()
    await game.send_all(basic.END.to_line())
    await hear_line(bot, basic.TERMINATION.to_line())
    await bot.hear_all()  # it closes when TLS says that this was all
    await game.aclose()
    entry = await broker.wait_logged("connection over", name="shell")
    assert entry["tls"] == version
    assert broker.outcomes() == ["completed"]


async def hear_line(peer: Peer, line: bytes) -> None:
    """Pass over what it has to say of the connection, up to this line."""
    while (heard := await peer.hear()) != line:
        assert heard, f"it ended, and never wrote {line!r}"


# A new certificate.


async def test_renewal(start_broker: StartBroker, authority: Authority) -> None:
    """SIGHUP: those who connect see the new one on both ports, those who are there notice nothing."""
    files, new = authority.issue(), authority.issue()
    broker = await start_broker(*files.flags, errors=["the certificate stays as it was"])
    ports = [broker.port, int(broker.url.rpartition(":")[2])]

    async def served() -> set[bytes]:
        return {await trio.to_thread.run_sync(certificate_of, port, authority) for port in ports}

    old = await served()
    assert len(old) == 1
    shutil.copy(new.cert, files.cert)
    broker.process.send_signal(signal.SIGHUP)
    entry = await broker.wait_logged("the certificate stays as it was")
    assert "it is not the key of" in entry["reason"]
    assert await served() == old
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Waiting.play, broker, authority)
        await broker.wait_logged("connection opened", connection=3)
        shutil.copy(new.key, files.key)
        broker.process.send_signal(signal.SIGHUP)
        await broker.wait_logged("certificate read again")
        renewed = await served()
        assert len(renewed | old) == 2
        await play_match(broker.port, players=1, host="tls://127.0.0.1", ca_file=authority.ca_file)
    assert broker.outcomes() == ["completed"]


class Waiting:
    """A bot that was there before the new certificate came."""

    @staticmethod
    async def play(broker: BrokerProcess, authority: Authority) -> None:
        """Wait for the match, and play it."""
        await Echo().arun("tls://127.0.0.1", broker.port, ca_file=authority.ca_file)


async def test_hangup_without_a_certificate(start_broker: StartBroker) -> None:
    """There is nothing to read again, so it ends with its terminal, as ever."""
    broker = await start_broker()
    broker.process.send_signal(signal.SIGHUP)
    assert await broker.wait() == -signal.SIGHUP


# HTTPS.


async def ask_health(*flags: str, **environment: str) -> tuple[int, bytes, bytes]:
    """The light health command, or the other one if it has flags; exit code, standard output and error."""
    command = ["bitbroker", "health", *flags] if flags else ["bitbroker.health"]
    with trio.fail_after(PATIENCE):
        done = await trio.run_process(
            [sys.executable, "-m", *command],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            env={**os.environ, **environment},
        )
    return done.returncode, done.stdout, done.stderr


async def test_https(start_broker: StartBroker, authority: Authority) -> None:
    """The health API speaks it with the same certificate; probes on this machine need not know whom to trust."""
    files = authority.issue("broker.example", expired=True)
    broker = await start_broker(*files.flags)
    assert broker.url.startswith("https:")
    port = broker.url.rpartition(":")[2]
    assert await ask_health(BROKER_HTTP_PORT=port, BROKER_TLS_CERT=str(files.cert)) == (0, b"ok\n", b"")
    assert await ask_health("--port", port, "--tls") == (0, b"ok\n", b"")
    code, _, error = await ask_health("--port", port)
    assert code == 1
    assert error.count(b"\n") == 1


async def test_https_is_to_be_trusted(start_broker: StartBroker, authority: Authority) -> None:
    """By who knows the authority; and all paths are there."""
    broker = await start_broker(*authority.issue().flags)
    for path in ("/", "/healthz", "/metrics"):
        status, body = await fetch(broker.url + path, authority.trusting())
        assert (status, bool(body)) == (200, True)


async def test_https_asked_for_elsewhere(authority: Authority) -> None:
    """By a name that may lead to another machine the health command wants to trust the answer."""
    code, out, error = await ask_health("--host", "0.0.0.0", "--port", "9", "--tls", BROKER_CA_FILE="gone")
    assert (code, out) == (1, b"")
    assert error == (
        b"bitbroker: BROKER_CA_FILE cannot be used: No such file or directory; name a file with certificates in PEM\n"
    )


async def test_plain_http_beside_tls(start_broker: StartBroker, authority: Authority) -> None:
    """Where it is wanted."""
    files = authority.issue()
    broker = await start_broker(*files.flags, "--http-plain")
    assert broker.url.startswith("http:")
    assert await fetch(f"{broker.url}/healthz") == (200, b"ok\n")
    port = broker.url.rpartition(":")[2]
    environment = {"BROKER_HTTP_PORT": port, "BROKER_TLS_CERT": str(files.cert), "BROKER_HTTP_PLAIN": "yes"}
    assert await ask_health(**environment) == (0, b"ok\n", b"")


async def test_stopping_with_idle_https_clients(start_broker: StartBroker, authority: Authority) -> None:
    """Neither one in mid-handshake nor one that keeps its connection holds the broker's end."""
    broker = await start_broker(*authority.issue().flags)
    port = int(broker.url.rpartition(":")[2])
    halfway = await trio.open_tcp_stream("127.0.0.1", port)
    await halfway.send_all(b"\x16\x03\x01")
    keeping = await trio.open_ssl_over_tcp_stream(
        "127.0.0.1", port, ssl_context=authority.trusting(), https_compatible=True
    )
    await keeping.send_all(b"GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n")
    assert (await keeping.receive_some()).startswith(b"HTTP/1.1 200")
    assert await broker.stop() == 0
    await halfway.aclose()
    await keeping.aclose()


# Files that are none.


async def test_no_certificate(start_broker: StartBroker, authority: Authority) -> None:
    """One line that says what to do, and exit code 2; nothing listens then."""
    files = authority.issue()
    broker = await start_broker("--tls-cert", str(files.cert), listens=False)
    assert await broker.wait() == 2
    assert broker.words == [
        f"bitbroker: BROKER_TLS_KEY (--tls-key) is not set: name the file with the key of {files.cert}"
    ]
    assert broker.log == []
