"""What the user sees."""

import io
from collections import Counter

from rich.console import Console

from bitbroker.play.standing import Standing
from bitbroker.play.view import draw_standings


def test_standings_fit_eighty_columns() -> None:
    """Nothing is cut, with long names and many forfeits: what does not fit goes on in the next line."""
    console = Console(width=80, file=io.StringIO())
    standing = Standing("a-rather-long-name-for-a-bot", 1000, 600, 100, 300, 650, 1000, Counter({"time-limit": 300}))
    console.print(draw_standings(["{python} bot.py"], [standing]))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "…" not in text
    for word in ("forfeits", "mean move", "0.650", "300", "time-limit", "bot 1: {python} bot.py"):
        assert word in text
