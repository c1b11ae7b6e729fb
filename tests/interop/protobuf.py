"""The crate's protobuf messages as prost and as our generated code read and write them."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Final

import attrs
from google.protobuf.message import DecodeError

from bitbroker._pb.initial_pb2 import InitialMessageBatchProto, InitialMessageProto
from tests.interop.programs import BUILT

REFUSED: Final = "refused"

Fields = list[tuple[int, str]]
"""Of each info, its index and its name."""


class Prost:
    """The crate's messages in a process of their own, asked by lines."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders = orders
        self._answers = answers

    def read(self, kind: str, body: bytes) -> Fields | str:
        """The fields of an `info` or a `batch`; or that it is refused."""
        answer = self._ask(f"read {kind} {body.hex()}")
        if answer == REFUSED:
            return REFUSED
        entries = [entry.split(":") for entry in answer.split(" ") if entry]
        return [(int(index), bytes.fromhex(name).decode()) for index, name in entries]

    def write(self, kind: str, fields: Fields) -> bytes:
        """The bytes of an `info`, which has one entry, or a `batch`."""
        entries = [f"{index}:{name.encode().hex()}" for index, name in fields]
        return bytes.fromhex(self._ask(" ".join(["write", kind, *entries])))

    def _ask(self, order: str) -> str:
        print(order, file=self._orders, flush=True)
        return self._answers.readline().removesuffix("\n")


@contextmanager
def running_prost() -> Iterator[Prost]:
    """A process that reads and writes by prost; it ends with its input."""
    with subprocess.Popen([BUILT / "protobuf"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Prost(process.stdin, process.stdout)


class Ours:
    """The same by our generated code."""

    def read(self, kind: str, body: bytes) -> Fields | str:
        """As `Prost.read`."""
        try:
            if kind == "info":
                infos: Sequence[InitialMessageProto] = [InitialMessageProto.FromString(body)]
            else:
                infos = InitialMessageBatchProto.FromString(body).initialMessages
        except DecodeError:
            return REFUSED
        return [(info.botIndex, info.botName) for info in infos]

    def write(self, kind: str, fields: Fields) -> bytes:
        """As `Prost.write`."""
        infos = [InitialMessageProto(botIndex=index, botName=name) for index, name in fields]
        if kind == "info":
            return infos[0].SerializeToString()
        return InitialMessageBatchProto(initialMessages=infos).SerializeToString()


def varint(number: int) -> bytes:
    """A whole number, 0 or more, as protobuf writes it."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def field(number: int, wire_type: int, content: bytes) -> bytes:
    """A field of any number: its key, then this."""
    return varint(number << 3 | wire_type) + content


def counted(content: bytes) -> bytes:
    """The content of a field of wire type 2."""
    return varint(len(content)) + content


BOB: Final = field(1, 0, varint(3)) + field(10, 2, counted(b"bob"))
UNKNOWN: Final = {
    "varint": field(2, 0, varint(1 << 63)),
    "fixed64": field(3, 1, bytes(8)),
    "bytes": field(4, 2, counted(b"\xff" * 300)),
    "group": field(5, 3, field(1, 0, varint(9)) + field(5, 4, b"")),
    "fixed32": field(6, 5, bytes(4)),
    "of the highest number": field((1 << 29) - 1, 0, varint(7)),
}


@attrs.frozen
class Case:
    """Bytes, and what is read.

    Attributes:
        what: they are.
        kind: of the message: `info` or `batch`.
        body: the bytes.
        fields: by prost and by ours; or that they are refused.
        ours: by ours, where it differs.
    """

    what: str
    kind: str
    body: bytes
    fields: Fields | str
    ours: Fields | str | None = None


CASES: Final = [
    Case("no bytes", "info", b"", [(0, "")]),
    Case("index and name", "info", BOB, [(3, "bob")]),
    Case("name, then index", "info", BOB[2:] + BOB[:2], [(3, "bob")]),
    Case("index below 0", "info", field(1, 0, varint((1 << 64) - 1)), [(-1, "")]),
    Case("defaults written out", "info", field(1, 0, b"\0") + field(10, 2, b"\0"), [(0, "")]),
    Case("a field twice: the last counts", "info", BOB + field(10, 2, counted(b"eve")), [(3, "eve")]),
    Case("a number with a needless byte", "info", field(1, 0, b"\x83\0"), [(3, "")]),
    Case("an index of 33 bits: the lower 32 count", "info", field(1, 0, varint((1 << 32) + 5)), [(5, "")]),
    *(Case(f"unknown field, {what}", "info", extra + BOB, [(3, "bob")]) for what, extra in UNKNOWN.items()),
    Case("every unknown field, before and behind", "info", b"".join([*UNKNOWN.values(), BOB] * 2), [(3, "bob")]),
    Case("a name that is not UTF-8", "info", field(10, 2, counted(b"\xff")), REFUSED),
    Case("cut short", "info", BOB[:-1], REFUSED),
    Case("a field of number 0", "info", field(0, 0, b"\0") + BOB, REFUSED),
    Case("a group that ends and never began", "info", BOB + field(5, 4, b""), REFUSED),
    Case("a known field of another wire type", "info", field(1, 5, bytes(4)) + BOB, REFUSED, ours=[(3, "bob")]),
    Case("no bytes", "batch", b"", []),
    Case("two entries", "batch", field(1, 2, counted(BOB)) + field(1, 2, b"\0"), [(3, "bob"), (0, "")]),
    Case(
        "unknown fields in and between the entries",
        "batch",
        UNKNOWN["group"] + field(1, 2, counted(UNKNOWN["bytes"] + BOB)) + UNKNOWN["varint"] + field(1, 2, b"\0"),
        [(3, "bob"), (0, "")],
    ),
    Case("an entry cut short", "batch", field(1, 2, counted(BOB[:-1])), REFUSED),
]
