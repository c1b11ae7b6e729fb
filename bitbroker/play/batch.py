"""Matches, one or many: plan them, play so many at a time, write down how they ended."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import attrs
import trio

from bitbroker.play.child import Guard, running_guard
from bitbroker.play.match import MatchTable, Plan, Result, Watcher
from bitbroker.play.results import Batch, ResultsFile, describe_result
from bitbroker.settings import Settings

EXIT_OK: Final = 0
EXIT_NOT_COMPLETED: Final = 3
EXIT_INTERRUPTED: Final = 130


@attrs.frozen
class Order:
    """What the user asked for.

    Attributes:
        batch: game, bots, seed, seats.
        matches: how many.
        parallel: how many at a time.
        join_timeout: for how long to wait for all processes of a match to connect, in seconds.
        log_folder: where to keep what processes write; None for nowhere.
    """

    batch: Batch
    matches: int
    parallel: int
    join_timeout: float
    log_folder: Path | None


class View(Watcher, Protocol):
    """Who looks on at a batch."""

    def begin(self, plan: Plan) -> None:
        """A match is being set up."""

    def end(self, result: Result) -> None:
        """A match is over."""


def plan_matches(order: Order) -> Iterator[Plan]:
    """Every match of a batch."""
    batch = order.batch
    count = len(batch.bots)
    for index in range(order.matches):
        shift = index if batch.rotate_seats else 0
        seats = [(seat + shift) % count for seat in range(count)]
        yield Plan(index + 1, batch.seed + index, batch.game, batch.bots, seats)


class Player:
    """Plays a batch.

    Attributes:
        results: a line for each match that is over, those of an earlier run included.
        interrupted: whether it was ended before it was done.
    """

    def __init__(self, order: Order, settings: Settings, view: View, file: ResultsFile | None) -> None:
        self._order = order
        self._settings = settings
        self._view = view
        self._file = file
        self.results: list[dict[str, Any]] = list(file.played) if file else []
        self.interrupted = False

    async def run(self) -> int:
        """Play what is not played yet.

        Owns a nursery with as many tasks as matches may run at a time; it ends when all matches are over, or with
        SIGINT or SIGTERM, which kills all processes and counts unfinished matches as not played.

        Returns:
            The process's exit code.
        """
        played = {result["match"] for result in self.results}
        plans = (plan for plan in plan_matches(self._order) if plan.number not in played)
        with running_guard() as guard:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._end_by_signal, nursery.cancel_scope)
                async with trio.open_nursery() as tables:
                    for _ in range(self._order.parallel):
                        tables.start_soon(self._play, plans, guard)
                nursery.cancel_scope.cancel()
        return self._exit_code()

    async def _end_by_signal(self, scope: trio.CancelScope, *, task_status: trio.TaskStatus[None]) -> None:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            await anext(signals)
            self.interrupted = True
            scope.cancel()

    async def _play(self, plans: Iterator[Plan], guard: Guard) -> None:
        for plan in plans:
            self._view.begin(plan)
            table = MatchTable(plan, self._settings, self._order.join_timeout, self._view)
            result = await table.play(guard, self._make_log_folder(plan))
            line = describe_result(result, self._order.batch)
            if self._file is not None:
                self._file.append(line)
            self.results.append(line)
            self._view.end(result)

    def _make_log_folder(self, plan: Plan) -> Path | None:
        if self._order.log_folder is None:
            return None
        folder = self._order.log_folder / f"match-{plan.number:0{len(str(self._order.matches))}}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _exit_code(self) -> int:
        if self.interrupted:
            return EXIT_INTERRUPTED
        completed = all(result["cause"] == "completed" for result in self.results)
        return EXIT_OK if completed else EXIT_NOT_COMPLETED
