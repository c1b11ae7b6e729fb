from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Cause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_NONE: _ClassVar[Cause]
    CAUSE_COMPLETED: _ClassVar[Cause]
    CAUSE_TIME_LIMIT: _ClassVar[Cause]
    CAUSE_DISCONNECTED: _ClassVar[Cause]
    CAUSE_PROTOCOL_VIOLATION: _ClassVar[Cause]
    CAUSE_MESSAGE_TOO_LARGE: _ClassVar[Cause]
    CAUSE_SLOW_CONSUMER: _ClassVar[Cause]
    CAUSE_FORFEITED: _ClassVar[Cause]
    CAUSE_RESIGNED: _ClassVar[Cause]
    CAUSE_GAME_LOST: _ClassVar[Cause]
    CAUSE_GAME_FAULT: _ClassVar[Cause]
    CAUSE_BROKER_STOPPING: _ClassVar[Cause]
    CAUSE_MATCH_TIME_LIMIT: _ClassVar[Cause]
    CAUSE_ALREADY_ANSWERED: _ClassVar[Cause]
    CAUSE_NOT_ASKED: _ClassVar[Cause]
    CAUSE_NO_PLAYERS_LEFT: _ClassVar[Cause]
    CAUSE_GAME_TIME_LIMIT: _ClassVar[Cause]
    CAUSE_BROKER_FAULT: _ClassVar[Cause]
    CAUSE_ABORTED: _ClassVar[Cause]
CAUSE_NONE: Cause
CAUSE_COMPLETED: Cause
CAUSE_TIME_LIMIT: Cause
CAUSE_DISCONNECTED: Cause
CAUSE_PROTOCOL_VIOLATION: Cause
CAUSE_MESSAGE_TOO_LARGE: Cause
CAUSE_SLOW_CONSUMER: Cause
CAUSE_FORFEITED: Cause
CAUSE_RESIGNED: Cause
CAUSE_GAME_LOST: Cause
CAUSE_GAME_FAULT: Cause
CAUSE_BROKER_STOPPING: Cause
CAUSE_MATCH_TIME_LIMIT: Cause
CAUSE_ALREADY_ANSWERED: Cause
CAUSE_NOT_ASKED: Cause
CAUSE_NO_PLAYERS_LEFT: Cause
CAUSE_GAME_TIME_LIMIT: Cause
CAUSE_BROKER_FAULT: Cause
CAUSE_ABORTED: Cause
