"""What the broker counts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.broker.snapshot import HANDLING_BOUNDS, TURN_BOUNDS, Histogram, Tally


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [
        (0.0, [1, 0, 0]),
        (0.999, [1, 0, 0]),
        (1.0, [1, 0, 0]),  # an upper bound belongs to its bucket, as Prometheus counts
        (1.001, [0, 1, 0]),
        (2.0, [0, 1, 0]),
        (2.001, [0, 0, 1]),
        (1e9, [0, 0, 1]),
    ],
)
def test_bucket_of_an_observation(seconds: float, counts: list[int]) -> None:
    """At and around the bounds, and beyond the last."""
    histogram = Histogram([1.0, 2.0])
    histogram.observe(seconds)
    assert (histogram.counts, histogram.total) == (counts, seconds)


@given(st.lists(st.floats(0, 1000)))
def test_nothing_is_lost(observations: list[float]) -> None:
    """Every observation is in one bucket, and in the sum."""
    histogram = Histogram(TURN_BOUNDS)
    for seconds in observations:
        histogram.observe(seconds)
    assert sum(histogram.counts) == len(observations)
    assert histogram.total == pytest.approx(sum(observations))


@pytest.mark.parametrize("bounds", [TURN_BOUNDS, HANDLING_BOUNDS])
def test_bounds_go_up(bounds: tuple[float, ...]) -> None:
    """Otherwise buckets would overlap."""
    assert all(low < high for low, high in pairwise(bounds))


def test_turns_are_what_was_timed() -> None:
    """One counter less to keep in step."""
    tally = Tally()
    assert tally.turns == 0
    tally.turn_time.observe(0.5)
    tally.turn_time.observe(500.0)
    assert tally.turns == 2
