"""What a scripted client does when it is asked: answer, or one of the ways to go wrong."""

from contextlib import suppress
from typing import NoReturn, TypeAlias

import attrs
import trio

from bitbroker.client.game import Action
from bitbroker.client.payload import ProtobufMessage
from bitbroker.errors import ConnectionLostError
from bitbroker.testing.voice import Voice
from bitbroker.wire import basic

Payload: TypeAlias = bytes | ProtobufMessage


@attrs.frozen
class Cut:
    """Close the connection without a word, as a process does that is killed."""


@attrs.frozen
class Silence:
    """Say nothing any more."""


@attrs.frozen
class Nonsense:
    r"""Say these bytes, as they are, in place of a message; and nothing any more.

    Attributes:
        data: the bytes; the default is a line that is no base64.
    """

    data: bytes = b"nonsense!\n"


@attrs.frozen
class Chatter:
    """Give the same answer several times, all but the first without being asked. Not for games.

    Attributes:
        answer: bytes, or a protobuf message.
        extra: how many times more than once.
    """

    answer: Payload
    extra: int = 1


@attrs.frozen
class Delay:
    """Wait, and then do something.

    Attributes:
        seconds: for how long; on the virtual clock of `play_match` that takes no time of yours.
        then: what to do then: another step. For a `TroubledBot`, None is what the bot itself answers.
    """

    seconds: float
    then: "Step | None" = None


Step: TypeAlias = Payload | Action | Cut | Silence | Nonsense | Chatter | Delay
"""Anything that a script may say; payloads and `Chatter` are for bots, an `Action` is for games."""


class LeaveError(Exception):
    """Ends a scripted client's match from within; never seen outside."""


async def perform(step: Step | None, voice: Voice) -> Payload | Action | None:
    """Do what a step says.

    Returns:
        What is left to be said in the ordinary way: an answer, or an action.

    Raises:
        LeaveError: the client has said its last.
    """
    while isinstance(step, Delay):
        await trio.sleep(step.seconds)
        step = step.then
    match step:
        case Cut():
            voice.parting = ()
            raise LeaveError
        case Silence():
            await _hear_out(voice)
        case Nonsense():
            await voice.send_bytes(step.data)
            await _hear_out(voice)
        case Chatter():
            voice.extra = step.extra
            return step.answer
    return step


async def _hear_out(voice: Voice) -> NoReturn:
    """Stay to the end, saying nothing, as a process that hangs; then leave."""
    with suppress(ConnectionLostError):
        while not basic.is_termination(await voice.receive()):
            pass
    raise LeaveError
