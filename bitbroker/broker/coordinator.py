"""The coordinator: takes what participants say to the match they play, and carries out what the match wants."""

from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final

import structlog
import trio

from bitbroker.broker import dialect, poller
from bitbroker.broker.agenda import Agenda
from bitbroker.broker.lobby import Lobby
from bitbroker.broker.record import MatchRecord, record_match
from bitbroker.broker.snapshot import Tally
from bitbroker.broker.table import Participant, Role, Table
from bitbroker.errors import Cause, Ending, MessageTooLargeError, RemoteProtocolError, SettingsError
from bitbroker.match import (
    Ask,
    Asked,
    Began,
    Dismiss,
    Effect,
    Event,
    Fail,
    Finish,
    GameLost,
    Introduce,
    Match,
    NotTaken,
    Outcome,
    PlayerLost,
    Respond,
    Stopped,
    TimeReached,
    Trigger,
)
from bitbroker.settings import Reading, Settings
from bitbroker.wire.messages import Message

_log = structlog.get_logger("bitbroker.match")

_CATCH_UP_READS: Final = 256
"""Reads of 64 KiB that may precede one verdict: more than a largest message at the default limits."""

_ENDINGS_IN_LOBBY: Final = {
    Cause.BROKER_FAULT: Ending.BROKER_FAULT,
    Cause.DISCONNECTED: Ending.LEFT_WHILE_WAITING,
    Cause.MESSAGE_TOO_LARGE: Ending.MESSAGE_TOO_LARGE,
    Cause.NOT_ASKED: Ending.UNEXPECTED_MESSAGE,
    Cause.PROTOCOL_VIOLATION: Ending.MALFORMED,
}


class Coordinator:
    """All matches of a broker, and who waits for one.

    Only `run` and the `wait_...` methods wait. Whatever a participant says is handled in the call that brings it, and
    what there is to send is tried at once. A fault in the rules of one match ends that match.

    Attributes:
        lobby: who waits.
        seating: whether matches still begin.
        stopping: whether the broker has been told to stop.
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
        self.lobby = Lobby(settings)
        self.seating = True
        self.first_outcome: Outcome | None = None
        self._settings = settings
        self._tally = tally
        self._keep = keep
        # Worst memory: a record with its names, 64 KiB each at the most, for each of the matches kept.
        self._recent: deque[MatchRecord] = deque(maxlen=settings.recent_matches)
        self._tables: dict[int, Table] = {}
        self._tables_begun = 0
        self._table_over = trio.Event()
        self.stopping = False
        self._slow: list[Participant] = []
        self._agenda = Agenda()
        self._agenda_moved = trio.Event()
        self._poller = poller.Poller(self.read) if _uses_poller(settings) else None

    @property
    def polls(self) -> bool:
        """Whether it watches its participants' sockets; if not, their tasks do, and call `read`."""
        return self._poller is not None

    @property
    def matches_running(self) -> int:
        """How many matches have begun and not ended."""
        return len(self._tables)

    def matches(self) -> list[MatchRecord]:
        """Running matches, and the latest of those that are over; in the order in which they began."""
        now = trio.current_time()
        records = [*self._recent, *(record_match(table, now) for table in self._tables.values())]
        return sorted(records, key=lambda record: record.match)

    async def run(self) -> None:
        """Look after sockets and deadlines: a nursery with a task for each. Ends by being cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._run_clock)
            if self._poller is not None:
                nursery.start_soon(self._poller.run)

    # What connections call.

    def join(self, participant: Participant) -> None:
        """Take a participant in, to wait for its match; or release it at once, with the reason."""
        refused = self._admit(participant)
        if refused is not None:
            participant.release(refused, dialect.FAREWELL)
            return
        if self._poller is not None:
            self._poller.add(participant)
        self.deliver(participant)  # what came in one piece with the handshake
        self._seat_players()

    def read(self, participant: Participant) -> None:
        """Its socket has something: read once, and do all that follows."""
        began = perf_counter()
        participant.stream.read_nowait()
        self.deliver(participant)
        self._tally.handling_time.observe(perf_counter() - began)

    def deliver(self, participant: Participant) -> None:
        """Take what a participant has said, and whether it has gone, to where it belongs."""
        stream = participant.stream
        try:
            while participant.ending is None and (count := stream.fill_mailbox()):
                self._empty_mailbox(participant, count)
        except MessageTooLargeError as error:
            self._lose(participant, Cause.MESSAGE_TOO_LARGE, f"it sent {error}")
        except RemoteProtocolError as error:
            self._lose(participant, Cause.PROTOCOL_VIOLATION, f"it sent {error}")
        if stream.ended:
            self._lose(participant, Cause.DISCONNECTED, stream.ended)

    def fail(self, participant: Participant) -> None:
        """Its connection has a fault on our side: end its match, which is not its fault."""
        detail = "a fault of the broker in a connection; its log has the traceback"
        if participant.table is None:
            self._lose(participant, Cause.BROKER_FAULT, detail)
        else:
            self._step(participant.table, Stopped(Cause.BROKER_FAULT, detail))

    # What the service calls.

    def stop_seating(self) -> None:
        """Begin no more matches, and tell who waits."""
        self.seating = False
        self.stopping = True
        for participant in self.lobby.empty():
            self._release(participant, Ending.BROKER_STOPPING, dialect.FAREWELL)

    def end_matches(self, cause: Cause) -> None:
        """End all matches that run, for this cause."""
        for table in list(self._tables.values()):
            self._step(table, Stopped(cause))

    async def wait_over(self) -> None:
        """Wait until a match is over."""
        await self._table_over.wait()

    async def wait_all_over(self) -> None:
        """Wait until no match runs."""
        while self._tables:
            await self._table_over.wait()

    # Who plays.

    def _admit(self, participant: Participant) -> Ending | None:
        if self.stopping:
            return Ending.BROKER_STOPPING
        return self.lobby.admit(participant, seating=self.seating)

    def _seat_players(self) -> None:
        while self.seating and (players := self.lobby.next_players()) is not None:
            self.seating = not self._settings.once
            self._begin_match(*players)

    def _begin_match(self, game: Participant, bots: Sequence[Participant]) -> None:
        names = [bot.name for bot in bots]
        self._tables_begun += 1
        table = Table(self._tables_begun, Match(names, self._settings), game, bots, trio.current_time())
        self._tables[table.number] = table
        connections = [participant.stream.number for participant in table]
        _log.info("match began", match=table.number, players=names, connections=connections)
        self._step(table, Began())

    def _lose(self, participant: Participant, cause: Cause, detail: str) -> None:
        if participant.ending is not None:
            return
        if participant.table is None:
            self.lobby.leave(participant)
            self._release(participant, _ENDINGS_IN_LOBBY[cause], dialect.FAREWELL, detail)
        elif participant.seat is None:
            self._step(participant.table, GameLost(cause, detail))
        else:
            self._step(participant.table, PlayerLost(participant.seat, cause, detail))

    def _release(self, participant: Participant, ending: Ending, farewell: bytes, detail: str = "") -> None:
        if participant.ending is not None:
            return
        if self._poller is not None:
            self._poller.remove(participant)
        if participant.stream.ended and participant.table is not None:
            ending = Ending.LOST_IN_MATCH
        participant.release(ending, farewell, detail or participant.stream.ended)

    # What is said.

    def _catch_up(self, participant: Participant) -> None:
        """Take all that has reached this machine from a participant: before it is asked, and before time rules."""
        for _ in range(_CATCH_UP_READS):
            if participant.ending is not None or not participant.stream.read_nowait():
                return
            self.deliver(participant)

    def _empty_mailbox(self, participant: Participant, count: int) -> None:
        mailbox = participant.stream.mailbox
        for _ in range(count):
            message = mailbox.take_nowait()
            if participant.ending is None:
                self._hear(participant, message)

    def _hear(self, participant: Participant, message: Message) -> None:
        table = participant.table
        if table is None:
            self._hear_in_lobby(participant, message)
        elif participant.seat is not None:
            self._step(table, dialect.hear_bot(participant.seat, message))
        else:
            event = dialect.hear_game(message)
            if isinstance(event, Asked) and event.player < len(table.bots):
                self._catch_up(table.bots[event.player])
            self._step(table, event)

    def _hear_in_lobby(self, participant: Participant, message: Message) -> None:
        participant.spoken += 1
        self._tally.not_taken[Cause.NOT_ASKED] += 1
        if participant.role is Role.GAME or participant.spoken > self._settings.max_unasked:
            self._lose(participant, Cause.NOT_ASKED, f"it sent {message!r} before its match began")

    # What the rules make of it.

    def _step(self, table: Table, event: Event) -> None:
        try:
            self._carry_out(table, table.match.handle(event, trio.current_time()))
            while self._slow:
                self._lose(self._slow.pop(), Cause.SLOW_CONSUMER, "it does not read what it is sent")
        except Exception:  # noqa: BLE001 - the boundary of a match: a fault in it ends it, and no other
            _log.exception("match failed", match=table.number)
            detail = "a fault of the broker; its log has the traceback"
            self._finish(table, Outcome(Cause.BROKER_FAULT, None, table.match.turns, 0.0, detail))
        if table.match.outcome is None and self._agenda.put(table, table.match.deadline()):
            self._agenda_moved.set()

    def _carry_out(self, table: Table, effects: Sequence[Effect]) -> None:
        to_game = []
        for effect in effects:
            match effect:
                case Trigger():
                    to_game.append(dialect.TRIGGER_LINE)
                case Ask():
                    self._send(table.bots[effect.seat], dialect.say_request(effect))
                case Respond():
                    self._tally.turn_time.observe(effect.elapsed)
                    table.times[effect.seat].add(effect.elapsed)
                    to_game.append(dialect.say_response(effect))
                case Fail():
                    _log.info("answer failed", match=table.number, seat=effect.seat, cause=effect.cause.label)
                    to_game.append(dialect.say_failure(effect))
                case NotTaken():
                    self._tally.not_taken[effect.cause] += 1
                case Introduce():
                    to_game.append(dialect.say_introduction(effect))
                case Dismiss():
                    self._release(table.bots[effect.seat], Ending.DISMISSED, dialect.FAREWELL, effect.detail)
                case Finish():
                    self._finish(table, effect.outcome)
        if to_game:
            self._send(table.game, b"".join(to_game))

    def _send(self, participant: Participant, data: bytes) -> None:
        if participant.ending is None and not participant.stream.send_nowait(data):
            self._slow.append(participant)

    def _finish(self, table: Table, outcome: Outcome) -> None:
        if self._tables.pop(table.number, None) is None:
            return  # a fault in ending it: it has ended all the same
        table.match.outcome = outcome
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
        self._release(table.game, Ending.MATCH_OVER, dialect.say_game_over(outcome))
        for bot in table.bots:
            self._release(bot, Ending.MATCH_OVER, dialect.FAREWELL)
        self.first_outcome = self.first_outcome or outcome
        record = record_match(table, trio.current_time())
        self._recent.append(record)
        self._keep(record)
        self._agenda.trim(len(self._tables))
        self._table_over.set()
        self._table_over = trio.Event()

    # Time.

    async def _run_clock(self) -> None:
        while True:
            with trio.move_on_at(self._agenda.next_time()):
                await self._agenda_moved.wait()
            self._agenda_moved = trio.Event()
            self._let_time_rule()

    def _let_time_rule(self) -> None:
        now = trio.current_time()
        for table in self._agenda.take_due(now):
            if table.match.deadline() <= now:
                self._catch_up(table.whose_turn())
            self._step(table, TimeReached())


def _uses_poller(settings: Settings) -> bool:
    if settings.reading is Reading.POLLER and not poller.AVAILABLE:
        raise SettingsError(
            "BROKER_READING (--reading) is 'poller': this system has no epoll, so it must be auto or task"
        )
    return poller.AVAILABLE and settings.reading is not Reading.TASK
