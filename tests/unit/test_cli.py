"""The command line, in this process: what reaches the broker, what is refused and how, and what help says."""

import logging
import resource
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
import trio

import bitbroker
from bitbroker.__main__ import main
from bitbroker.broker.service import ListenError, serve
from bitbroker.cli import run
from bitbroker.settings import LogLevel, Reading, Settings, declared_settings

Output = pytest.CaptureFixture[str]


def exit_code(*arguments: str) -> int | str | None:
    """Run a command line; how it exits."""
    with pytest.raises(SystemExit) as caught:
        run(arguments)
    return caught.value.code


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No settings from outside, a wide terminal, and logging as it was before."""
    for info in declared_settings().values():
        monkeypatch.delenv(info.env, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What settings brokers were run with; none really runs, and each would exit with 42."""
    served: list[Settings] = []

    def run_nothing(function: object, settings: Settings) -> int:
        assert function is serve
        served.append(settings)
        return 42

    monkeypatch.setattr(trio, "run", run_nothing)
    return served


# Serve.


def test_flags_reach_the_broker(served: list[Settings]) -> None:
    """Every one of them, with either way to write it; the exit code is the broker's."""
    assert exit_code("serve", "--players=3", "--port", "0", "--once", "--time-limit", "1.5", "--reading=task") == 42
    assert served == [Settings(num_players=3, port=0, once=True, time_limit=1.5, reading=Reading.TASK)]


def test_file_environment_and_flags(served: list[Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In that order of growing weight; the file may be named in either way."""
    config = tmp_path / "broker.toml"
    config.write_text("num_players = 2\nport = 1\nhttp_port = 1\ngrace = 1\n")
    monkeypatch.setenv("BROKER_PORT", "2")
    monkeypatch.setenv("BROKER_HTTP_PORT", "2")
    assert exit_code("serve", "--config", str(config), "--port", "3") == 42
    monkeypatch.setenv("BROKER_CONFIG", str(config))
    assert exit_code("serve", "--port", "3") == 42
    assert served == [Settings(num_players=2, port=3, http_port=2, grace=1)] * 2


def test_misspelt_variable_is_warned_of(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """It would otherwise be without effect, and nobody would know."""
    monkeypatch.setenv("BROKER_NUM_PLAYER", "4")
    assert exit_code("serve", "--players", "2") == 42
    assert "BROKER_NUM_PLAYER" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve"], "BROKER_NUM_PLAYERS (--players) is not set: it must be a whole number from 1 to 255"),
        (["serve", "--players", "0"], "BROKER_NUM_PLAYERS (--players) is '0': it must be a whole number from 1 to 255"),
        (["serve", "--players"], "--players is missing, or has no value"),
        (["serve", "--player", "2"], "Did you mean --players?"),
        (["serve", "--players", "2", "--port", "x"], "BROKER_PORT (--port) is 'x': it must be a whole number from 0"),
        (["serve", "--players", "2", "--once=maybe"], 'Invalid value for --once: unable to convert "maybe"'),
        (["serve", "--players", "2", "stray"], "'stray' belongs to no option"),
        (["serve", "--config", "/nowhere/b.toml"], "/nowhere/b.toml cannot be read: No such file or directory"),
        (["play"], "--game is missing, or has no value"),
        (["play", "--game", "g"], "--bot is missing, or has no value"),
        (["play", "--game", "g", "--bot", "b", "--matches", "x"], "Invalid value for --matches"),
        (["health", "--port", "x"], 'Invalid value for --port: unable to convert "x" into int'),
        (["health", "--port", "65536"], "Must be <= 65535"),
        (["helth"], "Unknown command"),
    ],
)
def test_bad_input_is_one_line(served: list[Settings], capsys: Output, arguments: list[str], words: str) -> None:
    """On standard error, with exit code 2; nothing is started."""
    assert exit_code(*arguments) == 2
    out, err = capsys.readouterr()
    assert (out, served) == ("", [])
    assert err.startswith("bitbroker: ")
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize("name", [name for name, info in declared_settings().items() if not info.is_switch])
def test_every_flag_is_checked_by_its_setting(served: list[Settings], capsys: Output, name: str) -> None:
    """What the settings refuse is the settings' line, whichever flag it is."""
    info = declared_settings()[name]
    bad = "x" if name == "origins" else "  "
    players = ["--players=2"] if info.flag != "--players" else []
    assert exit_code("serve", *players, f"{info.flag}={bad}") == 2
    assert capsys.readouterr().err == f"bitbroker: {info.env} ({info.flag}) is {bad!r}: it must be {info.allowed}\n"
    assert served == []


def test_address_that_is_taken_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    """As are other troubles that only show when the broker starts."""

    def fail(_function: object, _settings: object) -> int:
        raise ListenError("cannot listen on here")

    monkeypatch.setattr(trio, "run", fail)
    assert exit_code("serve", "--players", "2") == 2
    assert capsys.readouterr().err == "bitbroker: cannot listen on here\n"


@pytest.mark.parametrize(
    ("soft", "hard", "set_to", "warned"),
    [
        (1024, 100_000, [(1064, 100_000)], False),
        (1024, 1050, [(1050, 1050)], True),
        (5000, 100_000, [], False),
    ],
)
def test_descriptors_are_as_many_as_connections(
    served: list[Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
    soft: int,
    hard: int,
    set_to: list[tuple[int, int]],
    warned: bool,
) -> None:
    """As far as the system allows; where it does not, that is said."""
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limit: limits.append(limit))
    assert exit_code("serve", "--players", "2", "--max-connections", "1000") == 42
    assert limits == set_to
    assert ("fewer descriptors" in capsys.readouterr().err) == warned


def test_system_without_such_a_limit(served: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has none, and no module for it."""
    monkeypatch.setitem(sys.modules, "resource", None)
    assert exit_code("serve", "--players", "2") == 42


# Help.


def test_version(capsys: Output) -> None:
    """The package's own."""
    assert exit_code("--version") == 0
    assert capsys.readouterr().out.strip() == bitbroker.__version__


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_names_the_commands(capsys: Output, arguments: list[str]) -> None:
    """Without a command too."""
    assert exit_code(*arguments) == 0
    out = capsys.readouterr().out
    for word in ("Usage: bitbroker", "serve", "play", "health", "--version", "between games and bots"):
        assert word in out


def unwrapped(text: str) -> str:
    """Help without the lines' ends and the boxes around it."""
    return " ".join(text.replace("│", " ").split())


def test_help_of_serve(capsys: Output) -> None:
    """Each setting: flag, what it does, what it may be, variable, default; and what the exit codes mean."""
    assert exit_code("serve", "--help") == 0
    out = unwrapped(capsys.readouterr().out)
    for info in declared_settings().values():
        default = "required" if info.default is None else f"default {info.default}"
        assert info.flag in out
        assert f"{info.summary} [{info.allowed}; {info.env}; {default}]" in out
    for words in ("SIGTERM or Ctrl-C", "Exit codes: 0 stopped as told", "3 with --once, match not completed"):
        assert words in out


def test_help_of_play(capsys: Output) -> None:
    """The settings that it takes have the defaults that it really uses."""
    assert exit_code("play", "--help") == 0
    out = unwrapped(capsys.readouterr().out)
    assert "BROKER_LOG_LEVEL; default warning]" in out
    assert "BROKER_TIME_LIMIT; default 5]" in out
    assert "--empty-bot" not in out
    for words in ("--game", "--bot", "--matches", "--resume", "Exit codes: 0 every match was completed"):
        assert words in out


def test_default_that_help_of_play_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is what a match is played with."""
    seen: list[Any] = []

    def play_nothing(_order: object, settings: Settings, _results: object, *, resume: bool) -> int:
        seen.extend([settings.log_level, settings.num_players, settings.once, resume])
        return 7

    monkeypatch.setattr("bitbroker.cli.play_order", play_nothing)
    assert exit_code("play", "--game", "g", "--bot", "b", "--bot", "c") == 7
    assert seen == [LogLevel.WARNING, 2, True, False]


def test_help_of_health(capsys: Output) -> None:
    """Both flags, and what the exit codes mean."""
    assert exit_code("health", "--help") == 0
    out = unwrapped(capsys.readouterr().out)
    for words in ("exit code 0 if it is, 1 if not", "--host", "--port", "BROKER_HTTP_PORT"):
        assert words in out


# Health.


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], str]]:
    """A server that gives this answer, whole, to the one thing that it is asked; its port."""
    servers: list[HTTPServer] = []
    threads: list[threading.Thread] = []

    def answer(whole: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def handle(self) -> None:
                self.rfile.readline()
                self.wfile.write(whole)

        server = HTTPServer(("127.0.0.1", 0), Handler)
        server.timeout = 60
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        servers.append(server)
        threads.append(thread)
        return str(server.server_port)

    yield answer
    for server, thread in zip(servers, threads, strict=True):
        thread.join()
        server.server_close()


def test_broker_that_is_well(answering: Callable[[bytes], str], capsys: Output) -> None:
    """It says so; exit code 0, as a container's health check wants it."""
    assert exit_code("health", "--port", answering(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n")) == 0
    assert capsys.readouterr() == ("ok\n", "")


def test_port_from_the_environment(
    answering: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """The variable that the broker itself heeds."""
    monkeypatch.setenv("BROKER_HTTP_PORT", answering(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n"))
    assert exit_code("health") == 0
    assert capsys.readouterr().out == "ok\n"


def test_broker_that_is_not_well(answering: Callable[[bytes], str]) -> None:
    """In its own words, with exit code 1: that of `sys.exit` with a text."""
    port = answering(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 8\r\n\r\nblocked\n")
    assert exit_code("health", "--port", port) == "bitbroker: blocked"


def test_what_is_no_broker(answering: Callable[[bytes], str]) -> None:
    """Something else listens there."""
    port = answering(b"220 mail.example\r\n")
    code = exit_code("health", "--port", port)
    assert str(code).startswith(f"bitbroker: no health API answers at 127.0.0.1 port {port}: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "a..b"])
def test_nobody_there(host: str) -> None:
    """Nobody listens, or the name can be no host's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    code = exit_code("health", "--host", host, "--port", port)
    assert str(code).startswith(f"bitbroker: no health API answers at {host} port {port}: ")


# Without the extra.


def test_missing_packages_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which they are, and what to install; before anything of the broker is loaded."""
    for package in ("cyclopts", "quart_trio"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == (
        "bitbroker: the broker needs cyclopts, quart_trio, which the base install leaves out: "
        "pip install 'bitbroker[broker]'"
    )


def test_whole_install_runs_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With this process's own arguments."""
    seen: list[Sequence[str] | None] = []
    monkeypatch.setattr("bitbroker.cli.run", lambda arguments=None: seen.append(arguments))
    main()
    assert seen == [None]
