"""A heartbeat that comes late shows for how long the broker was held up."""

import pytest

from bitbroker.broker.lag import BEAT_SECONDS, TOLERANCE_SECONDS, Lag


def test_no_lag_before_the_first_beat() -> None:
    """What has not begun is not late."""
    assert Lag(100.0).late_at > 1e9


def test_in_time() -> None:
    """A beat may be late by what a busy broker's work takes."""
    lag = Lag(0.0)
    lag.beat(100.0)
    assert lag.late_at == pytest.approx(100 + BEAT_SECONDS + TOLERANCE_SECONDS)
    assert lag.last_beat == 100.0


def test_stall_is_told_once() -> None:
    """From when the beat was due; and from then on the next one is awaited."""
    lag = Lag(0.0)
    lag.beat(100.0)
    assert lag.take(103.0) == pytest.approx(3 - BEAT_SECONDS)
    assert lag.late_at > 103.0
    assert lag.last_beat == 103.0
