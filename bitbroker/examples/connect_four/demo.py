"""A whole match on this machine: a broker, the game and two bots, a process each, over real sockets.

Run it as `python -m bitbroker.examples.connect_four.demo`; it needs the extra `broker`. The board is drawn as it is
played, and the last line says who won.
"""

import json
import subprocess
import sys
from collections import deque

import trio

_HERE = "bitbroker.examples.connect_four"
_LAST_LINES = 20


async def _read_lines(stream: trio.abc.ReceiveStream, into: trio.MemorySendChannel[str]) -> None:
    rest = b""
    async with into:
        async for chunk in stream:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                await into.send(line.decode())


async def _wait_port(log: trio.MemoryReceiveChannel[str], shown: deque[str]) -> str:
    """The port on which the broker listens for players, from its log."""
    async for line in log:
        shown.append(line)
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("event") == "listening":
            return str(entry["port"])
    sys.exit("\n".join([*shown, "the broker ended before it listened"]))


async def _keep(log: trio.MemoryReceiveChannel[str], shown: deque[str]) -> None:
    async for line in log:
        shown.append(line)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


async def _play() -> int:
    """Play; the exit code is the broker's. Owns a nursery with all processes, which ends when the broker does."""
    serve = _python("bitbroker", "serve", "--players", "2", "--port", "0", "--http-port", "0", "--once")
    shown: deque[str] = deque(maxlen=_LAST_LINES)
    async with trio.open_nursery() as nursery:
        broker = await trio.lowlevel.open_process([*serve, "--log-format", "json"], stderr=subprocess.PIPE)
        assert broker.stderr is not None
        send, log = trio.open_memory_channel[str](_LAST_LINES)
        nursery.start_soon(_read_lines, broker.stderr, send)
        address = ("--port", await _wait_port(log, shown))
        nursery.start_soon(_keep, log, shown)
        for player in (
            _python(f"{_HERE}.random_bot", *address),
            _python(f"{_HERE}.search_bot", *address),
            _python(f"{_HERE}.game", *address, "--draw"),
        ):
            nursery.start_soon(trio.run_process, player)
        code = await broker.wait()
    if code:
        print(*shown, f"the match was not completed (exit code {code}); above are the broker's last words", sep="\n")
    return code


if __name__ == "__main__":
    sys.exit(trio.run(_play))
