"""Connections over TLS: whatever the framing and whoever reads, a match goes as it does without."""

import ssl
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client.connection import Connection
from bitbroker.errors import Cause, Ending
from bitbroker.wire import basic, extended
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming
from bitbroker.wire.websocket import ClientWebSocketFraming
from tests.authority import Authority
from tests.cuts import Cut
from tests.four import BOUNDARIES, CLIENTS, LAST, PAYLOAD_BYTES, PLAYERS, Match

from .conftest import OpenShell, Peer, Shell

LIMIT = 1 << 26
FRAMINGS: Mapping[str, Callable[[], Framing]] = {
    "lines": lambda: LineFraming(LIMIT),
    "prefixed": lambda: PrefixedFraming(LIMIT),
    "websocket": lambda: ClientWebSocketFraming(LIMIT, "localhost", "/"),
}
by_each_framing = pytest.mark.parametrize("framing", FRAMINGS)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One for all tests here."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> Mapping[str, Any]:
    """The settings of a broker that speaks TLS."""
    files = authority.issue()
    return {"tls_cert": files.cert, "tls_key": files.key}


@pytest.fixture(scope="module")
def trusting(authority: Authority) -> ssl.SSLContext:
    """What clients have."""
    return authority.trusting()


def encrypt(peer: Peer, context: ssl.SSLContext) -> trio.SSLStream[trio.SocketStream]:
    """The far end of a connection, over TLS."""
    return trio.SSLStream(peer.stream, context, server_hostname="localhost")


def connect(shell: Shell, context: ssl.SSLContext, framing: Framing | None = None) -> Connection:
    """A new connection over TLS, with the messages of a real client; lines if nothing else is said."""
    return Connection(encrypt(shell.connect(), context), framing)


async def hold(
    open_shell: OpenShell, tls: Mapping[str, Any], context: ssl.SSLContext, cuts: Mapping[str, list[Cut]]
) -> Match:
    """Hold the match of four over TLS, and check it."""
    shell = open_shell(num_players=PLAYERS, max_payload_bytes=PAYLOAD_BYTES, **tls)

    async def dial() -> trio.abc.Stream:
        stream = encrypt(shell.connect(), context)
        await stream.do_handshake()
        return stream

    match = Match(dial, think=0.1, pause=1.0)
    lines = await match.hold(cuts)
    (record,) = shell.coordinator.matches()
    match.check(record.to_json())
    assert {name: lines[name].connections for name in CLIENTS} == {
        name: 1 + sum(cut.message < LAST[name] or cut.lost for cut in cuts.get(name, ())) for name in CLIENTS
    }
    return match


async def test_match_of_four(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], trusting: ssl.SSLContext
) -> None:
    """Large states, answers and all that spectators see."""
    await hold(open_shell, tls, trusting, {})


@pytest.mark.parametrize(("client", "message"), BOUNDARIES)
async def test_return(
    autojump_clock: MockClock,
    open_shell: OpenShell,
    tls: Mapping[str, Any],
    trusting: ssl.SSLContext,
    client: str,
    message: int,
) -> None:
    """Cut at every message, a client comes back by a new TLS connection, and nothing is lost."""
    await hold(open_shell, tls, trusting, {client: [Cut(message, lost=True)]})


@by_each_framing
async def test_beside_plain_connections(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], trusting: ssl.SSLContext, framing: str
) -> None:
    """One port for both, in one match; a large state goes out as its bot reads, in either manner."""
    shell = open_shell(**tls)
    bot = connect(shell, trusting, FRAMINGS[framing]())
    await bot.send(extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, name="encrypted")))
    assert extended.code(await bot.receive()) == extended.WELCOME
    plain = shell.bot("plain")
    game = shell.game()
    assert basic.parse_players(await game.hear()) == ["encrypted", "plain"]
    assert await game.hear() == basic.TRIGGER
    assert extended.code(await bot.receive()) == extended.START
    state = bytes(range(256)) * 12000
    await game.say_much(basic.action(0, state))
    assert extended.parse(await bot.receive(), pb.Request).state == state
    async with trio.open_nursery() as nursery:
        decision = pb.Decision(number=1, decision=state)
        nursery.start_soon(bot.send, extended.encode(extended.DECISION, decision))
        assert await game.hear() == basic.decision(state)
    assert await game.hear() == basic.TRIGGER
    game.say(basic.action(1, b"state"))
    assert await plain.hear() == Message(2, 5, b"state")
    plain.say(basic.decision(b"answer"))
    assert await game.hear() == basic.decision(b"answer")
    assert await game.hear() == basic.TRIGGER
    game.say(basic.END)
    assert await plain.hear_farewell() == [basic.TERMINATION]
    assert extended.code(await bot.receive()) == extended.OUTCOME
    await bot.aclose()
    assert shell.tally.turns == 2


async def test_what_is_said_in_one_piece_with_the_end(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], trusting: ssl.SSLContext
) -> None:
    """A last word counts, and the end behind it is seen, while TCP stays open."""
    shell = open_shell(num_players=1, **tls)
    peer = shell.connect()
    held = bytearray()

    class Holding(trio.abc.HalfCloseableStream):
        """Sends when it is told to."""

        async def send_all(self, data: bytes | bytearray | memoryview) -> None:
            held.extend(data)
            await trio.lowlevel.checkpoint()

        async def wait_send_all_might_not_block(self) -> None:
            await trio.lowlevel.checkpoint()

        async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
            await self.let_go()
            return await peer.stream.receive_some(max_bytes)

        async def send_eof(self) -> None:
            raise AssertionError

        async def aclose(self) -> None:
            """Leave TCP open."""
            await self.let_go()

        async def let_go(self) -> None:
            await peer.stream.send_all(bytes(held))
            held.clear()

    bot = trio.SSLStream(Holding(), trusting, server_hostname="localhost")
    await bot.send_all(basic.BOT_HELLO.to_line() + basic.bot_info("brief").to_line())
    await bot.transport_stream.let_go()
    game = shell.game()
    assert await game.hear() == basic.players(["brief"])
    assert await game.hear() == basic.TRIGGER
    game.say(basic.action(0, b"state"))
    assert await bot.receive_some() == Message(2, 5, b"state").to_line()
    await bot.send_all(basic.decision(b"last word").to_line())
    await bot.aclose()
    assert await game.hear() == basic.decision(b"last word")
    assert await game.hear_farewell() == [basic.TRIGGER, basic.TERMINATION, basic.TERMINATION]
    await peer.leave()


async def test_farewell_comes_whole(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], trusting: ssl.SSLContext
) -> None:
    """TLS says its end behind the last message, so that the client knows that nothing is missing."""
    shell = open_shell(**tls)
    stream = encrypt(shell.connect(), trusting)
    await stream.send_all(basic.GAME_HELLO.to_line())
    await trio.testing.wait_all_tasks_blocked()
    shell.coordinator.stop_seating()
    heard = b""
    while data := await stream.receive_some():
        heard += data
    assert heard == basic.TERMINATION.to_line()
    await stream.aclose()


async def test_farewell_to_who_reads_late(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], trusting: ssl.SSLContext
) -> None:
    """It waits behind all that the socket did not take, TLS's own end too."""
    shell = open_shell(num_players=1, close_timeout=60, **tls)
    bot = connect(shell, trusting)
    await bot.send(basic.BOT_HELLO, basic.bot_info("late"))
    await trio.testing.wait_all_tasks_blocked()
    game = shell.game()
    assert await game.hear() == basic.players(["late"])
    assert await game.hear() == basic.TRIGGER
    state = bytes(3_000_000)
    await game.say_much(basic.action(0, state))
    await game.leave()
    await trio.testing.wait_all_tasks_blocked()
    assert await bot.receive() == Message(2, 5, state)
    assert await bot.receive() == basic.TERMINATION
    await bot.aclose()


async def test_slow_consumer(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], trusting: ssl.SSLContext
) -> None:
    """The bound on what waits for a peer that does not read is the same."""
    shell = open_shell(num_players=1, max_payload_bytes=1 << 20, on_failure="tell-game", time_limit=1, **tls)
    bot = connect(shell, trusting)
    await bot.send(basic.BOT_HELLO, basic.bot_info("deaf"))
    await trio.testing.wait_all_tasks_blocked()
    game = shell.game()
    await game.hear()
    while not basic.is_termination(message := await game.hear()):
        if message == basic.TRIGGER:
            await game.say_much(basic.action(0, bytes(1 << 20)))
        else:
            assert message == basic.failure(Cause.TIME_LIMIT)
    (record,) = shell.coordinator.matches()
    assert [seat.out for seat in record.seats] == [Cause.SLOW_CONSUMER]
    await bot.aclose()
    await game.leave()


# Refusals.


@pytest.mark.parametrize("ending", [Ending.HANDSHAKE_TIMEOUT, Ending.LEFT_IN_HANDSHAKE])
@pytest.mark.parametrize("words", [b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
async def test_half_a_handshake(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], words: bytes, ending: Ending
) -> None:
    """The time for the handshake is for TLS's too; who leaves has left."""
    shell = open_shell(**tls)
    peer = shell.connect()
    peer.say_bytes(words)
    await trio.testing.wait_all_tasks_blocked()
    if ending is Ending.LEFT_IN_HANDSHAKE:
        await peer.leave()
        await shell.reception.wait_all_closed()
    else:
        assert await peer.hear_farewell() == []
    assert shell.tally.refused == {ending: 1}


async def test_handshake_that_fails(autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any]) -> None:
    """Its end has a name of its own, and nobody else notices."""
    shell = open_shell(**tls)
    peer = shell.connect()
    peer.say_bytes(b"\x16 no hello")
    assert await peer.hear_farewell() == []
    assert shell.tally.refused == {Ending.TLS_FAILED: 1}
    await shell.seat()


async def test_no_framing_within_tls(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], trusting: ssl.SSLContext
) -> None:
    """What is said within TLS is told by its first byte as well; TLS within TLS is none of ours."""
    shell = open_shell(**tls)
    stream = encrypt(shell.connect(), trusting)
    await stream.send_all(b"\x16\x03\x01")
    assert await stream.receive_some() == b""
    await stream.aclose()
    await shell.reception.wait_all_closed()
    assert shell.tally.refused == {Ending.NOT_THIS_PROTOCOL: 1}


async def test_plain_where_tls_is_wanted(
    autojump_clock: MockClock, open_shell: OpenShell, tls: Mapping[str, Any], trusting: ssl.SSLContext
) -> None:
    """A basic client gets a termination, an extended one is told what to do; with TLS they are welcome."""
    shell = open_shell(tls_only=True, **tls)
    assert await shell.bot().hear_farewell() == [basic.TERMINATION]
    refusal = await shell.greet(extended.BOT_HELLO).hear_last(extended.REFUSAL, pb.Refusal)
    assert refusal == pb.Refusal(
        code="tls-required", message="this broker speaks TLS only: connect to tls:// or wss://"
    )
    assert shell.tally.refused == {Ending.TLS_REQUIRED: 2}
    game = connect(shell, trusting)
    await game.send(extended.encode(extended.GAME_HELLO, pb.Hello(protocol=1)))
    assert extended.code(await game.receive()) == extended.WELCOME
    await game.aclose()
