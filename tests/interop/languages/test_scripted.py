"""The same bots against brokers that say what the real one does not say: the basic wire alone, pings, the unknown."""

import pytest

from bitbroker._pb import extended_pb2 as pb
from bitbroker._pb import initial_pb2
from bitbroker.wire import basic, extended
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming
from tests.interop.languages.conftest import StartBot
from tests.interop.languages.programs import Kind
from tests.interop.languages.scripted import Peer, scripted_broker

pytestmark = pytest.mark.languages

each_on_lines = pytest.mark.parametrize("kind", [Kind.GO_LINES, Kind.NODE_LINES])
each_on_tcp = pytest.mark.parametrize("kind", [Kind.GO, Kind.NODE])

LONGEST = 65536


async def hear_hello(peer: Peer) -> pb.Hello:
    """What a bot says of itself, and says again for brokers of the basic wire."""
    opcode, operand, body = await peer.hear()
    assert (opcode, operand) == (0x00, 0x02)
    hello = pb.Hello.FromString(body)
    assert hello.protocol == 1
    opcode, operand, body = await peer.hear()
    assert (opcode, operand) == (0x00, 0x22)
    assert initial_pb2.InitialMessageProto.FromString(body).botName == hello.name
    return hello


async def start_basic_match(peer: Peer) -> None:
    """All there is of it on the basic wire: a first request, and the decision."""
    await hear_hello(peer)
    await peer.say(basic.request(basic.action(0, b"3 4 5"), 5))
    assert await peer.hear() == (0x02, 0x00, b"0 2")


@each_on_tcp
async def test_token(start_bot: StartBot, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's token is part of the hello."""
    monkeypatch.setenv("BITBROKER_TOKEN", "a-token")
    async with scripted_broker() as broker:
        await start_bot(kind, broker.port)
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            assert (await hear_hello(peer)).token == "a-token"


@each_on_lines
async def test_basic_wire(start_bot: StartBot, kind: Kind) -> None:
    """Whoever answers an extended hello with a request is a basic broker; the bot goes on as a basic bot."""
    async with scripted_broker() as broker:
        bot = await start_bot(kind, broker.port)
        async with broker.next_bot(LineFraming(LONGEST)) as peer:
            await start_basic_match(peer)
            await peer.say(basic.request(basic.action(0, b"0 2 2"), 255))
            assert await peer.hear() == (0x02, 0x00, b"1 1")
            await peer.say(basic.TERMINATION)
            assert await bot.wait() == 0


@each_on_lines
async def test_loss_on_the_basic_wire(start_bot: StartBot, kind: Kind) -> None:
    """A basic broker takes nobody back, so the bot gives up."""
    async with scripted_broker() as broker:
        bot = await start_bot(kind, broker.port)
        async with broker.next_bot(LineFraming(LONGEST)) as peer:
            await start_basic_match(peer)
        assert await bot.wait() == 1
        await bot.wait_said("the match was lost on the basic wire")


@each_on_tcp
async def test_pings_and_the_unknown(start_bot: StartBot, kind: Kind) -> None:
    """A ping is answered with its own bytes; codes that only newer brokers say are ignored."""
    async with scripted_broker() as broker:
        bot = await start_bot(kind, broker.port)
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            await hear_hello(peer)
            await peer.say(extended.encode(extended.WELCOME, pb.Welcome(protocol=1, resume_key="key")))
            await peer.say(Message(0x7F, 0x7F, b"from the future"), Message(0x00, 0xF0, bytes(range(125))))
            assert await peer.hear() == (0x00, 0xF1, bytes(range(125)))
            await peer.say(Message(0x00, 0xF0))
            assert await peer.hear() == (0x00, 0xF1, b"")
            await peer.say(extended.encode(extended.OUTCOME, pb.Outcome(cause=pb.CAUSE_ABORTED)))
            assert await bot.outcome() == "CAUSE_ABORTED"


@each_on_tcp
async def test_loss_before_the_start(start_bot: StartBot, kind: Kind) -> None:
    """A bot cannot know whether its match has begun: it says its key, and if that is unknown, it comes as a new one."""
    async with scripted_broker() as broker:
        await start_bot(kind, broker.port)
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            assert (await hear_hello(peer)).resume_key == ""
            await peer.say(extended.encode(extended.WELCOME, pb.Welcome(protocol=1, resume_key="key")))
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            assert (await hear_hello(peer)).resume_key == "key"
            await peer.say(extended.encode(extended.REFUSAL, pb.Refusal(code="unknown-key", message="no such key")))
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            assert (await hear_hello(peer)).resume_key == ""


@each_on_tcp
async def test_sent_away_for_a_while(start_bot: StartBot, kind: Kind) -> None:
    """A bot whose refusal names a time comes again after it, as a new one: its key is worth nothing."""
    async with scripted_broker() as broker:
        bot = await start_bot(kind, broker.port)
        start = extended.encode(extended.START, pb.Start(match_id="1", seat=0))
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            assert (await hear_hello(peer)).resume_key == ""
            await peer.say(extended.encode(extended.WELCOME, pb.Welcome(protocol=1, resume_key="key")), start)
            refusal = pb.Refusal(code="broker-fault", message="a bug", retry_after_ms=1)
            await peer.say(extended.encode(extended.REFUSAL, refusal))
        await bot.wait_said("refused: broker-fault: a bug; trying again in 1 ?ms")
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            assert (await hear_hello(peer)).resume_key == ""
            await peer.say(extended.encode(extended.REFUSAL, pb.Refusal(code="broker-stopping", message="it stops")))
            assert await bot.wait() == 1
        await bot.wait_said("refused: broker-stopping: it stops")


@each_on_tcp
async def test_outcome_after_return(start_bot: StartBot, kind: Kind) -> None:
    """A bot that was away when its match ended comes back with its key, and hears how it ended."""
    async with scripted_broker() as broker:
        bot = await start_bot(kind, broker.port)
        welcome = extended.encode(extended.WELCOME, pb.Welcome(protocol=1, resume_key="key", resume_grace_ms=30_000))
        start = extended.encode(extended.START, pb.Start(match_id="1", seat=0))
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            await hear_hello(peer)
            await peer.say(welcome, start)
        async with broker.next_bot(PrefixedFraming(LONGEST)) as peer:
            assert (await hear_hello(peer)).resume_key == "key"
            await peer.say(welcome, start, extended.encode(extended.OUTCOME, pb.Outcome(cause=pb.CAUSE_COMPLETED)))
            assert await bot.outcome() == "CAUSE_COMPLETED"
