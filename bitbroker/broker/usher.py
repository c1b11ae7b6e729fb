"""Shows participants to their places: to wait, to play, to look on, or back to where they were; and out at the end."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Final

import attrs
import structlog

from bitbroker.broker import extended_dialect
from bitbroker.broker.archive import Archive
from bitbroker.broker.broadcast import Broadcast
from bitbroker.broker.dialect import Farewell
from bitbroker.broker.greeting import Role, names_an_id
from bitbroker.broker.lobby import Lobby
from bitbroker.broker.record import MatchRecord
from bitbroker.broker.table import Participant, Table, farewell_of
from bitbroker.errors import Ending
from bitbroker.match import Began, Event, GameBack, PlayerBack
from bitbroker.settings import Settings
from bitbroker.wire.messages import Message

_log = structlog.get_logger("bitbroker.match")

_REFUSED: Final = {
    Ending.BROKER_STOPPING: "the broker is stopping",
    Ending.MAY_NOT_JOIN: "the roster does not let it look on at this match",
    Ending.NO_PLACE: "the next match has no place for it, and nobody waits for a later one (--surplus)",
    Ending.NO_SPECTATORS: "the match has no place for a spectator",
    Ending.NO_SUCH_MATCH: "no match of this id is being played",
    Ending.SUPERSEDED: "a newer connection has come with its key",
    Ending.TOO_MANY_WAITING: "too many wait for a match (--max-waiting)",
    Ending.UNKNOWN_KEY: "its key is of no place that can still be taken",
}


def refuse(ending: Ending) -> Farewell:
    """The words for who cannot be let in."""
    return Farewell(ending, detail=_REFUSED[ending])


@attrs.frozen
class Hands:
    """What the usher has others do.

    Attributes:
        watch: looks after a participant's socket from now on.
        send: sends a participant messages.
        release: gives a connection back to its task, unless it has been.
        step: feeds a match an event.
        now: says what time it is, when the broker's lag has been seen to.
    """

    watch: Callable[[Participant], None]
    send: Callable[[Participant, Sequence[Message]], None]
    release: Callable[[Participant, Farewell], None]
    step: Callable[[Table, Event], None]
    now: Callable[[], float]


class Usher:
    """Who waits, who plays where, and who may come back.

    Attributes:
        lobby: who waits.
        tables: running matches by number.
        archive: what is kept of matches.
        seating: whether matches still begin.
        stopping: whether the broker has been told to stop.
    """

    def __init__(self, settings: Settings, hands: Hands) -> None:
        self.lobby = Lobby(settings)
        self.tables: dict[int, Table] = {}
        self.archive = Archive(settings)
        self.seating = True
        self.stopping = False
        self._settings = settings
        self._hands = hands
        self._begun = 0

    def stop(self) -> None:
        """Begin no more matches, and tell who waits."""
        self.seating = False
        self.stopping = True
        for participant in self.lobby.empty():
            self._hands.release(participant, refuse(Ending.BROKER_STOPPING))

    def admit(self, participant: Participant) -> Ending | None:
        """Find a participant's place.

        Returns:
            Why there is none; None if it has one.
        """
        if participant.greeting.resume_key:
            return self._resume(participant)
        if participant.role is Role.SPECTATOR:
            return self._admit_spectator(participant)
        return self._let_wait(participant)

    def _let_wait(self, participant: Participant) -> Ending | None:
        refused = Ending.BROKER_STOPPING if self.stopping else self.lobby.admit(participant, seating=self.seating)
        if refused is None:
            returns = participant.extended and participant.role is not Role.SPECTATOR
            participant.key = self.archive.new_key() if returns else ""
            self._welcome(participant)
        return refused

    def _admit_spectator(self, participant: Participant) -> Ending | None:
        """To a running match, by its name or its id; or to wait for one, by its name."""
        name = participant.greeting.match
        if self.stopping:
            return Ending.BROKER_STOPPING
        if names_an_id(name):
            table = self.tables.get(int(name))
            if table is None:
                return Ending.NO_SUCH_MATCH
        else:
            table = next((table for table in reversed(self.tables.values()) if table.name == name), None)
        if table is None:
            return self._let_wait(participant)
        if not participant.greeting.may_join(table.name):  # an id names a match under any name
            return Ending.MAY_NOT_JOIN
        if len(table.spectators) >= table.plan.max_spectators:
            return Ending.NO_SPECTATORS
        self._welcome(participant)
        self._show(table, participant)
        return None

    def _resume(self, participant: Participant) -> Ending | None:
        """Put a client that has come back in its old place."""
        place = self.archive.find(participant.greeting.resume_key)
        if place is None or place.role is not participant.role or place.table is None:
            return Ending.UNKNOWN_KEY
        table = place.table
        put_out = place.seat is not None and table.match.seats[place.seat].dismissed
        if put_out and table.outcome is None:
            return Ending.UNKNOWN_KEY
        place = table.game if place.seat is None else table.bots[place.seat]
        table.take_over(place, participant)
        self.archive.hold(participant)
        self._hands.release(place, refuse(Ending.SUPERSEDED))
        self._welcome(participant)
        self._hands.send(
            participant, participant.greeting.dialect.say_introduction(table.introduction(), participant.seat)
        )
        if table.outcome is not None:
            self._hands.release(participant, farewell_of(table, table.outcome))
            return None
        self._hands.step(table, GameBack() if participant.seat is None else PlayerBack(participant.seat))
        return None

    def _welcome(self, participant: Participant) -> None:
        self._hands.watch(participant)
        if participant.extended:
            self._hands.send(participant, (extended_dialect.say_welcome(participant.key, self._settings),))

    def _show(self, table: Table, spectator: Participant) -> None:
        """Let a spectator look on from now."""
        spectator.table = table
        start = extended_dialect.say_start(table.introduction(), None)
        self._hands.send(spectator, (start, *table.broadcast.tell_present()))
        table.spectators.append(spectator)

    def seat_players(self, name: str) -> None:
        """Begin what matches can begin under this name."""
        while self.seating and (players := self.lobby.next_players(name)) is not None:
            self.seating = not self._settings.once
            self._begin_match(*players)

    def _begin_match(self, game: Participant, bots: Sequence[Participant]) -> None:
        assert game.greeting.plan is not None
        self._begun += 1
        began = self._hands.now()  # before the match is there: the lag that is seen now is not its own
        broadcast = Broadcast(began, game.greeting.plan.spectator_delay, self._settings.spectator_buffer_bytes)
        table = Table(self._begun, game, bots, broadcast)
        self.tables[table.number] = table
        names = [bot.name for bot in bots]
        connections = [participant.stream.number for participant in table]
        _log.info("match began", match=table.number, name=table.name, players=names, connections=connections)
        for participant in table:
            self.archive.hold(participant)
        for spectator in self.lobby.spectators(table.name, table.plan.max_spectators) if table.name else ():
            self._show(table, spectator)
        self._hands.step(table, Began())

    def close(self, table: Table, record: MatchRecord, now: float) -> Sequence[Table]:
        """A match runs no more: who looks on leaves at once, or when what they have still to see has been shown.

        Returns:
            Tables at which something else is due than before: this one, and one that had to be forgotten for it.
        """
        if table.plan.spectator_delay and table.spectators and not self.stopping:
            table.curtain = now + table.plan.spectator_delay
        else:
            self.drop_curtain(table)
        forgotten = self.archive.keep(table, record, now)
        return (table,) if forgotten is None else (table, forgotten)

    def let_go(self, table: Table, now: float) -> None:
        """Let go of what is due by now of a match that is over: who looks on, and what is kept for who was away."""
        if table.curtain <= now:
            table.curtain = inf
            self.drop_curtain(table)
        if table.kept_until <= now:
            self.archive.forget(table)

    def drop_curtain(self, table: Table) -> None:
        """Tell who looks on that it is over, and let them go."""
        assert table.outcome is not None
        for spectator in table.spectators:
            self._hands.release(spectator, farewell_of(table, table.outcome))
        table.spectators.clear()
        table.broadcast.close()
