"""The roster: which clients may come, in which role, under which name, and to which matches.

A token is 256 random bits of ours, so nobody can guess one, nor find it from its hash: a plain SHA-256 is enough, where
a password would need a slow and salted hash. Tokens themselves are kept nowhere.
"""

import secrets
import tomllib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final

import attrs

from bitbroker.broker.greeting import Greeting, RefusedHelloError, Role, names_an_id
from bitbroker.errors import Ending, SettingsError
from bitbroker.text import LONGEST_NAME

TABLE: Final = "client"
"""The array of tables that a roster file consists of."""
TOKEN_BYTES: Final = 32
_HASH_BYTES: Final = 32
_NOBODYS_HASH: Final = secrets.token_bytes(_HASH_BYTES)
"""What the token of a name that is not there is compared with, so that all names take the same time."""


@attrs.frozen
class Entry:
    """One client of the roster.

    Attributes:
        name: what it is called.
        role: what it is in a match.
        token_hash: of its token; None for one that needs none.
        matches: the names under which it may meet others, the empty one being the lobby; None for all.
    """

    name: str
    role: Role
    token_hash: bytes | None = attrs.field(repr=False)
    matches: frozenset[str] | None = None


class Roster:
    """Who may come."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Take the entries, whose names all differ."""
        self._entries = {entry.name: entry for entry in entries}

    def __len__(self) -> int:
        return len(self._entries)

    def admit(self, greeting: Greeting) -> Greeting:
        """Check who says hello.

        A key to come back with is proof enough: only who was let in has one, and matches that have begun go on.

        Returns:
            The hello, without its token, and with the matches that it may join.

        Raises:
            RefusedHelloError: the roster does not have it, or it may not join the match that it names. Whether the
                name, the role or the token is wrong is not said.
        """
        if greeting.resume_key:
            return attrs.evolve(greeting, token="")
        entry = self._find(greeting)
        if entry is None:
            raise RefusedHelloError(Ending.NOT_ON_ROSTER, _explain(greeting))
        admitted = attrs.evolve(greeting, token="", matches=entry.matches)
        by_id = greeting.role is Role.SPECTATOR and names_an_id(greeting.match)  # checked when the match is found
        if not by_id and not admitted.may_join(greeting.match):
            where = repr(greeting.match) if greeting.match else "the lobby"
            raise RefusedHelloError(Ending.MAY_NOT_JOIN, f"the roster does not let {greeting.name!r} join {where}")
        return admitted

    def _find(self, greeting: Greeting) -> Entry | None:
        """The entry that this hello proves to be its own."""
        if greeting.role is Role.GAME and not greeting.dialect.extended:
            return self._basic_game()
        entry = self._entries.get(greeting.name)
        token_hash = entry.token_hash if entry is not None else None
        given = sha256(greeting.token.encode()).digest()
        proven = compare_digest(given, _NOBODYS_HASH if token_hash is None else token_hash)
        if entry is None or entry.role is not greeting.role:
            return None
        return entry if proven or token_hash is None else None

    def _basic_game(self) -> Entry | None:
        """Basic games have no name, so one entry for a game without a token speaks for all of them."""
        games = (each for each in self._entries.values() if each.role is Role.GAME and each.token_hash is None)
        return next((game for game in games if game.matches is None or "" in game.matches), None)


def _explain(greeting: Greeting) -> str:
    who = f"{greeting.role} {greeting.name!r}"
    if not greeting.dialect.extended:
        return f"the roster lets in no {who} without a token, and the basic wire carries none"
    return f"the roster has no {who} with this token" if greeting.token else f"{who} gave no token"


def hash_token(token: str) -> str:
    """A token's hash as a roster file has it."""
    return sha256(token.encode()).hexdigest()


def read_roster(path: Path) -> Roster:
    """The roster in a file.

    Raises:
        SettingsError: it cannot be read, or is none; one line that says where and why.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the roster {path} cannot be read: {error.strerror}; --roster names another") from None
    return Roster(parse_file(data, path))


def parse_file(data: bytes, path: Path) -> list[Entry]:
    """The entries that this file holds.

    Raises:
        SettingsError: it is no roster; one line that says where and why.
    """
    try:
        values = tomllib.loads(data.decode())
    except ValueError as error:  # not TOML, or not UTF-8
        raise SettingsError(f"the roster {path} is not TOML: {error}") from None
    return parse_roster(values, f"the roster {path}")


def parse_roster(values: Mapping[str, Any], source: str) -> list[Entry]:
    """The entries of a roster.

    Args:
        values: what the TOML file holds.
        source: how to call it: the beginning of an error.

    Raises:
        SettingsError: it is no roster; one line that says which client, and what is wrong.
    """
    tables = values.get(TABLE, [])
    if not isinstance(tables, list) or set(values) - {TABLE}:
        raise SettingsError(f"{source} may hold [[{TABLE}]] tables, and nothing else")
    entries: dict[str, Entry] = {}
    for number, table in enumerate(tables, 1):
        try:
            entry = _parse_entry(table)
            if entry.name in entries:
                raise ValueError(f"there is {entry.name!r} already")  # noqa: TRY301 - said of this client too
        except ValueError as error:
            raise SettingsError(f"{source}, client {number}: {error}") from None
        entries[entry.name] = entry
    return list(entries.values())


_KEYS: Final = frozenset({"name", "role", "token_sha256", "without_token", "matches"})


def _parse_entry(table: object) -> Entry:
    if not isinstance(table, Mapping):
        raise ValueError(f"it is no [[{TABLE}]] table")  # noqa: TRY004 - one error for all that is wrong in a file
    if unknown := sorted(set(table) - _KEYS):
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(sorted(_KEYS))}")
    return Entry(
        _parse_name(table.get("name")),
        _parse_role(table.get("role")),
        _parse_proof(table.get("token_sha256"), without=table.get("without_token", False)),
        _parse_matches(table["matches"]) if "matches" in table else None,
    )


def _parse_name(name: object) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ValueError(f"name must be text of 1 to {LONGEST_NAME} printable characters")
    return name


def _parse_role(role: object) -> Role:
    known = next((each for each in Role if each == role), None)
    if known is None:
        raise ValueError(f"role must be {' or '.join(Role)}")
    return known


def _parse_proof(digits: object, *, without: object) -> bytes | None:
    if without is True and digits is None:
        return None
    try:
        token_hash = bytes.fromhex(digits) if isinstance(digits, str) and without is False else b""
    except ValueError:
        token_hash = b""
    if len(token_hash) != _HASH_BYTES:  # whatever it is, it is not shown: it may be a token
        raise ValueError(
            f"it must have either token_sha256, of {2 * _HASH_BYTES} hexadecimal digits, or without_token = true"
        )
    if token_hash == sha256(b"").digest():
        raise ValueError("token_sha256 is that of an empty token, which is none")
    return token_hash


def _parse_matches(matches: object) -> frozenset[str]:
    if not isinstance(matches, list) or not all(isinstance(match, str) for match in matches):
        raise ValueError('matches must be a list of names, "" being the lobby')
    return frozenset(matches)
