"""The README's bot and games, taken out of it as they stand, play matches."""

import re
import sys
from functools import partial
from pathlib import Path

import trio

from bitbroker.client import BaseBot, Cause, Outcome, Result

from .conftest import PATIENCE, StartBroker

README = Path(__file__).parents[2] / "README.md"


def write_samples(folder: Path) -> dict[str, Path]:
    """Every marked sample of the README, as a file."""
    samples = re.findall(r"<!-- sample: (\S+) -->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in samples:
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name, _ in samples}


async def test_readme_bot_and_game_play(tmp_path: Path, start_broker: StartBroker) -> None:
    """Two bots and the game, by the README's code alone, through a broker: the game says who won."""
    samples = write_samples(tmp_path)
    assert set(samples) == {"bot.py", "game.py", "rps.py"}
    broker = await start_broker("--once")
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(trio.run_process, [sys.executable, str(samples["bot.py"]), str(broker.port)])
            command = [sys.executable, str(samples["game.py"]), str(broker.port)]
            game = await trio.run_process(command, capture_stdout=True)
    assert game.stdout == b"halves found it in turn 6\n"
    assert await broker.wait() == 0


class Hand(BaseBot):
    """Always shows the same."""

    def __init__(self, hand: bytes, outcomes: list[Outcome]) -> None:
        self._hand = hand
        self._outcomes = outcomes

    def decide_move(self, state: bytes) -> bytes:
        """Show it."""
        return self._hand

    def on_outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        self._outcomes.append(outcome)


async def test_readme_game_as_one_tells_it_plays(tmp_path: Path, start_broker: StartBroker) -> None:
    """Rock beats scissors, whoever sits where; everybody is told."""
    broker = await start_broker("--once")
    outcomes: list[Outcome] = []
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for seat, hand in enumerate((b"scissors", b"rock")):
                nursery.start_soon(partial(Hand(hand, outcomes).arun, "127.0.0.1", broker.port, seat=seat))
            game = [sys.executable, str(write_samples(tmp_path)["rps.py"]), str(broker.port)]
            nursery.start_soon(trio.run_process, game)
    result = Result([0, 1], reason="one round is enough")
    assert [(outcome.cause, outcome.result) for outcome in outcomes] == [(Cause.COMPLETED, result)] * 2
    assert await broker.wait() == 0
