"""Who plays: a participant is a client that has said who it is, a table is where a match puts them together."""

import time
from collections.abc import Iterator, Sequence
from math import inf

import attrs

from bitbroker.broker.broadcast import Broadcast
from bitbroker.broker.dialect import Farewell, Introduction
from bitbroker.broker.greeting import Greeting, Plan, Role
from bitbroker.broker.stream import MessageStream
from bitbroker.errors import Ending
from bitbroker.match import Match, Outcome
from bitbroker.wire.messages import Message


class Participant:
    """One connection of a game, a bot or a spectator, from the end of its handshake to its farewell.

    Attributes:
        greeting: what it said of itself.
        extended: whether it speaks the extended wire.
        hear: what a message of it, in its seat, means.
        stream: its connection.
        key: to come back with; empty for who cannot.
        table: where it plays; None while it waits.
        seat: a bot's number at that table; None for all others, and while it waits.
        spoken: how often a bot spoke while it waited.
        ending: why its connection was given back; None until it is.
        detail: half a sentence to go with the ending, for the log.
        farewell: the words to end the connection with.
    """

    __slots__ = (
        "detail",
        "ending",
        "extended",
        "farewell",
        "greeting",
        "hear",
        "key",
        "seat",
        "spoken",
        "stream",
        "table",
    )

    def __init__(self, greeting: Greeting, stream: MessageStream) -> None:
        self.greeting = greeting
        self.extended = greeting.dialect.extended
        self.hear = greeting.dialect.hear
        self.stream = stream
        self.key = ""
        self.table: Table | None = None
        self.seat: int | None = None
        self.spoken = 0
        self.ending: Ending | None = None
        self.detail = ""
        self.farewell: Sequence[Message] = ()

    @property
    def role(self) -> Role:
        """Game, bot or spectator."""
        return self.greeting.role

    @property
    def name(self) -> str:
        """What it calls itself."""
        return self.greeting.name

    def tell(self, message: Message) -> None:
        """Send; or lose, where that is no verdict, what finds no room in the outbox."""
        if self.ending is None:
            self.stream.send_nowait((message,))

    def release(self, farewell: Farewell) -> None:
        """Give the connection back to its task, with the words to end it with."""
        self.ending = farewell.ending
        self.detail = farewell.detail
        self.farewell = self.greeting.dialect.say_farewell(farewell)
        self.stream.lent.cancel()


@attrs.define
class MoveTimes:
    """How long one player took for its answers, in seconds."""

    moves: int = 0
    total: float = 0.0
    worst: float = 0.0

    def add(self, elapsed: float) -> None:
        """Count one answer."""
        self.moves += 1
        self.total += elapsed
        self.worst = max(self.worst, elapsed)


class Table:
    """A match and who plays it. Seats outlive connections: who comes back takes the place of its old connection.

    Attributes:
        number: of the match in this broker, from 1.
        name: under which its players met; empty for the lobby.
        plan: what its game wanted.
        began: on Trio's clock.
        began_at: on the wall clock, in seconds since 1970; for people, never for deadlines.
        times: of each seat's answers.
        game: the game's latest connection.
        bots: each seat's latest connection.
        broadcast: what spectators get.
        spectators: who looks on.
        outcome: how the match ended, once it has.
        curtain: once the match is over: when spectators hear so.
        kept_until: once the match is over: until when who was away may still hear so.
        scheduled: the earliest time at which the coordinator will look at it.
    """

    __slots__ = (
        "began",
        "began_at",
        "bots",
        "broadcast",
        "curtain",
        "game",
        "kept_until",
        "match",
        "name",
        "number",
        "outcome",
        "plan",
        "scheduled",
        "spectators",
        "times",
    )

    def __init__(self, number: int, game: Participant, bots: Sequence[Participant], broadcast: Broadcast) -> None:
        assert game.greeting.plan is not None
        self.number = number
        self.name = game.greeting.match
        self.plan: Plan = game.greeting.plan
        numbered = [bot.extended for bot in bots]
        self.match = Match([bot.name for bot in bots], self.plan.rules, numbered)
        self.began = broadcast.began
        self.began_at = time.time()
        self.times = [MoveTimes() for _ in bots]
        self.game = game
        self.bots = list(bots)
        self.broadcast = broadcast
        self.outcome: Outcome | None = None
        self.curtain = inf
        self.kept_until = inf
        self.scheduled = inf
        self.spectators: list[Participant] = []
        broadcast.audience = self.spectators
        game.table = self
        for seat, bot in enumerate(bots):
            bot.table = self
            bot.seat = seat

    def __iter__(self) -> Iterator[Participant]:
        yield self.game
        yield from self.bots

    @property
    def match_id(self) -> str:
        """What names the match on the wire and in the API."""
        return str(self.number)

    def introduction(self) -> Introduction:
        """The match as it is told to whoever joins it, or comes back."""
        return Introduction(
            self.match_id,
            [seat.name for seat in self.match.seats],
            self.plan.rules,
            self.plan.content_type,
            self.match.number,
            self.broadcast.last_publish,
        )

    def take_over(self, place: Participant, newcomer: Participant) -> None:
        """Put a new connection in the place of an old one."""
        newcomer.table = self
        newcomer.seat = place.seat
        newcomer.key = place.key
        if place.seat is None:
            self.game = newcomer
        else:
            self.bots[place.seat] = newcomer

    def next_time(self) -> float:
        """When to look at it next: a deadline of the match, of what spectators wait for, or of its memory."""
        if self.outcome is None and not self.plan.spectator_delay:
            return self.match.deadline()  # as for nearly every turn
        return min(self.match.deadline(), self.broadcast.next_time(), self.curtain, self.kept_until)

    def late(self, now: float) -> list[Participant]:
        """Whose time is over by now, unless something has come from them that was not read yet."""
        late = [self.bots[seat] for seat in self.match.due(now)]
        return late if late or self.match.deadline() > now else [self.game]


def farewell_of(table: Table, outcome: Outcome) -> Farewell:
    """The words for who leaves a match that is over."""
    return Farewell(Ending.MATCH_OVER, outcome.cause, outcome.detail, table.match_id, outcome)
