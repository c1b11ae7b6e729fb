"""A player's mailbox: what its connection has said and the coordinator has not taken yet."""

from typing import Final

import trio

from bitbroker.wire.messages import Message

CAPACITY: Final = 16
"""Messages a mailbox holds.

Worst memory of one mailbox: a message is made of bytes that the connection's decoder held, which are one line of
the limit and one read (256 KiB) at the most; so a mailbox adds at most that much again, 11.4 MiB at the default
limits, however many messages it is.
"""


class Mailbox:
    """A bounded Trio memory channel. Neither end ever waits: whoever finds it full leaves the rest in the decoder.

    Attributes:
        put_nowait: puts a message in; raises `trio.WouldBlock` if it is full.
        take_nowait: takes the oldest message out; raises `trio.WouldBlock` if it is empty.
    """

    __slots__ = ("put_nowait", "take_nowait")

    def __init__(self) -> None:
        send, receive = trio.open_memory_channel[Message](CAPACITY)
        self.put_nowait = send.send_nowait
        self.take_nowait = receive.receive_nowait
