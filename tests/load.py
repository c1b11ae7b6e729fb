"""First figures: turns a second through a real broker at 1 and 100 matches, states of 64 bytes.

Run by `make load`. The clients are one process with one epoll and no rules, so that it is mostly the broker that is
measured; the broker's own CPU time a turn is printed beside the rate, since client and broker share the machine.
"""

import base64
import json
import os
import resource
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

STATE = bytes(range(64))
DECISION = (base64.b64encode(b"\x02\x00" + STATE[::-1])) + b"\n"
TURNS = 20_000
TRIGGER = b"AQA=\n"


def line(message: bytes) -> bytes:
    """A message as it goes over the wire."""
    return base64.b64encode(message) + b"\n"


ACTIONS = [line(bytes((1, seat)) + STATE) for seat in (0, 1)]


def connect(port: int, words: bytes) -> socket.socket:
    """A connection that has said its handshake."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(words)
    return sock


def play(port: int, matches: int) -> float:
    """Play matches side by side, `TURNS` turns in all; seconds from the first trigger to the last response."""
    epoll = select.epoll()
    games: dict[int, list[int]] = {}
    socks = {}
    turns = TURNS // matches
    for _ in range(matches):
        bots = [connect(port, line(b"\0\2") + line(b"\0\x22")) for _ in range(2)]
        game = connect(port, line(b"\0\1"))
        games[game.fileno()] = [0]
        for sock in (game, *bots):
            socks[sock.fileno()] = sock
            epoll.register(sock.fileno(), select.EPOLLIN)
    running = matches
    began = None
    while running:
        for descriptor, _ in epoll.poll():
            sock = socks[descriptor]
            data = sock.recv(65536)
            if descriptor not in games:
                if data.startswith(b"Ag"):
                    sock.send(DECISION)
                continue
            began = began or time.perf_counter()
            if not data.endswith(TRIGGER):
                continue
            played = games[descriptor]
            if played[0] == turns:
                sock.send(line(b"\0\xfe"))
                running -= 1
            else:
                sock.send(ACTIONS[played[0] % 2])
                played[0] += 1
    assert began is not None
    seconds = time.perf_counter() - began
    for sock in socks.values():
        sock.close()
    return seconds


def main() -> None:
    """Start a broker, play, print a line for each number of matches."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    serve = [sys.executable, "-m", "bitbroker", "serve", "--players", "2", "--port", "0", "--http-port", "0"]
    for matches in (1, 100):
        broker = subprocess.Popen([*serve, "--log-format", "json", *sys.argv[1:]], stderr=subprocess.PIPE)
        assert broker.stderr is not None
        port = next(entry["port"] for entry in map(json.loads, broker.stderr) if entry["event"] == "listening")
        reader = subprocess.Popen(["cat"], stdin=broker.stderr, stdout=subprocess.DEVNULL)
        seconds = play(port, matches)
        fields = Path(f"/proc/{broker.pid}/stat").read_text().rsplit(")", 1)[1].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        broker.terminate()
        broker.wait()
        reader.wait()
        print(
            f"{matches:4} matches: {TURNS / seconds:8.0f} turns/s, "
            f"{cpu / TURNS * 1e6:6.1f} us of the broker's CPU a turn (start-up included)"
        )


if __name__ == "__main__":
    main()
