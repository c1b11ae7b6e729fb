"""The API described in OpenAPI 3.1; a test holds every answer against it."""

from typing import Any, Final

import bitbroker
from bitbroker.errors import Cause, Ending

_COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 0}
_SECONDS: Final[dict[str, Any]] = {"type": "number", "minimum": 0}
_TEXT: Final[dict[str, Any]] = {"type": "string"}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _counts(names: list[str]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"enum": names}, "additionalProperties": _COUNT}


_CAUSES: Final = [cause.label for cause in Cause if cause is not Cause.NONE]

_STATUS: Final = _object(
    status={"enum": ["ready", "stopping"]},
    version=_TEXT,
    uptime_seconds=_SECONDS,
    players=_COUNT,
    waiting=_object(games=_COUNT, bots=_COUNT, spectators=_COUNT),
    matches=_object(running=_COUNT, finished=_counts(_CAUSES)),
    turns=_COUNT,
    stalls=_object(count=_COUNT, seconds=_SECONDS),
    connections=_object(
        open=_COUNT, accepted=_COUNT, refused=_counts([ending.value for ending in Ending if ending.refused])
    ),
)
_SEAT: Final = _object(
    seat=_COUNT,
    name=_TEXT,
    moves={**_COUNT, "description": "answers that were taken"},
    mean_seconds=_or_null(_SECONDS),
    worst_seconds=_or_null(_SECONDS),
    bank_seconds={**_or_null(_SECONDS), "description": "what is left in its bank; null for no limit"},
    out={**_or_null({"enum": _CAUSES}), "description": "why it plays no more in this match; null if it does"},
    score={**_or_null({"type": "number"}), "description": "what the game gave it; null if it said nothing"},
    rank={**_or_null({"type": "integer", "minimum": 1}), "description": "the same"},
)
_MATCH: Final = _object(
    match={**_COUNT, "description": "its number in this broker, from 1"},
    version=_TEXT,
    name={**_TEXT, "description": "under which its players met; empty for the lobby"},
    began={"type": "string", "format": "date-time"},
    seconds=_SECONDS,
    turns={**_COUNT, "description": "requests made"},
    asked={
        "type": "array",
        "items": _COUNT,
        "description": "the seats that are being asked; none while the game thinks, and at the end",
    },
    remaining_seconds={
        **_or_null(_SECONDS),
        "description": "what the first of them to run out, or the game, has left; null for no limit, and at the end",
    },
    cause={**_or_null({"enum": _CAUSES}), "description": "why it ended; null while it runs"},
    at_fault={**_or_null(_TEXT), "description": "`player N`, `game`, `broker` or `nobody`; null while it runs"},
    seat={**_or_null(_COUNT), "description": "the seat at fault, where one is"},
    detail=_TEXT,
    reason={**_TEXT, "description": "how it ended, as the game says"},
    spectators=_COUNT,
    seats={"type": "array", "items": {"$ref": "#/components/schemas/Seat"}},
    stalled_seconds={**_SECONDS, "description": "how long the broker was held up in it, which counted for nobody"},
)


def _answer(description: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}


_JSON: Final = "application/json"
_PLAIN: Final = "text/plain"
_ERROR: Final = _object(error=_TEXT)
_NO_TOKEN: Final = {
    **_answer("the token is missing or wrong", _JSON, _ERROR),
    "headers": {"WWW-Authenticate": {"schema": _TEXT}},
}


def _get(summary: str, **answers: dict[str, Any]) -> dict[str, Any]:
    """What anybody may ask."""
    return {"get": _operation(summary, answers)}


def _guarded_get(summary: str, **answers: dict[str, Any]) -> dict[str, Any]:
    """What needs the token from elsewhere than this machine."""
    return {"get": {**_operation(summary, {**answers, "_401": _NO_TOKEN}), "security": [{}, {"token": []}]}}


def _guarded_post(summary: str, **answers: dict[str, Any]) -> dict[str, Any]:
    """What always needs the token."""
    return {"post": {**_operation(summary, {**answers, "_401": _NO_TOKEN}), "security": [{"token": []}]}}


def _operation(summary: str, answers: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": {code.removeprefix("_"): answer for code, answer in answers.items()}}


_NO_MATCH: Final = _answer("no such match, or over for long", _JSON, _ERROR)
_NUMBER: Final = {"name": "number", "in": "path", "required": True, "schema": _COUNT}

_match_path = _guarded_get(
    "One match, running or lately over",
    _200=_answer("the match", _JSON, {"$ref": "#/components/schemas/Match"}),
    _404=_NO_MATCH,
)
_match_path["get"]["parameters"] = [_NUMBER]
_abort_path = _guarded_post(
    "End a match: its cause is `aborted`, and it is nobody's fault",
    _200=_answer("the match, which is over", _JSON, {"$ref": "#/components/schemas/Match"}),
    _404=_NO_MATCH,
    _409=_answer("it is over already", _JSON, _ERROR),
)
_abort_path["post"]["parameters"] = [_NUMBER]

DESCRIPTION: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {
        "title": "bitbroker",
        "version": bitbroker.__version__,
        "description": "Looks at the broker, and may abort a match. From this machine all may look; from elsewhere only"
        " at `/`, `/healthz` and `/readyz`, and with the token at the rest. Aborting always needs the token.",
    },
    "paths": {
        "/": _get("How the broker is", _200=_answer("its state", _JSON, {"$ref": "#/components/schemas/Status"})),
        "/healthz": _get(
            "Whether it lives",
            _200=_answer("it does", _PLAIN, _TEXT),
            _503=_answer("its event loop was blocked", _PLAIN, _TEXT),
        ),
        "/readyz": _get(
            "Whether new games and bots are welcome",
            _200=_answer("they are", _PLAIN, _TEXT),
            _503=_answer("it is stopping", _PLAIN, _TEXT),
        ),
        "/metrics": _guarded_get("Metrics for Prometheus", _200=_answer("in its text format", _PLAIN, _TEXT)),
        "/api/matches": _guarded_get(
            "Running matches, and the latest of those that are over, in the order in which they began",
            _200=_answer(
                "the matches",
                _JSON,
                _object(matches={"type": "array", "items": {"$ref": "#/components/schemas/Match"}}),
            ),
        ),
        "/api/matches/{number}": _match_path,
        "/api/matches/{number}/abort": _abort_path,
    },
    "components": {
        "schemas": {"Status": _STATUS, "Match": _MATCH, "Seat": _SEAT},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
}
