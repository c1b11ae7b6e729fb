"""The results file of a batch: appended to, gone on from, never lost."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from bitbroker.play.batch import Order, plan_matches
from bitbroker.play.results import Batch, ResultsError, ResultsFile

BATCH = Batch("game", ["one", "two", "three"], 7, rotate_seats=True)


def line(match: int, batch: Batch = BATCH) -> dict[str, Any]:
    """A result, as far as reading it again looks at it."""
    result = {"match": match, "seats": [], "seat": None, "cause": "completed", "scores": None}
    return result | {"batch": attrs.asdict(batch)}


def write(path: Path, *matches: int) -> None:
    """Write some results."""
    file = ResultsFile(path, BATCH, resume=False)
    for match in matches:
        file.append(line(match))
    file.close()


def test_resuming_finds_what_was_played(tmp_path: Path) -> None:
    """And appends behind it."""
    path = tmp_path / "results.jsonl"
    write(path, 1, 3)
    file = ResultsFile(path, BATCH, resume=True)
    assert [result["match"] for result in file.played] == [1, 3]
    file.append(line(2))
    file.close()
    assert [json.loads(text)["match"] for text in path.read_text().splitlines()] == [1, 3, 2]


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_line_that_was_cut_short_is_taken_off(tmp_path: Path, cut: int) -> None:
    """A kill in the middle of a write loses that match alone, and leaves no broken line behind."""
    path = tmp_path / "results.jsonl"
    write(path, 1, 2)
    path.write_bytes(path.read_bytes()[:-cut])
    file = ResultsFile(path, BATCH, resume=True)
    assert [result["match"] for result in file.played] == [1]
    file.append(line(2))
    file.close()
    assert [json.loads(text)["match"] for text in path.read_text().splitlines()] == [1, 2]


def test_results_are_never_overwritten(tmp_path: Path) -> None:
    """Without --resume a file that is there is left alone."""
    path = tmp_path / "results.jsonl"
    write(path, 1)
    with pytest.raises(ResultsError, match="--resume"):
        ResultsFile(path, BATCH, resume=False)
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "other",
    [
        attrs.evolve(BATCH, game="another"),
        attrs.evolve(BATCH, bots=["one", "two"]),
        attrs.evolve(BATCH, seed=8),
        attrs.evolve(BATCH, rotate_seats=False),
    ],
)
def test_another_batch_is_refused(tmp_path: Path, other: Batch) -> None:
    """Results of two batches are not mixed."""
    path = tmp_path / "results.jsonl"
    write(path, 1)
    with pytest.raises(ResultsError, match="another batch"):
        ResultsFile(path, other, resume=True)


@pytest.mark.parametrize("content", ["nonsense\n", "[]\n", '{"match": 1}\n'])
def test_what_is_no_results_file_is_refused(tmp_path: Path, content: str) -> None:
    """And left as it is."""
    path = tmp_path / "results.jsonl"
    path.write_text(content)
    with pytest.raises(ResultsError, match="no result"):
        ResultsFile(path, BATCH, resume=True)
    assert path.read_text() == content


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(ResultsError, match="cannot be used"):
        ResultsFile(tmp_path / "no" / "folder", BATCH, resume=False)


def test_plans_rotate_seats_and_seeds() -> None:
    """Each match has its own seed; with rotation each bot sits in each seat equally often."""
    order = Order(BATCH, matches=6, parallel=1, join_timeout=1, log_folder=None)
    plans = list(plan_matches(order))
    assert [plan.seed for plan in plans] == [7, 8, 9, 10, 11, 12]
    assert [plan.number for plan in plans] == [1, 2, 3, 4, 5, 6]
    assert [plan.order for plan in plans[:3]] == [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    fixed = attrs.evolve(order, batch=attrs.evolve(BATCH, rotate_seats=False))
    assert {tuple(plan.order) for plan in plan_matches(fixed)} == {(0, 1, 2)}
