"""A process of the soak's clients: so many matches at once, one after the other in each place, all by their scripts.

Each client writes a line of JSON when its match is over: what it saw and did, by its own clock.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, TextIO

import attrs
import trio

from bitbroker.wire.framing import Framing
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.prefixed import PrefixedFraming
from tests.soak import basic_players, extended_players, scripts
from tests.soak.lines import Line, Report
from tests.soak.scripts import BotScript, GameScript

_PATIENCE: Final = 60.0
"""Seconds after which a client that has heard nothing of an end counts as hung."""
_EXTENDED_SHARE: Final = 0.3
_MESSAGE_BYTES: Final = 1 << 16


@attrs.frozen
class Crowd:
    """The clients of one process.

    Attributes:
        port: the broker's.
        number: of this process; its addresses and names have it.
        limit: the time limit of a bot, as clients know it.
        mischief: how probable it is that a client misbehaves.
        random: decides who does what.
        reports: where to write.
    """

    port: int
    number: int
    limit: float
    mischief: float
    random: Random
    reports: TextIO

    async def play_all(self, matches: range, places: int) -> None:
        """Play these matches, so many at once; ends when all are over. Owns a nursery with a task for each place."""
        numbers = iter(matches)
        async with trio.open_nursery() as nursery:
            for place in range(places):
                nursery.start_soon(self._play_in_place, place, numbers)

    async def _play_in_place(self, place: int, numbers: Iterator[int]) -> None:
        source = f"127.0.{self.number + 1}.{place % 250 + 1}"
        for number in numbers:
            await self._play(source, f"{self.number}-{number}")

    async def _play(self, source: str, who: str) -> None:
        """A game and its bots, in a nursery that ends with the last of them.

        Those of the basic wire may meet others, since all wait in one lobby; as many games and bots come to it.
        """
        is_extended = self.random.random() < _EXTENDED_SHARE
        game, bots = scripts.cast(self.random, who, is_extended, self.mischief)
        async with trio.open_nursery() as nursery:
            if is_extended:
                room = f"room {who}"
                nursery.start_soon(self._run_extended_game, source, game, room)
                for bot in bots:
                    nursery.start_soon(self._run_extended_bot, source, bot, room)
            else:
                nursery.start_soon(self._run_game, source, game)
                for bot in bots:
                    nursery.start_soon(self._run_bot, source, bot)

    async def _run_game(self, source: str, script: GameScript) -> None:
        report = Report(game=f"{script.kind}@{script.at}")
        with trio.move_on_after(_PATIENCE):
            line = await Line.open(self.port, source, self._framing(self.random.random() < 0.5))
            await basic_players.play_game(line, script, report)
            await line.close()
        self._write(report)

    async def _run_bot(self, source: str, script: BotScript) -> None:
        report = Report(bot=script.name)
        prefixed = self.random.random() < 0.5
        with trio.move_on_after(_PATIENCE):
            line = await Line.open(self.port, source, self._framing(prefixed))
            await basic_players.play_bot(line, script, report, self._pause(), prefixed)
            await line.close()
        self._write(report)

    async def _run_extended_game(self, source: str, script: GameScript, room: str) -> None:
        report = Report(game=f"{script.kind}@{script.at}")
        with trio.move_on_after(_PATIENCE):
            line = await Line.open(self.port, source, self._framing(prefixed=True))
            await extended_players.play_game(line, script, room, report)
            await line.close()
        self._write(report)

    async def _run_extended_bot(self, source: str, script: BotScript, room: str) -> None:
        report = Report(bot=script.name)

        async def connect() -> Line:
            return await Line.open(self.port, source, self._framing(prefixed=True))

        with trio.move_on_after(_PATIENCE):
            await extended_players.play_bot(connect, script, room, report, self._pause())
        self._write(report)

    def _pause(self) -> float:
        """For an answer that is in time and yet no quick one."""
        return self.limit * self.random.uniform(0.3, 0.6)

    def _framing(self, prefixed: bool) -> Framing:
        return PrefixedFraming(_MESSAGE_BYTES) if prefixed else LineFraming(_MESSAGE_BYTES)

    def _write(self, report: Report) -> None:
        self.reports.write(json.dumps(attrs.asdict(report)) + "\n")


def main() -> None:
    """Play, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--matches", type=int, required=True)
    parser.add_argument("--places", type=int, required=True)
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("--mischief", type=float, required=True)
    parser.add_argument("--reports", type=Path, required=True)
    options = parser.parse_args()
    random = Random(options.number)
    with options.reports.open("a", encoding="utf-8") as reports:
        crowd = Crowd(options.port, options.number, options.limit, options.mischief, random, reports)
        trio.run(crowd.play_all, range(options.matches), options.places)


if __name__ == "__main__":
    main()
