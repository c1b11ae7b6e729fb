"""Bots: what they are told by either wire, and what they say."""

from math import inf

import pytest
import trio
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker._pb.examples import connect_four_pb2
from bitbroker.client import (
    BaseBot,
    BasicWireError,
    Cause,
    Clock,
    ConnectionLostError,
    MatchInfo,
    Outcome,
    Player,
    RefusedError,
    RemoteProtocolError,
    TimeControl,
)
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming

from .scripted import KEY, decision, outcome, refusal, request, scripted, start, welcome


class Echo(BaseBot):
    """Answers with what it is asked, and notes what it is told."""

    NAME = "echo"

    def __init__(self) -> None:
        self.notes: list[object] = []
        self.clocks: list[Clock] = []

    def decide_move(self, state: bytes) -> bytes:
        """The state."""
        self.clocks.append(self.clock)
        return state

    def on_start(self, match: MatchInfo) -> None:
        """Note it."""
        self.notes.append(match)

    def on_not_taken(self, number: int, cause: Cause, late_seconds: float) -> None:
        """Note it."""
        self.notes.append((number, cause, late_seconds))

    def on_outcome(self, outcome: Outcome) -> None:
        """Note it."""
        self.notes.append(outcome)


class Quitter(BaseBot):
    """Gives up, with an `except` around it that must not matter."""

    def decide_move(self, state: bytes) -> bytes:
        """Give up."""
        try:
            self.resign()
        except Exception:  # noqa: BLE001 - what is tested
            return b"never"


NOT_TAKEN = extended.encode(extended.NOT_TAKEN, pb.NotTaken(number=1, cause=pb.CAUSE_TIME_LIMIT, late_us=150_000))
UNKNOWN = Message(0x03, 0x77, b"of the next version")


async def test_extended_match(autojump_clock: MockClock) -> None:
    """Hello and name in one go, a decision for each request, and every hook."""
    bot = Echo()
    script = [welcome(), start(1), request(1, b"a"), NOT_TAKEN, request(4, b"b"), outcome(pb.CAUSE_RESIGNED, seat=0)]
    with scripted(script) as broker:
        await bot.arun()
    hello, info, *decisions = broker.heard()
    assert extended.code(hello) == extended.BOT_HELLO
    said = extended.parse(hello, pb.Hello)
    assert (said.protocol, said.name, said.match, said.HasField("seat")) == (1, "echo", "", False)
    assert said.client.startswith("bitbroker-python ")
    assert info == basic.bot_info("echo")
    assert decisions == [decision(1, b"a"), decision(4, b"b")]
    control = TimeControl(move=5.0, start=5.0, bank=0.0, increment=0.0)
    assert bot.notes == [
        MatchInfo("7", 1, [Player(0, "bot 0"), Player(1, "bot 1")], control, "text/plain"),
        (1, Cause.TIME_LIMIT, 0.15),
        Outcome("7", Cause.RESIGNED, 0),
    ]


async def test_wishes_are_in_the_hello(autojump_clock: MockClock) -> None:
    """A name to meet under, and a seat."""
    with scripted([welcome(), start(1), outcome()]) as broker:
        await Echo().arun(match="final", seat=1)
    hello = extended.parse(broker.heard()[0], pb.Hello)
    assert (hello.match, hello.HasField("seat"), hello.seat) == ("final", True, 1)


async def test_what_is_not_known_is_passed_over(autojump_clock: MockClock) -> None:
    """Codes and enum values of a newer broker, in every place."""
    bot = Echo()
    not_taken = extended.encode(extended.NOT_TAKEN, pb.NotTaken(number=1, cause=99))  # type: ignore[arg-type]  # open
    over = extended.encode(extended.OUTCOME, pb.Outcome(cause=98))  # type: ignore[arg-type]  # open
    with scripted([welcome(), UNKNOWN, start(0), UNKNOWN, request(1), UNKNOWN, not_taken, over]) as broker:
        await bot.arun()
    assert broker.heard()[2:] == [decision(1, b"")]
    assert bot.notes[1:] == [(1, 99, 0.0), Outcome("", Cause(98))]
    assert Cause(99).label == "cause-99"


async def test_pings_are_answered(autojump_clock: MockClock) -> None:
    """In the lobby and in the match, with the same bytes."""
    ping = Message(*extended.PING, b"x" * 125)
    with scripted([welcome(), ping, start(0), ping, request(1), ping, outcome()]) as broker:
        await Echo().arun()
    pong = Message(*extended.PONG, b"x" * 125)
    assert broker.heard()[2:] == [pong, pong, decision(1, b""), pong]


async def test_clock(autojump_clock: MockClock) -> None:
    """It has what the request says, and runs."""

    class Slow(Echo):
        async def decide_move(self, state: bytes) -> bytes:  # type: ignore[override]  # as any bot may
            before = self.clock.remaining()
            await trio.sleep(2)
            self.notes.append((before, self.clock.remaining(), self.clock.deadline - trio.current_time()))
            self.clocks.append(self.clock)
            return b""

    bot = Slow()
    requests = [request(1, bank_ms=1500), request(2, limit_ms=None), request(3, limit_ms=1000)]
    with scripted([welcome(), start(0), *requests, outcome()]):
        await bot.arun()
    assert [(clock.base, clock.bank) for clock in bot.clocks] == [(5, 1.5), (inf, 0), (1, 0)]
    first, second, third = bot.notes[1:-1]
    assert first == pytest.approx((6.5, 4.5, 4.5))
    assert second == (inf, inf, inf)
    assert third == pytest.approx((1, 0, -1))  # nothing remains, and the deadline has passed


async def test_basic_clock(autojump_clock: MockClock) -> None:
    """Whole seconds, from the operand."""
    bot = Echo()
    with scripted([Message(2, 7, b"a"), basic.TERMINATION]):
        await bot.arun()
    assert [(clock.base, clock.bank) for clock in bot.clocks] == [(7, 0)]
    assert Echo.clock.remaining() == inf


async def test_falls_back_to_the_basic_wire(autojump_clock: MockClock) -> None:
    """The first message tells; nothing of the extended wire is said behind the hello."""
    bot = Echo()
    with scripted([Message(2, 5, b"a"), Message(2, 5, b"b"), basic.TERMINATION]) as broker:
        await bot.arun()
    assert broker.heard()[1:] == [basic.bot_info("echo"), basic.decision(b"a"), basic.decision(b"b")]
    assert bot.notes == []


async def test_basic_wire_on_demand(autojump_clock: MockClock) -> None:
    """A hello without a body."""
    with scripted([Message(2, 5, b"a"), basic.TERMINATION]) as broker:
        await Echo().arun(wire="basic")
    assert broker.heard() == [basic.BOT_HELLO, basic.bot_info("echo"), basic.decision(b"a")]


async def test_binary_wire(autojump_clock: MockClock) -> None:
    """The same conversation, length-prefixed."""
    script = [welcome(), start(0), request(1, b"a"), outcome()]
    with scripted(script, framing=PrefixedFraming) as broker:
        await Echo().arun(wire="binary")
    assert broker.heard()[2:] == [decision(1, b"a")]


async def test_binary_wire_wants_the_extended_one(autojump_clock: MockClock) -> None:
    """A broker that answers otherwise is not understood by guessing."""
    with scripted([basic.TERMINATION], framing=PrefixedFraming), pytest.raises(BasicWireError, match="wire='binary'"):
        await Echo().arun(wire="binary")


async def test_name_to_meet_under_needs_the_extended_wire(autojump_clock: MockClock) -> None:
    """Better no match than one with strangers."""
    with scripted([Message(2, 5, b"a")]) as broker, pytest.raises(BasicWireError, match="match='final'"):
        await Echo().arun(match="final")
    assert len(broker.heard()) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wire": "basic", "match": "final"}, "leave them out"),
        ({"wire": "basic", "seat": 0}, "leave them out"),
        ({"wire": "telex"}, "must be 'auto', 'basic' or 'binary'"),
        ({"seat": -1}, "numbered from 0"),
        ({"matches": 0}, "1 or more"),
    ],
)
async def test_options_that_cannot_be(options: dict[str, object], message: str) -> None:
    """Said before anything is connected."""
    with scripted([]) as broker, pytest.raises(ValueError, match=message):
        await Echo().arun(**options)  # type: ignore[arg-type]  # wrong on purpose
    assert broker.attempts == []


async def test_refused(autojump_clock: MockClock) -> None:
    """At the hello, and before the start; with code, sentence and hint."""
    for script in ([refusal("too-many-waiting", 1500)], [welcome(), refusal("too-many-waiting", 1500)]):
        with (
            scripted(script),
            pytest.raises(RefusedError, match=r"too-many-waiting\): because; try again in 1.5") as caught,
        ):
            await Echo().arun()
        assert (caught.value.code, caught.value.retry_after) == ("too-many-waiting", 1.5)


async def test_put_out_of_a_match(autojump_clock: MockClock) -> None:
    """A refusal in mid-match, after which it does not come back."""
    with scripted([welcome(), start(0), request(1), refusal("protocol-violation")], [welcome()]) as broker:
        with pytest.raises(RefusedError, match="protocol-violation") as caught:
            await Echo().arun()
        assert len(broker.attempts) == 1
    assert caught.value.retry_after is None


async def test_who_stays_outlives_a_broker(autojump_clock: MockClock) -> None:
    """With `matches=None` a broker that stops is followed by the next one; any other refusal is not."""
    bot = Echo()
    scripts = [[welcome(), refusal("broker-stopping")], [welcome(), start(0), outcome()], [refusal("no-place")]]
    with scripted(*scripts), pytest.raises(RefusedError, match="no-place"):
        await bot.arun(matches=None)
    assert len(bot.notes) == 2
    with scripted(*scripts), pytest.raises(RefusedError, match="broker-stopping"):
        await bot.arun(matches=2)


@pytest.mark.parametrize("scripts", [[[]], [[welcome()], [refusal("unknown-key")]]])
async def test_lost_before_the_start(autojump_clock: MockClock, scripts: list[list[Message]]) -> None:
    """Then the place is lost too; without a welcome at once, with one when its key is of no match."""
    with scripted(*scripts) as broker, pytest.raises(ConnectionLostError, match=r"its log says why$"):
        await Echo().arun()
    assert len(broker.attempts) == len(scripts)


async def test_lost_before_the_start_and_refused(autojump_clock: MockClock) -> None:
    """Any other refusal is told as it is."""
    with scripted([welcome()], [refusal("broker-stopping")]), pytest.raises(RefusedError, match="broker-stopping"):
        await Echo().arun()


async def test_start_that_was_lost(autojump_clock: MockClock) -> None:
    """The match may have begun all the same: its key finds that out."""
    with scripted([welcome()], [welcome(), start(0), request(1, b"a"), outcome()]) as broker:
        await Echo().arun()
    assert extended.parse(broker.heard(1)[0], pb.Hello).resume_key == KEY
    assert broker.heard(1)[1] == decision(1, b"a")


async def test_resignation(autojump_clock: MockClock) -> None:
    """It is said once, and the bot stays to hear the outcome."""
    outcomes = []

    class Listening(Quitter):
        def on_outcome(self, outcome: Outcome) -> None:
            outcomes.append(outcome.cause)

    with scripted([welcome(), start(0), request(1), outcome(pb.CAUSE_NO_PLAYERS_LEFT)]) as broker:
        await Listening().arun()
    assert broker.heard()[2:] == [Message(*extended.RESIGNATION)]
    assert outcomes == [Cause.NO_PLAYERS_LEFT]


async def test_resignation_needs_a_request_on_the_extended_wire(autojump_clock: MockClock) -> None:
    """Elsewhere it is an error that says so."""

    class Plain(BaseBot):
        def decide_move(self, state: bytes) -> bytes:
            self.resign()

    with scripted([Message(2, 5), basic.TERMINATION]), pytest.raises(BasicWireError, match="the extended wire"):
        await Plain().arun()
    with pytest.raises(BasicWireError):
        Plain().resign()


async def test_exceptions_arrive_bare(autojump_clock: MockClock) -> None:
    """From methods of either kind, by either wire, as they were raised."""

    class MyError(Exception):
        pass

    class Broken(BaseBot):
        def decide_move(self, state: bytes) -> bytes:
            raise MyError

    class AsyncBroken(BaseBot):
        async def decide_move(self, state: bytes) -> bytes:
            await trio.sleep(1)
            raise MyError

    for script in ([welcome(), start(0), request(1)], [Message(2, 5)]):
        for bot in (Broken(), AsyncBroken()):
            with scripted(script), pytest.raises(MyError) as caught:
                await bot.arun()
            assert caught.value.__cause__ is None
            assert caught.value.__context__ is None


async def test_protobuf_payloads(autojump_clock: MockClock) -> None:
    """States are parsed, decisions are made bytes."""

    class Typed(BaseBot[connect_four_pb2.Position, connect_four_pb2.Move]):
        State = connect_four_pb2.Position

        def decide_move(self, state: connect_four_pb2.Position) -> connect_four_pb2.Move:
            return connect_four_pb2.Move(column=state.columns[-1])

    state = connect_four_pb2.Position(columns=[3, 4]).SerializeToString()
    with scripted([welcome(), start(0), request(1, state), outcome()]) as broker:
        await Typed().arun()
    assert broker.heard()[2:] == [decision(1, connect_four_pb2.Move(column=4).SerializeToString())]


async def test_decision_that_is_too_large(autojump_clock: MockClock) -> None:
    """The broker would put the bot out for it: better said here."""
    script = [welcome(payload=3), start(0), request(1, b"abc"), request(2, b"abcd")]
    with scripted(script) as broker, pytest.raises(ValueError, match="decision of 4 bytes: the broker takes up to 3"):
        await Echo().arun()
    assert broker.heard()[2:] == [decision(1, b"abc"), Message(*extended.LEAVE)]


async def test_default_hooks(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    """Without methods of its own a bot is told nothing, but that a decision was lost is logged."""

    class Least(BaseBot):
        def decide_move(self, state: bytes) -> bytes:
            return state

    answered = extended.encode(extended.NOT_TAKEN, pb.NotTaken(number=2, cause=pb.CAUSE_ALREADY_ANSWERED))
    with scripted([welcome(), start(0), NOT_TAKEN, answered, outcome()]) as broker:
        await Least().arun()
    assert [record.getMessage() for record in caplog.records] == [
        "the decision of turn 1 was not taken: time-limit, 0.150 s too late",
        "the decision of turn 2 was not taken: already-answered",
    ]
    assert extended.parse(broker.heard()[0], pb.Hello).name == "Least"


@pytest.mark.parametrize(
    "script",
    [
        [b"nonsense!\n"],
        [welcome(), b"nonsense!\n"],
        [Message(*extended.WELCOME, b"\xff")],
        [welcome(), start(0), Message(*extended.REQUEST, b"\xff")],
        [Message(2, 5), Message(1, 0)],
    ],
)
async def test_broker_that_talks_nonsense(autojump_clock: MockClock, script: list[Message | bytes]) -> None:
    """It is the broker's fault by name."""
    with scripted(script), pytest.raises(RemoteProtocolError):
        await Echo().arun()
