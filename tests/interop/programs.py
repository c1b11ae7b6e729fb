"""The programs that meet: brokers, games and bots, each ours or the crate's, started as processes."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

import attrs

from tests.interop.processes import Child, Party

HOST: Final = "127.0.0.1"
BUILT: Final = Path(__file__).parent / "rust" / "target" / "release"
NAMES: Final = {"plain": "plain", "foreign": "Зоя 📡", "empty": "", "long": "n" * 64}
"""Names of bots by their keys, as in rust/src/bin/bot.rs."""


class Kind(StrEnum):
    """Whose program it is."""

    OURS = "ours"
    CRATE = "the crate's"


class Broker(Protocol):
    """A broker that listens."""

    port: int
    child: Child

    async def wait_arrived(self, clients: int) -> None:
        """Wait until so many games and bots have connected, those that have left included."""


class OurBroker:
    """`bitbroker serve`."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.port = 0

    async def wait_listening(self) -> None:
        """Wait until it listens, and learn where."""
        self.port = (await self.entry("listening"))["port"]

    async def wait_arrived(self, clients: int) -> None:
        """Wait until so many have connected."""
        await self.child.wait_said('"connection opened"', clients)

    async def entry(self, event: str, **fields: object) -> dict[str, Any]:
        """The first log entry of this event with these fields, when it is there."""

        def fits(line: str) -> bool:
            entry = json.loads(line)
            return all(entry.get(key) == value for key, value in {"event": event, **fields}.items())

        entry: dict[str, Any] = json.loads(await self.child.find(fits))
        return entry


class CrateBroker:
    """The crate's `run_broker`; what it logs says how far it is."""

    def __init__(self, child: Child, port: int) -> None:
        self.child = child
        self.port = port

    async def wait_listening(self) -> None:
        """Wait until it listens."""
        await self.child.wait_said("Tcp listener setup")

    async def wait_arrived(self, clients: int) -> None:
        """Wait until so many have connected and said hello."""
        await self.child.wait_said("Handling new ", clients)


async def open_broker(party: Party, kind: Kind, players: int, *flags: str) -> Broker:
    """A broker that listens on a free port.

    Args:
        party: where it is started.
        kind: whose.
        players: how many players a match has.
        flags: more flags for ours; the crate's has none.
    """
    if kind is Kind.OURS:
        serve = ["-m", "bitbroker", "serve", "--players", str(players), "--port", "0", "--http-port", "0"]
        ours = OurBroker(await party.start(sys.executable, *serve, "--log-format", "json", *flags))
        await ours.wait_listening()
        return ours
    with _reserved_port() as port:
        crates = CrateBroker(await party.start(str(BUILT / "broker"), str(port), str(players)), port)
        await crates.wait_listening()
        return crates


@contextmanager
def _reserved_port() -> Iterator[int]:
    """A free port that stays ours until the crate's broker, which cannot pick one itself, listens on it.

    Both sockets have SO_REUSEADDR and only one listens, so both may be bound; nobody else is given the port.
    """
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, 0))
        yield sock.getsockname()[1]


async def start_bot(party: Party, kind: Kind, port: int, tag: int, name: str, *, pause_at: int | None = None) -> Child:
    """A bot that answers by its tag.

    Args:
        party: where it is started.
        kind: whose.
        port: the broker's.
        tag: 1 to 255, another one for each bot of a match.
        name: a key of `NAMES`.
        pause_at: of the crate's: in which turn of its own, from 0, to pause.
    """
    if kind is Kind.OURS:
        return await party.start(sys.executable, "-m", "tests.interop.bot", str(port), str(tag), NAMES[name])
    pause = () if pause_at is None else (str(pause_at),)
    return await party.start(str(BUILT / "bot"), str(port), str(tag), name, *pause)


async def start_game(
    party: Party, kind: Kind, port: int, turns: int, size: int, *, pause_at: int = -1, first_player: int = 0
) -> Child:
    """A game that checks every answer.

    Args:
        party: where it is started.
        kind: whose.
        port: the broker's.
        turns: how many.
        size: of its states, in bytes.
        pause_at: of the crate's: in which turn, from 0, to pause; -1 for none.
        first_player: of the crate's: whom to ask in turn 0.
    """
    words = [str(port), str(turns), str(size)]
    if kind is Kind.OURS:
        return await party.start(sys.executable, "-m", "tests.interop.game", *words)
    return await party.start(str(BUILT / "game"), *words, str(pause_at), str(first_player))


def expected_name(kind: Kind, name: str) -> str:
    """The name that a bot of this kind has by this key: ours takes its class's name where it has none."""
    return "Bot" if kind is Kind.OURS and not NAMES[name] else NAMES[name]


@attrs.frozen
class Report:
    """What a game has printed.

    Attributes:
        seats: name and tag of the bot in each; the tag is 0 where no answer has told it.
        turns: how many were played.
        wrong: how many answers were not what the bot in that seat answers.
        seconds: from the first trigger to the last response.
    """

    seats: list[tuple[str, int]]
    turns: int
    wrong: int
    seconds: float


def read_report(game: Child) -> Report:
    """The report of a game that has ended."""
    words = [line.split(" ") for line in game.out]
    names = {int(line[1]): bytes.fromhex(line[2]).decode() for line in words if line[0] == "player"}
    tags = {int(line[1]): int(line[2]) for line in words if line[0] == "tag"}
    sums = {line[0]: line[1] for line in words if len(line) == 2}
    seats = [(names[seat], tags[seat]) for seat in range(len(names))]
    return Report(seats, int(sums["turns"]), int(sums["wrong"]), float(sums["seconds"]))
