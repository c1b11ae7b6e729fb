"""The health API and the health command against a real broker, also one that is blocked, and clients that dawdle."""

import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator

import pytest
import trio

from tests.authority import Authority

from .conftest import PATIENCE, BrokerProcess, StartBroker, StartPeer, fetch, fetch_json, play_match
from .steps import bot, game, seat


async def ask_health(broker: BrokerProcess) -> tuple[int, bytes, bytes]:
    """The health command; exit code, standard output and standard error."""
    port = broker.url.rpartition(":")[2]
    command = [sys.executable, "-m", "bitbroker", "health", "--port", port]
    with trio.fail_after(PATIENCE):
        done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    return done.returncode, done.stdout, done.stderr


async def test_health_command_follows_the_broker(start_broker: StartBroker) -> None:
    """Well; blocked, so that nobody answers; well again; gone. One line each time."""
    broker = await start_broker()
    assert await ask_health(broker) == (0, b"ok\n", b"")
    broker.process.send_signal(signal.SIGSTOP)
    try:
        code, out, err = await ask_health(broker)
    finally:
        broker.process.send_signal(signal.SIGCONT)
    assert (code, out, err.count(b"\n")) == (1, b"", 1)
    assert re.match(rb"bitbroker: no health API answers at 127\.0\.0\.1 port \d+: timed out; is a broker ", err)
    with trio.fail_after(PATIENCE):
        while await ask_health(broker) != (0, b"ok\n", b""):
            pass  # until the broker has seen that it runs again
    assert await broker.stop() == 0
    code, _, err = await ask_health(broker)
    assert code == 1
    assert b"Connection refused" in err


async def test_metrics_count_what_was_played(start_broker: StartBroker) -> None:
    """Matches by cause, turns with their time, connections; and the status says the same."""
    broker = await start_broker()
    for _ in range(2):
        await play_match(broker.port, rounds=5)
    await (await trio.open_tcp_stream("127.0.0.1", broker.port)).aclose()
    await broker.wait_logged("connection over", ending="left-in-handshake")
    status, body = await fetch(f"{broker.url}/metrics")
    assert status == 200
    lines = body.decode().splitlines()
    for line in (
        'bitbroker_matches_total{cause="completed"} 2.0',
        'bitbroker_matches_total{cause="time-limit"} 0.0',
        "bitbroker_turns_total 20.0",
        "bitbroker_turn_seconds_count 20.0",
        "bitbroker_connections_total 7.0",
        'bitbroker_connections_refused_total{reason="left-in-handshake"} 1.0',
        "bitbroker_matches_running 0.0",
        "bitbroker_ready 1.0",
    ):
        assert line in lines
    _, status_body = await fetch_json(f"{broker.url}/")
    assert (status_body["turns"], status_body["matches"]["finished"]) == (20, {"completed": 2})


@pytest.fixture
async def dawdlers() -> AsyncIterator[list[trio.abc.Stream]]:
    """HTTP connections that the test leaves open to its end, and that are closed after it."""
    streams: list[trio.abc.Stream] = []
    yield streams
    for stream in streams:
        await trio.aclose_forcefully(stream)


async def open_http(broker: BrokerProcess, request: bytes) -> trio.abc.Stream:
    """A connection to the health API on which this was said."""
    stream: trio.abc.Stream = await trio.open_tcp_stream("127.0.0.1", int(broker.url.rpartition(":")[2]))
    if broker.url.startswith("https:"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        stream = trio.SSLStream(stream, context, https_compatible=True)
    if request:
        await stream.send_all(request)
    return stream


REQUEST = b"GET /metrics HTTP/1.1\r\nhost: here\r\n\r\n"


async def fill(stream: trio.abc.Stream) -> None:
    """Ask and ask without reading an answer, until the broker takes no more questions."""
    with trio.move_on_after(PATIENCE) as scope:
        while True:
            with trio.move_on_after(0.5) as pause:
                await stream.send_all(REQUEST * 100)
            if pause.cancelled_caught:
                return
    assert not scope.cancelled_caught


async def dawdle(broker: BrokerProcess, dawdlers: list[trio.abc.Stream]) -> None:
    """Silent, in the middle of a request, idle with an answer, and one that asks and never reads; all stay."""
    half = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\nbo"
    dawdlers += [await open_http(broker, request) for request in (b"", b"GET / HT", half, REQUEST, REQUEST)]
    assert (await dawdlers[-2].receive_some()).startswith(b"HTTP/1.1 200")
    await fill(dawdlers[-1])


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_slow_http_clients_delay_neither_match_nor_stop(
    start_broker: StartBroker, authority: Authority, dawdlers: list[trio.abc.Stream], scheme: str
) -> None:
    """The broker plays, answers others, and stops, as if they were not there."""
    broker = await start_broker(*(authority.issue().flags if scheme == "https" else ()))
    assert broker.url.startswith(f"{scheme}:")
    await dawdle(broker, dawdlers)
    await play_match(broker.port, rounds=20)
    assert await fetch(f"{broker.url}/readyz", authority.trusting()) == (200, b"ready\n")
    assert await broker.stop() == 0
    assert broker.outcomes() == ["completed"]
    assert broker.entries("stopped")


async def test_slow_http_clients_do_not_delay_a_second_signal(
    start_broker: StartBroker, start_peer: StartPeer, dawdlers: list[trio.abc.Stream]
) -> None:
    """Nor do they hold a broker that is to end now."""
    broker = await start_broker("--grace", "3600", players=1)
    await dawdle(broker, dawdlers)
    await seat(broker, start_peer, game("rest"), bot("bot 0", "rest"))
    broker.process.terminate()
    await broker.wait_logged("stopping")
    broker.process.terminate()
    assert await broker.wait() == 143
