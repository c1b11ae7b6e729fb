"""Conducts matches: feeds each its events and carries out what it wants."""

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.dialect import Farewell
from bitbroker.broker.snapshot import Tally
from bitbroker.broker.table import Participant, Table, farewell_of
from bitbroker.errors import Cause, Ending
from bitbroker.match import (
    Ask,
    Away,
    Back,
    Deliver,
    Dismiss,
    Effect,
    Event,
    Finish,
    GameLost,
    Introduce,
    NotTaken,
    Out,
    Outcome,
    PlayerLost,
    Settled,
)
from bitbroker.wire.messages import Message

_log = structlog.get_logger("bitbroker.match")
_ASKED: Final = pb.MatchEvent.KIND_ASKED
_ANSWERED: Final = pb.MatchEvent.KIND_ANSWERED
_AWAY: Final = pb.MatchEvent.KIND_AWAY
_BACK: Final = pb.MatchEvent.KIND_BACK
_OUT: Final = pb.MatchEvent.KIND_OUT

Release = Callable[[Participant, Farewell], None]


class Conductor:
    """Carries out effects: sends, counts, tells spectators. A fault in one match ends that match."""

    def __init__(
        self,
        tally: Tally,
        release: Release,
        on_over: Callable[[Table, Outcome], None],
    ) -> None:
        """Prepare.

        Args:
            tally: where to count.
            release: gives a connection back to its task, unless it has been.
            on_over: called when a match has ended, before its players are told.
        """
        self._tally = tally
        self._release = release
        self._on_over = on_over
        self._slow: list[Participant] = []

    def step(self, table: Table, event: Event, now: float) -> None:
        """Feed a match one event, in `guard`, and do what it wants.

        Args:
            table: where it is played.
            event: what happened.
            now: when: the moment up to which all has been heard.
        """
        self.guard(table, self.advance, table, event, now)

    def guard(self, table: Table, act: Callable[..., object], *about: object) -> None:
        """Do what is about one match; a fault in that ends it."""
        try:
            act(*about)
        except Exception:  # noqa: BLE001 - the boundary of a match: a fault in it ends it, and no other
            _log.exception("match failed", match=table.number)
            detail = "a fault of the broker; its log has the traceback"
            self._finish(table, Outcome(Cause.BROKER_FAULT, None, table.match.turns, 0.0, detail))

    def advance(self, table: Table, event: Event, now: float) -> None:
        """The same, for who is in `guard` already."""
        self._carry_out(table, table.match.handle(event, now), now)
        while self._slow:
            self._cut_off(self._slow.pop(), now)

    def _cut_off(self, participant: Participant, now: float) -> None:
        """Put out who does not read what it is sent."""
        table = participant.table
        if table is None or participant.ending is not None:
            return
        detail = "it does not read what it is sent"
        lost = (
            GameLost(Cause.SLOW_CONSUMER, detail)
            if participant.seat is None
            else PlayerLost(participant.seat, Cause.SLOW_CONSUMER, detail)
        )
        self._carry_out(table, table.match.handle(lost, now), now)

    def _carry_out(self, table: Table, effects: Sequence[Effect], now: float) -> None:
        for effect in effects:
            match effect:
                case Settled():
                    self._settle(table, effect, now)
                case Deliver():
                    self.send(table.game, table.game.greeting.game.say_answers(effect))
                case Ask():
                    bot = table.bots[effect.seat]
                    self.send(bot, (bot.greeting.bot.say_request(effect),))
                    if not effect.again:
                        table.broadcast.tell(_ASKED, now, effect.seat, effect.number)
                case NotTaken():
                    self._tally.not_taken[effect.cause] += 1
                    bot = table.bots[effect.seat]
                    self.send(bot, bot.greeting.bot.say_not_taken(effect))
                case Introduce():
                    introduction = table.introduction()
                    for participant in table:
                        dialect = participant.greeting.dialect
                        self.send(participant, dialect.say_introduction(introduction, participant.seat))
                case Away():
                    _log.info("player away", match=table.number, seat=effect.seat)
                    table.broadcast.tell(_AWAY, now, effect.seat, table.match.number)
                case Back():
                    _log.info("player back", match=table.number, seat=effect.seat)
                    table.broadcast.tell(_BACK, now, effect.seat, table.match.number)
                case Out():
                    _log.info("player out", match=table.number, seat=effect.seat, cause=effect.cause.label)
                    table.broadcast.tell(_OUT, now, effect.seat, table.match.number, effect.cause)
                case Dismiss():
                    self._release(table.bots[effect.seat], Farewell(Ending.DISMISSED, effect.cause, effect.detail))
                case Finish():
                    self._finish(table, effect.outcome)

    def _settle(self, table: Table, effect: Settled, now: float) -> None:
        answer = effect.answer
        if answer.cause:
            _log.info("answer failed", match=table.number, seat=answer.seat, cause=answer.cause.label)
        else:
            self._tally.turn_time.observe(answer.elapsed)
            table.times[answer.seat].add(answer.elapsed)
        table.broadcast.tell(_ANSWERED, now, answer.seat, effect.number, answer.cause, answer.elapsed)

    def send(self, participant: Participant, messages: Sequence[Message]) -> None:
        """Send, unless its connection is over; who does not read enough is cut off after this step."""
        if messages and participant.ending is None and not participant.stream.send_nowait(messages):
            self._slow.append(participant)

    def _finish(self, table: Table, outcome: Outcome) -> None:
        if table.outcome is not None:
            return  # a fault in ending it: it has ended all the same
        table.outcome = outcome
        table.match.close(outcome)
        try:
            self._on_over(table, outcome)
        finally:
            farewell = farewell_of(table, outcome)
            for participant in table:
                self._release(participant, farewell)
