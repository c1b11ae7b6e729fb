"""Who waits for a match, and matches beside and after one another, by programs and a real broker.

What clients do that they may not is in `tests/misbehaviour`.
"""

import trio

from bitbroker.wire import basic

from .conftest import StartBroker, StartPeer, fetch, play_match
from .steps import END, TERMINATION, ask, bot, connect, game, say, seat


async def test_silence_blocks_nobody(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """Who connects first and says nothing, or half, has no seat; a match is played beside."""
    broker = await start_broker("--handshake-timeout", "3600")
    for steps in (["rest"], [*say(basic.BOT_HELLO), "rest"], ["raw:AAI", "rest"], ["stall"]):
        await connect(broker, start_peer, steps)
    await play_match(broker.port)
    assert await broker.stop() == 0
    assert broker.outcomes() == ["completed"]


async def test_second_game_and_third_bot_wait_for_the_next_match(
    start_broker: StartBroker, start_peer: StartPeer
) -> None:
    """While the first one is played, a second one begins with them as soon as it can."""
    broker = await start_broker()
    bots = [bot(f"bot {number}", "rest") for number in range(2)]
    first, *_ = await seat(broker, start_peer, game("wait", END, "rest"), *bots)
    await start_peer(broker.port, *bot("third", "rest"))
    second = await start_peer(broker.port, *game(END, "rest"))
    await broker.wait_logged("connection opened", connection=5)
    await start_peer(broker.port, *bot("fourth", "rest"))
    began = await broker.wait_logged("match began", match=2)
    assert sorted(began["players"]) == ["fourth", "third"]
    assert (await second.hear_all())[-1] == TERMINATION
    await first.go_on()
    assert await first.hear_all() == [TERMINATION]
    await broker.wait_logged("match over", match=1)
    assert broker.outcomes() == ["completed", "completed"]


async def test_third_bot_is_refused_where_the_settings_say_so(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """It hears a termination, the log has the reason, and the match is played with those who were first."""
    broker = await start_broker("--surplus", "refuse")
    for number in range(2):
        await start_peer(broker.port, *bot(f"bot {number}", "rest"))
        await broker.wait_logged("connection opened", connection=number + 1)
    while b'bitbroker_waiting{role="bot"} 2.0' not in (await fetch(f"{broker.url}/metrics"))[1]:
        await trio.lowlevel.checkpoint()
    third = await start_peer(broker.port, *bot("third", "rest"))
    assert await third.hear_all() == [TERMINATION]
    assert (await broker.wait_logged("connection over"))["ending"] == "no-place"
    await start_peer(broker.port, *game(END, "rest"))
    assert (await broker.wait_logged("match over"))["cause"] == "completed"


async def test_who_leaves_while_waiting_is_not_missed(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """However it goes, it has no seat in the match that follows."""
    broker = await start_broker()
    await start_peer(broker.port, *bot("crashes", "die"))
    await start_peer(broker.port, *bot("leaves"))
    for connection in (1, 2):
        await broker.wait_logged("connection over", connection=connection)
    await play_match(broker.port)
    assert broker.entries("match began")[0]["players"] == ["Echo", "Echo"]


async def test_match_that_takes_too_long(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """It is nobody's fault."""
    broker = await start_broker("--match-time-limit", "0.4")
    bots = bot("bot 0", "rest"), bot("bot 1", "rest")
    playing, asked, _ = await seat(broker, start_peer, game(ask(0), "rest"), *bots)
    assert await playing.hear_all() == [TERMINATION, TERMINATION]
    assert (await asked.hear_all())[-1] == TERMINATION
    await broker.wait_logged("match over", cause="match-time-limit", at_fault="nobody")


async def test_many_matches_side_by_side_and_one_after_the_other(start_broker: StartBroker) -> None:
    """Twenty at once, three times over, through one broker; each is completed."""
    broker = await start_broker(players=3)
    for _ in range(3):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(play_match, broker.port, 3)
    assert await broker.stop() == 0
    assert broker.outcomes() == ["completed"] * 60
    assert sorted(entry["match"] for entry in broker.entries("match over")) == list(range(1, 61))
