"""Matches of any kind, in which anything happens at any moment: what must hold all the same."""

from collections.abc import Sequence
from math import inf, nan

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bitbroker.errors import Cause
from bitbroker.match import (
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
    Result,
    Rules,
    SeatResult,
    Stopped,
    TimeControl,
    TimeReached,
    TurnAsked,
)
from bitbroker.settings import FailurePolicy
from tests.unit.match.helpers import LOSSES
from tests.unit.match.witness import Witness

LIMITS = st.sampled_from([1.0, 2.5, 0.0, inf])
SEATS = st.integers(0, 3)
RULES = st.builds(
    Rules,
    time=st.builds(TimeControl, move=LIMITS, start=LIMITS, bank=LIMITS, increment=st.sampled_from([0.0, 0.5, 2.0])),
    on_failure=st.sampled_from(FailurePolicy),
    tolerated_failures=st.integers(0, 2),
    game_time_limit=st.sampled_from([10.0, 60.0, inf]),
    match_time_limit=st.sampled_from([inf, 100.0]),
    resume_grace=st.sampled_from([2.0, 30.0, 0.0]),
    max_unasked=st.sampled_from([3, 100, 0]),
    max_limit=st.sampled_from([inf, 2.0]),
    basic_game=st.booleans(),
)
CALM = st.sampled_from([30, 10, 0])
NUMBERED = st.lists(st.booleans(), min_size=1, max_size=4)
LAST_WORDS = st.one_of(
    st.builds(PlayerLost, SEATS, st.sampled_from(LOSSES), st.just("it went")),
    st.builds(
        Ended, st.none() | st.builds(Result, st.lists(st.builds(SeatResult, SEATS, st.sampled_from([1.0, nan]))))
    ),
    st.builds(GameLost, st.sampled_from([*LOSSES, Cause.GAME_FAULT])),
    st.builds(Stopped, st.sampled_from([Cause.BROKER_STOPPING, Cause.ABORTED, Cause.BROKER_FAULT])),
)


class AnyMatch(RuleBasedStateMachine):
    """Game and bots say what they should, or what they should not, when they should, or when they should not.

    Attributes:
        calm: how many events are still to come before those that mostly end a match.
        may_repeat: whether the game has come back, and not gone on since.
    """

    now = 100.0
    payload = 0
    witness: Witness

    @initialize(rules=RULES, numbered=NUMBERED, calm=CALM)
    def begin(self, rules: Rules, numbered: Sequence[bool], calm: int) -> None:
        """All are there."""
        self.calm = calm
        self.numbered = numbered
        self.basic = rules.basic_game
        self.witness = Witness(rules, numbered)
        self.match = self.witness.match
        self.may_repeat = False
        self.happens(Began())

    @precondition(lambda self: self.match.outcome is not None)
    @rule(rules=RULES, numbered=NUMBERED, calm=CALM)
    def begin_another(self, rules: Rules, numbered: Sequence[bool], calm: int) -> None:
        """The one before has ended, and been told a few things after that."""
        self.teardown()
        self.begin(rules, numbered, calm)

    def teardown(self) -> None:
        """Nobody says anything any more; and then the recording is played."""
        if hasattr(self, "witness"):  # it is not where hypothesis gives up before the beginning
            self.witness.let_time_rule(self.now)
            self.witness.check_replay()

    def happens(self, event: Event) -> None:
        """Anything, now."""
        self.calm -= 1
        self.witness.see(event, self.now)

    def seat(self, number: int) -> int:
        """One of the seats that there are."""
        return number % len(self.numbered)

    def number(self, seat: int, number: int) -> int | None:
        """The number as this seat's bot says it."""
        return number if self.numbered[seat] else None

    def new_payload(self) -> str:
        """One that has not been before."""
        self.payload += 1
        return f"payload {self.payload}"

    # Time.

    @rule(seconds=st.sampled_from([0.25, 1.0, 3.0]))
    def time_passes(self, seconds: float) -> None:
        """Without being looked at."""
        self.now += seconds

    @rule()
    def time_is_looked_at(self) -> None:
        """Too early or too late."""
        self.happens(TimeReached())

    @precondition(lambda self: self.match.asked and self.match.next_to_run_out() < inf)
    @rule()
    def request_runs_out(self) -> None:
        """Just in time, with all that was due before."""
        self.now = max(self.now, self.match.next_to_run_out())
        self.happens(TimeReached())

    @precondition(lambda self: self.calm < 0 and self.match.deadline() < inf)
    @rule()
    def deadline_comes(self) -> None:
        """Just in time, whatever is due."""
        self.now = max(self.now, self.match.deadline())
        self.happens(TimeReached())

    # The game.

    def game_says(self, event: TurnAsked) -> None:
        """What it may say; unless it has said before what it may not."""
        self.happens(event)
        if self.calm >= 0:
            assert self.match.outcome is None or self.match.outcome.cause is not Cause.GAME_FAULT

    @precondition(lambda self: not self.witness.game_waits)
    @rule(order=st.permutations(range(4)), size=st.integers(1, 4), more=st.booleans(), limit=st.none() | LIMITS)
    def game_asks(self, order: Sequence[int], size: int, more: bool, limit: float | None) -> None:
        """Its next turn, or the next part of one, as it should."""
        if limit is not None and limit > self.match.rules.max_limit:
            limit = None
        known = self.witness.questions if self.witness.more else ()
        seats = [seat for seat in order if seat < len(self.numbered) and seat not in known][: 1 if self.basic else size]
        questions = [Question(seat, self.new_payload(), limit) for seat in seats]
        more = more and len(known) + len(seats) < len(self.numbered)
        number = self.match.number + (not self.witness.more)
        more = more and not self.basic
        self.game_says(TurnAsked(questions, None if self.basic else number, more))
        self.may_repeat = self.may_repeat and bool(known) and more

    @precondition(lambda self: self.may_repeat and self.match.number > 0 and not self.basic)
    @rule(cut=st.integers(0, 3))
    def game_repeats_its_turn(self, cut: int) -> None:
        """What it had sent of its last turn, whole or in two parts, after a return."""
        questions = list(self.witness.questions.values())
        first, second = questions[:cut], questions[cut:]
        more = self.witness.more
        if first and second:
            self.game_says(TurnAsked(first, self.match.number, more=True))
        self.game_says(TurnAsked(second or first, self.match.number, more))
        self.may_repeat = more

    @precondition(lambda self: self.calm < 0)
    @rule(
        seats=st.lists(st.integers(-1, 4), max_size=4),
        number=st.none() | st.integers(-1, 9),
        more=st.booleans(),
        limit=st.none() | LIMITS,
    )
    def game_asks_anything(self, seats: Sequence[int], number: int | None, more: bool, limit: float | None) -> None:
        """Whom it likes, when it likes, under any number."""
        if self.basic == (number is None):
            self.happens(TurnAsked([Question(seat, self.new_payload(), limit) for seat in seats], number, more))

    @precondition(lambda self: self.calm < 0 or self.match.rules.resume_grace > 0)
    @rule(event=st.sampled_from([GameAway(), GameBack()]))
    def game_comes_or_goes(self, event: Event) -> None:
        """Its connection is lost, or there is a new one; in any order."""
        self.happens(event)
        self.may_repeat = self.may_repeat or isinstance(event, GameBack)

    # The bots.

    @precondition(lambda self: self.match.asked)
    @rule(which=SEATS)
    def bot_answers(self, which: int) -> None:
        """One of those who are being asked, as it should."""
        seat = self.match.asked[which % len(self.match.asked)]
        self.happens(Decided(seat, self.new_payload(), self.number(seat, self.match.number)))

    @precondition(lambda self: self.match.number > 0)
    @rule(which=SEATS, turns_ago=st.integers(0, 9))
    def bot_says_something(self, which: int, turns_ago: int) -> None:
        """Asked or not; to a turn that is or was, and is not forgotten yet."""
        seat = self.seat(which)
        number = max(1, self.match.number - turns_ago)
        self.happens(Decided(seat, self.new_payload(), self.number(seat, number)))

    @precondition(lambda self: self.calm < 0)
    @rule(which=SEATS, offset=st.integers(-9, 2))
    def bot_says_anything(self, which: int, offset: int) -> None:
        """Under a number that may never have been given out."""
        seat = self.seat(which)
        self.happens(Decided(seat, self.new_payload(), self.number(seat, self.match.number + offset)))

    @precondition(lambda self: self.calm < 0 or self.match.rules.resume_grace > 0)
    @rule(which=SEATS, event=st.sampled_from([PlayerAway, PlayerBack]))
    def bot_comes_or_goes(self, which: int, event: type[PlayerAway] | type[PlayerBack]) -> None:
        """Its connection is lost, or there is a new one; in any order."""
        self.happens(event(self.seat(which)))

    @precondition(lambda self: self.calm < 5)
    @rule(which=SEATS)
    def bot_resigns(self, which: int) -> None:
        """Once or again."""
        self.happens(Resigned(self.seat(which)))

    @precondition(lambda self: self.calm < 0)
    @rule(event=LAST_WORDS)
    def something_ends_it(self, event: Event) -> None:
        """Or ends it for one of them."""
        if not isinstance(event, PlayerLost) or event.seat < len(self.numbered):
            self.happens(event)


TestAnyMatch = AnyMatch.TestCase
TestAnyMatch.settings = settings(max_examples=200, stateful_step_count=60)
