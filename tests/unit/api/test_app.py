"""The HTTP application over a broker that is only told of: what each path says, and the metrics."""

from collections import Counter
from typing import Any

import attrs
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from bitbroker.api.access import Access
from bitbroker.api.app import BLOCKED_SECONDS, create_app
from bitbroker.broker.record import MatchRecord, SeatRecord
from bitbroker.broker.snapshot import Histogram, Snapshot
from bitbroker.errors import Cause, Ending
from tests.unit.snapshots import IDLE


def observed(*seconds: float) -> Histogram:
    """A histogram of these."""
    histogram = Histogram([0.1, 1.0])
    for each in seconds:
        histogram.observe(each)
    return histogram


BUSY = attrs.evolve(
    IDLE,
    waiting_games=1,
    waiting_bots=2,
    waiting_spectators=11,
    matches_running=3,
    matches_finished=Counter({Cause.TIME_LIMIT: 4, Cause.COMPLETED: 5}),
    connections=60,
    connections_open=15,
    connections_refused=Counter({Ending.MALFORMED: 6, Ending.HANDSHAKE_TIMEOUT: 7}),
    answers_not_taken=Counter({Cause.NOT_ASKED: 8, Cause.TIME_LIMIT: 9, Cause.RESIGNED: 1}),
    stalls=2,
    stall_seconds=3.25,
    turns=4,
    turn_time=observed(0.05, 0.1, 0.5, 7.0),
)
MATCH = MatchRecord(
    match=3,
    version="1.2.3",
    name="final",
    began="2026-01-01T00:00:00.000+00:00",
    seconds=1.0,
    turns=1,
    asked=[],
    remaining_seconds=None,
    cause=Cause.TIME_LIMIT,
    at_fault="player 0",
    seat=0,
    detail="too late",
    reason="",
    spectators=0,
    seats=[SeatRecord(0, "name", out=Cause.FORFEITED)],
)


ABORTED = attrs.evolve(MATCH, match=5, cause=Cause.ABORTED, at_fault="nobody", seat=None)


@attrs.define
class Broker:
    """As much of a broker as the API looks at."""

    snapshot: Snapshot = IDLE

    def take_snapshot(self) -> Snapshot:
        """The one that the test made."""
        return self.snapshot

    def matches(self) -> list[MatchRecord]:
        """One that is over; and after it the one that runs."""
        return [MATCH]

    def abort(self, number: int) -> MatchRecord | None:
        """Number 5 runs."""
        return ABORTED if number == 5 else None


async def get(path: str, snapshot: Snapshot = IDLE) -> tuple[int, str]:
    """Status and body of the answer."""
    answer = await create_app(Broker(snapshot)).test_client().get(path)
    return answer.status_code, await answer.get_data(as_text=True)


async def get_json(path: str, snapshot: Snapshot = IDLE) -> Any:
    """The body of an answer that must be JSON."""
    answer = await create_app(Broker(snapshot)).test_client().get(path)
    assert answer.content_type == "application/json"
    return await answer.get_json()


async def test_status() -> None:
    """How the broker is, in one look; causes and reasons by the names that the log uses."""
    status = await get_json("/", BUSY)
    assert status == {
        "status": "ready",
        "version": "1.2.3",
        "uptime_seconds": 12.346,
        "players": 2,
        "waiting": {"games": 1, "bots": 2, "spectators": 11},
        "matches": {"running": 3, "finished": {"completed": 5, "time-limit": 4}},
        "turns": 4,
        "stalls": {"count": 2, "seconds": 3.25},
        "connections": {"open": 15, "accepted": 60, "refused": {"handshake-timeout": 7, "malformed": 6}},
    }
    assert (await get_json("/", attrs.evolve(IDLE, ready=False)))["status"] == "stopping"


@pytest.mark.parametrize(("blocked", "status"), [(0.0, 200), (BLOCKED_SECONDS, 200), (BLOCKED_SECONDS + 0.1, 503)])
async def test_healthz(blocked: float, status: int) -> None:
    """Fails if the event loop was not seen running for a while, and says for how long."""
    code, body = await get("/healthz", attrs.evolve(IDLE, blocked_seconds=blocked))
    assert code == status
    assert body == ("ok\n" if status == 200 else "the event loop was blocked for 2.1 s\n")


async def test_readyz() -> None:
    """Fails while the broker stops; a broker that stops is still alive."""
    stopping = attrs.evolve(IDLE, ready=False)
    assert await get("/readyz") == (200, "ready\n")
    assert await get("/readyz", stopping) == (503, "stopping\n")
    assert await get("/healthz", stopping) == (200, "ok\n")


async def test_matches() -> None:
    """All, one, and one that is not there."""
    assert await get_json("/api/matches") == {"matches": [MATCH.to_json()]}
    assert await get_json("/api/matches/3") == MATCH.to_json()
    code, body = await get("/api/matches/4")
    assert code == 404
    assert "there is no match 4, or it has been over for long" in body


@pytest.mark.parametrize("path", ["/nothing", "/api/matches/x", "/api/matches/-1"])
async def test_what_is_not_there(path: str) -> None:
    """A 404, not a fault."""
    code, _ = await get(path)
    assert code == 404


async def test_nothing_else_can_be_changed() -> None:
    """Other paths are only looked at, with the token too."""
    client = create_app(Broker(), Access(token=TOKEN)).test_client()
    for path in ("/", "/metrics", "/api/matches/3"):
        assert (await client.post(path, headers=BEARER)).status_code == 405


TOKEN = "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def test_abort() -> None:
    """A match that runs, one that is over, and one that is not there."""
    client = create_app(Broker(), Access(token=TOKEN)).test_client()
    answer = await client.post("/api/matches/5/abort", headers=BEARER)
    assert (answer.status_code, await answer.get_json()) == (200, ABORTED.to_json())
    answer = await client.post("/api/matches/3/abort", headers=BEARER)
    assert (answer.status_code, await answer.get_json()) == (409, {"error": "match 3 is over already"})
    answer = await client.post("/api/matches/4/abort", headers=BEARER)
    assert answer.status_code == 404
    assert (await client.get("/api/matches/5/abort", headers=BEARER)).status_code == 405


@pytest.mark.parametrize(
    ("access", "method", "path"),
    [
        (Access(), "POST", "/api/matches/5/abort"),
        (Access(token=TOKEN), "POST", "/api/matches/5/abort"),
        (Access(local=False), "GET", "/metrics"),
        (Access(local=False, token=TOKEN), "GET", "/api/matches/3"),
        (Access(local=False, token=TOKEN), "GET", "/nothing"),
    ],
)
async def test_without_the_token(access: Access, method: str, path: str) -> None:
    """A 401 with the challenge that HTTP wants, and a sentence that says what to do."""
    client = create_app(Broker(), access).test_client()
    answer = await (client.post(path) if method == "POST" else client.get(path))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="bitbroker"'
    assert "token" in (await answer.get_json())["error"]
    assert TOKEN not in await answer.get_data(as_text=True)


async def test_from_elsewhere() -> None:
    """Probes are for all; the rest for who has the token."""
    client = create_app(Broker(), Access(local=False, token=TOKEN)).test_client()
    for path in ("/", "/healthz", "/readyz"):
        assert (await client.get(path)).status_code == 200
    for path in ("/metrics", "/api/matches", "/api/matches/3", "/openapi.json"):
        assert (await client.get(path)).status_code == 401
        assert (await client.get(path, headers=BEARER)).status_code == 200


async def metrics(snapshot: Snapshot) -> dict[str, Metric]:
    """The metrics as Prometheus reads them, by name."""
    code, body = await get("/metrics", snapshot)
    assert code == 200
    return {family.name: family for family in text_string_to_metric_families(body)}


def samples(family: Metric) -> dict[tuple[str, ...], float]:
    """Values by their labels' values."""
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


async def test_metrics_of_a_busy_broker() -> None:
    """Gauges, and counters by cause and reason."""
    families = await metrics(BUSY)
    assert samples(families["bitbroker_info"]) == {("1.2.3",): 1.0}
    for name, value in (
        ("bitbroker_ready", 1.0),
        ("bitbroker_matches_running", 3.0),
        ("bitbroker_connections_open", 15.0),
        ("bitbroker_connections", 60.0),
        ("bitbroker_turns", 4.0),
        ("bitbroker_stalls", 2.0),
        ("bitbroker_stall_seconds", 3.25),
    ):
        assert samples(families[name]) == {(): value}
    assert samples(families["bitbroker_waiting"]) == {("game",): 1.0, ("bot",): 2.0, ("spectator",): 11.0}
    not_taken = samples(families["bitbroker_answers_not_taken"])
    assert not_taken == {("not-asked",): 8.0, ("time-limit",): 9.0, ("already-answered",): 0.0, ("resigned",): 1.0}
    matches = samples(families["bitbroker_matches"])
    assert (matches["time-limit",], matches["completed",], matches["game-lost",]) == (4.0, 5.0, 0.0)
    refused = samples(families["bitbroker_connections_refused"])
    assert (refused["malformed",], refused["handshake-timeout",], refused["no-place",]) == (6.0, 7.0, 0.0)


async def test_turn_time_as_a_histogram() -> None:
    """Buckets add up, their bounds are in seconds, the last has them all."""
    family = (await metrics(BUSY))["bitbroker_turn_seconds"]
    found = {(sample.name.rpartition("_")[2], sample.labels.get("le")): sample.value for sample in family.samples}
    assert found == {
        ("bucket", "0.1"): 2.0,
        ("bucket", "1.0"): 3.0,
        ("bucket", "+Inf"): 4.0,
        ("count", None): 4.0,
        ("sum", None): 7.65,
    }


async def test_everything_is_there_from_the_start() -> None:
    """With a zero for each cause and each reason: rates of what has not happened yet must work."""
    families = await metrics(attrs.evolve(IDLE, ready=False))
    assert samples(families["bitbroker_ready"]) == {(): 0.0}
    matches = samples(families["bitbroker_matches"])
    assert matches == {(cause.label,): 0.0 for cause in Cause if cause is not Cause.NONE}
    refused = samples(families["bitbroker_connections_refused"])
    assert refused == {(ending.value,): 0.0 for ending in Ending if ending.refused}
    assert set(families) == set(await metrics(BUSY))
