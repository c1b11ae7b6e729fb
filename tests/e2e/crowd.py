"""The clients of a large match, as processes: `python -m tests.e2e.crowd PART PORT`, which write what they are told.

`table` is the game, and with it a bot that is late by the game's own word; before its first turn and in the middle it
says how far it is, and waits for a line on standard input. `lines`, `prefixed` and `websocket` are bots, basic and
extended ones; among them one that resigns, and two whose connections are cut while they are asked. `spectator` looks
on.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import trio

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client import AsyncTable, BaseBot, BaseGame, Cause, MatchInfo, Outcome, Result, TimeControl
from bitbroker.client.address import find_address
from bitbroker.client.connection import Connection, Dialer, Wire
from bitbroker.client.place import Place
from bitbroker.client.session import Session, Wish
from bitbroker.wire import extended
from bitbroker.wire.prefixed import PrefixedFraming
from tests.cuts import Cut, Line, TakeMessage, laid, take_line, take_prefixed

HOST: Final = "127.0.0.1"
TURNS: Final = 4
PLAYERS: Final = 32
FRAMINGS: Final = ("lines", "prefixed", "websocket")
BASIC: Final = {"lines": 6, "prefixed": 5, "websocket": 5}
"""How many bots of the basic wire, by framing."""
EXTENDED: Final = {"lines": 3, "prefixed": 4, "websocket": 5}
"""The same for the extended wire, beside those with a part of their own."""
LATE, RESIGNS, CUT_AFTER_REQUEST, CUT_IN_ANSWER = "late", "resigns", "cut after its request", "cut in its answer"
_RESIGNS_IN: Final = 3

# Hello, info, welcome, start, and two messages for each turn: the request of the third is the ninth.
_CUTS: Final[dict[str, tuple[TakeMessage, Cut]]] = {
    CUT_AFTER_REQUEST: (take_prefixed, Cut(9, lost=False)),
    CUT_IN_ANSWER: (take_line, Cut(10, lost=True)),
}
_MESSAGE_BYTES: Final = 1 << 20


def tell(role: str, **what: object) -> None:
    """Write a line of JSON."""
    print(json.dumps({"role": role, **what}), flush=True)


class Census(BaseGame):
    """Asks everybody, and counts who is right.

    In its first turn it does not ask the one who is to be late: so its first request is in the second, under the time
    control's start limit, and everybody else has a minute there.
    """

    TIME_CONTROL = TimeControl(start=0.05, move=60, on_failure="end-match", tolerated_failures=1)
    PLAYERS = PLAYERS
    CONTENT_TYPE = "text/plain"

    def __init__(self, is_late: trio.Event) -> None:
        self._is_late = is_late

    async def play(self, table: AsyncTable) -> None:
        """All turns, and the result."""
        names = [player.name for player in table.players]
        right = [0] * len(names)
        await pause("begun")
        for turn in range(1, TURNS + 1):
            await table.publish(b"turn %d" % turn)
            seats = [seat for seat, name in enumerate(names) if turn > 1 or name != LATE]
            states = {seat: b"%d" % (100 * turn + seat) for seat in seats}
            answers = await table.ask_all(states, 60 if turn == 1 else None)
            for seat, answer in answers.items():
                right[seat] += answer.ok and int(answer.decision) == 2 * int(states[seat])
            failed = {names[seat]: answer.cause.label for seat, answer in answers.items() if not answer.ok}
            tell("game", turn=turn, answered=sum(answer.ok for answer in answers.values()), failed=failed)
            if turn == 2:
                self._is_late.set()
            if turn == 3:
                await pause("half")
        ranks = [1 + sum(other > score for other in right) for score in right]
        outcome = await table.end(Result(right, ranks, "everybody is counted"))
        assert outcome is not None
        tell("game", names=names, cause=outcome.cause.label, scores=right, ranks=ranks)


async def pause(at: str) -> None:
    """Say how far it is, and wait for a word to go on."""
    tell("game", at=at)
    await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)


class Doubler(BaseBot):
    """Doubles what it is asked, and keeps what it is told."""

    def __init__(self, name: str, before_answer: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint) -> None:
        """Prepare.

        Args:
            name: how it is called, and so what its part is.
            before_answer: what to wait for each time.
        """
        self.NAME = name
        self._before_answer = before_answer
        self._asked: list[int] = []
        self._told: dict[str, object] = {"name": name, "not_taken": []}

    def on_start(self, match: MatchInfo) -> None:
        """Keep its seat."""
        self._told["seat"] = match.seat

    async def decide_move(self, state: bytes) -> bytes:
        """Twice the state, or the end."""
        self._asked.append(int(state))
        if self.NAME == RESIGNS and int(state) // 100 == _RESIGNS_IN:
            self.resign()
        await self._before_answer()
        return b"%d" % (2 * int(state))

    def on_not_taken(self, number: int, cause: Cause, late_seconds: float) -> None:
        """Keep it."""
        self._told["not_taken"] = [number, cause.label, late_seconds > 0]

    def on_outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        assert outcome.result is not None
        result = [[*of.values()] for of in (outcome.result.scores, outcome.result.ranks)]
        self._told |= {"cause": outcome.cause.label, "result": [*result, outcome.result.reason]}

    def report(self) -> None:
        """Tell all that it was told."""
        tell("bot", asked=self._asked, **self._told)


async def run_bot(bot: Doubler, address: str, wire: Wire = "auto") -> None:
    """One bot, to its end."""
    await bot.arun(address, wire=wire)
    bot.report()


async def run_basic_prefixed(bot: Doubler, port: int) -> None:
    """What the library's options do not offer together: the basic wire, length-prefixed."""
    connection = Connection(await trio.open_tcp_stream(HOST, port), PrefixedFraming(_MESSAGE_BYTES))
    session = Session(connection, Wish(wire="basic"))
    try:
        await bot.play_match(session)
    finally:
        await session.aclose()
    bot.report()


async def run_table(port: int) -> None:
    """The game, and who is late: it answers its first request once the game knows that it failed."""
    is_late = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Census(is_late).arun, HOST, port)
        nursery.start_soon(run_bot, Doubler(LATE, is_late.wait), f"tcp://{HOST}:{port}")


async def run_framing(framing: str, port: int) -> None:
    """All bots of a framing, each beside the others."""
    lines = {name: Line(partial(trio.open_tcp_stream, HOST, port), [cut], take) for name, (take, cut) in _CUTS.items()}
    with laid({_host(name): line for name, line in lines.items()}):
        async with trio.open_nursery() as nursery:
            for number in range(BASIC[framing]):
                nursery.start_soon(run_basic, Doubler(f"basic, {framing}, {number}"), framing, port)
            for name in names_of_extended(framing):
                nursery.start_soon(run_extended, Doubler(name), framing, port)
    for name in _CUTS.keys() & set(names_of_extended(framing)):
        tell("line", name=name, connections=lines[name].connections)


def names_of_extended(framing: str) -> list[str]:
    """The extended bots of a framing, those with a part of their own first."""
    parts = {"lines": [RESIGNS, CUT_IN_ANSWER], "prefixed": [CUT_AFTER_REQUEST]}
    return [*parts.get(framing, []), *(f"extended, {framing}, {number}" for number in range(EXTENDED[framing]))]


async def run_extended(bot: Doubler, framing: str, port: int) -> None:
    """One bot of the extended wire."""
    host = _host(bot.NAME) if bot.NAME in _CUTS else HOST
    scheme = "ws" if framing == "websocket" else "tcp"
    await run_bot(bot, f"{scheme}://{host}:{port}", "binary" if framing == "prefixed" else "auto")


async def run_basic(bot: Doubler, framing: str, port: int) -> None:
    """One bot of the basic wire."""
    if framing == "prefixed":
        await run_basic_prefixed(bot, port)
    else:
        await run_bot(bot, f"{'ws' if framing == 'websocket' else 'tcp'}://{HOST}:{port}", "basic")


def _host(name: str) -> str:
    return name.replace(" ", "-")


async def run_spectator(port: int) -> None:
    """Tell everything that a spectator is told, word for word."""
    dialer = Dialer.choose(find_address(HOST, port), "auto")
    session = Session(await dialer.dial(30), Wish(match="1"))
    place = await Place.join(session, extended.SPECTATOR_HELLO, pb.Hello())
    assert place is not None
    while True:
        message = await place.receive()
        match extended.code(message):
            case extended.LIVE:
                tell("spectator", live=extended.parse(message, pb.Live).sequence)
            case extended.PUBLISHED:
                picture = extended.parse(message, pb.Published)
                tell("spectator", sequence=picture.sequence, at=picture.at_us, picture=picture.payload.decode())
            case extended.EVENT:
                tell("spectator", **_plain(extended.parse(message, pb.MatchEvent)))
            case extended.OUTCOME:
                outcome = extended.parse(message, pb.Outcome)
                tell(
                    "spectator", cause=Cause(outcome.cause).label, scores=[seat.score for seat in outcome.result.seats]
                )
                return


def _plain(event: pb.MatchEvent) -> dict[str, object]:
    return {
        "sequence": event.sequence,
        "at": event.at_us,
        "kind": pb.MatchEvent.Kind.Name(event.kind),
        "seat": event.seat,
        "turn": event.number,
        "failed": Cause(event.cause).label if event.cause else "",
    }


if __name__ == "__main__":
    match sys.argv[1]:
        case "table":
            trio.run(run_table, int(sys.argv[2]))
        case "spectator":
            trio.run(run_spectator, int(sys.argv[2]))
        case framing:
            trio.run(run_framing, framing, int(sys.argv[2]))
