"""What happens to a match: the events that `Match.handle` takes."""

import attrs

from bitbroker.errors import Cause

Payload = object
"""A state or a decision: whatever the shell handed in is handed back, never looked into."""


@attrs.frozen
class Began:
    """All seats are taken and the game is there."""


@attrs.frozen
class Asked:
    """The game wants this player's decision on this state."""

    player: int
    state: Payload


@attrs.frozen
class Decided:
    """This seat's bot sent a decision, asked or not."""

    seat: int
    decision: Payload


@attrs.frozen
class Ended:
    """The game says that it is over."""


@attrs.frozen
class PlayerLost:
    """This seat's bot is gone, or must go, and why.

    `cause` is DISCONNECTED, PROTOCOL_VIOLATION, MESSAGE_TOO_LARGE or SLOW_CONSUMER; `detail` is half a sentence
    for a person.
    """

    seat: int
    cause: Cause
    detail: str = ""


@attrs.frozen
class GameLost:
    """The game is gone, or must go, and why; causes as in `PlayerLost`, or GAME_LOST."""

    cause: Cause
    detail: str = ""


@attrs.frozen
class Stopped:
    """The match is ended from outside: BROKER_STOPPING, ABORTED or BROKER_FAULT."""

    cause: Cause
    detail: str = ""


@attrs.frozen
class TimeReached:
    """The time of `Match.deadline()` has come. Too early is harmless."""


Event = Began | Asked | Decided | Ended | PlayerLost | GameLost | Stopped | TimeReached
