"""How a game hands in its scores: a file, since the basic wire has no word for them.

Whoever starts a game and wants its scores names a file in `BROKER_SCORES`. When the game is over it is written:
`{"scores": [1.0, 0.0]}`, one number for each seat, the highest wins. A game in another language does the same.
"""

import json
import os
from collections.abc import Sequence
from math import isfinite, nan
from pathlib import Path
from typing import Final

VARIABLE: Final = "BROKER_SCORES"


def checked_scores(scores: Sequence[float]) -> list[float]:
    """The scores, as numbers.

    Raises:
        ValueError: they are no list of finite numbers.
    """
    try:
        numbers = [float(score) for score in scores]
    except (TypeError, ValueError):
        numbers = [nan]
    if not all(map(isfinite, numbers)):
        raise ValueError(f"scores are {scores!r}: each must be a finite number, one for each seat")
    return numbers


def hand_in_scores(scores: Sequence[float] | None) -> None:
    """Write the scores where whoever started this game wants them, if it does.

    Raises:
        OSError: the file cannot be written.
    """
    path = os.environ.get(VARIABLE)
    if path and scores is not None:
        try:
            Path(path).write_text(json.dumps({"scores": list(scores)}), encoding="utf-8")
        except OSError as error:
            error.add_note(f"the scores go to the file that {VARIABLE} names: name another, or unset it")
            raise
