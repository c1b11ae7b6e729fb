"""Matches through connections and coordinator, to the exact time, without a wait."""

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker.broker.table import Participant, Table
from bitbroker.errors import Cause
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

from .conftest import OpenShell
from .helpers import play_turn


async def test_match_is_played_to_its_end(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Turns go round, the end is the game's, everyone gets one termination."""
    shell = open_shell()
    game, bots = await shell.seat()
    for number in range(10):
        await play_turn(game, bots[number % 2], number % 2, bytes(number))
    game.say(basic.END)
    for peer in (game, *bots):
        assert await peer.hear_farewell() == [basic.TERMINATION]
    assert shell.tally.turns == 10
    assert shell.tally.matches == {Cause.COMPLETED: 1}


async def test_seats_go_by_order_of_accept(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Who connected first sits first, whoever spoke first; one that says nothing has no number."""
    shell = open_shell()
    late = shell.connect()
    silent = shell.connect()
    early = shell.bot("early")
    await trio.testing.wait_all_tasks_blocked()
    late.say(basic.BOT_HELLO)
    await trio.testing.wait_all_tasks_blocked()
    late.say(basic.bot_info("late"))
    await trio.testing.wait_all_tasks_blocked()
    game = shell.game()
    assert basic.parse_players(await game.hear()) == ["late", "early"]
    for peer in (late, silent, early, game):
        await peer.leave()


async def test_time_limit_is_exact(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Without an answer the match ends at the limit and not before, and the game is told twice in one go."""
    shell = open_shell(time_limit=2.5)
    game, bots = await shell.seat()
    began = trio.current_time()
    game.say(basic.action(1, b"state"))
    assert await bots[1].hear() == Message(2, 3, b"state")
    assert await game.hear_farewell() == [basic.TERMINATION, basic.TERMINATION]
    assert trio.current_time() - began == pytest.approx(2.5, abs=1e-6)
    for bot in bots:
        assert await bot.hear_farewell() == [basic.TERMINATION]
    assert shell.tally.matches == {Cause.TIME_LIMIT: 1}


async def test_answer_just_inside_the_limit_counts(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """A decision a moment before the deadline is a decision."""
    shell = open_shell(time_limit=2)
    game, bots = await shell.seat()
    game.say(basic.action(0, b"state"))
    await bots[0].hear()
    await trio.sleep(1.999)
    bots[0].say(basic.decision(b"just"))
    assert await game.hear() == basic.decision(b"just")
    await game.leave()


async def test_answer_that_waits_in_the_kernel_is_read_before_time_rules(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """The broker's own stall is not the player's: what has arrived when the deadline is looked at is in time."""
    shell = open_shell(time_limit=2)
    game, bots = await shell.seat()
    game.say(basic.action(0, b"state"))
    await bots[0].hear()
    bots[0].say(basic.decision(b"in time"))
    autojump_clock.jump(10)  # the broker is suspended: time passes, and it has read nothing
    assert await game.hear() == basic.decision(b"in time")
    await game.leave()


async def test_answer_that_comes_with_the_deadline_is_read_first(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """Too short a moment to be lag of the broker's: whichever task runs first, what has arrived counts."""
    shell = open_shell(time_limit=0.01)
    game, bots = await shell.seat()
    for _ in range(20):
        game.say(basic.action(0, b"state"))
        await bots[0].hear()
        bots[0].say(basic.decision(b"in time"))
        autojump_clock.jump(0.015)
        assert await game.hear() == basic.decision(b"in time")
        assert await game.hear() == basic.TRIGGER
    assert shell.tally.stall_seconds == 0
    await game.leave()


async def test_time_that_passes_while_the_clock_is_looked_at_rules_nothing(
    autojump_clock: MockClock, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker looks whose time is over, and waits for a processor before it goes on: nobody's is but theirs."""
    shell = open_shell(time_limit=0.1)
    game, bots = await shell.seat()
    late = Table.late

    def late_and_wait(table: Table, now: float) -> list[Participant]:
        found = late(table, now)
        monkeypatch.undo()
        bots[0].say(basic.decision(b"in time"))
        autojump_clock.jump(0.015)
        return found

    game.say(basic.action(0, b"state"))  # it is looked at again when this one's time would be over
    await bots[0].hear()
    await trio.sleep(0.01)
    bots[0].say(basic.decision(b"first"))
    assert [await game.hear(), await game.hear()] == [basic.decision(b"first"), basic.TRIGGER]
    game.say(basic.action(0, b"state"))
    await bots[0].hear()
    monkeypatch.setattr(Table, "late", late_and_wait)
    assert await game.hear() == basic.decision(b"in time")
    await game.leave()


async def test_late_answer_is_never_taken_for_the_next_question(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """Under tell-game: the game hears of the time-out, asks again, and gets the answer to that question."""
    shell = open_shell(time_limit=1, on_failure="tell-game")
    game, bots = await shell.seat()
    game.say(basic.action(0, b"first"))
    assert await game.hear() == Message(2, Cause.TIME_LIMIT)
    assert await game.hear() == basic.TRIGGER
    game.say(basic.action(0, b"second"))
    assert [(await bots[0].hear()).body, (await bots[0].hear()).body] == [b"first", b"second"]
    bots[0].say(basic.decision(b"to the first"), basic.decision(b"to the second"))
    assert await game.hear() == basic.decision(b"to the second")
    assert shell.tally.not_taken == {Cause.TIME_LIMIT: 1}
    await game.leave()


async def test_words_that_came_before_the_request_are_not_its_answer(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """Even when they were still unread in the broker's kernel as the game's action came."""
    shell = open_shell()
    game, bots = await shell.seat()
    bots[0].say(basic.decision(b"early"))
    game.say(basic.action(0, b"state"))
    assert (await bots[0].hear()).body == b"state"
    bots[0].say(basic.decision(b"answer"))
    assert await game.hear() == basic.decision(b"answer")
    assert shell.tally.not_taken == {Cause.NOT_ASKED: 1}
    await game.leave()


async def test_lost_seat_under_tell_game_is_answered_at_once(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """The game goes on with who is left; the last one to go ends the match."""
    shell = open_shell(on_failure="tell-game")
    game, bots = await shell.seat()
    await bots[0].leave()
    game.say(basic.action(0, b"state"))
    assert await game.hear() == Message(2, Cause.DISCONNECTED)
    assert await game.hear() == basic.TRIGGER
    await play_turn(game, bots[1], 1)
    await bots[1].leave()
    assert await game.hear_farewell() == [basic.TERMINATION, basic.TERMINATION]
    assert shell.tally.matches == {Cause.NO_PLAYERS_LEFT: 1}


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (basic.action(2, b""), Cause.GAME_FAULT),
        (Message(0x7F, 0), Cause.PROTOCOL_VIOLATION),
        (None, Cause.GAME_LOST),
    ],
)
async def test_games_fault_ends_its_match(
    autojump_clock: MockClock, open_shell: OpenShell, words: Message | None, cause: Cause
) -> None:
    """No such player, no such word, gone: the bots get their termination and the cause is right."""
    shell = open_shell()
    game, bots = await shell.seat()
    if words is None:
        await game.leave()
    else:
        game.say(words)
    for bot in bots:
        assert await bot.hear_farewell() == [basic.TERMINATION]
    assert shell.tally.matches == {cause: 1}


async def test_game_that_stalls_is_held_to_its_limit(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """A game that does not go on after its trigger ends its match."""
    shell = open_shell(game_time_limit=7)
    began = trio.current_time()
    game, bots = await shell.seat()
    assert await bots[0].hear_farewell() == [basic.TERMINATION]
    assert trio.current_time() - began == pytest.approx(7, abs=1e-6)
    assert await game.hear_farewell() == [basic.TERMINATION, basic.TERMINATION]
    assert shell.tally.matches == {Cause.GAME_TIME_LIMIT: 1}


async def test_bot_that_does_not_read_loses_its_seat_and_delays_nobody(
    autojump_clock: MockClock, open_shell: OpenShell
) -> None:
    """Requests pile up to the bound of its outbox; then it is out as a slow consumer, and it alone.

    The other bot of its match plays on; so does, all the while, a match beside, in which a bot reads late, but reads.
    """
    shell = open_shell(on_failure="tell-game", time_limit=1, max_payload_bytes=1 << 20)
    game, bots = await shell.seat()
    other_game, other_bots = await shell.seat()
    large = basic.action(1, bytes(1 << 20))
    await other_game.say_much(large)
    await trio.sleep(0.9)
    assert (await other_bots[1].hear()).body_bytes == large.body_bytes
    other_bots[1].say(basic.decision(b"late"))
    assert await other_game.hear() == basic.decision(b"late")
    assert await other_game.hear() == basic.TRIGGER
    causes = []
    while Cause.SLOW_CONSUMER not in causes:
        await game.say_much(basic.action(0, bytes(150_000)))
        causes.append((await game.hear()).operand)
        assert await game.hear() == basic.TRIGGER
        await play_turn(other_game, other_bots[0], 0, seconds=1)
    assert len(causes) > 7, "a megabyte at the least may wait for it"
    assert set(causes) == {Cause.TIME_LIMIT, Cause.SLOW_CONSUMER}
    game.say(basic.action(1, b"state"))
    await bots[1].hear()
    bots[1].say(basic.decision(b"answer"))
    assert await game.hear() == basic.decision(b"answer")
    other_game.say(basic.END)
    for peer in (other_game, *other_bots):
        assert await peer.hear_farewell() == [basic.TERMINATION]
    assert shell.tally.matches == {Cause.COMPLETED: 1}


async def test_broker_that_stops_tells_everyone(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Who waits is told at once; a match is ended by name, and its game told twice."""
    shell = open_shell()
    game, bots = await shell.seat()
    waiting_bot, waiting_game = shell.bot(), shell.connect()
    await trio.testing.wait_all_tasks_blocked()
    shell.coordinator.stop_seating()
    assert await waiting_bot.hear_farewell() == [basic.TERMINATION]
    waiting_game.say(basic.GAME_HELLO)  # one that comes too late
    assert await waiting_game.hear_farewell() == [basic.TERMINATION]
    await play_turn(game, bots[0], 0)
    shell.coordinator.end_matches(Cause.BROKER_STOPPING)
    assert await game.hear_farewell() == [basic.TERMINATION, basic.TERMINATION]
    for bot in bots:
        assert await bot.hear_farewell() == [basic.TERMINATION]
    await shell.reception.wait_all_closed()
    assert shell.tally.matches == {Cause.BROKER_STOPPING: 1}
