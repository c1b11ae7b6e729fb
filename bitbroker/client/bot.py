"""The bot's side: asked with a state, it answers with a decision."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Any, Generic, NoReturn, Unpack

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client.match import MatchInfo, Outcome
from bitbroker.client.payload import DecisionT, StateT, encode_payload, name_of, parse_payload
from bitbroker.client.place import Place
from bitbroker.client.running import Client, Options
from bitbroker.client.session import Session, call
from bitbroker.client.time import Clock
from bitbroker.errors import BasicWireError, Cause, RemoteProtocolError
from bitbroker.wire import basic, extended, messages
from bitbroker.wire.messages import Message

_log = logging.getLogger("bitbroker.client")


class _ResignedError(BaseException):
    """The bot has resigned; not an `Exception`, so that a bot that catches its own errors does not catch this."""


class BaseBot(Client, ABC, Generic[StateT, DecisionT]):
    """A player. Subclass it, write `decide_move`, call `run`.

    Attributes:
        NAME: how the bot is called in lists and logs; the class's name if empty.
        State: the protobuf class of the states it is sent; None for plain bytes.
        clock: within `decide_move`, the time that it has. A request that had to wait until the last one was answered
            is older than its clock says.
    """

    NAME: str = ""
    State: type[StateT] | None = None

    clock: Clock = Clock()
    __may_resign = False  # mangled, like what else this class keeps for itself: the names are the user's

    @abstractmethod
    def decide_move(self, state: StateT) -> DecisionT | Awaitable[DecisionT]:
        """Answer a request. May be `async def`, as all that follow.

        Args:
            state: what the game sent: bytes, or a message of the class `State`.

        Returns:
            The decision: bytes, or a protobuf message.
        """

    def on_start(self, match: MatchInfo) -> Awaitable[None] | None:
        """A match begins. Not called on the basic wire, which does not tell."""

    def on_not_taken(self, number: int, cause: Cause, late_seconds: float) -> Awaitable[None] | None:
        """A decision did not count. Not called on the basic wire, which does not tell.

        Args:
            number: of the turn.
            cause: why.
            late_seconds: how long after the deadline it came, if that is why.
        """
        late = f", {late_seconds:.3f} s too late" if late_seconds else ""
        _log.warning("the decision of turn %d was not taken: %s%s", number, cause.label, late)
        return None

    def on_outcome(self, outcome: Outcome) -> Awaitable[None] | None:
        """The match is over. Not called on the basic wire, which does not tell how it ended."""

    def resign(self) -> NoReturn:
        """Give up the match; to be called straight in `decide_move`, which ends there. The match may go on without.

        Raises:
            BasicWireError: the basic wire has no word for it.
        """
        if not self.__may_resign:
            raise BasicWireError(
                "resign() is for decide_move on the extended wire; the basic wire has no word for it: "
                "let the decision say so, if the game has one that does"
            )
        raise _ResignedError

    def parse_state(self, data: bytes) -> StateT:
        """The state as `decide_move` gets it.

        Raises:
            google.protobuf.message.DecodeError: it is not of the class `State`.
        """
        state: StateT = parse_payload(self.State, data, "the state that the game sent")
        return state

    async def play_match(self, session: Session) -> None:
        """One match, from hello to the last word."""
        name = name_of(self, self.NAME)
        place = await Place.join(session, extended.BOT_HELLO, pb.Hello(name=name), basic.bot_info(name))
        if place is None:
            await self.__play_basic(session)
        else:
            await self.__play_extended(place)

    async def __play_basic(self, session: Session) -> None:
        while not basic.is_termination(message := await session.receive()):
            if message.opcode != messages.DECISION:
                raise RemoteProtocolError(f"expected a request or the termination, the broker sent {message!r}")
            self.clock = Clock.started(message.operand)
            await session.send(basic.decision(await self.__decide(message.body)))

    async def __play_extended(self, place: Place) -> None:
        await call(self.on_start, MatchInfo.from_wire(place.start))
        replies: dict[int, Message] = {}  # the last one, by its number
        while extended.code(message := await place.receive_through()) != extended.OUTCOME:
            if extended.code(message) == extended.REQUEST:
                request = extended.parse(message, pb.Request)
                if request.number not in replies:  # the same number after a return is the same request
                    replies = {request.number: await self.__reply(request, place)}
                await place.send(replies[request.number])
            elif extended.code(message) == extended.NOT_TAKEN:
                not_taken = extended.parse(message, pb.NotTaken)
                late = not_taken.late_us / 1_000_000
                await call(self.on_not_taken, not_taken.number, Cause(not_taken.cause), late)
        await call(self.on_outcome, Outcome.from_wire(extended.parse(message, pb.Outcome)))

    async def __reply(self, request: pb.Request, place: Place) -> Message:
        self.clock = Clock.of_request(request)
        self.__may_resign = True
        try:
            decision = place.check_payload(await self.__decide(request.state), "a decision")
        except _ResignedError:
            return Message(*extended.RESIGNATION)
        finally:
            self.__may_resign = False
        return extended.encode(extended.DECISION, pb.Decision(number=request.number, decision=decision))

    async def __decide(self, state: bytes) -> bytes:
        return encode_payload(await call(self.decide_move, self.parse_state(state)), "decide_move")


def run_bot(
    bot: BaseBot[Any, Any], host: str | None = None, port: int | None = None, **options: Unpack[Options]
) -> None:
    """Play with this bot; the same as its `run`."""
    bot.run(host, port, **options)
