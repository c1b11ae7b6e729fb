"""Limits of connections: who is refused or waits, and that who plays goes on."""

import resource
from pathlib import Path

import trio

from bitbroker.wire.messages import Message

from .conftest import PATIENCE, BrokerProcess, StartBroker, StartPeer, fetch, play_match
from .steps import END, TERMINATION, TRIGGER, ask, bot, connect, decide, game, seat


def leave_descriptors(broker: BrokerProcess, count: int) -> None:
    """Let the broker open so many more, and no more."""
    pid = broker.process.pid
    most = 1 + max(int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()) + count
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))


async def test_no_descriptor_is_left(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """Accepting pauses; the match that is played goes on; who waits outside plays when somebody has left."""
    broker = await start_broker()
    steps = bot("bot 0", "hear", decide(b"answer"), "rest"), bot("bot 1", "rest")
    playing, *_ = await seat(broker, start_peer, game("wait", ask(0), "hear", "hear", END, "rest"), *steps)
    leave_descriptors(broker, 2)
    idle = [await connect(broker, start_peer, ["wait"]) for _ in range(2)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(play_match, broker.port)
        await broker.wait_logged("accepting pauses", reason="Too many open files")
        await playing.go_on()
        assert await playing.hear_all() == [Message(2, 0, b"answer").to_line(), TRIGGER, TERMINATION]
        await broker.wait_logged("match over", match=1, cause="completed")
        for peer in idle:
            await peer.go_on()
    ended = await broker.wait_logged("accepting goes on")
    assert ended["failures"] <= 1 + 10 * ended["seconds"], "tried ten times a second at the most"
    assert len(broker.entries("accepting pauses")) == 1
    assert broker.outcomes() == ["completed", "completed"]


async def test_one_address_cannot_have_all_connections(start_broker: StartBroker) -> None:
    """What is too much from one is refused; players at another address have their match."""
    broker = await start_broker("--max-connections-per-address", "5")
    crowd = [await trio.open_tcp_stream("127.0.0.1", broker.port, local_address="127.0.0.2") for _ in range(7)]
    with trio.fail_after(PATIENCE):
        while len(broker.entries("connection over", ending="too-many-from-address")) < 2:
            await fetch(broker.url)  # which of those that came at once are refused is chance
    await play_match(broker.port)
    assert len(broker.entries("connection over", ending="too-many-from-address")) == 2
    for stream in crowd:
        await stream.aclose()


async def test_who_comes_too_fast_waits(start_broker: StartBroker) -> None:
    """Nobody of a burst is lost: each has its connection in the end, one after the other."""
    broker = await start_broker("--max-handshakes-per-second", "20")
    crowd = [await trio.open_tcp_stream("127.0.0.1", broker.port) for _ in range(40)]
    await broker.wait_logged("connection opened", connection=40)
    for stream in crowd:
        await stream.aclose()
    await play_match(broker.port)
    assert {entry["ending"] for entry in broker.entries("connection over")} == {"left-in-handshake", "match-over"}
