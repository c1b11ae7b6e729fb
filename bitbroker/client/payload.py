"""Payloads as users see them: bytes, or protobuf messages where a class says so."""

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    # Defaults of type variables (PEP 696) reach the standard library with Python 3.13; only type checkers need
    # them: a plain `BaseBot` is one that takes and gives bytes.
    StateT = TypeVar("StateT", default=bytes)
    DecisionT = TypeVar("DecisionT", default=bytes)
else:
    from typing import TypeVar

    StateT = TypeVar("StateT")
    DecisionT = TypeVar("DecisionT")


@runtime_checkable
class ProtobufMessage(Protocol):
    """What generated protobuf classes have in common, as far as it matters here."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """The message's bytes."""


def encode_payload(value: object, source: str) -> bytes:
    """The bytes of what a user's method returned.

    Args:
        value: bytes, or a protobuf message.
        source: the method's name, for the error.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, ProtobufMessage) and not isinstance(value, type):  # a slow question, so it comes second
        return value.SerializeToString()
    raise TypeError(f"{source} gave {value!r}: a payload is bytes or a protobuf message")


def parse_payload(kind: Any, data: bytes) -> Any:
    """The payload as the class `kind` sees it; as bytes where that is None or bytes.

    Raises:
        google.protobuf.message.DecodeError: the bytes are not such a message.
    """
    return data if kind is None or kind is bytes else kind.FromString(data)
