"""The command `play`: check what was asked for, play it, show it."""

import shlex
import shutil
import sys
from pathlib import Path

import trio
from rich.console import Console

from bitbroker.errors import BitbrokerError
from bitbroker.play.batch import Order, Player
from bitbroker.play.results import ResultsFile
from bitbroker.play.standing import tell_standings
from bitbroker.play.view import BatchView, SingleView, draw_standings
from bitbroker.settings import Settings


class OrderError(BitbrokerError):
    """What was asked for cannot be played; the message is one line that says why."""


def play_order(order: Order, settings: Settings, results: Path | None, *, resume: bool) -> int:
    """Play what was asked for, and show it.

    Args:
        order: game, bots, how many matches.
        settings: of the broker that each match gets.
        results: the results file; None for none.
        resume: go on from what it holds.

    Returns:
        The process's exit code.

    Raises:
        OrderError: a number is out of its range, or a command's program is not there.
        ResultsError: the results file cannot be used.
    """
    _check(order, results, resume=resume)
    file = ResultsFile(results, order.batch, resume=resume) if results else None
    console = Console(highlight=False)
    played = len(file.played) if file else 0
    view = SingleView(console) if order.matches == 1 else BatchView(console, order.matches, played)
    player = Player(order, settings, view, file)
    with view.running():
        code = trio.run(player.run)
    if file is not None:
        file.close()
    if order.matches > 1:
        console.print(draw_standings(order.batch.bots, tell_standings(len(order.batch.bots), player.results)))
    if player.interrupted:
        how = f"go on with --resume --results {results}" if results else "with --results they could be gone on from"
        console.print(f"interrupted: {len(player.results)} of {order.matches} matches were played; {how}")
    elif order.matches > 1:
        completed = sum(result["cause"] == "completed" for result in player.results)
        console.print(f"{completed} of {order.matches} matches were completed")
    return code


def _check(order: Order, results: Path | None, *, resume: bool) -> None:
    if sys.platform == "win32":
        raise OrderError("play needs a system with process groups, which Windows has not; serve works everywhere")
    for flag, number in (("--matches", order.matches), ("--parallel", order.parallel)):
        if not 1 <= number <= 1_000_000:
            raise OrderError(f"{flag} is {number}: it must be a whole number from 1 to 1000000")
    if not 0 < order.join_timeout <= 86400:
        raise OrderError(f"--join-timeout is {order.join_timeout:g}: it must be a number of seconds up to 86400")
    if resume and results is None:
        raise OrderError("--resume goes on from a results file: name it with --results")
    for flag, command in (("--game", order.batch.game), *(("--bot", bot) for bot in order.batch.bots)):
        _check_command(flag, command)


def _check_command(flag: str, command: str) -> None:
    try:
        program = shlex.split(command)[0].replace("{python}", sys.executable)
    except (ValueError, IndexError):
        raise OrderError(f"{flag} is {command!r}, which is no command") from None
    if shutil.which(program) is None:
        raise OrderError(f"{flag} is {command!r}, but there is no program {program!r}: is the path right?")
