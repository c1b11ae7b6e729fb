"""Which verdict is right, by the scripts of who plays."""

from collections import Counter
from random import Random

import pytest

from tests.soak import scripts
from tests.soak.scripts import BotKind, BotScript, GameKind, GameScript, Verdict, expected

PLAYS = GameScript(GameKind.PLAYS, 1)


def bot(kind: BotKind = BotKind.PLAYS, at: int = 1, extended: bool = False) -> BotScript:
    """A bot of this kind."""
    return BotScript("who", extended, kind, at)


@pytest.mark.parametrize(
    ("game", "bots", "verdict"),
    [
        (PLAYS, [bot(), bot()], Verdict("completed", "nobody", 4)),
        (PLAYS, [bot(BotKind.PAUSES), bot(BotKind.RETURNS, 2, True)], Verdict("completed", "nobody", 4)),
        (PLAYS, [bot(BotKind.SILENT), bot()], Verdict("time-limit", "player 0", 1)),
        (PLAYS, [bot(), bot(BotKind.LEAVES, 2)], Verdict("disconnected", "player 1", 4)),
        (PLAYS, [bot(), bot(BotKind.LEAVES, 2, True)], Verdict("time-limit", "player 1", 4)),
        (PLAYS, [bot(BotKind.GARBLES, 2), bot(BotKind.OVERSIZES)], Verdict("message-too-large", "player 1", 2)),
        (GameScript(GameKind.STALLS, 3), [bot(BotKind.RESETS, 2), bot()], Verdict("game-time-limit", "game", 2)),
        (
            GameScript(GameKind.LEAVES, 4),
            [bot(BotKind.BABBLES, 2), bot()],
            Verdict("protocol-violation", "player 0", 3),
        ),
        (GameScript(GameKind.ASKS_NOBODY, 1), [bot(BotKind.SILENT), bot()], Verdict("game-fault", "game", 0)),
    ],
)
def test_who_misbehaves_first_ends_the_match(game: GameScript, bots: list[BotScript], verdict: Verdict) -> None:
    """By its cause, its fault and its turn."""
    assert expected(game, bots) == verdict


def test_cast_plays_every_part_and_says_it_in_its_name() -> None:
    """Over many matches; and nobody misbehaves where nobody may."""
    random = Random(1)
    kinds: Counter[str] = Counter()
    for number in range(2000):
        game, bots = scripts.cast(random, str(number), bool(number % 2), 0.3)
        kinds.update((game.kind, *(bot.kind for bot in bots)))
        assert [BotScript.of(bot.name) for bot in bots] == bots
        quiet, others = scripts.cast(random, str(number), bool(number % 2), 0.0)
        assert expected(quiet, others).cause == "completed"
    assert kinds.keys() == {*BotKind, *GameKind}
