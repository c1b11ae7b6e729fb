"""Plays cases, each by real connections with a real broker, beside a match that goes on; takes down what is seen."""

import json
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import trio

from tests.e2e.conftest import PATIENCE, BrokerProcess, fetch, open_broker
from tests.misbehaviour.actor import Actor, Signals
from tests.misbehaviour.beside import match_beside
from tests.misbehaviour.cases import Broker, Case
from tests.misbehaviour.stories import PROPER_GAME, Record, unnumbered
from tests.misbehaviour.table import Do, Script, Side
from tests.misbehaviour.words import MAX_PAYLOAD_BYTES, BotVoice, GameVoice, Voice, Wishes

_PATIENT: Final = 100_000
"""Time-outs that a game bears which is not told beforehand how many there will be."""
_PATIENCE_AFTER: Final = 5.0
_LIMITS: Final = {Side.STRANGER: "handshake-timeout", Side.BOT: "time-limit", Side.GAME: "game-time-limit"}
_VOLATILE: Final = ("match", "version", "began", "seconds", "stalled_seconds")
_VOLATILE_OF_SEATS: Final = ("mean_seconds", "worst_seconds")
_COUNTERS: Final = re.compile(
    r"^bitbroker_(?:connections_)?(?:answers_)?(refused|matches|not_taken)_total\{\w+=\"(.*)\"\} (\S+)$", re.MULTILINE
)


def _flags(kind: Broker, results: Path) -> list[str]:
    limits = dict.fromkeys(_LIMITS.values(), 60)
    if kind.short:
        limits[_LIMITS[kind.side]] = 2
    settings = {
        **limits,
        "resume-grace": 0.2,
        "close-timeout": 0.5,
        "max-payload-bytes": MAX_PAYLOAD_BYTES,
        "on-failure": "tell-game" if kind.tells else "end-match",
        "results": results,
    }
    return [word for name, value in settings.items() for word in (f"--{name}", str(value))]


async def play_all(kind: Broker, cases: Sequence[Case], results: Path) -> dict[Case, Record | BaseException]:
    """Play cases one after the other, with one broker; what is seen of each, or what went wrong.

    The nursery reads the broker's log, until the broker has ended.
    """
    seen: dict[Case, Record | BaseException] = {}
    matches: dict[Case, int] = {}
    async with trio.open_nursery() as nursery:
        broker = await open_broker(*_flags(kind, results))
        nursery.start_soon(broker.read_log)
        try:
            await broker.wait_logged("listening")
            for case in cases:
                play = _Play(broker, case)
                seen[case] = await play.record_or_error()
                matches[case] = play.match
            before = len(broker.log)
            assert await broker.stop() == 0
            assert _errors(broker, before) == []
        finally:
            broker.process.kill()  # if it went wrong
    return {case: _with_result(record, matches[case], case, results) for case, record in seen.items()}


def _errors(broker: BrokerProcess, before: int) -> list[str]:
    """What errors the broker has logged behind so many entries."""
    return [entry["event"] for entry in broker.log[before:] if entry["level"] == "error"]


def _with_result(record: Record | BaseException, match: int, case: Case, results: Path) -> Record | BaseException:
    """Add what the results file has, if there was a match."""
    if isinstance(record, Record) and match:
        lines = map(json.loads, results.read_text(encoding="utf-8").splitlines())
        record.result = _steady_part(next(line for line in lines if line["match"] == match), case)
    return record


def _steady_part(line: dict[str, Any], case: Case) -> dict[str, Any]:
    """What of a results line is the same each time."""
    for name in _VOLATILE:
        del line[name]
    for seat in line["seats"]:
        for name in _VOLATILE_OF_SEATS:
            del seat[name]
        if case.row.many:
            seat["moves"] = min(seat["moves"], 1)
    if case.row.many:
        del line["turns"]
    return line


class _Play:
    """One case.

    Attributes:
        match: its number in the broker; 0 where there is none.
    """

    def __init__(self, broker: BrokerProcess, case: Case) -> None:
        self.match = 0
        self._broker = broker
        self._case = case
        self._signals = Signals()
        self._actors: dict[str, Actor] = {}
        self._numbers: dict[str, int] = {}
        self._errands: dict[Do, Callable[[], Awaitable[None]]] = {
            Do.HOLD_BROKER: self._hold_broker,
            Do.FREE_BROKER: self._free_broker,
            Do.UNTIL_OUT: self._wait_until_out,
            Do.OVER: self._wait_over,
            Do.TOLD: self._wait_counted,
        }
        self._before: dict[str, int] = {}

    async def record_or_error(self) -> Record | BaseException:
        """Play it, and see what comes of it; or what went wrong, so that other cases are played all the same."""
        try:
            with trio.fail_after(PATIENCE):
                return await self._record()
        except Exception as error:  # noqa: BLE001 - the test of this case raises it
            await self._wait_gone()
            return error

    async def _record(self) -> Record:
        logged = len(self._broker.log)
        before = self._before = await self._count()
        async with match_beside(self._broker) as beside:
            self._errands[Do.BESIDE] = lambda: beside.wait_turns(10)
            try:
                if self._case.row.side is Side.STRANGER:
                    await self._play_stranger()
                else:
                    await self._play_match()
                endings = {who: await self._ending(who) for who in self._actors}
            finally:
                for actor in self._actors.values():
                    await actor.aclose()
        after = await self._count()
        heard = {who: actor.heard for who, actor in self._actors.items()}
        if self._case.row.many:
            heard = {who: unnumbered(words) for who, words in heard.items()}
        counted = {name: after[name] - before[name] for name in after if after[name] > before[name]}
        return Record(heard, endings, counted, errors=_errors(self._broker, logged))

    async def _count(self) -> dict[str, int]:
        """The broker's counters of what ended how."""
        _, page = await fetch(f"{self._broker.url}/metrics")
        return {
            f"{kind.replace('_', ' ')} {name}": int(float(value))
            for kind, name, value in _COUNTERS.findall(page.decode())
        }

    # Who plays.

    async def _play_stranger(self) -> None:
        await self._enter("stranger", BotVoice(self._case.wire, "stranger"))
        async with self._running({"stranger": self._case.row.script}):
            await self._ending("stranger")

    async def _play_match(self) -> None:
        case, row = self._case, self._case.row
        wishes = Wishes(case.policy, _PATIENT if row.many else 0)
        self.match = 1 + len(self._broker.entries("match began"))
        await self._enter("bot", BotVoice(case.bot, "bot"))
        await self._enter("other", BotVoice(case.other, "other"))
        await self._enter("game", GameVoice(case.game, "game", wishes))
        await self._broker.wait_logged("match began", match=self.match)
        async with self._running(self._scripts()):
            await self._wait_over()

    def _scripts(self) -> dict[str, Script]:
        row = self._case.row
        if row.side is Side.BOT:
            return {"bot": row.script, "game": row.game or PROPER_GAME, "other": ()}
        return {"game": row.script, "bot": row.bot, "other": (Do.ECHO,) if row.many else ()}

    async def _enter(self, who: str, voice: Voice) -> Actor:
        """Let a participant in; the broker has accepted it before the next one."""
        case, row = self._case, self._case.row
        actor = self._actors[who] = Actor(voice, case.framing_of(who), self._signals, self._errands)
        number = 1 + max((entry["connection"] for entry in self._broker.entries("connection opened")), default=0)
        self._numbers[who] = number
        mine = who == row.side
        await actor.connect(
            self._broker.port,
            narrow=mine and row.narrow,
            process=mine and row.process,
            bare=mine and row.bare,
        )
        await self._broker.wait_logged("connection opened", connection=number)
        if row.side is not Side.STRANGER:
            await actor.say("hello")
        return actor

    @asynccontextmanager
    async def _running(self, scripts: Mapping[str, Script]) -> AsyncIterator[None]:
        """Have scripts run; who listens hears all that there is to hear, and who does not is left alone in the end.

        The nursery has a task for each; it ends when all have, but for the one that misbehaves and does not listen.
        """
        row = self._case.row
        ends = {who: trio.Event() for who in scripts}
        async with trio.open_nursery() as nursery:
            for who, script in scripts.items():
                nursery.start_soon(self._run, who, script, ends[who])
            yield
            for who, end in ends.items():
                if who != row.side or row.listens:
                    await end.wait()
            nursery.cancel_scope.cancel()

    async def _run(self, who: str, script: Script, end: trio.Event) -> None:
        actor = self._actors[who]
        if self._case.row.side is not Side.STRANGER:
            await actor.take_seat()
        await actor.run(script)
        end.set()

    # What the broker does.

    async def _hold_broker(self) -> None:
        """Nothing of what is said from here on is read before it is freed."""
        process = self._broker.process
        process.send_signal(signal.SIGSTOP)
        await trio.to_thread.run_sync(os.waitid, os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)

    async def _free_broker(self) -> None:
        self._broker.process.send_signal(signal.SIGCONT)
        await trio.lowlevel.checkpoint()

    async def _wait_gone(self) -> None:
        """After a case that went wrong: so that the next one is not counted what is left of it."""
        with trio.move_on_after(_PATIENCE_AFTER):
            await self._free_broker()
            if self._broker.entries("match began", match=self.match):
                await self._wait_over()
            for who in self._numbers:
                await self._ending(who)

    async def _wait_over(self) -> None:
        await self._broker.wait_logged("match over", match=self.match)

    async def _wait_counted(self) -> None:
        """Until a late answer has been counted, or there is no match any more in which it could be."""
        late = "not taken time-limit"
        while not self._broker.entries("match over", match=self.match):
            if (await self._count()).get(late, 0) > self._before.get(late, 0):
                return

    async def _wait_until_out(self) -> None:
        """One of this match's players is, or there is no match any more."""
        async with trio.open_nursery() as nursery:

            async def wait(event: str) -> None:
                await self._broker.wait_logged(event, match=self.match)
                nursery.cancel_scope.cancel()

            nursery.start_soon(wait, "player out")
            nursery.start_soon(wait, "match over")

    async def _ending(self, who: str) -> str:
        entry = await self._broker.wait_logged("connection over", connection=self._numbers[who])
        if self._case.row.side is Side.STRANGER:
            return f"{entry['ending']}: {entry['detail']}"
        ending: str = entry["ending"]
        return ending
