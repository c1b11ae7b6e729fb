"""One match with processes: a broker for it alone, its game and its bots."""

import itertools
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Final, Protocol

import attrs
import trio

import bitbroker
from bitbroker.broker.connection import Reception
from bitbroker.broker.coordinator import Coordinator
from bitbroker.broker.greeting import Role
from bitbroker.broker.listener import NumberedListener
from bitbroker.broker.record import MatchRecord, SeatRecord
from bitbroker.broker.snapshot import Tally
from bitbroker.broker.stream import framings
from bitbroker.errors import Cause
from bitbroker.match import Outcome
from bitbroker.play.child import Child, Guard, StartError
from bitbroker.settings import Settings

HOST: Final = "127.0.0.1"
_WATCH_SECONDS: Final = 0.125
_GAMES_CAUSE: Final = {Cause.DISCONNECTED: Cause.GAME_LOST}
_LEAVE_SECONDS: Final = 2.0
"""How long a child may take to end after its match, before it is asked to, and as long again before it is killed."""


@attrs.frozen
class Plan:
    """What is to be played.

    Attributes:
        number: of the match, from 1.
        seed: for this match.
        game: the game's command.
        bots: the bots' commands, as on the command line.
        order: which bot sits in each seat.
    """

    number: int
    seed: int
    game: str
    bots: Sequence[str]
    order: Sequence[int]


@attrs.frozen
class Result:
    """How a match ended.

    Attributes:
        plan: what was to be played.
        record: what the broker says of it.
        scores: by seat, if the game handed them in.
        children: the game and then the bots by seat, all of them ended.
    """

    plan: Plan
    record: MatchRecord
    scores: Sequence[float] | None
    children: Sequence[Child]

    @property
    def completed(self) -> bool:
        """Whether the game itself said that it is over."""
        return self.record.cause is Cause.COMPLETED

    @property
    def began(self) -> bool:
        """Whether everyone joined, so that there was a match."""
        return self.record.seconds > 0

    @property
    def culprit(self) -> Child | None:
        """Whose fault the end was, if a process's."""
        if self.record.seat is not None:
            return self.children[1 + self.record.seat]
        return self.children[0] if self.record.at_fault == "game" else None


class Watcher(Protocol):
    """Who looks on."""

    def hear(self, plan: Plan, label: str, kind: str, text: str) -> None:
        """A child has written a line."""

    def see(self, plan: Plan, record: MatchRecord) -> None:
        """This is how the match stands."""


class MatchTable:
    """Where one match is played: a port for each process, so that each sits where it is meant to."""

    def __init__(self, plan: Plan, settings: Settings, join_timeout: float, watcher: Watcher) -> None:
        self._plan = plan
        self._watcher = watcher
        self._join_timeout = join_timeout
        tally = Tally()
        self._coordinator = Coordinator(settings, tally, self._keep)
        self._reception = Reception(self._coordinator, settings, tally)
        self._children = [Child("game", plan.game), *(Child(f"bot {bot + 1}", plan.bots[bot]) for bot in plan.order)]
        self._record: MatchRecord | None = None
        self._over = trio.Event()
        self._listeners: list[trio.SocketListener] = []
        self._accepting = trio.CancelScope()

    async def play(self, guard: Guard, log_folder: Path | None) -> Result:
        """Play the match.

        Owns a nursery with its broker, and within it one with its processes, which ends when all of them have.

        Args:
            guard: ends the processes if this one cannot.
            log_folder: where to keep what they write; None for nowhere.
        """
        with tempfile.TemporaryDirectory(prefix="bitbroker-") as folder:
            scores = Path(folder) / "scores"
            async with trio.open_nursery() as broker:
                broker.start_soon(self._coordinator.run)
                ports = [await self._listen() for _ in self._children]
                broker.start_soon(self._accept, broker)
                async with trio.open_nursery() as processes:
                    for child, port in zip(self._children, ports, strict=True):
                        processes.start_soon(self._run_child, child, port, scores, guard, log_folder)
                    processes.start_soon(self._watch)
                    await self._wait_over()
                    await self._see_out()
                    processes.cancel_scope.cancel()
                broker.cancel_scope.cancel()
            assert self._record is not None
            given = _scores_of(self._record) or _read_scores(scores, len(self._plan.order))
            return Result(self._plan, self._record, given, self._children)

    async def _listen(self) -> int:
        (listener,) = await trio.open_tcp_listeners(0, host=HOST)
        self._listeners.append(listener)
        port: int = listener.socket.getsockname()[1]
        return port

    async def _accept(self, handlers: trio.Nursery) -> None:
        """Accept, until the match is over; a connection's number is its process's place, so that seats go by it."""
        spoken = framings(())
        numbered = [
            NumberedListener(each, itertools.repeat(place), spoken) for place, each in enumerate(self._listeners)
        ]
        with self._accepting:
            await trio.serve_listeners(self._reception.run_connection, numbered, handler_nursery=handlers)

    def _stop_listening(self) -> None:
        """Let who would stay for another match find nobody, instead of a broker that sends it away again and again.

        The sockets are closed here and now, before anyone hears that the match is over: who came in between would be
        reset.
        """
        self._accepting.cancel()
        for listener in self._listeners:
            listener.socket.close()

    async def _run_child(self, child: Child, port: int, scores: Path, guard: Guard, log_folder: Path | None) -> None:
        place = self._children.index(child)
        values = {"host": HOST, "port": str(port), "seed": str(self._plan.seed), "python": sys.executable}
        environment = {
            "BROKER_HOST": HOST,
            "BROKER_PORT": str(port),
            "BROKER_SEED": str(self._plan.seed),
            "BROKER_SCORES": str(scores) if place == 0 else "",
            "PYTHONUNBUFFERED": "1",
        }
        try:
            await child.start(environment, values, guard)
        except StartError as error:
            self._miss(place, Cause.DISCONNECTED, str(error))
            return
        hear = partial(self._watcher.hear, self._plan, child.label)
        code = await child.run(guard, hear, log_folder)
        self._miss(place, Cause.DISCONNECTED, f"it ended with exit code {code} before the match began")

    async def _watch(self) -> None:
        while True:
            await trio.sleep(_WATCH_SECONDS)
            for record in self._coordinator.matches():
                self._watcher.see(self._plan, record)

    async def _wait_over(self) -> None:
        with trio.move_on_after(self._join_timeout):
            await self._over.wait()
        if self._coordinator.seating and not self._over.is_set():
            place = self._first_missing()
            detail = f"it did not join within {self._join_timeout:g} s, or joined as something else"
            self._miss(place, Cause.TIME_LIMIT if place else Cause.GAME_TIME_LIMIT, detail)
        await self._over.wait()

    async def _see_out(self) -> None:
        """Wait for the processes to end; ask those that do not; who is left is killed when this returns."""
        self._coordinator.stop_seating()
        for ask in (True, False):
            with trio.move_on_after(_LEAVE_SECONDS):
                for child in self._children:
                    await child.wait()
                return
            for child in self._children if ask else ():
                child.ask_to_end()

    def _keep(self, record: MatchRecord) -> None:
        self._stop_listening()
        self._record = attrs.evolve(record, match=self._plan.number)
        self._over.set()

    def _miss(self, place: int, cause: Cause, detail: str) -> None:
        """A process is not there and the match has not begun: so it never will."""
        if self._over.is_set() or not self._coordinator.seating:
            return
        seat = place - 1 if place else None
        outcome = Outcome(cause if place else _GAMES_CAUSE.get(cause, cause), seat, 0, 0.0, detail)
        names = {waiting.stream.number: waiting.name for waiting in self._coordinator.lobby.everybody()}
        self._keep(
            MatchRecord(
                match=self._plan.number,
                version=bitbroker.__version__,
                name="",
                began=datetime.now(UTC).isoformat(timespec="milliseconds"),
                seconds=0.0,
                turns=0,
                asked=[],
                remaining_seconds=None,
                cause=outcome.cause,
                at_fault=outcome.at_fault,
                seat=seat,
                detail=detail,
                reason="",
                spectators=0,
                seats=[SeatRecord(seat, names.get(seat + 1, "")) for seat in range(len(self._plan.order))],
            )
        )

    def _first_missing(self) -> int:
        there = {(waiting.role, waiting.stream.number) for waiting in self._coordinator.lobby.everybody()}
        roles = [Role.GAME, *(Role.BOT for _ in self._plan.order)]
        return next((place for place, role in enumerate(roles) if (role, place) not in there), 0)


def _scores_of(record: MatchRecord) -> Sequence[float] | None:
    """What the game said with its end, on the extended wire; None if that is not a score for each seat."""
    scores = [seat.score for seat in record.seats if seat.score is not None]
    return scores if len(scores) == len(record.seats) else None


def _read_scores(path: Path, seats: int) -> Sequence[float] | None:
    """What the game handed in; None if that is nothing, or not a score for each seat."""
    try:
        scores = [float(score) for score in json.loads(path.read_text(encoding="utf-8"))["scores"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return scores if len(scores) == seats and all(map(isfinite, scores)) else None
