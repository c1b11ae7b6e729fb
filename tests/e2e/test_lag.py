"""A broker that is suspended in mid-turn: real processes, real sockets, the kernel's own buffers."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import basic, extended
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message

from .conftest import BrokerProcess, StartBroker, fetch

LIMIT = 0.5
SUSPENDED = 3 * LIMIT


class Client(trio.abc.AsyncResource):
    """A client of the test's own, which says and hears messages."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._framing = LineFraming(1 << 20)

    async def say(self, *messages: Message) -> None:
        """Send."""
        await self._stream.send_all(self._framing.encode(messages))

    async def hear(self) -> Message:
        """The next message."""
        with trio.fail_after(30):
            while (message := self._framing.next_message()) is None:
                data = await self._stream.receive_some()
                assert data, "the broker closed the connection"
                self._framing.feed(data)
            return message

    async def aclose(self) -> None:
        """Leave."""
        await self._stream.aclose()

    async def hear_until(self, what: tuple[int, int]) -> Message:
        """The next message that is this one."""
        while extended.code(message := await self.hear()) != what:
            pass
        return message


async def connect(broker: BrokerProcess, *words: Message) -> Client:
    """A client that has said these words."""
    client = Client(await trio.open_tcp_stream("127.0.0.1", broker.port))
    await client.say(*words)
    return client


@contextmanager
def suspended(broker: BrokerProcess) -> Iterator[None]:
    """The broker does not run in this block, and does again after it."""
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)


async def test_answer_of_a_basic_bot_that_came_while_the_broker_was_suspended(start_broker: StartBroker) -> None:
    """It was in the kernel's buffer before the deadline; that the broker looks long after it is nobody's fault."""
    broker = await start_broker("--time-limit", str(LIMIT), players=1)
    async with (
        await connect(broker, basic.BOT_HELLO, basic.bot_info("prompt")) as bot,
        await connect(broker, basic.GAME_HELLO) as game,
    ):
        assert [await game.hear() for _ in range(2)] == [basic.players(["prompt"]), basic.TRIGGER]
        await game.say(basic.action(0, b"state"))
        await bot.hear()
        with suspended(broker):
            await bot.say(basic.decision(b"in time"))
            await trio.sleep(SUSPENDED)  # nothing else shows that real time has passed
        assert await game.hear() == basic.decision(b"in time")
        await game.say(basic.END)
        await broker.wait_logged("match over", cause="completed")


async def test_time_that_the_broker_was_suspended_is_given_back(start_broker: StartBroker) -> None:
    """Who had not answered yet has as much time as before; answer, metrics and log show why."""
    broker = await start_broker(players=1)
    control = pb.TimeControl(move_ms=int(LIMIT * 1000))
    hello = pb.Hello(protocol=1, name="game", players=1, time_control=control)
    async with (
        await connect(broker, extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, name="slow"))) as bot,
        await connect(broker, extended.encode(extended.GAME_HELLO, hello)) as game,
    ):
        await game.hear_until(extended.START)
        turn = pb.Turn(number=1, asks=[pb.Ask(seat=0, state=b"state")])
        await game.say(extended.encode(extended.TURN, turn))
        await bot.hear_until(extended.REQUEST)
        with suspended(broker):
            await trio.sleep(SUSPENDED)
        await broker.wait_logged("the broker was held up")
        await bot.say(extended.encode(extended.DECISION, pb.Decision(number=1, decision=b"in time")))
        (answer,) = extended.parse(await game.hear_until(extended.TURN_RESULT), pb.TurnResult).answers
        assert (answer.cause, answer.decision) == (pb.CAUSE_NONE, b"in time")
        assert answer.elapsed_us < LIMIT * 1_000_000
        assert answer.stall_us / 1_000_000 > SUSPENDED - LIMIT
        _, metrics = await fetch(f"{broker.url}/metrics")
        (stalled,) = [line for line in metrics.splitlines() if line.startswith(b"bitbroker_stall_seconds_total")]
        assert float(stalled.split()[1]) > SUSPENDED - LIMIT
        await game.say(extended.encode(extended.RESULT, pb.Result()))
        await broker.wait_logged("match over", cause="completed")
