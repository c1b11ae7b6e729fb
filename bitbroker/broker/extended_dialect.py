"""The extended dialect: bodies are the protobuf messages of `schemas/extended.proto`."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Final

import bitbroker
from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.dialect import Farewell, Heard, Introduction, Pinged, Publication
from bitbroker.errors import Cause, Ending, MessageTooLargeError, RemoteProtocolError
from bitbroker.match import (
    Answer,
    Ask,
    Decided,
    Deliver,
    Ended,
    GameLost,
    NotTaken,
    Outcome,
    PlayerLost,
    Question,
    Resigned,
    Result,
    Rules,
    SeatResult,
    TurnAsked,
)
from bitbroker.settings import FailurePolicy, Settings
from bitbroker.wire import extended
from bitbroker.wire.messages import Message

POLICIES: Final = {
    pb.FAILURE_POLICY_END_MATCH: FailurePolicy.END_MATCH,
    pb.FAILURE_POLICY_FORFEIT_SEAT: FailurePolicy.FORFEIT_SEAT,
    pb.FAILURE_POLICY_TELL_GAME: FailurePolicy.TELL_GAME,
}
_POLICY_NUMBERS: Final = {policy: number for number, policy in POLICIES.items()}
_RETRY_MS: Final = 1000
_MAX_RESULT_BYTES: Final = 65536
_ANSWERS_A_MESSAGE: Final = 64
"""An answer without its decision takes up to 40 bytes: so many stay within what a message holds beside a payload."""
_LEFT: Final = "it left in mid-match"
_GONE: Final = frozenset({Ending.LOST_IN_MATCH, Ending.LEFT_WHILE_WAITING})
_WORTH_ANOTHER_TRY: Final = frozenset({Ending.NO_PLACE, Ending.TOO_MANY_WAITING, Ending.BROKER_FAULT})


class _Extended:
    """What all extended clients have in common."""

    extended = True

    def hear(self, message: Message, _seat: int | None) -> Heard:
        """Ping and pong; nothing else, unless the role has more to say."""
        what = extended.code(message)
        if what == extended.PING:
            return Pinged(extended.pong(message))
        if what == extended.PONG:
            return None
        raise RemoteProtocolError(f"{message!r}, which it may not say")

    def say_introduction(self, introduction: Introduction, seat: int | None) -> Sequence[Message]:
        """The start."""
        return (say_start(introduction, seat),)

    def say_farewell(self, farewell: Farewell) -> Sequence[Message]:
        """The outcome of the match that is over, or a refusal; nothing to who is gone and may come back."""
        if farewell.ending in _GONE:
            return ()
        if farewell.outcome is not None:
            return (say_outcome(farewell.match_id, farewell.outcome),)
        return (say_refusal(farewell),)


class ExtendedBot(_Extended):
    """An extended bot."""

    def __init__(self, max_payload_bytes: int) -> None:
        self._max_payload_bytes = max_payload_bytes

    def hear(self, message: Message, seat: int | None) -> Heard:
        """A decision, a resignation, a leave."""
        assert seat is not None
        what = extended.code(message)
        if what == extended.DECISION:
            decision = extended.parse(message, pb.Decision)
            _check_size(decision.decision, self._max_payload_bytes, "a decision")
            return Decided(seat, decision.decision, decision.number)
        if what == extended.RESIGNATION:
            return Resigned(seat)
        if what == extended.LEAVE:
            return PlayerLost(seat, Cause.DISCONNECTED, _LEFT)
        if what == extended.BOT_INFO:
            return None  # for the original's broker
        return super().hear(message, seat)

    def say_request(self, ask: Ask) -> Message:
        """A request, with what is left of both clocks."""
        request = pb.Request(number=ask.number, state=payload_bytes(ask.state))
        if ask.base + ask.bank < inf:
            request.limit_ms = extended.to_ms(ask.base)
            request.bank_left_ms = extended.to_ms(ask.bank)
        return extended.encode(extended.REQUEST, request)

    def say_not_taken(self, effect: NotTaken) -> Sequence[Message]:
        """Once for each number."""
        if effect.told:
            return ()
        not_taken = pb.NotTaken(
            number=effect.number, cause=extended.cause_number(effect.cause), late_us=extended.to_us(effect.late)
        )
        return (extended.encode(extended.NOT_TAKEN, not_taken),)


class ExtendedGame(_Extended):
    """An extended game."""

    def __init__(self, max_payload_bytes: int) -> None:
        self._max_payload_bytes = max_payload_bytes

    def hear(self, message: Message, seat: int | None) -> Heard:
        """A turn, a publication, the end, a leave."""
        what = extended.code(message)
        if what == extended.TURN:
            turn = extended.parse(message, pb.Turn)
            return TurnAsked([self._hear_ask(ask) for ask in turn.asks], turn.number, turn.more)
        if what == extended.PUBLISH:
            publish = extended.parse(message, pb.Publish)
            _check_size(publish.payload, self._max_payload_bytes, "a publication")
            return Publication(publish.number, publish.payload)
        if what == extended.RESULT:
            if message.body_bytes > _MAX_RESULT_BYTES:
                raise MessageTooLargeError(f"a result of more than {_MAX_RESULT_BYTES:,} bytes")
            return Ended(hear_result(extended.parse(message, pb.Result)))
        if what == extended.LEAVE:
            return GameLost(Cause.DISCONNECTED, _LEFT)
        return super().hear(message, seat)

    def _hear_ask(self, ask: pb.Ask) -> Question:
        _check_size(ask.state, self._max_payload_bytes, "a state")
        seat = ask.seat if ask.HasField("seat") else -1
        return Question(seat, ask.state, hear_limit(ask.limit_ms) if ask.HasField("limit_ms") else None)

    def say_answers(self, effect: Deliver) -> Sequence[Message]:
        """The turn's result, in as many messages as it takes."""
        parts = list(self._split(effect.answers))
        return [
            extended.encode(
                extended.TURN_RESULT,
                pb.TurnResult(number=effect.number, answers=part, more=index < len(parts)),
            )
            for index, part in enumerate(parts, 1)
        ]

    def _split(self, answers: Sequence[Answer]) -> Iterator[list[pb.Answer]]:
        """Answers in portions of one largest payload, which leaves the rest of the message for what is around them."""
        part: list[pb.Answer] = []
        size = 0
        for answer in map(_say_answer, answers):
            if part and (size + len(answer.decision) > self._max_payload_bytes or len(part) >= _ANSWERS_A_MESSAGE):
                yield part
                part, size = [], 0
            part.append(answer)
            size += len(answer.decision)
        yield part


class Spectator(_Extended):
    """A spectator, which is told much and says nothing."""


def _check_size(payload: bytes, most: int, what: str) -> None:
    if len(payload) > most:
        raise MessageTooLargeError(f"{what} of {len(payload):,} bytes: it may have {most:,}")


def payload_bytes(payload: object) -> bytes:
    """A state or a decision as bytes, whichever wire it came by."""
    if isinstance(payload, Message):
        return payload.body
    assert isinstance(payload, bytes)
    return payload


def hear_limit(milliseconds: int) -> float:
    """A limit in seconds; infinity for none."""
    return inf if milliseconds == extended.NO_LIMIT else milliseconds / 1000


def hear_result(result: pb.Result) -> Result:
    """A result as the rules have it; a seat that is not said is none that there is."""
    seats = [
        SeatResult(
            entry.seat if entry.HasField("seat") else -1,
            entry.score if entry.HasField("score") else None,
            entry.rank if entry.HasField("rank") else None,
        )
        for entry in result.seats
    ]
    return Result(seats, result.reason)


def _say_answer(answer: Answer) -> pb.Answer:
    said = pb.Answer(
        seat=answer.seat,
        cause=extended.cause_number(answer.cause),
        elapsed_us=extended.to_us(answer.elapsed),
        stall_us=extended.to_us(answer.stalled),
    )
    if not answer.cause:
        said.decision = payload_bytes(answer.decision)
    if answer.bank < inf:
        said.bank_left_ms = extended.to_ms(answer.bank)
    return said


def say_welcome(key: str, settings: Settings) -> Message:
    """The receipt for a hello; with the key to come back with, for who can."""
    welcome = pb.Welcome(
        protocol=extended.VERSION,
        server=f"bitbroker {bitbroker.__version__}",
        resume_key=key,
        resume_grace_ms=extended.to_ms(settings.resume_grace) if key else 0,
        max_payload_bytes=settings.max_payload_bytes,
        max_message_bytes=settings.max_payload_bytes + extended.ENVELOPE_BYTES,
    )
    return extended.encode(extended.WELCOME, welcome)


def say_start(introduction: Introduction, seat: int | None) -> Message:
    """The start of a match, for whoever sits in this seat, or in none."""
    start = pb.Start(
        match_id=introduction.match_id,
        players=[pb.Player(seat=number, name=name) for number, name in enumerate(introduction.names)],
        time_control=say_time_control(introduction.rules),
        last_turn=introduction.last_turn,
        last_publish=introduction.last_publish,
        content_type=introduction.content_type,
    )
    if seat is not None:
        start.seat = seat
    return extended.encode(extended.START, start)


def say_time_control(rules: Rules) -> pb.TimeControl:
    """The time control as it holds, every field said."""
    time = rules.time
    return pb.TimeControl(
        move_ms=extended.to_ms(time.move),
        start_ms=extended.to_ms(time.start),
        bank_ms=extended.to_ms(time.bank),
        increment_ms=extended.to_ms(time.increment),
        on_failure=_POLICY_NUMBERS[rules.on_failure],
        tolerated_failures=rules.tolerated_failures,
    )


def say_outcome(match_id: str, outcome: Outcome) -> Message:
    """How a match ended."""
    said = pb.Outcome(match_id=match_id, cause=extended.cause_number(outcome.cause), detail=outcome.detail)
    if outcome.seat is not None:
        said.seat = outcome.seat
    if outcome.result is not None:
        said.result.reason = outcome.result.reason
        said.result.seats.extend(
            pb.SeatResult(seat=entry.seat, score=entry.score, rank=entry.rank) for entry in outcome.result.seats
        )
    return extended.encode(extended.OUTCOME, said)


def say_refusal(farewell: Farewell) -> Message:
    """Why a client is turned away, or put out of its match."""
    code = farewell.cause.label if farewell.ending is Ending.DISMISSED else farewell.ending.value
    refusal = pb.Refusal(code=code, message=farewell.detail, protocols=farewell.protocols)
    if farewell.ending in _WORTH_ANOTHER_TRY:
        refusal.retry_after_ms = _RETRY_MS
    return extended.encode(extended.REFUSAL, refusal)
