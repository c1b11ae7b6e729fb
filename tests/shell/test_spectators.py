"""Those who look on: at once, kept behind, or too slow."""

from typing import Any

import trio
import trio.testing
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import extended
from bitbroker.wire.messages import Message

from .conftest import OpenShell, Peer, Shell
from .helpers import decision, turn


async def begin_named(shell: Shell, name: str, **hello: Any) -> tuple[Peer, list[Peer], list[str]]:
    """A match of one player under a name."""
    bot = shell.greet(extended.BOT_HELLO, name="a", match=name)
    game = shell.greet(extended.GAME_HELLO, match=name, content_type="text/plain", **hello)
    keys = [(await peer.hear_as(extended.WELCOME, pb.Welcome)).resume_key for peer in (game, bot)]
    for peer in (game, bot):
        await peer.hear_as(extended.START, pb.Start)
    return game, [bot], keys


async def test_spectators(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """One who waits by name sees all of it; one who comes late is told the present first."""
    shell = open_shell(num_players=1)
    early = shell.greet(extended.SPECTATOR_HELLO, match="show")
    await early.hear_as(extended.WELCOME, pb.Welcome)
    game, (bot,), _ = await begin_named(shell, "show")
    assert (await early.hear_as(extended.START, pb.Start)).content_type == "text/plain"
    assert (await early.hear_as(extended.LIVE, pb.Live)).sequence == 0
    game.say(extended.encode(extended.PUBLISH, pb.Publish(number=1, payload=b"empty board")), turn(1, 0))
    assert (await early.hear_as(extended.PUBLISHED, pb.Published)).payload == b"empty board"
    event = await early.hear_as(extended.EVENT, pb.MatchEvent)
    assert (event.sequence, event.kind, event.seat, event.number) == (2, pb.MatchEvent.KIND_ASKED, 0, 1)
    late = shell.greet(extended.SPECTATOR_HELLO, match="1")
    await late.hear_as(extended.WELCOME, pb.Welcome)
    await late.hear_as(extended.START, pb.Start)
    assert (await late.hear_as(extended.PUBLISHED, pb.Published)).sequence == 1
    assert (await late.hear_as(extended.LIVE, pb.Live)).sequence == 2
    bot.say(decision(1, b"x"))
    await game.hear_as(extended.TURN_RESULT, pb.TurnResult)
    game.say(Message(*extended.RESULT))
    for spectator in (early, late):
        event = await spectator.hear_as(extended.EVENT, pb.MatchEvent)
        assert (event.sequence, event.kind) == (3, pb.MatchEvent.KIND_ANSWERED)
        assert (await spectator.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED


async def test_spectators_kept_behind(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """All they get, the outcome too, is as old as the game wants."""
    shell = open_shell(num_players=1)
    game, (bot,), _ = await begin_named(shell, "show", spectator_delay_ms=10_000)
    spectator = shell.greet(extended.SPECTATOR_HELLO, match="show")
    await spectator.hear_as(extended.WELCOME, pb.Welcome)
    await spectator.hear_as(extended.START, pb.Start)
    await spectator.hear_as(extended.LIVE, pb.Live)
    began = trio.current_time()
    game.say(extended.encode(extended.PUBLISH, pb.Publish(number=1, payload=b"picture")))
    await trio.sleep(3)
    game.say(Message(*extended.RESULT))
    assert (await bot.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED
    assert trio.current_time() == began + 3
    await spectator.hear_as(extended.PUBLISHED, pb.Published)
    assert trio.current_time() == began + 10
    await spectator.hear_last(extended.OUTCOME, pb.Outcome)
    assert trio.current_time() == began + 13


async def test_a_slow_spectator_loses_messages(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """The match goes on; the sequence shows the gap; the outcome arrives."""
    shell = open_shell(num_players=1, max_payload_bytes=100_000)
    game, (bot,), _ = await begin_named(shell, "show")
    spectator = shell.greet(extended.SPECTATOR_HELLO, match="show")
    for what in (extended.WELCOME, extended.START, extended.LIVE):
        assert extended.code(await spectator.hear()) == what
    for number in range(1, 41):
        await game.say_much(extended.encode(extended.PUBLISH, pb.Publish(number=number, payload=bytes(100_000))))
    await game.say_much(Message(*extended.RESULT))  # the socket's buffer may still be full of pictures
    assert (await bot.hear_last(extended.OUTCOME, pb.Outcome)).cause == pb.CAUSE_COMPLETED
    *pictures, outcome = await spectator.hear_farewell()
    sequences = [extended.parse(picture, pb.Published).sequence for picture in pictures]
    assert sequences == sorted(set(sequences))
    assert 0 < len(sequences) < 40
    assert extended.code(outcome) == extended.OUTCOME
