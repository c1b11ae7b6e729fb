"""Logging: structured, to standard error, one line an event, as text or JSON."""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import StringIO
from textwrap import indent
from typing import Final, TextIO, cast

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from bitbroker.settings import LogFormat, Settings
from bitbroker.text import printable, shortened

_LONGEST: Final = 200
_MOST: Final = 16
_SELDOM_SECONDS: Final = 60.0


def configure_logging(settings: Settings) -> None:
    """Make all logging of this process, that of libraries included, go where and look how the settings say."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    stamp: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _make_harmless,
    ]
    structlog.configure(
        processors=[*stamp, *_renderers(settings.log_format)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Forgiving(sys.stderr))),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=stamp,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(settings.log_format)],
        )
    )
    handler.addFilter(_Seldom("trio.serve_listeners"))
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


class _Seldom:
    """Lets through one line a minute of a logger, without traceback, and all of others.

    While no descriptor is left, Trio says so ten times a second for the health API's listener.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._next = 0.0

    def __call__(self, record: logging.LogRecord) -> bool:
        if record.name != self._name:
            return True
        record.exc_info = None
        if record.created < self._next:
            return False
        self._next = record.created + _SELDOM_SECONDS
        return True


class _Forgiving:
    """A stream that nobody reads any more (a full disk, a closed pipe) must not end matches."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _renderers(log_format: LogFormat) -> Sequence[Processor]:
    if log_format is LogFormat.JSON:
        return (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())
    return (structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_write_traceback),)


def _write_traceback(stream: TextIO, about: ExcInfo) -> None:
    """Indented, so that no text of an error can look like a log line; and as harmless as all others."""
    traceback = StringIO()
    structlog.dev.plain_traceback(traceback, about)
    stream.write(indent(printable(traceback.getvalue(), keep="\n"), "    "))


def _make_harmless(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape and cut what clients chose: a name must not end a line, colour a terminal or fill a disk."""
    return {key: _harmless(value) for key, value in event.items()}


def _harmless(value: object) -> object:
    if isinstance(value, str):
        if len(value) <= _LONGEST and value.isprintable():  # as nearly all are
            return value
        cut = shortened(value, _LONGEST)
        return cut if cut.isprintable() else cut.encode("unicode_escape").decode("ascii")
    if isinstance(value, list):
        more = [f"... ({len(value):,})"] if len(value) > _MOST else []
        return [_harmless(item) for item in value[:_MOST]] + more
    return value
