"""What a turn costs does not grow with the matches beside it, nor with who waits: counted, not timed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import trio.testing
from trio.testing import MockClock

from bitbroker.broker.greeting import Role
from bitbroker.wire import basic, extended

from .conftest import OpenShell, Peer, Shell

TURNS = 5
WAITING = 200
Seated = tuple[Peer, list[Peer]]


class Calls:
    """How many calls were made, of Python and of C functions, system calls among them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _frame: FrameType, event: str, _about: Any) -> None:
        """Count one, if it is one."""
        self.count += event in {"call", "c_call"}


@contextmanager
def counted() -> Iterator[Calls]:
    """All calls in this block."""
    calls = Calls()
    before = sys.getprofile()
    sys.setprofile(calls)
    try:
        yield calls
    finally:
        sys.setprofile(before)


async def play(matches: list[Seated], turns: int) -> None:
    """So many turns of each, all matches side by side."""
    for _ in range(turns):
        for game, _bots in matches:
            game.say(basic.action(0, b"state"))
        for _game, bots in matches:
            await bots[0].hear()
            bots[0].say(basic.decision(b"decision"))
        for game, _bots in matches:
            await game.hear()
            await game.hear()


async def calls_of_a_turn(shell: Shell, matches: int) -> float:
    """Calls that each of so many matches makes for a turn; those of the test's own peers too, as many in every one."""
    seated = [await shell.seat() for _ in range(matches)]
    await play(seated, 1)
    with counted() as calls:
        await play(seated, TURNS)
    for game, _bots in seated:
        game.say(basic.END)
    await trio.testing.wait_all_tasks_blocked()
    return calls.count / TURNS / matches


@pytest.fixture
def deep_shell(open_shell: OpenShell) -> Callable[[], Shell]:
    """A factory of shells with room for all that these tests bring."""
    return lambda: open_shell(max_waiting=2 * WAITING, max_unasked=1000)


async def test_cost_of_a_turn_beside_other_matches(autojump_clock: MockClock, deep_shell: Callable[[], Shell]) -> None:
    """Fifty matches cost no more each than five."""
    few = await calls_of_a_turn(deep_shell(), 5)
    many = await calls_of_a_turn(deep_shell(), 50)
    assert many < 1.1 * few


async def test_cost_of_a_turn_beside_who_waits(autojump_clock: MockClock, deep_shell: Callable[[], Shell]) -> None:
    """Two hundred bots without a game cost those who play nothing."""
    shell = deep_shell()
    alone = await calls_of_a_turn(shell, 5)
    for number in range(WAITING):
        shell.greet(extended.BOT_HELLO, name=f"waits {number}", match="never played")
    await trio.testing.wait_all_tasks_blocked()
    assert shell.coordinator.lobby.count(Role.BOT) == WAITING
    assert await calls_of_a_turn(shell, 5) < 1.1 * alone


async def test_cost_of_many_messages_in_one_piece(autojump_clock: MockClock, deep_shell: Callable[[], Shell]) -> None:
    """What a bot says unasked is looked at once, however much of it comes at a time."""
    costs = []
    for words in (50, 500):
        shell = deep_shell()
        game, bots = await shell.seat()
        game.say(basic.action(1, b"state"))
        await bots[1].hear()
        with counted() as calls:
            bots[0].say(*[basic.decision(b"unasked")] * words)
            await trio.testing.wait_all_tasks_blocked()
        assert sum(shell.tally.not_taken.values()) == words
        costs.append(calls.count / words)
        await game.leave()
    assert costs[1] < 1.1 * costs[0]
