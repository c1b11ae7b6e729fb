"""Log lines: one an event, and nothing that a client chose can do harm in them."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

import pytest
import structlog

from bitbroker.broker.logs import configure_logging
from bitbroker.settings import LogFormat, LogLevel, Settings

NASTY = "\x1b[31mred\x1b[0m\r\nmatch over   cause=completed\0\u2028\u202e"


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was() -> Iterator[None]:
    """It belongs to the whole process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def configure(log_format: LogFormat = LogFormat.JSON, log_level: LogLevel = LogLevel.INFO) -> Any:
    """Set logging up; a logger."""
    configure_logging(Settings(num_players=2, log_format=log_format, log_level=log_level))
    return structlog.get_logger("test")


def test_json_is_a_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    """With its level, its time in UTC, and its fields as they are."""
    log = configure()
    log.info("match over", match=7, players=["a", "b"], seconds=1.5, cause=None)
    out, err = capsys.readouterr()
    entry = json.loads(err)
    assert out == ""
    assert err.count("\n") == 1
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "event": "match over",
        "level": "info",
        "match": 7,
        "players": ["a", "b"],
        "seconds": 1.5,
        "cause": None,
    }


def test_text_is_a_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    """Without colours where nobody looks at a terminal."""
    configure(LogFormat.TEXT).warning("careful", number=1, name="x")
    _, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert "[warning  ] careful" in err
    assert "name=x number=1" in err
    assert "\x1b" not in err


@pytest.mark.parametrize("log_format", LogFormat)
@pytest.mark.parametrize("where", ["name", "list", "event"])
def test_names_cannot_end_a_line_or_colour_a_terminal(
    capsys: pytest.CaptureFixture[str], log_format: LogFormat, where: str
) -> None:
    """Escaped, wherever they stand; the line is one line, and printable."""
    log = configure(log_format)
    if where == "event":
        log.info(NASTY)
    else:
        log.info("connection over", name=NASTY if where == "name" else [NASTY, NASTY])
    _, err = capsys.readouterr()
    assert err.endswith("\n")
    assert err[:-1].isprintable()
    assert "x1b[31mred" in err


@pytest.mark.parametrize("log_format", LogFormat)
def test_names_in_any_script_stay_as_they_are(capsys: pytest.CaptureFixture[str], log_format: LogFormat) -> None:
    """What can be printed is nobody's harm."""
    configure(log_format).info("x", name="reverse 🦀 Ünïcode")
    err = capsys.readouterr().err
    name = json.loads(err)["name"] if log_format is LogFormat.JSON else err
    assert "reverse 🦀 Ünïcode" in name


def test_long_names_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """And say how long they were; so are long lists."""
    configure().info("x", name="n" * 65536, players=["p" * 300] * 255)
    err = capsys.readouterr().err
    entry = json.loads(err)
    assert entry["name"] == "n" * 200 + "... (65,536 characters)"
    assert len(entry["players"]) == 17
    assert entry["players"][0] == "p" * 200 + "... (300 characters)"
    assert entry["players"][-1] == "... (255)"


@pytest.mark.parametrize("log_level", LogLevel)
def test_levels(capsys: pytest.CaptureFixture[str], log_level: LogLevel) -> None:
    """What is less severe than the setting is not logged."""
    log = configure(log_level=log_level)
    levels = [level.value for level in LogLevel]
    for level in levels:
        getattr(log, level)("said")
    logged = [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()]
    assert logged == levels[levels.index(log_level) :]


@pytest.mark.parametrize("log_format", LogFormat)
def test_exceptions_have_their_traceback(capsys: pytest.CaptureFixture[str], log_format: LogFormat) -> None:
    """In JSON within the one line."""
    log = configure(log_format)
    try:
        int("a bug")
    except ValueError:
        log.exception("match failed", match=3)
    err = capsys.readouterr().err
    assert "ValueError: invalid literal" in err
    assert "Traceback" in err
    if log_format is LogFormat.JSON:
        assert err.count("\n") == 1
        assert "test_exceptions_have_their_traceback" in json.loads(err)["exception"]


def test_texts_of_errors_look_like_no_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What a client chose may be in an error's text: that is indented, and escaped."""

    def fail() -> None:
        raise ValueError(NASTY)

    log = configure(LogFormat.TEXT)
    try:
        fail()
    except ValueError:
        log.exception("match failed", match=3)
    first, *rest = capsys.readouterr().err.splitlines()
    assert "match failed" in first
    assert [line for line in rest if line.strip() and not line.startswith("    ")] == []
    assert all(line.isprintable() for line in rest)


@pytest.mark.parametrize("log_format", LogFormat)
def test_libraries_log_the_same_way(capsys: pytest.CaptureFixture[str], log_format: LogFormat) -> None:
    """From warnings on: what they have to say below that is for their own developers."""
    configure(log_format, LogLevel.DEBUG)
    logging.getLogger("hypercorn.error").info("chatter")
    logging.getLogger("hypercorn.error").warning("trouble with %s", NASTY)
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "trouble with" in err
    assert err[:-1].isprintable()
    if log_format is LogFormat.JSON:
        assert json.loads(err)["level"] == "warning"


def test_shortage_of_the_health_api_is_a_line_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trio says ten times a second, each with a traceback, that it cannot accept; what others say is not cut."""
    configure()
    logger = logging.getLogger("trio.serve_listeners")
    began = time.time()
    for tenths in range(900):
        monkeypatch.setattr(time, "time", lambda tenths=tenths: began + tenths / 10)
        monkeypatch.setattr(time, "time_ns", lambda tenths=tenths: int((began + tenths / 10) * 1e9))
        logger.error("accept returned %s", "EMFILE", exc_info=OSError("Too many open files"))
    logging.getLogger("other").error("trouble")
    logging.getLogger("other").error("trouble")
    entries = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [entry["event"] for entry in entries] == ["accept returned EMFILE"] * 2 + ["trouble"] * 2
    assert [entry for entry in entries if "exception" in entry] == []


class Gone:
    """A stream whose reader is gone."""

    def write(self, text: str) -> int:
        """Fail, as a closed pipe does."""
        raise BrokenPipeError

    def flush(self) -> None:
        """Fail."""
        raise BrokenPipeError

    def isatty(self) -> bool:
        """It was none."""
        return False


def test_nobody_reads_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed pipe or a full disk ends no match."""
    gone: Any = Gone()
    stream: TextIO = gone
    monkeypatch.setattr(sys, "stderr", stream)
    configure().info("into the void")
