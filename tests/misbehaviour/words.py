"""The words of scripts and transcripts, as messages of either wire: `ask 0 one`, `request 1 one, 60 s`.

So a row says once what is done and heard, whatever the wire.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

import attrs

from bitbroker._pb import extended_pb2 as pb
from bitbroker._pb.initial_pb2 import InitialMessageBatchProto
from bitbroker.errors import Cause
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import DECISION, HELLO, PLAYERS, Message
from tests.misbehaviour.table import Policy, Wire

MAX_PAYLOAD_BYTES: Final = 262_144
"""What the brokers of the suite allow."""
LARGE: Final = "large"
"""A state or decision that is as large as it may be; so few of them fill what a client leaves unread."""
_SHOWN: Final = 20
_RUSH_MS: Final = 20
_POLICIES: Final = {
    Policy.END: pb.FAILURE_POLICY_END_MATCH,
    Policy.FORFEIT: pb.FAILURE_POLICY_FORFEIT_SEAT,
    Policy.TELL: pb.FAILURE_POLICY_TELL_GAME,
}


def _payload(text: str) -> bytes:
    return b"L" * MAX_PAYLOAD_BYTES if text == LARGE else text.encode()


def _text(payload: bytes) -> str:
    return LARGE if len(payload) > _SHOWN else payload.decode()


class Voice(ABC):
    """How one client says words, and how what it hears is written down.

    Attributes:
        state: what it was asked last, as a bot.
        number: of that request; of the last turn, as a game.
    """

    def __init__(self, wire: Wire, name: str) -> None:
        self.wire = wire
        self.name = name
        self.state = "nothing"
        self.number = 1

    @property
    def extended(self) -> bool:
        """Whether it speaks the extended wire."""
        return self.wire is Wire.EXTENDED

    def say(self, word: str | Message) -> list[Message]:
        """The messages of a word."""
        if isinstance(word, Message):
            return [word]
        verb, *rest = word.split(" ")
        if verb == "code":
            return [Message(int(rest[0], 16), int(rest[1], 16), bytes.fromhex("".join(rest[2:])))]
        if verb == "ping":
            return [Message(*extended.PING, b"?")]
        return self._say(verb, rest)

    @abstractmethod
    def _say(self, verb: str, rest: Sequence[str]) -> list[Message]:
        """The messages of a word that only one side says."""

    def hear(self, message: Message) -> str:
        """A message in words."""
        what = extended.code(message)
        if what == extended.OUTCOME:
            return _tell_outcome(message) if message.body_bytes else "termination"
        if what == extended.REFUSAL:
            refusal = extended.parse(message, pb.Refusal)
            return f"refusal {refusal.code}: {refusal.message}"
        if what == extended.WELCOME:
            return "welcome"
        if what == extended.START:
            return _tell_start(message)
        if what == extended.PONG:
            return "pong"
        return self._hear(message)

    @abstractmethod
    def _hear(self, message: Message) -> str:
        """A message that only one side hears, in words."""


class BotVoice(Voice):
    """A bot's words: `hello`, `decision` (of the state), `decision NUMBER` (under another one), `decision of BYTES`."""

    def _say(self, verb: str, rest: Sequence[str]) -> list[Message]:
        if verb == "hello":
            hello = extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, name=self.name))
            return [hello if self.extended else basic.BOT_HELLO, basic.bot_info(self.name)]
        assert verb == "decision", verb
        match rest:
            case ["of", size]:
                return [self._decide(self.number, bytes(int(size)))]
            case [number]:
                return [self._decide(int(number), _payload(self.state))]
        return [self._decide(self.number, _payload(self.state))]

    def _decide(self, number: int, decision: bytes) -> Message:
        if self.extended:
            return extended.encode(extended.DECISION, pb.Decision(number=number, decision=decision))
        return basic.decision(decision)

    def _hear(self, message: Message) -> str:
        what = extended.code(message)
        if what == extended.REQUEST:
            request = extended.parse(message, pb.Request)
            self.state, self.number = _text(request.state), request.number
            return f"request {self.number} {self.state}, {(request.limit_ms + request.bank_left_ms) / 1000:g} s"
        if what == extended.NOT_TAKEN:
            refused = extended.parse(message, pb.NotTaken)
            return f"not taken {refused.number} {Cause(refused.cause).label}" + ", late" * bool(refused.late_us)
        assert message.opcode == DECISION, message
        self.state = _text(message.body)
        return f"request {self.state}, {message.operand} s"


@attrs.frozen
class Wishes:
    """What a game asks for: the policy, and how many time-outs it bears before that applies."""

    policy: Policy
    tolerated_failures: int = 0


class GameVoice(Voice):
    """A game's words: `hello`, `ask SEAT STATE`, `ask SEAT of BYTES`, `end`.

    And those of the extended wire alone: `rush SEAT` (a large state, little time), `turn NUMBER SEAT...`,
    `publish NUMBER`.
    """

    def __init__(self, wire: Wire, name: str, wishes: Wishes) -> None:
        super().__init__(wire, name)
        self.number = 0
        self._wishes = wishes

    def _say(self, verb: str, rest: Sequence[str]) -> list[Message]:
        match verb:
            case "hello":
                return [self._greet()]
            case "ask":
                seat, *what = rest
                return [self._ask(int(seat), bytes(int(what[1])) if what[0] == "of" else _payload(what[0]))]
            case "turn":
                number, *seats = map(int, rest)
                asks = [pb.Ask(seat=seat, state=b"one") for seat in seats]
                return [extended.encode(extended.TURN, pb.Turn(number=number, asks=asks))]
            case "rush":
                self.number += 1
                asks = [pb.Ask(seat=int(rest[0]), state=_payload(LARGE), limit_ms=_RUSH_MS)]
                return [extended.encode(extended.TURN, pb.Turn(number=self.number, asks=asks))]
            case "publish":
                picture = pb.Publish(number=int(rest[0]), payload=_payload(LARGE))
                return [extended.encode(extended.PUBLISH, picture)]
        assert verb == "end", verb
        return [extended.encode(extended.RESULT, _result()) if self.extended else basic.END]

    def _greet(self) -> Message:
        if not self.extended:
            return basic.GAME_HELLO
        control = pb.TimeControl(
            on_failure=_POLICIES[self._wishes.policy], tolerated_failures=self._wishes.tolerated_failures
        )
        return extended.encode(
            extended.GAME_HELLO, pb.Hello(protocol=1, name=self.name, players=2, time_control=control)
        )

    def _ask(self, seat: int, state: bytes) -> Message:
        if not self.extended:
            return basic.action(seat, state)
        self.number += 1
        turn = pb.Turn(number=self.number, asks=[pb.Ask(seat=seat, state=state)])
        return extended.encode(extended.TURN, turn)

    def _hear(self, message: Message) -> str:
        what = extended.code(message)
        if what == extended.TURN_RESULT:
            result = extended.parse(message, pb.TurnResult)
            return f"result {result.number} " + ", ".join(map(_tell_answer, result.answers))
        if what == (HELLO, PLAYERS):
            batch = InitialMessageBatchProto.FromString(message.body)
            return "players " + ", ".join(f"{one.botIndex} {one.botName}" for one in batch.initialMessages)
        if message == basic.TRIGGER:
            return "trigger"
        assert message.opcode == DECISION, message
        return f"failure {Cause(message.operand).label}" if message.operand else f"response {_text(message.body)}"


def _result() -> pb.Result:
    """Who is first has won."""
    return pb.Result(seats=[pb.SeatResult(seat=0, score=1, rank=1), pb.SeatResult(seat=1, score=0, rank=2)])


def _tell_answer(answer: pb.Answer) -> str:
    said = Cause(answer.cause).label if answer.cause else _text(answer.decision)
    return f"{answer.seat} {said}"


def _tell_start(message: Message) -> str:
    start = extended.parse(message, pb.Start)
    seat = f"seat {start.seat} of " if start.HasField("seat") else ""
    return f"start, {seat}" + ", ".join(f"{player.seat} {player.name}" for player in start.players)


def _tell_outcome(message: Message) -> str:
    outcome = extended.parse(message, pb.Outcome)
    seat = f", seat {outcome.seat}" if outcome.HasField("seat") else ""
    scores = ", ".join(f"{entry.seat} {entry.score:g}" for entry in outcome.result.seats)
    return f"outcome {Cause(outcome.cause).label}{seat}: {outcome.detail or scores}"
