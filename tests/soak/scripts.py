"""What each client of the soak does, said in its name, and what must come of a match between such clients.

A bot is called `who kind@at`: it does as its kind says in its request number `at`. Its name is in the results file, so
the right verdict can be told for each match there, whoever met whom.
"""

from collections.abc import Sequence
from enum import StrEnum
from random import Random
from typing import Final

import attrs

from bitbroker.errors import Cause

PLAYERS: Final = 2
TURNS: Final = 4
"""Of each match; seats are asked in turn."""

GRACE: Final = 2.0
"""Seconds for which a match that is over is kept for who was away."""


class BotKind(StrEnum):
    """What a bot does."""

    PLAYS = "plays"
    PAUSES = "pauses"  # plays, and takes a good part of its time for each answer
    RETURNS = "returns"  # loses its connection when it is asked, comes back and answers
    SILENT = "silent"
    LEAVES = "leaves"
    RESETS = "resets"
    GARBLES = "garbles"  # sends what is no message
    MISCODES = "miscodes"  # sends a message that is no answer
    OVERSIZES = "oversizes"
    BABBLES = "babbles"  # answers, and goes on talking


class GameKind(StrEnum):
    """What a game does."""

    PLAYS = "plays"
    STALLS = "stalls"
    LEAVES = "leaves"
    ASKS_NOBODY = "asks-nobody"  # asks a seat that is not there


_GOOD: Final = frozenset({BotKind.PLAYS, BotKind.PAUSES, BotKind.RETURNS})
_BASIC: Final = (*(kind for kind in BotKind if kind not in _GOOD),)
_EXTENDED: Final = (BotKind.RETURNS, BotKind.SILENT, BotKind.LEAVES)
_BOT_CAUSES: Final = {
    BotKind.SILENT: Cause.TIME_LIMIT,
    BotKind.LEAVES: Cause.DISCONNECTED,
    BotKind.RESETS: Cause.DISCONNECTED,
    BotKind.GARBLES: Cause.PROTOCOL_VIOLATION,
    BotKind.MISCODES: Cause.PROTOCOL_VIOLATION,
    BotKind.OVERSIZES: Cause.MESSAGE_TOO_LARGE,
    BotKind.BABBLES: Cause.PROTOCOL_VIOLATION,
}
_GAME_CAUSES: Final = {
    GameKind.STALLS: Cause.GAME_TIME_LIMIT,
    GameKind.LEAVES: Cause.GAME_LOST,
    GameKind.ASKS_NOBODY: Cause.GAME_FAULT,
}


@attrs.frozen
class BotScript:
    """A bot's part.

    Attributes:
        who: a name that no other has.
        extended: which wire it speaks.
        kind: what it does.
        at: in which of its requests.
    """

    who: str
    extended: bool
    kind: BotKind
    at: int

    @property
    def name(self) -> str:
        """What it calls itself: all of the above."""
        return f"{self.who} {'extended' if self.extended else 'basic'} {self.kind}@{self.at}"

    @classmethod
    def of(cls, name: str) -> "BotScript":
        """The part of the bot of this name."""
        who, wire, part = name.split(" ")
        kind, at = part.split("@")
        return cls(who, wire == "extended", BotKind(kind), int(at))

    @property
    def misbehaves(self) -> bool:
        """Whether its match ends with it."""
        return self.kind not in _GOOD

    @property
    def cause(self) -> Cause:
        """With which cause. One of the extended wire that leaves might return, until its time is over."""
        gone_for_a_while = self.extended and self.kind is BotKind.LEAVES
        return Cause.TIME_LIMIT if gone_for_a_while else _BOT_CAUSES[self.kind]


@attrs.frozen
class GameScript:
    """A game's part: what it does in which turn."""

    kind: GameKind
    at: int

    @property
    def cause(self) -> Cause:
        """With which cause its match ends, if it comes to that turn."""
        return _GAME_CAUSES[self.kind]


@attrs.frozen
class Verdict:
    """How a match ended, or must: the fields of a record that say so."""

    cause: str
    at_fault: str
    turns: int


def expected(game: GameScript, bots: Sequence[BotScript]) -> Verdict:
    """What must come of it: whoever misbehaves first ends the match."""
    for turn in range(1, TURNS + 1):
        if game.kind is not GameKind.PLAYS and turn == game.at:
            return Verdict(game.cause.label, "game", turn - 1)
        seat = (turn - 1) % len(bots)
        bot = bots[seat]
        if bot.misbehaves and bot.at == (turn - 1) // len(bots) + 1:
            return Verdict(bot.cause.label, f"player {seat}", turn)
    return Verdict(Cause.COMPLETED.label, "nobody", TURNS)


def cast(random: Random, who: str, extended: bool, mischief: float) -> tuple[GameScript, list[BotScript]]:
    """The parts of a match.

    Args:
        random: decides.
        who: what all its clients' names begin with.
        extended: which wire they speak.
        mischief: how probable it is that a client misbehaves.
    """
    game_kind = random.choice([*_GAME_CAUSES]) if random.random() < mischief else GameKind.PLAYS
    if extended and game_kind is GameKind.ASKS_NOBODY:
        game_kind = GameKind.STALLS
    game = GameScript(game_kind, random.randint(1, TURNS))
    return game, [_bot(random, f"{who}.{place}", extended, mischief) for place in range(PLAYERS)]


def _bot(random: Random, who: str, extended: bool, mischief: float) -> BotScript:
    if random.random() < mischief:
        kind = random.choice(_EXTENDED if extended else _BASIC)
    else:
        kind = BotKind.PAUSES if random.random() < 0.1 else BotKind.PLAYS
    return BotScript(who, extended, kind, random.randint(1, TURNS // PLAYERS))
