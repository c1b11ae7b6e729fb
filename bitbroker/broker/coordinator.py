"""The coordinator: brings participants together, and what they say to the match they play."""

from collections.abc import Callable, Sequence
from time import perf_counter
from types import NoneType
from typing import Final

import structlog
import trio

from bitbroker.broker import poller
from bitbroker.broker.conduct import Conductor
from bitbroker.broker.dialect import Farewell, Pinged, Publication
from bitbroker.broker.greeting import Role
from bitbroker.broker.lobby import Lobby
from bitbroker.broker.outgoing import Outgoing
from bitbroker.broker.record import MatchRecord, record_match
from bitbroker.broker.snapshot import Tally
from bitbroker.broker.table import Participant, Table
from bitbroker.broker.timekeeper import Timekeeper
from bitbroker.broker.usher import Hands, Usher, refuse
from bitbroker.errors import Cause, Ending, MessageTooLargeError, RemoteProtocolError
from bitbroker.match import (
    Event,
    GameAway,
    GameLost,
    Outcome,
    PlayerAway,
    PlayerLost,
    Stalled,
    Stopped,
    TimeReached,
    TurnAsked,
)
from bitbroker.settings import Settings
from bitbroker.wire.messages import Message

_log = structlog.get_logger("bitbroker.match")

_CATCH_UP_READS: Final = 256
"""Reads that may precede one verdict: more than a largest message at the default limits, by TLS too."""

_STALL_LOGGED: Final = 0.5
"""Stalls from so many seconds on have a line in the log, if there is a match to which they happen; shorter ones are
counted, and there may be many."""

_ASIDE: Final = (Pinged, Publication, NoneType)
"""What messages may mean that is nothing to the match."""

_ENDINGS_IN_LOBBY: Final = {
    Cause.BROKER_FAULT: Ending.BROKER_FAULT,
    Cause.DISCONNECTED: Ending.LEFT_WHILE_WAITING,
    Cause.MESSAGE_TOO_LARGE: Ending.MESSAGE_TOO_LARGE,
    Cause.NOT_ASKED: Ending.UNEXPECTED_MESSAGE,
    Cause.PROTOCOL_VIOLATION: Ending.MALFORMED,
}


class Coordinator:
    """All matches of a broker, and who waits for one.

    Only `run` and the `wait_...` methods wait. Whatever participants say is handled in the call that brings it, and
    what there is to send is tried at the end of that call.

    Attributes:
        first_outcome: of the first match that ended; None until then.
    """

    def __init__(
        self, settings: Settings, tally: Tally, keep: Callable[[MatchRecord], None] = lambda _record: None
    ) -> None:
        """Prepare; nothing happens before `run`.

        Args:
            settings: limits, times and policies.
            tally: where to count.
            keep: called with the record of each match that is over; must be quick and raise nothing.
        """
        self.first_outcome: Outcome | None = None
        self._settings = settings
        self._tally = tally
        self._keep = keep
        self._timekeeper = Timekeeper(self._let_lag_count_for_nobody, self._let_time_rule)
        self._conductor = Conductor(tally, self._release, self._match_over)
        self._table_over = trio.Event()
        self._outgoing = Outgoing()
        self._poller = poller.Poller(self.read) if poller.is_wanted(settings) else None
        hands = Hands(self._watch, self._conductor.send, self._release, self._step, self._timekeeper.now)
        self._usher = Usher(settings, hands)

    @property
    def polls(self) -> bool:
        """Whether it watches its participants' sockets; if not, their tasks do, and call `read`."""
        return self._poller is not None

    @property
    def lobby(self) -> Lobby:
        """Who waits."""
        return self._usher.lobby

    @property
    def seating(self) -> bool:
        """Whether matches still begin."""
        return self._usher.seating

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._usher.stopping

    @property
    def matches_running(self) -> int:
        """How many matches have begun and not ended."""
        return len(self._usher.tables)

    def matches(self) -> list[MatchRecord]:
        """Running matches, and the latest of those that are over; in the order in which they began."""
        now = trio.current_time()
        records = [*self._usher.archive.recent, *(record_match(table, now) for table in self._usher.tables.values())]
        return sorted(records, key=lambda record: record.match)

    @property
    def last_beat(self) -> float:
        """When it was last seen running, on Trio's clock."""
        return self._timekeeper.last_beat

    async def run(self) -> None:
        """Look after sockets, deadlines and the broker's own lag: a task for each. Ends by being cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._timekeeper.run_heartbeat)
            nursery.start_soon(self._timekeeper.run_clock)
            if self._poller is not None:
                nursery.start_soon(self._poller.run)

    # What connections call.

    def join(self, participant: Participant) -> None:
        """Take a participant in, to play, to wait or to look on; or release it at once, with the reason."""
        participant.stream.lend(participant.greeting.message_bytes(self._settings), self._outgoing)
        refused = self._usher.admit(participant)
        if refused is not None:
            participant.release(refuse(refused))
            return
        self._deliver(participant)  # what came in one piece with the handshake
        self._usher.seat_players(participant.greeting.match)

    def read(self, participants: Sequence[Participant]) -> None:
        """Their sockets have something: read each once, do all that follows, and send what there is to send.

        A fault in that is its connection's. All are read before any is heard: what was read together has one time.
        """
        began = perf_counter()
        well = []
        for participant in participants:
            try:
                participant.stream.read_nowait()
            except Exception as fault:  # noqa: BLE001 - the boundary of a connection, which its task stands at
                self._break_off(participant, fault)
            else:
                well.append(participant)
        self._timekeeper.hold()
        self._outgoing.holding = True
        try:
            for participant in well:
                try:
                    self._deliver(participant)
                except Exception as fault:  # noqa: BLE001 - likewise
                    self._break_off(participant, fault)
        finally:
            self._outgoing.release()
            self._timekeeper.go_on()
        self._tally.handling_time.observe(perf_counter() - began)

    def _break_off(self, participant: Participant, fault: Exception) -> None:
        if self._poller is not None:
            self._poller.remove(participant)
        participant.stream.break_off(fault)

    def _deliver(self, participant: Participant) -> None:
        """Take what a participant has said, and whether it has gone, to where it belongs."""
        stream = participant.stream
        take = stream.mailbox.take_nowait
        try:
            more = True
            while more and participant.ending is None:
                count, more = stream.fill_mailbox()
                for _ in range(count):
                    self._hear(participant, take())
        except RemoteProtocolError as error:
            self._blame(participant, error)
        if stream.ended:
            self._lose(participant, Cause.DISCONNECTED, stream.ended)

    def fail(self, participant: Participant) -> None:
        """Its connection has a fault on our side: end its match, which is not its fault, unless it is out of it."""
        if participant.ending is not None:
            return
        detail = "a fault of the broker in a connection; its log has the traceback"
        if participant.table is None or participant.role is Role.SPECTATOR:
            self._lose(participant, Cause.BROKER_FAULT, detail)
        else:
            self._conductor.step(participant.table, Stopped(Cause.BROKER_FAULT, detail), self._timekeeper.now())

    # What the service calls.

    def stop_seating(self) -> None:
        """Begin no more matches, and tell who waits."""
        self._usher.stop()

    def end_matches(self, cause: Cause) -> None:
        """End all matches that run, for this cause, and let nobody wait for more of those that are over."""
        now = self._timekeeper.now()
        for table in list(self._usher.tables.values()):
            self._conductor.step(table, Stopped(cause), now)
        for table in self._usher.archive.kept():
            self._usher.drop_curtain(table)

    def abort(self, number: int) -> MatchRecord | None:
        """End a match, which is nobody's fault; its record, or None if no such match runs."""
        table = self._usher.tables.get(number)
        if table is None:
            return None
        now = self._timekeeper.now()
        self._conductor.step(table, Stopped(Cause.ABORTED, "whoever runs the broker ended it"), now)
        return record_match(table, now)

    async def wait_over(self) -> None:
        """Wait until a match is over."""
        await self._table_over.wait()

    async def wait_all_over(self) -> None:
        """Wait until no match runs."""
        while self._usher.tables:
            await self._table_over.wait()

    # Who comes and goes.

    def _watch(self, participant: Participant) -> None:
        if self._poller is not None:
            self._poller.add(participant)

    def _blame(self, participant: Participant, error: RemoteProtocolError) -> None:
        cause = Cause.MESSAGE_TOO_LARGE if isinstance(error, MessageTooLargeError) else Cause.PROTOCOL_VIOLATION
        self._lose(participant, cause, f"it sent {error}")

    def _lose(self, participant: Participant, cause: Cause, detail: str) -> None:
        if participant.ending is not None:
            return
        table, seat = participant.table, participant.seat
        if table is None:
            self._usher.lobby.leave(participant)
            self._release(participant, Farewell(_ENDINGS_IN_LOBBY[cause], detail=detail))
        elif participant.role is Role.SPECTATOR:
            table.spectators.remove(participant)
            self._release(participant, Farewell(_ENDINGS_IN_LOBBY[cause], detail=detail))
        elif cause is Cause.DISCONNECTED and participant.extended:
            self._release(participant, Farewell(Ending.LOST_IN_MATCH, detail=detail))
            self._step(table, GameAway(detail) if seat is None else PlayerAway(seat, detail))
        else:
            self._step(table, GameLost(cause, detail) if seat is None else PlayerLost(seat, cause, detail))

    def _release(self, participant: Participant, farewell: Farewell) -> None:
        if participant.ending is not None:
            return
        if self._poller is not None:
            self._poller.remove(participant)
        participant.release(farewell)
        if participant.stream.ended and not participant.stream.unheard and participant.table is not None:
            participant.ending = Ending.LOST_IN_MATCH
            participant.detail = participant.stream.ended

    # What is said.

    def _catch_up(self, participant: Participant) -> None:
        """Take all that has reached this machine from a participant."""
        for _ in range(_CATCH_UP_READS):
            if participant.ending is not None or not participant.stream.read_nowait():
                return
            self._deliver(participant)

    def _hear(self, participant: Participant, message: Message) -> None:
        if participant.ending is not None:
            return
        table = participant.table
        if table is None:
            self._hear_in_lobby(participant, message)
        else:
            self._conductor.guard(table, self._hear_at_table, participant, table, message)

    def _hear_at_table(self, participant: Participant, table: Table, message: Message) -> None:
        try:
            hear = participant.hear  # in two steps: what a slot holds is slow to call as if it were a method
            heard = hear(message, participant.seat)
        except RemoteProtocolError as error:
            self._blame(participant, error)
            return
        if isinstance(heard, TurnAsked):
            self._catch_up_before(table, heard)
        elif isinstance(heard, _ASIDE):
            self._hear_aside(participant, table, heard)
            return
        self._conductor.advance(table, heard, self._timekeeper.now())
        if table.match.earliest < table.scheduled or table.plan.spectator_delay:
            self._timekeeper.look_at(table)

    def _hear_aside(self, participant: Participant, table: Table, heard: Pinged | Publication | None) -> None:
        """Something for the connection or for spectators, or nothing."""
        if isinstance(heard, Pinged):
            participant.tell(heard.pong)
        elif isinstance(heard, Publication):
            table.broadcast.publish(heard, self._timekeeper.now())
            self._timekeeper.look_at(table)

    def _catch_up_before(self, table: Table, turn: TurnAsked) -> None:
        """What a basic bot said before it is asked is no answer; others say what they answer.

        Where the poller reads, that is what was read with the action, or before: sockets come in the order in which
        something reached them. Tasks are run in any order, so the bot's socket is read once more.
        """
        for question in turn.questions:
            if 0 <= question.seat < len(table.bots):
                bot = table.bots[question.seat]
                if bot.extended:
                    continue
                if bot.stream.unheard:
                    self._deliver(bot)
                if self._poller is None:
                    self._catch_up(bot)

    def _hear_in_lobby(self, participant: Participant, message: Message) -> None:
        if participant.extended:
            heard = participant.hear(message, 0)
            if heard is None:
                return
            if isinstance(heard, Pinged):
                participant.tell(heard.pong)
                return
            if isinstance(heard, PlayerLost | GameLost):
                self._lose(participant, heard.cause, "it left")
                return
        participant.spoken += 1
        self._tally.not_taken[Cause.NOT_ASKED] += 1
        if participant.role is not Role.BOT or participant.spoken > self._settings.max_unasked:
            self._lose(participant, Cause.NOT_ASKED, f"it sent {message!r} before its match began")

    def _step(self, table: Table, event: Event) -> None:
        self._conductor.step(table, event, self._timekeeper.now())
        self._timekeeper.look_at(table)

    # How it ends.

    def _match_over(self, table: Table, outcome: Outcome) -> None:
        now = self._timekeeper.now()
        del self._usher.tables[table.number]
        self._tally.matches[outcome.cause] += 1
        _log.info(
            "match over",
            match=table.number,
            cause=outcome.cause.label,
            at_fault=outcome.at_fault,
            turns=outcome.turns,
            seconds=round(outcome.seconds, 3),
            detail=outcome.detail,
        )
        self.first_outcome = self.first_outcome or outcome
        record = record_match(table, now)
        for closed in self._usher.close(table, record, now):
            self._timekeeper.look_at(closed)
        self._keep(record)
        self._table_over.set()
        self._table_over = trio.Event()

    # Time.

    def _let_lag_count_for_nobody(self, seconds: float, now: float) -> None:
        self._tally.stalls += 1
        self._tally.stall_seconds += seconds
        stalled = Stalled(seconds)
        for table in list(self._usher.tables.values()):
            self._conductor.guard(table, table.match.handle, stalled, now)
        if seconds >= _STALL_LOGGED and self.matches_running:
            _log.info("the broker was held up", seconds=round(seconds, 3), matches_running=self.matches_running)

    def _let_time_rule(self, table: Table, now: float) -> None:
        self._conductor.guard(table, self._let_time_rule_at, table, now)

    def _let_time_rule_at(self, table: Table, now: float) -> None:
        if table.outcome is None:
            for participant in table.late(now):
                self._catch_up(participant)
            self._conductor.step(table, TimeReached(), now)
        table.broadcast.release_due(now)
        self._usher.let_go(table, now)
