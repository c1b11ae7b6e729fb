"""Write the corpus to begin with: `python -m tests.fuzz.seeds`. From the recorded matches, and whole scripts.

What it writes is named `seed-...`; whatever else is in the corpus was found by fuzzing, and stays.
"""

import base64
from collections.abc import Iterator
from typing import Final

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import extended
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming
from tests.framings import drain, open_websocket
from tests.fuzz import script
from tests.fuzz.decoders import ACCEPT, LIMITS, OPENED
from tests.fuzz.dialects import LISTENERS
from tests.fuzz.script import step
from tests.fuzz.targets import CORPUS
from tests.replay import RECORDINGS, Recording

_LONGEST: Final = 400
"""Bytes of a recorded message: seeds are for their shape, and small ones are tried sooner."""
_LIMIT: Final = LIMITS.index(1 << 20)
_CUTS: Final = bytes((0, 3, 0, 50, 0, 7, 1, 0))
_HEAD: Final = bytes((_LIMIT,)) + _CUTS
_OPENED: Final = bytes((_LIMIT | OPENED,)) + _CUTS
_UPGRADE: Final = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: bitbroker.v1\r\n"
)
_ACCEPTED: Final = (
    b"HTTP/1.1 101 \r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n"
    b"Sec-WebSocket-Protocol: bitbroker.v1\r\n\r\n" % ACCEPT
)
_REFUSED: Final = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno\r\nx"

_HELLO: Final = pb.Hello(
    protocol=1, name="seed", match="room", seat=1, client="seed", players=2, spectators=True, content_type="text/plain"
)
_EXTENDED_WORDS: Final = (
    extended.encode(extended.BOT_HELLO, _HELLO),
    extended.encode(extended.GAME_HELLO, _HELLO),
    extended.encode(extended.SPECTATOR_HELLO, _HELLO),
    extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, resume_key="key")),
    extended.encode(extended.TURN, pb.Turn(number=1, asks=[pb.Ask(seat=0, state=b"state", limit_ms=500)], more=True)),
    extended.encode(extended.DECISION, pb.Decision(number=1, decision=b"decision")),
    extended.encode(extended.PUBLISH, pb.Publish(number=1, payload=b"picture")),
    extended.encode(extended.RESULT, pb.Result(seats=[pb.SeatResult(seat=0, score=0.5, rank=1)], reason="so")),
    Message(*extended.RESIGNATION),
    Message(*extended.LEAVE),
    Message(*extended.PING, b"are you there"),
    Message(*extended.PONG),
)


def main() -> None:
    """Write them all, in the place of older ones."""
    for target, seeds in {**_decoder_seeds(), "dialects": _dialect_seeds(), "broker": _broker_seeds()}.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("seed-*"):
            old.unlink()
        for number, seed in enumerate(seeds):
            (folder / f"seed-{number:02}").write_bytes(seed)


def _spoken(recording: Recording) -> list[Message]:
    framing = LineFraming(1 << 26)
    framing.feed(b"".join(line.data for line in recording.lines if len(line.data) < _LONGEST))
    return list(drain(framing))


def _decoder_seeds() -> dict[str, list[bytes]]:
    spoken = [_spoken(recording)[:12] for recording in RECORDINGS] + [list(_EXTENDED_WORDS)]
    client, server = open_websocket(1 << 20)
    from_client, from_server = client.encode(spoken[0]), server.encode(spoken[0])
    closing, answer = client.encode_end(), server.encode_end()
    frames = (
        b"\x01\x82\0\0\0\0hi",
        b"\x89\x80\0\0\0\0",
        b"\x02\x81\0\0\0\0\x01\x80\x81\0\0\0\0\x02",
        b"\x82\xfe\0\x7e\0\0\0\0",
    )
    bare = (b"\x01\x02hi", b"\x89\0", b"\x02\x01\x01\x80\x01\x02", b"\x82\x7e\0\x7e")
    return {
        "lines": [_HEAD + LineFraming(1 << 20).encode(messages) for messages in spoken],
        "prefixed": [_HEAD + PrefixedFraming(1 << 20).encode(messages) for messages in spoken],
        "websocket-server": [
            _HEAD + _UPGRADE + b"\r\n" + from_client + closing,
            _HEAD + _UPGRADE + b"Origin: https://example.org\r\n\r\n" + from_client,
            _HEAD + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            *(_OPENED + from_client + frame for frame in (*frames, closing)),
        ],
        "websocket-client": [
            _HEAD + _ACCEPTED + from_server + answer,
            _HEAD + _REFUSED,
            *(_OPENED + from_server + frame for frame in (*bare, answer)),
        ],
    }


def _dialect_seeds() -> list[bytes]:
    words = [*_EXTENDED_WORDS, *script.BASIC_WORDS]
    return [
        bytes((listener, word.opcode, word.operand)) + word.body
        for index, word in enumerate(words)
        for listener in {index % len(LISTENERS), 0}
    ]


def _broker_seeds() -> list[bytes]:
    matches = [recording for recording in RECORDINGS if recording.players <= 2]
    return [
        *(bytes((recording.players - 1,)) + _recorded(recording) for recording in matches),
        *(bytes((settings,)) + b"".join(_extended_match(kind)) for kind in range(3) for settings in (0x21, 0x2A)),
    ]


def _recorded(recording: Recording) -> bytes:
    """What the recorded clients said, in the order in which they did."""
    steps, seen = [], set[int]()
    for line in recording.lines:
        who = line.connection % script.CLIENTS
        if line.connection not in seen:
            seen.add(line.connection)
            steps.append(step(script.CONNECT, who, 0))
        if not line.from_broker:
            content = base64.b64decode(line.data)
            steps.append(script.say(who, Message(content[0], content[1], content[2:255])))
    return b"".join(steps)


def _extended_match(kind: int) -> Iterator[bytes]:
    """A match of two with a spectator, in which a bot goes and comes back, and another resigns."""
    game, one, other, spectator = range(4)
    for who, role in ((spectator, 2), (one, 0), (other, 0)):
        yield step(script.CONNECT, who, kind)
        yield step(script.LISTEN, who)
        yield step(script.HELLO, who, 0x10 | role, 1)
    yield step(script.CONNECT, game, kind)
    yield step(script.LISTEN, game)
    yield step(script.HELLO, game, 0x91, 1, 0x06, 4, 0, 5, 3, 1)
    yield step(script.LISTEN, one)
    yield step(script.EXTENDED, game, 2, 1, 20)
    yield step(script.TURN, game, 1, 0x03, 5)
    yield step(script.DECISION, one, 1, 3, b"yes")
    yield step(script.LEAVE, one, 0)
    yield step(script.SLEEP, one, 1)
    yield step(script.CONNECT, one, kind)
    yield step(script.LISTEN, one)
    yield step(script.HELLO, one, 0x14, 1)
    yield step(script.DECISION, other, 1, 2, b"no")
    yield step(script.TURN, game, 2, 0x01, 2)
    yield step(script.EXTENDED, one, 0)
    yield step(script.EXTENDED, spectator, 0x54)
    yield step(script.EXTENDED, game, 3, 2, 0, 1, 1, 1, 2, 2)
    yield step(script.LISTEN, game)


if __name__ == "__main__":
    main()
