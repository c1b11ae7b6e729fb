"""The table's rows as the matches that are played of them: each on every wire and framing, with every kind of game."""

from collections.abc import Iterator
from itertools import product
from typing import Final

import attrs

from tests.misbehaviour.bots import BOTS
from tests.misbehaviour.games import GAMES
from tests.misbehaviour.strangers import STRANGERS
from tests.misbehaviour.table import FRAMINGS, Framing, Policy, Row, Side, Text, Wire

ROWS: Final = (*STRANGERS, *BOTS, *GAMES)

_OTHER_WIRE: Final = {Wire.BASIC: Wire.EXTENDED, Wire.EXTENDED: Wire.BASIC}


@attrs.frozen
class Broker:
    """Which broker a case needs.

    Several share the work, by what their cases are.

    Attributes:
        side: who misbehaves.
        wire: on which wire, where limits have to run out.
        short: whether its time limits are short.
        tells: whether it tells basic games of failed answers.
    """

    side: Side
    wire: Wire | None
    short: bool
    tells: bool


@attrs.frozen(eq=False)
class Case:
    """One row, played once; no two are the same.

    Attributes:
        row: what is done.
        wire: of who does it.
        framing: likewise.
        game: wire of the game that it is done to, or that does it.
        policy: of that game.
        turn: how many cases of this row there are before; it says by which framings the others speak.
    """

    row: Row
    wire: Wire
    framing: Framing
    game: Wire
    policy: Policy
    turn: int

    @property
    def broker(self) -> Broker:
        """The one to play it with."""
        tells = self.row.side is Side.BOT and self.game is Wire.BASIC and self.policy is Policy.TELL
        return Broker(self.row.side, self.wire if self.row.short else None, self.row.short, tells)

    @property
    def bot(self) -> Wire:
        """What the first bot speaks."""
        if self.row.side is Side.BOT:
            return self.wire
        return Wire.BASIC if self.row.many or self.turn % 2 else Wire.EXTENDED

    @property
    def other(self) -> Wire:
        """What the second bot speaks: both wires meet in each match."""
        return _OTHER_WIRE[self.bot]

    def framing_of(self, who: str) -> Framing:
        """By which framing a participant speaks."""
        if who == self.row.side:
            return self.framing
        return FRAMINGS[(self.turn + len(who)) % len(FRAMINGS)]

    def pick(self, text: Text) -> str:
        """What holds for this wire and framing."""
        if isinstance(text, str):
            return text
        return text[self.wire if self.wire in text else self.framing]

    def __str__(self) -> str:
        words = [self.row.side, self.row.name, self.wire, self.framing]
        if self.row.side is Side.BOT:
            words += [f"{self.game} game", self.policy]
        return ", ".join(words)


def _kinds_of_games(row: Row) -> list[tuple[Wire, Policy]]:
    """With whom a bot is played: a basic game cannot be told of a forfeit, which is the end of its match."""
    kinds = [(game, policy) for game, policy in product(row.games, row.policies)]
    return [kind for kind in kinds if kind != (Wire.BASIC, Policy.FORFEIT)]


def cases_of(row: Row, place: int) -> Iterator[Case]:
    """All that is played of a row: no wire, framing or kind of game without it."""
    ways = list(product(row.wires, row.framings))
    kinds = _kinds_of_games(row) if row.side is Side.BOT else [(Wire.EXTENDED, Policy.END)]
    for turn in range(max(len(ways), len(kinds))):
        wire, framing = ways[turn % len(ways)]
        game, policy = kinds[(turn + place) % len(kinds)]
        yield Case(row, wire, framing, wire if row.side is Side.GAME else game, policy, turn)


CASES: Final = tuple(case for place, row in enumerate(ROWS) for case in cases_of(row, place))
