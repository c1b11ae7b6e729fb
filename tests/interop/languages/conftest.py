"""What the tests of bots in other languages share: a broker, the bots, and the page that has one of them in it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
import trio

from tests.e2e.conftest import PATIENCE, BrokerProcess, StartBroker, start_broker
from tests.interop.languages.nim import Nim, Script, play_out
from tests.interop.languages.programs import ROOT, Bot, Kind, command
from tests.interop.processes import open_party

__all__ = ["hold_match", "open_broker", "pages", "start_bot", "start_broker"]

OpenBroker = Callable[..., Awaitable[BrokerProcess]]
StartBot = Callable[..., Awaitable[Bot]]


async def hold_match(port: int, players: int, script: Script = play_out) -> None:
    """Play a match to its end, with the bots that meet there."""
    with trio.fail_after(PATIENCE):
        await Nim(players, script).arun("127.0.0.1", port, match="nim")


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and says nothing about it."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def pages() -> Iterator[str]:
    """The origin of the page with the bot: a server of the checkout's files, on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(ROOT))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def open_broker(start_broker: StartBroker, pages: str) -> OpenBroker:
    """A factory of brokers that let the page's script connect; takes more flags of `serve`."""
    return partial(start_broker, "--origins", pages)


@pytest.fixture
async def start_bot(pages: str, tmp_path: Path) -> AsyncIterator[StartBot]:
    """A factory of bots; takes what kind of bot, and the broker's port. They are ended with the test."""
    profiles = (tmp_path / f"browser-{number}" for number in count())
    async with open_party() as party:

        async def start_bot(kind: Kind, port: int, *, resign: bool = False) -> Bot:
            return Bot(await party.start(*command(kind, port, pages, next(profiles), resign=resign)))

        yield start_bot
