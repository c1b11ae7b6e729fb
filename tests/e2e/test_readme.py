"""The README's bot and game, taken out of it as they stand, play a match."""

import re
import sys
from pathlib import Path

import trio

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
    assert set(samples) == {"bot.py", "game.py"}
    broker = await start_broker("--once")
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(trio.run_process, [sys.executable, str(samples["bot.py"]), str(broker.port)])
            command = [sys.executable, str(samples["game.py"]), str(broker.port)]
            game = await trio.run_process(command, capture_stdout=True)
    assert game.stdout == b"halves found it in turn 6\n"
    assert await broker.wait() == 0
