"""What connections can cost a broker at the worst, in a process of its own: all that each may fill is filled."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from bitbroker.errors import Cause
from bitbroker.settings import MIB
from bitbroker.wire import basic
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming
from bitbroker.wire.websocket import ClientWebSocketFraming

from .conftest import PATIENCE, BrokerProcess, StartBroker, fetch

BOTS = 3
LARGEST = 8 * MIB
STATED = 33.6
"""MiB for each connection, as `MessageStream` and docs/operations.md say."""

FRAMINGS: list[Callable[[], Framing]] = [
    lambda: LineFraming(2 * LARGEST),
    lambda: PrefixedFraming(2 * LARGEST),
    lambda: ClientWebSocketFraming(2 * LARGEST, "test", "/"),
]


class Filler:
    """A client that sends the largest messages, in pieces as it likes, and reads only when it must."""

    def __init__(self, stream: trio.SocketStream, framing: Framing) -> None:
        self._stream = stream
        self._framing = framing

    @classmethod
    async def connect(cls, port: int, framing: Framing) -> "Filler":
        """Connect, and do what the framing wants before all else."""
        filler = cls(await trio.open_tcp_stream("127.0.0.1", port), framing)
        if upgrade := framing.take_replies():
            await filler.send(upgrade)
            framing.feed(await filler._stream.receive_some())
            assert framing.next_message() is None
        return filler

    def encode(self, message: Message) -> bytes:
        """As the framing writes it."""
        return self._framing.encode([message])

    async def send(self, data: bytes) -> None:
        """Send it all."""
        await self._stream.send_all(data)

    async def hear(self) -> Message:
        """The next message."""
        while (message := self._framing.next_message()) is None:
            data = await self._stream.receive_some(65536)
            assert data
            self._framing.feed(data)
        return message

    async def close(self) -> None:
        """Close."""
        await self._stream.aclose()


def memory(broker: BrokerProcess, field: str) -> float:
    """`VmRSS` or `VmHWM`, the most that it ever was, in MiB."""
    status = Path(f"/proc/{broker.process.pid}/status").read_text()
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


@pytest.mark.parametrize("make_framing", FRAMINGS, ids=["lines", "prefixed", "websocket"])
async def test_worst_memory_of_connections(start_broker: StartBroker, make_framing: Callable[[], Framing]) -> None:
    """Largest requests that nobody reads, and beside each a largest answer that lacks its end; then that too."""
    broker = await start_broker("--on-failure", "tell-game", "--time-limit", "0.3", players=BOTS)
    with trio.fail_after(PATIENCE):
        bots = [await Filler.connect(broker.port, make_framing()) for _ in range(BOTS)]
        for bot in bots:
            await bot.send(bot.encode(basic.BOT_HELLO) + bot.encode(basic.bot_info("filler")))
        game = await Filler.connect(broker.port, make_framing())
        await game.send(game.encode(basic.GAME_HELLO))
        await game.hear()
        before = memory(broker, "VmRSS")
        for seat in range(BOTS):
            assert await game.hear() == basic.TRIGGER
            await game.send(game.encode(basic.action(seat, bytes(LARGEST))))
            assert await game.hear() == basic.failure(Cause.TIME_LIMIT)
        answers = [bot.encode(basic.decision(bytes(LARGEST))) for bot in bots]
        for bot, answer in zip(bots, answers, strict=True):
            await bot.send(answer[:-1])
        filled = memory(broker, "VmRSS") - before
        for bot, answer in zip(bots, answers, strict=True):
            await bot.send(answer[-1:])
        while b'answers_not_taken_total{cause="time-limit"} 3.0' not in (await fetch(f"{broker.url}/metrics"))[1]:
            await trio.lowlevel.checkpoint()
        most = memory(broker, "VmHWM") - before
        for client in (game, *bots):
            await client.close()
    assert filled > 2 * BOTS * LARGEST / MIB * 0.6, "nothing was filled"
    assert most <= STATED * BOTS, "the game's connection carries no more than one message at a time"
