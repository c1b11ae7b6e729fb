"""What the user sees of `bitbroker play`: lines, a live view or a progress bar, and the summary."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bitbroker.broker.record import MatchRecord
from bitbroker.play.advice import advise, tell_exit
from bitbroker.play.match import Plan, Result
from bitbroker.play.standing import Standing, judge
from bitbroker.text import printable, printable_name, shortened

_LONGEST_SENTENCE: Final = 500
_COLOURS: Final = ("green", "magenta", "yellow", "blue", "red")


class SingleView:
    """One match: every line its processes write, and on a terminal how it stands."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show how the match stands, where there is a terminal, below what the processes write."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=8, transient=True) as self._live:
            yield

    def hear(self, _plan: Plan, label: str, _kind: str, text: str) -> None:
        """Print a line, with who says it."""
        line = Text(f"[{label}] ", style=_colour(label))
        words = Text.from_ansi(text, style="default")
        words.plain = printable(words.plain, keep="\t")  # colours may be; what moves the cursor may not
        line.append_text(words)
        self._console.print(line, soft_wrap=True)

    def see(self, plan: Plan, record: MatchRecord) -> None:
        """Redraw how the match stands."""
        if self._live is not None:
            self._live.update(_draw_match(plan, record))

    def begin(self, plan: Plan) -> None:
        """Say what is played."""
        self._console.print(Text(f"match {plan.number}, seed {plan.seed}"), soft_wrap=True)

    def end(self, result: Result) -> None:
        """Say how it ended, and if a process is at fault, what it said last."""
        for line in tell_end(result):
            self._console.print(Text(line), soft_wrap=True)


class BatchView:
    """Many matches: a progress bar on a terminal, and a few lines for each match that was not completed."""

    def __init__(self, console: Console, matches: int, played: int) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("matches"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("time left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("matches", total=matches, completed=played)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show the progress bar, where there is a terminal."""
        with self._progress:
            yield

    def hear(self, _plan: Plan, _label: str, _kind: str, _text: str) -> None:
        """Many processes speak at once: what they say goes to the log folder alone."""

    def see(self, _plan: Plan, _record: MatchRecord) -> None:
        """Too many to look at."""

    def begin(self, _plan: Plan) -> None:
        """Nothing is said of it yet."""

    def end(self, result: Result) -> None:
        """Move on the bar; say what went wrong."""
        self._progress.advance(self._task)
        if not result.completed:
            for line in tell_end(result):
                self._console.print(Text(f"match {result.plan.number}: {line}"), soft_wrap=True)


def _colour(label: str) -> str:
    return "cyan" if label == "game" else _COLOURS[int(label.split()[1]) % len(_COLOURS)]


def _draw_match(plan: Plan, record: MatchRecord) -> Table:
    rate = record.turns / record.seconds if record.seconds else 0.0
    table = Table(title=f"turn {record.turns}, {record.seconds:.0f} s, {rate:,.1f} turns/s", title_justify="left")
    for heading in ("seat", "bot", "turn", "answers", "mean", "worst"):
        table.add_column(heading)
    clock = "" if record.remaining_seconds is None else f"{record.remaining_seconds:.1f} s left"
    for seat in record.seats:
        turn = clock if seat.seat in record.asked else ""
        name = Text(f"{printable_name(seat.name)} (bot {plan.order[seat.seat] + 1})")
        table.add_row(str(seat.seat), name, turn, str(seat.moves), _time(seat.mean_seconds), _time(seat.worst_seconds))
    if record.cause is None and not record.asked:
        table.caption = f"the game is to go on, {clock or 'without a limit'}"
    return table


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def tell_end(result: Result) -> list[str]:
    """How a match ended, in lines for people; the last one is the result."""
    record = result.record
    assert record.cause is not None
    lines = []
    culprit = result.culprit
    if culprit is not None:
        turn = f", in turn {record.turns}" if record.turns else ""
        how = tell_exit(result, culprit)
        what = _sentence(record.detail) or record.cause.label
        lines.append(f"at fault: {culprit.label}, {culprit.command!r}{how}: {what}{turn}")
        lines += [f"  {culprit.label} stderr: {_sentence(words)}" for words in culprit.last_words]
        advice = advise(result, culprit)
        lines += [f"  to mend it: {advice}"] if advice else []
    elif record.detail:
        lines.append(f"{record.at_fault} at fault: {_sentence(record.detail)}")
    turns = "1 turn" if record.turns == 1 else f"{record.turns} turns"
    lines.append(f"{_tell_winner(result)}: {record.cause.label}, {turns}, {record.seconds:.1f} s")
    return lines


def _sentence(text: str) -> str:
    return printable(shortened(text, _LONGEST_SENTENCE), keep="\t")


def _tell_winner(result: Result) -> str:
    record = result.record
    verdicts = judge(len(record.seats), record.seat, result.scores)
    names = [
        f"{printable_name(seat.name) or '(no name)'} (bot {result.plan.order[seat.seat] + 1})" for seat in record.seats
    ]
    if result.scores is not None and len(names) == 1:
        return f"{names[0]} scored {result.scores[0]:g}"
    for word, verdict in (("won", "win"), ("drew", "draw"), ("lost", "loss")):
        who = [name for name, each in zip(names, verdicts, strict=True) if each == verdict]
        if who:
            return f"{' and '.join(who)} {word}"
    return f"{' and '.join(names)} played" if result.completed else "nobody won"


def draw_standings(bots: Sequence[str], standings: Sequence[Standing]) -> RenderableType:
    """The summary of a batch: a line for each bot, and below which bot is which command."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)  # fits 80 columns
    table.add_column("bot", overflow="fold")
    for heading in ("played", "won", "drawn", "lost", "score", "mean move", "worst"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("forfeits", justify="right", overflow="fold", min_width=len("forfeits"))
    for number, standing in enumerate(standings, 1):
        forfeits = ", ".join(f"{count} {cause}" for cause, count in sorted(standing.forfeits.items()))
        counts = map(str, (standing.matches, standing.wins, standing.draws, standing.losses))
        score = "-" if standing.mean_score is None else f"{standing.mean_score:.3f}"
        worst = _time(standing.worst_seconds if standing.moves else None)
        name = Text(f"{number} {printable_name(standing.name)}")
        table.add_row(name, *counts, score, _time(standing.mean_seconds), worst, forfeits or "-")
    return Group(table, *(Text(f"bot {number}: {command}") for number, command in enumerate(bots, 1)))
