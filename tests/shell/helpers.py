"""What these tests share: words of clients, a match that has begun, a turn."""

from typing import Any

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

from .conftest import Peer, Shell


def turn(number: int, *seats: int, more: bool = False, limit_ms: int | None = None) -> Message:
    """A turn that asks these seats, each with a state of its own."""
    asks = [pb.Ask(seat=seat, state=b"state %d" % seat, limit_ms=limit_ms) for seat in seats]
    return extended.encode(extended.TURN, pb.Turn(number=number, asks=asks, more=more))


def decision(number: int, words: bytes) -> Message:
    """A decision under this number."""
    return extended.encode(extended.DECISION, pb.Decision(number=number, decision=words))


async def begin(shell: Shell, names: list[str], **hello: Any) -> tuple[Peer, list[Peer], list[str]]:
    """An extended match that has begun; the game, the bots, and all keys, the game's first."""
    bots = [shell.greet(extended.BOT_HELLO, name=name) for name in names]
    game = shell.greet(extended.GAME_HELLO, **{"players": len(names), **hello})
    keys = [(await peer.hear_as(extended.WELCOME, pb.Welcome)).resume_key for peer in (game, *bots)]
    for peer in (game, *bots):
        await peer.hear_as(extended.START, pb.Start)
    return game, bots, keys


async def play_turn(game: Peer, bot: Peer, seat: int, state: bytes = b"state", seconds: int = 5) -> None:
    """One turn in which the bot, who has so many seconds, answers with the state reversed."""
    game.say(basic.action(seat, state))
    assert await bot.hear() == Message(2, seconds, state)
    bot.say(basic.decision(state[::-1]))
    assert await game.hear() == basic.decision(state[::-1])
    assert await game.hear() == basic.TRIGGER
