"""Print docs/misbehaviour.md: the table for people who run matches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bitbroker.errors import Cause, Ending
from tests.misbehaviour.bots import BOTS
from tests.misbehaviour.cases import CASES, ROWS
from tests.misbehaviour.games import GAMES
from tests.misbehaviour.stories import ANSWERS, ENDS, THE_CAUSE
from tests.misbehaviour.strangers import STRANGERS
from tests.misbehaviour.table import FRAMINGS, WIRES, Fate, Policy, Row, Side, Text, Wire

_NAMES: Final[Mapping[Fate, str]] = {
    Fate.HARMLESS: "harmless",
    Fate.LATE: "late once",
    Fate.SILENT: "silent",
    Fate.OUT: "out",
    Fate.OUT_BEFORE: "out before it is asked",
}

_HEAD: Final = f"""# What clients do wrong

Made by `make generate` from `tests/misbehaviour`; edit that.

Here is each thing that a client is known to do wrong, what the broker makes of it, and what to do about it. `make test`
plays every line of it with a real broker, on both wires, by each framing and with each kind of game that the line is
about: {len(ROWS)} lines, {len(CASES)} times in all. Each time all that is heard, logged, counted and recorded must be
what it says here, and **a match beside, in the same broker, notices nothing** and has every answer right.

[Read a verdict](how-to/read-a-verdict.md) says where a cause and its detail stand, and [the wire](protocol.md) has the
rules. The limits in the details are those of the tests: 2 s, 0.2 s to come back, 256 KiB.

## A bot

A bot that is at fault is named by its seat (`player 0`). What the game and the other bots get of it is a matter of
policy: the game's own (`on_failure`), or the broker's `--on-failure`. Say that the game asks the bot twice:
"""


_BEHIND_FATES: Final = """
That is what the game is told: an answer, the cause of the line below, or `forfeited`. Where the match ends, the game
and the other bots are told so: by the outcome, with cause, seat and detail, on the extended wire; by the termination on
the basic one. Where it goes on, the other bots hear nothing of it. A bot that is put out of a match that goes on is
refused, for the cause, or has its termination. One that was late is told so on the extended wire (not taken,
`time-limit`).

A basic game knows no forfeit: `forfeit-seat` ends its match.
"""

_GAME_HEAD: Final = """
## A game

A game at fault ends its match, under any policy: `at_fault` is `game`, and no seat. Each bot is told so: by the
outcome, with cause and detail, on the extended wire; by the termination on the basic one. So it is with each line but
those whose cause is `completed`: there the match goes on, with every answer.
"""

_STRANGER_HEAD: Final = """
## Somebody without a seat

Before its match has begun a client is no matter of anybody else's: no match ends, nobody waits, nobody is told. The
broker closes the connection. Its log has a line `connection over` with the ending and the detail, and its metrics count
the refusal (`bitbroker_connections_refused_total`). A client whose hello was of the extended wire is told by a refusal
with the same words, others by a termination.
"""


def _where(row: Row) -> str:
    """On which wire and framing there is such a thing; nothing if on all."""
    wires = [] if row.side is Side.STRANGER or row.wires == WIRES else [f"{row.wires[0]} wire"]
    no_framing = row.bare or row.ending is Ending.NOT_THIS_PROTOCOL
    framings = [] if no_framing or row.framings == FRAMINGS else [f"by {framing}" for framing in row.framings]
    patient = ["a game that bears time-outs"] if row.side is Side.BOT and row.games == (Wire.EXTENDED,) else []
    words = ", ".join([*wires, *framings, *patient])
    return f" ({words})" if words else ""


def _detail(text: Text) -> str:
    """All sentences that there are for it."""
    if isinstance(text, str):
        return f"`{text}`" if text else ""
    return "; ".join(f"{key}: `{words}`" for key, words in text.items())


def _counted(row: Row) -> str:
    if not row.not_taken:
        return ""
    causes = ", ".join(f"`{cause.label}`" for cause in row.not_taken)
    return f" Counted as not taken: {causes}."


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _fates() -> Iterator[str]:
    yield _line("the bot is", *(f"`{policy}`" for policy in Policy))
    yield _line(*["---"] * (1 + len(Policy)))
    for fate, answers in ANSWERS.items():
        yield _line(f"**{_NAMES[fate]}**: {fate.value}", *(_story(fate, answers[policy]) for policy in Policy))


def _story(fate: Fate, answers: Sequence[str]) -> str:
    """What the game is told to its first two questions, in a few words."""
    if fate is Fate.HARMLESS:
        return "two answers"
    if not answers or answers[0] == ENDS:
        return ENDS
    told = {THE_CAUSE: THE_CAUSE, "forfeited": "`forfeited`", "two": "an answer"}
    return ", then ".join(told[answer] for answer in answers[:2])


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    side = rows[0].side
    fate = ["comes to"] if side is Side.BOT else []
    yield _line("it", "what it does", "cause", "at fault", *fate, "detail", "what to do")
    yield _line(*["---"] * (6 + len(fate)))
    for row in rows:
        guilty = {Side.BOT: "the player", Side.GAME: "the game"}[side]
        at_fault = "nobody" if row.cause is Cause.COMPLETED else guilty
        comes_to = [_NAMES[row.fate]] if fate else []
        does = row.does + _counted(row)
        cause = f"`{row.cause.label}`"
        yield _line(f"{row.name}{_where(row)}", does, cause, at_fault, *comes_to, _detail(row.detail), row.advice)


def _lines_of_strangers() -> Iterator[str]:
    yield _line("it", "what it does", "ending", "detail", "what to do")
    yield _line(*["---"] * 5)
    for row in STRANGERS:
        does = row.does + _counted(row)
        yield _line(f"{row.name}{_where(row)}", does, f"`{row.ending}`", _detail(row.detail), row.advice)


def page() -> str:
    """The whole page."""
    parts = [_HEAD, *_fates(), _BEHIND_FATES, *_lines(BOTS), _GAME_HEAD, *_lines(GAMES)]
    return "\n".join([*parts, _STRANGER_HEAD, *_lines_of_strangers()])


if __name__ == "__main__":
    print(page())
