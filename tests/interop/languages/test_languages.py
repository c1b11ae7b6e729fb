"""Bots that were written from docs/protocol.md alone, in Go and in JavaScript, against a real broker."""

import pytest
import trio

from bitbroker.client import Cause
from tests.interop.languages.conftest import OpenBroker, StartBot, hold_match
from tests.interop.languages.nim import NimTable, ask, state_of
from tests.interop.languages.passage import Trouble, passage
from tests.interop.languages.programs import Kind

pytestmark = pytest.mark.languages

each_program = pytest.mark.parametrize("kind", [Kind.GO, Kind.NODE, Kind.BROWSER])


async def test_all_in_one_match(open_broker: OpenBroker, start_bot: StartBot) -> None:
    """Every language and framing at one table: each move is right, everybody hears the outcome, and who can exits."""
    broker = await open_broker()
    bots = {kind: await start_bot(kind, broker.port) for kind in Kind}
    await hold_match(broker.port, len(bots))
    for bot in bots.values():
        assert await bot.outcome() == "CAUSE_COMPLETED"
    assert [await bot.wait() for kind, bot in bots.items() if kind is not Kind.BROWSER] == [0, 0, 0, 0]
    (entry,) = broker.entries("match began")
    assert sorted(entry["players"]) == sorted(kind.bot_name for kind in Kind)


@each_program
@pytest.mark.parametrize(
    ("trouble", "place", "first_word"),
    [
        (Trouble.CUT, "{name}", "started: match 1"),  # of what comes before a request, the start has it alone
        (Trouble.CUT, "3 4 5", "back in match 1"),
        # The bot has read all before that. A reset takes with it what is not read, and the key may be there.
        (Trouble.RESET, "1 4 5", "back in match 1"),
    ],
    ids=["in the start", "in a request", "reset in a request"],
)
async def test_cut_off(
    open_broker: OpenBroker, start_bot: StartBot, kind: Kind, trouble: Trouble, place: str, first_word: str
) -> None:
    """A bot whose connection ends within the start or a request comes back, gets the request, and plays on."""
    broker = await open_broker()
    async with passage(broker.port, place.format(name=kind.bot_name).encode(), trouble) as proxy:
        bot = await start_bot(kind, proxy.port)
        await hold_match(broker.port, 1)
        await bot.wait_said("lost: .*; trying again in 100 ?ms")
        await bot.wait_said(first_word)
        assert await bot.outcome() == "CAUSE_COMPLETED"


@each_program
async def test_late_answer(open_broker: OpenBroker, start_bot: StartBot, kind: Kind) -> None:
    """A bot that got its request too late hears that its answer was not taken, and plays on."""
    broker = await open_broker()
    async with passage(broker.port, b"3 4 5", Trouble.HOLD) as proxy:
        bot = await start_bot(kind, proxy.port)

        async def script(table: NimTable) -> None:
            answer = await table.ask(0, state_of([3, 4, 5]), limit=0.1)
            assert answer.cause is Cause.TIME_LIMIT
            proxy.released.set()
            told = await bot.wait_said(r"not taken: turn 1, CAUSE_TIME_LIMIT, ([\d.]+) ?\w+ late")
            assert float(told[1]) > 0
            await ask(table, 0, [1, 2, 4])

        await hold_match(broker.port, 1, script)
        assert await bot.outcome() == "CAUSE_COMPLETED"


@each_program
async def test_resignation(open_broker: OpenBroker, start_bot: StartBot, kind: Kind) -> None:
    """A bot gives up what is lost, and stays to hear how it ends."""
    broker = await open_broker()
    bots = [await start_bot(kind, broker.port, resign=True) for _ in range(2)]

    async def script(table: NimTable) -> None:
        answer = await table.ask(0, b"7 7")
        assert answer.cause is Cause.RESIGNED
        await ask(table, 1, [7, 8])

    await hold_match(broker.port, 2, script)
    seats = {await bot.seat(): bot for bot in bots}
    await seats[0].wait_said("resigned in turn 1")
    assert await seats[0].outcome() == await seats[1].outcome() == "CAUSE_COMPLETED"


@each_program
async def test_leave(open_broker: OpenBroker, start_bot: StartBot, kind: Kind) -> None:
    """A bot that is asked what is no state of its game says that it leaves, and nobody waits for its return."""
    broker = await open_broker("--resume-grace", "3600")
    bots = [await start_bot(kind, broker.port) for _ in range(2)]

    async def script(table: NimTable) -> None:
        answer = await table.ask(0, b"no heaps")
        assert answer.cause is Cause.DISCONNECTED
        await ask(table, 1, [7, 8])

    await hold_match(broker.port, 2, script)
    seats = {await bot.seat(): bot for bot in bots}
    await seats[0].wait_said("no state of nim")
    assert await seats[1].outcome() == "CAUSE_COMPLETED"


@each_program
async def test_unknown_key(open_broker: OpenBroker, start_bot: StartBot, kind: Kind) -> None:
    """A bot that comes back to another broker, which does not know it, says so and gives up."""
    broker, other = await open_broker(), await open_broker()
    async with passage(broker.port, b"3 4 5", Trouble.CUT) as proxy, trio.open_nursery() as nursery:
        bot = await start_bot(kind, proxy.port)
        nursery.start_soon(hold_match, broker.port, 1)
        await proxy.met.wait()
        proxy.target = other.port
        await bot.wait_said("refused: unknown-key: ")
        if kind is not Kind.BROWSER:
            assert await bot.wait() == 1
        nursery.cancel_scope.cancel()


@each_program
async def test_large_state(open_broker: OpenBroker, start_bot: StartBot, kind: Kind) -> None:
    """A state of more than 1 MB, each byte of which decides the move."""
    heaps = [1 + place * 7919 % 99991 for place in range(200_000)]
    assert len(state_of(heaps)) > 1_000_000
    broker = await open_broker()
    bot = await start_bot(kind, broker.port)

    async def script(table: NimTable) -> None:
        for _ in range(3):
            heaps[:] = await ask(table, 0, heaps)

    await hold_match(broker.port, 1, script)
    assert await bot.outcome() == "CAUSE_COMPLETED"
