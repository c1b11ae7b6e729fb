"""A roster from beginning to end: the command that fills it, the broker that reads it, and again on SIGHUP."""

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from bitbroker.client import BaseBot, BaseGame, RefusedError, Table

from .conftest import PATIENCE, StartBroker, StartPeer, fetch_json
from .steps import TERMINATION, bot, connect


class Named(BaseBot):
    """Answers, once it may."""

    def __init__(self, name: str) -> None:
        self.NAME = name
        self.asked = trio.Event()
        self.may_answer = trio.Event()

    async def decide_move(self, state: bytes) -> bytes:
        """Wait, and answer."""
        self.asked.set()
        await self.may_answer.wait()
        return state


class Asks(BaseGame):
    """Asks once."""

    NAME = "asks"

    def play(self, table: Table) -> None:
        """One question."""
        table.ask(0, b"state")
        table.end()


async def change(roster: Path, *arguments: str) -> str:
    """Run `bitbroker roster`; what it prints."""
    command = [sys.executable, "-m", "bitbroker", "roster", *arguments, "--file", str(roster)]
    with trio.fail_after(PATIENCE):
        done = await trio.run_process(command, capture_stdout=True, capture_stderr=True)
    return done.stdout.decode().strip()


async def refused(client: BaseBot, port: int, **options: Any) -> str:
    """The code with which it is refused."""
    with trio.fail_after(PATIENCE), pytest.raises(RefusedError) as caught:
        await client.arun("127.0.0.1", port, **options)
    return caught.value.code


async def test_roster_from_beginning_to_end(start_broker: StartBroker, tmp_path: Path) -> None:
    """A match goes on while the roster changes; who has come onto it is let in, who has gone is not.

    A file that is none changes nothing. No token is in the log, the results, the roster or the API.
    """
    roster, results = tmp_path / "roster.toml", tmp_path / "results.jsonl"
    tokens = {
        "ada": await change(roster, "add", "ada", "--role", "bot"),
        "asks": await change(roster, "add", "asks", "--role", "game"),
    }
    broker = await start_broker(
        "--roster", str(roster), "--results", str(results), players=1, errors=["the roster stays as it was"]
    )
    ada = Named("ada")
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(ada.arun, "127.0.0.1", broker.port, token=tokens["ada"]))
            nursery.start_soon(partial(Asks().arun, "127.0.0.1", broker.port, token=tokens["asks"]))
            await ada.asked.wait()
            assert await refused(Named("bob"), broker.port, token=tokens["ada"]) == "not-on-roster"
            assert await refused(Named("ada"), broker.port, token=tokens["asks"]) == "not-on-roster"
            assert await refused(Named("ada"), broker.port) == "not-on-roster"
            roster.write_text("[[client", encoding="utf-8")
            broker.process.send_signal(signal.SIGHUP)
            await broker.wait_logged("the roster stays as it was")
            roster.unlink()
            tokens["bob"] = await change(roster, "add", "bob", "--role", "bot", "--match", "final")
            broker.process.send_signal(signal.SIGHUP)
            assert (await broker.wait_logged("the roster was read"))["clients"] == 1
            assert await refused(Named("ada"), broker.port, token=tokens["ada"]) == "not-on-roster"
            assert await refused(Named("bob"), broker.port, token=tokens["bob"]) == "may-not-join"
            running = (await fetch_json(f"{broker.url}/api/matches"))[1]
            status = (await fetch_json(f"{broker.url}/"))[1]
            ada.may_answer.set()
    await broker.wait_logged("match over")
    assert broker.outcomes() == ["completed"]
    assert status["connections"]["refused"] == {"may-not-join": 1, "not-on-roster": 4}
    assert await broker.stop() == 0
    told = json.dumps([broker.log, running, status]) + results.read_text() + roster.read_text()
    assert [token for token in tokens.values() if token in told] == []


async def test_basic_client(start_broker: StartBroker, start_peer: StartPeer, tmp_path: Path) -> None:
    """Terminated, and the log has the reason; ours says what it needs."""
    roster = tmp_path / "roster.toml"
    await change(roster, "add", "ada", "--role", "bot")
    broker = await start_broker("--roster", str(roster))
    peer = await connect(broker, start_peer, bot("ada", "rest"))
    assert await peer.hear_all() == [TERMINATION]
    over = await broker.wait_logged("connection over", ending="not-on-roster")
    assert over["detail"] == "the roster lets in no bot 'ada' without a token, and the basic wire carries none"


async def test_token_from_file_and_environment(start_broker: StartBroker, tmp_path: Path) -> None:
    """A game and a bot of the examples, by the flag and by the variable; a match is played."""
    roster, file = tmp_path / "roster.toml", tmp_path / "token"
    file.write_text(await change(roster, "add", "stay", "--role", "bot"))
    token = await change(roster, "add", "MontyHall", "--role", "game")
    broker = await start_broker("--roster", str(roster), players=1)
    example = [sys.executable, "-m"]
    where = ["--host", "127.0.0.1", "--port", str(broker.port)]
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            bot_command = [*example, "bitbroker.examples.monty_hall.stay_bot", *where, "--token-file", str(file)]
            nursery.start_soon(trio.run_process, bot_command)
            game_command = [*example, "bitbroker.examples.monty_hall.game", *where]
            environment = {**os.environ, "BITBROKER_TOKEN": token}
            nursery.start_soon(partial(trio.run_process, game_command, env=environment, capture_stdout=True))
    await broker.wait_logged("match over", cause="completed")
