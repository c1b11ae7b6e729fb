"""Somebody who watches a match from outside, and knows what must hold whatever happens in it."""

from collections.abc import Callable, Sequence
from math import inf, isclose
from typing import Any

from bitbroker.errors import Cause
from bitbroker.match import (
    Answer,
    Ask,
    Away,
    Back,
    Began,
    Decided,
    Deliver,
    Dismiss,
    Effect,
    Event,
    Finish,
    GameAway,
    GameBack,
    Introduce,
    Match,
    NotTaken,
    Out,
    PlayerAway,
    PlayerBack,
    Question,
    Rules,
    Settled,
    TimeReached,
    TurnAsked,
)
from bitbroker.settings import FailurePolicy


class Witness:
    """Hands a match its events, notes them, and holds each effect against what has been seen before.

    Attributes:
        match: the match.
        recording: all events, and when.
        effects: all effects.
        questions: of the turn that is played, by seat, in their order.
        settled: answers of that turn.
        open: the deadlines of those who are being asked.
        game_waits: whether the game has said its turn and waits for the result.
        more: whether it has said that more of its turn follows.
    """

    def __init__(self, rules: Rules, numbered: Sequence[bool]) -> None:
        self._seen: list[Event | Effect] = []
        self._as_seen: list[str] = []
        self._names = [f"bot {seat}" for seat in range(len(numbered))]
        self._numbered = numbered
        self.match = Match(self._names, rules, numbered)
        self.recording: list[tuple[Event, float]] = []
        self.effects: list[Effect] = []
        self.questions: dict[int, Question] = {}
        self.settled: dict[int, Answer] = {}
        self.open: dict[int, float] = {}
        self.game_waits = False
        self.more = False
        self._number = 0
        self._began_at = self._games_since = 0.0
        self._fates: dict[tuple[int, int], Cause] = {}
        self._owed = [0] * len(numbered)
        self._asked_before: set[int] = set()
        self._told: set[tuple[int, int]] = set()
        self._failures = [0] * len(numbered)
        self._banks = [rules.time.bank] * len(numbered)
        self._clocks: dict[int, tuple[float, float]] = {}
        self._away: dict[int, float] = {}
        self._game_away_since = inf
        self._out: set[int] = set()
        self._dismissed: set[int] = set()

    def see(self, event: Event, now: float) -> None:
        """Let this happen, and look at what comes of it."""
        was_over = self.match.outcome is not None
        effects = list(self.match.handle(event, now))
        self.recording.append((event, now))
        self.effects += effects
        self._seen += (event, *effects)
        self._as_seen += map(repr, (event, *effects))
        assert not (was_over and effects)
        if isinstance(event, TurnAsked) and self.match.outcome is None:
            self._note_turn(event, now)
        elif isinstance(event, GameAway):
            self._game_away_since = min(self._game_away_since, now)
        elif isinstance(event, GameBack):
            self._game_away_since = inf
        for effect in effects:
            _CHECKS[type(effect)](self, effect, event, now)
        self._check_policy(effects)
        assert [seat.bank for seat in self.match.seats] == self._banks
        if self.match.outcome is None:
            self._check_deadlines(event, now)
        else:
            assert (self.match.asked, self.match.deadline()) == ([], inf)
            assert was_over or isinstance(effects[-1], Finish)

    def _note_turn(self, event: TurnAsked, now: float) -> None:
        if self.match.number != self._number:
            assert self.match.number == self._number + 1
            assert not self.open
            self._number += 1
            self.questions, self.settled, self.more = {}, {}, True
        assert event.number in (None, self._number)
        new = {question.seat: question for question in event.questions if question.seat not in self.questions}
        assert self.more or not new
        self.questions.update(new)
        self.more = self.more and event.more
        self.game_waits = not event.more
        self._games_since = now

    # What each effect must be.

    def _check_introduce(self, _effect: Introduce, event: Event, now: float) -> None:
        assert isinstance(event, Began)
        self._began_at = self._games_since = now

    def _check_ask(self, effect: Ask, event: Event, now: float) -> None:
        seat, question = effect.seat, self.questions[effect.seat]
        assert effect.number == self._number
        assert effect.state is question.state
        assert min(effect.base, effect.bank) >= 0
        if effect.again:
            assert isinstance(event, PlayerBack)
            assert event.seat == seat
            assert isclose(now + effect.base + effect.bank, max(now, self.open[seat]))
            return
        assert isinstance(event, TurnAsked)
        assert seat not in self.settled.keys() | self.open.keys() | self._out
        time = self.match.rules.time
        limit = time.move if seat in self._asked_before else time.start
        assert effect.base == (limit if question.limit is None else question.limit)
        assert effect.bank == self._banks[seat]
        self._asked_before.add(seat)
        self._clocks[seat] = now, effect.base
        self.open[seat] = now + effect.base + effect.bank

    def _check_settled(self, effect: Settled, event: Event, now: float) -> None:
        answer, seat = effect.answer, effect.answer.seat
        assert effect.number == self._number
        assert seat in self.questions
        assert seat not in self.settled
        deadline = self.open.pop(seat, None)
        if deadline is None:
            assert isinstance(event, TurnAsked)
            assert seat in self._out
            assert answer.elapsed == 0
        elif answer.cause is Cause.NONE:
            assert isinstance(event, Decided)
            assert (event.seat, event.number) == (seat, self._number if self._numbered[seat] else None)
            assert answer.decision is event.decision
            assert not self._owed[seat]
            self._check_clock(answer, now)
        elif answer.cause is Cause.TIME_LIMIT:
            assert isinstance(event, TimeReached)
            assert deadline <= now
            self._owed[seat] += not self._numbered[seat]
            self._failures[seat] += 1
            self._banks[seat] = 0.0
        assert (answer.cause is Cause.NONE) == (answer.decision is not None)
        assert answer.bank == self._banks[seat]
        self.settled[seat] = answer
        if deadline is not None:
            self._fates[seat, self._number] = answer.cause

    def _check_clock(self, answer: Answer, now: float) -> None:
        asked_at, base = self._clocks[answer.seat]
        assert answer.elapsed == now - asked_at
        left = max(0.0, self._banks[answer.seat] - max(0.0, answer.elapsed - base))
        self._banks[answer.seat] = left + self.match.rules.time.increment

    def _check_deliver(self, effect: Deliver, _event: Event, now: float) -> None:
        assert self.game_waits
        assert not self.open
        assert effect.number == self._number
        assert list(effect.answers) == [self.settled[seat] for seat in self.questions]
        self.game_waits = False
        self._games_since = now

    def _check_not_taken(self, effect: NotTaken, event: Event, now: float) -> None:
        assert isinstance(event, Decided)
        assert (effect.seat, effect.number) == (event.seat, event.number)
        assert event.seat not in self.open or event.number != self._number
        if effect.number is None:
            assert (effect.cause is Cause.TIME_LIMIT) == bool(self._owed[effect.seat])
            self._owed[effect.seat] -= bool(self._owed[effect.seat])
            return
        under = effect.seat, effect.number
        assert effect.told == (under in self._told)
        self._told.add(under)
        fate = self._fates.get(under, Cause.NOT_ASKED)
        assert effect.cause is (Cause.ALREADY_ANSWERED if fate is Cause.NONE else fate)
        assert effect.late >= 0
        assert effect.late == 0 or effect.cause is Cause.TIME_LIMIT

    def _check_away(self, effect: Away, event: Event, now: float) -> None:
        assert event == PlayerAway(effect.seat)
        assert self.match.rules.resume_grace > 0
        assert effect.seat not in self._away.keys() | self._out
        self._away[effect.seat] = now

    def _check_back(self, effect: Back, event: Event, _now: float) -> None:
        assert event == PlayerBack(effect.seat)
        del self._away[effect.seat]

    def _check_out(self, effect: Out, event: Event, now: float) -> None:
        assert effect.seat not in self._out
        assert effect.seat not in self.open
        if effect.cause is Cause.DISCONNECTED and isinstance(event, TimeReached):
            assert now >= self._away[effect.seat] + self.match.rules.resume_grace
        self._out.add(effect.seat)
        self._away.pop(effect.seat, None)

    def _check_dismiss(self, effect: Dismiss, _event: Event, _now: float) -> None:
        assert effect.seat not in self._dismissed
        self._dismissed.add(effect.seat)

    def _check_finish(self, effect: Finish, event: Event, now: float) -> None:
        outcome, rules = effect.outcome, self.match.rules
        assert effect is self.effects[-1]
        assert outcome is self.match.outcome
        if outcome.cause is Cause.GAME_TIME_LIMIT:
            assert not self.game_waits
            assert now >= self._games_since + rules.game_time_limit
        elif outcome.cause is Cause.MATCH_TIME_LIMIT:
            assert now >= self._began_at + rules.match_time_limit
        elif outcome.cause is Cause.NO_PLAYERS_LEFT:
            assert len(self._out) == len(self._numbered)
        elif outcome.cause is Cause.TIME_LIMIT:
            assert rules.ends_on_failure
            assert outcome.seat is not None
            assert self.settled[outcome.seat].cause is Cause.TIME_LIMIT
        elif isinstance(event, TimeReached):
            since = self._game_away_since if outcome.seat is None else self._away[outcome.seat]
            assert now >= since + rules.resume_grace

    # What must hold after each event.

    def _check_policy(self, effects: Sequence[Effect]) -> None:
        rules = self.match.rules
        for effect in effects:
            if isinstance(effect, Settled) and effect.answer.cause is Cause.TIME_LIMIT:
                seat = effect.answer.seat
                tolerated = self._failures[seat] <= rules.tolerated_failures and not rules.basic_game
                told = tolerated or rules.on_failure is FailurePolicy.TELL_GAME
                assert told or self.match.outcome is not None or seat in self._out

    def _check_deadlines(self, event: Event, now: float) -> None:
        match = self.match
        assert match.asked == list(self.open)
        assert match.due(now) == [seat for seat, deadline in self.open.items() if deadline <= now]
        assert match.deadline() <= min(self.open.values(), default=inf)
        assert self.open or not self.game_waits
        assert len(self._out) < len(self._numbered)
        if not self.game_waits:
            assert match.deadline() <= now + match.rules.game_time_limit
        if isinstance(event, TimeReached):
            assert match.deadline() > now

    # What must hold at the end.

    def let_time_rule(self, now: float) -> None:
        """Nobody says a word any more: time alone must bring the match to its end, unless there are no limits."""
        self.see(TimeReached(), now)
        while (deadline := self.match.deadline()) < inf:
            assert self.match.outcome is None
            self.see(TimeReached(), max(now, deadline))
        rules = self.match.rules
        if self.match.outcome is None:
            assert rules.match_time_limit == inf
            assert all(deadline == inf for deadline in self.open.values())
            assert self.open or rules.game_time_limit == inf

    def check_replay(self) -> None:
        """The same events make the same match, and nobody has changed them, or what came of them, since."""
        again = Match(self._names, self.match.rules, self._numbered)
        assert [effect for event, now in self.recording for effect in again.handle(event, now)] == self.effects
        assert again.outcome == self.match.outcome
        assert [repr(thing) for thing in self._seen] == self._as_seen


_CHECKS: dict[type[Effect], Callable[[Witness, Any, Event, float], None]] = {
    Introduce: Witness._check_introduce,
    Ask: Witness._check_ask,
    Settled: Witness._check_settled,
    Deliver: Witness._check_deliver,
    NotTaken: Witness._check_not_taken,
    Away: Witness._check_away,
    Back: Witness._check_back,
    Out: Witness._check_out,
    Dismiss: Witness._check_dismiss,
    Finish: Witness._check_finish,
}
