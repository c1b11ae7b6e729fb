"""Time as clients see it: a game's time control, and the clock that runs while a bot decides. All in seconds."""

from collections.abc import Callable
from math import inf, isnan
from typing import Any, Final, Literal, get_args

import attrs
import trio

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import extended

OnFailure = Literal["end-match", "forfeit-seat", "tell-game"]
"""What a failed answer means: the match ends; the seat is out, and the match goes on; the game judges."""

_POLICIES: Final[dict[OnFailure, pb.FailurePolicy]] = {
    "end-match": pb.FAILURE_POLICY_END_MATCH,
    "forfeit-seat": pb.FAILURE_POLICY_FORFEIT_SEAT,
    "tell-game": pb.FAILURE_POLICY_TELL_GAME,
}
_NAMES: Final = {number: name for name, number in _POLICIES.items()}


def _check_seconds(_instance: object, attribute: "attrs.Attribute[Any]", value: float | None) -> None:
    if value is not None and (isnan(value) or value < 0):
        raise ValueError(f"{attribute.name} is {value!r}: it must be seconds, 0 or more, or math.inf for no limit")


def _check_policy(_instance: object, attribute: "attrs.Attribute[Any]", value: str | None) -> None:
    if value is not None and value not in _POLICIES:
        raise ValueError(f"{attribute.name} is {value!r}: it must be one of {', '.join(get_args(OnFailure))}")


def _check_count(_instance: object, attribute: "attrs.Attribute[Any]", value: int | None) -> None:
    if value is not None and value < 0:
        raise ValueError(f"{attribute.name} is {value!r}: it must be 0 or more")


@attrs.frozen(kw_only=True)
class TimeControl:
    """How much time players have, and what it means if they answer too late. None is the broker's own setting.

    Attributes:
        move: base time of each request; `math.inf` for no limit, if the broker allows that.
        start: base time of each seat's first request, where it is another.
        bank: what each seat may spend in the whole match, when an answer takes longer than its base time.
        increment: what comes into the bank after each answer that was in time.
        on_failure: what a failed answer means: `end-match`, `forfeit-seat` or `tell-game`.
        tolerated_failures: so many of each seat's late answers are only told to the game before that holds.
    """

    move: float | None = attrs.field(default=None, validator=_check_seconds)
    start: float | None = attrs.field(default=None, validator=_check_seconds)
    bank: float | None = attrs.field(default=None, validator=_check_seconds)
    increment: float | None = attrs.field(default=None, validator=_check_seconds)
    on_failure: OnFailure | None = attrs.field(default=None, validator=_check_policy)
    tolerated_failures: int | None = attrs.field(default=None, validator=_check_count)

    def to_wire(self) -> pb.TimeControl:
        """The same as the wire has it."""
        return pb.TimeControl(
            move_ms=to_limit(self.move),
            start_ms=to_limit(self.start),
            bank_ms=to_limit(self.bank),
            increment_ms=to_limit(self.increment),
            on_failure=None if self.on_failure is None else _POLICIES[self.on_failure],
            tolerated_failures=self.tolerated_failures,
        )

    @classmethod
    def from_wire(cls, control: pb.TimeControl) -> "TimeControl":
        """What the wire has; a policy that only a newer broker knows is None."""
        return cls(
            move=_seconds(control.move_ms) if control.HasField("move_ms") else None,
            start=_seconds(control.start_ms) if control.HasField("start_ms") else None,
            bank=_seconds(control.bank_ms) if control.HasField("bank_ms") else None,
            increment=_seconds(control.increment_ms) if control.HasField("increment_ms") else None,
            on_failure=_NAMES.get(control.on_failure),
            tolerated_failures=control.tolerated_failures if control.HasField("tolerated_failures") else None,
        )


@attrs.frozen
class Clock:
    """The time for one decision, as the broker counts it, less what its request took to get here.

    Attributes:
        base: what was left of the base time when the request came; `math.inf` if there is no limit.
        bank: what was left in the bank.
        deadline: when the time is up, on the clock of Trio: `trio.fail_at(bot.clock.deadline)`.
    """

    base: float = inf
    bank: float = 0.0
    deadline: float = inf
    _now: Callable[[], float] = attrs.field(default=lambda: 0.0, repr=False, eq=False)

    @classmethod
    def started(cls, base: float, bank: float = 0.0) -> "Clock":
        """A clock that runs from now on."""
        now = trio.lowlevel.current_clock().current_time
        return cls(base, bank, now() + base + bank, now)

    @classmethod
    def of_request(cls, request: pb.Request) -> "Clock":
        """The clock of a request that has come just now."""
        base = _seconds(request.limit_ms) if request.HasField("limit_ms") else inf
        return cls.started(base, request.bank_left_ms / 1000)

    def remaining(self) -> float:
        """How much is left until the deadline, bank included; from any thread."""
        return max(0.0, self.deadline - self._now())


def to_limit(seconds: float | None) -> int | None:
    """A limit as the wire has it; None stays None."""
    return None if seconds is None else extended.to_ms(seconds)


def _seconds(milliseconds: int) -> float:
    return inf if milliseconds == extended.NO_LIMIT else milliseconds / 1000
