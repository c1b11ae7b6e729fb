"""`bitbroker play` as a user meets it: real processes, what it prints, what it leaves behind."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import trio

CONNECT_FOUR = "{python} -m bitbroker.examples.connect_four"
GAME, RANDOM = f"{CONNECT_FOUR}.game", f"{CONNECT_FOUR}.random_bot"

BOT = """
import os, sys, time, signal
from bitbroker.client import BaseBot

class Odd(BaseBot):
    def decide_move(self, state):
        {body}

Odd().run()
"""


def write_bot(folder: Path, body: str) -> str:
    """A bot that does this when it is asked; its command."""
    path = folder / "odd_bot.py"
    path.write_text(BOT.format(body=body))
    return "{python} " + shlex.quote(str(path))


def command(*bots: str, game: str = GAME, flags: Sequence[str] = ()) -> list[str]:
    """A command line for `play`."""
    named = [word for bot in bots for word in ("--bot", bot)]
    return [sys.executable, "-m", "bitbroker", "play", "--game", game, *named, *flags]


async def play(*bots: str, game: str = GAME, flags: Sequence[str] = ()) -> tuple[int, str, str]:
    """Play; exit code, standard output and standard error."""
    with trio.fail_after(120):
        done = await trio.run_process(
            command(*bots, game=game, flags=flags), capture_stdout=True, capture_stderr=True, check=False
        )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def test_match_ends_with_its_result() -> None:
    """Output has the name of who says it; the last line says who won; exit code 0."""
    code, out, _ = await play(RANDOM, f"{CONNECT_FOUR}.search_bot", game=f"{GAME} --draw")
    assert code == 0
    assert "[game] 1 2 3 4 5 6 7" in out
    assert re.fullmatch(r"search \(bot 2\) won: completed, \d+ turns, \d+\.\d s", out.splitlines()[-1])


@pytest.mark.parametrize(
    ("body", "cause", "said"),
    [
        ("raise RuntimeError('my own bug')", "disconnected", ["exit code 1", "RuntimeError: my own bug"]),
        ("os._exit(7)", "disconnected", ["exit code 7", "it closed the connection"]),
        ("time.sleep(1000)", "time-limit", ["it did not answer within 0.5 s"]),
    ],
)
async def test_bot_at_fault_is_named_with_its_last_words(
    tmp_path: Path, body: str, cause: str, said: list[str]
) -> None:
    """Crash, exit, stall: exit code 3, the bot and its command, what it said last, and the cause."""
    code, out, _ = await play(RANDOM, write_bot(tmp_path, body), flags=["--time-limit", "0.5"])
    assert code == 3
    assert "at fault: bot 2, " in out
    assert "odd_bot.py" in out
    for words in said:
        assert words in out
    assert f"random (bot 1) won: {cause}" in out.splitlines()[-1]


async def test_nonsense_is_shown_as_it_was_sent(tmp_path: Path) -> None:
    """A client that does not speak the wire learns what it sent."""
    bot = tmp_path / "nonsense.py"
    bot.write_text(
        "import os, socket\n"
        "sock = socket.create_connection((os.environ['BROKER_HOST'], int(os.environ['BROKER_PORT'])))\n"
        "sock.sendall(b'AAI=\\nACI=\\n'); sock.recv(99); sock.sendall(b'hello world\\n'); sock.recv(99)\n"
    )
    code, out, _ = await play(RANDOM, "{python} " + shlex.quote(str(bot)))
    assert code == 3
    assert "it sent a line that is not padded base64: 'hello world" in out
    assert "random (bot 1) won: protocol-violation" in out


async def test_process_that_never_joins_is_named(tmp_path: Path) -> None:
    """One that ends at once, and one that does not connect in time."""
    code, out, _ = await play(RANDOM, "{python} -c 'import sys; sys.exit(\"no engine here\")'")
    assert code == 3
    assert "at fault: bot 2" in out
    assert "ended with exit code 1 before the match began" in out
    assert "bot 2 stderr: no engine here" in out
    code, out, _ = await play(RANDOM, RANDOM, game="sleep 1000", flags=["--join-timeout", "2"])
    assert code == 3
    assert "at fault: game, 'sleep 1000': it did not join within 2 s" in out


async def test_clients_that_stay_for_more_matches_end_with_theirs(tmp_path: Path) -> None:
    """They find nobody to connect to, say nothing about it, and are ended; the result is as if they had left."""
    flags = "--matches 0"
    code, out, _ = await play(f"{RANDOM} {flags}", f"{RANDOM} {flags}", game=f"{GAME} {flags}")
    assert code == 0
    began, game, result = out.splitlines()
    assert (began, game[:7]) == ("match 1, seed 0", "[game] ")
    assert ": completed, " in result


async def test_bad_command_lines_are_one_line(tmp_path: Path) -> None:
    """Each says which flag, and what is wrong with it; exit code 2, no traceback."""
    here = tmp_path / "results.jsonl"
    here.write_text("{}\n")
    for bots, flags, words in (
        (["no-such-program"], [], "--bot is 'no-such-program', but there is no program"),
        (["'unclosed"], [], "which is no command"),
        ([RANDOM], ["--matches", "0"], "--matches is 0"),
        ([RANDOM], ["--resume"], "name it with --results"),
        ([RANDOM], ["--results", str(here)], "go on from it with --resume"),
        ([RANDOM], ["--time-limit", "0"], "BROKER_TIME_LIMIT (--time-limit) is '0'"),
    ):
        code, out, err = await play(*bots, flags=flags)
        assert (code, out) == (2, "")
        assert words in err
        assert len(err.splitlines()) == 1


async def test_children_get_address_and_seed(tmp_path: Path) -> None:
    """In the environment and where the placeholders stand; each match has its own seed."""
    bot = tmp_path / "bot.py"
    bot.write_text(
        "import os, sys\n"
        "from bitbroker.examples.connect_four.random_bot import RandomBot\n"
        "host, port, seed = sys.argv[1:]\n"
        "assert [host, port, seed] == [os.environ[f'BROKER_{name}'] for name in ('HOST', 'PORT', 'SEED')]\n"
        "print('seed', seed)\n"
        "RandomBot(int(seed)).run(host, int(port))\n"
    )
    logs = tmp_path / "logs"
    commands = ["{python} " + shlex.quote(str(bot)) + " {host} {port} {seed}"] * 2
    code, _, err = await play(*commands, flags=["--matches", "2", "--seed", "41", "--logs", str(logs)])
    assert (code, err) == (0, "")
    assert (logs / "match-1" / "bot-1.out").read_text() == "seed 41\n"
    assert (logs / "match-2" / "bot-2.out").read_text() == "seed 42\n"


def read(path: Path) -> list[dict[str, object]]:
    """A results file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_batch_that_is_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Killed outright in the middle and resumed: every match is there, none twice, and no process is left over."""
    results = tmp_path / "results.jsonl"
    marked = f"{RANDOM} --name {tmp_path.name}"
    flags = ["--matches", "12", "--parallel", "3", "--rotate-seats", "--results", str(results)]
    batch = await trio.lowlevel.open_process(command(marked, RANDOM, flags=flags), stdout=subprocess.DEVNULL)
    with trio.fail_after(60):
        await wait_until(lambda: results.exists() and len(results.read_text().splitlines()) >= 3)
        batch.kill()
        await batch.wait()
        await wait_until(lambda: not is_running(tmp_path.name))
    before = len(read(results))
    assert 3 <= before < 12
    code, out, _ = await play(marked, RANDOM, flags=[*flags, "--resume"])
    assert code == 0
    assert "12 of 12 matches were completed" in out
    lines = read(results)
    assert sorted(line["match"] for line in lines) == list(range(1, 13))  # type: ignore[type-var]
    assert Counter(line["cause"] for line in lines) == {"completed": 12}


async def test_interrupted_batch_says_how_to_go_on(tmp_path: Path) -> None:
    """Ctrl-C: the results so far are kept, the summary is shown, exit code 130."""
    results = tmp_path / "results.jsonl"
    flags = ["--matches", "500", "--results", str(results)]
    batch = await trio.lowlevel.open_process(command(RANDOM, RANDOM, flags=flags), stdout=subprocess.PIPE)
    assert batch.stdout is not None
    out = b""
    with trio.fail_after(60):
        await wait_until(lambda: results.exists() and results.read_text() != "")
        batch.send_signal(signal.SIGINT)
        async with batch.stdout:
            async for chunk in batch.stdout:
                out += chunk
        assert await batch.wait() == 130
    assert b"of 500 matches were played; go on with --resume" in out


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that no other process tells us of: files and processes."""
    while not condition():  # noqa: ASYNC110 - there is nobody to wait for
        await trio.sleep(0.02)


def is_running(word: str) -> bool:
    """Whether a process has this word on its command line."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if word.encode() in (folder / "cmdline").read_bytes():
                    return True
            except OSError:
                continue
    return False
