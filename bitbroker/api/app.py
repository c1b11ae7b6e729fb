"""The HTTP application: looks at a snapshot, and may abort a match."""

from typing import Final, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from quart import Response, request
from quart_trio import QuartTrio

from bitbroker.api.access import Access
from bitbroker.api.description import DESCRIPTION
from bitbroker.api.metrics import SnapshotCollector
from bitbroker.broker.record import MatchRecord
from bitbroker.broker.snapshot import Snapshot

BLOCKED_SECONDS: Final = 2.0
"""An event loop that has not run for so long is blocked; a probe should allow a little more."""


class Source(Protocol):
    """What the API looks at."""

    def take_snapshot(self) -> Snapshot:
        """The broker at this moment."""

    def matches(self) -> list[MatchRecord]:
        """Running matches, and the latest of those that are over."""

    def abort(self, number: int) -> MatchRecord | None:
        """End a match; its record, or None if no such match runs."""


_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="bitbroker"'}


def create_app(source: Source, access: Access | None = None) -> QuartTrio:
    """The health API.

    `/` tells in JSON how the broker is; `/healthz` answers 200 or 503, whether it lives; `/readyz` the same, whether
    new games and bots are welcome; `/metrics` is for Prometheus; `/api/matches` and `/api/matches/N` show matches;
    `/api/matches/N/abort` ends one; `/openapi.json` describes it all.

    Args:
        source: what it looks at.
        access: who may do what; as from this machine, without a token, if not given.
    """
    app = QuartTrio("bitbroker")
    access = access or Access()
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(source.take_snapshot))

    @app.before_request
    async def check_access() -> tuple[dict[str, object], int, dict[str, str]] | None:
        refusal = access.refusal(request.method, request.path, request.headers.get("Authorization", ""))
        return None if refusal is None else ({"error": refusal}, 401, _CHALLENGE)

    @app.get("/")
    async def status() -> dict[str, object]:
        return _status(source.take_snapshot())

    @app.get("/healthz")
    async def healthz() -> tuple[str, int]:
        blocked = source.take_snapshot().blocked_seconds
        if blocked > BLOCKED_SECONDS:
            return f"the event loop was blocked for {blocked:.1f} s\n", 503
        return "ok\n", 200

    @app.get("/readyz")
    async def readyz() -> tuple[str, int]:
        return ("ready\n", 200) if source.take_snapshot().ready else ("stopping\n", 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.get("/api/matches")
    async def matches() -> dict[str, object]:
        return {"matches": [record.to_json() for record in source.matches()]}

    @app.get("/api/matches/<int:number>")
    async def match(number: int) -> dict[str, object] | tuple[dict[str, object], int]:
        for record in source.matches():
            if record.match == number:
                return record.to_json()
        return _no_match(number)

    @app.post("/api/matches/<int:number>/abort")
    async def abort(number: int) -> dict[str, object] | tuple[dict[str, object], int]:
        record = source.abort(number)
        if record is not None:
            return record.to_json()
        if any(record.match == number for record in source.matches()):
            return {"error": f"match {number} is over already"}, 409
        return _no_match(number)

    @app.get("/openapi.json")
    async def openapi() -> dict[str, object]:
        return DESCRIPTION

    return app


def _no_match(number: int) -> tuple[dict[str, object], int]:
    return {"error": f"there is no match {number}, or it has been over for long"}, 404


def _status(snapshot: Snapshot) -> dict[str, object]:
    return {
        "status": "ready" if snapshot.ready else "stopping",
        "version": snapshot.version,
        "uptime_seconds": round(snapshot.uptime_seconds, 3),
        "players": snapshot.players,
        "waiting": {
            "games": snapshot.waiting_games,
            "bots": snapshot.waiting_bots,
            "spectators": snapshot.waiting_spectators,
        },
        "matches": {
            "running": snapshot.matches_running,
            "finished": {cause.label: count for cause, count in sorted(snapshot.matches_finished.items())},
        },
        "turns": snapshot.turns,
        "stalls": {"count": snapshot.stalls, "seconds": round(snapshot.stall_seconds, 3)},
        "connections": {
            "open": snapshot.connections_open,
            "accepted": snapshot.connections,
            "refused": {reason.value: count for reason, count in sorted(snapshot.connections_refused.items())},
        },
    }
