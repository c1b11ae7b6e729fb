"""The soak in small: real processes, every verdict held against what the clients did; and that it can fail."""

from pathlib import Path

from tests.soak.phases import Load, play

LOAD = Load(matches=80, at_once=20, mischief=0.2)


def test_short_soak(tmp_path: Path) -> None:
    """No wrong verdict, nobody hangs, no descriptor is left behind, no word of complaint in the log."""
    soak = play(LOAD, tmp_path)
    assert soak.faults() == [], soak.judgement.words
    assert soak.judgement.matches == 80
    assert len(soak.judgement.causes) > 4, "few misbehaved"


def test_soak_finds_false_time_outs(tmp_path: Path) -> None:
    """A broker that gives bots a quarter of the time that they are due is found out."""
    soak = play(Load(matches=60, at_once=20, mischief=0.0, broker_limit=0.25), tmp_path)
    assert soak.judgement.findings["false time-out"] > 0
    assert any("false time-out" in fault for fault in soak.faults())
