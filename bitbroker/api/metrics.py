"""The snapshot as Prometheus reads it."""

import sys
from collections.abc import Callable, Iterable
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bitbroker.broker.snapshot import Histogram, Snapshot
from bitbroker.errors import Cause, Ending


class SnapshotCollector(Collector):
    """Turns a snapshot into metrics when it is asked; the broker itself counts in plain numbers."""

    def __init__(self, take_snapshot: Callable[[], Snapshot]) -> None:
        self._take_snapshot = take_snapshot

    def collect(self) -> Iterable[Metric]:
        """All metrics, with a zero for what has not happened yet, so that rates work from the start."""
        snapshot = self._take_snapshot()
        yield InfoMetricFamily("bitbroker", "The broker.", {"version": snapshot.version})
        yield from _gauges(snapshot)
        yield from _counters(snapshot)
        turn = "From reading what a game asks to reading the answer."
        yield _histogram("bitbroker_turn_seconds", turn, snapshot.turn_time)
        yield _histogram(
            "bitbroker_handling_seconds",
            "The broker's own share: reading a batch of messages, the rules, and sending what follows.",
            snapshot.handling_time,
        )

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: names need not be checked, there is only this collector."""
        return ()


def _gauges(snapshot: Snapshot) -> Iterable[Metric]:
    yield GaugeMetricFamily("bitbroker_ready", "1 while new games and bots are welcome.", value=snapshot.ready)
    yield GaugeMetricFamily("bitbroker_matches_running", "Matches in progress.", value=snapshot.matches_running)
    yield GaugeMetricFamily(
        "bitbroker_connections_open", "Connections of games and bots.", value=snapshot.connections_open
    )
    yield GaugeMetricFamily(
        "bitbroker_memory_blocks",
        "Blocks of memory that Python holds: about one for each object.",
        value=sys.getallocatedblocks(),
    )
    waiting = GaugeMetricFamily("bitbroker_waiting", "Clients without a match.", labels=["role"])
    waiting.add_metric(["game"], snapshot.waiting_games)
    waiting.add_metric(["bot"], snapshot.waiting_bots)
    waiting.add_metric(["spectator"], snapshot.waiting_spectators)
    yield waiting


def _counters(snapshot: Snapshot) -> Iterable[Metric]:
    yield CounterMetricFamily("bitbroker_connections", "Connections accepted.", value=snapshot.connections)
    refused = CounterMetricFamily("bitbroker_connections_refused", "Connections turned away.", labels=["reason"])
    for reason in Ending:
        if reason.refused:
            refused.add_metric([reason.value], snapshot.connections_refused.get(reason, 0))
    yield refused
    matches = CounterMetricFamily("bitbroker_matches", "Matches that ended.", labels=["cause"])
    not_taken = CounterMetricFamily(
        "bitbroker_answers_not_taken", "Words of bots that counted for nothing.", labels=["cause"]
    )
    for cause in Cause:
        if cause is not Cause.NONE:
            matches.add_metric([cause.label], snapshot.matches_finished.get(cause, 0))
    for cause in sorted({Cause.TIME_LIMIT, Cause.NOT_ASKED, Cause.ALREADY_ANSWERED, *snapshot.answers_not_taken}):
        not_taken.add_metric([cause.label], snapshot.answers_not_taken.get(cause, 0))
    yield matches
    yield not_taken
    yield CounterMetricFamily("bitbroker_stalls", "Times that the broker itself was held up.", value=snapshot.stalls)
    yield CounterMetricFamily(
        "bitbroker_stall_seconds", "For how long in all; nobody's clock ran meanwhile.", value=snapshot.stall_seconds
    )
    yield CounterMetricFamily("bitbroker_turns", "Requests that were answered.", value=snapshot.turns)


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(name, text)
    bounds = [*map(str, histogram.bounds), "+Inf"]
    family.add_metric([], list(zip(bounds, accumulate(histogram.counts), strict=True)), histogram.total)
    return family
