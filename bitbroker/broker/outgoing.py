"""What is to be sent while a batch of messages is being handled: all of it together, when the batch is through."""

from typing import Protocol


class Sender(Protocol):
    """A connection that may have something to send."""

    def send_waiting(self) -> None:
        """Send what waits, as far as the socket takes it."""

    def break_off(self, fault: Exception) -> None:
        """Give it back to its task, since there is a fault of ours."""


class Outgoing:
    """Holds back what is said in a batch. A peer on this machine often runs as soon as it is sent to, in place of us.

    Sent one by one, answers would wake it for each; sent together, it finds several and works them off at once. Bounded
    by the batch: a connection is in it when its outbox had been empty, and what may wait there is bounded by itself.

    Attributes:
        holding: whether to hold back.
        senders: who has something to send.
    """

    __slots__ = ("holding", "senders")

    def __init__(self) -> None:
        self.holding = False
        self.senders: list[Sender] = []

    def release(self) -> None:
        """Hold nothing back any more; a fault in sending is its connection's."""
        self.holding = False
        senders, self.senders = self.senders, []
        for sender in senders:
            try:
                sender.send_waiting()
            except Exception as fault:  # noqa: BLE001 - the boundary of a connection, which its task stands at
                sender.break_off(fault)


AT_ONCE = Outgoing()
"""For who has not said yet who it is: nobody ever holds it."""
