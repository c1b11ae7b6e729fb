"""What importing the client costs."""

import subprocess
import sys

HEAVY = {"cyclopts", "hypercorn", "prometheus_client", "quart", "quart_trio", "rich", "structlog", "asyncio", "chess"}


def test_client_is_light() -> None:
    """In a fresh interpreter: nothing of the broker's, nor of what it is built on."""
    program = "import sys, bitbroker.client; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.decode().split()
    )
    assert {"trio", "google.protobuf", "attrs"} <= loaded
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.startswith("bitbroker.")}
    assert {name.split(".")[1] for name in ours} == {"client", "errors", "text", "wire", "_pb"}
