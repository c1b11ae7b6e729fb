"""What the tests of the rules share: a match at some point of its course, and short words for what happens in it."""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any, Final

from bitbroker.errors import Cause
from bitbroker.match import (
    Answer,
    Began,
    Decided,
    Deliver,
    Effect,
    Event,
    Finish,
    Match,
    Outcome,
    Question,
    Rules,
    Settled,
    TimeControl,
    TimeReached,
    TurnAsked,
)
from bitbroker.settings import FailurePolicy

END_MATCH: Final = FailurePolicy.END_MATCH
FORFEIT_SEAT: Final = FailurePolicy.FORFEIT_SEAT
TELL_GAME: Final = FailurePolicy.TELL_GAME
LOSSES: Final = [Cause.DISCONNECTED, Cause.PROTOCOL_VIOLATION, Cause.MESSAGE_TOO_LARGE, Cause.SLOW_CONSUMER]
START: Final = 100.0
"""When matches begin, unless a test says otherwise."""


def make_rules(
    *, move: float = 5.0, start: float | None = None, bank: float = 0.0, increment: float = 0.0, **others: Any
) -> Rules:
    """Rules with 5 s for each request and 60 s for the game, or as a test wants them."""
    time = TimeControl(move, move if start is None else start, bank, increment)
    return Rules(time, **{"game_time_limit": 60.0, **others})


def began(
    players: int = 2, *, numbered: bool | Sequence[bool] | None = None, now: float = START, **rules: Any
) -> Match:
    """A match in which it is for the game to say its first word; bots are as basic as their game, or as `numbered`."""
    made = make_rules(**rules)
    if numbered is None:
        numbered = not made.basic_game
    each = [numbered] * players if isinstance(numbered, bool) else numbered
    match = Match([f"bot {seat}" for seat in range(players)], made, each)
    match.handle(Began(), now)
    return match


def asked(players: int = 2, *, seat: int = 0, now: float = START, **others: Any) -> Match:
    """A match in which this seat is being asked, since `now`."""
    match = began(players, now=now, **others)
    ask(match, seat, now=now)
    return match


def ask(
    match: Match,
    *seats: int,
    now: float = START,
    number: int | None = None,
    limit: float | None = None,
    more: bool = False,
) -> list[Effect]:
    """The game asks these seats: in its next turn or in that of `number`, or by an action if it is a basic game."""
    if not match.rules.basic_game and number is None:
        number = match.number + 1
    return handle(match, TurnAsked([Question(seat, state(seat), limit) for seat in seats], number, more), now)


def state(seat: int) -> bytes:
    """What `ask` asks this seat."""
    return b"state for %d" % seat


def decide(
    match: Match, seat: int, decision: object = b"move", *, now: float = START, number: int | None = None
) -> list[Effect]:
    """This seat's bot decides: under the number of the last turn or `number`, or under none if it is a basic bot."""
    if match.seats[seat].numbered and number is None:
        number = match.number
    return handle(match, Decided(seat, decision, number), now)


def run_out(match: Match, now: float) -> list[Effect]:
    """Time has its say."""
    return handle(match, TimeReached(), now)


def handle(match: Match, event: Event, now: float = START) -> list[Effect]:
    """The effects of one event."""
    return list(match.handle(event, now))


def play(match: Match, events: Iterable[Event], now: float = START) -> list[Effect]:
    """All effects of these events, at one time."""
    return [effect for event in events for effect in match.handle(event, now)]


def taken(seat: int, decision: object = b"move", elapsed: float = 0.0, bank: float = 0.0) -> Answer:
    """An answer that counts."""
    return Answer(seat, decision, Cause.NONE, elapsed, bank)


def failed(seat: int, cause: Cause, elapsed: float = 0.0, bank: float = 0.0) -> Answer:
    """An answer that failed."""
    return Answer(seat, None, cause, elapsed, bank)


def result(number: int, *answers: Answer) -> list[Effect]:
    """The last answer of a turn settles it, and the game gets all of them."""
    return [Settled(number, answers[-1]), Deliver(number, list(answers))]


def finish(cause: Cause, seat: int | None = None, turns: int = 0, seconds: float = 0.0, detail: str = "") -> Finish:
    """The match ends like this."""
    return Finish(Outcome(cause, seat, turns, seconds, detail))


def over(match: Match) -> Outcome:
    """The outcome of a match that is over; nothing is due in it, and nobody asked."""
    assert match.outcome is not None
    assert (match.asked, match.deadline(), match.next_to_run_out()) == ([], inf, inf)
    return match.outcome
