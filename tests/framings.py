"""What the tests of all framings share: what is said, where it is cut, and what is heard of it."""

import itertools
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

from hypothesis import strategies as st

from bitbroker.errors import ConnectionLostError, RemoteProtocolError
from bitbroker.wire.framing import Framing
from bitbroker.wire.messages import Message
from bitbroker.wire.websocket import ClientWebSocketFraming, ServerWebSocketFraming

MESSAGES = st.builds(Message, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=30))
CUTS = st.lists(st.integers(0), max_size=20)

Heard = tuple[list[Message], RemoteProtocolError | ConnectionLostError | None]
"""Messages, and the error behind them."""


def chunked(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """The bytes, cut at these places."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return (data[start:end] for start, end in itertools.pairwise(places))


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """The bytes in pieces of this size."""
    return (data[start : start + size] for start in range(0, len(data), size))


def drain(framing: Framing) -> Iterator[Message]:
    """All messages that are whole."""
    while (message := framing.next_message()) is not None:
        yield message


def hear(framing: Framing, chunks: Iterable[bytes]) -> Heard:
    """All messages out of the chunks, and the error that ended them, if one did."""
    messages: list[Message] = []
    for chunk in chunks:
        framing.feed(chunk)
        try:
            messages.extend(drain(framing))
        except (RemoteProtocolError, ConnectionLostError) as error:
            return messages, error
    return messages, None


def open_websocket(limit: int) -> tuple[ClientWebSocketFraming, ServerWebSocketFraming]:
    """Both sides of a WebSocket, joined without a socket, after the upgrade."""
    client, server = ClientWebSocketFraming(limit, "localhost:9000", "/"), ServerWebSocketFraming(limit, ())
    server.feed(client.take_replies())
    assert server.next_message() is None
    client.feed(server.take_replies())
    assert client.next_message() is None
    return client, server


def held_bytes(action: Callable[[], object]) -> int:
    """How much more memory is in use after this than before."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
