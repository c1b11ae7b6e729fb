"""One client of a match, as the referee sees it: its connection, what it said of itself, and what its words mean."""

from collections.abc import Iterator, Sequence

from bitbroker.broker import greeting
from bitbroker.broker.dialect import Farewell, Heard
from bitbroker.broker.extended_dialect import say_welcome
from bitbroker.broker.greeting import Greeting, Role
from bitbroker.errors import Cause, MessageTooLargeError, RemoteProtocolError
from bitbroker.match import Event, GameAway, GameLost, PlayerAway, PlayerLost
from bitbroker.settings import Settings
from bitbroker.testing.connection import MemoryConnection
from bitbroker.wire.messages import Message


class Place:
    """One client, by either wire.

    Attributes:
        seat: a bot's number; None for the game.
        connection: with the client.
        greeting: what it said of itself, and how it is spoken with; there once it has shaken hands.
    """

    greeting: Greeting

    def __init__(self, seat: int | None, connection: MemoryConnection) -> None:
        self.seat = seat
        self.connection = connection

    @property
    def label(self) -> str:
        """Who it is, for people."""
        return "the game" if self.seat is None else f"the bot in seat {self.seat}"

    @property
    def extended(self) -> bool:
        """Whether it speaks the extended wire."""
        return self.greeting.dialect.extended

    async def shake_hands(self, settings: Settings) -> None:
        """Hear who it is.

        Raises:
            ConnectionLostError: it left.
            RemoteProtocolError: it did not say, or not what it should be.
        """
        hello = await self.connection.receive()
        role = greeting.role_of(hello)
        if role is not (Role.GAME if self.seat is None else Role.BOT):
            raise RemoteProtocolError(f"it began with {hello!r}, which is no hello of its role")
        if hello.body_bytes:
            self.greeting = greeting.extended_client(role, hello, settings)
            self.say((say_welcome("", settings),))
        elif role is Role.GAME:
            self.greeting = greeting.basic_game(settings)
        else:
            self.greeting = greeting.basic_bot(await self.connection.receive())
        self.connection.limit_messages(self.greeting.message_bytes(settings))

    def hear(self) -> Iterator[Heard]:
        """What it has said, and whether it has gone; nothing, once it has heard its last words."""
        try:
            for message in self.connection.take_said():
                if self.connection.ended:
                    return
                yield self.greeting.dialect.hear(message, self.seat)
        except MessageTooLargeError as error:
            yield self._lost(Cause.MESSAGE_TOO_LARGE, f"it sent {error}")
        except RemoteProtocolError as error:
            yield self._lost(Cause.PROTOCOL_VIOLATION, f"it sent {error}")
        if self.connection.closed and not self.connection.ended:
            yield self._gone("it closed the connection")

    def _gone(self, detail: str) -> Event:
        """Nobody comes back here, but for one who could, the match waits as a real one would."""
        if not self.extended:
            return self._lost(Cause.DISCONNECTED, detail)
        return GameAway(detail) if self.seat is None else PlayerAway(self.seat, detail)

    def _lost(self, cause: Cause, detail: str) -> Event:
        return GameLost(cause, detail) if self.seat is None else PlayerLost(self.seat, cause, detail)

    def say(self, messages: Sequence[Message]) -> None:
        """Say something to it."""
        self.connection.say(messages)

    def say_farewell(self, farewell: Farewell) -> None:
        """Say the last words to it, if they have not been said."""
        if not self.connection.ended:
            self.connection.end(self.greeting.dialect.say_farewell(farewell))
