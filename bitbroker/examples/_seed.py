"""Seeds, so that a match can be played again: from the command line, or from whoever started the program."""

import argparse
import os
import random
from typing import Final

VARIABLE: Final = "BROKER_SEED"


def add_seed(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add `--seed`; where it is not given, the seed is what the environment says, which `bitbroker play` sets."""
    parser.add_argument(
        "--seed",
        type=int,
        default=os.environ.get(VARIABLE) or None,
        help=f"{purpose} (default: {VARIABLE}; without either, not to be repeated)",
    )


def make_lots(who: str, seed: int | None) -> random.Random:
    """Lots to draw.

    Everyone in a match has the same seed. Who draws goes into it too: a player whose lots fall as the game's do
    would guess right each time.

    Args:
        who: draws them.
        seed: of the match; None for lots that cannot be repeated.
    """
    return random.Random(None if seed is None else f"{who} {seed}")  # noqa: S311 - a game, not a secret
