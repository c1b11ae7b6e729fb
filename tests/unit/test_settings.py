"""Settings: where they come from, what weighs most, and what is said of one that is missing or wrong."""

import json
from datetime import date
from math import inf, nan
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker.errors import SettingsError
from bitbroker.settings import (
    FailurePolicy,
    LogFormat,
    LogLevel,
    Reading,
    Settings,
    Spectators,
    Surplus,
    declared_settings,
    load_settings,
    unknown_variables,
)

DECLARED = declared_settings()

GOOD: dict[str, list[tuple[Any, Any]]] = {
    "num_players": [("1", 1), (255, 255), (" 2 ", 2)],
    "host": [("::1", "::1"), (" localhost ", "localhost"), ("0.0.0.0", "0.0.0.0")],
    "port": [("0", 0), (65535, 65535)],
    "http_host": [("example.org", "example.org"), ("bücher.example", "bücher.example")],
    "http_port": [("0", 0), (1, 1)],
    "tls_cert": [("cert.pem", Path("cert.pem")), (None, None)],
    "tls_key": [("key.pem", Path("key.pem")), (None, None)],
    "tls_only": [("yes", True), (False, False)],
    "http_plain": [("1", True), (False, False)],
    "time_limit": [("0.001", 0.001), (86400, 86400.0), ("1e1", 10.0)],
    "game_time_limit": [("0", 0.0), (2.5, 2.5)],
    "match_time_limit": [("0", 0.0), (604800, 604800.0)],
    "on_failure": [(policy.value, policy) for policy in FailurePolicy],
    "max_unasked": [("0", 0), (1000, 1000)],
    "max_time_limit": [("0", 0.0), (604800, 604800.0)],
    "resume_grace": [("0", 0.0), (3600, 3600.0)],
    "spectators": [("allow", Spectators.ALLOW), ("refuse", Spectators.REFUSE)],
    "max_spectators": [("0", 0), (100_000, 100_000)],
    "spectator_buffer_bytes": [("1024", 1024), (1 << 30, 1 << 30)],
    "origins": [
        ("https://a.example, *", ("https://a.example", "*")),
        (["https://a.example"], ("https://a.example",)),
        (",", ()),
        ((), ()),
    ],
    "roster": [("a/file", Path("a/file")), (None, None)],
    "api_token_file": [("a/file", Path("a/file")), (None, None)],
    "handshake_timeout": [("0.01", 0.01), (3600, 3600.0)],
    "surplus": [("wait", Surplus.WAIT), ("refuse", Surplus.REFUSE)],
    "max_waiting": [("2", 2), (1_000_000, 1_000_000)],
    "max_connections": [("2", 2), (1_000_000, 1_000_000)],
    "max_connections_per_address": [("2", 2), (1_000_000, 1_000_000)],
    "max_handshakes_per_second": [("0", 0), (1_000_000, 1_000_000)],
    "max_payload_bytes": [("1024", 1024), (1 << 30, 1 << 30)],
    "once": [(word, True) for word in ("1", "true", "Yes", "ON", True)]
    + [(word, False) for word in ("0", "False", "no", " off ", False)],
    "grace": [("0", 0.0), (3600, 3600.0)],
    "close_timeout": [("0.01", 0.01), (60, 60.0)],
    "results": [("a/file", Path("a/file")), (Path("file"), Path("file")), (None, None)],
    "recent_matches": [("0", 0), (100_000, 100_000)],
    "reading": [("auto", Reading.AUTO), ("poller", Reading.POLLER), ("task", Reading.TASK)],
    "log_level": [(level.value, level) for level in LogLevel],
    "log_format": [("text", LogFormat.TEXT), ("json", LogFormat.JSON)],
}

NO_NUMBERS: list[Any] = [
    *("", "two", "0x10", "1 2", "nan", "inf", "9" * 5000),
    *(True, [1], {}, date(2026, 1, 1), nan, inf, 10**400),
]
NO_TEXT: list[Any] = ["", "  ", 5, True, ["a"], {}]
BAD: dict[str, list[Any]] = {
    "num_players": [*NO_NUMBERS, 0, 256, "-1", 2.0, "2.5"],
    "host": [*NO_TEXT, "a..b", "x" * 64, "a\0b", "a\nb"],
    "port": [*NO_NUMBERS, -1, 65536, "80.0"],
    "http_host": [*NO_TEXT, "a..b", ".example"],
    "http_port": [*NO_NUMBERS, -1, 65536],
    "tls_cert": [*NO_TEXT, "a\0b"],
    "tls_key": [*NO_TEXT, "a\0b"],
    "tls_only": ["", "maybe", 2, None, []],
    "http_plain": ["", "maybe", 2, None, []],
    "time_limit": [*NO_NUMBERS, 0, "0.0009", 86401, -5],
    "game_time_limit": [*NO_NUMBERS, -0.1, 86401],
    "match_time_limit": [*NO_NUMBERS, -0.1, 604801],
    "on_failure": ["", "END_MATCH", "end match", 1, None, ["end-match"]],
    "max_unasked": [*NO_NUMBERS, -1, 1001],
    "max_time_limit": [*NO_NUMBERS, -0.1, 604801],
    "resume_grace": [*NO_NUMBERS, -0.1, 3601],
    "spectators": ["", "yes", 1],
    "max_spectators": [*NO_NUMBERS, -1, 100_001],
    "spectator_buffer_bytes": [*NO_NUMBERS, 1023, (1 << 30) + 1],
    "origins": [
        "example.org",
        "https://a.example/",
        "https://a.example x",
        5,
        True,
        None,
        ["https://a.example", 5],
        {"https://a.example": 1},
    ],
    "roster": [*NO_TEXT, "a\0b"],
    "api_token_file": [*NO_TEXT, "a\0b"],
    "handshake_timeout": [*NO_NUMBERS, 0, 3601],
    "surplus": ["", "drop", 0],
    "max_waiting": [*NO_NUMBERS, 1, 1_000_001],
    "max_connections": [*NO_NUMBERS, 1, 1_000_001],
    "max_connections_per_address": [*NO_NUMBERS, 1, 1_000_001],
    "max_handshakes_per_second": [*NO_NUMBERS, -1, 1_000_001],
    "max_payload_bytes": [*NO_NUMBERS, 1023, (1 << 30) + 1, "8MiB"],
    "once": ["", "maybe", 2, None, []],
    "grace": [*NO_NUMBERS, -1, 3601],
    "close_timeout": [*NO_NUMBERS, 0, 61],
    "results": [*NO_TEXT, "a\0b"],
    "recent_matches": [*NO_NUMBERS, -1, 100_001],
    "reading": ["", "epoll", 1],
    "log_level": ["", "critical", "INFO", 10],
    "log_format": ["", "xml", 1],
}


def cases(table: dict[str, list[Any]]) -> list[Any]:
    """One test case for each value of each setting."""
    pairs = [(name, value) for name, values in table.items() for value in values]
    return [pytest.param(name, value, id=f"{name}-{str(value)[:20]!r}") for name, value in pairs]


def make(name: str, value: Any) -> Any:
    """Settings with this one; what it has become."""
    values: dict[str, Any] = {"num_players": 2, name: value}
    return getattr(Settings(**values), name)


def test_every_setting_is_tested_here() -> None:
    """One that is added needs good and bad values."""
    assert GOOD.keys() == BAD.keys() == DECLARED.keys()


@pytest.mark.parametrize(("name", "value"), cases(GOOD))
def test_good_values(name: str, value: tuple[Any, Any]) -> None:
    """Text as a variable or a flag has it, and values as a TOML file has them."""
    given_value, expected = value
    made = make(name, given_value)
    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(("name", "value"), cases(BAD))
def test_bad_values(name: str, value: Any) -> None:
    """One line: variable, flag, the value, and what it must be."""
    with pytest.raises(SettingsError) as caught:
        make(name, value)
    words = str(caught.value)
    info = DECLARED[name]
    assert words.startswith(f"{info.env} ({info.flag}) is ")
    assert words.endswith(f": it must be {info.allowed}")
    assert words.isprintable()
    assert len(words) < 300


@given(name=st.sampled_from([*DECLARED]), value=st.text() | st.integers() | st.floats() | st.booleans() | st.dates())
def test_any_value_is_good_or_one_line(name: str, value: object) -> None:
    """Whatever a file may hold: a setting, or an error that names it."""
    try:
        make(name, value)
    except SettingsError as error:
        words = str(error)
    else:
        return
    assert words.startswith(DECLARED[name].env)
    assert words.isprintable()


def test_defaults() -> None:
    """Only the number of players has none; what help and docs show is what is used."""
    settings = Settings(num_players=2)
    assert [name for name, info in DECLARED.items() if info.default is None] == ["num_players"]
    for name, info in DECLARED.items():
        if info.default not in (None, "none"):
            assert make(name, info.default) == getattr(settings, name)
    assert settings.results is None
    assert (settings.host, settings.http_host) == ("127.0.0.1", "127.0.0.1")
    assert (settings.port, settings.http_port, settings.time_limit, settings.grace) == (9000, 8080, 5.0, 8.0)


def test_settings_do_not_change() -> None:
    """They travel through the whole broker."""
    settings = Settings(num_players=2)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", DECLARED)
def test_names_of_flag_and_variable(name: str) -> None:
    """They follow from the setting's, but for `--players`."""
    info = DECLARED[name]
    assert info.env == f"BROKER_{name.upper()}"
    assert info.flag == ("--players" if name == "num_players" else f"--{name.replace('_', '-')}")
    assert info.summary.endswith(".")


# Where they come from.


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A settings file."""
    path = tmp_path / "broker.toml"
    path.write_text('num_players = 3\nport = 1001\nhttp_port = 1002\ntime_limit = 1.5\nonce = true\nreading = "task"\n')
    return path


def test_each_source_weighs_more_than_the_one_before(config: Path) -> None:
    """Defaults, file, environment, flags."""
    environ = {"BROKER_PORT": "2001", "BROKER_TIME_LIMIT": "2.5", "PATH": "/bin"}
    settings = load_settings({"time_limit": "3.5", "port": None}, environ, config, {"http_port": 1, "grace": 7.0})
    assert (settings.num_players, settings.port, settings.http_port) == (3, 2001, 1002)
    assert (settings.time_limit, settings.grace, settings.max_unasked) == (3.5, 7.0, 3)
    assert settings.once
    assert settings.reading is Reading.TASK


def test_flag_may_take_back_a_switch(config: Path) -> None:
    """False is something that was said, unlike nothing."""
    assert not load_settings({"once": False}, {}, config).once
    assert not load_settings({}, {"BROKER_ONCE": "no"}, config).once


def test_environment_names_the_file(config: Path, tmp_path: Path) -> None:
    """By BROKER_CONFIG, which a flag outweighs; empty means none."""
    other = tmp_path / "other.toml"
    other.write_text("num_players = 4\n")
    assert load_settings({}, {"BROKER_CONFIG": str(config)}).num_players == 3
    assert load_settings({}, {"BROKER_CONFIG": str(config)}, other).num_players == 4
    with pytest.raises(SettingsError, match="BROKER_NUM_PLAYERS"):
        load_settings({}, {"BROKER_CONFIG": ""})


def test_empty_variable_is_none() -> None:
    """As compose files leave them."""
    assert load_settings({"num_players": "2"}, {"BROKER_PORT": ""}).port == 9000


@pytest.mark.parametrize("environ", [{}, {"BROKER_NUM_PLAYERS": ""}])
def test_missing_setting_is_one_line(environ: dict[str, str]) -> None:
    """Variable, flag and range."""
    with pytest.raises(SettingsError) as caught:
        load_settings({"num_players": None}, environ)
    assert str(caught.value) == ("BROKER_NUM_PLAYERS (--players) is not set: it must be a whole number from 1 to 255")


@pytest.mark.parametrize("name", DECLARED)
def test_wrong_value_from_anywhere(tmp_path: Path, name: str) -> None:
    """File, environment or flag: the error is the same."""
    bad = next(value for value in BAD[name] if isinstance(value, str) and value.strip())
    path = tmp_path / "broker.toml"
    path.write_text(f"{name} = {json.dumps(bad)}\n")
    info = DECLARED[name]
    sources: list[tuple[dict[str, str], dict[str, str], Path | None]] = [
        ({}, {}, path),
        ({}, {info.env: bad}, None),
        ({name: bad}, {}, None),
    ]
    for flags, environ, config in sources:
        with pytest.raises(SettingsError, match=rf"{info.env} \({info.flag}\) is "):
            load_settings(flags, environ, config, {"num_players": 2})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"num_players =\n", "is not TOML: "),
        (b"\xff\xfe", "is not TOML: "),
        (b"port = 1" + b"0" * 5000 + b"\n", "is not TOML: "),
        (b"num_plaers = 2\n", "sets 'num_plaers', which is no setting; did you mean num_players?"),
        (b"xyzzy = 2\n", "sets 'xyzzy', which is no setting; there are num_players, host, "),
        (b"[num_players]\n", "BROKER_NUM_PLAYERS (--players) is '{}'"),
    ],
)
def test_what_is_no_settings_file(tmp_path: Path, content: bytes, words: str) -> None:
    """One line that says what is wrong with it."""
    path = tmp_path / "broker.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {}, path)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """With the system's reason."""
    for path, reason in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(SettingsError, match=rf"settings file .* cannot be read: {reason}"):
            load_settings({}, {}, path)


def test_variables_that_are_no_settings() -> None:
    """A misspelt one shows; those that are ours, and other people's, do not."""
    environ = {
        "BROKER_PORTS": "1",
        "BROKER_A": "",
        "BROKER_PORT": "1",
        "BROKER_CONFIG": "x",
        "BROKER_CA_FILE": "x",
        "OTHER": "1",
    }
    assert unknown_variables(environ) == ["BROKER_A", "BROKER_PORTS"]
