"""The referee of light cycles, at a table without a broker."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bitbroker._pb.examples import light_cycles_pb2 as pb
from bitbroker.client import Answer, Cause, Player, Result
from bitbroker.examples.light_cycles.game import LightCycles

UP, DOWN, LEFT = (pb.Move(heading=f"HEADING_{name}").SerializeToString() for name in ("UP", "DOWN", "LEFT"))


class ScriptedTable:
    """A table whose players answer as scripted, from turn to turn; after that they go straight on.

    Attributes:
        asked: whom, in each turn.
        published: what was shown.
        results: what the game said at its end.
    """

    def __init__(self, game: LightCycles, *scripts: Sequence[bytes | Cause]) -> None:
        self.players = [Player(seat, name) for seat, name in enumerate("abcd"[: len(scripts)])]
        self.asked: list[list[int]] = []
        self.published: list[str] = []
        self.results: list[Result] = []
        self._parse = game.parse_response
        self._scripts = [list(script) for script in scripts]

    def ask_all(self, states: Mapping[int, pb.Position]) -> dict[int, Answer[pb.Move]]:
        """What everybody says, who must have been sent where it sits."""
        self.asked.append(list(states))
        assert all(state.seat == seat for seat, state in states.items())
        return {seat: self._answer(seat).read_by(self._parse) for seat in states}

    def _answer(self, seat: int) -> Answer[pb.Move]:
        said = self._scripts[seat].pop(0) if self._scripts[seat] else b""
        return Answer(seat, b"", said) if isinstance(said, Cause) else Answer(seat, said)

    def publish(self, picture: bytes) -> None:
        """Keep it."""
        self.published.append(picture.decode())

    def end(self, result: Result) -> None:
        """Keep it."""
        self.results.append(result)


def play(*scripts: Sequence[bytes | Cause], **options: Any) -> ScriptedTable:
    """Hold a match."""
    game = LightCycles(**options)
    table: Any = ScriptedTable(game, *scripts)
    game.initialise(table.players)
    game.play(table)
    assert len(table.results) == 1
    held: ScriptedTable = table
    return held


def test_the_last_one_wins() -> None:
    """Straight on, both would be out in turn 4, at the walls above and below."""
    table = play([], [LEFT])
    assert table.asked == [[0, 1]] * 4
    assert table.results == [Result([0, 1], [2, 1], "b (seat 1) was the last to ride, after 4 turns")]


def test_who_is_out_is_not_asked() -> None:
    """One resigns, one rides into its own trail, one into the wall; ranks and scores are in the order of that."""
    table = play([Cause.RESIGNED], [UP, DOWN], [], [])
    assert table.asked == [[0, 1, 2, 3], [1, 2, 3], [2, 3], [2, 3]]
    assert table.results == [Result([0, 1, 3, 2], [4, 3, 1, 2], "c (seat 2) was the last to ride, after 4 turns")]


def test_nobody_may_be_left() -> None:
    """Then the last ones share the first rank."""
    (result,) = play([], []).results
    assert result == Result([0, 0], [1, 1], "a (seat 0) and b (seat 1) went out last, together, after 4 turns")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Cause.TIME_LIMIT, id="late"),
        pytest.param(Cause.DISCONNECTED, id="gone"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="no message"),
        pytest.param(b"\x08\x05", id="no such heading"),
    ],
)
def test_who_says_nothing_rides_straight_on(answer: bytes | Cause) -> None:
    """The way on which it is already."""
    assert play([LEFT, answer], []).published == play([LEFT, LEFT], []).published != play([LEFT, UP], []).published


def test_pictures_are_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One before the first turn, and one after each, for as long as one wants; the same on standard output."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    table = play([], [], draw=True, pause=0.5)
    titles = [picture.splitlines()[0] for picture in table.published]
    assert titles == [*(f"turn {turn}, riding: 2" for turn in range(4)), "turn 4, riding: 0"]
    assert pauses == [0.5] * 5
    assert capsys.readouterr().out.startswith("".join(picture + "\n\n" for picture in table.published))


def test_results_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line of JSON for a match, and a line for people."""
    results = tmp_path / "results.jsonl"
    for _ in range(2):
        play([], [LEFT], results=results)
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert lines == [{"ranks": [2, 1], "names": ["a", "b"], "turns": 4}] * 2
    assert capsys.readouterr().out == "b (seat 1) was the last to ride, after 4 turns\n" * 2


@pytest.mark.parametrize("count", [1, 33])
def test_it_takes_two_to_thirty_two(count: int) -> None:
    """The error says how many there were."""
    with pytest.raises(ValueError, match=f"for 2 to 32 players, the broker sent {count}"):
        LightCycles().initialise([Player(seat, "") for seat in range(count)])
