"""`bitbroker roster`: who is on the roster, changed in its file. What else stands in the file stays as it is."""

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import tomlkit
from cyclopts import App, Parameter

from bitbroker.broker.roster import TABLE, TOKEN_BYTES, hash_token, parse_file
from bitbroker.errors import SettingsError
from bitbroker.settings import declared_settings

_ROSTER_ENV: Final = declared_settings()["roster"].env

roster_app = App(name="roster", help="Say who may come: add a client to the roster file, take one off it, list them.")

_Name = Annotated[str, Parameter(help="What the client is called.")]
_File = Annotated[Path, Parameter(name="--file", env_var=_ROSTER_ENV, help="The roster file.")]
_DEFAULT_FILE: Final = Path("roster.toml")


@roster_app.command
def add(
    name: _Name,
    *,
    role: Annotated[str, Parameter(help="What it is in a match: game, bot or spectator.")],
    match: Annotated[
        tuple[str, ...], Parameter(help="A match that it may join, by name; once for each. All if none.", negative="")
    ] = (),
    without_token: Annotated[
        bool, Parameter(help="Let anybody in who gives this name: for basic clients, on trusted networks.", negative="")
    ] = False,
    file: _File = _DEFAULT_FILE,
) -> None:
    """Add a client, and print its token, this once: the file holds a hash of it.

    The file is made if it is not there, readable for its owner alone. A broker that runs reads it again on SIGHUP.
    """
    token = "" if without_token else secrets.token_urlsafe(TOKEN_BYTES)
    table = tomlkit.table()
    table.update({"name": name, "role": role})
    table.update({"token_sha256": hash_token(token)} if token else {"without_token": True})
    if match:
        table["matches"] = list(match)
    table.add(tomlkit.nl())
    document = _read(file) if file.exists() else tomlkit.document()
    document.setdefault(TABLE, tomlkit.aot()).append(table)
    _write(file, document)
    if token:
        print(token)
    print(f"{name!r} is on {file}", file=sys.stderr)


@roster_app.command
def remove(name: _Name, *, file: _File = _DEFAULT_FILE) -> None:
    """Take a client off the roster. What it plays at this moment goes on."""
    document = _read(file)
    tables = document.get(TABLE, tomlkit.aot())
    place = next((place for place, table in enumerate(tables) if table["name"] == name), None)
    if place is None:
        raise SettingsError(f"the roster {file} has no {name!r}: it has {', '.join(_names(document)) or 'nobody'}")
    del tables[place]
    _write(file, document)
    print(f"{name!r} is off {file}", file=sys.stderr)


@roster_app.command(name="list")
def list_clients(*, file: _File = _DEFAULT_FILE) -> None:
    """List the clients: role, name, and what they may join."""
    for entry in parse_file(tomlkit.dumps(_read(file)).encode(), file):
        where = "" if entry.matches is None else " in " + ", ".join(sorted(map(repr, entry.matches)))
        print(f"{entry.role:9} {entry.name}{where}{'' if entry.token_hash else ', without a token'}")


def _names(document: tomlkit.TOMLDocument) -> list[str]:
    return [table["name"] for table in document.get(TABLE, ())]


def _read(path: Path) -> tomlkit.TOMLDocument:
    """The file, comments and all."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the roster {path} cannot be read: {error.strerror}; --file names another") from None
    parse_file(data, path)
    return tomlkit.parse(data)


def _write(path: Path, document: tomlkit.TOMLDocument) -> None:
    """Put the file in its place as a whole, so that a broker never reads half of it."""
    data = tomlkit.dumps(document).encode()
    parse_file(data, path)  # what this command was told may be wrong
    place = path.resolve()  # the file itself, where the path is a link
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with open(draft, "xb", opener=_open_for_owner) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _keep_owner(draft, place)
        draft.replace(place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SettingsError(f"the roster {path} cannot be written: {error.strerror}; --file names another") from None


def _open_for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _keep_owner(draft: Path, place: Path) -> None:
    """Give the new file the old one's owner, as far as we may, so that a broker under another user still reads it."""
    if hasattr(os, "chown"):  # not on Windows
        with suppress(FileNotFoundError, PermissionError):
            old = place.stat()
            os.chown(draft, old.st_uid, old.st_gid)
