"""What a client may call itself: bounded and printable on both wires, refused on one and mended on the other."""

import pytest

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.greeting import RefusedHelloError, Role, basic_bot, extended_client, names_an_id
from bitbroker.errors import Ending
from bitbroker.settings import Settings
from bitbroker.text import LONGEST_NAME
from bitbroker.wire import basic, extended

SETTINGS = Settings(num_players=2)
HELLOS = {
    Role.GAME: extended.GAME_HELLO,
    Role.BOT: extended.BOT_HELLO,
    Role.SPECTATOR: extended.SPECTATOR_HELLO,
}
NASTY = [
    "ada\nmatch over cause=completed",
    "ada\r",
    "\x1b[2J\x1b[31mada",
    "ada\N{RIGHT-TO-LEFT OVERRIDE}tob",
    "ada\N{LEFT-TO-RIGHT ISOLATE}",
    "ada\N{LINE SEPARATOR}",
    "ada\N{NO-BREAK SPACE}",
    "ada\0",
    "\x7f",
]
LONG = ["n" * (LONGEST_NAME + 1), "\N{CRAB}" * 16000]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [*NASTY, *LONG])
def test_extended_name_that_may_not_be(role: Role, name: str) -> None:
    """Refused, in one short line that can be printed."""
    hello = extended.encode(HELLOS[role], pb.Hello(protocol=1, match="final", name=name))
    with pytest.raises(RefusedHelloError, match=r"^name is .*: a name has up to 64 printable characters$") as caught:
        extended_client(role, hello, SETTINGS)
    assert caught.value.ending is Ending.BAD_HELLO
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", NASTY)
def test_match_names_are_held_to_the_same(name: str) -> None:
    """They stand in the log, the results and the API too."""
    hello = extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, match=name))
    with pytest.raises(RefusedHelloError, match=r"^match is "):
        extended_client(Role.BOT, hello, SETTINGS)


@pytest.mark.parametrize(("name", "is_id"), [("7", True), ("007", True), ("\N{SUPERSCRIPT TWO}", False), ("x7", False)])
def test_ids(name: str, is_id: bool) -> None:
    """A match's id is of ASCII digits: only a spectator names one. What else counts as a digit somewhere is a name."""
    assert names_an_id(name) == is_id
    hello = extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, match=name))
    if is_id:
        with pytest.raises(RefusedHelloError, match="all digits"):
            extended_client(Role.BOT, hello, SETTINGS)
    else:
        assert extended_client(Role.BOT, hello, SETTINGS).match == name


@pytest.mark.parametrize("name", ["", "ada", "Ünï 🦀 bot", "\N{CRAB}" * LONGEST_NAME])
def test_good_names_are_kept(name: str) -> None:
    """On both wires, in any script, to the last character that there is room for."""
    hello = extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, name=name))
    assert extended_client(Role.BOT, hello, SETTINGS).name == name
    assert basic_bot(basic.bot_info(name)).name == name


@pytest.mark.parametrize("name", [*NASTY, *LONG])
def test_basic_name_is_mended(name: str) -> None:
    """The basic wire has no refusal: the bot plays, under what is left of its name."""
    mended = basic_bot(basic.bot_info(name)).name
    assert mended.isprintable()
    assert len(mended) == min(len(name), LONGEST_NAME)
    assert mended == "".join(letter if letter.isprintable() else "?" for letter in name[:LONGEST_NAME])
