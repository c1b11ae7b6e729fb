"""The rules of a match as a pure machine. No socket, no task, no clock.

Time is an argument and payloads are opaque, so a match is a function of its events: the same list of events is
its recording, its replay and its test.
"""

from bitbroker.match.effects import (
    Ask,
    Dismiss,
    Effect,
    Fail,
    Finish,
    Introduce,
    NotTaken,
    Respond,
    Trigger,
)
from bitbroker.match.events import (
    Asked,
    Began,
    Decided,
    Ended,
    Event,
    GameLost,
    PlayerLost,
    Stopped,
    TimeReached,
)
from bitbroker.match.machine import Match
from bitbroker.match.outcome import Outcome

__all__ = [
    "Ask",
    "Asked",
    "Began",
    "Decided",
    "Dismiss",
    "Effect",
    "Ended",
    "Event",
    "Fail",
    "Finish",
    "GameLost",
    "Introduce",
    "Match",
    "NotTaken",
    "Outcome",
    "PlayerLost",
    "Respond",
    "Stopped",
    "TimeReached",
    "Trigger",
]
