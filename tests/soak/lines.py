"""A client's connection in the soak, and what it writes down of its match."""

import socket
import struct
from time import monotonic
from typing import Final

import attrs
import trio

from bitbroker.errors import ConnectionLostError
from bitbroker.wire.framing import Framing
from bitbroker.wire.messages import Message

_HOST: Final = "127.0.0.1"
_READ_BYTES: Final = 65536


@attrs.define
class Report:
    """What a client saw and did, by its own clock.

    Attributes:
        bot: a bot's name; empty for a game.
        game: a game's part, `kind@at`; empty for a bot.
        players: who plays, as the game was told.
        asked: when each request came, or when the game began to send each.
        answered: when each answer had been sent, as a bot saw it.
        away: for how many seconds it had lost its connection, by its own doing.
        wrong: what it was sent and should not have been.
        end: `told`, `left` or `cut`; `hung` if it never came to one.
    """

    bot: str = ""
    game: str = ""
    players: list[str] = attrs.field(factory=list)
    asked: list[float] = attrs.field(factory=list)
    answered: list[float] = attrs.field(factory=list)
    away: float = 0.0
    wrong: str = ""
    end: str = "hung"


class Line:
    """A connection to the broker."""

    def __init__(self, stream: trio.SocketStream, framing: Framing) -> None:
        self._stream = stream
        self._framing = framing

    @classmethod
    async def open(cls, port: int, source: str, framing: Framing) -> "Line":
        """Connect from this address of this machine; many, since one has only so many ports."""
        sock = trio.socket.socket()
        await sock.bind((source, 0))
        await sock.connect((_HOST, port))
        return cls(trio.SocketStream(sock), framing)

    async def say(self, *messages: Message) -> float:
        """Send, in one piece; when that was done."""
        await self.say_bytes(self._framing.encode(messages))
        return monotonic()

    async def say_bytes(self, data: bytes) -> None:
        """Send; what the broker does not want any more is lost."""
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError:
            return

    async def hear(self) -> Message | None:
        """The next message; None at the end."""
        while True:
            try:
                message = self._framing.next_message()
            except ConnectionLostError:
                return None
            if message is not None:
                return message
            try:
                data = await self._stream.receive_some(_READ_BYTES)
            except trio.BrokenResourceError:
                return None
            if not data:
                return None
            self._framing.feed(data)

    def reset(self) -> None:
        """Make closing reset it."""
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def close(self) -> None:
        """Close."""
        await self._stream.aclose()
