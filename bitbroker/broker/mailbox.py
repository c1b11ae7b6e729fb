"""A player's mailbox: what its connection has said and the coordinator has not taken yet."""

from typing import Final

import trio

from bitbroker.wire.messages import Message

CAPACITY: Final = 16
"""Messages a mailbox holds.

Worst memory of one mailbox: a message is made of bytes that the connection's decoder held, which are one line of
the limit and one read (64 KiB) at the most; so a mailbox adds at most that much again, 11.2 MiB at the default
limits, however many messages it is.
"""


class Mailbox:
    """A bounded Trio memory channel. Neither end ever waits: whoever finds it full leaves the rest in the decoder."""

    __slots__ = ("_receive", "_send")

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[Message](CAPACITY)

    def put_nowait(self, message: Message) -> None:
        """Put a message in.

        Raises:
            trio.WouldBlock: it is full.
        """
        self._send.send_nowait(message)

    def take_nowait(self) -> Message:
        """Take the oldest message out.

        Raises:
            trio.WouldBlock: it is empty.
        """
        return self._receive.receive_nowait()
