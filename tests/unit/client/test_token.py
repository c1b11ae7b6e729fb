"""A client's token: where it comes from, that it stands in the hello and nowhere else."""

from functools import partial
from pathlib import Path

import pytest

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client import BaseBot, RefusedError, Spectator, read_token_file
from bitbroker.client.session import Wish
from bitbroker.wire import extended
from bitbroker.wire.lines import parse_line

from .conftest import ADDRESS, FakeNetwork
from .scripted import refusal

SECRET = "d_uT4T1r74VCtbDDMr1sQLNt5oFm9rYSjKX-hKVBFDo"


class Bot(BaseBot):
    """Never asked."""

    NAME = "ada"

    def decide_move(self, state: bytes) -> bytes:
        """Answer."""
        return state


class Onlooker(Spectator):
    """Has a name."""

    NAME = "eve"


@pytest.fixture(autouse=True)
def _no_token_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment has none unless a test says so."""
    monkeypatch.delenv("BITBROKER_TOKEN", raising=False)


async def hello(network: FakeNetwork, client: BaseBot | Spectator, token: str | None = None) -> pb.Hello:
    """What the client says of itself to a broker that refuses it."""
    network.script = [refusal("not-on-roster").to_line()]
    if isinstance(client, Spectator):
        run = partial(client.arun, ADDRESS[0], "final", port=ADDRESS[1])
    else:
        run = partial(client.arun, *ADDRESS)
    with pytest.raises(RefusedError) as caught:
        await run(token=token)
    assert caught.value.code == "not-on-roster"
    assert SECRET not in str(caught.value)
    return extended.parse(parse_line(network.heard[-1].splitlines(keepends=True)[0]), pb.Hello)


@pytest.mark.parametrize("client", [Bot(), Onlooker()])
async def test_token_is_part_of_the_hello(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch, client: BaseBot | Spectator
) -> None:
    """With the name: none, the environment's, or the one that was given, which weighs more."""
    said = await hello(network, client)
    assert (said.name, said.token) == (client.NAME, "")
    monkeypatch.setenv("BITBROKER_TOKEN", f"{SECRET}\n")
    assert (await hello(network, client)).token == SECRET
    assert (await hello(network, client, "another")).token == "another"
    assert (await hello(network, client, "")).token == ""


async def test_basic_wire_has_no_token(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is given is refused, one in the environment is meant for others."""
    with pytest.raises(ValueError, match=r"^match, seat and token are of the extended wire"):
        await Bot().arun(*ADDRESS, wire="basic", token=SECRET)
    monkeypatch.setenv("BITBROKER_TOKEN", SECRET)
    network.script = [b"AP8=\n"]
    await Bot().arun(*ADDRESS, wire="basic")
    assert network.heard[0].startswith(b"AAI=\n")


@pytest.mark.parametrize("text", ["two words", "line\nline", "\x1b[31m", "tökén"])
def test_what_is_no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    """One line that says where it came from, and does not show it."""
    path = tmp_path / "token"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("BITBROKER_TOKEN", text)
    no_token = "is no token: that is one word, as `bitbroker roster add` prints it"
    for act, source in (
        (lambda: Bot().run(*ADDRESS, token=text), "token"),
        (lambda: Bot().run(*ADDRESS), "BITBROKER_TOKEN"),
        (lambda: read_token_file(path), f"what the file {path} holds"),
    ):
        with pytest.raises(ValueError, match=no_token) as caught:
            act()
        assert str(caught.value) == f"{source} {no_token}"


def test_token_file(tmp_path: Path) -> None:
    """A file that holds the token and nothing else, a newline aside; one without is an error."""
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    assert read_token_file(path) == read_token_file(str(path)) == SECRET
    for empty in (b"", b" \n", b"\xff"):
        path.write_bytes(empty)
        with pytest.raises(ValueError, match=r"^what the file .* holds is no token"):
            read_token_file(path)
    with pytest.raises(ValueError, match=r"^the token file .*none cannot be read: No such file or directory$"):
        read_token_file(tmp_path / "none")


def test_token_is_not_shown() -> None:
    """Whoever prints these for a fault prints no secret."""
    assert SECRET not in repr(Wish(token=SECRET))
