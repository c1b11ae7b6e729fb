"""Results, for programs (one line of JSON per match) and for people (one plain line)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_LONGEST_TEXT: Final = 40


def append_result(path: Path | None, result: Mapping[str, object]) -> None:
    """Append a result as one line of JSON; None is nowhere."""
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")


def scores(winner: int | None) -> tuple[float, float]:
    """The scores of two players: 1 for the winner, a half each if there is none."""
    return (0.5, 0.5) if winner is None else (float(winner == 0), float(winner == 1))


def plain(text: str) -> str:
    """Text that came from a bot, fit for a line: no line ends, no control characters, and short."""
    printable = "".join(character if character.isprintable() else "?" for character in text[:_LONGEST_TEXT])
    return printable if len(text) <= _LONGEST_TEXT else printable + "..."
