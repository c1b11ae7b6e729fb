"""What the broker does with sockets: how many writes, which options, and those that are gone when it looks."""

import itertools
import os
import socket
import struct

import pytest
import trio
from trio.testing import MockClock

from bitbroker.broker.listener import NumberedListener
from bitbroker.broker.stream import MessageStream, framings
from bitbroker.errors import Cause
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

from .conftest import OpenShell

TRIGGER = basic.TRIGGER.to_line()
TERMINATION = basic.TERMINATION.to_line()


async def test_what_belongs_together_is_one_write(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Players and first trigger, response and next trigger, both terminations: a packet each, and no pause between."""
    shell = open_shell()
    game, bots = await shell.seat()
    game.say(basic.action(1, b"state"))
    await bots[1].hear()
    bots[1].say(basic.decision(b"answer"))
    await game.hear()
    await bots[0].leave()
    await game.hear_farewell()
    answer = basic.decision(b"answer").to_line()
    assert game.writes == [basic.players(["bot 0", "bot 1"]).to_line() + TRIGGER, answer + TRIGGER, TERMINATION * 2]
    assert await bots[1].hear_farewell() == [basic.TERMINATION]
    assert bots[1].writes == [Message(2, 5, b"state").to_line(), TERMINATION]


async def test_failure_and_trigger_are_one_write(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """So is what a game hears of an answer that failed."""
    shell = open_shell(on_failure="tell-game")
    game, bots = await shell.seat()
    await bots[0].leave()
    game.say(basic.action(0, b"state"))
    await game.hear()
    assert game.writes[1:] == [basic.failure(Cause.DISCONNECTED).to_line() + TRIGGER]
    await game.leave()


async def test_large_request_goes_out_as_the_bot_reads(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """What the socket does not take waits for its turn, and arrives whole and in order."""
    shell = open_shell()
    game, bots = await shell.seat()
    state = bytes(range(256)) * 8000
    await game.say_much(basic.action(0, state))
    assert await bots[0].hear() == Message(2, 5, state)
    assert len(bots[0].writes) > 1
    bots[0].say(basic.decision(b"answer"))
    assert await game.hear() == basic.decision(b"answer")
    await game.leave()


async def accept_from(listener: trio.SocketListener) -> MessageStream:
    """The next connection, as the broker accepts it."""
    numbered = NumberedListener(listener, itertools.count(1), framings(()))
    stream = await numbered.accept()
    await numbered.aclose()
    return stream


async def test_accepted_connections_are_set_up() -> None:
    """Small messages leave at once, dead peers are found, and the log knows who it is."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    client = await trio.open_tcp_stream("127.0.0.1", port)
    stream = await accept_from(listener)
    with socket.socket(fileno=os.dup(stream.fileno())) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert stream.number == 1
    assert stream.peer == f"127.0.0.1:{client.socket.getsockname()[1]}"
    for each in (client, stream, listener):
        await each.aclose()
    assert stream.fileno() == -1


def waiting_to_be_accepted(listener: trio.SocketListener) -> int:
    """How many connections the kernel holds: of a listening socket that is what `tcpi_unacked` tells."""
    info = listener.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    (unacked,) = struct.unpack_from("I", info, 24)
    return int(unacked)


async def test_burst_is_accepted_in_goes() -> None:
    """Newcomers do not wait, each, for all that others have to do; nor do those for all newcomers."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    while waiting_to_be_accepted(listener) < len(clients):
        await trio.lowlevel.checkpoint()
    passes = 0

    async def count_passes() -> None:
        nonlocal passes
        while True:
            await trio.lowlevel.checkpoint()
            passes += 1

    numbered = NumberedListener(listener, itertools.count(1), framings(()))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(count_passes)
        streams = [await numbered.accept() for _ in clients]
        assert 3 <= passes <= 10
        nursery.cancel_scope.cancel()
    assert [stream.number for stream in streams] == list(range(1, 101))
    for stream in streams:
        await stream.aclose()
    for client in clients:
        client.close()
    await numbered.aclose()


async def test_connection_that_is_reset_before_it_is_accepted() -> None:
    """It gets no number, and the next one is accepted."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets
    well = await trio.open_tcp_stream("127.0.0.1", port)
    stream = await accept_from(listener)
    assert stream.number == 1
    assert stream.peer == f"127.0.0.1:{well.socket.getsockname()[1]}"
    for each in (well, stream, listener):
        await each.aclose()


@pytest.mark.parametrize("words", [b"", b"AAI=\n"])
async def test_peer_that_resets(autojump_clock: MockClock, open_shell: OpenShell, words: bytes) -> None:
    """Before or in its handshake: that is the end of its connection, and of nothing else."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    shell = open_shell()
    with socket.create_connection(("127.0.0.1", listener.socket.getsockname()[1])) as client:
        client.send(words)
        stream = await accept_from(listener)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await shell.reception.run_connection(stream)
    await stream.aclose()
    await listener.aclose()
    assert sum(shell.tally.refused.values()) == 1
    await shell.seat()
