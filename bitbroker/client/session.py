"""A client's conversation with a broker, for one match: mostly one connection, after a loss another one."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import TypeVar

import attrs
import trio

from bitbroker.client.connection import Connection, Dialer, Wire
from bitbroker.client.scores import hand_in_scores
from bitbroker.wire.messages import Message

T = TypeVar("T")


@attrs.frozen
class Wish:
    """How a client wants to join.

    Attributes:
        wire: by which wire.
        match: the name under which it wants to meet the others; empty for the lobby.
        seat: where a bot would like to sit.
        token: proof of who it is; empty for none.

    Raises:
        ValueError: it wants what the basic wire has no word for, and no other wire.
    """

    wire: Wire = "auto"
    match: str = ""
    seat: int | None = attrs.field(default=None)

    token: str = attrs.field(default="", repr=False)

    @seat.validator
    def _check(self, _attribute: object, seat: int | None) -> None:
        if self.wire == "basic" and (self.match or seat is not None or self.token):
            raise ValueError("match, seat and token are of the extended wire: leave them out, or wire='basic'")
        if seat is not None and seat < 0:
            raise ValueError(f"seat is {seat}: seats are numbered from 0")


class Session:
    """A connection to a broker, and the way back to it.

    Attributes:
        parting: what to say on closing in mid-match, so that nobody waits for this client to come back.
    """

    def __init__(self, connection: Connection, wish: Wish | None = None, dialer: Dialer | None = None) -> None:
        """Take the connection.

        Args:
            connection: to the broker; nothing has been said on it.
            wish: how to join; by the wire that the broker speaks if not given.
            dialer: what opens another connection after a loss; without it there is no return.
        """
        self._connection = connection
        self._dialer = dialer
        self._kept: Message | None = None
        self.parting: Sequence[Message] = ()
        self.wish = wish or Wish()

    @property
    def can_return(self) -> bool:
        """Whether there is a way back after a loss."""
        return self._dialer is not None

    async def send(self, *messages: Message) -> None:
        """Send messages in one write; whether the connection is lost shows at the next `receive`."""
        await self._connection.send(*messages)

    async def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are; for tests, which have to talk nonsense too."""
        await self._connection.send_bytes(data)

    async def receive(self) -> Message:
        """The broker's next message.

        Raises:
            ConnectionLostError: the connection ended first.
            RemoteProtocolError: what came is no message.
        """
        if (kept := self._kept) is not None:
            self._kept = None
            return kept
        return await self._connection.receive()

    def keep(self, message: Message) -> None:
        """Give a message back: the next `receive` has it."""
        self._kept = message

    async def reconnect(self) -> None:
        """Put a new connection in the place of the one that was lost, trying until it is there."""
        assert self._dialer is not None, "without a dialer there is no return"
        await self._connection.aclose()
        self._connection = await self._dialer.dial(inf)

    async def aclose(self) -> None:
        """Close, without waiting for anything."""
        await self._connection.aclose(*self.parting)

    def hand_in_scores(self, scores: Sequence[float] | None) -> None:
        """Pass on a basic game's scores, None for no word about them.

        Raises:
            OSError: the file for them cannot be written.
        """
        hand_in_scores(scores)

    async def run_in_thread(self, function: Callable[..., T], *args: object) -> T:
        """Run a user's function that may block, in a thread of its own.

        Cancelled, it leaves the thread behind, so that Ctrl-C need not wait for one that waits for something else.
        """
        limiter = trio.CapacityLimiter(1)  # the default one is shared by the process, and this may take long
        return await trio.to_thread.run_sync(function, *args, abandon_on_cancel=True, limiter=limiter)


async def call(method: Callable[..., T | Awaitable[T]], *args: object) -> T:
    """Call a user's method, which may be `def` or `async def`."""
    result = method(*args)
    if inspect.isawaitable(result):
        return await result
    return result
