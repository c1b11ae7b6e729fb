"""A session that can be told to say things wrongly, for scripted clients; over memory or over TCP."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from bitbroker.client.session import Session
from bitbroker.wire.messages import Message

T = TypeVar("T")


class Voice(Session):
    """A session around another one.

    Attributes:
        extra: how many times more the next messages are said.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.wish = session.wish
        self.extra = 0

    @property
    def can_return(self) -> bool:
        """As the session's."""
        return self._session.can_return

    @property
    def parting(self) -> Sequence[Message]:
        """As the session's."""
        return self._session.parting

    @parting.setter
    def parting(self, messages: Sequence[Message]) -> None:
        self._session.parting = messages

    async def send(self, *messages: Message) -> None:
        """Send messages in one write, and again, so often as is wanted."""
        times, self.extra = 1 + self.extra, 0
        await self._session.send(*messages * times)

    async def send_bytes(self, data: bytes) -> None:
        """As the session's."""
        await self._session.send_bytes(data)

    async def receive(self) -> Message:
        """As the session's."""
        return await self._session.receive()

    def keep(self, message: Message) -> None:
        """As the session's."""
        self._session.keep(message)

    async def reconnect(self) -> None:
        """As the session's."""
        await self._session.reconnect()

    def hand_in_scores(self, scores: Sequence[float] | None) -> None:
        """As the session's."""
        self._session.hand_in_scores(scores)

    async def run_in_thread(self, function: Callable[..., T], *args: object) -> T:
        """As the session's."""
        return await self._session.run_in_thread(function, *args)
