"""The rules of a match as a pure machine. No socket, no task, no clock.

Time is an argument and payloads are opaque, so a match is a function of its events: the same list of events is
its recording, its replay and its test.
"""

from bitbroker.match.effects import (
    Answer,
    Ask,
    Away,
    Back,
    Deliver,
    Dismiss,
    Effect,
    Finish,
    Introduce,
    NotTaken,
    Out,
    Settled,
)
from bitbroker.match.events import (
    Began,
    Decided,
    Ended,
    Event,
    GameAway,
    GameBack,
    GameLost,
    PlayerAway,
    PlayerBack,
    PlayerLost,
    Question,
    Resigned,
    Stalled,
    Stopped,
    TimeReached,
    TurnAsked,
)
from bitbroker.match.machine import Match
from bitbroker.match.outcome import Outcome, Result, SeatResult
from bitbroker.match.rules import Rules, TimeControl

__all__ = [
    "Answer",
    "Ask",
    "Away",
    "Back",
    "Began",
    "Decided",
    "Deliver",
    "Dismiss",
    "Effect",
    "Ended",
    "Event",
    "Finish",
    "GameAway",
    "GameBack",
    "GameLost",
    "Introduce",
    "Match",
    "NotTaken",
    "Out",
    "Outcome",
    "PlayerAway",
    "PlayerBack",
    "PlayerLost",
    "Question",
    "Resigned",
    "Result",
    "Rules",
    "SeatResult",
    "Settled",
    "Stalled",
    "Stopped",
    "TimeControl",
    "TimeReached",
    "TurnAsked",
]
