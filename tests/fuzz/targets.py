"""What is fuzzed, by name: each takes bytes, and raises where what must hold does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.fuzz.arena import fuzz_broker
from tests.fuzz.decoders import fuzz_lines, fuzz_prefixed, fuzz_websocket_client, fuzz_websocket_server
from tests.fuzz.dialects import fuzz_dialects

TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "lines": fuzz_lines,
    "prefixed": fuzz_prefixed,
    "websocket-server": fuzz_websocket_server,
    "websocket-client": fuzz_websocket_client,
    "dialects": fuzz_dialects,
    "broker": fuzz_broker,
}
CORPUS: Final = Path(__file__).with_name("corpus")
"""A folder for each target, a file for each input."""
