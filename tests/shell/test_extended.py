"""The extended wire through real connection tasks and the coordinator, on a virtual clock."""

import socket
import tracemalloc
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.errors import Cause
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming

from .conftest import OpenShell, Peer, Shell


def turn(number: int, *seats: int, more: bool = False, limit_ms: int | None = None) -> Message:
    """A turn that asks these seats, each with a state of its own."""
    asks = [pb.Ask(seat=seat, state=b"state %d" % seat, limit_ms=limit_ms) for seat in seats]
    return extended.encode(extended.TURN, pb.Turn(number=number, asks=asks, more=more))


def decision(number: int, words: bytes) -> Message:
    """A decision under this number."""
    return extended.encode(extended.DECISION, pb.Decision(number=number, decision=words))


async def begin(shell: Shell, names: list[str], **hello: Any) -> tuple[Peer, list[Peer], list[str]]:
    """An extended match that has begun; the game, the bots, and all keys, the game's first."""
    bots = [shell.greet(extended.BOT_HELLO, name=name) for name in names]
    game = shell.greet(extended.GAME_HELLO, **{"players": len(names), **hello})
    keys = [(await peer.hear_as(extended.WELCOME, pb.Welcome)).resume_key for peer in (game, *bots)]
    for peer in (game, *bots):
        await peer.hear_as(extended.START, pb.Start)
    return game, bots, keys


async def test_stall_of_the_broker_counts_for_nobody(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Suspended for ten seconds at a limit of one: the bot has its second all the same, and the game is told."""
    shell = open_shell()
    game, (bot,), _ = await begin(shell, ["bot"], time_control=pb.TimeControl(move_ms=1000))
    game.say(turn(1, 0))
    await bot.hear_as(extended.REQUEST, pb.Request)
    autojump_clock.jump(10)
    await trio.sleep(0.9)
    bot.say(decision(1, b"in time"))
    (answer,) = (await game.hear_as(extended.TURN_RESULT, pb.TurnResult)).answers
    assert (answer.cause, answer.decision) == (pb.CAUSE_NONE, b"in time")
    assert answer.elapsed_us + answer.stall_us == 10_900_000
    assert 900_000 <= answer.elapsed_us <= 950_000
    assert shell.tally.stalls == 1
    (record,) = shell.coordinator.matches()
    assert record.stalled_seconds == pytest.approx(answer.stall_us / 1_000_000)
    game.say(turn(2, 0))
    assert (await bot.hear_as(extended.REQUEST, pb.Request)).limit_ms == 1000
    assert (await game.hear_last(extended.OUTCOME, pb.Outcome)).detail == "it did not answer within 1 s"


async def test_stall_before_a_match_is_not_its_own(mock_clock: MockClock, open_shell: OpenShell) -> None:
    """The broker is held up, and then its first work is to begin a match: that has not been stalled."""
    shell = open_shell(num_players=1)
    stalled = []
    for number in range(1, 17):  # tasks run in any order, and the heartbeat's may see the stall first
        shell.greet(extended.GAME_HELLO)
        bot = shell.connect()
        await trio.testing.wait_all_tasks_blocked()
        bot.say(extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, name="bot")))
        mock_clock.jump(10)
        await trio.testing.wait_all_tasks_blocked()
        stalled.append(shell.coordinator.matches()[-1].stalled_seconds)
        shell.coordinator.abort(number)
    assert stalled == [0.0] * 16
    assert shell.tally.stalls == 16


async def test_a_whole_match(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Welcome, start, a turn for two, the result with measured times, the outcome with the game's result."""
    shell = open_shell()
    bots = [shell.greet(extended.BOT_HELLO, name=name, seat=1 - place) for place, name in enumerate("ab")]
    game = shell.greet(extended.GAME_HELLO, time_control=pb.TimeControl(move_ms=1000, bank_ms=500, increment_ms=10))
    for peer in (game, *bots):
        welcome = await peer.hear_as(extended.WELCOME, pb.Welcome)
        assert (welcome.protocol, welcome.max_payload_bytes, len(welcome.resume_key)) == (1, 8 << 20, 22)
    start = await game.hear_as(extended.START, pb.Start)
    assert [player.name for player in start.players] == ["b", "a"]
    assert start.time_control.start_ms == 1000
    assert not start.HasField("seat")
    assert [(await bot.hear_as(extended.START, pb.Start)).seat for bot in bots] == [1, 0]
    game.say(turn(1, 1, 0))
    for bot, seat in zip(bots, (1, 0), strict=True):
        request = await bot.hear_as(extended.REQUEST, pb.Request)
        assert (request.number, request.state, request.limit_ms, request.bank_left_ms) == (
            1,
            b"state %d" % seat,
            1000,
            500,
        )
    await trio.sleep(1.2)
    bots[0].say(decision(1, b"slow"))
    bots[1].say(decision(1, b"too"))
    result = await game.hear_as(extended.TURN_RESULT, pb.TurnResult)
    assert [(answer.seat, answer.decision, answer.elapsed_us, answer.bank_left_ms) for answer in result.answers] == [
        (1, b"slow", 1_200_000, 310),
        (0, b"too", 1_200_000, 310),
    ]
    said = pb.Result(seats=[pb.SeatResult(seat=0, score=1.5, rank=1)], reason="enough")
    game.say(extended.encode(extended.RESULT, said))
    for peer in (game, *bots):
        outcome = await peer.hear_last(extended.OUTCOME, pb.Outcome)
        assert (outcome.cause, outcome.result) == (pb.CAUSE_COMPLETED, said)


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


async def test_many_words_that_may_not_be_said(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """More than a mailbox holds come at once: the first one puts their bot out, and that is all."""
    shell = open_shell(num_players=2, on_failure="forfeit-seat")
    game, bots, _keys = await begin(shell, ["rude", "good"])
    bots[0].say(*[Message(9, 9)] * 40)
    refusal = await bots[0].hear_last(extended.REFUSAL, pb.Refusal)
    assert refusal.code == "protocol-violation"
    game.say(extended.encode(extended.RESULT, pb.Result()))
    assert (await bots[1].hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED


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


async def test_basic_and_extended_meet(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """A basic game with an extended bot and a basic one; and the other way round."""
    shell = open_shell()
    basic_bot = shell.bot("plain")
    extended_bot = shell.greet(extended.BOT_HELLO, name="more")
    game = shell.game()
    await extended_bot.hear_as(extended.WELCOME, pb.Welcome)
    assert basic.parse_players(await game.hear()) == ["plain", "more"]
    assert await game.hear() == basic.TRIGGER
    game.say(basic.action(1, b"from a basic game"))
    assert (await extended_bot.hear_as(extended.START, pb.Start)).seat == 1
    request = await extended_bot.hear_as(extended.REQUEST, pb.Request)
    assert (request.number, request.state, request.limit_ms) == (1, b"from a basic game", 5000)
    extended_bot.say(decision(1, b"to a basic game"))
    assert await game.hear() == basic.decision(b"to a basic game")
    assert await game.hear() == basic.TRIGGER
    game.say(basic.END)
    assert (await extended_bot.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED
    assert await basic_bot.hear_farewell() == [basic.TERMINATION]

    basic_bot = shell.bot("plain")
    game = shell.greet(extended.GAME_HELLO, players=1, time_control=pb.TimeControl(bank_ms=1500))
    await game.hear_as(extended.WELCOME, pb.Welcome)
    await game.hear_as(extended.START, pb.Start)
    game.say(turn(1, 0))
    assert await basic_bot.hear() == Message(2, 7, b"state 0")
    basic_bot.say(basic.decision(b"plainly"))
    result = await game.hear_as(extended.TURN_RESULT, pb.TurnResult)
    assert result.answers[0].decision == b"plainly"


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


async def test_late_double_and_unasked_decisions(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Told apart, each told once; a number that was never given out is a violation."""
    shell = open_shell(num_players=1)
    control = pb.TimeControl(move_ms=1000, on_failure=pb.FAILURE_POLICY_TELL_GAME)
    game, (bot,), _ = await begin(shell, ["a"], time_control=control)
    game.say(turn(1, 0))
    failed = (await game.hear_as(extended.TURN_RESULT, pb.TurnResult)).answers[0]
    assert (failed.cause, failed.elapsed_us, failed.bank_left_ms) == (pb.CAUSE_TIME_LIMIT, 1_000_000, 0)
    await bot.hear_as(extended.REQUEST, pb.Request)
    await trio.sleep(0.25)
    bot.say(decision(1, b"late"))
    not_taken = await bot.hear_as(extended.NOT_TAKEN, pb.NotTaken)
    assert (not_taken.number, not_taken.cause, not_taken.late_us) == (1, pb.CAUSE_TIME_LIMIT, 250_000)
    game.say(turn(2, 0))
    await bot.hear_as(extended.REQUEST, pb.Request)
    bot.say(decision(1, b"again"), decision(2, b"first"), decision(2, b"second"), decision(2, b"third"))
    not_taken = await bot.hear_as(extended.NOT_TAKEN, pb.NotTaken)
    assert (not_taken.number, not_taken.cause) == (2, pb.CAUSE_ALREADY_ANSWERED)
    assert (await game.hear_as(extended.TURN_RESULT, pb.TurnResult)).answers[0].decision == b"first"
    bot.say(decision(3, b"from the future"))
    assert (await bot.hear_last(extended.REFUSAL, pb.Refusal)).code == "protocol-violation"
    assert (await game.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_NO_PLAYERS_LEFT


async def test_resignation_puts_a_seat_out(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Asks to it are answered at once; it hears the outcome all the same."""
    shell = open_shell()
    game, bots, _ = await begin(shell, ["a", "b"])
    game.say(turn(1, 0, 1))
    for bot in bots:
        await bot.hear_as(extended.REQUEST, pb.Request)
    bots[0].say(Message(*extended.RESIGNATION))
    bots[1].say(decision(1, b"on"))
    answers = (await game.hear_as(extended.TURN_RESULT, pb.TurnResult)).answers
    assert [answer.cause for answer in answers] == [pb.CAUSE_RESIGNED, pb.CAUSE_NONE]
    game.say(turn(2, 0))
    assert (await game.hear_as(extended.TURN_RESULT, pb.TurnResult)).answers[0].cause == pb.CAUSE_RESIGNED
    game.say(Message(*extended.RESULT))
    assert (await bots[0].hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED


@pytest.mark.parametrize(
    ("role", "hello", "code"),
    [
        (extended.BOT_HELLO, {"protocol": 0, "name": "old"}, "unsupported-version"),
        (extended.BOT_HELLO, {"match": "12"}, "bad-hello"),
        (extended.GAME_HELLO, {"players": 256}, "bad-hello"),
        (extended.GAME_HELLO, {"time_control": pb.TimeControl(move_ms=3_600_001)}, "bad-hello"),
        (extended.GAME_HELLO, {"time_control": pb.TimeControl(bank_ms=extended.NO_LIMIT)}, "bad-hello"),
        (extended.GAME_HELLO, {"resume_key": "guessed"}, "unknown-key"),
        (extended.SPECTATOR_HELLO, {}, "bad-hello"),
        (extended.SPECTATOR_HELLO, {"match": "7"}, "no-such-match"),
    ],
)
async def test_refusals(
    autojump_clock: MockClock, open_shell: OpenShell, role: tuple[int, int], hello: dict[str, Any], code: str
) -> None:
    """Each with its code and a sentence."""
    refusal = await open_shell().greet(role, **hello).hear_last(extended.REFUSAL, pb.Refusal)
    assert (refusal.code, bool(refusal.message)) == (code, True)


async def test_named_matches_meet_apart(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Who comes for a name does not meet who comes for another one, or for none."""
    shell = open_shell(num_players=1)
    final = shell.greet(extended.BOT_HELLO, name="final", match="final")
    game = shell.greet(extended.GAME_HELLO, match="semi")
    lobby = shell.bot("lobby")
    await trio.testing.wait_all_tasks_blocked()
    assert shell.coordinator.matches_running == 0
    semi = shell.greet(extended.BOT_HELLO, name="semi", match="semi")
    await game.hear_as(extended.WELCOME, pb.Welcome)
    assert [player.name for player in (await game.hear_as(extended.START, pb.Start)).players] == ["semi"]
    for peer in (final, lobby, semi):
        await peer.leave()


async def test_pings_are_answered(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """With the same body, while it waits and while it plays; a pong is nothing to answer."""
    shell = open_shell(num_players=1)
    bot = shell.greet(extended.BOT_HELLO, name="a")
    await bot.hear_as(extended.WELCOME, pb.Welcome)
    bot.say(Message(*extended.PING, b"?"), Message(*extended.PONG, b"!"))
    assert await bot.hear() == Message(*extended.PONG, b"?")
    shell.greet(extended.GAME_HELLO)
    await bot.hear_as(extended.START, pb.Start)
    bot.say(Message(*extended.PING, b"??"))
    assert await bot.hear() == Message(*extended.PONG, b"??")


async def test_spectators(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """One who waits by name sees all of it; one who comes late is told the present first."""
    shell = open_shell(num_players=1)
    early = shell.greet(extended.SPECTATOR_HELLO, match="show")
    await early.hear_as(extended.WELCOME, pb.Welcome)
    game, (bot,), _ = await begin_named(shell, "show")
    assert (await early.hear_as(extended.START, pb.Start)).content_type == "text/plain"
    assert (await early.hear_as(extended.LIVE, pb.Live)).sequence == 0
    game.say(extended.encode(extended.PUBLISH, pb.Publish(number=1, payload=b"empty board")), turn(1, 0))
    assert (await early.hear_as(extended.PUBLISHED, pb.Published)).payload == b"empty board"
    event = await early.hear_as(extended.EVENT, pb.MatchEvent)
    assert (event.sequence, event.kind, event.seat, event.number) == (2, pb.MatchEvent.KIND_ASKED, 0, 1)
    late = shell.greet(extended.SPECTATOR_HELLO, match="1")
    await late.hear_as(extended.WELCOME, pb.Welcome)
    await late.hear_as(extended.START, pb.Start)
    assert (await late.hear_as(extended.PUBLISHED, pb.Published)).sequence == 1
    assert (await late.hear_as(extended.LIVE, pb.Live)).sequence == 2
    bot.say(decision(1, b"x"))
    await game.hear_as(extended.TURN_RESULT, pb.TurnResult)
    game.say(Message(*extended.RESULT))
    for spectator in (early, late):
        event = await spectator.hear_as(extended.EVENT, pb.MatchEvent)
        assert (event.sequence, event.kind) == (3, pb.MatchEvent.KIND_ANSWERED)
        assert (await spectator.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED


async def begin_named(shell: Shell, name: str, **hello: Any) -> tuple[Peer, list[Peer], list[str]]:
    """A match of one player under a name."""
    bot = shell.greet(extended.BOT_HELLO, name="a", match=name)
    game = shell.greet(extended.GAME_HELLO, match=name, content_type="text/plain", **hello)
    keys = [(await peer.hear_as(extended.WELCOME, pb.Welcome)).resume_key for peer in (game, bot)]
    for peer in (game, bot):
        await peer.hear_as(extended.START, pb.Start)
    return game, [bot], keys


async def test_spectators_kept_behind(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """All they get, the outcome too, is as old as the game wants."""
    shell = open_shell(num_players=1)
    game, (bot,), _ = await begin_named(shell, "show", spectator_delay_ms=10_000)
    spectator = shell.greet(extended.SPECTATOR_HELLO, match="show")
    await spectator.hear_as(extended.WELCOME, pb.Welcome)
    await spectator.hear_as(extended.START, pb.Start)
    await spectator.hear_as(extended.LIVE, pb.Live)
    began = trio.current_time()
    game.say(extended.encode(extended.PUBLISH, pb.Publish(number=1, payload=b"picture")))
    await trio.sleep(3)
    game.say(Message(*extended.RESULT))
    assert (await bot.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED
    assert trio.current_time() == began + 3
    await spectator.hear_as(extended.PUBLISHED, pb.Published)
    assert trio.current_time() == began + 10
    await spectator.hear_last(extended.OUTCOME, pb.Outcome)
    assert trio.current_time() == began + 13


async def test_turns_and_results_in_parts(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """What does not fit one message comes in several, in the order of the asks; requests leave part by part."""
    shell = open_shell(num_players=3, max_payload_bytes=2048)
    game, bots, _ = await begin(shell, ["a", "b", "c"])
    game.say(turn(1, 2, more=True))
    await bots[2].hear_as(extended.REQUEST, pb.Request)
    bots[2].say(decision(1, b"2" * 2048))
    await trio.testing.wait_all_tasks_blocked()
    game.say(turn(1, 0, 1))
    for seat in (0, 1):
        await bots[seat].hear_as(extended.REQUEST, pb.Request)
        bots[seat].say(decision(1, b"%d" % seat * 1000))
    parts = [await game.hear_as(extended.TURN_RESULT, pb.TurnResult) for _ in range(2)]
    assert [part.more for part in parts] == [True, False]
    assert [answer.seat for part in parts for answer in part.answers] == [2, 0, 1]


async def test_a_turn_left_open_is_the_games_time(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """A game that says that more follows, and sends no more, runs out of its own time."""
    shell = open_shell(num_players=2, game_time_limit=3)
    game, bots, _ = await begin(shell, ["a", "b"])
    game.say(turn(1, 0, more=True))
    await bots[0].hear_as(extended.REQUEST, pb.Request)
    bots[0].say(decision(1, b"x"))
    assert (await game.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_GAME_TIME_LIMIT


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (turn(2, 0), "it sent turn 2 in place of turn 1"),
        (turn(1), "its turn asks nobody"),
        (turn(1, 0, 0), "it asked player 0 twice in one turn"),
        (turn(1, 7), "it asked player 7; the players are 0 to 1"),
        (turn(1, 0, limit_ms=extended.NO_LIMIT), "it gave player 0 inf s; the broker allows 3600 s"),
        (
            extended.encode(extended.RESULT, pb.Result(seats=[pb.SeatResult(seat=0, score=float("nan"))])),
            "its result has a score that is not finite",
        ),
    ],
)
async def test_faults_of_a_game(autojump_clock: MockClock, open_shell: OpenShell, words: Message, detail: str) -> None:
    """Each ends its match by name; the bots hear it too."""
    game, bots, _ = await begin(open_shell(), ["a", "b"])
    game.say(words)
    for peer in (game, *bots):
        outcome = await peer.hear_last(extended.OUTCOME, pb.Outcome)
        assert (outcome.cause, outcome.detail) == (pb.CAUSE_GAME_FAULT, detail)


@pytest.mark.parametrize("words", [Message(2, 0, b"basic"), Message(9, 9), Message(*extended.DECISION, b"\xff")])
async def test_violations_of_a_bot(autojump_clock: MockClock, open_shell: OpenShell, words: Message) -> None:
    """An unknown code, one of the basic wire, a body that does not parse: put out, and told so."""
    control = pb.TimeControl(on_failure=pb.FAILURE_POLICY_FORFEIT_SEAT)
    game, bots, _ = await begin(open_shell(), ["a", "b"], time_control=control)
    game.say(turn(1, 0))
    await bots[0].hear_as(extended.REQUEST, pb.Request)
    bots[0].say(words)
    assert (await bots[0].hear_last(extended.REFUSAL, pb.Refusal)).code == "protocol-violation"
    answer = (await game.hear_as(extended.TURN_RESULT, pb.TurnResult)).answers[0]
    assert answer.cause == pb.CAUSE_PROTOCOL_VIOLATION
    game.say(turn(2, 0))
    assert (await game.hear_as(extended.TURN_RESULT, pb.TurnResult)).answers[0].cause == pb.CAUSE_FORFEITED


async def test_a_slow_spectator_loses_messages(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """The match goes on; the sequence shows the gap; the outcome arrives."""
    shell = open_shell(num_players=1, max_payload_bytes=100_000)
    game, (bot,), _ = await begin_named(shell, "show")
    spectator = shell.greet(extended.SPECTATOR_HELLO, match="show")
    for what in (extended.WELCOME, extended.START, extended.LIVE):
        assert extended.code(await spectator.hear()) == what
    for number in range(1, 41):
        await game.say_much(extended.encode(extended.PUBLISH, pb.Publish(number=number, payload=bytes(100_000))))
    await game.say_much(Message(*extended.RESULT))  # the socket's buffer may still be full of pictures
    assert (await bot.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED
    *pictures, outcome = await spectator.hear_farewell()
    sequences = [extended.parse(picture, pb.Published).sequence for picture in pictures]
    assert sequences == sorted(set(sequences))
    assert 0 < len(sequences) < 40
    assert extended.code(outcome) == extended.OUTCOME


async def test_who_has_gone_hears_nothing(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """One who has ended its side of the connection is away, and may come back: no refusal."""
    shell = open_shell(num_players=1)
    _game, (bot,), (_, key) = await begin(shell, ["a"])
    bot.socket.shutdown(socket.SHUT_WR)
    assert await bot.hear_farewell() == []
    back = shell.greet(extended.BOT_HELLO, resume_key=key)
    await back.hear_as(extended.WELCOME, pb.Welcome)


async def test_length_prefixed(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """The other framing on the same port, for basic and extended clients alike."""
    shell = open_shell()
    plain = shell.connect(PrefixedFraming(1 << 20))
    plain.say(basic.BOT_HELLO, basic.bot_info("plain"))
    bot = shell.greet(extended.BOT_HELLO, PrefixedFraming(1 << 20), name="more")
    await bot.hear_as(extended.WELCOME, pb.Welcome)
    game = shell.game()
    assert basic.parse_players(await game.hear()) == ["plain", "more"]
    assert await game.hear() == basic.TRIGGER
    game.say(basic.action(0, b"\0\n"))
    assert await plain.hear() == Message(2, 5, b"\0\n")
