"""Our clients and our broker on the extended wire, as processes: framings, losses, spectators, Ctrl-C."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio

from .clients import TURNS
from .conftest import PATIENCE, StartBroker

WIRES = ("auto", "binary", "ws", "basic")


def address(port: int, wire: str) -> str:
    """The broker's, for a client of this wire."""
    return f"ws://127.0.0.1:{port}/play" if wire == "ws" else f"tcp://127.0.0.1:{port}"


def command(*clients: tuple[str, int, str], match: str = "") -> list[str]:
    """The command that runs these clients: role, port and wire of each."""
    arguments = [word for role, port, wire in clients for word in (role, address(port, wire), wire, match)]
    return [sys.executable, "-m", "tests.e2e.clients", *arguments]


async def play(*clients: tuple[str, int, str], match: str = "") -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What game and bots of a match were told, each by itself; they have to end well."""
    with trio.fail_after(PATIENCE):
        done = await trio.run_process(command(*clients, match=match), capture_stdout=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    (game,) = [line for line in lines if line["role"] == "game"]
    return game, [line for line in lines if line["role"] == "bot"]


async def test_every_wire_in_one_match(start_broker: StartBroker) -> None:
    """A game of each wire with bots of all of them: everybody is asked, everybody is right, and knows the end."""
    broker = await start_broker(players=len(WIRES))
    for wire in WIRES:
        game, told = await play(("game", broker.port, wire), *(("bot", broker.port, each) for each in WIRES))
        assert game["right"] == [TURNS] * len(WIRES)
        assert Counter(game["names"]) == Counter(WIRES)
        # The basic wire does not tell bots.
        assert sorted((bot["name"], bot["asked"], bot["cause"]) for bot in told) == [
            (each, TURNS, "completed") for each in ("auto", "binary", "ws")
        ]
        assert [game["names"][bot["seat"]] for bot in told] == [bot["name"] for bot in told]
    assert broker.outcomes() == ["completed"] * len(WIRES)


class Cutter:
    """A TCP proxy that cuts connections: each of the first ones after so many pieces from the broker.

    Attributes:
        port: where it listens.
        cuts: how many connections it has cut.
    """

    def __init__(self, pieces: Sequence[int]) -> None:
        self._pieces = list(pieces)
        self.port = 0
        self.cuts = 0

    async def pass_on(self, client: trio.SocketStream, port: int) -> None:
        """One connection, to its end."""
        pieces = self._pieces.pop(0) if self._pieces else None
        broker = await trio.open_tcp_stream("127.0.0.1", port)
        async with broker, trio.open_nursery() as nursery:
            nursery.start_soon(self._pump, client, broker, None, nursery.cancel_scope)
            nursery.start_soon(self._pump, broker, client, pieces, nursery.cancel_scope)

    async def _pump(
        self, source: trio.SocketStream, target: trio.SocketStream, pieces: int | None, scope: trio.CancelScope
    ) -> None:
        passed = 0
        try:
            async for data in source:
                if passed == pieces:
                    self.cuts += 1
                    break
                await target.send_all(data)
                passed += 1
        except trio.BrokenResourceError:
            pass
        scope.cancel()


@asynccontextmanager
async def cutting(port: int, pieces: Sequence[int]) -> AsyncIterator[Cutter]:
    """Run a cutter in front of the broker."""
    cutter = Cutter(pieces)
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    cutter.port = listener.socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, lambda client: cutter.pass_on(client, port), [listener])
        yield cutter
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("wire", ["auto", "binary", "ws"])
async def test_lost_connections(start_broker: StartBroker, wire: str) -> None:
    """Cut again and again, in mid-match and while they come back, game and bot hold their match all the same."""
    broker = await start_broker("--resume-grace", "60")
    # A piece has one request or result at the most, so that in 15 turns all of these come to pass. The first may be
    # the welcome; with a WebSocket the answer to its upgrade comes before it.
    first = 3 if wire == "ws" else 2
    pieces = [first, 1, first, 0, first + 1, 2]
    async with cutting(broker.port, pieces) as for_game, cutting(broker.port, pieces) as for_bot:
        clients = [("game", for_game.port, wire), ("bot", for_bot.port, wire), ("bot", broker.port, wire)]
        game, told = await play(*clients)
    assert game["right"] == [TURNS, TURNS]
    assert [bot["asked"] for bot in told] == [TURNS, TURNS]  # nobody decides twice
    assert (for_game.cuts, for_bot.cuts) == (len(pieces), len(pieces))
    entry = await broker.wait_logged("match over")
    assert (entry["cause"], entry["turns"]) == ("completed", 2 * TURNS)


async def test_watch(start_broker: StartBroker) -> None:
    """The command sees the whole match, from before its beginning, and ends well."""
    broker = await start_broker()
    watch = [sys.executable, "-m", "bitbroker", "watch", "final", "--port", str(broker.port)]
    async with trio.open_nursery() as nursery:
        watching: trio.Process = await nursery.start(partial(trio.run_process, watch, stdout=subprocess.PIPE))
        await broker.wait_logged("connection opened")
        bots = [("bot", broker.port, "auto")] * 2
        await play(("game", broker.port, "auto"), *bots, match="final")
        assert watching.stdout is not None
        async with watching.stdout as stream:
            text = b"".join([data async for data in stream]).decode()
    lines = text.splitlines()
    assert lines[0] == "match 1: player 0 (auto), player 1 (auto)"
    assert [line for line in lines if line.startswith("turn ")] == [f"turn {turn}" for turn in range(1, TURNS + 1)]
    assert sum("is asked" in line for line in lines) == sum("answered after" in line for line in lines) == 2 * TURNS
    assert lines[-4:] == [
        "over: completed",
        "  player 0 (auto) scored 15",
        "  player 1 (auto) scored 15",
        "  all turns are played",
    ]


async def test_watch_that_nobody_reads(start_broker: StartBroker) -> None:
    """As with `| head`: it ends at the next line, and says nothing about it."""
    broker = await start_broker()
    watch = [sys.executable, "-m", "bitbroker", "watch", "final", "--port", str(broker.port)]
    watching = await trio.lowlevel.open_process(watch, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert watching.stdout is not None
    assert watching.stderr is not None
    await watching.stdout.aclose()
    await broker.wait_logged("connection opened")
    await play(("game", broker.port, "auto"), *[("bot", broker.port, "auto")] * 2, match="final")
    async with watching.stderr as stream:
        words = b"".join([data async for data in stream])
    with trio.fail_after(PATIENCE):
        assert (await watching.wait(), words) == (0, b"")


async def test_watch_what_is_not_there(start_broker: StartBroker) -> None:
    """One line, and exit code 1."""
    broker = await start_broker()
    watch = [sys.executable, "-m", "bitbroker", "watch", "77", "--port", str(broker.port)]
    with trio.fail_after(PATIENCE):
        done = await trio.run_process(watch, capture_stderr=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"bitbroker: the broker refused this client (no-such-match): ")
    assert done.stderr.count(b"\n") == 1


async def test_ctrl_c_in_a_thread(start_broker: StartBroker) -> None:
    """A game that waits in its thread for an answer ends at once, quietly, with the shell's usual code."""
    broker = await start_broker(players=1)
    waiting = [sys.executable, "-m", "tests.e2e.clients", "waiting", address(broker.port, "auto")]
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            run_bot = partial(trio.run_process, command(("bot", broker.port, "auto")), check=False)
            bot: trio.Process = await nursery.start(partial(run_bot, stdout=subprocess.PIPE))
            game = await trio.lowlevel.open_process(waiting, stderr=subprocess.PIPE)
            assert bot.stdout is not None
            assert json.loads(await bot.stdout.receive_some()) == {"role": "bot", "waits": True}
            game.send_signal(signal.SIGINT)
            assert await game.wait() == 130
            assert game.stderr is not None
            async with game.stderr as stream:
                assert b"".join([data async for data in stream]) == b""
            await bot.stdout.aclose()
            bot.kill()
