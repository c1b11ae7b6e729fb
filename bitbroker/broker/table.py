"""Who plays: a participant is a client that has said who it is, a table is where a match puts them together."""

import time
from collections.abc import Iterator, Sequence
from enum import StrEnum
from math import inf

import attrs

from bitbroker.broker.stream import MessageStream
from bitbroker.errors import Ending
from bitbroker.match import Match


class Role(StrEnum):
    """What a client is in a match."""

    GAME = "game"
    BOT = "bot"


class Participant:
    """A game or a bot, from the end of its handshake to its farewell.

    Attributes:
        table: where it plays; None while it waits.
        seat: a bot's number at that table; None for a game, and while it waits.
        spoken: how often a bot spoke while it waited.
        ending: why its connection was given back; None until it is.
        detail: half a sentence to go with the ending, for the log.
        farewell: the words to end the connection with.
    """

    __slots__ = ("detail", "ending", "farewell", "name", "role", "seat", "spoken", "stream", "table")

    def __init__(self, role: Role, name: str, stream: MessageStream) -> None:
        self.role = role
        self.name = name
        self.stream = stream
        self.table: Table | None = None
        self.seat: int | None = None
        self.spoken = 0
        self.ending: Ending | None = None
        self.detail = ""
        self.farewell = b""

    def release(self, ending: Ending, farewell: bytes, detail: str = "") -> None:
        """Give the connection back to its task, with the words to end it with."""
        self.ending = ending
        self.detail = detail
        self.farewell = farewell
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
    """A match and who plays it.

    Attributes:
        number: of the match in this broker, from 1.
        began: on Trio's clock.
        began_at: on the wall clock, in seconds since 1970; for people, never for deadlines.
        times: of each seat's answers.
        scheduled: the earliest time at which the coordinator will look at the match's deadline.
    """

    __slots__ = ("began", "began_at", "bots", "game", "match", "number", "scheduled", "times")

    def __init__(self, number: int, match: Match, game: Participant, bots: Sequence[Participant], began: float) -> None:
        self.number = number
        self.began = began
        self.began_at = time.time()
        self.times = [MoveTimes() for _ in bots]
        self.match = match
        self.game = game
        self.bots = bots
        self.scheduled = inf
        game.table = self
        for seat, bot in enumerate(bots):
            bot.table = self
            bot.seat = seat

    def __iter__(self) -> Iterator[Participant]:
        yield self.game
        yield from self.bots

    def whose_turn(self) -> Participant:
        """Who is to speak next: the bot that is being asked, or the game."""
        asked = self.match.asked
        return self.game if asked is None else self.bots[asked]
