"""The extended wire's acceptance: a match of 32 with all that may happen in one, and cuts on real sockets."""

import itertools
import json
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
import trio

from bitbroker.client.connection import Wire
from tests.cuts import Cut, Manner
from tests.four import BOUNDARIES, PAYLOAD_BYTES, Match

from .conftest import PATIENCE, Peer, StartBroker, StartPeer, fetch_json
from .crowd import (
    BASIC,
    CUT_AFTER_REQUEST,
    CUT_IN_ANSWER,
    FRAMINGS,
    LATE,
    PLAYERS,
    RESIGNS,
    TURNS,
    names_of_extended,
)

Told = dict[str, Any]


async def hear(program: Peer) -> Told:
    """The next thing that a program of the crowd tells."""
    told: Told = json.loads(await program.hear())
    return told


async def hear_all(program: Peer) -> list[Told]:
    """All that it still tells, and that it ends well."""
    told = [json.loads(line) for line in await program.hear_all()]
    with trio.fail_after(PATIENCE):
        assert await program.process.wait() == 0
    return told


class Crowd:
    """The programs of a match, and what they have told.

    Attributes:
        game: all that the game told.
        bots: what each bot was told, by name.
        connections: how many those had whose connections were cut.
        live: what the spectator was told who came before the first turn.
        late: what the one was told who came in the middle.
    """

    def __init__(self) -> None:
        self.game: list[Told] = []
        self.bots: dict[str, Told] = {}
        self.connections: dict[str, int] = {}
        self.live: list[Told] = []
        self.late: list[Told] = []

    async def play(self, port: int, start_process: StartPeer) -> None:
        """From the first connection to the last outcome."""

        async def start(part: str) -> Peer:
            return await start_process(sys.executable, "-m", "tests.e2e.crowd", part, str(port))

        table, *framings = [await start(part) for part in ("table", *FRAMINGS)]
        assert await hear(table) == {"role": "game", "at": "begun"}
        live = await start("spectator")
        self.live.append(await hear(live))
        await table.go_on()
        while (told := await hear(table)).get("at") != "half":
            self.game.append(told)
        late = await start("spectator")
        self.late += [await hear(late), await hear(late)]
        await table.go_on()
        self.live += await hear_all(live)
        self.late += await hear_all(late)
        for program in (table, *framings):
            for told in await hear_all(program):
                self._take(told)

    def _take(self, told: Told) -> None:
        match told.pop("role"):
            case "game":
                self.game.append(told)
            case "bot":
                self.bots[told["name"]] = told
            case "line":
                self.connections[told["name"]] = told["connections"]


async def test_match_of_thirty_two(start_broker: StartBroker, start_process: StartPeer) -> None:
    """Half of the bots are basic and half extended, over all three framings; two are cut off and come back.

    One is too late for its first request, one resigns in the third turn, one spectator sees all of it and one the rest.
    """
    broker = await start_broker()
    crowd = Crowd()
    await crowd.play(broker.port, start_process)
    check_game(crowd.game)
    names: Sequence[str] = crowd.game[-1]["names"]
    scores = [right_answers(name) for name in names]
    result = [scores, [1 + sum(other > score for other in scores) for score in scores], "everybody is counted"]
    check_bots(crowd, names, result)
    check_spectators(crowd, names, scores)
    _, record = await fetch_json(f"{broker.url}/api/matches/1")
    check_record(record, names, result)
    assert (await broker.wait_logged("match over"))["cause"] == "completed"


def right_answers(name: str) -> int:
    """How many answers of this bot counted: the late one was not asked first, and missed what it was asked then."""
    return TURNS - 2 if name in {LATE, RESIGNS} else TURNS


def check_game(told: Sequence[Told]) -> None:
    """What failed in which turn, and why; all else was answered."""
    turns = [(turn["answered"], turn["failed"]) for turn in told[:-1]]
    assert turns == [
        (PLAYERS - 1, {}),
        (PLAYERS - 1, {LATE: "time-limit"}),
        (PLAYERS - 1, {RESIGNS: "resigned"}),
        (PLAYERS - 1, {RESIGNS: "resigned"}),
    ]
    assert told[-1]["cause"] == "completed"


def check_bots(crowd: Crowd, names: Sequence[str], result: Sequence[object]) -> None:
    """Everybody was asked what the game asked, once; extended ones know how it ended, basic ones that it did."""
    extended = [LATE, *(name for framing in FRAMINGS for name in names_of_extended(framing))]
    assert sorted(crowd.bots) == sorted(names)
    assert (len(extended), sum(BASIC.values())) == (PLAYERS // 2, PLAYERS // 2)
    for seat, name in enumerate(names):
        bot = crowd.bots[name]
        first, last = (2 if name == LATE else 1), (3 if name == RESIGNS else TURNS)
        assert bot["asked"] == [100 * turn + seat for turn in range(first, last + 1)]
        assert bot["not_taken"] == ([2, "time-limit", True] if name == LATE else [])
        if name in extended:
            assert (bot["seat"], bot["cause"], bot["result"]) == (seat, "completed", result)
    assert crowd.connections == {CUT_AFTER_REQUEST: 2, CUT_IN_ANSWER: 2}


def check_spectators(crowd: Crowd, names: Sequence[str], scores: Sequence[int]) -> None:
    """One sequence without a gap, the same for both from where the second came; in the end the outcome."""
    first, *live, outcome = crowd.live
    present, since, *late, late_outcome = crowd.late
    assert first["live"] == 0
    assert [told["sequence"] for told in live] == [*range(1, len(live) + 1)]
    assert [told["at"] for told in live] == sorted(told["at"] for told in live)
    assert (present, late) == (pictures(live)[2], live[since["live"] :])
    assert outcome == late_outcome == {"role": "spectator", "cause": "completed", "scores": scores}
    assert [picture["picture"] for picture in pictures(live)] == [f"turn {turn}" for turn in range(1, TURNS + 1)]
    check_events([told for told in live if "kind" in told], names)


def pictures(told: Sequence[Told]) -> list[Told]:
    """What the game showed."""
    return [each for each in told if "picture" in each]


def check_events(events: Sequence[Told], names: Sequence[str]) -> None:
    """Each request and its answer; who resigned is out, and not asked any more; who was cut off was away and back."""
    late, resigns = names.index(LATE), names.index(RESIGNS)
    seats = set(range(PLAYERS))
    failed = {(late, 2): "time-limit", (resigns, 3): "resigned", (resigns, 4): "resigned"}
    asked = {(seat, turn) for seat in seats for turn in range(1, TURNS + 1)} - {(late, 1)}
    of_kind = {
        kind: [(event["seat"], event["turn"]) for event in events if event["kind"] == f"KIND_{kind}"]
        for kind in ("ASKED", "ANSWERED", "OUT", "AWAY", "BACK")
    }
    assert sum(map(len, of_kind.values())) == len(events)
    assert sorted(of_kind["ASKED"]) == sorted(asked - {(resigns, 4)})
    assert sorted(of_kind["ANSWERED"]) == sorted(asked)
    assert {(event["seat"], event["turn"]): event["failed"] for event in events if event["failed"]} == failed
    assert of_kind["OUT"] == [(resigns, 3)]
    # A connection that has taken the place of another before the broker saw that one end was never away.
    assert sorted(of_kind["AWAY"]) == sorted(of_kind["BACK"])
    assert set(of_kind["AWAY"]) <= {(names.index(name), 3) for name in (CUT_AFTER_REQUEST, CUT_IN_ANSWER)}


def check_record(record: Told, names: Sequence[str], result: Sequence[Any]) -> None:
    """What the API keeps of it."""
    scores, ranks, reason = result
    assert (record["cause"], record["at_fault"], record["reason"]) == ("completed", "nobody", reason)
    assert record["turns"] == TURNS * PLAYERS - 1
    seats = [(seat["name"], seat["score"], seat["rank"], seat["moves"], seat["out"]) for seat in record["seats"]]
    assert seats == [
        (name, score, rank, score, "resigned" if name == RESIGNS else None)
        for name, score, rank in zip(names, scores, ranks, strict=True)
    ]


@pytest.mark.parametrize("wire", ["auto", "binary"])
async def test_cuts_on_real_sockets(start_broker: StartBroker, wire: Wire) -> None:
    """A match of four for every place to cut at, by lines and length-prefixed: each ends as if nothing had happened.

    Every second loss is one that the broker does not see before the client is back.
    """
    broker = await start_broker("--max-payload-bytes", str(PAYLOAD_BYTES))
    places = itertools.product(BOUNDARIES, (True, False))
    for number, ((client, message), lost) in enumerate(places, 1):
        match = Match(partial(trio.open_tcp_stream, "127.0.0.1", broker.port), wire=wire)
        await match.hold({client: [Cut(message, lost, Manner.UNNOTICED if message % 2 else Manner.AT_ONCE)]})
        _, record = await fetch_json(f"{broker.url}/api/matches/{number}")
        match.check(record)
