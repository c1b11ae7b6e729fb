"""One frozen object with every limit and time; each setting is declared here, once.

A value comes from a TOML file, the environment (`BROKER_*`) or a flag, in that order of growing weight. Help,
errors and docs/settings.md are made from the same declarations.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any, Final

import attrs

from bitbroker.errors import SettingsError

ENV_PREFIX: Final = "BROKER_"
CONFIG_ENV: Final = "BROKER_CONFIG"
_CLIENTS_ENV: Final = frozenset({"BROKER_CA_FILE"})
"""What clients take from an environment that they may share with their broker, and brokers do not."""
_METADATA: Final = "bitbroker"
MIB: Final = 1 << 20


class FailurePolicy(StrEnum):
    """What a failed answer means."""

    END_MATCH = "end-match"
    FORFEIT_SEAT = "forfeit-seat"
    TELL_GAME = "tell-game"


class Surplus(StrEnum):
    """What becomes of a client that the next match has no place for."""

    WAIT = "wait"
    REFUSE = "refuse"


class Reading(StrEnum):
    """Who reads a seated client's socket."""

    AUTO = "auto"
    POLLER = "poller"
    TASK = "task"


class Spectators(StrEnum):
    """Whether a match may be watched whose game says nothing about that."""

    ALLOW = "allow"
    REFUSE = "refuse"


class LogLevel(StrEnum):
    """The least severe messages that are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line is written."""

    TEXT = "text"
    JSON = "json"


@attrs.frozen
class SettingInfo:
    """How one setting is called and what it may be.

    Attributes:
        flag: on the command line.
        env: in the environment.
        allowed: what it may be, in words that go behind "must be".
        summary: what it does, one sentence.
        default: as people write it; None where there is none.
        is_switch: a flag without a value.
    """

    flag: str
    env: str
    allowed: str
    summary: str
    default: str | None
    is_switch: bool = False


def _setting(
    name: str,
    kind: tuple[Callable[[Any], Any], str],
    summary: str,
    *,
    default: Any = attrs.NOTHING,
    flag: str | None = None,
) -> Any:
    parse, allowed = kind
    shown = None if default is attrs.NOTHING else _shown(default)
    info = SettingInfo(
        flag=flag or "--" + name.replace("_", "-"),
        env=ENV_PREFIX + name.upper(),
        allowed=allowed,
        summary=summary,
        default=shown,
        is_switch=kind is _SWITCH,
    )

    def convert(value: Any) -> Any:
        try:
            return parse(value)
        except (TypeError, ValueError, OverflowError):
            raise SettingsError(f"{info.env} ({info.flag}) is {str(value)[:80]!r}: it must be {info.allowed}") from None

    return attrs.field(default=default, converter=convert, kw_only=True, metadata={_METADATA: info})


def _shown(default: Any) -> str:
    if default is None:
        return "none"
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple):
        return ", ".join(default) or "none"
    return f"{default:g}" if isinstance(default, float) else str(default)


def _whole(low: int, high: int) -> tuple[Callable[[Any], int], str]:
    def parse(value: Any) -> int:
        number = int(value)
        if isinstance(value, bool | float) or not low <= number <= high:
            raise ValueError
        return number

    return parse, f"a whole number from {low} to {high}"


def _seconds(low: float, high: float) -> tuple[Callable[[Any], float], str]:
    def parse(value: Any) -> float:
        number = float(value)
        if isinstance(value, bool) or not isfinite(number) or not low <= number <= high:
            raise ValueError
        return number

    return parse, f"a number of seconds from {low:g} to {high:g}"


def _seconds_or_none(high: float) -> tuple[Callable[[Any], float], str]:
    parse, allowed = _seconds(0, high)
    return parse, f"{allowed}, 0 for no limit"


def _one_of(choices: type[StrEnum]) -> tuple[Callable[[Any], StrEnum], str]:
    return choices, " or ".join(choices)


def _parse_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


_ORIGIN: Final = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^\s/,]+")


def _parse_origins(value: Any) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        raise TypeError
    origins = tuple(filter(None, map(str.strip, words)))
    if not all(map(_ORIGIN.fullmatch, origins)):
        raise ValueError  # one with a path or a slash at its end, above all, would never match
    return origins


def _parse_host(value: Any) -> str:
    host = _parse_text(value)
    if not host.isprintable():
        raise ValueError
    host.encode("idna")  # what the system's resolver is given; it raises on an empty or a too long label
    return host


def _parse_path(value: Any) -> Path | None:
    if value is None or isinstance(value, Path):
        return value
    if "\0" in (path := _parse_text(value)):
        raise ValueError
    return Path(path)


_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


def _parse_switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError


_HOST: Final = (_parse_host, "a host name or address")
_SWITCH: Final = (_parse_switch, "true or false")
_FILE: Final = (_parse_path, "the path of a file")
_DAY: Final = 86400.0


@attrs.frozen
class Settings:
    """All settings of a broker, checked.

    Raises:
        SettingsError: a value is out of its range; one line that says which, and the range.
    """

    num_players: int = _setting(
        "num_players", _whole(1, 255), "How many players each match has; there is no default.", flag="--players"
    )
    host: str = _setting("host", _HOST, "Where to listen for games and bots.", default="127.0.0.1")
    port: int = _setting("port", _whole(0, 65535), "Port for games and bots; 0 picks a free one.", default=9000)
    http_host: str = _setting("http_host", _HOST, "Where to listen for the health API.", default="127.0.0.1")
    http_port: int = _setting(
        "http_port", _whole(0, 65535), "Port of the health API; 0 picks a free one.", default=8080
    )
    tls_cert: Path | None = _setting(
        "tls_cert",
        _FILE,
        "The broker's certificate, in PEM, with those between it and its root behind it: TLS is spoken on both ports.",
        default=None,
    )
    tls_key: Path | None = _setting(
        "tls_key", _FILE, "The certificate's key, in PEM, without a pass phrase.", default=None
    )
    tls_only: bool = _setting(
        "tls_only", _SWITCH, "Refuse games, bots and spectators that connect without TLS.", default=False
    )
    http_plain: bool = _setting(
        "http_plain",
        _SWITCH,
        "Speak plain HTTP on the health API, although there is a certificate: for probes on this machine.",
        default=False,
    )
    api_token_file: Path | None = _setting(
        "api_token_file",
        _FILE,
        "A file that holds the health API's token, which aborting a match needs, and from elsewhere than this machine "
        "most else.",
        default=None,
    )
    time_limit: float = _setting(
        "time_limit",
        _seconds(0.001, _DAY),
        "How long a bot may take to answer a request, in seconds. A bot is told whole seconds, rounded up, "
        "255 at the most, and held to the exact value.",
        default=5.0,
    )
    game_time_limit: float = _setting(
        "game_time_limit",
        _seconds_or_none(_DAY),
        "How long a game may take to go on after a trigger, in seconds.",
        default=60.0,
    )
    match_time_limit: float = _setting(
        "match_time_limit",
        _seconds_or_none(7 * _DAY),
        "How long a whole match may take, in seconds.",
        default=0.0,
    )
    on_failure: FailurePolicy = _setting(
        "on_failure",
        _one_of(FailurePolicy),
        "What an answer that fails (too late, bot gone, bot at fault) means where the game says nothing about that: "
        "the match ends, the seat is out, or the game is told and judges. A basic game's match ends with a seat.",
        default=FailurePolicy.END_MATCH,
    )
    max_unasked: int = _setting(
        "max_unasked",
        _whole(0, 1000),
        "How often a bot may speak without being asked; what it says counts for nothing. Once more is a protocol "
        "violation.",
        default=3,
    )
    max_time_limit: float = _setting(
        "max_time_limit",
        _seconds_or_none(7 * _DAY),
        "The longest base time, bank or increment that a game may ask for, in seconds.",
        default=3600.0,
    )
    resume_grace: float = _setting(
        "resume_grace",
        _seconds(0, 3600),
        "How long a client of the extended wire that has lost its connection may take to come back to its match, in "
        "seconds; 0: it may not. A match that is over is kept for so long.",
        default=30.0,
    )
    spectators: Spectators = _setting(
        "spectators",
        _one_of(Spectators),
        "Whether a match may be watched whose game says nothing about that.",
        default=Spectators.ALLOW,
    )
    max_spectators: int = _setting(
        "max_spectators", _whole(0, 100_000), "How many spectators a match may have.", default=64
    )
    spectator_buffer_bytes: int = _setting(
        "spectator_buffer_bytes",
        _whole(1024, 1024 * MIB),
        "How much is held back at the most for spectators who are kept behind, for each match, in bytes.",
        default=64 * MIB,
    )
    origins: tuple[str, ...] = _setting(
        "origins",
        (_parse_origins, "origins such as https://example.org, separated by commas, or *"),
        "The web pages whose scripts may connect by WebSocket; * for all. Clients that are no browsers need no leave.",
        default=(),
    )
    roster: Path | None = _setting(
        "roster",
        _FILE,
        "A TOML file with the clients that may come, each by its name and its token; none for everybody. SIGHUP has it "
        "read again.",
        default=None,
    )
    handshake_timeout: float = _setting(
        "handshake_timeout",
        _seconds(0.01, 3600),
        "How long a new connection has to say who it is, in seconds.",
        default=10.0,
    )
    surplus: Surplus = _setting(
        "surplus",
        _one_of(Surplus),
        "What becomes of a client that the next match has no place for: it waits for a later one, or is refused.",
        default=Surplus.WAIT,
    )
    max_waiting: int = _setting(
        "max_waiting",
        _whole(2, 1_000_000),
        "How many games and bots may wait for a match; who comes on top is refused, unless others wait for it.",
        default=4096,
    )
    max_connections: int = _setting(
        "max_connections",
        _whole(2, 1_000_000),
        "How many connections of games and bots there may be at once; who comes on top is refused.",
        default=10_000,
    )
    max_connections_per_address: int = _setting(
        "max_connections_per_address",
        _whole(2, 1_000_000),
        "How many of those may come from one address (of IPv6, from one /64 network); who comes on top is refused. "
        "Behind a proxy all have its address.",
        default=5000,
    )
    max_handshakes_per_second: int = _setting(
        "max_handshakes_per_second",
        _whole(0, 1_000_000),
        "How many connections are accepted in a second, 0 for no limit. Who comes on top is not refused, but waits.",
        default=1000,
    )
    max_payload_bytes: int = _setting(
        "max_payload_bytes",
        _whole(1024, 1024 * MIB),
        "The largest state or decision, in bytes. The broker holds a few copies of it for each connection that "
        "sends or gets one.",
        default=8 * MIB,
    )
    once: bool = _setting(
        "once",
        _SWITCH,
        "Hold one match and exit: with 0 if it was completed, with 3 if it was not.",
        default=False,
    )
    grace: float = _setting(
        "grace",
        _seconds(0, 3600),
        "When the broker is told to stop: how long running matches may go on, in seconds. All else takes 1.5 s more "
        "at the most; container engines kill after 10 s.",
        default=8.0,
    )
    close_timeout: float = _setting(
        "close_timeout",
        _seconds(0.01, 60),
        "After a farewell: how long the client has to read it and close, in seconds.",
        default=2.0,
    )
    results: Path | None = _setting(
        "results",
        _FILE,
        "A file to which each match that is over is appended, as one line of JSON.",
        default=None,
    )
    recent_matches: int = _setting(
        "recent_matches",
        _whole(0, 100_000),
        "How many matches that are over the API still shows.",
        default=100,
    )
    reading: Reading = _setting(
        "reading",
        _one_of(Reading),
        "Who reads a client's socket: one poller for all (needs epoll, so Linux), each connection's own task, or "
        "the better one that there is.",
        default=Reading.AUTO,
    )
    log_level: LogLevel = _setting(
        "log_level", _one_of(LogLevel), "The least severe messages that are logged.", default=LogLevel.INFO
    )
    log_format: LogFormat = _setting(
        "log_format", _one_of(LogFormat), "How a log line is written.", default=LogFormat.TEXT
    )


def declared_settings() -> dict[str, SettingInfo]:
    """Every setting by its name, which is also its key in a TOML file."""
    return {field.name: field.metadata[_METADATA] for field in attrs.fields(Settings)}


def load_settings(
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    config: Path | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Settings:
    """Put the settings together from a TOML file, the environment and flags.

    Args:
        flags: what the command line says, by the settings' names; None where it says nothing.
        environ: the environment.
        config: the TOML file; None for the one that `BROKER_CONFIG` names, if it does.
        defaults: other defaults than the declared ones.

    Raises:
        SettingsError: one is missing, wrong or unknown, or the file cannot be read.
    """
    declared = declared_settings()
    config = config or (Path(environ[CONFIG_ENV]) if environ.get(CONFIG_ENV) else None)
    values = {**(defaults or {}), **(_read_toml(config) if config else {})}
    values |= {name: environ[info.env] for name, info in declared.items() if environ.get(info.env, "") != ""}
    values |= {name: value for name, value in flags.items() if value is not None}
    for name, info in declared.items():
        if info.default is None and name not in values:
            raise SettingsError(f"{info.env} ({info.flag}) is not set: it must be {info.allowed}")
    return Settings(**values)


def refuse_unknown_names(names: Iterable[str], source: str) -> None:
    """See to it that each of these names is that of a setting.

    Args:
        names: what is to be settings.
        source: who says so, and a verb: the beginning of the error.

    Raises:
        SettingsError: one is no setting; the message has the nearest one that is.
    """
    declared = declared_settings()
    for name in names:
        if name not in declared:
            close = difflib.get_close_matches(name, declared, 1)
            hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(declared)}"
            raise SettingsError(f"{source} {name!r}, which is no setting{hint}")


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Names in the environment that look like settings and are none."""
    known = {info.env for info in declared_settings().values()} | {CONFIG_ENV} | _CLIENTS_ENV
    return sorted(name for name in environ if name.startswith(ENV_PREFIX) and name not in known)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"the settings file {path} cannot be read: {error.strerror}; --config or {CONFIG_ENV} names another"
        ) from None
    except ValueError as error:  # not TOML, not UTF-8, or a number that Python does not read
        raise SettingsError(f"the settings file {path} is not TOML: {error}") from None
    refuse_unknown_names(values, f"the settings file {path} sets")
    return values
