"""A match in one process: the user's game and bots, and a referee in the broker's place."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

import trio
from trio.testing import MockClock

from bitbroker.client.bot import BaseBot
from bitbroker.client.game import BaseGame
from bitbroker.client.running import refuse_within_trio
from bitbroker.client.session import Session, Wish
from bitbroker.errors import SettingsError
from bitbroker.settings import Settings, refuse_unknown_names
from bitbroker.testing.connection import MemoryConnection
from bitbroker.testing.referee import Referee
from bitbroker.testing.report import MatchReport

Wire: TypeAlias = Literal["auto", "basic"]


def play_match(
    game: BaseGame[Any, Any],
    bots: Sequence[BaseBot[Any, Any]],
    *,
    real_time: bool = False,
    wire: Wire = "auto",
    **settings: Any,
) -> MatchReport:
    """Play a match in this process, without a broker, without sockets and without waiting.

    Game and bots do what they do in a real match, by the same code, and are held to the same rules. The clock is
    virtual: it stands still while anyone computes, and jumps when all wait. So a bot that answers by plain code takes
    no time, one that awaits `trio.sleep(3)` takes 3 s of the match and none of yours, and one that never answers is
    timed out at once. Game and bots that do the same each time make the same report each time.

    Code that waits for another process or a worker thread (a chess engine, say) needs `real_time`: the virtual clock
    cannot see such work and would jump to the time-out.

    Args:
        game: the game.
        bots: a bot for each seat, from 0.
        real_time: let the real clock run instead of the virtual one.
        wire: `"basic"` to have all clients speak the basic wire.
        **settings: those of `bitbroker serve` by their names in a settings file, as `time_limit=1` or
            `on_failure="tell-game"`; the ones about addresses, waiting and logs have no effect. `resume_grace` is 0 if
            it is not given, since nobody comes back here. The environment and settings files are not looked at.

    Returns:
        How it ended, and every turn.

    Raises:
        SettingsError: a setting is wrong or unknown.
        MatchNotBegunError: the game wants another number of players, or what else the broker would refuse.
        Exception: whatever the game or a bot raised, as it was raised; the match ends there. If several raise in the
            same instant, an exception group of them.
    """
    refuse_within_trio("play_match", "aplay_match")
    clock = None if real_time else MockClock(autojump_threshold=0)
    return trio.run(partial(aplay_match, game, bots, wire=wire, **settings), clock=clock)


async def aplay_match(
    game: BaseGame[Any, Any], bots: Sequence[BaseBot[Any, Any]], *, wire: Wire = "auto", **settings: Any
) -> MatchReport:
    """As `play_match`, within Trio, on the clock that runs there.

    For the same speed and the same times that is a `trio.testing.MockClock` with an `autojump_threshold`, which
    pytest-trio has as the fixture `autojump_clock`.

    Owns a nursery with a task for each client. When the match is over they have `close_timeout` to end; who is busy
    then is cancelled.
    """
    referee = Referee(_check(game, bots, wire, settings), Wish(wire))
    try:
        async with trio.open_nursery() as nursery:
            clients: list[BaseGame[Any, Any] | BaseBot[Any, Any]] = [game, *bots]
            for client, connection in zip(clients, referee.connections, strict=True):
                nursery.start_soon(_run_client, client.play_match, connection)
            report = await referee.run()
            nursery.cancel_scope.deadline = trio.current_time() + referee.close_timeout
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        error = group.exceptions[0]
    else:
        return report
    # Out of the group, and out of the `except`, so that the user's exception has the user's cause and context alone.
    raise error


def _check(game: object, bots: Sequence[object], wire: str, settings: dict[str, Any]) -> Settings:
    if not isinstance(game, BaseGame):
        raise TypeError(f"game is {game!r}: it must be an instance of a BaseGame")
    for seat, bot in enumerate(bots):
        if not isinstance(bot, BaseBot):
            raise TypeError(f"bots[{seat}] is {bot!r}: it must be an instance of a BaseBot")
        first = next(index for index, other in enumerate(bots) if other is bot)
        if first < seat:
            raise ValueError(f"bots[{seat}] is bots[{first}] once more: each seat needs an instance of its own")
    if wire not in get_args(Wire):
        raise ValueError(f"wire is {wire!r}: it must be 'auto' or 'basic'")
    if not bots:
        raise ValueError("bots is empty: a match needs a bot for each seat, 1 to 255 of them")
    if "num_players" in settings:
        raise SettingsError("the match was given num_players: leave it out, it is the number of bots")
    refuse_unknown_names(settings, "the match was given")
    return Settings(num_players=len(bots), **{"resume_grace": 0, **settings})


async def _run_client(play: Callable[[Session], Awaitable[None]], connection: MemoryConnection) -> None:
    try:
        await play(connection.session)
    finally:
        connection.close()
