"""Recorded matches, and how to hold one side of them again.

`golden/*.jsonl` are whole matches between broker, game and bots of the crate `bitbroker` 0.1.0: a header, then a line
for each line on the wire, in the order in which they were seen. Whoever replays one side compares what the other side
says byte for byte. Two things have no fixed order: the list of players, and who hears the farewell first.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import attrs
import trio

from bitbroker._pb.initial_pb2 import InitialMessageBatchProto
from bitbroker.wire import messages
from bitbroker.wire.lines import parse_line


@attrs.frozen
class Line:
    """One line on the wire: of which connection, who said it, and the bytes, newline included."""

    connection: int
    from_broker: bool
    data: bytes


@attrs.frozen
class Recording:
    """One match.

    Attributes:
        case: what it is called.
        players: how many bots there are.
        roles: `game` or `bot`, by connection, in the order in which they were accepted.
        lines: everything that was said.
    """

    case: str
    players: int
    roles: dict[int, str]
    lines: list[Line]

    def said(self, connection: int, *, from_broker: bool) -> list[bytes]:
        """All that was said on this connection by this side."""
        return [line.data for line in self.lines if (line.connection, line.from_broker) == (connection, from_broker)]


def _read(path: Path) -> Recording:
    header, *entries = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    lines = [
        Line(entry["connection"], entry["direction"] == "from_broker", entry["line"].encode("ascii"))
        for entry in entries
    ]
    roles = {entry["connection"]: entry["role"] for entry in entries}
    return Recording(header["case"], header["players"], roles, lines)


RECORDINGS: Final = [_read(path) for path in sorted(Path(__file__).with_name("golden").glob("*.jsonl"))]


class LinePeer:
    """One end of a connection that speaks lines and looks at their bytes."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._rest = b""

    async def say(self, *lines: bytes) -> None:
        """Send lines, in one write."""
        await self._stream.send_all(b"".join(lines))

    async def hear(self) -> bytes:
        """The next line, newline included; what is left of one, mostly nothing, at the end of the stream."""
        while b"\n" not in self._rest:
            data = await self._stream.receive_some()
            if not data:
                line, self._rest = self._rest, b""
                return line
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line + b"\n"

    async def hear_all(self) -> list[bytes]:
        """All lines to the end of the stream; then close."""
        lines = []
        while line := await self.hear():
            lines.append(line)
        await self.leave()
        return lines

    async def leave(self) -> None:
        """Close."""
        await self._stream.aclose()


async def replay_clients(recording: Recording, connect: Callable[[], Awaitable[trio.abc.Stream]]) -> None:
    """Be game and bots, to a broker that must say what the recorded one said.

    Args:
        recording: the match.
        connect: opens a connection to the broker.
    """
    peers: dict[int, LinePeer] = {}
    for line in recording.lines:
        if line.connection not in peers:
            peers[line.connection] = LinePeer(await connect())
        peer = peers[line.connection]
        if line.from_broker:
            assert in_order(await peer.hear()) == in_order(line.data)
        else:
            await peer.say(line.data)
    for peer in peers.values():
        assert await peer.hear_all() == []


async def replay_broker(recording: Recording, connection: int, client: LinePeer) -> None:
    """Be the broker, to a client that must say what the recorded one on this connection said, and then close."""
    for line in recording.lines:
        if line.connection != connection:
            continue
        if line.from_broker:
            await client.say(line.data)
        else:
            assert await client.hear() == line.data
    assert await client.hear_all() == []


def in_order(line: bytes) -> bytes | list[bytes]:
    """A line as it is; of the list of players the entries, sorted."""
    message = parse_line(line)
    if (message.opcode, message.operand) != (messages.HELLO, messages.PLAYERS):
        return line
    batch = InitialMessageBatchProto.FromString(message.body)
    return sorted(entry.SerializeToString(deterministic=True) for entry in batch.initialMessages)
