from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Heading(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEADING_STRAIGHT_ON: _ClassVar[Heading]
    HEADING_UP: _ClassVar[Heading]
    HEADING_RIGHT: _ClassVar[Heading]
    HEADING_DOWN: _ClassVar[Heading]
    HEADING_LEFT: _ClassVar[Heading]
HEADING_STRAIGHT_ON: Heading
HEADING_UP: Heading
HEADING_RIGHT: Heading
HEADING_DOWN: Heading
HEADING_LEFT: Heading

class Position(_message.Message):
    __slots__ = ("seat", "width", "cells", "riders")
    SEAT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    RIDERS_FIELD_NUMBER: _ClassVar[int]
    seat: int
    width: int
    cells: bytes
    riders: _containers.RepeatedCompositeFieldContainer[Rider]
    def __init__(self, seat: _Optional[int] = ..., width: _Optional[int] = ..., cells: _Optional[bytes] = ..., riders: _Optional[_Iterable[_Union[Rider, _Mapping]]] = ...) -> None: ...

class Rider(_message.Message):
    __slots__ = ("seat", "cell", "heading")
    SEAT_FIELD_NUMBER: _ClassVar[int]
    CELL_FIELD_NUMBER: _ClassVar[int]
    HEADING_FIELD_NUMBER: _ClassVar[int]
    seat: int
    cell: int
    heading: Heading
    def __init__(self, seat: _Optional[int] = ..., cell: _Optional[int] = ..., heading: _Optional[_Union[Heading, str]] = ...) -> None: ...

class Move(_message.Message):
    __slots__ = ("heading",)
    HEADING_FIELD_NUMBER: _ClassVar[int]
    heading: Heading
    def __init__(self, heading: _Optional[_Union[Heading, str]] = ...) -> None: ...
