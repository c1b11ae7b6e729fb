"""What clients do, written as bytes: step by step, so that a changed byte changes a step and not all that follow.

Each step is a byte for what is done, one for whom, and what the step needs; `Written` reads, `write` writes.
"""

from typing import Final

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

CONNECT, BASIC, HELLO, TURN, DECISION, EXTENDED, ANY, RAW, LISTEN, SLEEP, LEAVE, AGAIN = range(12)
STEPS: Final = 12
AT_ONCE: Final = 0x80
"""With this bit, the next step is done before the broker has seen this one."""
CLIENTS: Final = 6
SLEEPS: Final = (0.0, 0.1, 0.9, 1.0, 1.1, 2.1, 5.1, 31.0)
NAMES: Final = ("", "room", "hall", "1", "\x00")
_LIMITS: Final = (None, 0, 1, 500, 1000, 2000, 10_000, extended.NO_LIMIT)
_ROLES: Final = (extended.BOT_HELLO, extended.GAME_HELLO, extended.SPECTATOR_HELLO)

BASIC_WORDS: Final = (
    basic.BOT_HELLO,
    basic.bot_info("bot"),
    basic.GAME_HELLO,
    Message(1, 0, b"state"),
    Message(1, 1, b"state"),
    Message(2, 0, b"decision"),
    basic.END,
    basic.TRIGGER,
)


class Written:
    """A script, read from its beginning; behind its end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def over(self) -> bool:
        """Whether all is read."""
        return self._place >= len(self._data)

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0] if not self.over else 0

    def take(self, count: int) -> bytes:
        """So many bytes, or what is left."""
        taken = self._data[self._place : self._place + count]
        self._place += count
        return taken

    def basic_word(self) -> Message:
        """A message of the basic wire."""
        return BASIC_WORDS[self.byte() % len(BASIC_WORDS)]

    def any_message(self) -> Message:
        """Opcode, operand, and a body of so many bytes."""
        opcode, operand = self.byte(), self.byte()
        return Message(opcode, operand, self.take(self.byte()))

    def hello(self, key: str) -> Message:
        """A hello of the extended wire; with the key, if its first byte says so."""
        flags = self.byte()
        hello = pb.Hello(protocol=1 if flags & 0x70 else flags >> 4, match=NAMES[self.byte() % len(NAMES)])
        if flags & 0x04:
            hello.resume_key = key
        if flags & 0x08:
            hello.seat = self.byte()
        if flags & 0x80:
            self._plan(hello)
        return extended.encode(_ROLES[(flags & 0x03) % len(_ROLES)], hello)

    def _plan(self, hello: pb.Hello) -> None:
        flags = self.byte()
        hello.players = flags & 0x03
        hello.spectators = bool(flags & 0x04)
        hello.spectator_delay_ms = 500 if flags & 0x08 else 0
        control = hello.time_control
        control.on_failure = pb.FailurePolicy.Name(flags >> 4 & 0x03)  # type: ignore[assignment]  # a name will do
        for field in ("move_ms", "start_ms", "bank_ms", "increment_ms"):
            limit = _LIMITS[self.byte() % len(_LIMITS)]
            if limit is not None:
                setattr(control, field, limit)
        control.tolerated_failures = self.byte()

    def turn(self) -> Message:
        """A turn: its number, the seats asked, the limit."""
        turn = pb.Turn(number=self.byte())
        flags = self.byte()
        turn.more = bool(flags & 0x80)
        limit = _LIMITS[self.byte() % len(_LIMITS)]
        for seat in range(4):
            if flags >> seat & 1:
                turn.asks.add(seat=seat, state=b"state %d" % seat, limit_ms=limit)
        return extended.encode(extended.TURN, turn)

    def decision(self) -> Message:
        """A decision under a number."""
        return extended.encode(extended.DECISION, pb.Decision(number=self.byte(), decision=self.take(self.byte())))

    def extended_word(self) -> Message:
        """One of the other messages of the extended wire."""
        flags = self.byte()
        match flags % 8:
            case 0:
                return Message(*extended.RESIGNATION)
            case 1:
                return Message(*extended.LEAVE)
            case 2:
                return extended.encode(extended.PUBLISH, pb.Publish(number=self.byte(), payload=bytes(4 * self.byte())))
            case 3:
                return self._result()
            case 4:
                return Message(*extended.PING, bytes(flags >> 3))
            case 5:
                return Message(*extended.PONG)
            case 6:
                return basic.bot_info("bot")
            case _:
                return Message(*extended.RESULT)

    def _result(self) -> Message:
        result = pb.Result(reason="it is over")
        for _ in range(self.byte() % 4):
            result.seats.add(seat=self.byte(), score=self.byte(), rank=self.byte())
        return extended.encode(extended.RESULT, result)


def step(what: int, who: int, *rest: int | bytes) -> bytes:
    """A step of a script."""
    return bytes((what, who)) + b"".join(bytes((part,)) if isinstance(part, int) else part for part in rest)


def say(who: int, message: Message) -> bytes:
    """The step that says a message of a short body, word for word."""
    body = message.body
    assert len(body) < 256, "a step holds a byte for the length"
    return step(ANY, who, message.opcode, message.operand, len(body), body)
