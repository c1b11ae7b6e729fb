"""What holds for one match: put together from the broker's settings and what the game asked for."""

from math import inf

import attrs

from bitbroker.errors import Cause
from bitbroker.settings import FailurePolicy


@attrs.frozen
class TimeControl:
    """How long a seat may take; all in seconds, infinity for no limit.

    Attributes:
        move: base time of each request.
        start: base time of a seat's first request.
        bank: spent when an answer takes longer than its base time; for the whole match.
        increment: put into the bank after each answer that was taken.
    """

    move: float
    start: float
    bank: float = 0.0
    increment: float = 0.0


@attrs.frozen
class Rules:
    """Times in seconds, infinity for no limit.

    Attributes:
        time: of each seat.
        on_failure: what an answer that fails means.
        tolerated_failures: so many time-outs of a seat are only told to the game, before `on_failure` applies.
        game_time_limit: for the game to go on.
        match_time_limit: for the match as a whole.
        resume_grace: for a client whose connection was lost to come back; 0: it cannot.
        max_unasked: decisions of a seat that nobody asked for; one more is a violation.
        max_limit: the longest base time that an ask may name.
        basic_game: the game speaks only when it is triggered, and asks one seat at a time.
    """

    time: TimeControl
    on_failure: FailurePolicy = FailurePolicy.END_MATCH
    tolerated_failures: int = 0
    game_time_limit: float = inf
    match_time_limit: float = inf
    resume_grace: float = 0.0
    max_unasked: int = 3
    max_limit: float = inf
    basic_game: bool = False

    @property
    def resignation_ends(self) -> bool:
        """Whether a resignation is the end: a basic game has no way to hear of it, unless it judges failures."""
        return self.basic_game and self.on_failure is not FailurePolicy.TELL_GAME

    @property
    def ends_on_failure(self) -> bool:
        """Whether the match ends with a failure: a basic game could not know that a seat is out."""
        return self.on_failure is FailurePolicy.END_MATCH or self.resignation_ends

    def answer_of(self, out: Cause) -> Cause:
        """What the game hears of an ask to a seat that is out, for this cause."""
        forfeits = self.on_failure is FailurePolicy.FORFEIT_SEAT and out is not Cause.RESIGNED
        return Cause.FORFEITED if forfeits else out
