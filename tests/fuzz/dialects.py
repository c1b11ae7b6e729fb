"""What clients say of themselves and in a match, understood or refused, whatever it is.

An input is a byte for who speaks, opcode, operand and body.
"""

from collections.abc import Callable
from typing import Final

from bitbroker.broker import greeting
from bitbroker.broker.basic_dialect import BasicBot, BasicGame
from bitbroker.broker.dialect import Dialect, Pinged, Publication
from bitbroker.broker.extended_dialect import ExtendedBot, ExtendedGame, Spectator
from bitbroker.broker.greeting import Greeting, Role
from bitbroker.errors import RemoteProtocolError
from bitbroker.match import Event
from bitbroker.settings import Settings
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import HEADER_BYTES, Message
from tests.framings import hear

PAYLOAD_BYTES: Final = 64
SETTINGS: Final = Settings(num_players=2, max_payload_bytes=1024)
_HEAD_BYTES: Final = 1 + HEADER_BYTES
_MOST_SAID: Final = 1000

DIALECTS: Final[tuple[Dialect, ...]] = (
    BasicBot(),
    BasicGame(),
    ExtendedBot(PAYLOAD_BYTES),
    ExtendedGame(PAYLOAD_BYTES),
    Spectator(),
)
Understand = Callable[[Message], object]


def fuzz_dialects(data: bytes) -> None:
    """One message, to one listener; by lines and without, it is understood as the same."""
    if len(data) < _HEAD_BYTES:
        return
    listener, opcode, operand = data[:_HEAD_BYTES]
    plain = Message(opcode, operand, data[_HEAD_BYTES:])
    (by_line,), _ = hear(LineFraming(1 << 20), [plain.to_line()])
    understand = LISTENERS[listener % len(LISTENERS)]
    heard = _outcome(understand, plain)
    assert repr(heard) == repr(_outcome(understand, by_line)), f"otherwise by a line: {heard!r}"


def _outcome(understand: Understand, message: Message) -> object:
    try:
        return understand(message)
    except RemoteProtocolError as error:
        text = str(error)
        assert text.isprintable(), f"not one printable line: {text!r}"
        assert len(text) < _MOST_SAID, f"a long error: {text!r}"
        return f"{type(error).__name__}: {text}"


def _listen_with(dialect: Dialect) -> Understand:
    def understand(message: Message) -> object:
        heard = dialect.hear(message, 0)
        assert heard is None or isinstance(heard, Event | Publication | Pinged)
        return heard

    return understand


def _greet(message: Message) -> object:
    """A hello, or what a basic bot says behind it."""
    role = greeting.role_of(message)
    if role is None:
        return _describe(greeting.basic_bot(message))
    return _describe(greeting.extended_client(role, message, SETTINGS))


def _describe(heard: Greeting) -> object:
    """All but the dialect, which has no value; its plan is what the settings allow."""
    if heard.role is Role.GAME and not heard.resume_key:
        assert heard.plan is not None
        assert 1 <= heard.plan.players <= 255
        assert heard.plan.rules.time.move <= heard.plan.rules.max_limit
    assert len(heard.match) <= 64
    assert heard.match.isprintable()
    return heard.role, type(heard.dialect), heard.name, heard.match, heard.resume_key, heard.wish, heard.plan


LISTENERS: Final[tuple[Understand, ...]] = (_greet, *map(_listen_with, DIALECTS))
