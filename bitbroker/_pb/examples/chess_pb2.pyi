from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Position(_message.Message):
    __slots__ = ("fen", "moves", "think_ms")
    FEN_FIELD_NUMBER: _ClassVar[int]
    MOVES_FIELD_NUMBER: _ClassVar[int]
    THINK_MS_FIELD_NUMBER: _ClassVar[int]
    fen: str
    moves: _containers.RepeatedScalarFieldContainer[str]
    think_ms: int
    def __init__(self, fen: _Optional[str] = ..., moves: _Optional[_Iterable[str]] = ..., think_ms: _Optional[int] = ...) -> None: ...

class Move(_message.Message):
    __slots__ = ("uci",)
    UCI_FIELD_NUMBER: _ClassVar[int]
    uci: str
    def __init__(self, uci: _Optional[str] = ...) -> None: ...
