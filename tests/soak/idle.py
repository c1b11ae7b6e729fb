"""Connections that do nothing: what each costs the broker. Clients are in several processes, which hold their ends."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import basic, extended
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming
from bitbroker.wire.websocket import ClientWebSocketFraming
from tests.soak.broker import soaked_broker

_HOST: Final = "127.0.0.1"
_CROWDS: Final = 2
_MESSAGE_BYTES: Final = 1 << 16
_BASIC: Final = (basic.BOT_HELLO, basic.bot_info("idle"))
_EXTENDED: Final = (extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, name="idle")),)

_KINDS: Final[dict[str, tuple[Callable[[], Framing], tuple[Message, ...]]]] = {
    "basic wire, lines": (lambda: LineFraming(_MESSAGE_BYTES), _BASIC),
    "extended wire, length-prefixed": (lambda: PrefixedFraming(_MESSAGE_BYTES), _EXTENDED),
    "extended wire, WebSocket": (lambda: ClientWebSocketFraming(_MESSAGE_BYTES, "idle", "/"), _EXTENDED),
}
KINDS: Final = (*_KINDS,)


@attrs.frozen
class Idle:
    """What so many connections of a kind cost.

    Attributes:
        kind: how they speak.
        connections: how many, all of bots that wait for a game.
        bytes_each: of the broker's resident memory, for each.
        blocks_each: of Python's, for each.
        descriptors_each: that the broker has open, for each.
        seconds: until all were let in.
    """

    kind: str
    connections: int
    bytes_each: float
    blocks_each: float
    descriptors_each: float
    seconds: float


def measure(kind: str, count: int, folder: Path) -> Idle:
    """Connect so many bots to a broker of their own, and let them wait."""
    most = str(count + 100)
    limits = ("--max-connections", "--max-connections-per-address", "--max-waiting")
    flags = [word for flag in limits for word in (flag, most)]
    with soaked_broker(folder, "--max-handshakes-per-second", "0", *flags) as broker:
        began = time.monotonic()
        before = broker.sample(0)
        crowds = [_start_crowd(broker.port, kind, count // _CROWDS) for _ in range(_CROWDS)]
        try:
            while broker.metrics()["bitbroker_waiting"] < count:
                time.sleep(0.1)
            after = broker.sample(time.monotonic() - began)
        finally:
            for crowd in crowds:
                crowd.communicate()
    return Idle(
        kind,
        count,
        (after.resident_bytes - before.resident_bytes) / count,
        (after.blocks - before.blocks) / count,
        (after.descriptors - before.descriptors) / count,
        after.seconds,
    )


def _start_crowd(port: int, kind: str, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.soak.idle", str(port), kind, str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


def hold(port: int, kind: str, count: int) -> None:
    """Connect so many bots that wait for a game, and hold them until standard input ends."""
    held = [_connect(port, kind) for _ in range(count)]
    sys.stdin.read()
    for sock in held:
        sock.close()


def _connect(port: int, kind: str) -> socket.socket:
    make_framing, words = _KINDS[kind]
    framing = make_framing()
    sock = socket.create_connection((_HOST, port))
    if upgrade := framing.take_replies():
        sock.sendall(upgrade)
        framing.feed(sock.recv(_MESSAGE_BYTES))
        assert framing.next_message() is None
    sock.sendall(framing.encode(words))
    return sock


if __name__ == "__main__":
    hold(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
