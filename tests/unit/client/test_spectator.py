"""Spectators: what they are told, and the command that tells it on."""

import pytest
import trio
from trio.testing import MockClock

from bitbroker import cli
from bitbroker._pb import extended_pb2 as pb
from bitbroker.client import (
    BasicWireError,
    Cause,
    ConnectionLostError,
    MatchEvent,
    MatchInfo,
    Outcome,
    RefusedError,
    Spectator,
)
from bitbroker.watch import Watcher
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

from .scripted import Script, outcome, refusal, scripted, start, welcome


class Noting(Spectator):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.notes: list[object] = []

    def on_start(self, match: MatchInfo) -> None:
        """Note it."""
        self.notes.append((match.id, match.seat, match.content_type))

    def on_published(self, payload: bytes, at: float) -> None:
        """Note it."""
        self.notes.append((payload, at))

    async def on_event(self, event: MatchEvent) -> None:
        """Note it, in a while."""
        await trio.sleep(1)
        self.notes.append(event)

    def on_live(self) -> None:
        """Note it."""
        self.notes.append("live")

    def on_gap(self, missed: int) -> None:
        """Note it."""
        self.notes.append(missed)

    def on_outcome(self, outcome: Outcome) -> None:
        """Note it."""
        self.notes.append(outcome)


def published(sequence: int, payload: bytes = b"", at_us: int = 0) -> Message:
    """What a game shows."""
    return extended.encode(extended.PUBLISHED, pb.Published(sequence=sequence, payload=payload, at_us=at_us))


def live(sequence: int) -> Message:
    """The present has been told."""
    return extended.encode(extended.LIVE, pb.Live(sequence=sequence))


def event(sequence: int, kind: pb.MatchEvent.Kind = pb.MatchEvent.KIND_BACK, **fields: int) -> Message:
    """What happened."""
    said = pb.MatchEvent(sequence=sequence, kind=kind, at_us=2_500_000, **fields)  # type: ignore[arg-type]  # names
    return extended.encode(extended.EVENT, said)


async def test_late_spectator(autojump_clock: MockClock) -> None:
    """The present, then live, then what happens; its hello names the match."""
    spectator = Noting()
    happened = [event(45, pb.MatchEvent.KIND_ASKED, seat=0, number=9), published(46, b"new", 3_000_000)]
    script = [welcome(key=""), start(), published(41, b"now", 1_500_000), live(44), *happened, outcome()]
    with scripted(script) as broker:
        await spectator.arun("broker", "final")
    (hello,) = broker.heard()
    assert extended.code(hello) == extended.SPECTATOR_HELLO
    assert extended.parse(hello, pb.Hello).match == "final"
    assert spectator.notes == [
        ("7", None, "text/plain"),
        (b"now", 1.5),
        "live",
        MatchEvent("asked", 2.5, 0, 9, Cause.NONE, 0.0),
        (b"new", 3.0),
        Outcome("7", Cause.COMPLETED),
    ]


async def test_gaps(autojump_clock: MockClock) -> None:
    """Whatever kind of message is missing; between the present and live there is none."""
    spectator = Noting()
    happened = [event(3), published(6), published(7), event(9)]
    with scripted([welcome(), start(), published(1), live(2), *happened, outcome()]):
        await spectator.arun("broker", "7")
    assert [note for note in spectator.notes if isinstance(note, int)] == [2, 1]


async def test_what_is_not_known_is_passed_over(autojump_clock: MockClock) -> None:
    """Codes of a newer broker; kinds of events and causes are told by number."""
    spectator = Noting()
    unknown = Message(0x04, 0x77, b"of the next version")
    strange = event(1, 99, cause=98)  # type: ignore[arg-type]  # an open enum
    with scripted([welcome(), unknown, start(), unknown, live(0), strange, outcome()]):
        await spectator.arun("broker", "7")
    assert spectator.notes[2] == MatchEvent("kind 99", 2.5, None, 0, Cause(98), 0.0)


async def test_default_hooks(autojump_clock: MockClock) -> None:
    """A spectator that wants to know nothing is told nothing, and stays to the end."""
    with scripted([welcome(), start(), published(1), live(1), event(3), outcome()]) as broker:
        await Spectator().arun("broker", "7")
    assert len(broker.heard()) == 1


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        ([refusal("no-such-match")], RefusedError, "no-such-match"),
        ([welcome(), refusal("broker-stopping")], RefusedError, "broker-stopping"),
        ([welcome(key=""), start(), live(0)], ConnectionLostError, "without saying"),
        ([basic.TERMINATION], BasicWireError, "has no spectators"),
    ],
)
async def test_ends_that_are_none(
    autojump_clock: MockClock, script: Script, error: type[Exception], message: str
) -> None:
    """Each by its name; a spectator does not come back."""
    with scripted(script, [welcome()]) as broker, pytest.raises(error, match=message):
        await Noting().arun("broker", "7")
    assert len(broker.attempts) == 1


EVENTS = [
    event(1, pb.MatchEvent.KIND_ASKED, seat=0, number=9),
    event(2, pb.MatchEvent.KIND_ANSWERED, seat=0, number=9, elapsed_us=338_708),
    event(3, pb.MatchEvent.KIND_ANSWERED, seat=1, number=10, cause=pb.CAUSE_TIME_LIMIT, elapsed_us=5_000_000),
    event(4, pb.MatchEvent.KIND_AWAY),
    event(5, pb.MatchEvent.KIND_BACK),
    event(6, pb.MatchEvent.KIND_OUT, seat=3, cause=pb.CAUSE_RESIGNED),
    event(7, 99),  # type: ignore[arg-type]  # an open enum
    published(10, b"two\nlines \x1b[31m"),
]
RESULT = pb.Result(
    seats=[pb.SeatResult(seat=0, score=1.5, rank=1), pb.SeatResult(seat=1, rank=2), pb.SeatResult(seat=2, score=0)],
    reason="so it was\x07",
)
OVER = pb.Outcome(match_id="7", cause=pb.CAUSE_GAME_LOST, seat=1, detail="it\nleft", result=RESULT)
LINES = """\
match 7: player 0 (bot 0), player 1 (bot 1)
from here on as it happens
    2.500 s  turn 9: player 0 (bot 0) is asked
    2.500 s  turn 9: player 0 (bot 0) answered after 0.339 s
    2.500 s  turn 10: player 1 (bot 1) gave no answer: time-limit, after 5.000 s
    2.500 s  the game is away
    2.500 s  the game is back
    2.500 s  player 3 is out: resigned
    2.500 s  the game kind 99
             (2 left out)
    0.000 s  the game shows 15 bytes
two
lines ?[31m
over: game-lost, player 1 (bot 1) at fault: it?left
  player 0 (bot 0) scored 1.5, rank 1
  player 1 (bot 1), rank 2
  player 2 scored 0
  so it was?
"""


def test_watch(capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints all of it, and nothing that could do something to a terminal."""
    over = extended.encode(extended.OUTCOME, OVER)
    with scripted([welcome(), start(), live(0), *EVENTS, over]):
        cli.watch("7", host="broker")
    assert capsys.readouterr().out == LINES


def test_watch_prints_text_only() -> None:
    """Other content is told by its size."""
    lines: list[str] = []
    watcher = Watcher(lines.append)
    watcher.on_published(b"x" * 1234, 10)
    watcher.on_outcome(Outcome("7", Cause.COMPLETED))
    assert lines == ["   10.000 s  the game shows 1,234 bytes", "over: completed"]


def test_watch_that_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and a code that says whose fault it is."""
    with scripted([refusal("no-such-match")]), pytest.raises(SystemExit, match="bitbroker: the broker refused"):
        cli.watch("7", host="broker")
    with pytest.raises(SystemExit) as caught:
        cli.watch("7", host="http://broker")
    assert caught.value.code == 2
    assert "must be a host" in capsys.readouterr().err
