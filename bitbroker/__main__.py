"""`python -m bitbroker`, and the command `bitbroker`."""

import sys
from importlib.util import find_spec
from typing import Final

_NEEDED: Final = ("cyclopts", "hypercorn", "prometheus_client", "quart_trio", "rich", "structlog", "tomlkit")


def main() -> None:
    """Run the command line, or say what to install for it."""
    missing = [package for package in _NEEDED if find_spec(package) is None]
    if missing:
        sys.exit(
            f"bitbroker: the broker needs {', '.join(missing)}, which the base install leaves out: "
            "pip install 'bitbroker[broker]'"
        )
    from bitbroker.cli import run

    run()


if __name__ == "__main__":
    main()
