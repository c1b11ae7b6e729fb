"""Faults of the broker itself: each ends one match, and no other."""

from collections.abc import Sequence
from typing import Any

import pytest
from trio.testing import MockClock

from bitbroker.broker import coordinator
from bitbroker.broker.basic_dialect import BasicBot, BasicGame
from bitbroker.broker.dialect import Heard
from bitbroker.broker.record import MatchRecord
from bitbroker.broker.stream import MessageStream
from bitbroker.broker.table import Table
from bitbroker.errors import Cause
from bitbroker.match import Effect, Event, Match, TurnAsked
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

from .conftest import OpenShell
from .helpers import play_turn


async def test_fault_in_the_rules_ends_one_match_alone(
    autojump_clock: MockClock, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug ends its match as broker fault, everyone there is told, and the match beside it goes on."""
    handle = Match.handle

    def handle_with_bug(match: Match, event: Event, now: float) -> Sequence[Effect]:
        if isinstance(event, TurnAsked) and event.questions[0].state == basic.action(0, b"bug"):
            raise RuntimeError("a bug")
        return handle(match, event, now)

    monkeypatch.setattr(Match, "handle", handle_with_bug)
    shell = open_shell()
    game, bots = await shell.seat()
    other_game, other_bots = await shell.seat()
    game.say(basic.action(0, b"bug"))
    assert await game.hear_farewell() == [basic.TERMINATION, basic.TERMINATION]
    for bot in bots:
        assert await bot.hear_farewell() == [basic.TERMINATION]
    await play_turn(other_game, other_bots[0], 0)
    assert shell.tally.matches == {Cause.BROKER_FAULT: 1}


async def test_fault_in_ending_a_match(
    autojump_clock: MockClock, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The match has ended all the same, and everyone is told."""

    def fail(_table: Table, _now: float) -> MatchRecord:
        raise ValueError("a fault")

    shell = open_shell()
    game, bots = await shell.seat()
    monkeypatch.setattr(coordinator, "record_match", fail)
    game.say(basic.END)
    for peer in (game, *bots):
        assert await peer.hear_farewell() == [basic.TERMINATION]
    assert shell.coordinator.matches_running == 0
    await shell.coordinator.wait_all_over()


@pytest.mark.parametrize("dialect", [BasicGame, BasicBot])
async def test_fault_in_hearing_ends_one_match_alone(
    autojump_clock: MockClock,
    open_shell: OpenShell,
    monkeypatch: pytest.MonkeyPatch,
    dialect: type[BasicGame | BasicBot],
) -> None:
    """As one in the rules does: also a bug in understanding what a client said is a bug in its match."""
    understand = dialect.hear
    bug = Message(7, 7)

    def hear_with_bug(self: Any, message: Message, seat: int | None) -> Heard:
        if message == bug:
            raise LookupError("a bug")
        return understand(self, message, seat)

    monkeypatch.setattr(dialect, "hear", hear_with_bug)
    shell = open_shell()
    game, bots = await shell.seat()
    other_game, other_bots = await shell.seat()
    (game if dialect is BasicGame else bots[1]).say(bug)
    assert await game.hear_farewell() == [basic.TERMINATION, basic.TERMINATION]
    for bot in bots:
        assert await bot.hear_farewell() == [basic.TERMINATION]
    await play_turn(other_game, other_bots[0], 0)
    assert shell.tally.matches == {Cause.BROKER_FAULT: 1}


@pytest.mark.parametrize("function", ["read_nowait", "fill_mailbox", "send_nowait", "send_waiting"])
@pytest.mark.parametrize("seat", [None, 1])
async def test_no_memory_for_a_connection_ends_its_match_alone(
    autojump_clock: MockClock, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch, function: str, seat: int | None
) -> None:
    """Or another fault in reading or writing, of the game's or a bot's connection: broker fault, and others play.

    All are told, but for the one whose connection cannot be trusted any more: it is closed.
    """
    work = getattr(MessageStream, function)
    starved: list[int] = []

    def starve(stream: MessageStream, *about: object) -> object:
        if stream.number in starved:
            raise MemoryError
        return work(stream, *about)

    monkeypatch.setattr(MessageStream, function, starve)
    shell = open_shell()
    game, bots = await shell.seat()
    other_game, other_bots = await shell.seat()
    unlucky = game if seat is None else bots[seat]
    starved.append(3 if seat is None else 2)
    if seat is None:
        game.say(basic.action(0, b"state"))
        if function.startswith("send"):
            await bots[0].hear()
            bots[0].say(basic.decision(b"answer"))
    else:
        game.say(basic.action(seat, b"state"))
        if not function.startswith("send"):
            bots[seat].say(basic.decision(b"answer"))
    for peer in {game, *bots} - {unlucky}:
        assert (await peer.hear_farewell())[-1] == basic.TERMINATION
    await unlucky.leave()
    await play_turn(other_game, other_bots[0], 0)
    assert shell.tally.matches == {Cause.BROKER_FAULT: 1}


async def test_no_memory_when_time_rules_ends_one_match_alone(
    autojump_clock: MockClock, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the last look at who is late is its match's, and the clock goes on for all others."""
    read = MessageStream.read_nowait

    def starve(stream: MessageStream) -> bool:
        if stream.number == 2:
            raise MemoryError
        return read(stream)

    shell = open_shell(time_limit=3)
    game, bots = await shell.seat()
    other_game, other_bots = await shell.seat()
    for peer, asked in ((game, bots[1]), (other_game, other_bots[1])):
        peer.say(basic.action(1, b"state"))
        await asked.hear()
    monkeypatch.setattr(MessageStream, "read_nowait", starve)
    for peer in (game, *bots, other_game, *other_bots):
        assert (await peer.hear_farewell())[-1] == basic.TERMINATION
    assert shell.tally.matches == {Cause.BROKER_FAULT: 1, Cause.TIME_LIMIT: 1}
