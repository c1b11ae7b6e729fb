"""A match of four whose connections are cut at every message: it ends as if nothing had happened.

Game, bots and spectator are those of the client library, as users run them; they reach the broker by counted lines.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker.client import AsyncTable, BaseBot, BaseGame, Cause, MatchEvent, Outcome, Result, Spectator
from tests.cuts import Cut, Line, Manner, laid

from .conftest import OpenShell, Shell

PLAYERS = 4
TURNS = 3
SEATS = range(PLAYERS)
LARGE = bytes(600)
"""Behind the decisions of the second turn: its result takes a message for each of them."""
RESULT = Result({seat: seat / 2 for seat in SEATS}, {seat: PLAYERS - seat for seat in SEATS}, "all is said")


class Caller(BaseGame):
    """Shows and asks, everybody at once."""

    PLAYERS = PLAYERS

    def __init__(self) -> None:
        self.answers: list[dict[int, bytes]] = []
        self.outcomes: list[Outcome] = []

    async def play(self, table: AsyncTable) -> None:
        """All turns, and the result."""
        for turn in range(1, TURNS + 1):
            await table.publish(b"picture %d" % turn)
            answers = await table.ask_all({seat: b"%d to %d" % (turn, seat) for seat in SEATS})
            self.answers.append({seat: answer.decision for seat, answer in answers.items()})
        await table.end(RESULT)

    def on_outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        self.outcomes.append(outcome)


class Echo(BaseBot):
    """Says what it was asked, after a while."""

    def __init__(self, seat: int) -> None:
        self.NAME = f"echo {seat}"
        self.asked: list[bytes] = []
        self.outcomes: list[Outcome] = []
        self._seat = seat

    async def decide_move(self, state: bytes) -> bytes:
        """One after the other: each has its own time to be cut at."""
        self.asked.append(state)
        await trio.sleep(0.1 * (1 + self._seat))
        return said(state)

    def on_outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        self.outcomes.append(outcome)


def said(state: bytes) -> bytes:
    """What a bot answers."""
    return state + (LARGE if state.startswith(b"2") else b"")


class Witness(Spectator):
    """Sees it all."""

    def __init__(self) -> None:
        self.pictures: list[bytes] = []
        self.events: list[MatchEvent] = []
        self.missed = 0
        self.outcomes: list[Outcome] = []

    def on_published(self, payload: bytes, at: float) -> None:
        """Keep it."""
        self.pictures.append(payload)

    def on_event(self, event: MatchEvent) -> None:
        """Keep it."""
        self.events.append(event)

    def on_gap(self, missed: int) -> None:
        """Count it."""
        self.missed += missed

    def on_outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        self.outcomes.append(outcome)


CLIENTS = ("game", *(f"bot-{seat}" for seat in SEATS))
# Before its welcome a client has no key to come back with. Hello and welcome of the game, and in between a bot's info;
# then a start, the turns, and the outcome. A turn is what is shown, asked and answered, in four parts if it is large.
FIRST = {name: 3 if name == "game" else 4 for name in CLIENTS}
LAST = {name: 2 + 1 + 3 * TURNS + 3 + 2 if name == "game" else 3 + 1 + 2 * TURNS + 1 for name in CLIENTS}
BOUNDARIES = [(name, message) for name in CLIENTS for message in range(FIRST[name], LAST[name] + 1)]


class Match:
    """The clients of a match, and what became of it."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.game = Caller()
        self.bots = [Echo(seat) for seat in SEATS]
        self.witness = Witness()

    async def hold(self, cuts: Mapping[str, Iterable[Cut]]) -> dict[str, Line]:
        """From the first hello to the last outcome; the lines by which it was held."""
        lines = {name: Line(self._dial, cuts.get(name, ()), pause=1.0) for name in CLIENTS}
        lines["witness"] = Line(self._dial)
        with laid(lines), trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.witness.arun, "witness", "four")
                await trio.testing.wait_all_tasks_blocked()
                for seat, bot in enumerate(self.bots):
                    nursery.start_soon(partial(bot.arun, f"bot-{seat}", match="four", seat=seat))
                nursery.start_soon(partial(self.game.arun, "game", match="four"))
        return lines

    async def _dial(self) -> trio.SocketStream:
        await trio.lowlevel.checkpoint()
        return self._shell.connect().stream

    def check(self) -> None:
        """It was held as if nothing had happened."""
        states = [[b"%d to %d" % (turn, seat) for seat in SEATS] for turn in range(1, TURNS + 1)]
        assert self.game.answers == [{seat: said(state) for seat, state in enumerate(turn)} for turn in states]
        assert [bot.asked for bot in self.bots] == [[turn[seat] for turn in states] for seat in SEATS]
        outcomes = [self.game.outcomes, self.witness.outcomes, *(bot.outcomes for bot in self.bots)]
        assert outcomes == [[Outcome("1", Cause.COMPLETED, result=RESULT)]] * len(outcomes)
        self._check_witness()
        self._check_record()

    def _check_witness(self) -> None:
        assert self.witness.missed == 0
        assert self.witness.pictures == [b"picture %d" % turn for turn in range(1, TURNS + 1)]
        events = Counter((event.kind, event.seat, event.number, event.cause) for event in self.witness.events)
        assert all(event.kind in {"asked", "answered", "away", "back"} for event in self.witness.events)
        for kind in ("asked", "answered"):
            for turn in range(1, TURNS + 1):
                assert [events[kind, seat, turn, Cause.NONE] for seat in SEATS] == [1] * PLAYERS

    def _check_record(self) -> None:
        (record,) = self._shell.coordinator.matches()
        assert (record.cause, record.at_fault, record.turns) == (Cause.COMPLETED, "nobody", TURNS * PLAYERS)
        seats = [(seat.moves, seat.out, seat.score, seat.rank) for seat in record.seats]
        assert seats == [(TURNS, None, RESULT.scores[seat], RESULT.ranks[seat]) for seat in SEATS]
        assert not self._shell.tally.not_taken.total()


async def test_uncut(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """As many messages pass as there are places to cut at."""
    match = Match(open_shell(num_players=PLAYERS, max_payload_bytes=1024))
    lines = await match.hold({})
    match.check()
    assert {name: lines[name].passed for name in CLIENTS} == LAST
    assert [event.kind for event in match.witness.events].count("away") == 0


@pytest.mark.parametrize("manner", Manner, ids=lambda manner: manner.name.lower())
@pytest.mark.parametrize("lost", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("client", "message"), BOUNDARIES)
async def test_cut(
    autojump_clock: MockClock, open_shell: OpenShell, client: str, message: int, lost: bool, manner: Manner
) -> None:
    """Once, at every message of each participant, which gets lost or is the last to arrive."""
    match = Match(open_shell(num_players=PLAYERS, max_payload_bytes=1024))
    lines = await match.hold({client: [Cut(message, lost, manner)]})
    match.check()
    returns = 0 if message == LAST[client] and not lost else 1  # who has heard the outcome does not come back
    assert lines[client].connections == 1 + returns


@pytest.mark.parametrize("further", [1, 2, 3, 4])
@pytest.mark.parametrize(("client", "message"), BOUNDARIES)
async def test_cut_again(
    autojump_clock: MockClock, open_shell: OpenShell, client: str, message: int, further: int
) -> None:
    """And once more on the way back: at hello, welcome, start, and the first message after that."""
    match = Match(open_shell(num_players=PLAYERS, max_payload_bytes=1024))
    cuts = [Cut(message, lost=True), Cut(message + further, lost=True, manner=Manner.UNNOTICED)]
    lines = await match.hold({client: cuts})
    match.check()
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
    match = Match(open_shell(num_players=PLAYERS, max_payload_bytes=1024))
    lines = await match.hold(cuts)
    match.check()
    assert sum(line.connections for line in lines.values()) > len(lines) + len(CLIENTS)
