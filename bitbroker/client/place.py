"""A client's place on the extended wire: the handshake, and the way back to the place after a lost connection."""

from typing import Final, Self

import trio

import bitbroker
from bitbroker._pb import extended_pb2 as pb
from bitbroker.client.connection import FIRST_PAUSE, LONGEST_PAUSE, MAX_MESSAGE_BYTES
from bitbroker.client.session import Session
from bitbroker.errors import (
    BasicWireError,
    BitbrokerError,
    ConnectionLostError,
    RefusedError,
    RemoteProtocolError,
)
from bitbroker.wire import extended
from bitbroker.wire.messages import Message

_LAST: Final = frozenset({extended.OUTCOME, extended.REFUSAL})


class Place:
    """A place in one match.

    Attributes:
        start: what the broker said at the start, or, after a return, at the last of them.
    """

    def __init__(self, session: Session, what: tuple[int, int], welcome: pb.Welcome) -> None:
        self._session = session
        self._what = what
        self._welcome = welcome
        self._gone: BitbrokerError | None = None
        self.start = pb.Start()

    @classmethod
    async def join(cls, session: Session, what: tuple[int, int], hello: pb.Hello, *behind: Message) -> Self | None:
        """Say hello. On the extended wire, wait for the start; on the basic wire its first message is still to come.

        Args:
            session: a connection on which nothing has been said.
            what: the hello's code.
            hello: what the client says of itself and wants; its wish is added.
            behind: what the basic wire wants behind the hello.

        Returns:
            The place; None on the basic wire.

        Raises:
            RefusedError: the broker refused the client.
            BasicWireError: the broker speaks the basic wire only, and that is not enough.
            ConnectionLostError: the connection ended first.
            RemoteProtocolError: the broker said what no broker says.
        """
        wish = session.wish
        if wish.wire == "basic":
            await session.send(Message(*what), *behind)
            return None
        hello.MergeFrom(pb.Hello(match=wish.match, seat=wish.seat, token=wish.token))
        await session.send(_hello(what, hello), *behind)
        message = await session.receive()
        if not extended.is_welcome(message):
            _accept_basic(session, what)
            session.keep(message)
            return None
        place = cls(session, what, _parse_welcome(message))
        session.parting = (Message(*extended.LEAVE),) if place._welcome.resume_key else ()
        try:
            await place._wait_start()
        except ConnectionLostError as lost:
            await place._look_for_start(lost)
        return place

    @property
    def max_payload_bytes(self) -> int:
        """The largest state or decision."""
        return self._welcome.max_payload_bytes or MAX_MESSAGE_BYTES

    @property
    def max_message_bytes(self) -> int:
        """The largest message."""
        return self._welcome.max_message_bytes or MAX_MESSAGE_BYTES

    def check_payload(self, payload: bytes, name: str) -> bytes:
        """The payload, which is not too large.

        Raises:
            ValueError: it is.
        """
        if len(payload) > self.max_payload_bytes:
            raise ValueError(
                f"{name} of {len(payload):,} bytes: the broker takes up to {self.max_payload_bytes:,} "
                "(--max-payload-bytes)"
            )
        return payload

    async def send(self, *messages: Message) -> None:
        """Send messages in one write; whether the connection is lost shows at the next `receive`.

        Raises:
            BitbrokerError: the place is gone, as `come_back` has said.
        """
        if self._gone is not None:
            raise self._gone
        await self._session.send(*messages)

    async def receive(self) -> Message:
        """The broker's next message.

        Raises:
            RefusedError: the broker put this client out.
            ConnectionLostError: the connection ended first.
            RemoteProtocolError: what came is no message.
        """
        message = await self._session.receive()
        if extended.code(message) in _LAST:
            self._session.parting = ()
        if extended.code(message) == extended.REFUSAL:
            raise _refused(message)
        return message

    async def receive_through(self) -> Message:
        """As `receive`, with a return after each loss: for who has nothing to say again."""
        while True:
            try:
                return await self.receive()
            except ConnectionLostError as lost:
                await self.come_back(lost)

    async def come_back(self, lost: ConnectionLostError) -> None:
        """Take the place again, on a new connection, within the broker's grace.

        Args:
            lost: how the connection ended.

        Raises:
            ConnectionLostError: there was no way back in that time.
            RefusedError: the broker refused; the place is gone.
        """
        try:
            await self._come_back(lost)
        except BitbrokerError as error:
            self._gone = error
            self._session.parting = ()
            raise

    async def _come_back(self, lost: ConnectionLostError) -> None:
        grace = self._welcome.resume_grace_ms / 1000
        if not (self._welcome.resume_key and self._session.can_return):
            raise lost
        with trio.move_on_after(grace):
            await self._take_again()
            return
        raise ConnectionLostError(f"{lost}; there was no way back to the match within {grace:g} s") from lost

    async def _take_again(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._session.reconnect()
                await self._session.send(_hello(self._what, pb.Hello(resume_key=self._welcome.resume_key)))
                self._welcome = _parse_welcome(await self._session.receive())
                await self._wait_start()
            except ConnectionLostError:
                await trio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return

    async def _look_for_start(self, lost: ConnectionLostError) -> None:
        """The start may have been lost on its way: then the match has begun, and there is a place to come back to."""
        try:
            await self.come_back(lost)
        except RefusedError as refused:
            if refused.code == "unknown-key":  # it has not begun
                raise lost from refused
            raise

    async def _wait_start(self) -> None:
        while extended.code(message := await self.receive()) != extended.START:
            pass  # of a newer broker
        self.start = extended.parse(message, pb.Start)


def _hello(what: tuple[int, int], hello: pb.Hello) -> Message:
    about = pb.Hello(protocol=extended.VERSION, client=f"bitbroker-python {bitbroker.__version__}")
    about.MergeFrom(hello)
    return extended.encode(what, about)


def _accept_basic(session: Session, what: tuple[int, int]) -> None:
    """Go on by the basic wire, if that is enough."""
    if what == extended.SPECTATOR_HELLO:
        raise BasicWireError("this broker speaks the basic wire only, and has no spectators")
    if session.wish.match:
        raise BasicWireError(
            f"this broker speaks the basic wire only: there is no meeting under a name (match={session.wish.match!r})"
        )
    if session.wish.wire == "binary":
        raise BasicWireError("this broker does not speak the extended wire: leave out wire='binary'")


def _parse_welcome(message: Message) -> pb.Welcome:
    if extended.code(message) == extended.REFUSAL:
        raise _refused(message)
    if extended.code(message) != extended.WELCOME:
        raise RemoteProtocolError(f"expected the welcome, the broker sent {message!r}")
    return extended.parse(message, pb.Welcome)


def _refused(message: Message) -> RefusedError:
    refusal = extended.parse(message, pb.Refusal)
    retry = refusal.retry_after_ms / 1000 if refusal.HasField("retry_after_ms") else None
    return RefusedError(refusal.code, refusal.message, retry)
