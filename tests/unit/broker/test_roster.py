"""The roster: what a file may say, and whom it lets in."""

import hmac
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker import roster
from bitbroker.broker.greeting import Greeting, RefusedHelloError, Role, basic_bot, basic_game, extended_client
from bitbroker.broker.roster import Roster, hash_token, parse_roster, read_roster
from bitbroker.errors import Ending, SettingsError
from bitbroker.settings import Settings
from bitbroker.wire import basic, extended

HELLOS = {Role.GAME: extended.GAME_HELLO, Role.BOT: extended.BOT_HELLO, Role.SPECTATOR: extended.SPECTATOR_HELLO}
HASH = hash_token("ada's token")


def open_roster(*tables: dict[str, Any]) -> Roster:
    """A roster of these."""
    return Roster(parse_roster({"client": list(tables)}, "the roster"))


ADA = {"name": "ada", "role": "bot", "token_sha256": HASH}
ROSTER = open_roster(
    ADA,
    {"name": "bob", "role": "bot", "token_sha256": hash_token("bob's token"), "matches": ["final", ""]},
    {"name": "eve", "role": "spectator", "token_sha256": hash_token("eve's token"), "matches": ["final"]},
    {"name": "chess", "role": "game", "token_sha256": hash_token("chess's token")},
    {"name": "old", "role": "bot", "without_token": True},
)


def hello(role: Role, name: str, token: str = "", match: str = "final", **more: Any) -> Greeting:
    """What an extended client says of itself."""
    body = pb.Hello(protocol=1, name=name, token=token, match=match, **more)
    return extended_client(role, extended.encode(HELLOS[role], body), Settings(num_players=2))


def refused(greeting: Greeting, by: Roster = ROSTER) -> RefusedHelloError:
    """How it is refused."""
    with pytest.raises(RefusedHelloError) as caught:
        by.admit(greeting)
    return caught.value


def test_who_is_on_it_is_let_in() -> None:
    """In its role, with its token, which is forgotten then; a name may be there several times at once."""
    for role, name in ((Role.BOT, "ada"), (Role.GAME, "chess"), (Role.SPECTATOR, "eve"), (Role.BOT, "ada")):
        admitted = ROSTER.admit(hello(role, name, f"{name}'s token"))
        assert (admitted.role, admitted.name, admitted.token) == (role, name, "")
    assert len(ROSTER) == 5


@pytest.mark.parametrize(
    ("role", "name", "token", "sentence"),
    [
        (Role.BOT, "carl", "ada's token", "the roster has no bot 'carl' with this token"),
        (Role.BOT, "ada", "bob's token", "the roster has no bot 'ada' with this token"),
        (Role.BOT, "ada", HASH, "the roster has no bot 'ada' with this token"),
        (Role.BOT, "Ada", "ada's token", "the roster has no bot 'Ada' with this token"),
        (Role.BOT, "", "ada's token", "the roster has no bot '' with this token"),
        (Role.BOT, "chess", "chess's token", "the roster has no bot 'chess' with this token"),
        (Role.GAME, "ada", "ada's token", "the roster has no game 'ada' with this token"),
        (Role.SPECTATOR, "ada", "ada's token", "the roster has no spectator 'ada' with this token"),
        (Role.BOT, "ada", "", "bot 'ada' gave no token"),
        (Role.BOT, "carl", "", "bot 'carl' gave no token"),
        (Role.GAME, "old", "", "game 'old' gave no token"),
    ],
)
def test_nobody_else_is(role: Role, name: str, token: str, sentence: str) -> None:
    """Nor does the answer tell whether the name, the role or the token is wrong."""
    error = refused(hello(role, name, token))
    assert (error.ending, str(error)) == (Ending.NOT_ON_ROSTER, sentence)


@pytest.mark.parametrize("name", ["ada", "nobody", "old", "chess"])
def test_every_name_takes_one_comparison_in_constant_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hashes of the same length, whether the name is there or not."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(roster, "compare_digest", compare)
    refused(hello(Role.SPECTATOR, name, "guess"))
    assert [(len(one), len(other)) for one, other in compared] == [(32, 32)]
    assert compared[0][0] == sha256(b"guess").digest()


def test_empty_token_is_none() -> None:
    """Even if an entry has its hash."""
    with pytest.raises(SettingsError, match="is that of an empty token"):
        open_roster({"name": "x", "role": "bot", "token_sha256": hash_token("")})


@pytest.mark.parametrize(
    ("role", "name", "match", "where"),
    [
        (Role.BOT, "bob", "semi", "'semi'"),
        (Role.SPECTATOR, "eve", "semi", "'semi'"),
    ],
)
def test_matches_that_it_may_not_join(role: Role, name: str, match: str, where: str) -> None:
    """Refused for that reason, since it has shown who it is."""
    error = refused(hello(role, name, f"{name}'s token", match))
    assert (error.ending, str(error)) == (Ending.MAY_NOT_JOIN, f"the roster does not let {name!r} join {where}")


def test_lobby_is_a_match_without_a_name() -> None:
    """In the list it is the empty name; without a list one may join all."""
    assert ROSTER.admit(hello(Role.BOT, "bob", "bob's token", "")).match == ""
    assert ROSTER.admit(hello(Role.BOT, "ada", "ada's token", "")).match == ""
    only_final = open_roster(ADA | {"matches": ["final"]})
    error = refused(hello(Role.BOT, "ada", "ada's token", ""), only_final)
    assert str(error) == "the roster does not let 'ada' join the lobby"


def test_spectator_by_id_is_looked_at_when_the_match_is_found() -> None:
    """An id says no name; what it may join goes along."""
    admitted = ROSTER.admit(hello(Role.SPECTATOR, "eve", "eve's token", "7"))
    assert admitted.may_join("final")
    assert not admitted.may_join("semi")


def test_key_to_come_back_is_proof_enough() -> None:
    """Only who was let in has one, and what does not have a place is refused for its key."""
    assert ROSTER.admit(hello(Role.BOT, "", "", resume_key="key")).resume_key == "key"


def test_basic_clients_cannot_prove_anything() -> None:
    """They are let in where an entry says that no token is needed, and nowhere else; no game is, if none says so."""
    settings = Settings(num_players=2)
    assert ROSTER.admit(basic_bot(basic.bot_info("old"))).name == "old"
    assert ROSTER.admit(hello(Role.BOT, "old")).name == "old"
    error = refused(basic_bot(basic.bot_info("ada")))
    assert error.ending is Ending.NOT_ON_ROSTER
    assert str(error) == "the roster lets in no bot 'ada' without a token, and the basic wire carries none"
    assert refused(basic_game(settings)).ending is Ending.NOT_ON_ROSTER
    free = {"name": "any", "role": "game", "without_token": True}
    assert open_roster(free).admit(basic_game(settings)).role is Role.GAME
    assert refused(basic_game(settings), open_roster(free | {"matches": ["final"]})).ending is Ending.NOT_ON_ROSTER


def test_tokens_and_hashes_are_not_shown() -> None:
    """Whoever prints one of these objects for a fault prints no secret."""
    greeting = hello(Role.BOT, "ada", "ada's token")
    assert "token" not in repr(greeting)
    (entry,) = parse_roster({"client": [ADA]}, "the roster")
    assert HASH not in repr(entry)
    assert repr(bytes.fromhex(HASH)) not in repr(entry)


EITHER = "it must have either token_sha256, of 64 hexadecimal digits, or without_token = true"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "name must be text of 1 to 64 printable characters"),
        ({"name": 5}, "name must be text of 1 to 64 printable characters"),
        ({"name": "a\nb"}, "name must be text of 1 to 64 printable characters"),
        ({"role": "bott"}, "role must be game or bot or spectator"),
        ({"role": ["bot"]}, "role must be game or bot or spectator"),
        ({"token_sha256": "ada's token"}, EITHER),
        ({"token_sha256": HASH[:-2]}, EITHER),
        ({"token_sha256": 5}, EITHER),
        ({"without_token": True}, EITHER),
        ({"without_token": "yes"}, EITHER),
        ({"token": "secret"}, "'token' is none of matches, name, role, token_sha256, without_token"),
        ({"matches": "final"}, 'matches must be a list of names, "" being the lobby'),
        ({"matches": [1]}, 'matches must be a list of names, "" being the lobby'),
    ],
)
def test_wrong_entries(changes: dict[str, Any], sentence: str) -> None:
    """One line that says which client, and what is wrong; a token that somebody wrote into the file is not shown."""
    with pytest.raises(SettingsError) as caught:
        open_roster({"name": "first", "role": "bot", "without_token": True}, ADA | changes)
    assert str(caught.value) == f"the roster, client 2: {sentence}"


def test_entry_without_proof() -> None:
    """Nobody is let in by a name alone unless the entry says so."""
    with pytest.raises(SettingsError, match=EITHER):
        open_roster({"name": "x", "role": "bot"})
    with pytest.raises(SettingsError, match=EITHER):
        open_roster({"name": "x", "role": "bot", "without_token": False})


def test_names_are_there_once() -> None:
    """One name is one client, whatever its role."""
    with pytest.raises(SettingsError, match=r"^the roster, client 2: there is 'ada' already$"):
        open_roster(ADA, ADA | {"role": "spectator"})


@pytest.mark.parametrize("values", [{"clients": []}, {"client": {}}, {"client": [], "x": 1}])
def test_what_is_no_roster(values: dict[str, Any]) -> None:
    """A file with another purpose, or a slip."""
    with pytest.raises(SettingsError, match=r"^the roster may hold \[\[client\]\] tables, and nothing else$"):
        parse_roster(values, "the roster")
    with pytest.raises(SettingsError, match=r"^the roster, client 1: it is no \[\[client\]\] table$"):
        parse_roster({"client": [5]}, "the roster")


def test_files(tmp_path: Path) -> None:
    """One that is fine, an empty one, which lets nobody in, and three that are none."""
    path = tmp_path / "roster.toml"
    path.write_text(f'[[client]]\nname = "ada"\nrole = "bot"\ntoken_sha256 = "{HASH}"\n', encoding="utf-8")
    assert read_roster(path).admit(hello(Role.BOT, "ada", "ada's token")).name == "ada"
    path.write_text("")
    assert len(read_roster(path)) == 0
    path.write_text("[[client]]\nname = ")
    with pytest.raises(SettingsError, match=f"^the roster {path} is not TOML: .*$"):
        read_roster(path)
    path.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=f"^the roster {path} is not TOML: .*$"):
        read_roster(path)
    with pytest.raises(SettingsError, match=f"^the roster {tmp_path} cannot be read: Is a directory; --roster names"):
        read_roster(tmp_path)
