"""What users are told when something is wrong: each error provoked, and its whole text.

A text must say what happened, to whom, and what to do. Whoever changes one reads it here as its user will.
"""

import errno
import json
import logging
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog
import trio
from google.protobuf.message import DecodeError

from bitbroker import cli
from bitbroker._pb import extended_pb2 as pb
from bitbroker._pb.examples.connect_four_pb2 import Move, Position
from bitbroker.broker import poller
from bitbroker.client import (
    Action,
    AnswerFailedError,
    BaseBot,
    BaseGame,
    BasicWireError,
    BrokerUnreachableError,
    ConnectionLostError,
    Player,
    RefusedError,
    RemoteProtocolError,
)
from bitbroker.client.connection import Connection
from bitbroker.client.session import Session
from bitbroker.testing import (
    BrokerNotStartedError,
    ScriptedBot,
    ScriptedGame,
    ScriptOverError,
    Silence,
    play_match,
    running_broker,
)
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

GONE, FOLDER, REFUSED, TAKEN, EXISTS, TOO_LARGE = map(
    os.strerror, (errno.ENOENT, errno.EISDIR, errno.ECONNREFUSED, errno.EADDRINUSE, errno.EEXIST, errno.EFBIG)
)
SERVE = ["serve", "--players", "2"]
PLAY = ["play", "--game", "true", "--bot", "true"]
BATCH_LINE = (
    '{"match": 1, "seats": [], "seat": null, "cause": "completed", "scores": null, "batch": {"game": "true", '
    '"bots": ["true"], "seed": 7, "rotate_seats": false}}\n'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with files to stumble over."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "not.toml": "x = [",
        "close.toml": "num_player = 2",
        "far.toml": "colour = 2",
        "wrong.toml": "num_players = true",
        "notes.txt": "my notes\n",
        "other.jsonl": BATCH_LINE,
        "bot.py": "print('a bot')\n",
    }.items():
        Path(name).write_text(text)
    return tmp_path


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., str]]:
    """Runs a command line that must fail with one line, which it gives."""

    def run(arguments: Sequence[str], exit_code: int = 2) -> str:
        for name in [name for name in os.environ if name.startswith("BROKER_")]:
            monkeypatch.delenv(name)
        variables = [word for word in arguments if re.match("[A-Z_]+=", word)]
        for variable in variables:
            monkeypatch.setenv(*variable.split("=", 1))
        with pytest.raises(SystemExit) as ended:
            cli.run(arguments[len(variables) :])
        out, err = capsys.readouterr()
        if isinstance(ended.value.code, str):  # Python itself prints it, and ends with 1
            err, ended.value.code = f"{ended.value.code}\n", 1
        assert (ended.value.code, out) == (exit_code, "")
        assert err.count("\n") == 1
        return err.removeprefix("bitbroker: ").removesuffix("\n")

    yield run
    structlog.reset_defaults()
    logging.basicConfig(force=True)


SETTINGS = {
    "serve": "BROKER_NUM_PLAYERS (--players) is not set: it must be a whole number from 1 to 255",
    "serve --players two": "BROKER_NUM_PLAYERS (--players) is 'two': it must be a whole number from 1 to 255",
    "serve --players 256": "BROKER_NUM_PLAYERS (--players) is '256': it must be a whole number from 1 to 255",
    "BROKER_NUM_PLAYERS=x serve": "BROKER_NUM_PLAYERS (--players) is 'x': it must be a whole number from 1 to 255",
    "serve --players 2 --port 80808": "BROKER_PORT (--port) is '80808': it must be a whole number from 0 to 65535",
    "serve --players 2 --host ''": "BROKER_HOST (--host) is '': it must be a host name or address",
    "serve --players 2 --time-limit nan": (
        "BROKER_TIME_LIMIT (--time-limit) is 'nan': it must be a number of seconds from 0.001 to 86400"
    ),
    "serve --players 2 --match-time-limit x": (
        "BROKER_MATCH_TIME_LIMIT (--match-time-limit) is 'x': "
        "it must be a number of seconds from 0 to 604800, 0 for no limit"
    ),
    "serve --players 2 --on-failure retry": (
        "BROKER_ON_FAILURE (--on-failure) is 'retry': it must be end-match or forfeit-seat or tell-game"
    ),
    "BROKER_ONCE=maybe serve --players 2": "BROKER_ONCE (--once) is 'maybe': it must be true or false",
    "serve --config gone.toml": (
        f"the settings file gone.toml cannot be read: {GONE}; --config or BROKER_CONFIG names another"
    ),
    "BROKER_CONFIG=gone.toml serve": (
        f"the settings file gone.toml cannot be read: {GONE}; --config or BROKER_CONFIG names another"
    ),
    "serve --config .": f"the settings file . cannot be read: {FOLDER}; --config or BROKER_CONFIG names another",
    "serve --config not.toml": "the settings file not.toml is not TOML: Invalid value (at end of document)",
    "serve --config close.toml": (
        "the settings file close.toml sets 'num_player', which is no setting; did you mean num_players?"
    ),
    "serve --config wrong.toml": "BROKER_NUM_PLAYERS (--players) is 'True': it must be a whole number from 1 to 255",
    "serve --players 2 --api-token-file gone": (
        f"BROKER_API_TOKEN_FILE (--api-token-file) is 'gone': it cannot be read: {GONE}; name another file"
    ),
    "serve --players 2 --api-token-file notes.txt": (
        "BROKER_API_TOKEN_FILE (--api-token-file) is 'notes.txt': "
        "it must hold one word of 16 characters or more, and nothing else"
    ),
    "serve --players 2 --roster gone.toml": f"the roster gone.toml cannot be read: {GONE}; --roster names another",
    "serve --players 2 --roster not.toml": "the roster not.toml is not TOML: Invalid value (at end of document)",
    "serve --players 2 --roster far.toml": "the roster far.toml may hold [[client]] tables, and nothing else",
    "serve --players 2 --port 0 --http-port 0 --results gone/results": (
        f"BROKER_RESULTS (--results) is 'gone/results': it cannot be written: {GONE}; name another file"
    ),
    "serve --players 2 --tls-only": (
        "BROKER_TLS_CERT (--tls-cert) is not set: TLS alone (--tls-only) needs a certificate"
    ),
    "serve --players 2 --tls-cert cert.pem": (
        "BROKER_TLS_KEY (--tls-key) is not set: name the file with the key of cert.pem"
    ),
    "serve --players 2 --tls-cert gone --tls-key gone": (
        f"BROKER_TLS_CERT (--tls-cert) is 'gone': it cannot be read: {GONE}; name another file"
    ),
    "serve --players 2 --tls-cert notes.txt --tls-key gone": (
        "BROKER_TLS_CERT (--tls-cert) is 'notes.txt': it holds no certificate in PEM; name the file that does"
    ),
}

COMMAND_LINES = {
    "serv": 'Unknown command "serv". Did you mean "serve"? Available commands: serve, play, roster, health, watch. '
    "(see bitbroker --help)",
    "serve --players": "--players is missing, or has no value (see bitbroker --help)",
    "serve 2": (
        "'2' belongs to no option: a command of several words is to be quoted, as in --bot 'python bot.py' "
        "(see bitbroker --help)"
    ),
    "watch": "--match is missing, or has no value (see bitbroker --help)",
    "watch final --host http://localhost": (
        "the broker's address is 'http://localhost': it must be a host, host:port, tcp://host:port or "
        "ws://host:port/path, or over TLS tls://host:port or wss://host:port/path"
    ),
    "watch final --host tls://localhost --ca-file gone": f"ca_file is 'gone': it cannot be read: {GONE}",
    "watch final --ca-file notes.txt": "ca_file is for TLS: leave it out, or give a tls:// or wss:// address",
    "play --game true": "--bot is missing, or has no value (see bitbroker --help)",
    "play --bot true": "--game is missing, or has no value (see bitbroker --help)",
    "play --game python game.py --bot python bot.py": (
        "'game.py bot.py' belongs to no option: a command of several words is to be quoted, as in "
        "--bot 'python bot.py' (see bitbroker --help)"
    ),
    "play --game true --bot ''": "--bot is '', which is no command",
    "play --game true --bot no-such-program": (
        "--bot is 'no-such-program', but there is no program 'no-such-program': is the path right?"
    ),
    "play --game true --bot ./bot.py": (
        "--bot is './bot.py', but ./bot.py may not be executed: put its interpreter before it ({python} is this one), "
        "or chmod +x it"
    ),
    "play --game true --bot true --matches 0": "--matches is 0: it must be a whole number from 1 to 1000000",
    "play --game true --bot true --parallel 0": "--parallel is 0: it must be a whole number from 1 to 1000000",
    "play --game true --bot true --join-timeout 0": ("--join-timeout is 0: it must be a number of seconds up to 86400"),
    "play --game true --bot true --resume": "--resume goes on from a results file: name it with --results",
    "play --game true --bot true --results .": ". is no file that could hold results: name another",
    "play --game true --bot true --results gone/results": (
        f"the results file gone/results cannot be used: {GONE}; name another"
    ),
    "play --game true --bot true --results notes.txt": (
        "notes.txt is there already: go on from it with --resume, or name another file"
    ),
    "play --game true --bot true --results notes.txt --resume": (
        "notes.txt holds something that is no result of a batch: name another file"
    ),
    "play --game true --bot true --results other.jsonl --resume": (
        "other.jsonl is of another batch: its seed is 7, not 0; name another file"
    ),
    "play --game true --bot true --logs notes.txt": (
        f"--logs is 'notes.txt': no such folder can be made: {EXISTS}; name another"
    ),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("words", "text"), [*SETTINGS.items(), *COMMAND_LINES.items()])
def test_command_line(command_line: Callable[..., str], words: str, text: str) -> None:
    """Bad settings and bad command lines: one line, exit code 2."""
    assert command_line(shlex.split(words)) == text


@pytest.mark.usefixtures("folder")
def test_name_that_is_far_from_any_setting(command_line: Callable[..., str]) -> None:
    """Where there is nothing near it, all settings are told."""
    text = command_line(["serve", "--config", "far.toml"])
    assert text.startswith(
        "the settings file far.toml sets 'colour', which is no setting; there are num_players, host,"
    )


def test_addresses(command_line: Callable[..., str]) -> None:
    """Taken, or not there: which one, why, and which flags name it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        why = f"cannot listen on 127.0.0.1 port {port}: {TAKEN}; choose another with "
        assert command_line([*SERVE, "--port", str(port)]) == why + "--host, --port"
        flags = ["--port", "0", "--http-port", str(port)]
        assert command_line([*SERVE, *flags]) == why + "--http-host, --http-port"
    text = command_line(["health", "--port", str(port)], exit_code=1)
    assert text == (
        f"no health API answers at 127.0.0.1 port {port}: {REFUSED}; is a broker running, and is that its --http-port?"
    )


def test_system_without_epoll(command_line: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for and what there is."""
    monkeypatch.setattr(poller, "AVAILABLE", False)
    assert command_line([*SERVE, "--port", "0", "--http-port", "0", "--reading", "poller"]) == (
        "BROKER_READING (--reading) is 'poller': this system has no epoll, so it must be auto or task"
    )


def run_shell(script: str) -> list[str]:
    """Run a shell's script that calls bitbroker; the lines that it prints, with this Python's path taken out."""
    script = f'bitbroker() {{ {shlex.quote(sys.executable)} -m bitbroker "$@"; }}; {script}'
    done = subprocess.run(["/bin/sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines()


def test_broker_without_its_extra() -> None:
    """What the base install leaves out, and how to get it."""
    hide = "import sys; sys.modules['rich'] = sys.modules['structlog'] = None; import bitbroker.__main__ as main; "
    done = subprocess.run([sys.executable, "-c", hide + "main.main()"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "bitbroker: the broker needs rich, structlog, which the base install leaves out: "
        "pip install 'bitbroker[broker]'\n"
    )


def test_websocket_without_its_extra() -> None:
    """What the base install leaves out, and how to get it."""
    hide = "import sys; sys.modules['wsproto'] = None; from bitbroker.testing import ScriptedBot; "
    command = [sys.executable, "-c", hide + "ScriptedBot([]).run('ws://localhost')"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        "bitbroker.errors.MissingExtraError: the address of a WebSocket needs the package wsproto: "
        "pip install 'bitbroker[websocket]'"
    )


@pytest.mark.usefixtures("folder")
def test_disk_is_full() -> None:
    """In the middle of a batch: what cannot be written, how far it got, how to go on."""
    play = f"bitbroker play --game '{GAME}' --bot '{RANDOM}' --bot '{RANDOM}' --matches 3 --results results.jsonl"
    assert run_shell(f"ulimit -f 1; {play}")[-1] == (
        f"bitbroker: a result cannot be written to results.jsonl: {TOO_LARGE}; 0 of 3 matches were played; "
        "go on with --resume --results results.jsonl"
    )


def test_unknown_variable() -> None:
    """A name that only looks like a setting may be somebody else's: a warning."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        flags = f"--players 2 --port {taken.getsockname()[1]} --http-port 0 --log-format json"
        warning, _ = run_shell(f"BROKER_TIMELIMIT=1 bitbroker serve {flags}")
    said = json.loads(warning)
    assert (said["level"], said["name"]) == ("warning", "BROKER_TIMELIMIT")
    assert said["event"] == "the environment has a variable that is no setting"


# The last screen of `play`.

GAME, RANDOM = (f"{{python}} -m bitbroker.examples.connect_four.{name}" for name in ("game", "random_bot"))
CRASH = """
from bitbroker.client import BaseBot

class Crasher(BaseBot):
    def decide_move(self, state):
        raise IndexError("list index out of range")

Crasher().run()
"""
STALL = """
import time
from bitbroker.client import BaseBot

class Sleeper(BaseBot):
    def decide_move(self, state):
        time.sleep(1000)

Sleeper().run()
"""
NONSENSE = """
import os, socket

sock = socket.create_connection((os.environ["BROKER_HOST"], int(os.environ["BROKER_PORT"])))
sock.sendall(b"AAI=\\nACI=\\n")
sock.recv(999)
sock.sendall(b"column 4 please\\n")
sock.recv(999)
"""
TEXT = CRASH.replace('raise IndexError("list index out of range")', 'return "4"')


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("program", "said"),
    [
        (
            CRASH,
            [
                "at fault: bot 2, '{python} odd.py' (exit code 1): it left in mid-match, in turn 2",
                "  bot 2 stderr: IndexError: list index out of range",
                "  to mend it: see its last words to standard error, above",
                "random (bot 1) won: disconnected, 2 turns",
            ],
        ),
        (
            TEXT,
            [
                "at fault: bot 2, '{python} odd.py' (exit code 1): it left in mid-match, in turn 2",
                (
                    "  bot 2 stderr: TypeError: decide_move gave '4': a payload is bytes or a protobuf message; "
                    "text becomes bytes by .encode()"
                ),
                "  to mend it: see its last words to standard error, above",
                "random (bot 1) won: disconnected, 2 turns",
            ],
        ),
        (
            STALL,
            [
                "at fault: bot 2, '{python} odd.py': it did not answer within 0.5 s, in turn 2",
                "  to mend it: let it answer sooner, or give every bot longer with --time-limit",
                "random (bot 1) won: time-limit, 2 turns",
            ],
        ),
        (
            NONSENSE,
            [
                (
                    "at fault: bot 2, '{python} odd.py': it sent a line that is not padded base64: "
                    "'column 4 please\\n', in turn 2"
                ),
                (
                    "  to mend it: let it send what docs/protocol.md allows and nothing else, a bot one answer to each "
                    "request; whoever uses bitbroker.client does"
                ),
                "random (bot 1) won: protocol-violation, 2 turns",
            ],
        ),
        (
            "import sys; sys.exit('no engine here')",
            [
                "at fault: bot 2, '{python} odd.py': it ended with exit code 1 before the match began",
                "  bot 2 stderr: no engine here",
                "  to mend it: see its last words to standard error, above",
                "(no name) (bot 1) won: disconnected, 0 turns",
            ],
        ),
    ],
    ids=["crash", "text", "stall", "nonsense", "no start"],
)
def test_last_screen_of_play(program: str, said: list[str]) -> None:
    """Who is at fault, how it ended, its last line, what to mend, the result."""
    Path("odd.py").write_text(program)
    bots = f"--bot '{RANDOM}' --bot '{{python}} odd.py'"
    lines = run_shell(f"bitbroker play --game '{GAME}' {bots} --time-limit 0.5")
    end = lines[next(number for number, line in enumerate(lines) if line.startswith("at fault")) :]
    traceback = [line for line in end[:-1] if re.match("  bot 2 stderr: (Traceback|  )", line)]
    end[-1] = re.sub(r", [\d.]+ s$", "", end[-1]).replace("random (bot 1)", said[-1].split(" won")[0])
    assert [line for line in end if line not in traceback] == said


# Errors of the client, in a game or a bot.


class Bot(BaseBot):
    """Answers as it is told."""

    def __init__(self, answer: Any = b"") -> None:
        self.answer = answer

    def decide_move(self, state: bytes) -> bytes:
        """The answer."""
        answer: bytes = self.answer
        return answer


class Game(BaseGame):
    """Does as it is told."""

    def __init__(self, action: Any) -> None:
        self.action = action

    def next_action(self) -> Action:
        """The action."""
        action: Action = self.action
        return action

    def deliver_response(self, response: bytes) -> None:
        """Take what comes."""


class Unfinished(BaseGame):
    """A game without methods."""


class Numbered(Bot):
    """A bot whose name is none."""

    NAME: Any = 5


ASK = Action.player_action(0, b"state")
NOBODY = 1  # the port of a service that died out in the last century
PAYLOAD = "a payload is bytes or a protobuf message"
SCORES = "each must be a finite number, one for each seat"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: Bot().run("127.0.0.1", NOBODY, connect_timeout=0),
            BrokerUnreachableError,
            (
                "no broker answers at 127.0.0.1 port 1 (tried for 0 s; all attempts to connect to 127.0.0.1:1 failed): "
                "is it running, and are host and port right?"
            ),
        ),
        (
            lambda: Bot().run("http://localhost"),
            ValueError,
            (
                "the broker's address is 'http://localhost': it must be a host, host:port, tcp://host:port or "
                "ws://host:port/path, or over TLS tls://host:port or wss://host:port/path"
            ),
        ),
        (
            lambda: Bot().run("localhost:9001", 9000),
            ValueError,
            "the broker's address is 'localhost:9001' and its port 9000: say the port once",
        ),
        (
            lambda: Bot().run(wire=any_value("json")),
            ValueError,
            "wire is 'json': it must be 'auto', 'basic' or 'binary'",
        ),
        (
            lambda: Bot().run("ws://localhost", wire="binary"),
            ValueError,
            "wire='binary' is no WebSocket: leave it out, or give a tcp:// or tls:// address",
        ),
        (lambda: Bot().run(seat=-1), ValueError, "seat is -1: seats are numbered from 0"),
        (
            lambda: Bot().run(wire="basic", match="final"),
            ValueError,
            "match, seat and token are of the extended wire: leave them out, or wire='basic'",
        ),
        (
            lambda: Unfinished(),
            TypeError,
            "Unfinished cannot be played: it needs deliver_response and next_action, or else play",
        ),
        (
            lambda: Bot().resign(),
            BasicWireError,
            (
                "resign() is for decide_move on the extended wire; the basic wire has no word for it: let the decision "
                "say so, if the game has one that does"
            ),
        ),
        (
            lambda: play_match(Game(Action.player_action(1, b"")), [Bot()]),
            ValueError,
            "there is no player 1: this match has 1, numbered from 0",
        ),
        (
            lambda: play_match(Game(ASK), [Bot(bytes(2000))], max_payload_bytes=1024),
            ValueError,
            "a decision of 2,000 bytes: the broker takes up to 1,024 (--max-payload-bytes)",
        ),
        (lambda: Bot().run(port=70000), ValueError, "port is '70000': it must be a port, 1 to 65535"),
        (
            lambda: Bot().run(matches=0),
            ValueError,
            "matches is 0: it must be 1 or more, or None to stay for as long as there is a broker",
        ),
        (
            lambda: trio.run(run_within),
            RuntimeError,
            "run blocks, so it cannot be called within Trio: await arun(...) there",
        ),
        (
            lambda: play_match(ScriptedGame([ASK]), [Bot("4")]),
            TypeError,
            f"decide_move gave '4': {PAYLOAD}; text becomes bytes by .encode()",
        ),
        (
            lambda: play_match(ScriptedGame([ASK]), [Bot(None)]),
            TypeError,
            f"decide_move gave None: {PAYLOAD}; is a `return` missing?",
        ),
        (lambda: play_match(ScriptedGame([ASK]), [Bot(4)]), TypeError, f"decide_move gave 4: {PAYLOAD}"),
        (
            lambda: Action.player_action(0, Move),
            TypeError,
            f"Action.player_action gave {Move!r}: {PAYLOAD}; this is a class, and not one of its messages",
        ),
        (
            lambda: Action.player_action(0, "state"),
            TypeError,
            f"Action.player_action gave 'state': {PAYLOAD}; text becomes bytes by .encode()",
        ),
        (
            lambda: Action.player_action(-1, b""),
            ValueError,
            "there is no player -1: seats are numbered from 0, up to 254",
        ),
        (
            lambda: Action.player_action(any_value(Player(0, "ada")), b""),
            TypeError,
            "player is Player(seat=0, name='ada'): it must be the number of a seat, such as player.seat",
        ),
        (lambda: Action.end_game([float("inf")]), ValueError, f"scores are [inf]: {SCORES}"),
        (lambda: Action.end_game(any_value(1)), ValueError, f"scores are 1: {SCORES}"),
        (lambda: Action.end_game(any_value(["win"])), ValueError, f"scores are ['win']: {SCORES}"),
        (
            lambda: play_match(Game(None), [Bot()]),
            TypeError,
            "next_action returned None: it must be Action.player_action(...) or Action.end_game()",
        ),
        (lambda: play_match(Game(ASK), [Numbered()]), TypeError, "NAME is 5: it must be text"),
        (
            lambda: play_match(Game(ASK), [ScriptedBot([Silence()])], on_failure="tell-game"),
            AnswerFailedError,
            (
                "player 0 gave no answer (time-limit): define deliver_failure(player, cause) in the game, or look at "
                "answer.ok in its play, to go on without it; or let the broker end such matches (--on-failure "
                "end-match)"
            ),
        ),
        (
            lambda: play_match(ScriptedGame([ASK, ASK]), [ScriptedBot([b"one"])]),
            ScriptOverError,
            "the script of bot 'scripted' is over and it was asked once more, with b'state': it has 1 steps",
        ),
        (
            lambda: running_broker(num_players=0).__enter__(),
            BrokerNotStartedError,
            (
                "the broker did not start: bitbroker: BROKER_NUM_PLAYERS (--players) is '0': it must be a whole number "
                "from 1 to 255"
            ),
        ),
    ],
)
def test_client_error(call: Callable[[], object], error: type[Exception], text: str) -> None:
    """What a bot author or a game author does wrong."""
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text


def any_value(value: object) -> Any:
    """A value that a type checker would not let pass."""
    return value


async def run_within() -> None:
    """What belongs outside of Trio, inside."""
    Bot().run()


@pytest.mark.parametrize("port", ["x", "0", "70000", "-1"])
def test_port_in_the_environment(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    """It names the variable."""
    monkeypatch.setenv("BROKER_PORT", port)
    with pytest.raises(ValueError, match=f"^BROKER_PORT is '{port}': it must be a port, 1 to 65535$"):
        Bot().run()


class WithState(Bot):
    """A bot that wants messages."""

    State: Any = Position


class WithResponse(ScriptedGame):
    """A game that wants messages."""

    Response: Any = Move


@pytest.mark.parametrize(
    ("game", "bot", "note"),
    [
        (
            ScriptedGame([Action.player_action(0, b"\xff")]),
            WithState(),
            "the state that the game sent is no Position: do game and bots use the same .proto file?",
        ),
        (
            WithResponse([ASK]),
            Bot(b"\xff"),
            "the decision that a bot sent is no Move: do game and bots use the same .proto file?",
        ),
    ],
)
def test_payload_of_another_schema(game: ScriptedGame, bot: Bot, note: str) -> None:
    """Protobuf's own error, with a note on who sent what."""
    with pytest.raises(DecodeError) as caught:
        play_match(game, [bot])
    assert caught.value.__notes__ == [note]


def test_scores_that_cannot_be_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own error, with a note on who asked for the file."""
    monkeypatch.setenv("BROKER_SCORES", "/gone/scores")
    with pytest.raises(FileNotFoundError) as caught:
        trio.run(hear, Game(Action.end_game([1])).play_match, basic.players(["bot"]), basic.TRIGGER)
    assert caught.value.__notes__ == ["the scores go to the file that BROKER_SCORES names: name another, or unset it"]


async def hear(play: Callable[[Session], Awaitable[None]], *messages: Message | bytes) -> None:
    """Play with a broker that says this and closes the connection, having read nothing."""
    near, far = trio.socket.socketpair()
    with near, far:
        for message in messages:
            await far.send(message if isinstance(message, bytes) else message.to_line())
        if messages:
            far.shutdown(socket.SHUT_WR)
        else:
            await near.send(b"unread")
            far.close()
        await play(Session(Connection(trio.SocketStream(near))))


CLOSED = "the broker closed the connection without saying that the match is over; its log says why"
WRONG_PORT = "is this a broker's port for players, and not that of its health API?"


@pytest.mark.parametrize(
    ("client", "said", "error", "text"),
    [
        (Bot(), [Message(2, 5, b"state")], ConnectionLostError, CLOSED),
        (
            Bot(),
            [],
            ConnectionLostError,
            (
                "the connection to the broker broke in mid-match: [Errno 104] Connection reset by peer; it, or the "
                "network, is gone"
            ),
        ),
        (
            Bot(),
            [b"HTTP/1.1 400 \r\n"],
            RemoteProtocolError,
            f"the broker sent a line that is not padded base64: 'HTTP/1.1 400 \\r\\n': {WRONG_PORT}",
        ),
        (
            Bot(),
            [extended.encode(extended.REFUSAL, pb.Refusal(code="no-place", message="all seats are taken"))],
            RefusedError,
            "the broker refused this client (no-place): all seats are taken",
        ),
        (
            Bot(),
            [basic.players([])],
            RemoteProtocolError,
            "expected a request or the termination, the broker sent <Message 00 11 + 0 B>",
        ),
        (
            Game(ASK),
            [basic.TRIGGER],
            RemoteProtocolError,
            "expected the list of players, got <Message 01 00 + 0 B>",
        ),
        (
            Game(ASK),
            [basic.players([]), basic.END],
            RemoteProtocolError,
            "expected a trigger, the broker sent <Message 00 fe + 0 B>",
        ),
        (
            Game(ASK),
            [basic.players(["bot"]), basic.TRIGGER, basic.TRIGGER],
            RemoteProtocolError,
            "expected the answer of player 0, the broker sent <Message 01 00 + 0 B>",
        ),
    ],
)
def test_trouble_with_the_broker(
    client: Bot | Game, said: Sequence[Message | bytes], error: type[Exception], text: str
) -> None:
    """What a client says of a broker that is gone, or none."""
    with pytest.raises(error) as caught:
        trio.run(hear, client.play_match, *said)
    assert str(caught.value) == text


# What the broker's log says of clients that it turns away.


def test_refusals() -> None:
    """Who was turned away, and why; the client itself hears no more than a farewell."""
    lines = [
        (b"GET / HTTP/1.1\r\n\r\n", "it sent an HTTP request that is no WebSocket upgrade (Bad HTTP message)"),
        (
            b"hello!\n",
            (
                "its first bytes are b'hello!\\n': lines of base64 begin with 'A', length-prefixed messages with 00, "
                "WebSockets with 'G'"
            ),
        ),
        (b"AAB\n", "it sent a line that is not padded base64: 'AAB\\n'"),
        (b"AP4=\n", "it began with <Message 00 fe + 0 B>, which is no hello"),
        (b"A" * 100_000, "it sent a message of more than 65,536 bytes"),
        (b"", "it did not say who it is within 0.2 s"),
    ]
    with running_broker(num_players=1, handshake_timeout=0.2) as broker:
        for said, _ in lines:
            with socket.create_connection((broker.host, broker.port)) as sock:
                sock.sendall(said)
                while sock.recv(999):
                    pass
    details = [line["detail"] for line in broker.log if line["event"] == "connection over"]
    assert details == [detail for _, detail in lines]
