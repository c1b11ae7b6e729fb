"""A picture of a broker with nothing to do, for tests of what is made of it."""

from bitbroker.broker.snapshot import Histogram, Snapshot

IDLE = Snapshot(
    version="1.2.3",
    players=2,
    uptime_seconds=12.3456,
    ready=True,
    blocked_seconds=0.1,
    waiting_games=0,
    waiting_bots=0,
    waiting_spectators=0,
    matches_running=0,
    matches_finished={},
    connections=0,
    connections_open=0,
    connections_refused={},
    answers_not_taken={},
    stalls=0,
    stall_seconds=0.0,
    turns=0,
    turn_time=Histogram([0.1, 1.0]),
    handling_time=Histogram([0.001]),
)
