"""The bots in other languages, started as processes."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import trio

from tests.e2e.conftest import PATIENCE
from tests.interop.processes import Child

ROOT: Final = Path(__file__).parents[3]
GO_BOT: Final = ROOT / "tests/interop/go/bin/nimbot"
JAVASCRIPT: Final = ROOT / "tests/interop/javascript"

CHROMIUM: Final = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",  # what the page logs is found there
)


class Kind(StrEnum):
    """Which bot, and how its messages travel."""

    GO = "go"
    GO_LINES = "go, lines"
    NODE = "node"
    NODE_LINES = "node, lines"
    BROWSER = "browser"

    @property
    def bot_name(self) -> str:
        """What the bot calls itself."""
        return f"nimbot, {self}"


def command(kind: Kind, port: int, pages: str, profile: Path, *, resign: bool = False) -> list[str]:
    """What runs a bot.

    Args:
        kind: which one.
        port: where the broker is.
        pages: where the page with the bot is.
        profile: a folder for the browser's own.
        resign: whether it is to give up what is lost.
    """
    match kind:
        case Kind.GO | Kind.GO_LINES:
            framing = "lines" if kind is Kind.GO_LINES else "prefixed"
            go = [str(GO_BOT), "-broker", f"127.0.0.1:{port}", "-framing", framing]
            go += ["-name", kind.bot_name, "-match", "nim"]
            return [*go, "-resign"] if resign else go
        case Kind.NODE | Kind.NODE_LINES:
            scheme = "lines" if kind is Kind.NODE_LINES else "tcp"
            node = ["node", str(JAVASCRIPT / "bot.mjs"), "--broker", f"{scheme}://127.0.0.1:{port}"]
            node += ["--name", kind.bot_name, "--match", "nim"]
            return [*node, "--resign"] if resign else node
        case Kind.BROWSER:
            page = f"{pages}/{JAVASCRIPT.relative_to(ROOT)}/index.html"
            query = {"broker": f"ws://127.0.0.1:{port}/", "name": kind.bot_name, "match": "nim"}
            query |= {"resign": "yes"} if resign else {}
            return [*CHROMIUM, f"--user-data-dir={profile}", f"{page}?{urlencode(query)}"]


class Bot:
    """A bot at work, in a process of its own."""

    def __init__(self, child: Child) -> None:
        self._child = child

    async def wait_said(self, pattern: str) -> re.Match[str]:
        """Where it first said this, once it has."""
        with trio.fail_after(PATIENCE):
            line = await self._child.find(lambda line: re.search(pattern, line) is not None)
        found = re.search(pattern, line)
        assert found is not None
        return found

    async def seat(self) -> int:
        """Its seat, once its match has begun."""
        return int((await self.wait_said(r"started: match \d+, seat (\d+)"))[1])

    async def outcome(self) -> str:
        """The cause for which its match ended, once it has."""
        return (await self.wait_said(r"over: (\w+)"))[1]

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        with trio.fail_after(PATIENCE):
            return await self._child.wait()
