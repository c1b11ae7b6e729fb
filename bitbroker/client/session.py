"""One client's conversation with a broker: connect, send messages, receive messages; and the loop around it."""

import inspect
import os
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import trio

from bitbroker.errors import BrokerUnreachableError, ConnectionLostError
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message

T = TypeVar("T")

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 9000

MAX_MESSAGE_BYTES: Final = 1 << 28
"""A client takes messages of up to 256 MiB; the broker's own limit (8 MiB by default) is the one that counts."""

_RECEIVE_BYTES: Final = 65536
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_SHORTEST_ATTEMPT: Final = 1.0


class Session:
    """A connection to a broker, for one match."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._decoder = LineFraming(MAX_MESSAGE_BYTES)

    async def send(self, *messages: Message) -> None:
        """Send messages in one write.

        A connection that is lost shows at the next `receive`: the broker may have said farewell before it closed,
        and that is still to be read.
        """
        try:
            await self._stream.send_all(b"".join([message.to_line() for message in messages]))
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()

    async def receive(self) -> Message:
        """The broker's next message.

        Raises:
            ConnectionLostError: the connection ended first.
            RemoteProtocolError: what came is no message.
        """
        while (message := self._decoder.next_message()) is None:
            try:
                data = await self._stream.receive_some(_RECEIVE_BYTES)
            except trio.BrokenResourceError as error:
                raise ConnectionLostError(f"the connection to the broker broke in mid-match: {error}") from error
            if not data:
                raise ConnectionLostError(
                    "the broker closed the connection without saying that the match is over; its log says why"
                )
            self._decoder.feed(data)
        return message


async def connect(host: str, port: int, connect_timeout: float) -> trio.SocketStream:
    """Open a connection, trying again with growing pauses: clients may start before their broker.

    Args:
        host: name or address of the broker.
        port: its port for players.
        connect_timeout: for how many seconds to go on trying; 0 for a single attempt.

    Raises:
        BrokerUnreachableError: nobody answered in that time.
    """
    deadline = trio.current_time() + connect_timeout
    pause = _FIRST_PAUSE
    while True:
        reason: object = "no answer"
        with trio.move_on_after(max(deadline - trio.current_time(), _SHORTEST_ATTEMPT)):
            try:
                return await trio.open_tcp_stream(host, port)
            except (OSError, UnicodeError) as error:  # the latter from a name that can be no host's
                reason = error
        if trio.current_time() + pause > deadline:
            raise BrokerUnreachableError(
                f"no broker answers at {host} port {port} (tried for {connect_timeout:g} s; {reason}): "
                "is it running, and are host and port right?"
            )
        await trio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def play_matches(
    play: Callable[[Session], Awaitable[None]],
    host: str | None,
    port: int | None,
    *,
    matches: int | None,
    connect_timeout: float,
) -> None:
    """Play one match after the other, each on a connection of its own.

    Args:
        play: plays one match.
        host: name or address of the broker; None for what the environment says.
        port: its port for players; None for what the environment says.
        matches: how many; None for as long as there is a broker.
        connect_timeout: seconds to go on trying to connect, each time.

    Raises:
        BrokerUnreachableError: as `connect`.
        ValueError: the port, or the number of matches, cannot be one.
    """
    if matches is not None and matches < 1:
        raise ValueError(
            f"matches is {matches}: it must be 1 or more, or None to stay for as long as there is a broker"
        )
    host = host or os.environ.get("BROKER_HOST") or DEFAULT_HOST
    port = _checked_port(port)
    played = 0
    while matches is None or played < matches:
        stream = await connect(host, port, connect_timeout)
        try:
            await play(Session(stream))
        finally:
            await trio.aclose_forcefully(stream)
        played += 1


def _checked_port(port: int | None) -> int:
    source, text = "port", str(port)
    if not port:
        source, text = "BROKER_PORT", os.environ.get("BROKER_PORT") or str(DEFAULT_PORT)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"{source} is {text!r}: it must be a port, 1 to 65535")
    return int(text)


async def call(method: Callable[..., T | Awaitable[T]], *args: object) -> T:
    """Call a user's method, which may be `def` or `async def`."""
    result = method(*args)
    if inspect.isawaitable(result):
        return await result
    return result


def run_blocking(main: Callable[[], Awaitable[None]]) -> None:
    """Run a client from code that is not async. Ctrl-C ends the process quietly, with the shell's usual code."""
    interrupted = False
    try:
        trio.run(main)
    except* KeyboardInterrupt:  # in a group if it came while Trio was connecting, or in a nursery of the user's
        interrupted = True
    if interrupted:
        raise SystemExit(130)
