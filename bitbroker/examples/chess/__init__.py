"""Chess: `game` is the referee, `uci_bot` lets any UCI engine play.

Both need the `chess` package, which is under the GPL; nothing else of bitbroker needs it.
"""

import sys
from importlib.util import find_spec

if find_spec("chess") is None:
    print("the chess example needs the chess package: pip install 'bitbroker[chess]'", file=sys.stderr)
    raise SystemExit(2)
