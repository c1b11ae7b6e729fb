"""What the poller's coordinator does with several sockets at once: it reads all, hears all, and then sends."""

import errno
import socket

import pytest
import trio.testing
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.stream import MessageStream
from bitbroker.errors import Cause
from bitbroker.settings import Reading
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

from .conftest import OpenShell, Peer, Shell, WatchedSocket

pytestmark = pytest.mark.parametrize("open_shell", [Reading.POLLER], indirect=True)


async def test_all_are_read_before_any_is_sent_to(
    autojump_clock: MockClock, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Games that act at the same time: a batch of three reads, and then three requests leave."""
    log: list[tuple[str, int]] = []
    read, send = MessageStream.read_nowait, MessageStream.send_waiting

    def log_read(stream: MessageStream) -> bool:
        log.append(("read", stream.number))
        return read(stream)

    def log_send(stream: MessageStream) -> None:
        log.append(("send", stream.number))
        send(stream)

    shell = open_shell()
    matches = [await shell.seat() for _ in range(3)]
    monkeypatch.setattr(MessageStream, "read_nowait", log_read)
    monkeypatch.setattr(MessageStream, "send_waiting", log_send)
    for game, _bots in matches:
        game.say(basic.action(0, b"state"))
    await trio.testing.wait_all_tasks_blocked()
    assert log == [("read", 3), ("read", 6), ("read", 9), ("send", 1), ("send", 4), ("send", 7)]


async def test_words_for_one_peer_are_one_write(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Two pings that come together have their answers together."""
    shell = open_shell()
    bot = shell.greet(extended.BOT_HELLO, name="bot")
    await bot.hear_as(extended.WELCOME, pb.Welcome)
    writes = len(bot.writes)
    bot.say(Message(*extended.PING), Message(*extended.PING))
    assert [await bot.hear(), await bot.hear()] == [Message(*extended.PONG)] * 2
    assert len(bot.writes) == writes + 1


@pytest.mark.parametrize("bot_first", [True, False])
async def test_what_a_basic_bot_says_before_its_request_leaves_is_no_answer(
    autojump_clock: MockClock, open_shell: OpenShell, bot_first: bool
) -> None:
    """Whether it came just before the game's action or just behind it: both are read before the bot is asked."""
    shell = open_shell()
    game, bots = await shell.seat()
    speakers = [(bots[0], basic.decision(b"blind")), (game, basic.action(0, b"state"))]
    for peer, word in speakers if bot_first else reversed(speakers):
        peer.say(word)
    await bots[0].hear()
    assert shell.tally.not_taken == {Cause.NOT_ASKED: 1}
    bots[0].say(basic.decision(b"seen"))
    assert await game.hear() == basic.decision(b"seen")


async def begin_show(shell: Shell) -> tuple[Peer, Peer, Peer]:
    """A game, its bot and a spectator, of a match that has begun."""
    spectator = shell.greet(extended.SPECTATOR_HELLO, match="show")
    game = shell.greet(extended.GAME_HELLO, match="show")
    bot = shell.greet(extended.BOT_HELLO, match="show")
    for peer in (game, spectator, bot):
        await peer.hear_as(extended.WELCOME, pb.Welcome)
    return game, bot, spectator


async def test_more_than_the_outbox_holds_goes_out_within_a_batch(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """Holding back loses nothing that the socket would have taken: a spectator gets all that a game shows at once."""
    game, _bot, spectator = await begin_show(open_shell(num_players=1, max_payload_bytes=1024))
    pictures = [pb.Publish(number=number, payload=bytes(1000)) for number in range(1, 101)]
    game.say(*[extended.encode(extended.PUBLISH, picture) for picture in pictures])
    await spectator.hear_as(extended.START, pb.Start)
    await spectator.hear_as(extended.LIVE, pb.Live)
    for picture in pictures:
        assert (await spectator.hear_as(extended.PUBLISHED, pb.Published)).sequence == picture.number


async def test_many_small_words_that_waited_leave_in_few_writes(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """A bot that pings and reads later: what found no room in the socket is joined, and costs no write for each."""
    shell = open_shell()
    bot = shell.greet(extended.BOT_HELLO, name="bot")
    await bot.hear_as(extended.WELCOME, pb.Welcome)
    ping = Message(*extended.PING, bytes(100))
    for _ in range(100):
        await bot.stream.send_all(ping.to_line() * 100)
    await trio.testing.wait_all_tasks_blocked()
    full = len(bot.writes)
    for _ in range(10_000):
        assert await bot.hear() == Message(*extended.PONG, bytes(100))
    assert len(bot.writes) < full + 100


async def test_spectator_that_pings_and_does_not_read_loses_pongs(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """No verdict on it, and none on the match at which it looks on: nobody waits for a pong but itself."""
    game, bot, spectator = await begin_show(open_shell(num_players=1, max_payload_bytes=1024))
    for _ in range(60):
        await spectator.stream.send_all(Message(*extended.PING, bytes(120)).to_line() * 100)
    game.say(extended.encode(extended.TURN, pb.Turn(number=1, asks=[pb.Ask(seat=0, state=b"state")])))
    for peer in (game, bot):
        await peer.hear_as(extended.START, pb.Start)
    await bot.hear_as(extended.REQUEST, pb.Request)
    bot.say(extended.encode(extended.DECISION, pb.Decision(number=1, decision=b"answer")))
    await game.hear_as(extended.TURN_RESULT, pb.TurnResult)
    game.say(Message(*extended.RESULT))
    assert (await game.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED
    pongs = [word for word in await spectator.hear_farewell() if extended.code(word) == extended.PONG]
    assert 0 < len(pongs) < 6000


async def test_who_leaves_with_the_end_of_its_match_has_played_it(
    autojump_clock: MockClock, open_shell: OpenShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """The game says that it is over and a bot closes, in one batch: the match is complete, and the bot was not lost."""
    shell = open_shell()
    game, bots = await shell.seat()
    game.say(basic.END)
    bots[1].socket.shutdown(socket.SHUT_WR)
    assert await bots[1].hear_farewell() == [basic.TERMINATION]
    await trio.testing.wait_all_tasks_blocked()
    assert shell.tally.matches == {Cause.COMPLETED: 1}
    assert "lost-in-match" not in capsys.readouterr().out


async def test_reset_is_heard_before_its_bot_is_asked(
    autojump_clock: MockClock, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot whose connection is found broken in the batch of the game's action is lost, and never asked."""
    recv = WatchedSocket.recv

    def reset(sock: WatchedSocket, size: int, /) -> bytes:
        data = recv(sock, size)
        if data == b"reset":
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        return data

    monkeypatch.setattr(WatchedSocket, "recv", reset)
    shell = open_shell()
    game, bots = await shell.seat()
    game.say(basic.action(0, b"state"))
    bots[0].say_bytes(b"reset")
    assert await game.hear_farewell() == [basic.TERMINATION] * 2
    (record,) = shell.coordinator.matches()
    assert (record.cause, record.turns) == (Cause.DISCONNECTED, 0)


@pytest.mark.parametrize("bot_first", [True, False])
async def test_who_is_lost_and_asked_in_one_batch_is_lost(
    autojump_clock: MockClock, open_shell: OpenShell, bot_first: bool
) -> None:
    """Its grace and its time to answer are over at once: it did not come back, so it is no time-out."""
    shell = open_shell(num_players=1, resume_grace=5, time_limit=5)
    game, bot, _spectator = await begin_show(shell)
    for peer in (game, bot):
        await peer.hear_as(extended.START, pb.Start)
    turn = extended.encode(extended.TURN, pb.Turn(number=1, asks=[pb.Ask(seat=0, state=b"state")]))
    if bot_first:
        bot.socket.shutdown(socket.SHUT_WR)
        game.say(turn)
    else:
        game.say(turn)
        bot.socket.shutdown(socket.SHUT_WR)
    assert (await game.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_DISCONNECTED
