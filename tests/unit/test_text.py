"""Text that clients chose, wherever people and programs read it: it ends no line, moves no cursor, and is short."""

import io
import json

import attrs
from rich.console import Console

from bitbroker.broker.record import MatchRecord, SeatRecord
from bitbroker.client import Cause, MatchInfo, Outcome, Player, Result, TimeControl
from bitbroker.play.child import Child
from bitbroker.play.match import Plan
from bitbroker.play.match import Result as Played
from bitbroker.play.view import SingleView, tell_end
from bitbroker.text import printable, printable_name, shortened
from bitbroker.watch import Watcher

NASTY = "x\x1b[2J\x1b]0;title\x07\r\nmatch over cause=completed\N{RIGHT-TO-LEFT OVERRIDE}\0"
HUGE = NASTY * 2000
RECORD = MatchRecord(
    match=1,
    version="1",
    name="",
    began="2026-01-01T00:00:00.000+00:00",
    seconds=2.0,
    turns=7,
    asked=[],
    remaining_seconds=None,
    cause=Cause.GAME_FAULT,
    at_fault="game",
    seat=None,
    detail=HUGE,
    reason=HUGE,
    spectators=0,
    seats=[SeatRecord(0, HUGE)],
)


def test_shortened() -> None:
    """As it is while it fits; then its beginning, and how long it was."""
    assert shortened("x" * 10, 10) == "x" * 10
    assert shortened("x" * 11, 10) == "xxxxxxxxxx... (11 characters)"


def test_printable() -> None:
    """A mark for each character that does something; what is to stay, stays."""
    assert printable("a\nb\x1b\t\N{RIGHT-TO-LEFT OVERRIDE}", keep="\t") == "a?b?\t?"
    assert printable_name("n" * 100) == "n" * 40


def test_watch() -> None:
    """Names, what a game shows and how it ended."""
    lines: list[str] = []
    watcher = Watcher(lines.append)
    watcher.on_start(
        MatchInfo(id="1", seat=None, players=[Player(0, HUGE)], time_control=TimeControl(), content_type="text/plain")
    )
    watcher.on_published(HUGE.encode(), 1.0)
    watcher.on_outcome(Outcome("1", Cause.GAME_FAULT, 0, detail=HUGE, result=Result({0: 1.0}, reason=HUGE)))
    picture = lines.pop(2)
    assert len(picture) < 70_000
    assert printable(picture, keep="\n") == picture
    assert all(line.isprintable() and len(line) < 500 for line in lines)


def test_play() -> None:
    """How a match ended, and what a process says: colours may be, and nothing else."""
    plan = Plan(1, 0, "game", ["bot"], [0])
    culprit = Child("game", "game")
    culprit.last_words.append(HUGE)
    played = Played(plan, RECORD, None, [culprit, Child("bot 1", "bot")])
    assert all(line.isprintable() and len(line) < 1000 for line in tell_end(played))
    console = Console(width=100, file=io.StringIO(), force_terminal=True)
    SingleView(console).hear(plan, "bot 1", "out", "\x1b[31mred\x1b[0m \x1b[2J\x1b[H\N{RIGHT-TO-LEFT OVERRIDE}\x9b")
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "\x1b[31mred" in text
    assert [bad for bad in ("\x1b[2J", "\x1b[H", "\N{RIGHT-TO-LEFT OVERRIDE}", "\x9b") if bad in text] == []


def test_json() -> None:
    """As the results file has it, and the API: one line, whatever was said."""
    line = json.dumps(attrs.evolve(RECORD, name=NASTY, detail=NASTY, reason=NASTY).to_json())
    assert line.isprintable()
    assert {json.loads(line)[field] for field in ("name", "detail", "reason")} == {NASTY}
