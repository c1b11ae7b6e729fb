"""`bitbroker roster`: what it prints, what stands in the file after it, and what it refuses."""

import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bitbroker.broker.roster import hash_token, read_roster
from bitbroker.cli import run

OLD = """\
# The league of this spring.

[[client]]
name = "ada"   # since the first round
role = "bot"
without_token = true

# Those who look on:
[[client]]
name = "eve"
role = "spectator"
without_token = true
"""

NAME = "name must be text of 1 to 64 printable characters"
GONE = "No such file or directory; --file names another"

Roster = Callable[..., tuple[str, str]]


@pytest.fixture
def roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Roster:
    """Runs `bitbroker roster ...` in a folder of its own; gives standard output and the roster file's text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BROKER_ROSTER", raising=False)

    def roster(*arguments: str) -> tuple[str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["roster", *arguments])
        assert ended.value.code in (0, None)
        return capsys.readouterr().out, Path("roster.toml").read_text(encoding="utf-8")

    return roster


def clients(text: str) -> list[dict[str, Any]]:
    """The tables in a file."""
    tables: list[dict[str, Any]] = tomllib.loads(text)["client"]
    return tables


def test_add(roster: Roster) -> None:
    """The token is printed, alone; the file, which is for its owner alone, has its hash and not the token."""
    token, text = roster("add", "ada", "--role", "bot")
    assert token.endswith("\n")
    assert len(token.strip()) == 43  # 256 bits in base64
    assert clients(text) == [{"name": "ada", "role": "bot", "token_sha256": hash_token(token.strip())}]
    assert token.strip() not in text
    assert stat.S_IMODE(Path("roster.toml").stat().st_mode) == 0o600
    assert [path.name for path in Path().iterdir()] == ["roster.toml"]
    another, text = roster("add", "bob", "--role", "game", "--match", "final", "--match", "")
    assert another != token
    assert clients(text)[1]["matches"] == ["final", ""]
    assert len(read_roster(Path("roster.toml"))) == 2


def test_add_without_token(roster: Roster) -> None:
    """There is nothing to print."""
    out, text = roster("add", "old bot", "--role", "bot", "--without-token")
    assert (out, clients(text)) == ("", [{"name": "old bot", "role": "bot", "without_token": True}])


def test_rest_of_the_file_stays(roster: Roster) -> None:
    """Comments and all, whether one comes or goes; what is taken off again leaves nothing behind."""
    Path("roster.toml").write_text(OLD, encoding="utf-8")
    _, text = roster("add", "bob", "--role", "bot", "--without-token")
    assert text.startswith(OLD)
    _, text = roster("remove", "bob")
    assert text.rstrip() == OLD.rstrip()
    _, text = roster("remove", "eve")
    assert [client["name"] for client in clients(text)] == ["ada"]
    assert "since the first round" in text


def test_list(roster: Roster) -> None:
    """A line for each."""
    roster("add", "ada", "--role", "bot")
    roster("add", "eve", "--role", "spectator", "--match", "final", "--match", "", "--without-token")
    out, _ = roster("list")
    assert out == "bot       ada\nspectator eve in '', 'final', without a token\n"


def test_file_may_be_named(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a flag or by the broker's own variable; a link stays one."""
    Path("real.toml").write_text(OLD, encoding="utf-8")
    Path("roster.toml").symlink_to("real.toml")
    monkeypatch.setenv("BROKER_ROSTER", "roster.toml")
    roster("add", "bob", "--role", "bot")
    roster("remove", "bob", "--file", "real.toml")
    assert Path("roster.toml").is_symlink()
    assert Path("real.toml").read_text(encoding="utf-8").rstrip() == OLD.rstrip()


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("add ada --role bot", "the roster roster.toml, client 3: there is 'ada' already"),
        ("add bob --role bott", "the roster roster.toml, client 3: role must be game or bot or spectator"),
        (f"add {'b' * 65} --role bot", f"the roster roster.toml, client 3: {NAME}"),
        ("add bob", "--role is missing, or has no value (see bitbroker --help)"),
        ("remove carl", "the roster roster.toml has no 'carl': it has ada, eve"),
        ("list --file none.toml", f"the roster none.toml cannot be read: {GONE}"),
        ("add bob --role bot --file none/x", f"the roster none/x cannot be written: {GONE}"),
    ],
)
def test_what_cannot_be(roster: Roster, capsys: pytest.CaptureFixture[str], command: str, sentence: str) -> None:
    """One line, exit code 2, no token, and a file that is as it was."""
    Path("roster.toml").write_text(OLD, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        run(["roster", *command.split()])
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"bitbroker: {sentence}\n")
    assert Path("roster.toml").read_text(encoding="utf-8") == OLD
    assert [path.name for path in Path().iterdir()] == ["roster.toml"]


def test_file_that_is_none(roster: Roster, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is added to what is no roster."""
    Path("roster.toml").write_text("[[client]", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        run(["roster", "add", "ada", "--role", "bot"])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("bitbroker: the roster roster.toml is not TOML: ")
    assert err.count("\n") == 1
