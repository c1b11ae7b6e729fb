"""The HTTP application: looks at a snapshot, changes nothing."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from quart import Response
from quart_trio import QuartTrio

from bitbroker.api.metrics import SnapshotCollector
from bitbroker.broker.snapshot import Snapshot

BLOCKED_SECONDS: Final = 2.0
"""An event loop that has not run for so long is blocked; a probe should allow a little more."""


def create_app(take_snapshot: Callable[[], Snapshot]) -> QuartTrio:
    """The health API over whatever `take_snapshot` gives.

    `GET /` tells in JSON how the broker is; `/healthz` answers 200 or 503, whether it lives; `/readyz` the same,
    whether new games and bots are welcome; `/metrics` is for Prometheus.
    """
    app = QuartTrio("bitbroker")
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(take_snapshot))

    @app.get("/")
    async def status() -> dict[str, object]:
        return _status(take_snapshot())

    @app.get("/healthz")
    async def healthz() -> tuple[str, int]:
        blocked = take_snapshot().blocked_seconds
        if blocked > BLOCKED_SECONDS:
            return f"the event loop was blocked for {blocked:.1f} s\n", 503
        return "ok\n", 200

    @app.get("/readyz")
    async def readyz() -> tuple[str, int]:
        return ("ready\n", 200) if take_snapshot().ready else ("stopping\n", 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return app


def _status(snapshot: Snapshot) -> dict[str, object]:
    return {
        "status": "ready" if snapshot.ready else "stopping",
        "version": snapshot.version,
        "uptime_seconds": round(snapshot.uptime_seconds, 3),
        "players": snapshot.players,
        "waiting": {"games": snapshot.waiting_games, "bots": snapshot.waiting_bots},
        "matches": {
            "running": snapshot.matches_running,
            "finished": {cause.label: count for cause, count in sorted(snapshot.matches_finished.items())},
        },
        "turns": snapshot.turns,
        "connections": {
            "open": snapshot.connections_open,
            "accepted": snapshot.connections,
            "refused": {reason.value: count for reason, count in sorted(snapshot.connections_refused.items())},
        },
    }
