"""What the poller's coordinator does with several sockets at once: it reads all, hears all, and then sends."""

import pytest
import trio.testing
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.stream import MessageStream
from bitbroker.errors import Cause
from bitbroker.settings import Reading
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

from .conftest import OpenShell

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


async def test_more_than_the_outbox_holds_goes_out_within_a_batch(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """Holding back loses nothing that the socket would have taken: a spectator gets all that a game shows at once."""
    shell = open_shell(num_players=1, max_payload_bytes=1024)
    spectator = shell.greet(extended.SPECTATOR_HELLO, match="show")
    game = shell.greet(extended.GAME_HELLO, match="show")
    bot = shell.greet(extended.BOT_HELLO, match="show")
    for peer in (game, spectator, bot):
        await peer.hear_as(extended.WELCOME, pb.Welcome)
    pictures = [pb.Publish(number=number, payload=bytes(1000)) for number in range(1, 101)]
    game.say(*[extended.encode(extended.PUBLISH, picture) for picture in pictures])
    await spectator.hear_as(extended.START, pb.Start)
    await spectator.hear_as(extended.LIVE, pb.Live)
    for picture in pictures:
        assert (await spectator.hear_as(extended.PUBLISHED, pb.Published)).sequence == picture.number
