"""A broker with a roster, on the wire: who is refused and how, and what a change of the roster does not disturb."""

from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.roster import Roster, hash_token, parse_roster
from bitbroker.errors import Ending
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

from .conftest import OpenShell, Peer, Shell

TOKENS = {"ada": "a1", "bob": "b2", "game": "g3", "eve": "e4"}


def entry(name: str, role: str, **more: Any) -> dict[str, Any]:
    """A table of the roster file."""
    return {"name": name, "role": role, "token_sha256": hash_token(TOKENS[name]), **more}


ENTRIES = [
    entry("ada", "bot"),
    entry("bob", "bot"),
    entry("game", "game"),
    entry("eve", "spectator", matches=["final"]),
]
NOBODY = Roster([])


def open_with(open_shell: OpenShell, *entries: dict[str, Any], **settings: object) -> Shell:
    """A shell with this roster."""
    shell = open_shell(**settings)
    shell.reception.roster = Roster(parse_roster({"client": list(entries)}, "the roster"))
    return shell


def come(shell: Shell, role: tuple[int, int], name: str, **hello: Any) -> Peer:
    """Say hello with one's own token."""
    return shell.greet(role, **{"name": name, "token": TOKENS[name], **hello})


async def key_of(peer: Peer) -> str:
    """What the welcome says to come back with."""
    return (await peer.hear_as(extended.WELCOME, pb.Welcome)).resume_key


@pytest.mark.parametrize(
    ("role", "hello", "code"),
    [
        (extended.BOT_HELLO, {"name": "carl", "token": "a1"}, "not-on-roster"),
        (extended.BOT_HELLO, {"name": "ada", "token": "b2"}, "not-on-roster"),
        (extended.GAME_HELLO, {"name": "ada", "token": "a1"}, "not-on-roster"),
        (extended.BOT_HELLO, {"name": "ada"}, "not-on-roster"),
        (extended.SPECTATOR_HELLO, {"name": "eve", "token": "e4", "match": "semi"}, "may-not-join"),
        (extended.BOT_HELLO, {"resume_key": "guessed"}, "unknown-key"),
    ],
)
async def test_refusals(
    autojump_clock: MockClock, open_shell: OpenShell, role: tuple[int, int], hello: dict[str, Any], code: str
) -> None:
    """Each with its code and a sentence without the token, and none to be tried again; each is counted."""
    shell = open_with(open_shell, *ENTRIES)
    refusal = await shell.greet(role, **hello).hear_last(extended.REFUSAL, pb.Refusal)
    assert (refusal.code, refusal.HasField("retry_after_ms")) == (code, False)
    assert repr(hello.get("name", "key"))[1:-1] in refusal.message
    assert hello.get("token", "guessed") not in refusal.message
    assert shell.tally.refused == {Ending(code): 1}


async def test_basic_clients(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Terminated, the refusal that their wire has, unless the roster lets them in without a token."""
    shell = open_with(open_shell, *ENTRIES, num_players=1)
    for peer in (shell.bot("ada"), shell.game()):
        assert await peer.hear_farewell() == [basic.TERMINATION]
    assert shell.tally.refused == {Ending.NOT_ON_ROSTER: 2}
    free = [{"name": name, "role": role, "without_token": True} for name, role in (("old", "bot"), ("any", "game"))]
    shell = open_with(open_shell, *free, num_players=1)
    bot, game = shell.bot("old"), shell.game()
    assert basic.parse_players(await game.hear()) == ["old"]
    await bot.leave()


async def test_match_goes_on_whatever_becomes_of_the_roster(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Who was let in plays, and comes back with its key, even off the roster; new ones are held to the new roster."""
    shell = open_with(open_shell, *ENTRIES, resume_grace=30)
    bots = [come(shell, extended.BOT_HELLO, "ada"), come(shell, extended.BOT_HELLO, "bob")]
    game = come(shell, extended.GAME_HELLO, "game")
    keys = [await key_of(peer) for peer in (*bots, game)]
    for peer in (*bots, game):
        await peer.hear_as(extended.START, pb.Start)
    shell.reception.roster = NOBODY
    newcomer = come(shell, extended.BOT_HELLO, "ada")
    assert (await newcomer.hear_last(extended.REFUSAL, pb.Refusal)).code == "not-on-roster"
    await bots[0].leave()
    back = shell.greet(extended.BOT_HELLO, resume_key=keys[0])
    assert await key_of(back) == keys[0]
    assert (await back.hear_as(extended.START, pb.Start)).seat == 0
    game.say(Message(*extended.RESULT))
    for peer in (back, bots[1], game):
        assert (await peer.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED


async def test_spectator_by_id(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Held to the name under which the match meets."""
    shell = open_with(open_shell, *ENTRIES, num_players=1)
    players = []
    for match, name in (("final", "ada"), ("semi", "bob")):
        players += [
            come(shell, extended.BOT_HELLO, name, match=match),
            come(shell, extended.GAME_HELLO, "game", match=match),
        ]
        await trio.testing.wait_all_tasks_blocked()
    refusal = await come(shell, extended.SPECTATOR_HELLO, "eve", match="2").hear_last(extended.REFUSAL, pb.Refusal)
    assert refusal.code == "may-not-join"
    eve = come(shell, extended.SPECTATOR_HELLO, "eve", match="1")
    await eve.hear_as(extended.WELCOME, pb.Welcome)
    assert (await eve.hear_as(extended.START, pb.Start)).match_id == "1"
    for peer in (*players, eve):
        await peer.leave()


async def test_digits_of_other_scripts_are_names(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """A spectator that names such a match waits for it, as for any other name."""
    shell = open_shell(num_players=1)
    eve = shell.greet(extended.SPECTATOR_HELLO, match="\N{SUPERSCRIPT TWO}")
    assert await key_of(eve) == ""
    await eve.leave()
