"""The API as it describes itself: every answer of a broker at work is held against its OpenAPI document."""

import json
from pathlib import Path
from typing import Any

import trio
from jsonschema import Draft202012Validator

from bitbroker.client import Action, BaseGame, Cause, Outcome, Spectator

from .conftest import Echo, StartBroker, StartPeer, fetch, fetch_json, play_match
from .steps import REQUEST, TERMINATION, ask, bot, game, seat

TOKEN = "0123456789abcdef"


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


class Onlooker(Spectator):
    """Notes how it ended."""

    def __init__(self) -> None:
        self.live = trio.Event()
        self.outcome: Outcome | None = None

    def on_live(self) -> None:
        """It is there."""
        self.live.set()

    def on_outcome(self, outcome: Outcome) -> None:
        """Note it."""
        self.outcome = outcome


def check(description: dict[str, Any], path: str, status: int, body: Any, method: str = "get") -> None:
    """Hold an answer against the description."""
    answer = description["paths"][path][method]["responses"][str(status)]
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


async def test_abort(start_broker: StartBroker, start_peer: StartPeer, tmp_path: Path) -> None:
    """With the token alone: everyone is told, it is nobody's fault, and log, results and metrics name it."""
    token_file, results = tmp_path / "api.token", tmp_path / "results.jsonl"
    token_file.write_text(TOKEN)
    broker = await start_broker("--api-token-file", str(token_file), "--results", str(results))
    peers = await seat(broker, start_peer, game(ask(0), "rest"), bot("bot 0", "rest"), bot("bot 1", "rest"))
    assert await peers[1].hear() == REQUEST
    _, description = await fetch_json(f"{broker.url}/openapi.json")
    path, url = "/api/matches/{number}/abort", f"{broker.url}/api/matches/1/abort"
    onlooker = Onlooker()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(onlooker.arun, f"127.0.0.1:{broker.port}", "1")
        await onlooker.live.wait()
        for wrong in ("", "a-wrong-token-of-some-length"):
            check(description, path, *await fetch_json(url, "POST", wrong), method="post")
        assert broker.outcomes() == []
        status, body = await fetch_json(url, "POST", TOKEN)
    check(description, path, status, body, method="post")
    assert (status, body["cause"], body["at_fault"], body["seat"]) == (200, "aborted", "nobody", None)
    assert await peers[0].hear_all() == [TERMINATION, TERMINATION]
    assert [await peer.hear_all() for peer in peers[1:]] == [[TERMINATION], [TERMINATION]]
    assert onlooker.outcome is not None
    assert (onlooker.outcome.cause, onlooker.outcome.seat) == (Cause.ABORTED, None)
    for match, expected in ((1, 409), (2, 404)):
        status, body = await fetch_json(f"{broker.url}/api/matches/{match}/abort", "POST", TOKEN)
        assert status == expected
        check(description, path, status, body, method="post")
    assert b'bitbroker_matches_total{cause="aborted"} 1.0' in (await fetch(f"{broker.url}/metrics"))[1]
    (line,) = results.read_text().splitlines()
    assert (json.loads(line)["cause"], json.loads(line)["at_fault"]) == ("aborted", "nobody")
    await play_match(broker.port)
    assert broker.outcomes() == ["aborted", "completed"]
    assert await broker.stop() == 0
    assert TOKEN not in json.dumps(broker.log) + results.read_text()


async def test_api_that_others_reach(start_broker: StartBroker, tmp_path: Path) -> None:
    """Where it listens on more than this machine's own address: without the token, how the broker is, and no more."""
    token_file = tmp_path / "api.token"
    token_file.write_text(TOKEN)
    for flags, with_token in (([], 401), (["--api-token-file", str(token_file)], 200)):
        broker = await start_broker("--http-host", "0.0.0.0", *flags)
        for path in ("/", "/healthz", "/readyz"):
            assert (await fetch(broker.url + path))[0] == 200
        for path in ("/metrics", "/api/matches", "/openapi.json"):
            assert (await fetch(broker.url + path))[0] == 401
            assert (await fetch(broker.url + path, token=TOKEN))[0] == with_token
