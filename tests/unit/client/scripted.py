"""A broker by script: on each connection it says all that it will ever say at once, and stops.

Clients wait for what they need, so what they do is the same as with a broker that takes its time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
import trio
from trio.testing import MemoryReceiveStream, MemorySendStream

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import extended
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message

KEY = "key"
GRACE = 30.0
LIMIT = 1 << 26

Script = Sequence[Message | bytes]
"""What a broker says on one connection: messages, or bytes where it talks nonsense; then it closes."""


def welcome(
    *, key: str = KEY, grace: float = GRACE, payload: int = 1 << 20, message: int = (1 << 20) + 4096
) -> Message:
    """A receipt for the hello."""
    body = pb.Welcome(
        protocol=1,
        server="scripted",
        resume_key=key,
        resume_grace_ms=round(grace * 1000),
        max_payload_bytes=payload,
        max_message_bytes=message,
    )
    return extended.encode(extended.WELCOME, body)


def start(seat: int | None = None, *, players: int = 2, last_turn: int = 0, last_publish: int = 0) -> Message:
    """All are there."""
    body = pb.Start(
        match_id="7",
        players=[pb.Player(seat=number, name=f"bot {number}") for number in range(players)],
        time_control=pb.TimeControl(move_ms=5000, start_ms=5000, bank_ms=0, increment_ms=0),
        last_turn=last_turn,
        last_publish=last_publish,
        content_type="text/plain",
        seat=seat,
    )
    return extended.encode(extended.START, body)


def request(number: int, state: bytes = b"", *, limit_ms: int | None = 5000, bank_ms: int = 0) -> Message:
    """A question to a bot."""
    body = pb.Request(number=number, state=state, limit_ms=limit_ms, bank_left_ms=bank_ms)
    return extended.encode(extended.REQUEST, body)


def turn_result(number: int, *answers: pb.Answer, more: bool = False) -> Message:
    """What became of a turn."""
    return extended.encode(extended.TURN_RESULT, pb.TurnResult(number=number, answers=answers, more=more))


def answer(seat: int, decision: bytes) -> pb.Answer:
    """A decision that counts."""
    return pb.Answer(seat=seat, decision=decision, elapsed_us=250_000, bank_left_ms=1500)


def failure(seat: int, cause: pb.Cause = pb.CAUSE_TIME_LIMIT) -> pb.Answer:
    """No decision."""
    return pb.Answer(seat=seat, cause=cause, elapsed_us=5_000_000)


def outcome(cause: pb.Cause = pb.CAUSE_COMPLETED, *, seat: int | None = None, detail: str = "") -> Message:
    """The match is over."""
    return extended.encode(extended.OUTCOME, pb.Outcome(match_id="7", cause=cause, seat=seat, detail=detail))


def refusal(code: str, retry_after_ms: int | None = None) -> Message:
    """The client is turned away."""
    body = pb.Refusal(code=code, message="because", retry_after_ms=retry_after_ms)
    return extended.encode(extended.REFUSAL, body)


def decision(number: int, payload: bytes) -> Message:
    """What a bot is to answer."""
    return extended.encode(extended.DECISION, pb.Decision(number=number, decision=payload))


class ScriptedBroker:
    """What `trio.open_tcp_stream` leads to.

    Attributes:
        attempts: when there was an attempt to connect.
        trouble: how many attempts fail first, for each connection but the first.
        open_ended: whether connections stay open behind the script.
    """

    def __init__(
        self, scripts: Iterable[Script], framing: Callable[[int], Framing], *, trouble: int, open_ended: bool
    ) -> None:
        self._scripts = list(scripts)
        self._make_framing = framing
        self._heard: list[tuple[MemorySendStream, bytearray]] = []
        self._troubles = 0
        self.attempts: list[float] = []
        self.trouble = trouble
        self.open_ended = open_ended

    async def open_tcp_stream(self, host: str, port: int) -> trio.abc.Stream:
        """Take the place of Trio's own."""
        self.attempts.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        if self._troubles or not self._scripts:
            self._troubles -= 1
            raise ConnectionRefusedError("nobody is there")
        self._troubles = self.trouble
        up, down = MemorySendStream(), MemoryReceiveStream()
        for said in self._scripts.pop(0):
            down.put_data(said if isinstance(said, bytes) else self._make_framing(LIMIT).encode([said]))
        if not self.open_ended:
            down.put_eof()
        self._heard.append((up, bytearray()))
        return trio.StapledStream(up, down)

    def heard(self, connection: int = 0) -> list[Message]:
        """What the client said there."""
        up, said = self._heard[connection]
        with suppress(trio.WouldBlock):
            said += up.get_data_nowait()
        framing = self._make_framing(LIMIT)
        framing.feed(said)
        messages = []
        while (message := framing.next_message()) is not None:
            messages.append(message)
        return messages


@contextmanager
def scripted(
    *scripts: Script, framing: Callable[[int], Framing] = LineFraming, trouble: int = 0, open_ended: bool = False
) -> Iterator[ScriptedBroker]:
    """Wherever a client connects, there is this broker: a script for each connection, and then nobody."""
    broker = ScriptedBroker(scripts, framing, trouble=trouble, open_ended=open_ended)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trio, "open_tcp_stream", broker.open_tcp_stream)
        yield broker
