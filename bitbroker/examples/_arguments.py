"""The command line that all examples share, and what they do with it."""

import argparse
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

from bitbroker.client import BaseBot, BaseGame, BitbrokerError, read_token_file


def bot_parser(description: str, name: str) -> argparse.ArgumentParser:
    """A parser for a bot that is called `name` unless the command line says otherwise."""
    parser = _client_parser(description)
    parser.add_argument("--name", default=name, help="how the bot is called (default: %(default)s)")
    return parser


def game_parser(description: str) -> argparse.ArgumentParser:
    """A parser for a game."""
    parser = _client_parser(description)
    parser.add_argument("--results", type=Path, metavar="FILE", help="append one JSON line per match to this file")
    return parser


def play(client: BaseBot[Any, Any] | BaseGame[Any, Any], options: argparse.Namespace) -> None:
    """Run the client as the command line says; trouble with the broker is one line and exit code 1."""
    try:
        client.run(
            options.host,
            options.port,
            matches=options.matches or None,
            connect_timeout=options.connect_timeout,
            match=options.match,
            token=options.token,
        )
    except BitbrokerError as error:
        sys.exit(f"{type(error).__name__}: {error}")


def at_least(minimum: int, *, at_most: float = inf) -> Callable[[str], int]:
    """The type of an argument that is a whole number within these bounds."""

    def whole_number(text: str) -> int:
        if (number := int(text)) < minimum:
            raise argparse.ArgumentTypeError(f"{text} is less than {minimum}")
        if number > at_most:
            raise argparse.ArgumentTypeError(f"{text} is more than {at_most}")
        return number

    return whole_number


def _token_in(path: str) -> str:
    try:
        return read_token_file(path)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _client_parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", help="where the broker is (default: BROKER_HOST, or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="its port for players (default: BROKER_PORT, or 9000)")
    parser.add_argument(
        "--matches",
        type=at_least(0),
        default=1,
        metavar="N",
        help="how many matches to stay for; 0 for as long as there is a broker (default: %(default)s)",
    )
    parser.add_argument("--match", default="", metavar="NAME", help="meet under this name (default: in the lobby)")
    parser.add_argument(
        "--token-file",
        dest="token",
        type=_token_in,
        metavar="FILE",
        help="holds its token, where the broker has a roster (default: BITBROKER_TOKEN is the token)",
    )
    parser.add_argument(
        "--connect-timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="for how long to go on trying to connect (default: %(default)g)",
    )
    return parser
