"""The command `play`: check what was asked for, play it, show it."""

import shlex
import shutil
import sys
from pathlib import Path

import trio
from rich.console import Console

from bitbroker.errors import BitbrokerError
from bitbroker.play.batch import EXIT_NOT_COMPLETED, Order, Player
from bitbroker.play.results import ResultsError, ResultsFile
from bitbroker.play.standing import tell_standings
from bitbroker.play.view import BatchView, SingleView, draw_standings
from bitbroker.settings import Settings


class OrderError(BitbrokerError):
    """What was asked for cannot be played; the message is one line that says why."""


class BrokenOffError(BitbrokerError):
    """The system refused something in the middle; the message is one line that says what, and how to go on."""


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
        OrderError: a number is out of its range, a command's program is not there, or the log folder cannot be made.
        ResultsError: the results file cannot be used.
        BrokenOffError: the system refused something on the way.
    """
    _check(order, results, resume=resume)
    if order.log_folder is not None:
        _make_log_folder(order.log_folder)
    file = ResultsFile(results, order.batch, resume=resume) if results else None
    console = Console(highlight=False)
    played = len(file.played) if file else 0
    view = SingleView(console) if order.matches == 1 else BatchView(console, order.matches, played)
    player = Player(order, settings, view, file)
    trouble: BaseException | None = None
    code = EXIT_NOT_COMPLETED
    try:
        with view.running():
            code = trio.run(player.run)
    except* (OSError, ResultsError) as group:
        trouble = _first(group)
    if file is not None:
        file.close()
    if order.matches > 1:
        console.print(draw_standings(order.batch.bots, tell_standings(len(order.batch.bots), player.results)))
    how = f"go on with --resume --results {results}" if results else "with --results they could be gone on from"
    progress = f"{len(player.results)} of {order.matches} matches were played; {how}"
    if trouble is not None:
        raise BrokenOffError(f"{trouble}; {progress}")
    if player.interrupted:
        console.print(f"interrupted: {progress}")
    elif order.matches > 1:
        completed = sum(result["cause"] == "completed" for result in player.results)
        console.print(f"{completed} of {order.matches} matches were completed")
    return code


def _first(error: BaseException) -> BaseException:
    """The first error in a group of groups: what the others say is mostly the same."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


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


def _make_log_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OrderError(
            f"--logs is {str(folder)!r}: no such folder can be made: {error.strerror}; name another"
        ) from None


def _check_command(flag: str, command: str) -> None:
    try:
        program = shlex.split(command)[0].replace("{python}", sys.executable)
    except (ValueError, IndexError):
        raise OrderError(f"{flag} is {command!r}, which is no command") from None
    if shutil.which(program) is not None:
        return
    if Path(program).is_file():
        raise OrderError(
            f"{flag} is {command!r}, but {program} may not be executed: put its interpreter before it "
            "({python} is this one), or chmod +x it"
        )
    raise OrderError(f"{flag} is {command!r}, but there is no program {program!r}: is the path right?")
