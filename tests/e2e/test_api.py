"""The API as it describes itself: every answer of a broker at work is held against its OpenAPI document."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bitbroker.client import Action, BaseGame

ECHO_BOT = """
import sys
from bitbroker.client import BaseBot

class Echo(BaseBot):
    def decide_move(self, state):
        return state

Echo().run("127.0.0.1", int(sys.argv[1]))
"""


class Short(BaseGame):
    """Asks once, looks at the API while its match runs, and ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[Any] = []

    def next_action(self) -> Action:
        """One question, then the end."""
        if self.seen:
            return Action.end_game()
        return Action.player_action(0, b"state")

    def deliver_response(self, response: bytes) -> None:
        """Look."""
        self.seen = fetch(f"{self.url}/api/matches")[1]["matches"]


@pytest.fixture
def broker() -> Iterator[tuple[int, str]]:
    """A broker for one player; its port for players, and the API's URL."""
    serve = [sys.executable, "-m", "bitbroker", "serve", "--players", "1", "--port", "0", "--http-port", "0"]
    with subprocess.Popen([*serve, "--log-format", "json"], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        entries = {entry["event"]: entry for entry in map(json.loads, islice(process.stderr, 2))}
        yield entries["listening"]["port"], f"http://127.0.0.1:{entries['health API']['port']}"
        process.terminate()


def fetch(url: str) -> tuple[int, Any]:
    """Status and JSON."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def check(description: dict[str, Any], path: str, status: int, body: Any) -> None:
    """Hold an answer against the description."""
    answer = description["paths"][path]["get"]["responses"][str(status)]
    schema = answer["content"]["application/json"]["schema"] | {"components": description["components"]}
    Draft202012Validator(schema).validate(body)


def test_answers_are_as_described(broker: tuple[int, str]) -> None:
    """Before, during and after a match; an unknown match is a 404 that says so."""
    port, url = broker
    _, description = fetch(f"{url}/openapi.json")
    assert description["openapi"].startswith("3.1")
    check(description, "/", *fetch(f"{url}/"))
    game = Short(url)
    bot = subprocess.Popen([sys.executable, "-c", ECHO_BOT, str(port)])
    game.run("127.0.0.1", port)
    bot.wait(timeout=30)
    check(description, "/api/matches", 200, {"matches": game.seen})
    assert [(match["match"], match["cause"], match["turns"]) for match in game.seen] == [(1, None, 1)]
    status, body = fetch(f"{url}/api/matches/1")
    check(description, "/api/matches/{number}", status, body)
    assert (body["cause"], body["at_fault"], body["seats"][0]["moves"]) == ("completed", "nobody", 1)
    status, body = fetch(f"{url}/api/matches/2")
    assert status == 404
    check(description, "/api/matches/{number}", status, body)
    status, body = fetch(f"{url}/")
    check(description, "/", status, body)
    assert body["matches"]["finished"] == {"completed": 1}
