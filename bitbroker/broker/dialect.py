"""The basic dialect: what a basic client's messages mean to the rules, and how the rules' effects are said to it.

The rules know no wire and the wire knows no rules; this is where the two meet.
"""

from math import ceil
from typing import Final

from bitbroker.errors import Cause
from bitbroker.match import Ask, Asked, Decided, Ended, Event, Fail, GameLost, Introduce, Outcome, PlayerLost, Respond
from bitbroker.wire import basic
from bitbroker.wire.messages import ACTION, DECISION, Message

TRIGGER_LINE: Final = basic.TRIGGER.to_line()
FAREWELL: Final = basic.TERMINATION.to_line()
_MAX_SECONDS: Final = 255


def hear_game(message: Message) -> Event:
    """What a game said, as an event."""
    if message.opcode == ACTION:
        return Asked(message.operand, message)
    if message == basic.END:
        return Ended()
    return GameLost(Cause.PROTOCOL_VIOLATION, f"it sent {message!r}, which no game may say in a match")


def hear_bot(seat: int, message: Message) -> Event:
    """What the bot in this seat said, as an event."""
    if message.opcode == DECISION and message.operand == 0:
        return Decided(seat, message)
    return PlayerLost(seat, Cause.PROTOCOL_VIOLATION, f"it sent {message!r}, which is no decision")


def say_introduction(effect: Introduce) -> bytes:
    """The list of players, to the game."""
    return basic.players(effect.names).to_line()


def say_request(effect: Ask) -> bytes:
    """A request, to the bot: the game's action under another header, its time limit in whole seconds, rounded up."""
    assert isinstance(effect.state, Message)
    seconds = min(max(ceil(effect.limit), 1), _MAX_SECONDS)
    return basic.request(effect.state, seconds).to_line()


def say_response(effect: Respond) -> bytes:
    """A decision, to the game, as it came."""
    assert isinstance(effect.decision, Message)
    return effect.decision.to_line()


def say_failure(effect: Fail) -> bytes:
    """No decision, to the game."""
    return basic.failure(effect.cause).to_line()


def say_game_over(outcome: Outcome) -> bytes:
    """The last words to the game.

    The crate's game takes a termination that comes where it awaits a response as that response, and panics when no
    other follows; so one that has not said itself that it is over is told twice, in one write.
    """
    return FAREWELL if outcome.completed else FAREWELL + FAREWELL
