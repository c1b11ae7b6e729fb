"""A real broker for a test: `bitbroker serve` in a process of its own, on free ports."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from bitbroker.errors import BitbrokerError
from bitbroker.settings import ENV_PREFIX, declared_settings, refuse_unknown_names

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0
_DEFAULTS: Final = {"port": 0, "http_port": 0, "grace": 0}
_FIXED: Final = {"log_format": "json", "log_level": "info"}


class BrokerNotStartedError(BitbrokerError):
    """The broker did not start; the message has its own words."""


class RunningBroker:
    """A broker that listens; made by `running_broker`.

    Attributes:
        host: where it listens for games and bots.
        port: its port for them.
        http_port: the port of its health API, on the same host.
        log: what it has logged so far, oldest first: each line's keys and values, `event` and `level` among them.
    """

    def __init__(self, process: "subprocess.Popen[str]", results: Path) -> None:
        """Wait until it listens.

        Raises:
            BrokerNotStartedError: it ended instead, or took too long.
        """
        self.log: list[dict[str, Any]] = []
        self._results = results
        self._process = process
        self._words: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read_log, name="bitbroker log", daemon=True)
        self._reader.start()
        self._ready.wait(_START_SECONDS)
        addresses = {line["event"]: line for line in self.log}
        if "listening" not in addresses:
            raise BrokerNotStartedError(f"the broker did not start: {self._last_words()}")
        self.host: str = addresses["listening"]["host"]
        self.port: int = addresses["listening"]["port"]
        self.http_port: int = addresses["health API"]["port"]

    def results(self) -> list[dict[str, Any]]:
        """The matches that are over, one entry each, as `serve --results` writes them.

        A match is among them before its game and its bots hear that it is over.
        """
        if not self._results.exists():
            return []
        return [json.loads(line) for line in self._results.read_text(encoding="utf-8").splitlines()]

    def stop(self) -> None:
        """Tell it to stop, and see to it that it does."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(_STOP_SECONDS)

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            try:
                self.log.append(json.loads(line))
            except ValueError:  # not its log: a word before that, or a traceback
                self._words.append(line.strip())
            else:
                if self.log[-1]["event"] == "listening":
                    self._ready.set()
        self._ready.set()

    def _last_words(self) -> str:
        self.stop()
        words = [*(line["event"] for line in self.log), *self._words]
        return " / ".join(words) or f"it said nothing within {_START_SECONDS:g} s"


StartBroker: TypeAlias = Callable[..., RunningBroker]
"""The type of the fixture `bitbroker_broker`: called with settings, it gives a running broker."""


@contextmanager
def running_broker(**settings: Any) -> Iterator[RunningBroker]:
    """Run `bitbroker serve`, as long as the block lasts.

    Args:
        **settings: by their names in a settings file, such as `num_players=2`, which must be there, or `time_limit=1`.
            Ports are free ones and `grace` is 0 if they are not given; `log_format` and `log_level` are the kit's own.
            Variables of the environment have no effect.

    Raises:
        BrokerNotStartedError: it did not start: a setting is wrong, or the extra `broker` is not installed.
        SettingsError: there is no setting of that name.
    """
    refuse_unknown_names(settings, "the broker was given")
    with tempfile.TemporaryDirectory(prefix="bitbroker-") as folder:
        values = {**_DEFAULTS, "results": Path(folder) / "results.jsonl", **settings, **_FIXED}
        process = subprocess.Popen(
            [sys.executable, "-m", "bitbroker", "serve"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=_environment(values),
        )
        with process:
            broker = RunningBroker(process, Path(values["results"]))
            try:
                yield broker
            finally:
                broker.stop()


def _environment(values: dict[str, Any]) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    declared = declared_settings()
    return ours | {declared[name].env: str(value) for name, value in values.items()}
