"""The results file of a batch: one line of JSON for each match, enough to settle a dispute and to go on from."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from bitbroker.errors import BitbrokerError
from bitbroker.play.match import Result

_LOADED: Final = ("match", "seats", "seat", "cause", "scores", "batch")


class ResultsError(BitbrokerError):
    """The results file cannot be used; the message says why and what to do."""


@attrs.frozen
class Batch:
    """What makes a batch the same batch: every line of its results says it.

    Attributes:
        game: the game's command.
        bots: the bots' commands.
        seed: of the batch; match N has seed + N - 1.
        rotate_seats: whether bots move on by a seat with each match.
    """

    game: str
    bots: list[str]
    seed: int
    rotate_seats: bool


def describe_result(result: Result, batch: Batch) -> dict[str, Any]:
    """One line of the results file."""
    line: dict[str, Any] = result.record.to_json()
    for entry, bot in zip(line["seats"], result.plan.order, strict=True):
        entry |= {"bot": bot + 1, "exit_code": result.children[1 + entry["seat"]].exit_code}
    del line["asked"], line["remaining_seconds"]
    line |= {
        "scores": result.scores,
        "seed": result.plan.seed,
        "game_exit_code": result.children[0].exit_code,
        "batch": attrs.asdict(batch),
    }
    return line


class ResultsFile:
    """Appends results, each at once; a line that a crash cut short is taken off when it is opened again."""

    def __init__(self, path: Path, batch: Batch, *, resume: bool) -> None:
        """Open the file.

        Args:
            path: where it is.
            batch: what is to be played.
            resume: whether to go on from what it holds; if not, it must not be there.

        Raises:
            ResultsError: it is there and should not be, is of another batch, or cannot be read or written.
        """
        self._path = path
        try:
            if path.exists() and not path.is_file():
                raise ResultsError(f"{path} is no file that could hold results: name another")
            if path.exists() and path.stat().st_size and not resume:
                raise ResultsError(f"{path} is there already: go on from it with --resume, or name another file")
            self.played = _read(path, batch) if path.exists() else []
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise ResultsError(f"the results file {path} cannot be used: {error.strerror}; name another") from None

    def append(self, line: Mapping[str, Any]) -> None:
        """Write a line, down to the system.

        Raises:
            ResultsError: it cannot be written.
        """
        data = json.dumps(line).encode() + b"\n"
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise ResultsError(f"a result cannot be written to {self._path}: {error.strerror}") from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _read(path: Path, batch: Batch) -> list[dict[str, Any]]:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    try:
        lines = [json.loads(line) for line in content[:whole].splitlines()]
        read = [{key: line[key] for key in _LOADED} for line in lines]
    except (ValueError, KeyError, TypeError):
        raise ResultsError(f"{path} holds something that is no result of a batch: name another file") from None
    expected = attrs.asdict(batch)
    for line in read:
        for key, value in expected.items():
            if line["batch"].get(key) != value:
                was = line["batch"].get(key)
                raise ResultsError(
                    f"{path} is of another batch: its {key} is {was!r}, not {value!r}; name another file"
                )
    return read
