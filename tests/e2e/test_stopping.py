"""How a broker ends, by signals or after one match, and who is told; and what keeps it from beginning."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
import trio

from .conftest import StartBroker, StartPeer, fetch, fetch_json, play_match
from .steps import END, REQUEST, TERMINATION, TRIGGER, ask, bot, connect, decide, game, seat

DECISION = b"AgBhbnN3ZXI=\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_running_match_goes_on_within_the_grace(
    start_broker: StartBroker, start_peer: StartPeer, number: signal.Signals
) -> None:
    """Told to stop: not ready, nobody new, who waits is told; the match comes to its own end; exit code 0."""
    broker = await start_broker("--grace", "3600")
    bots = bot("bot 0", "hear", decide(b"answer"), "rest"), bot("bot 1", "rest")
    playing, *seated = await seat(broker, start_peer, game("wait", ask(0), "hear", "hear", END, "rest"), *bots)
    waiting = [await connect(broker, start_peer, steps) for steps in (bot("third", "rest"), ["rest"])]
    assert await fetch(f"{broker.url}/readyz") == (200, b"ready\n")
    broker.process.send_signal(number)
    await broker.wait_logged("stopping", matches_running=1)
    assert await waiting[0].hear_all() == [TERMINATION]
    assert await fetch(f"{broker.url}/readyz") == (503, b"stopping\n")
    assert await fetch(f"{broker.url}/healthz") == (200, b"ok\n")
    assert (await fetch_json(f"{broker.url}/"))[1]["status"] == "stopping"
    with pytest.raises(OSError, match="all attempts to connect"):
        await trio.open_tcp_stream("127.0.0.1", broker.port)
    await playing.go_on()
    assert await playing.hear_all() == [DECISION, TRIGGER, TERMINATION]
    assert [await each.hear_all() for each in seated] == [[REQUEST, TERMINATION], [TERMINATION]]
    assert await broker.wait() == 0
    assert broker.outcomes() == ["completed"]


@pytest.mark.parametrize("is_asking", [True, False])
async def test_match_is_ended_when_the_grace_is_over(
    start_broker: StartBroker, start_peer: StartPeer, is_asking: bool
) -> None:
    """By its name, and nobody's fault: the game is told twice, the bots once; exit code 0."""
    broker = await start_broker("--grace", "0.2")
    steps = game(ask(0), "rest") if is_asking else game("rest")
    playing, asked, other = await seat(broker, start_peer, steps, bot("bot 0", "rest"), bot("bot 1", "rest"))
    if is_asking:
        assert await asked.hear() == REQUEST
    assert await broker.stop() == 0
    assert await playing.hear_all() == [TERMINATION, TERMINATION]
    for each in (asked, other):
        assert await each.hear_all() == [TERMINATION]
    (over,) = broker.entries("match over")
    assert (over["cause"], over["at_fault"]) == ("broker-stopping", "nobody")


async def test_who_does_not_listen_does_not_hold_it(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """A game that never reads, a bot that never closes, one in mid-handshake: they are cut, and the log says so."""
    broker = await start_broker("--close-timeout", "60")
    bots = bot("bot 0", "stall"), bot("bot 1", "hear", "stall")
    await seat(broker, start_peer, game("stall"), *bots)
    await connect(broker, start_peer, ["raw:AAI", "stall"])
    assert await broker.stop() == 0
    assert broker.entries("stopped")[0]["connections_cut"] == 4


@pytest.mark.parametrize(("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_second_signal_ends_it_now(
    start_broker: StartBroker, start_peer: StartPeer, second: signal.Signals, code: int
) -> None:
    """In the midst of a match and of its grace, with the exit code of that signal and no traceback."""
    broker = await start_broker("--grace", "3600")
    await seat(broker, start_peer, game("rest"), bot("bot 0", "rest"), bot("bot 1", "rest"))
    broker.process.terminate()
    await broker.wait_logged("stopping")
    broker.process.send_signal(second)
    assert await broker.wait() == code
    assert broker.words == []


# One match.


async def test_once_and_completed(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """The first match is the only one; who waits for another is told; exit code 0."""
    broker = await start_broker("--once")
    bots = bot("bot 0", "rest"), bot("bot 1", "rest")
    playing, *_ = await seat(broker, start_peer, game("wait", END, "rest"), *bots)
    clients = (bot("third", "rest"), bot("fourth", "rest"), ["say:AAE=", "rest"])
    others = [await connect(broker, start_peer, steps) for steps in clients]
    await playing.go_on()
    assert await playing.hear_all() == [TERMINATION]
    for other in others:
        assert await other.hear_all() == [TERMINATION]
    assert await broker.wait() == 0
    assert broker.outcomes() == ["completed"]


async def test_once_and_not_completed(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """Exit code 3."""
    broker = await start_broker("--once")
    await seat(broker, start_peer, game(ask(0), "rest"), bot("bot 0", "hear", "die"), bot("bot 1", "rest"))
    assert await broker.wait() == 3
    assert broker.outcomes() == ["disconnected"]


async def test_once_and_no_match(start_broker: StartBroker) -> None:
    """Stopped before it had one: it was not completed either."""
    broker = await start_broker("--once")
    assert await broker.stop() == 3


# Not beginning at all.


async def test_address_that_is_taken(start_broker: StartBroker) -> None:
    """One line that says which, why, and which flags name it; exit code 2. The other broker does not notice."""
    broker = await start_broker()
    http_port = int(broker.url.rpartition(":")[2])
    for flag, port, flags in (
        ("--port", broker.port, "--host, --port"),
        ("--http-port", http_port, "--http-host, --http-port"),
    ):
        other = await start_broker(flag, str(port), listens=False)
        assert await other.wait() == 2
        reason = f"cannot listen on 127.0.0.1 port {port}: Address already in use; choose another with {flags}"
        assert (other.words, other.log) == ([f"bitbroker: {reason}"], [])
    await play_match(broker.port)


async def test_setting_that_is_missing() -> None:
    """One line, exit code 2, no traceback: as a user sees it who has set nothing."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BROKER_")}
    command = [sys.executable, "-m", "bitbroker", "serve"]
    done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False, env=environ)
    assert (done.returncode, done.stdout) == (2, b"")
    line = b"bitbroker: BROKER_NUM_PLAYERS (--players) is not set: it must be a whole number from 1 to 255\n"
    assert done.stderr == line


# What is left behind.


async def test_results_file(start_broker: StartBroker, tmp_path: Path) -> None:
    """A line of JSON for each match that is over, behind what was there."""
    results = tmp_path / "results.jsonl"
    results.write_text("{}\n")
    broker = await start_broker("--results", str(results))
    for _ in range(2):
        await play_match(broker.port)
    assert await broker.stop() == 0
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert [line.get("match") for line in lines] == [None, 1, 2]
    assert [line.get("cause") for line in lines] == [None, "completed", "completed"]


async def test_results_file_that_cannot_be_written(start_broker: StartBroker, tmp_path: Path) -> None:
    """At the start: one line, exit code 2. On a full disk: an error for each result, and play goes on."""
    broker = await start_broker("--results", str(tmp_path), listens=False)
    assert await broker.wait() == 2
    reason = "it cannot be written: Is a directory; name another file"
    assert broker.words == [f"bitbroker: BROKER_RESULTS (--results) is '{tmp_path}': {reason}"]
    broker = await start_broker("--results", "/dev/full", errors=["a result could not be written"])
    for _ in range(2):
        await play_match(broker.port)
    assert await broker.stop() == 0
    reasons = [entry["reason"] for entry in broker.entries("a result could not be written")]
    assert len(reasons) == 2
    assert all("No space left on device" in reason for reason in reasons)
