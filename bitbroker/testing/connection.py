"""A client's connection without a socket: the client's end is a session as ever, ours is read and written at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

import trio
from trio.testing import MemoryReceiveStream, MemorySendStream

from bitbroker.client.session import Wish
from bitbroker.errors import ConnectionLostError
from bitbroker.testing.session import MemorySession
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message

_HELLO_BYTES: Final = 65536
"""The largest message before it is known who a client is, as with the broker."""


class MemoryConnection:
    """Both ends of one connection.

    Attributes:
        session: the client's end.
        closed: whether the client has closed it.
        ended: whether the last words were said to the client; what it says then counts for nothing.
    """

    def __init__(self, wish: Wish, on_said: Callable[[], None]) -> None:
        """Connect.

        Args:
            wish: how the client joins.
            on_said: called when the client has said something, and when it has closed the connection.
        """

        async def after_send() -> None:
            on_said()

        self._up = MemorySendStream(send_all_hook=after_send, close_hook=on_said)
        self._down = MemoryReceiveStream()
        self._framing = LineFraming(_HELLO_BYTES)
        self.session = MemorySession(trio.StapledStream(self._up, self._down), wish)
        self.closed = False
        self.ended = False

    async def receive(self) -> Message:
        """Wait for the client's next message; for the handshake.

        Raises:
            ConnectionLostError: it closed the connection.
            RemoteProtocolError: what it said is no message.
        """
        while (message := self._framing.next_message()) is None:
            data = await self._up.get_data()
            if not data:
                raise ConnectionLostError("it closed the connection")
            self._framing.feed(data)
        return message

    def take_said(self) -> Iterator[Message]:
        """All that the client has said and nobody has taken yet.

        Raises:
            RemoteProtocolError: the next is no message.
        """
        try:
            while not self.closed:
                data = self._up.get_data_nowait()
                self._framing.feed(data)
                self.closed = not data
        except trio.WouldBlock:
            pass
        while (message := self._framing.next_message()) is not None:
            yield message

    def limit_messages(self, max_message_bytes: int) -> None:
        """Refuse messages of more than so many bytes from here on."""
        self._framing.limit_messages(max_message_bytes)

    def say(self, messages: Sequence[Message]) -> None:
        """Say this to the client; nobody hears it if the client has closed the connection."""
        if messages:  # no bytes would wake it as if they were some
            with suppress(trio.ClosedResourceError):
                self._down.put_data(self._framing.encode(messages))

    def end(self, farewell: Sequence[Message]) -> None:
        """Say the last words to the client."""
        self.say(farewell)
        self._down.put_eof()
        self.ended = True

    def close(self) -> None:
        """Close the client's end."""
        self._up.close()
        self._down.close()
