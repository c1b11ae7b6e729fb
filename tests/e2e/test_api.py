"""The API as it describes itself: every answer of a broker at work is held against its OpenAPI document."""

from typing import Any

import trio
from jsonschema import Draft202012Validator

from bitbroker.client import Action, BaseGame

from .conftest import Echo, StartBroker, fetch_json


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

    async def deliver_response(self, response: bytes) -> None:
        """Look."""
        self.seen = (await fetch_json(f"{self.url}/api/matches"))[1]["matches"]


def check(description: dict[str, Any], path: str, status: int, body: Any) -> None:
    """Hold an answer against the description."""
    answer = description["paths"][path]["get"]["responses"][str(status)]
    schema = answer["content"]["application/json"]["schema"] | {"components": description["components"]}
    Draft202012Validator(schema).validate(body)


async def test_answers_are_as_described(start_broker: StartBroker) -> None:
    """Before, during and after a match; an unknown match is a 404 that says so."""
    broker = await start_broker(players=1)
    url = broker.url
    _, description = await fetch_json(f"{url}/openapi.json")
    assert description["openapi"].startswith("3.1")
    check(description, "/", *await fetch_json(f"{url}/"))
    game = Short(url)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Echo().arun, "127.0.0.1", broker.port)
        nursery.start_soon(game.arun, "127.0.0.1", broker.port)
    check(description, "/api/matches", 200, {"matches": game.seen})
    assert [(match["match"], match["cause"], match["turns"]) for match in game.seen] == [(1, None, 1)]
    status, body = await fetch_json(f"{url}/api/matches/1")
    check(description, "/api/matches/{number}", status, body)
    assert (body["cause"], body["at_fault"], body["seats"][0]["moves"]) == ("completed", "nobody", 1)
    status, body = await fetch_json(f"{url}/api/matches/2")
    assert status == 404
    check(description, "/api/matches/{number}", status, body)
    status, body = await fetch_json(f"{url}/")
    check(description, "/", status, body)
    assert body["matches"]["finished"] == {"completed": 1}
