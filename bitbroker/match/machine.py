"""The match itself: events and the time in, effects out."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final

import attrs

from bitbroker.errors import Cause
from bitbroker.match.effects import Ask, Dismiss, Effect, Fail, Finish, Introduce, NotTaken, Respond, Trigger
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
from bitbroker.match.outcome import Outcome
from bitbroker.settings import FailurePolicy, Settings

_NOBODY: Final = -1
"""Nobody is being asked: it is for the game to go on."""


@attrs.define
class Seat:
    """What the rules know of one player."""

    name: str
    owed: int = 0
    """Answers that timed out and are still to come: each is counted off and dropped when it does."""
    unasked: int = 0
    """Answers that nobody asked for."""
    lost: Cause | None = None
    """Why nobody sits here any more."""


class Match:
    """One game and its players, from the first trigger to the outcome.

    Whose turn it is is one number: the seat that is being asked, or nobody, which means the game. Time limits:
    a request is open until it is answered or `TimeReached` is handled at or after its deadline; an answer handled
    before that counts, so the shell reads what has arrived before it lets time have its say.
    """

    __slots__ = (
        "_asked",
        "_asked_at",
        "_began_at",
        "_game_time_limit",
        "_match_deadline",
        "_settings",
        "_turn_deadline",
        "outcome",
        "seats",
        "turns",
    )

    def __init__(self, names: Sequence[str], settings: Settings) -> None:
        self.seats = [Seat(name) for name in names]
        self.turns = 0
        self.outcome: Outcome | None = None
        self._settings = settings
        self._game_time_limit = settings.game_time_limit or inf
        self._asked = _NOBODY
        self._asked_at = 0.0
        self._began_at = 0.0
        self._turn_deadline = inf
        self._match_deadline = inf

    @property
    def asked(self) -> int | None:
        """The seat that is being asked; None while it is for the game to go on."""
        return None if self._asked == _NOBODY else self._asked

    def deadline(self) -> float:
        """When to handle `TimeReached`, on the clock of `handle`'s `now`; infinity for never."""
        return min(self._turn_deadline, self._match_deadline)

    def handle(self, event: Event, now: float) -> Sequence[Effect]:
        """Take one event.

        Args:
            event: what happened.
            now: when, in seconds on a clock that never goes back.

        Returns:
            What is to be done, in this order. Nothing once the match is over.
        """
        if self.outcome is not None:
            return ()
        return _RULES[type(event)](self, event, now)

    def _begin(self, _event: Began, now: float) -> Sequence[Effect]:
        self._began_at = now
        self._match_deadline = now + (self._settings.match_time_limit or inf)
        return (Introduce([seat.name for seat in self.seats]), self._trigger(now))

    def _trigger(self, now: float) -> Trigger:
        self._asked = _NOBODY
        self._turn_deadline = now + self._game_time_limit
        return Trigger()

    def _ask(self, event: Asked, now: float) -> Sequence[Effect]:
        player = event.player
        if self._asked != _NOBODY:
            return self._game_fault(f"it asked player {player} while player {self._asked} was being asked", now)
        if player >= len(self.seats):
            return self._game_fault(f"it asked player {player}; the players are 0 to {len(self.seats) - 1}", now)
        self.turns += 1
        lost = self.seats[player].lost
        if lost is not None:
            return (Fail(player, lost), self._trigger(now))
        limit = self._settings.time_limit
        self._asked = player
        self._asked_at = now
        self._turn_deadline = now + limit
        return (Ask(player, event.state, limit),)

    def _decide(self, event: Decided, now: float) -> Sequence[Effect]:
        seat = self.seats[event.seat]
        if seat.owed:
            seat.owed -= 1
            return (NotTaken(event.seat, Cause.TIME_LIMIT),)
        if event.seat == self._asked:
            return (Respond(event.seat, event.decision, now - self._asked_at), self._trigger(now))
        seat.unasked += 1
        not_taken = NotTaken(event.seat, Cause.NOT_ASKED)
        if seat.unasked <= self._settings.max_unasked:
            return (not_taken,)
        detail = f"it spoke {seat.unasked} times without being asked"
        return (not_taken, *self._lose(PlayerLost(event.seat, Cause.PROTOCOL_VIOLATION, detail), now))

    def _end(self, _event: Ended, now: float) -> Sequence[Effect]:
        if self._asked != _NOBODY:
            return self._game_fault(f"it said that it is over while player {self._asked} was being asked", now)
        return self._finish(Cause.COMPLETED, now)

    def _lose(self, event: PlayerLost, now: float) -> Sequence[Effect]:
        seat = self.seats[event.seat]
        if seat.lost is not None:
            return ()
        seat.lost = event.cause
        if self._settings.on_failure is FailurePolicy.END_MATCH:
            return self._finish(event.cause, now, seat=event.seat, detail=event.detail)
        effects: list[Effect] = [Dismiss(event.seat, event.cause, event.detail)]
        if all(seat.lost is not None for seat in self.seats):
            effects += self._finish(Cause.NO_PLAYERS_LEFT, now)
        elif event.seat == self._asked:
            effects += (Fail(event.seat, event.cause), self._trigger(now))
        return effects

    def _lose_game(self, event: GameLost, now: float) -> Sequence[Effect]:
        cause = Cause.GAME_LOST if event.cause is Cause.DISCONNECTED else event.cause
        return self._finish(cause, now, detail=event.detail)

    def _stop(self, event: Stopped, now: float) -> Sequence[Effect]:
        return self._finish(event.cause, now, detail=event.detail)

    def _run_out(self, _event: TimeReached, now: float) -> Sequence[Effect]:
        if now < self.deadline():
            return ()
        if self._match_deadline <= self._turn_deadline:
            return self._finish(Cause.MATCH_TIME_LIMIT, now, detail=f"{self._settings.match_time_limit:g} s are over")
        if self._asked == _NOBODY:
            detail = f"it did not go on within {self._game_time_limit:g} s of the trigger"
            return self._finish(Cause.GAME_TIME_LIMIT, now, detail=detail)
        return self._time_out(self._asked, now)

    def _time_out(self, player: int, now: float) -> Sequence[Effect]:
        if self._settings.on_failure is FailurePolicy.END_MATCH:
            detail = f"it did not answer within {self._settings.time_limit:g} s"
            return self._finish(Cause.TIME_LIMIT, now, seat=player, detail=detail)
        self.seats[player].owed += 1
        return (Fail(player, Cause.TIME_LIMIT), self._trigger(now))

    def _game_fault(self, detail: str, now: float) -> Sequence[Effect]:
        return self._finish(Cause.GAME_FAULT, now, detail=detail)

    def _finish(self, cause: Cause, now: float, *, seat: int | None = None, detail: str = "") -> Sequence[Effect]:
        self.outcome = Outcome(cause, seat, self.turns, now - self._began_at, detail)
        self._turn_deadline = self._match_deadline = inf
        return (Finish(self.outcome),)


# A table by type, as in a state machine's book: an event without a rule is a KeyError, and the type checker of no
# help, but it costs one look-up where a chain of tests costs up to eight.
_RULES: Final[dict[type[Event], Callable[[Match, Any, float], Sequence[Effect]]]] = {
    Began: Match._begin,
    Asked: Match._ask,
    Decided: Match._decide,
    Ended: Match._end,
    PlayerLost: Match._lose,
    GameLost: Match._lose_game,
    Stopped: Match._stop,
    TimeReached: Match._run_out,
}
