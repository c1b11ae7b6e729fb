"""A match of four whose connections are cut at every message, on a virtual clock: it ends as if nothing had been."""

import random
from collections.abc import Iterable, Mapping

import pytest
import trio
from trio.testing import MockClock

from tests.cuts import Cut, Line, Manner
from tests.four import BOUNDARIES, CLIENTS, FIRST, LAST, PAYLOAD_BYTES, PLAYERS, Match

from .conftest import OpenShell


async def hold(open_shell: OpenShell, cuts: Mapping[str, Iterable[Cut]]) -> tuple[Match, dict[str, Line]]:
    """Hold the match and check it. Bots think for some tenths of a second, and who is away is so for a second."""
    shell = open_shell(num_players=PLAYERS, max_payload_bytes=PAYLOAD_BYTES)

    async def dial() -> trio.SocketStream:
        await trio.lowlevel.checkpoint()
        return shell.connect().stream

    match = Match(dial, think=0.1, pause=1.0)
    lines = await match.hold(cuts)
    (record,) = shell.coordinator.matches()
    match.check(record.to_json())
    assert not shell.tally.not_taken.total()
    return match, lines


async def test_uncut(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """As many messages pass as there are places to cut at."""
    match, lines = await hold(open_shell, {})
    assert {name: lines[name].passed for name in CLIENTS} == LAST
    assert [event.kind for event in match.witness.events].count("away") == 0


@pytest.mark.parametrize("manner", Manner, ids=lambda manner: manner.name.lower())
@pytest.mark.parametrize("lost", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("client", "message"), BOUNDARIES)
async def test_cut(
    autojump_clock: MockClock, open_shell: OpenShell, client: str, message: int, lost: bool, manner: Manner
) -> None:
    """Once, at every message of each participant, which gets lost or is the last to arrive."""
    _, lines = await hold(open_shell, {client: [Cut(message, lost, manner)]})
    returns = 0 if message == LAST[client] and not lost else 1  # who has heard the outcome does not come back
    assert lines[client].connections == 1 + returns


@pytest.mark.parametrize("further", [1, 2, 3, 4])
@pytest.mark.parametrize(("client", "message"), BOUNDARIES)
async def test_cut_again(
    autojump_clock: MockClock, open_shell: OpenShell, client: str, message: int, further: int
) -> None:
    """And once more on the way back: at hello, welcome, start, and the first message after that."""
    cuts = [Cut(message, lost=True), Cut(message + further, lost=True, manner=Manner.UNNOTICED)]
    _, lines = await hold(open_shell, {client: cuts})
    assert lines[client].connections == 3


@pytest.mark.parametrize("seed", range(40))
async def test_cut_everywhere(autojump_clock: MockClock, open_shell: OpenShell, seed: int) -> None:
    """All participants, three times each, wherever it hits them, in any manner."""
    lots = random.Random(seed)
    cuts = {
        name: [
            Cut(message, lost=lots.random() < 0.5, manner=lots.choice(list(Manner)))
            for message in lots.sample(range(FIRST[name], LAST[name] + 4), 3)
        ]
        for name in CLIENTS
    }
    _, lines = await hold(open_shell, cuts)
    assert sum(line.connections for line in lines.values()) > 2 * len(CLIENTS)
