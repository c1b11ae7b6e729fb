"""A game's conversation on the extended wire: turns out, their results back, whatever becomes of the connection."""

from collections.abc import Iterator, Sequence
from math import inf

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client.answer import Answer, Ask
from bitbroker.client.match import MatchInfo, MatchOverError, Outcome, Result
from bitbroker.client.place import Place
from bitbroker.client.time import to_limit
from bitbroker.errors import Cause, ConnectionLostError, RemoteProtocolError
from bitbroker.wire import extended
from bitbroker.wire.messages import HEADER_BYTES, Message

_AROUND_ASKS = 16
"""What a turn's message holds beside its asks: its code, its number and `more`, rounded up."""
_AROUND_ASK = 8
"""What goes before an ask in its turn: a tag and a length, rounded up."""


class ExtendedGameWire:
    """The extended wire.

    After a loss it takes its place again and says again what the broker may not have heard: what was last published,
    and the open turn as a whole, or the end. So it keeps one turn and one publication.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._number = 0
        self._turn: Sequence[Message] = ()  # the parts of the open one
        self._publications = 0
        self._published: Message | None = None
        self._end: Message | None = None
        self._outcome: Outcome | None = None
        self.match = MatchInfo.from_wire(place.start)

    @property
    def ended(self) -> bool:
        """Whether the game has said that it is over."""
        return self._end is not None

    async def ready(self) -> None:
        """The game may always go on."""
        if self._outcome is not None:
            raise MatchOverError(self._outcome)

    async def ask(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """Ask all of them at once.

        Raises:
            RuntimeError: there is an open turn: another task asks, or it was cancelled while it did.
        """
        await self.ready()
        if self._turn:
            raise RuntimeError("a turn is open: ask in one task, and give asks a limit instead of cancelling them")
        for ask in asks:
            self._place.check_payload(ask.state, "a state")
        self._number += 1
        self._turn = list(_split_turn(self._number, asks, self._place.max_message_bytes))
        await self._place.send(*self._turn)
        answers = await self._receive_result()
        self._turn = ()
        return [self._find(answers, ask.seat) for ask in asks]

    async def publish(self, payload: bytes) -> None:
        """Send it; nobody answers."""
        await self.ready()
        self._place.check_payload(payload, "a publication")
        self._publications += 1
        publish = pb.Publish(number=self._publications, payload=payload)
        self._published = extended.encode(extended.PUBLISH, publish)
        await self._place.send(self._published)

    async def end(self, result: Result) -> Outcome:
        """Say the result, and wait for the outcome."""
        await self.ready()
        self._end = extended.encode(extended.RESULT, result.to_wire())
        await self._place.send(self._end)
        while (message := await self._receive()) is None or extended.code(message) != extended.OUTCOME:
            pass
        outcome = self._hear_outcome(message)
        if not outcome.completed:
            raise MatchOverError(outcome)
        return outcome

    async def _receive_result(self) -> list[pb.Answer]:
        answers: list[pb.Answer] = []
        while True:
            message = await self._receive()
            if message is None:  # said again, and so will be the result
                answers.clear()
            elif extended.code(message) == extended.OUTCOME:
                raise MatchOverError(self._hear_outcome(message))
            elif extended.code(message) == extended.TURN_RESULT:
                part = extended.parse(message, pb.TurnResult)
                answers += part.answers if part.number == self._number else ()
                if part.number == self._number and not part.more:
                    return answers

    async def _receive(self) -> Message | None:
        """The next message; None after a return, when everything has been said again."""
        try:
            return await self._place.receive()
        except ConnectionLostError as lost:
            await self._place.come_back(lost)
            await self._say_again()
            return None

    def _hear_outcome(self, message: Message) -> Outcome:
        self._outcome = Outcome.from_wire(extended.parse(message, pb.Outcome))
        return self._outcome

    async def _say_again(self) -> None:
        unheard = self._place.start.last_publish < self._publications
        again = [self._published] if self._published is not None and unheard else []
        again += self._turn if self._end is None else [self._end]
        await self._place.send(*again)

    def _find(self, answers: Sequence[pb.Answer], seat: int) -> Answer:
        for answer in answers:
            if answer.HasField("seat") and answer.seat == seat:
                bank_left = answer.bank_left_ms / 1000 if answer.HasField("bank_left_ms") else inf
                elapsed, stalled = answer.elapsed_us / 1_000_000, answer.stall_us / 1_000_000
                return Answer(seat, answer.decision, Cause(answer.cause), elapsed, bank_left, stalled)
        raise RemoteProtocolError(f"the result of turn {self._number} has no answer of player {seat}")


def _split_turn(number: int, asks: Sequence[Ask], max_message_bytes: int) -> Iterator[Message]:
    """The turn as messages, each as full as may be; one ask always fits."""
    part = pb.Turn(number=number)
    size = _AROUND_ASKS + HEADER_BYTES
    for ask in asks:
        said = pb.Ask(seat=ask.seat, state=ask.state, limit_ms=to_limit(ask.limit))
        ask_bytes = said.ByteSize() + _AROUND_ASK
        if part.asks and size + ask_bytes > max_message_bytes:
            part.more = True
            yield extended.encode(extended.TURN, part)
            part = pb.Turn(number=number)
            size = _AROUND_ASKS + HEADER_BYTES
        part.asks.append(said)
        size += ask_bytes
    yield extended.encode(extended.TURN, part)
