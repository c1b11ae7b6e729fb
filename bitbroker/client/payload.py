"""Payloads as users see them: bytes, or protobuf messages where a class says so."""

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from google.protobuf.message import DecodeError

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


def name_of(client: object, name: object) -> str:
    """What a client is called: by this name, or, if that is empty, by its class's.

    Raises:
        TypeError: the name is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"NAME is {name!r}: it must be text")
    return name or type(client).__name__


def encode_payload(value: object, source: str) -> bytes:
    """The bytes of what a user's method returned.

    Args:
        value: bytes, or a protobuf message.
        source: where it is from, for the error.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, ProtobufMessage) and not isinstance(value, type):  # a slow question, so it comes second
        return value.SerializeToString()
    raise TypeError(f"{source} gave {value!r}: a payload is bytes or a protobuf message{_hint(value)}")


def _hint(value: object) -> str:
    """What may have been meant."""
    if value is None:
        return "; is a `return` missing?"
    if isinstance(value, str):
        return "; text becomes bytes by .encode()"
    return "; this is a class, and not one of its messages" if isinstance(value, type) else ""


def parse_payload(kind: Any, data: bytes, source: str) -> Any:
    """The payload as the class `kind` sees it; as bytes where that is None or bytes.

    Args:
        kind: the class.
        data: the bytes.
        source: what they are, for a note to the error.

    Raises:
        google.protobuf.message.DecodeError: the bytes are not such a message.
    """
    if kind is None or kind is bytes:
        return data
    try:
        return kind.FromString(data)
    except DecodeError as error:
        error.add_note(f"{source} is no {kind.__name__}: do game and bots use the same .proto file?")
        raise
