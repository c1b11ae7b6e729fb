"""What is held back for spectators has a bound, and Python's own share of it counts."""

import tracemalloc

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.broadcast import Broadcast
from bitbroker.broker.dialect import Publication
from bitbroker.wire import extended
from bitbroker.wire.messages import Message

BOUND = 1 << 20


class Onlooker:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def tell(self, message: Message) -> None:
        """Keep it."""
        self.heard.append(message)


def test_what_is_held_back_is_bounded_however_small_it_is() -> None:
    """Tiny events cost more than their bytes; the oldest are lost, and the sequence shows the gap."""
    broadcast = Broadcast(0.0, 60.0, BOUND)
    onlooker = Onlooker()
    broadcast.audience = [onlooker]
    tracemalloc.start()
    try:
        for number in range(20_000):
            broadcast.tell(pb.MatchEvent.KIND_ASKED, number / 1000, 1, number)
        assert BOUND / 2 < tracemalloc.get_traced_memory()[0] < 1.2 * BOUND
    finally:
        tracemalloc.stop()
    broadcast.release_due(1000.0)
    sequences = [extended.parse(message, pb.MatchEvent).sequence for message in onlooker.heard]
    assert sequences == [*range(sequences[0], 20_001)]
    assert 1 < sequences[0] < 20_000


def test_nothing_is_kept_once_it_is_closed() -> None:
    """No picture, and nothing that was held back."""
    broadcast = Broadcast(0.0, 10.0, BOUND)
    broadcast.publish(Publication(1, b"picture"), 1.0)
    broadcast.release_due(11.0)
    broadcast.publish(Publication(2, b"another"), 12.0)
    assert len(broadcast.tell_present()) == 2
    broadcast.close()
    assert len(broadcast.tell_present()) == 1
    assert broadcast.next_time() == float("inf")
