"""The match itself: events and the time in, effects out."""

from collections.abc import Callable, Sequence
from math import inf
from operator import itemgetter
from typing import Any, Final

from bitbroker.errors import Cause
from bitbroker.match.absence import Absences
from bitbroker.match.effects import (
    Answer,
    Ask,
    Away,
    Back,
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
from bitbroker.match.outcome import Outcome
from bitbroker.match.rules import Rules
from bitbroker.match.seat import Seat
from bitbroker.match.turn import GameFaultError, Turn
from bitbroker.settings import FailurePolicy

_Due = tuple[float, Callable[[int, float], Sequence[Effect]], int]
"""When something is due, what to do, and for whom."""

_GAME: Final = -1
"""The game's place among those who are away."""

_TAKEN: Final = Cause.NONE
"""Of most answers. A name of our own, since Python 3.11 looks an enum's members up as slowly as ten of these."""

_ROUNDING: Final = 1e-6
"""So many seconds apart, an absence and an ask end at the same time: sums of the same times differ in last bits."""


class Match:
    """One game and its players, from the first turn to the outcome.

    A turn is open from its first ask until each of its asks has an answer or has failed, and the game has said that no
    more will follow; then its answers are delivered. A basic game's action is a turn of one ask.

    Time limits: a request is open until it is answered or `TimeReached` is handled at or after its deadline; an answer
    handled before that counts, so the shell reads what has arrived before it lets time have its say. Seconds in which
    the broker was held up (`Stalled`) count for nobody: not for players, the game, or who may come back; only the
    limit of the match as a whole goes on.

    Attributes:
        seats: the players.
        rules: what holds for this match.
        stalled: how long the broker was held up in it, in seconds.
        turns: requests made.
        earliest: no deadline comes before that, on the clock of `handle`'s `now`. A turn moves deadlines to later; this
            stays until `TimeReached` is handled, so it costs a turn nothing.
        outcome: how it ended; None while it runs.
    """

    __slots__ = (
        "_away",
        "_began_at",
        "_game_deadline",
        "_match_deadline",
        "_turn",
        "earliest",
        "outcome",
        "rules",
        "seats",
        "stalled",
        "turns",
    )

    def __init__(self, names: Sequence[str], rules: Rules, numbered: Sequence[bool] = ()) -> None:
        """Set it up; `numbered` says of each seat whether its decisions come under numbers (by default none do)."""
        told = numbered or [False] * len(names)
        self.seats = [Seat(name, each, rules.time.bank) for name, each in zip(names, told, strict=True)]
        self.rules = rules
        self.turns = 0
        self.stalled = 0.0
        self.outcome: Outcome | None = None
        self._turn = Turn(len(names), rules.max_limit)
        self._away = Absences(rules.resume_grace)
        self._began_at = 0.0
        self._game_deadline = inf
        self._match_deadline = inf
        self.earliest = inf

    @property
    def number(self) -> int:
        """The number of the last turn, from 1; 0 before the first."""
        return self._turn.number

    @property
    def asked(self) -> list[int]:
        """The seats that are being asked; none while it is for the game alone to go on."""
        return list(self._turn.open)

    def deadline(self) -> float:
        """When to handle `TimeReached`, on the clock of `handle`'s `now`; infinity for never."""
        soonest = min(self._match_deadline, self._game_deadline, self._away.soonest())
        return min(soonest, self.next_to_run_out()) if self._turn.open else soonest

    def due(self, now: float) -> list[int]:
        """The seats whose time to answer is over by now."""
        return [seat for seat, ask in self._turn.open.items() if ask.deadline <= now]

    def next_to_run_out(self) -> float:
        """When the next request runs out, or the game's time if none is open; infinity for never."""
        return min((ask.deadline for ask in self._turn.open.values()), default=self._game_deadline)

    def handle(self, event: Event, now: float) -> Sequence[Effect]:
        """Take one event.

        Args:
            event: what happened.
            now: when, in seconds on a clock that never goes back; for `TimeReached`, until when all has been heard.

        Returns:
            What is to be done, in this order. Nothing once the match is over.
        """
        if self.outcome is not None:
            return ()
        return _HANDLERS[type(event)](self, event, now)

    # The game.

    def _begin(self, _event: Began, now: float) -> Sequence[Effect]:
        self._began_at = now
        self.earliest = self._match_deadline = now + self.rules.match_time_limit
        self._let_game_go_on(now)
        return (Introduce(),)

    def _let_game_go_on(self, now: float) -> None:
        self._game_deadline = deadline = now + self.rules.game_time_limit
        if deadline < self.earliest:
            self.earliest = deadline

    def _ask(self, event: TurnAsked, now: float) -> Sequence[Effect]:
        turn = self._turn
        try:
            questions = turn.take(event)
        except GameFaultError as fault:
            return self._game_fault(str(fault), now)
        effects = [self._put(question, now) for question in questions]
        if event.more:
            self._let_game_go_on(now)
        else:
            self._game_deadline = inf
            effects += self._close_turn(now)
        return effects

    def _game_fault(self, detail: str, now: float) -> Sequence[Effect]:
        return self._finish_for(Cause.GAME_FAULT, now, detail=detail)

    def _put(self, question: Question, now: float) -> Effect:
        """Ask one seat; one that is out has its answer at once."""
        number = question.seat
        seat = self.seats[number]
        self.turns += 1
        if seat.out is not None:
            return self._turn.settle(Answer(number, None, self.rules.answer_of(seat.out), 0.0, seat.bank))
        ask = seat.open(self._turn.number, question.state, question.limit, self.rules.time, now)
        self._turn.put(number, ask)
        if ask.deadline < self.earliest:
            self.earliest = ask.deadline
        return Ask(number, ask.number, ask.state, ask.base, seat.bank)

    def _close_turn(self, now: float) -> Sequence[Effect]:
        """Deliver the answers, if all are in and the game waits for them."""
        if self._turn.open or not self._turn.awaited:
            return ()
        self._let_game_go_on(now)
        return (self._turn.deliver(),)

    def _end(self, event: Ended, now: float) -> Sequence[Effect]:
        if self._turn.open and self.rules.basic_game:
            asked = next(iter(self._turn.open))
            return self._game_fault(f"it said that it is over while player {asked} was being asked", now)
        fault = event.result.fault(len(self.seats)) if event.result is not None else ""
        if fault:
            return self._game_fault(fault, now)
        return self.close(Outcome(Cause.COMPLETED, None, self.turns, now - self._began_at, "", event.result))

    def _game_away(self, event: GameAway, now: float) -> Sequence[Effect]:
        if not self.rules.resume_grace:
            return self._lose_game(GameLost(Cause.DISCONNECTED, event.detail), now)
        self._begin_absence(_GAME, now)
        return ()

    def _game_back(self, _event: GameBack, _now: float) -> Sequence[Effect]:
        self._away.end(_GAME)
        self._turn.may_repeat = True
        return ()

    def _lose_game(self, event: GameLost, now: float) -> Sequence[Effect]:
        cause = Cause.GAME_LOST if event.cause is Cause.DISCONNECTED else event.cause
        return self._finish_for(cause, now, detail=event.detail)

    # The players.

    def _decide(self, event: Decided, now: float) -> Sequence[Effect]:
        seat = self.seats[event.seat]
        ask = self._turn.open.get(event.seat)
        if event.number is None:
            if seat.owed:
                seat.owed -= 1
                return (NotTaken(event.seat, None, Cause.TIME_LIMIT),)
            if ask is None:
                return self._strike(seat, NotTaken(event.seat, None, Cause.NOT_ASKED), now)
        elif ask is None or ask.number != event.number:
            return self._refuse(seat, event.seat, event.number, now)
        elapsed = seat.stop_clock(ask, self.rules.time, now)
        seat.remember(ask)
        answer = Answer(event.seat, event.decision, _TAKEN, elapsed, seat.bank, ask.stalled)
        return (self._turn.settle(answer), *self._close_turn(now))

    def _refuse(self, seat: Seat, place: int, number: int, now: float) -> Sequence[Effect]:
        """A decision under a number that is not open."""
        if not 0 < number <= self._turn.number:
            detail = f"it answered request {number}, which was never made"
            return self._lose(PlayerLost(place, Cause.PROTOCOL_VIOLATION, detail), now)
        cause, late, told = seat.refuse(number, now)
        not_taken = NotTaken(place, number, cause, late, told)
        if told or cause is Cause.NOT_ASKED:
            return self._strike(seat, not_taken, now)
        return (not_taken,)

    def _strike(self, seat: Seat, not_taken: NotTaken, now: float) -> Sequence[Effect]:
        seat.unasked += 1
        if seat.unasked <= self.rules.max_unasked:
            return (not_taken,)
        detail = f"it spoke {seat.unasked} times without being asked"
        return (not_taken, *self._lose(PlayerLost(not_taken.seat, Cause.PROTOCOL_VIOLATION, detail), now))

    def _resign(self, event: Resigned, now: float) -> Sequence[Effect]:
        if self.seats[event.seat].out is not None:
            return ()
        if self.rules.resignation_ends:
            return self._finish_for(Cause.RESIGNED, now, seat=event.seat)
        return self._put_out(event.seat, Cause.RESIGNED, now)

    def _lose(self, event: PlayerLost, now: float) -> Sequence[Effect]:
        seat = self.seats[event.seat]
        if seat.dismissed:
            return ()
        seat.dismissed = True
        dismiss = Dismiss(event.seat, event.cause, event.detail)
        if seat.out is not None:
            return (dismiss,)
        if self.rules.ends_on_failure:
            return self._finish_for(event.cause, now, seat=event.seat, detail=event.detail)
        return (dismiss, *self._put_out(event.seat, event.cause, now))

    def _put_out(self, place: int, cause: Cause, now: float) -> Sequence[Effect]:
        """This seat plays no more: an ask to it that is open fails for this cause."""
        self.seats[place].out = cause
        self._away.end(place)
        failed = (self._fail(place, cause, now),) if place in self._turn.open else ()
        effects = (*failed, Out(place, cause))
        if all(seat.out is not None for seat in self.seats):
            return (*effects, *self._finish_for(Cause.NO_PLAYERS_LEFT, now))
        return (*effects, *self._close_turn(now))

    def _fail(self, place: int, cause: Cause, now: float) -> Settled:
        seat, ask = self.seats[place], self._turn.open[place]
        seat.remember(ask, cause)
        return self._turn.settle(Answer(place, None, cause, now - ask.asked_at, seat.bank, ask.stalled))

    def _player_away(self, event: PlayerAway, now: float) -> Sequence[Effect]:
        if self.seats[event.seat].out is not None or event.seat in self._away:
            return ()
        if not self.rules.resume_grace:
            return self._lose(PlayerLost(event.seat, Cause.DISCONNECTED, event.detail), now)
        self._begin_absence(event.seat, now)
        return (Away(event.seat),)

    def _begin_absence(self, place: int, now: float) -> None:
        self._away.begin(place, now)
        self.earliest = min(self.earliest, self._away.soonest())

    def _player_back(self, event: PlayerBack, now: float) -> Sequence[Effect]:
        effects: list[Effect] = []
        if self._away.end(event.seat):
            effects.append(Back(event.seat))
        ask = self._turn.open.get(event.seat)
        if ask is not None:
            base, bank = self.seats[event.seat].time_left(ask, now)
            effects.append(Ask(event.seat, ask.number, ask.state, base, bank, again=True))
        return effects

    # Time.

    def _stall(self, event: Stalled, now: float) -> Sequence[Effect]:
        self.stalled += event.seconds
        for ask in self._turn.open.values():
            ask.credit(event.seconds, now)
        if self._game_deadline < inf:
            self._game_deadline = min(self._game_deadline + event.seconds, now + self.rules.game_time_limit)
        self._away.credit(event.seconds, now)
        return ()

    def _run_out(self, _event: TimeReached, now: float) -> Sequence[Effect]:
        effects: list[Effect] = []
        for _time, rule, place in sorted(self._due(now), key=itemgetter(0)):
            if self.outcome is not None:
                break
            effects += rule(place, now)
        if self.outcome is None:
            self.earliest = self.deadline()
        return effects

    def _due(self, now: float) -> list[_Due]:
        """All that is due by now; of what is due at the same time, the first named here comes first.

        What was read together has one time: a bot that was lost and asked in it could not answer, and is no time-out;
        nor is a bot that was asked by a game that was lost in it.
        """
        due: list[_Due] = []
        if self._match_deadline <= now:
            due.append((self._match_deadline - _ROUNDING, self._time_match_out, _GAME))
        due += [(until - _ROUNDING, self._end_absence, place) for place, until in self._away.due(now + _ROUNDING)]
        due += [(ask.deadline, self._time_out, seat) for seat, ask in self._turn.open.items() if ask.deadline <= now]
        if self._game_deadline <= now:
            due.append((self._game_deadline, self._time_game_out, _GAME))
        return due

    def _time_out(self, place: int, now: float) -> Sequence[Effect]:
        if place not in self._turn.open:
            return ()
        seat, ask = self.seats[place], self._turn.open[place]
        limit = ask.deadline - ask.asked_at
        seat.bank = 0.0
        seat.owed += not seat.numbered
        seat.failures += 1
        if seat.failures > self.rules.tolerated_failures or self.rules.basic_game:
            if self.rules.ends_on_failure:
                failed = self._fail(place, Cause.TIME_LIMIT, now)
                detail = f"it did not answer within {limit:g} s"
                return (failed, *self._finish_for(Cause.TIME_LIMIT, now, seat=place, detail=detail))
            if self.rules.on_failure is FailurePolicy.FORFEIT_SEAT:
                return self._put_out(place, Cause.TIME_LIMIT, now)
        return (self._fail(place, Cause.TIME_LIMIT, now), *self._close_turn(now))

    def _end_absence(self, place: int, now: float) -> Sequence[Effect]:
        if place not in self._away:
            return ()
        detail = f"it did not come back within {self.rules.resume_grace:g} s"
        if place == _GAME:
            return self._lose_game(GameLost(Cause.DISCONNECTED, detail), now)
        return self._lose(PlayerLost(place, Cause.DISCONNECTED, detail), now)

    def _time_game_out(self, _place: int, now: float) -> Sequence[Effect]:
        detail = f"it did not go on within {self.rules.game_time_limit:g} s"
        return self._finish_for(Cause.GAME_TIME_LIMIT, now, detail=detail)

    def _time_match_out(self, _place: int, now: float) -> Sequence[Effect]:
        return self._finish_for(Cause.MATCH_TIME_LIMIT, now, detail=f"{self.rules.match_time_limit:g} s are over")

    # The end.

    def _stop(self, event: Stopped, now: float) -> Sequence[Effect]:
        return self._finish_for(event.cause, now, detail=event.detail)

    def _finish_for(self, cause: Cause, now: float, *, seat: int | None = None, detail: str = "") -> Sequence[Effect]:
        return self.close(Outcome(cause, seat, self.turns, now - self._began_at, detail))

    def close(self, outcome: Outcome) -> Sequence[Effect]:
        """End it, whatever its rules would say: called from outside too, by who finds a fault in them."""
        self.outcome = outcome
        self.earliest = self._game_deadline = self._match_deadline = inf
        self._away.clear()
        self._turn.open = {}
        self._turn.answers = {}
        return (Finish(outcome),)


# A table by type, as in a state machine's book: an event without a rule is a KeyError, and the type checker of no
# help, but it costs one look-up where a chain of tests costs a dozen.
_HANDLERS: Final[dict[type[Event], Callable[[Match, Any, float], Sequence[Effect]]]] = {
    Began: Match._begin,
    TurnAsked: Match._ask,
    Decided: Match._decide,
    Resigned: Match._resign,
    Ended: Match._end,
    PlayerAway: Match._player_away,
    PlayerBack: Match._player_back,
    PlayerLost: Match._lose,
    GameAway: Match._game_away,
    GameBack: Match._game_back,
    GameLost: Match._lose_game,
    Stopped: Match._stop,
    Stalled: Match._stall,
    TimeReached: Match._run_out,
}
