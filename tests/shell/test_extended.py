"""The extended wire through real connection tasks and the coordinator, on a virtual clock."""

from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming

from .conftest import OpenShell
from .helpers import begin, decision, turn


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


async def test_many_words_that_may_not_be_said(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """More than a mailbox holds come at once: the first one puts their bot out, and that is all."""
    shell = open_shell(num_players=2, on_failure="forfeit-seat")
    game, bots, _keys = await begin(shell, ["rude", "good"])
    bots[0].say(*[Message(9, 9)] * 40)
    refusal = await bots[0].hear_last(extended.REFUSAL, pb.Refusal)
    assert refusal.code == "protocol-violation"
    game.say(extended.encode(extended.RESULT, pb.Result()))
    assert (await bots[1].hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED


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
