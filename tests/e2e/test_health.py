"""Asking whether a broker is well, as container engines do, by a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest


class Api(HTTPServer):
    """A health API, on a free port, that says what the test wants."""

    status, text = 200, "ok\n"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    """Answers for it."""

    server: Api

    def do_GET(self) -> None:
        """Answer, if it is the right question."""
        self.send_response(self.server.status if self.path == "/healthz" else 404)
        self.end_headers()
        self.wfile.write(self.server.text.encode())

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    """A health API at work."""
    with Api() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(*command: str, port: int) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the question."""
    environment = os.environ | {"BROKER_HTTP_PORT": str(port)}
    done = subprocess.run([sys.executable, "-m", *command], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


COMMANDS = pytest.mark.parametrize("command", [("bitbroker.health",), ("bitbroker", "health")], ids=" ".join)


@COMMANDS
def test_well(api: Api, command: tuple[str, ...]) -> None:
    """A broker that is well: exit code 0, and what it says."""
    assert ask(*command, port=api.server_port) == (0, "ok\n", "")


@COMMANDS
def test_unwell(api: Api, command: tuple[str, ...]) -> None:
    """A broker that says it is not: exit code 1, and what it says."""
    api.status, api.text = 503, "the event loop was blocked for 3.0 s\n"
    assert ask(*command, port=api.server_port) == (1, "", "bitbroker: the event loop was blocked for 3.0 s\n")


@COMMANDS
def test_nobody_answers(api: Api, command: tuple[str, ...]) -> None:
    """No broker at all: exit code 1, and where it was looked for."""
    port = api.server_port
    api.shutdown()
    api.server_close()
    exit_code, said, complaint = ask(*command, port=port)
    assert (exit_code, said) == (1, "")
    assert complaint.startswith(f"bitbroker: no health API answers at 127.0.0.1 port {port}: ")


@COMMANDS
@pytest.mark.parametrize("port", [0, 65536, -1])
def test_port_that_is_none(command: tuple[str, ...], port: int) -> None:
    """A line that names the variable, and an exit code that is not 0."""
    exit_code, said, complaint = ask(*command, port=port)
    assert (exit_code != 0, said, complaint.count("\n")) == (True, "", 1)
    assert "BROKER_HTTP_PORT" in complaint


def test_loads_next_to_nothing() -> None:
    """The module that is made for probes leaves Trio and the server alone."""
    code = "import sys, bitbroker.health; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "bitbroker.health" in loaded
    assert {"trio", "attrs", "google", "cyclopts", "quart"}.isdisjoint(loaded)
