from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Doors(_message.Message):
    __slots__ = ("chosen", "opened")
    CHOSEN_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    chosen: int
    opened: int
    def __init__(self, chosen: _Optional[int] = ..., opened: _Optional[int] = ...) -> None: ...

class Choice(_message.Message):
    __slots__ = ("door",)
    DOOR_FIELD_NUMBER: _ClassVar[int]
    door: int
    def __init__(self, door: _Optional[int] = ...) -> None: ...
