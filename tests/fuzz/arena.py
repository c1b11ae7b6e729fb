"""A whole broker in memory, and six clients that do what a script says: whatever that is, the broker is itself.

Connections and coordinator are the real ones, over socket pairs, on a virtual clock. Raised, and so a finding, is

- what reaches the outside, and what is logged as an error: a fault of the broker in a match or a connection;
- a match or a connection that is left when all clients are gone, or an ending that was not told;
- what is still in memory then.

An input is a byte for the settings, and a script.
"""

import gc
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import structlog
import trio
import trio.testing

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.greeting import Role
from bitbroker.broker.stream import MessageStream
from bitbroker.broker.table import Participant, Table
from bitbroker.errors import BitbrokerError
from bitbroker.settings import FailurePolicy, Reading, Settings, Surplus
from bitbroker.wire import extended
from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming
from bitbroker.wire.websocket import ClientWebSocketFraming
from tests.fuzz import script
from tests.fuzz.script import Written
from tests.shell.conftest import Peer, Shell

_NO_LIMIT: Final = 1 << 26
LONGEST: Final = 3700.0
"""By then the broker has forgotten all there was: the longest delay of spectators is an hour."""
_MOST_AGAIN: Final = 64


def fuzz_broker(data: bytes) -> None:
    """Do what the script says, and look at what is left."""
    log, left = play(data)
    ours = [entry for entry in log if entry["log_level"] == "error" or "broker-fault" in entry.values()]
    assert not ours, f"faults of the broker: {ours}"
    assert not left, f"left when all have gone: {left}"
    opened, over = (_count(log, event) for event in ("connection opened", "connection over"))
    assert opened == over, f"{opened} connections, {over} endings"
    began, ended = (_count(log, event) for event in ("match began", "match over"))
    assert began == ended, f"{began} matches, {ended} outcomes"


def play(data: bytes) -> tuple[list[Any], list[str]]:
    """Do what the script says; what the broker logged, and what is left of it all."""
    with _log_kept() as log:
        left = trio.run(_play, data, clock=trio.testing.MockClock(autojump_threshold=0)) if data else []
    return log, left


def _count(entries: Sequence[Any], event: str) -> int:
    return sum(entry["event"] == event for entry in entries)


@contextmanager
def _log_kept() -> Iterator[list[Any]]:
    """Keep the log, exceptions with their tracebacks."""
    kept = structlog.testing.LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, kept])
    try:
        yield kept.entries
    finally:
        structlog.configure(**before)


def _settings(choice: int) -> Settings:
    return Settings(
        num_players=1 + (choice & 1),
        reading=Reading.TASK if choice & 2 else Reading.POLLER,
        surplus=Surplus.REFUSE if choice & 4 else Surplus.WAIT,
        on_failure=list(FailurePolicy)[(choice >> 3) % len(FailurePolicy)],
        resume_grace=1.0 if choice & 0x20 else 0.0,
        max_payload_bytes=1024,
        max_waiting=4,
        max_connections=5,
        max_spectators=2,
        time_limit=1.0,
        game_time_limit=5.0,
        handshake_timeout=2.0,
        spectator_buffer_bytes=2048,
    )


async def _play(data: bytes) -> list[str]:
    settings = _settings(data[0])
    async with trio.open_nursery() as nursery:
        arena = _Arena(nursery, settings)
        await arena.follow(Written(data[1:]))
        await arena.leave()
        # Mostly it takes two seconds. Each costs twenty steps of the virtual clock, since the broker's heart beats.
        until = trio.current_time() + LONGEST
        pause = 1.0
        while (left := arena.left()) and trio.current_time() < until:
            await trio.sleep(pause)
            pause *= 2
        nursery.cancel_scope.cancel()
    arena.shell.close()
    return left


class _Client:
    """One connection of a script's client: a connection that may be spoiled, and the key that it was given."""

    def __init__(self) -> None:
        self.peer: Peer | None = None
        self.framing: Framing = LineFraming(_NO_LIMIT)
        self.key = ""
        self.said = b""

    def connect(self, shell: Shell, kind: int) -> None:
        """In place of an older connection, if there is one."""
        self.leave(0)
        self.framing = _open_framing(kind)
        self.peer = shell.connect(self.framing)
        self.send(self.framing.take_replies())

    def say(self, message: Message) -> None:
        """In its framing, as far as there is a connection."""
        self.send(self.framing.encode([message]))

    def send(self, data: bytes) -> None:
        """What the socket takes of it."""
        self.said = data
        if self.peer is not None:
            with suppress(OSError):
                self.peer.socket.send(data)

    def listen(self) -> None:
        """All that is there to hear, for the key in it."""
        if self.peer is None:
            return
        try:
            while data := self.peer.socket.recv(1 << 16):
                self.framing.feed(data)
        except OSError:
            pass
        with suppress(BitbrokerError):
            while (message := self.framing.next_message()) is not None:
                if extended.code(message) == extended.WELCOME:
                    self.key = extended.parse(message, pb.Welcome).resume_key
            self.send(self.framing.take_replies())

    def leave(self, manner: int) -> None:
        """Close, or shut down writing alone."""
        if self.peer is None:
            return
        if manner % 2:
            with suppress(OSError):
                self.peer.socket.shutdown(socket.SHUT_WR)
        else:
            self.peer.socket.close()
            self.peer = None


def _open_framing(kind: int) -> Framing:
    match kind % 3:
        case 0:
            return LineFraming(_NO_LIMIT)
        case 1:
            return PrefixedFraming(_NO_LIMIT)
        case _:
            return ClientWebSocketFraming(_NO_LIMIT, "localhost", "/")


class _Arena:
    """The broker, and its clients.

    Attributes:
        shell: coordinator and connections.
    """

    def __init__(self, nursery: trio.Nursery, settings: Settings) -> None:
        self.shell = Shell(nursery, settings)
        self._clients = [_Client() for _ in range(script.CLIENTS)]

    async def follow(self, written: Written) -> None:
        """Do what is written, step by step."""
        while not written.over:
            what = written.byte()
            client = self._clients[written.byte() % len(self._clients)]
            await self._take_step(what & ~script.AT_ONCE, client, written)
            if not what & script.AT_ONCE:
                await trio.testing.wait_all_tasks_blocked()

    async def _take_step(self, what: int, client: _Client, written: Written) -> None:
        match what % script.STEPS:
            case script.CONNECT:
                client.connect(self.shell, written.byte())
            case script.RAW:
                client.send(written.take(written.byte()))
            case script.LISTEN:
                client.listen()
            case script.SLEEP:
                await trio.sleep(script.SLEEPS[written.byte() % len(script.SLEEPS)])
            case script.LEAVE:
                client.leave(written.byte())
            case script.AGAIN:
                for _ in range(written.byte() % _MOST_AGAIN):
                    client.send(client.said)
            case saying:
                client.say(_message(saying, client.key, written))

    async def leave(self) -> None:
        """All clients go."""
        for client in self._clients:
            client.leave(0)
        await trio.testing.wait_all_tasks_blocked()

    def left(self) -> list[str]:
        """What is there still, when nobody is: nothing but records should be."""
        coordinator = self.shell.coordinator
        waiting = sum(coordinator.lobby.count(role) for role in Role)
        counts = {
            "matches": coordinator.matches_running,
            "connections": self.shell.tally.connections_open,
            "who waits": waiting,
        }
        gc.collect()
        objects = [each for each in gc.get_objects() if isinstance(each, MessageStream | Participant | Table)]
        return [name for name, count in counts.items() if count] + [f"in memory: {each}" for each in objects]


def _message(saying: int, key: str, written: Written) -> Message:
    match saying:
        case script.BASIC:
            return written.basic_word()
        case script.HELLO:
            return written.hello(key)
        case script.TURN:
            return written.turn()
        case script.DECISION:
            return written.decision()
        case script.EXTENDED:
            return written.extended_word()
        case _:
            return written.any_message()
