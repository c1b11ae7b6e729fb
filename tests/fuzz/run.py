"""Fuzz one target: `python -m tests.fuzz.run TARGET [--seconds 60] [--quick N]`. Needs the extra `fuzz`.

New inputs that reach new code go to `tests/fuzz/build/TARGET`, where the next run begins; an input that fails goes to
`tests/fuzz/build/found-TARGET-...`, and the exit code is not 0. Play it again with `--input FILE`.
"""

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import atheris
from atheris.import_hook import instrument_imports

HERE: Final = Path(__file__).parent
BUILD: Final = HERE / "build"
_LONGEST_INPUT: Final = 4096
_MOST_MEMORY_MIB: Final = 1024
_LONGEST_SECONDS: Final = 30
"""For one input: a decoder that is not linear, or a broker that does not end, would show."""


def main(arguments: Sequence[str]) -> None:
    """Fuzz as the arguments say; ends the process."""
    with instrument_imports(include=["bitbroker", "h11", "wsproto"]):
        targets: dict[str, Callable[[bytes], None]] = importlib.import_module("tests.fuzz.targets").TARGETS
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run")
    parser.add_argument("target", choices=targets)
    parser.add_argument("--seconds", type=int, default=60, help="for how long")
    parser.add_argument(
        "--quick", type=int, metavar="N", help="N inputs instead, from the corpus and one seed, quietly"
    )
    parser.add_argument("--input", type=Path, help="a file to try, and nothing else")
    chosen = parser.parse_args(arguments)
    if chosen.input is not None:
        targets[chosen.target](chosen.input.read_bytes())
        return
    corpus = HERE / "corpus" / chosen.target
    found = BUILD / chosen.target
    found.mkdir(parents=True, exist_ok=True)
    if chosen.quick is None:
        effort = [f"-max_total_time={chosen.seconds}", os.fspath(found), os.fspath(corpus)]
    else:
        inputs = ",".join(map(os.fspath, sorted(corpus.iterdir())))
        effort = [f"-runs={chosen.quick}", "-seed=1", "-verbosity=0", f"-seed_inputs={inputs}"]
    options = [
        f"-max_len={_LONGEST_INPUT}",
        f"-rss_limit_mb={_MOST_MEMORY_MIB}",
        f"-timeout={_LONGEST_SECONDS}",
        f"-artifact_prefix={BUILD / f'found-{chosen.target}-'}",
        "-print_final_stats=1",
    ]
    # What is there before the first input is no finding, and need not be looked through after each.
    gc.collect()
    gc.freeze()
    atheris.Setup([sys.argv[0], *options, *effort], targets[chosen.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
