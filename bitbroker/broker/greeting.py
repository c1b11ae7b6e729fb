"""What a client says of itself in its hello, and what a game asks for in it, checked against the settings."""

from collections.abc import Sequence
from enum import StrEnum
from math import inf
from typing import Final

import attrs

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.basic_dialect import BasicBot, BasicGame
from bitbroker.broker.dialect import BotDialect, Dialect, GameDialect
from bitbroker.broker.extended_dialect import POLICIES, ExtendedBot, ExtendedGame, Spectator, hear_limit
from bitbroker.errors import Ending, RemoteProtocolError
from bitbroker.match import Rules, TimeControl
from bitbroker.settings import Settings, Spectators
from bitbroker.text import LONGEST_NAME, printable
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import HEADER_BYTES, Message

_BOTS: Final = (BasicBot, ExtendedBot)
_GAMES: Final = (BasicGame, ExtendedGame)
_LONGEST_DELAY: Final = 3600.0


class Role(StrEnum):
    """What a client is in a match."""

    GAME = "game"
    BOT = "bot"
    SPECTATOR = "spectator"


_ROLES: Final = {
    extended.GAME_HELLO: Role.GAME,
    extended.BOT_HELLO: Role.BOT,
    extended.SPECTATOR_HELLO: Role.SPECTATOR,
}


class RefusedHelloError(RemoteProtocolError):
    """What a hello asks for cannot be."""

    def __init__(self, ending: Ending, detail: str, protocols: Sequence[int] = ()) -> None:
        super().__init__(detail)
        self.ending = ending
        self.protocols = protocols


@attrs.frozen
class Plan:
    """What a game wants its match to be.

    Attributes:
        players: how many seats.
        rules: what holds.
        content_type: of what it publishes.
        max_spectators: how many there may be.
        spectator_delay: how far behind they are kept, in seconds.
    """

    players: int
    rules: Rules
    content_type: str = ""
    max_spectators: int = 0
    spectator_delay: float = 0.0


@attrs.frozen
class Greeting:
    """A hello.

    Attributes:
        role: game, bot or spectator.
        dialect: how it speaks.
        name: of the bot, or of the game.
        match: the name under which it wants to meet; empty for the lobby.
        resume_key: of the place that it wants to take again; empty for a new one.
        wish: the seat that a bot would like.
        client: library and version.
        plan: a game's.
        token: proof of who it is, until it has been checked; empty for none.
        matches: the names under which the roster lets it meet others; None for all.
    """

    role: Role
    dialect: Dialect
    name: str = ""
    match: str = ""
    resume_key: str = ""
    wish: int | None = None
    client: str = ""
    plan: Plan | None = None
    token: str = attrs.field(default="", repr=False)
    matches: frozenset[str] | None = None

    def message_bytes(self, settings: Settings) -> int:
        """The largest message that it may send."""
        return settings.max_payload_bytes + (extended.ENVELOPE_BYTES if self.dialect.extended else HEADER_BYTES)

    def may_join(self, match: str) -> bool:
        """Whether the roster lets it meet others under this name."""
        return self.matches is None or match in self.matches

    @property
    def bot(self) -> BotDialect:
        """How to speak with a bot."""
        assert isinstance(self.dialect, _BOTS)
        return self.dialect

    @property
    def game(self) -> GameDialect:
        """How to speak with a game."""
        assert isinstance(self.dialect, _GAMES)
        return self.dialect


def role_of(message: Message) -> Role | None:
    """Whose hello this message is; None if it is none."""
    return _ROLES.get(extended.code(message))


def names_an_id(match: str) -> bool:
    """Whether this is a match's id, and no name to meet under."""
    return match.isascii() and match.isdigit()  # digits of other scripts are letters like all others


def basic_bot(info: Message) -> Greeting:
    """A basic bot, by what followed its hello. Its wire cannot say no to a name: one that may not be is mended.

    Raises:
        RemoteProtocolError: that is no bot info.
    """
    return Greeting(Role.BOT, BasicBot(), printable(basic.parse_bot_info(info)[:LONGEST_NAME]))


def basic_game(settings: Settings) -> Greeting:
    """A basic game: the settings hold for its match."""
    time = TimeControl(settings.time_limit, settings.time_limit)
    rules = attrs.evolve(_rules(settings, time), basic_game=True)
    return Greeting(Role.GAME, BasicGame(), plan=_plan(settings, rules))


def extended_client(role: Role, message: Message, settings: Settings) -> Greeting:
    """A client of the extended wire, by its hello.

    Raises:
        RefusedHelloError: what it asks for cannot be.
        RemoteProtocolError: the body is no hello.
    """
    hello = extended.parse(message, pb.Hello)
    if hello.protocol < 1:
        detail = f"no common version: it speaks {hello.protocol}, the broker speaks {extended.VERSION}"
        raise RefusedHelloError(Ending.UNSUPPORTED_VERSION, detail, [extended.VERSION])
    _check_name("name", hello.name)
    _check_match_name(role, hello.match)
    plan = None
    if role is Role.GAME:
        dialect: Dialect = ExtendedGame(settings.max_payload_bytes)
        plan = None if hello.resume_key else _hear_plan(hello, settings)
    elif role is Role.BOT:
        dialect = ExtendedBot(settings.max_payload_bytes)
    else:
        dialect = Spectator()
    return Greeting(
        role=role,
        dialect=dialect,
        name=hello.name,
        match=hello.match,
        resume_key=hello.resume_key,
        wish=hello.seat if hello.HasField("seat") else None,
        client=hello.client,
        plan=plan,
        token=hello.token,
    )


def _check_name(field: str, name: str) -> None:
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise _bad(f"{field} is {name[:LONGEST_NAME]!r}: a name has up to {LONGEST_NAME} printable characters")


def _check_match_name(role: Role, name: str) -> None:
    _check_name("match", name)
    if role is Role.SPECTATOR:
        if not name:
            raise _bad("match is not said: a spectator names a match, by its name or its id")
    elif names_an_id(name):
        raise _bad(f"match is {name!r}: a name that is all digits would be taken for an id")


def _hear_plan(hello: pb.Hello, settings: Settings) -> Plan:
    players = hello.players if hello.HasField("players") else settings.num_players
    if not 1 <= players <= basic.MAX_PLAYERS:
        raise _bad(f"players is {players}: it must be from 1 to {basic.MAX_PLAYERS}")
    delay = hello.spectator_delay_ms / 1000
    if delay > _LONGEST_DELAY:
        raise _bad(f"spectator_delay_ms is {hello.spectator_delay_ms}: it may be {_LONGEST_DELAY * 1000:.0f}")
    plan = _plan(settings, _hear_rules(hello.time_control, settings), players)
    watched = hello.spectators if hello.HasField("spectators") else bool(plan.max_spectators)
    return attrs.evolve(
        plan,
        content_type=hello.content_type,
        max_spectators=settings.max_spectators if watched else 0,
        spectator_delay=delay,
    )


def _plan(settings: Settings, rules: Rules, players: int | None = None) -> Plan:
    watched = settings.spectators is Spectators.ALLOW
    return Plan(players or settings.num_players, rules, max_spectators=settings.max_spectators if watched else 0)


def _hear_rules(control: pb.TimeControl, settings: Settings) -> Rules:
    def limit(field: str, default: float) -> float:
        if not control.HasField(field):
            return default
        seconds = hear_limit(getattr(control, field))
        most = settings.max_time_limit
        if most and seconds > most:
            raise _bad(f"{field} is {getattr(control, field)}: the broker allows {most * 1000:.0f} (--max-time-limit)")
        return seconds

    move = limit("move_ms", settings.time_limit)
    time = TimeControl(move, limit("start_ms", move), limit("bank_ms", 0.0), limit("increment_ms", 0.0))
    if time.increment == inf:
        raise _bad("increment_ms is without a limit: say bank_ms without one instead")
    return attrs.evolve(
        _rules(settings, time),
        on_failure=POLICIES.get(control.on_failure, settings.on_failure),
        tolerated_failures=control.tolerated_failures,
    )


def _rules(settings: Settings, time: TimeControl) -> Rules:
    return Rules(
        time=time,
        on_failure=settings.on_failure,
        game_time_limit=settings.game_time_limit or inf,
        match_time_limit=settings.match_time_limit or inf,
        resume_grace=settings.resume_grace,
        max_unasked=settings.max_unasked,
        max_limit=settings.max_time_limit or inf,
    )


def _bad(detail: str) -> RefusedHelloError:
    return RefusedHelloError(Ending.BAD_HELLO, detail)
