"""The conversation of the basic wire: each of its messages by name, made or told apart.

The table of docs/protocol.md is the source; what comes from and goes to whom stands there.
"""

from collections.abc import Sequence
from typing import Final

from google.protobuf.message import DecodeError

from bitbroker._pb.initial_pb2 import InitialMessageBatchProto, InitialMessageProto
from bitbroker.errors import Cause, RemoteProtocolError
from bitbroker.wire import messages as codes
from bitbroker.wire.messages import Message

GAME_HELLO: Final = Message(codes.HELLO, codes.GAME)
BOT_HELLO: Final = Message(codes.HELLO, codes.BOT)
TRIGGER: Final = Message(codes.ACTION, 0)
END: Final = Message(codes.HELLO, codes.END)
TERMINATION: Final = Message(codes.HELLO, codes.TERMINATION)

MAX_PLAYERS: Final = 255
"""As many as an action's operand can name, less one that the crate's own counters leave out."""


def bot_info(name: str) -> Message:
    """A bot's name, sent straight after its hello."""
    return Message(codes.HELLO, codes.BOT_INFO, InitialMessageProto(botName=name).SerializeToString())


def parse_bot_info(message: Message) -> str:
    """The bot's name. Its body counts, not its codes: the original's broker does not look at those.

    Raises:
        RemoteProtocolError: the body is no bot info.
    """
    try:
        return InitialMessageProto.FromString(message.body).botName
    except DecodeError:
        raise RemoteProtocolError(
            "what followed the bot's hello is no bot info (bitbroker.initial.InitialMessageProto)"
        ) from None


def players(names: Sequence[str]) -> Message:
    """The list of players for the game, by seat from 0."""
    batch = InitialMessageBatchProto(
        initialMessages=[InitialMessageProto(botIndex=seat, botName=name) for seat, name in enumerate(names)]
    )
    return Message(codes.HELLO, codes.PLAYERS, batch.SerializeToString())


def parse_players(message: Message) -> list[str]:
    """The players' names by seat, whatever their order in the message.

    Raises:
        RemoteProtocolError: it is not the list of players, or a seat is missing or there twice.
    """
    if (message.opcode, message.operand) != (codes.HELLO, codes.PLAYERS):
        raise RemoteProtocolError(f"expected the list of players, got {message!r}")
    try:
        batch = InitialMessageBatchProto.FromString(message.body)
    except DecodeError:
        raise RemoteProtocolError("the list of players does not parse") from None
    names = {entry.botIndex: entry.botName for entry in batch.initialMessages}
    if sorted(names) != list(range(len(batch.initialMessages))):
        raise RemoteProtocolError(f"the list of players has seats {[e.botIndex for e in batch.initialMessages]}")
    return [names[seat] for seat in range(len(names))]


def action(player: int, state: bytes) -> Message:
    """The game's word: ask this player."""
    return Message(codes.ACTION, player, state)


def request(action: Message, seconds: int) -> Message:
    """An action as the request to the player it names; `seconds` (1 to 255) is the time limit it is told."""
    return action.with_header(codes.DECISION, seconds)


def decision(body: bytes) -> Message:
    """A bot's answer to a request."""
    return Message(codes.DECISION, 0, body)


def failure(cause: Cause) -> Message:
    """What a game gets in place of a response: the cause's number and no decision."""
    return Message(codes.DECISION, cause)


def is_termination(message: Message) -> bool:
    """Whether this is the last word of a match."""
    return (message.opcode, message.operand) == (codes.HELLO, codes.TERMINATION)
