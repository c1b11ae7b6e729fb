"""What the user sees."""

import io
from collections import Counter
from collections.abc import Sequence

import attrs
import pytest
from rich.console import Console
from rich.text import Text

from bitbroker.broker.record import MatchRecord, SeatRecord
from bitbroker.errors import Cause
from bitbroker.play.child import Child
from bitbroker.play.match import Plan, Result
from bitbroker.play.standing import Standing
from bitbroker.play.view import BatchView, SingleView, draw_standings, tell_end


def test_standings_fit_eighty_columns() -> None:
    """Nothing is cut, with long names and many forfeits: what does not fit goes on in the next line."""
    console = Console(width=80, file=io.StringIO())
    standing = Standing("a-rather-long-name-for-a-bot", 1000, 600, 100, 300, 650, 1000, Counter({"time-limit": 300}))
    console.print(draw_standings(["{python} bot.py"], [standing]))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "…" not in text
    for word in ("forfeits", "mean move", "0.650", "300", "time-limit", "bot 1: {python} bot.py"):
        assert word in text


def make_console(*, terminal: bool) -> Console:
    """One whose output is kept; as wide as a terminal mostly is."""
    return Console(width=100, file=io.StringIO(), force_terminal=terminal, highlight=False)


def shown(console: Console) -> str:
    """What it has shown so far, without colours."""
    assert isinstance(console.file, io.StringIO)
    return Text.from_ansi(console.file.getvalue()).plain


PLAN = Plan(3, 41, "the game", ["first bot", "second bot"], [1, 0])
SEATS = [SeatRecord(0, "a\nb", 4, 0.5, 2.0), SeatRecord(1, "", 0)]
RUNNING = MatchRecord(
    match=3,
    version="1",
    name="",
    began="2026-01-01T00:00:00.000+00:00",
    seconds=2.0,
    turns=7,
    asked=[0],
    remaining_seconds=4.25,
    cause=None,
    at_fault=None,
    seat=None,
    detail="",
    reason="",
    spectators=0,
    seats=SEATS,
)
COMPLETED = attrs.evolve(RUNNING, asked=[], remaining_seconds=None, cause=Cause.COMPLETED, at_fault="nobody")
LATE = attrs.evolve(COMPLETED, cause=Cause.TIME_LIMIT, at_fault="player 1", seat=1, detail="it did not answer")


def make_result(record: MatchRecord, scores: Sequence[float] | None = None, plan: Plan = PLAN) -> Result:
    """A match that ended so."""
    children = [Child("game", plan.game), *(Child(f"bot {bot + 1}", plan.bots[bot]) for bot in plan.order)]
    return Result(plan, record, scores, children)


@pytest.mark.parametrize(
    ("record", "scores", "line"),
    [
        (COMPLETED, [1, 0], "a?b (bot 2) won: completed, 7 turns, 2.0 s"),
        (COMPLETED, [0, 1], "(no name) (bot 1) won: completed, 7 turns, 2.0 s"),
        (COMPLETED, [1, 1], "a?b (bot 2) and (no name) (bot 1) drew: completed, 7 turns, 2.0 s"),
        (COMPLETED, None, "a?b (bot 2) and (no name) (bot 1) played: completed, 7 turns, 2.0 s"),
        (LATE, None, "a?b (bot 2) won: time-limit, 7 turns, 2.0 s"),
    ],
)
def test_last_line_says_who_won(record: MatchRecord, scores: list[float] | None, line: str) -> None:
    """By name and by the number on the command line; a name cannot end the line."""
    assert tell_end(make_result(record, scores))[-1] == line


@pytest.mark.parametrize(("score", "words"), [(12.5, "scored 12.5"), (None, "played")])
def test_player_alone(score: float | None, words: str) -> None:
    """Its score is what there is to say."""
    record = attrs.evolve(COMPLETED, seats=SEATS[:1])
    plan = attrs.evolve(PLAN, bots=["only bot"], order=[0])
    result = make_result(record, None if score is None else [score], plan)
    assert tell_end(result) == [f"a?b (bot 1) {words}: completed, 7 turns, 2.0 s"]


def test_player_alone_at_fault() -> None:
    """Has lost."""
    record = attrs.evolve(LATE, at_fault="player 0", seat=0, seats=SEATS[:1])
    plan = attrs.evolve(PLAN, bots=["only bot"], order=[0])
    assert tell_end(make_result(record, None, plan))[-1] == "a?b (bot 1) lost: time-limit, 7 turns, 2.0 s"


def test_culprit_is_named_with_its_last_words() -> None:
    """The process, its command, how it ended if it crashed, what it said, and what would help."""
    result = make_result(LATE)
    culprit = result.children[2]
    culprit.exit_code = 1
    culprit.last_words.extend(["Traceback", "Error: x"])
    assert tell_end(result)[:-1] == [
        "at fault: bot 1, 'first bot' (exit code 1): it did not answer, in turn 7",
        "  bot 1 stderr: Traceback",
        "  bot 1 stderr: Error: x",
        "  to mend it: let it answer sooner, or give every bot longer with --time-limit",
    ]
    culprit.was_ended = True
    assert tell_end(result)[0] == "at fault: bot 1, 'first bot': it did not answer, in turn 7"


def test_nobodys_fault_is_told_too() -> None:
    """A limit of the match, for one."""
    record = attrs.evolve(COMPLETED, cause=Cause.MATCH_TIME_LIMIT, detail="9 s are over")
    assert tell_end(make_result(record))[0] == "nobody at fault: 9 s are over"


@pytest.mark.parametrize("terminal", [False, True])
def test_single_match(terminal: bool) -> None:
    """Lines as they come, with who says them; on a terminal how the match stands; then the end."""
    console = make_console(terminal=terminal)
    view = SingleView(console)
    with view.running():
        view.begin(PLAN)
        view.hear(PLAN, "bot 1", "err", "\x1b[31mred\x1b[0m [b]not markup[/b]")
        view.hear(PLAN, "game", "out", "my move")
        view.see(PLAN, RUNNING)
    view.end(make_result(COMPLETED, [1, 0]))
    text = shown(console)
    for words in ("match 3, seed 41", "[bot 1] red [b]not markup[/b]", "[game] my move", "a?b (bot 2) won: completed"):
        assert words in text
    assert ("turn 7, 2 s, 3.5 turns/s" in text) == terminal
    assert ("4.2 s left" in text) == terminal


@pytest.mark.parametrize(("remaining", "words"), [(9.5, "9.5 s left"), (None, "without a limit")])
def test_game_that_thinks(remaining: float | None, words: str) -> None:
    """On a terminal it shows whose turn it is: the game's."""
    console = make_console(terminal=True)
    view = SingleView(console)
    with view.running():
        view.see(PLAN, attrs.evolve(RUNNING, asked=[], seconds=0.0, turns=0, remaining_seconds=remaining))
    assert f"the game is to go on, {words}" in shown(console)


@pytest.mark.parametrize("terminal", [False, True])
def test_many_matches(terminal: bool) -> None:
    """A bar on a terminal, and only what went wrong in lines."""
    console = make_console(terminal=terminal)
    view = BatchView(console, matches=4, played=1)
    with view.running():
        view.begin(PLAN)
        view.hear(PLAN, "bot 1", "out", "chatter")
        view.see(PLAN, RUNNING)
        view.end(make_result(COMPLETED, [1, 0]))
        view.end(make_result(LATE))
    text = shown(console)
    assert "chatter" not in text
    assert "won: completed" not in text
    assert "match 3: at fault: bot 1, 'first bot': it did not answer" in text
    assert "match 3: a?b (bot 2) won: time-limit" in text
    assert ("3/4" in text) == terminal
