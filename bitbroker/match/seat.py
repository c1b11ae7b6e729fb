"""What the rules know of one player: its clock, what it owes, what it was asked."""

from collections import deque
from typing import Final

import attrs

from bitbroker.errors import Cause
from bitbroker.match.events import Payload
from bitbroker.match.rules import TimeControl

_REMEMBERED: Final = 16
"""Requests of a seat whose late or second answers can still be told apart; a few hundred bytes each."""


@attrs.define
class OpenAsk:
    """A request that waits for its answer; times in seconds, on the clock of `Match.handle`.

    What the broker was held up meanwhile (`stalled`) has been added to `asked_at` and `deadline`.
    """

    number: int
    state: Payload
    asked_at: float
    base: float
    deadline: float
    stalled: float = 0.0

    def credit(self, seconds: float, now: float) -> None:
        """Let the broker's own lag until now not count; no more of it than since the request was made."""
        seconds = min(seconds, now - self.asked_at)
        self.asked_at += seconds
        self.deadline += seconds
        self.stalled += seconds


@attrs.define
class PastAsk:
    """A request that is settled: how, and whether the bot was told that another answer to it was not taken."""

    number: int
    cause: Cause
    deadline: float
    told: bool


@attrs.define
class Seat:
    """One player.

    Attributes:
        name: of its bot.
        numbered: whether its decisions come under numbers.
        bank: what is left in it, in seconds.
        asked_before: whether the start limit is spent.
        owed: answers that timed out and are still to come, from a bot that says no numbers: each is counted off and
            dropped when it does.
        unasked: decisions that nobody asked for.
        failures: answers that timed out.
        out: why it plays no more; asks to it are answered at once.
        dismissed: whether its bot has been said farewell to.
        past: its latest requests that are settled.
        never_asked: numbers under which it sent decisions without a request. Each is a strike, so they stay few.
    """

    name: str
    numbered: bool
    bank: float
    asked_before: bool = False
    owed: int = 0
    unasked: int = 0
    failures: int = 0
    out: Cause | None = None
    dismissed: bool = False
    past: deque[PastAsk] = attrs.Factory(lambda: deque(maxlen=_REMEMBERED))
    never_asked: set[int] = attrs.Factory(set)

    def open(self, number: int, state: Payload, limit: float | None, time: TimeControl, now: float) -> OpenAsk:
        """Start its clock for a request."""
        base = limit if limit is not None else time.move if self.asked_before else time.start
        self.asked_before = True
        return OpenAsk(number, state, now, base, now + base + self.bank)

    def time_left(self, ask: OpenAsk, now: float) -> tuple[float, float]:
        """What is left of base time and bank, in seconds."""
        used = now - ask.asked_at
        return max(0.0, ask.base - used), self._bank_after(ask, used)

    def stop_clock(self, ask: OpenAsk, time: TimeControl, now: float) -> float:
        """Take an answer: spend the bank, add the increment; how long it took, in seconds."""
        elapsed = now - ask.asked_at
        self.bank = self._bank_after(ask, elapsed) + time.increment
        return elapsed

    def _bank_after(self, ask: OpenAsk, used: float) -> float:
        return self.bank if used <= ask.base else max(0.0, self.bank - (used - ask.base))

    def remember(self, ask: OpenAsk, cause: Cause = Cause.ALREADY_ANSWERED) -> None:
        """Keep why another answer to a request is not taken, to tell later ones apart: those under its number."""
        if self.numbered:
            self.past.append(PastAsk(ask.number, cause, ask.deadline, told=ask.number in self.never_asked))

    def refuse(self, number: int, now: float) -> tuple[Cause, float, bool]:
        """Why a decision under this number is not taken, how late it is in seconds, and whether the bot was told."""
        past = next((past for past in reversed(self.past) if past.number == number), None)
        if past is None:
            told = number in self.never_asked
            self.never_asked.add(number)
            return Cause.NOT_ASKED, 0.0, told
        told, past.told = past.told, True
        return past.cause, now - past.deadline if past.cause is Cause.TIME_LIMIT else 0.0, told
