"""Clients that lose their connection, and come back or not; and what is kept of them meanwhile."""

import socket
import tracemalloc

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.errors import Cause
from bitbroker.wire import extended
from bitbroker.wire.messages import Message

from .conftest import OpenShell
from .helpers import begin, decision, turn


@pytest.mark.parametrize("policy", ["forfeit-seat", "tell-game"])
async def test_who_was_put_out_may_not_come_back(autojump_clock: MockClock, open_shell: OpenShell, policy: str) -> None:
    """Its key is worth nothing, whether it spoke out of turn or came too late; its match goes on."""
    shell = open_shell(num_players=3, on_failure=policy, resume_grace=5)
    game, bots, keys = await begin(shell, ["rude", "late", "good"])
    bots[0].say(Message(9, 9))
    assert (await bots[0].hear_last(extended.REFUSAL, pb.Refusal)).code == "protocol-violation"
    await bots[1].leave()
    await trio.sleep(6)
    for key in keys[1:3]:
        again = shell.greet(extended.BOT_HELLO, resume_key=key)
        again.say(*[Message(9, 9)] * 16)
        assert (await again.hear_last(extended.REFUSAL, pb.Refusal)).code == "unknown-key"
    game.say(extended.encode(extended.RESULT, pb.Result()))
    assert (await bots[2].hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED


async def test_who_is_gone_costs_no_memory(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """A match remembers who was there, and may come back, but not what they had half sent, or did not read."""
    shell = open_shell(num_players=2)
    game, bots, _keys = await begin(shell, ["sends half", "does not read"])
    large = bytes(4 << 20)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await bots[0].stream.send_all(decision(1, large).to_line()[:-1])
        await game.say_much(extended.encode(extended.TURN, pb.Turn(number=1, asks=[pb.Ask(seat=1, state=large)])))
        await trio.testing.wait_all_tasks_blocked()
        assert tracemalloc.get_traced_memory()[0] - before > 8 << 20
        for bot in bots:
            await bot.leave()
        await trio.sleep(2.5)  # a farewell may take as long
        assert shell.coordinator.matches_running == 1
        open_request = len(large)  # which it would be sent again
        assert tracemalloc.get_traced_memory()[0] - before < open_request + (1 << 20)
    finally:
        tracemalloc.stop()


async def test_match_that_is_over_costs_little_memory(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Its outcome is kept for who was away; what was answered, published and asked is not."""
    shell = open_shell(num_players=2)
    large = bytes(4 << 20)
    tracemalloc.start()
    try:
        game, bots, _keys = await begin(shell, ["answers", "is asked"])
        before = tracemalloc.get_traced_memory()[0]
        await game.say_much(extended.encode(extended.PUBLISH, pb.Publish(number=1, payload=large)))
        asks = [pb.Ask(seat=0, state=b""), pb.Ask(seat=1, state=large)]
        await game.say_much(extended.encode(extended.TURN, pb.Turn(number=1, asks=asks)))
        await bots[0].hear_as(extended.REQUEST, pb.Request)
        await bots[0].say_much(decision(1, large))
        await trio.testing.wait_all_tasks_blocked()
        assert tracemalloc.get_traced_memory()[0] - before > 3 * len(large)
        game.say(Message(*extended.RESULT))
        for peer in (game, *bots):
            await peer.leave()
        await trio.sleep(2.5)  # a farewell may take as long
        assert shell.tally.matches == {Cause.COMPLETED: 1}
        assert tracemalloc.get_traced_memory()[0] - before < 1 << 20
    finally:
        tracemalloc.stop()


async def test_a_bot_returns_in_mid_request(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Welcome with the same key, start, the open request with what is left; the newest connection wins."""
    shell = open_shell(num_players=1)
    game, (bot,), (_, key) = await begin(shell, ["a"])
    game.say(turn(1, 0))
    await bot.hear_as(extended.REQUEST, pb.Request)
    await bot.leave()
    await trio.sleep(2)
    back = shell.greet(extended.BOT_HELLO, resume_key=key)
    assert (await back.hear_as(extended.WELCOME, pb.Welcome)).resume_key == key
    start = await back.hear_as(extended.START, pb.Start)
    assert (start.seat, start.last_turn) == (0, 1)
    assert (await back.hear_as(extended.REQUEST, pb.Request)).limit_ms == 3000
    newer = shell.greet(extended.BOT_HELLO, resume_key=key)
    assert (await back.hear_last(extended.REFUSAL, pb.Refusal)).code == "superseded"
    await newer.hear_as(extended.WELCOME, pb.Welcome)
    await newer.hear_as(extended.START, pb.Start)
    await newer.hear_as(extended.REQUEST, pb.Request)
    newer.say(decision(1, b"late but in time"))
    result = await game.hear_as(extended.TURN_RESULT, pb.TurnResult)
    assert result.answers[0].decision == b"late but in time"


async def test_a_bot_that_stays_away_is_lost(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """When the grace ends, asked or not; its key is then of a match that is over, and tells it so, for the grace."""
    shell = open_shell(num_players=1, resume_grace=7)
    game, (bot,), (_, key) = await begin(shell, ["a"])
    await bot.leave()
    outcome = await game.hear_last(extended.OUTCOME, pb.Outcome)
    assert (outcome.cause, outcome.seat) == (pb.CAUSE_DISCONNECTED, 0)
    assert trio.current_time() == 7
    back = shell.greet(extended.BOT_HELLO, resume_key=key)
    await back.hear_as(extended.WELCOME, pb.Welcome)
    await back.hear_as(extended.START, pb.Start)
    assert await back.hear_last(extended.OUTCOME, pb.Outcome) == outcome
    await trio.sleep(8)
    late = shell.greet(extended.BOT_HELLO, resume_key=key)
    assert (await late.hear_last(extended.REFUSAL, pb.Refusal)).code == "unknown-key"


@pytest.mark.parametrize("leaver", ["bot", "game", "waiting"])
async def test_who_leaves_for_good_is_not_waited_for(
    autojump_clock: MockClock, open_shell: OpenShell, leaver: str
) -> None:
    """A bot that says so is disconnected at once, a game is lost; who waits frees its place."""
    shell = open_shell(num_players=1)
    leave = Message(*extended.LEAVE)
    if leaver == "waiting":
        waiting = shell.greet(extended.BOT_HELLO, name="waiting")
        await waiting.hear_as(extended.WELCOME, pb.Welcome)
        waiting.say(leave)
        assert await waiting.hear_farewell() == []
        assert shell.coordinator.lobby.everybody() == []
        return
    game, (bot,), _ = await begin(shell, ["a"])
    gone, other = (bot, game) if leaver == "bot" else (game, bot)
    gone.say(leave)
    outcome = await other.hear_last(extended.OUTCOME, pb.Outcome)
    assert outcome.cause == (pb.CAUSE_DISCONNECTED if leaver == "bot" else pb.CAUSE_GAME_LOST)
    assert (outcome.detail, trio.current_time()) == ("it left in mid-match", 0)


async def test_a_game_returns_and_repeats_its_turn(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """It learns what was taken, and gets the result of its turn, asked once."""
    shell = open_shell(num_players=1)
    game, (bot,), (key, _) = await begin(shell, ["a"])
    game.say(turn(1, 0))
    await bot.hear_as(extended.REQUEST, pb.Request)
    await game.leave()
    bot.say(decision(1, b"done"))
    await trio.testing.wait_all_tasks_blocked()
    game = shell.greet(extended.GAME_HELLO, resume_key=key)
    await game.hear_as(extended.WELCOME, pb.Welcome)
    assert (await game.hear_as(extended.START, pb.Start)).last_turn == 1
    game.say(turn(1, 0))
    assert (await game.hear_as(extended.TURN_RESULT, pb.TurnResult)).answers[0].decision == b"done"
    game.say(turn(2, 0))
    assert (await bot.hear_as(extended.REQUEST, pb.Request)).number == 2


async def test_who_has_gone_hears_nothing(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """One who has ended its side of the connection is away, and may come back: no refusal."""
    shell = open_shell(num_players=1)
    _game, (bot,), (_, key) = await begin(shell, ["a"])
    bot.socket.shutdown(socket.SHUT_WR)
    assert await bot.hear_farewell() == []
    back = shell.greet(extended.BOT_HELLO, resume_key=key)
    await back.hear_as(extended.WELCOME, pb.Welcome)
