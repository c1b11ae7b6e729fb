"""The command line: arguments to settings to `trio.run`."""

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import structlog
import trio
from cyclopts import App, CycloptsError, MissingArgumentError, Parameter, UnusedCliTokensError
from cyclopts.validators import Number

import bitbroker
from bitbroker.broker.logs import configure_logging
from bitbroker.broker.service import ListenError, serve
from bitbroker.client.address import find_address
from bitbroker.client.tls import choose_context
from bitbroker.client.token import find_token, read_token_file
from bitbroker.errors import BitbrokerError, SettingsError, UnwellError
from bitbroker.health import DEFAULT_PORT, PORT_ENV, ask_health, speaks_tls
from bitbroker.play.batch import Order
from bitbroker.play.command import BrokenOffError, OrderError, play_order
from bitbroker.play.results import Batch, ResultsError
from bitbroker.roster_command import roster_app
from bitbroker.settings import SettingInfo, declared_settings, load_settings, unknown_variables
from bitbroker.watch import Watcher

EXIT_USAGE: Final = 2
_SPARE_DESCRIPTORS: Final = 64
_DESCRIPTORS_OF_A_PROCESS: Final = 8
"""What `play` may need for each: a listener, a connection, two pipes, two logs, and a share of the poller's."""

app = App(
    name="bitbroker",
    version=bitbroker.__version__,
    help="A message broker for real-time play between games and bots, over TCP, in any language.",
    help_format="markdown",
)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and exit. Bad input is one line and exit code 2.

    Args:
        arguments: the command and its flags; None for those of this process.
    """
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        _refuse(_explain(error) + " (see bitbroker --help)")
    except (SettingsError, ListenError, OrderError, ResultsError, BrokenOffError) as error:
        _refuse(str(error))


def _explain(error: CycloptsError) -> str:
    """What is wrong with the command line, in one line; in our own words where the library's leave a user alone."""
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return (
            f"{' '.join(error.unused_tokens)!r} belongs to no option: "
            "a command of several words is to be quoted, as in --bot 'python bot.py'"
        )
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return f"{error.argument.name} is missing, or has no value"
    return " ".join(str(error).split())


def _refuse(message: str) -> NoReturn:
    print(f"bitbroker: {message}", file=sys.stderr)
    sys.exit(EXIT_USAGE)


_Config = Annotated[
    Path | None, Parameter(help="A TOML file with settings. [a path; BROKER_CONFIG]", show_default=False)
]


def _serve(*, config: _Config = None, **flags: Any) -> None:
    """Run the broker until it is told to stop.

    One game and as many bots as --players says make a match; many matches run side by side. Each setting comes from a
    TOML file, the environment or a flag; a flag weighs most.

    SIGTERM or Ctrl-C: running matches may go on for the grace, then everyone is told; a second one ends it at once.

    Exit codes: 0 stopped as told, or, with --once, match completed; 2 a setting is missing or wrong, or an address
    taken; 3 with --once, match not completed; 128 + N ended by a second signal N.
    """
    settings = load_settings(flags, os.environ, config)
    configure_logging(settings)
    log = structlog.get_logger("bitbroker")
    _warn_of_unknown_variables(log)
    _raise_descriptor_limit(settings.max_connections, "--max-connections", log)
    sys.exit(trio.run(serve, settings))


def _play(
    *,
    game: Annotated[str, Parameter(help="The command that starts the game.")],
    bot: Annotated[
        list[str], Parameter(help="The command that starts a bot; once for each player, by seat.", negative="")
    ],
    matches: Annotated[int, Parameter(help="How many matches.")] = 1,
    parallel: Annotated[int, Parameter(help="How many of them at a time.")] = 1,
    rotate_seats: Annotated[bool, Parameter(help="Move each bot on by a seat with each match.", negative="")] = False,
    seed: Annotated[int, Parameter(help="Seed of the first match; match N has seed + N - 1.")] = 0,
    results: Annotated[Path | None, Parameter(help="A file for a line of JSON for each match.")] = None,
    resume: Annotated[bool, Parameter(help="Go on from what the results file holds.", negative="")] = False,
    logs: Annotated[Path | None, Parameter(help="A folder for all that the processes write.")] = None,
    join_timeout: Annotated[float, Parameter(help="How long to wait for all to connect, in seconds.")] = 30.0,
    config: _Config = None,
    **flags: Any,
) -> None:
    """Start a broker, a game and bots, and play.

    Each command runs with BROKER_HOST, BROKER_PORT and BROKER_SEED in its environment, which our client library takes
    up by itself; {host}, {port}, {seed} and {python} in it stand for these and for this Python. A game that wants to
    say who won writes {"scores": [1, 0]}, a number for each seat, to the file that BROKER_SCORES names; in Python,
    Action.end_game(scores=[1, 0]).

    Exit codes: 0 every match was completed; 2 the command line is wrong, or the system refuses something (a full disk);
    3 some match was not completed; 130 interrupted. The results so far are kept.
    """
    flags |= {"num_players": len(bot), "once": True, "surplus": "refuse"}
    settings = load_settings(flags, os.environ, config, _PLAY_DEFAULTS)
    configure_logging(settings)
    log = structlog.get_logger("bitbroker")
    _warn_of_unknown_variables(log)
    _raise_descriptor_limit(parallel * (1 + len(bot)) * _DESCRIPTORS_OF_A_PROCESS, "--parallel", log)
    batch = Batch(game, bot, seed, rotate_seats)
    order = Order(batch, matches, parallel, join_timeout, logs)
    sys.exit(play_order(order, settings, results, resume=resume))


_PLAY_DEFAULTS: Final[Mapping[str, str]] = {
    "log_level": "warning",
    "resume_grace": "0",  # a process that has lost its broker here is gone
}
_PLAY_SETTINGS: Final = (
    "time_limit",
    "game_time_limit",
    "match_time_limit",
    "on_failure",
    "max_unasked",
    "max_payload_bytes",
    "log_level",
    "log_format",
)


def _flag(name: str, info: SettingInfo, default: str | None) -> inspect.Parameter:
    """A flag for a setting: text as it was typed, since the settings check it themselves."""
    default = "required" if default is None else f"default {default}"
    help_text = f"{info.summary} [{info.allowed}; {info.env}; {default}]"
    parameter = Parameter(name=info.flag, help=help_text, negative="", show_default=False)
    kind = bool if info.is_switch else str
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, parameter]
    )


def _add_command(
    name: str, function: Callable[..., None], settings: Iterable[str], defaults: Mapping[str, str]
) -> None:
    """Add a command whose `flags` are these settings; `defaults` are those that differ from the declared ones."""
    declared = declared_settings()
    *own, _flags = inspect.signature(function).parameters.values()
    flags = [_flag(each, declared[each], defaults.get(each, declared[each].default)) for each in settings]
    function.__signature__ = inspect.Signature([*own, *flags])  # type: ignore[attr-defined]
    app.command(function, name=name)


_add_command("serve", _serve, declared_settings(), {})
_add_command("play", _play, _PLAY_SETTINGS, _PLAY_DEFAULTS)


app.command(roster_app)


_HttpPort = Annotated[int, Parameter(env_var=PORT_ENV, validator=Number(gte=1, lte=65535))]


@app.command
def health(
    *, host: str = "127.0.0.1", port: _HttpPort = DEFAULT_PORT, tls: Annotated[bool, Parameter(negative="")] = False
) -> None:
    """Ask a broker on this machine whether it is well: exit code 0 if it is, 1 if not, with a line that says why.

    Args:
        host: where its health API listens.
        port: that API's port.
        tls: ask by HTTPS, as it is also done with BROKER_TLS_CERT in the environment, unless BROKER_HTTP_PLAIN is too.
            On this machine any certificate will do.
    """
    try:
        print(ask_health(host, port, tls=tls or speaks_tls(os.environ)))
    except UnwellError as error:
        sys.exit(f"bitbroker: {error}")


@app.command
def watch(
    match: str,
    *,
    host: str | None = None,
    port: int | None = None,
    ca_file: Path | None = None,
    name: str = "",
    token_file: Path | None = None,
) -> None:
    """Look on at a match, and print what happens in plain lines, until it is over.

    What the game shows is printed too, if it is text. Exit codes: 0 the match is over; 1 there is no such match, no
    broker, or the connection was lost; 2 the command line is wrong; 130 interrupted.

    Args:
        match: the name under which it meets, which may be before it begins; or its id.
        host: where the broker is: a name, an address, ws://host:port/path, or over TLS tls://host:port or
            wss://host:port/path. [BROKER_HOST; default 127.0.0.1]
        port: its port for players. [BROKER_PORT; default 9000]
        ca_file: with TLS, a file with the authorities to trust, in PEM. [BROKER_CA_FILE; default the system's]
        name: what the spectator is called, where the broker has a roster.
        token_file: a file with its token. [default: BITBROKER_TOKEN is the token]
    """
    try:
        choose_context(find_address(host, port), ca_file, None)
        token = find_token(read_token_file(token_file) if token_file else None)
    except ValueError as error:
        _refuse(str(error))
    try:
        Watcher(partial(print, flush=True), name).run(host, match, port=port, ca_file=ca_file, token=token)
    except BitbrokerError as error:
        sys.exit(f"bitbroker: {error}")
    except BrokenPipeError:  # whoever reads this has seen enough; nor must the interpreter write what is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _warn_of_unknown_variables(log: structlog.typing.FilteringBoundLogger) -> None:
    for name in unknown_variables(os.environ):
        log.warning("the environment has a variable that is no setting", name=name)


def _raise_descriptor_limit(needed: int, flag: str, log: structlog.typing.FilteringBoundLogger) -> None:
    """Let this process have as many descriptors as `flag` may need, and some more, as far as the system allows."""
    try:
        import resource
    except ImportError:  # not Unix: no such limit
        return
    wanted = needed + _SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft < wanted:
        log.warning(f"fewer descriptors than {flag} may need", limit=soft, needed=wanted)
