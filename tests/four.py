"""A match of four by counted lines, which may be cut wherever a message passes: it must end as if nothing had happened.

Game, bots and spectator are those of the client library, as users run them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import trio

from bitbroker.client import AsyncTable, BaseBot, BaseGame, Cause, MatchEvent, Outcome, Result, Spectator
from bitbroker.client.connection import Wire
from tests.cuts import Cut, Dial, Line, laid, take_line, take_prefixed

PLAYERS = 4
TURNS = 3
SEATS = range(PLAYERS)
PAYLOAD_BYTES = 1024
"""The largest payload that the broker is to take."""
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
    """Says what it was asked, after so many seconds of thinking."""

    def __init__(self, seat: int, think: float) -> None:
        self.NAME = f"echo {seat}"
        self.asked: list[bytes] = []
        self.outcomes: list[Outcome] = []
        self._think = think

    async def decide_move(self, state: bytes) -> bytes:
        """Think."""
        self.asked.append(state)
        await trio.sleep(self._think)
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

    def __init__(self, dial: Dial, *, wire: Wire = "auto", think: float = 0.0, pause: float = 0.0) -> None:
        """Prepare.

        Args:
            dial: opens a connection to the broker.
            wire: of game and bots.
            think: how long the first bot thinks, in seconds; the others take two, three, four times as long.
            pause: for how long a client is away, in seconds, if the manner of a cut is that it is.
        """
        self._dial = dial
        self._wire = wire
        self._pause = pause
        self.game = Caller()
        self.bots = [Echo(seat, think * (1 + seat)) for seat in SEATS]
        self.witness = Witness()

    async def hold(self, cuts: Mapping[str, Iterable[Cut]]) -> dict[str, Line]:
        """From the first hello to the last outcome; the lines by which it was held."""
        take = take_prefixed if self._wire == "binary" else take_line
        lines = {name: Line(self._dial, cuts.get(name, ()), take, self._pause) for name in CLIENTS}
        witness = Line(self._dial)
        with laid({**lines, "witness": witness}), trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.witness.arun, "witness", "four")
                await witness.wait_passed(2)  # hello and welcome: it waits for the match
                for seat, bot in enumerate(self.bots):
                    play = partial(bot.arun, f"bot-{seat}", match="four", seat=seat, wire=self._wire)
                    nursery.start_soon(play)
                nursery.start_soon(partial(self.game.arun, "game", match="four", wire=self._wire))
            for line in lines.values():
                await line.aclose()
        return lines

    def check(self, record: Mapping[str, Any]) -> None:
        """It was held as if nothing had happened; `record` is what the broker keeps of it, as the API has it."""
        states = [[b"%d to %d" % (turn, seat) for seat in SEATS] for turn in range(1, TURNS + 1)]
        assert self.game.answers == [{seat: said(state) for seat, state in enumerate(turn)} for turn in states]
        assert [bot.asked for bot in self.bots] == [[turn[seat] for turn in states] for seat in SEATS]
        outcomes = [self.game.outcomes, self.witness.outcomes, *(bot.outcomes for bot in self.bots)]
        outcome = Outcome(str(record["match"]), Cause.COMPLETED, result=RESULT)
        assert outcomes == [[outcome]] * len(outcomes)
        self._check_witness()
        assert (record["cause"], record["at_fault"], record["turns"]) == ("completed", "nobody", TURNS * PLAYERS)
        seats = [(seat["moves"], seat["out"], seat["score"], seat["rank"]) for seat in record["seats"]]
        assert seats == [(TURNS, None, RESULT.scores[seat], RESULT.ranks[seat]) for seat in SEATS]

    def _check_witness(self) -> None:
        assert self.witness.missed == 0
        assert self.witness.pictures == [b"picture %d" % turn for turn in range(1, TURNS + 1)]
        events = Counter((event.kind, event.seat, event.number, event.cause) for event in self.witness.events)
        assert all(event.kind in {"asked", "answered", "away", "back"} for event in self.witness.events)
        for kind in ("asked", "answered"):
            for turn in range(1, TURNS + 1):
                assert [events[kind, seat, turn, Cause.NONE] for seat in SEATS] == [1] * PLAYERS
