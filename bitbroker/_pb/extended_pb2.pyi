from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

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

class FailurePolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_POLICY_UNSPECIFIED: _ClassVar[FailurePolicy]
    FAILURE_POLICY_END_MATCH: _ClassVar[FailurePolicy]
    FAILURE_POLICY_FORFEIT_SEAT: _ClassVar[FailurePolicy]
    FAILURE_POLICY_TELL_GAME: _ClassVar[FailurePolicy]
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
FAILURE_POLICY_UNSPECIFIED: FailurePolicy
FAILURE_POLICY_END_MATCH: FailurePolicy
FAILURE_POLICY_FORFEIT_SEAT: FailurePolicy
FAILURE_POLICY_TELL_GAME: FailurePolicy

class Hello(_message.Message):
    __slots__ = ("protocol", "name", "match", "token", "resume_key", "seat", "client", "players", "time_control", "content_type", "spectators", "spectator_delay_ms")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    RESUME_KEY_FIELD_NUMBER: _ClassVar[int]
    SEAT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    PLAYERS_FIELD_NUMBER: _ClassVar[int]
    TIME_CONTROL_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SPECTATORS_FIELD_NUMBER: _ClassVar[int]
    SPECTATOR_DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    name: str
    match: str
    token: str
    resume_key: str
    seat: int
    client: str
    players: int
    time_control: TimeControl
    content_type: str
    spectators: bool
    spectator_delay_ms: int
    def __init__(self, protocol: _Optional[int] = ..., name: _Optional[str] = ..., match: _Optional[str] = ..., token: _Optional[str] = ..., resume_key: _Optional[str] = ..., seat: _Optional[int] = ..., client: _Optional[str] = ..., players: _Optional[int] = ..., time_control: _Optional[_Union[TimeControl, _Mapping]] = ..., content_type: _Optional[str] = ..., spectators: bool = ..., spectator_delay_ms: _Optional[int] = ...) -> None: ...

class TimeControl(_message.Message):
    __slots__ = ("move_ms", "start_ms", "bank_ms", "increment_ms", "on_failure", "tolerated_failures")
    MOVE_MS_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    BANK_MS_FIELD_NUMBER: _ClassVar[int]
    INCREMENT_MS_FIELD_NUMBER: _ClassVar[int]
    ON_FAILURE_FIELD_NUMBER: _ClassVar[int]
    TOLERATED_FAILURES_FIELD_NUMBER: _ClassVar[int]
    move_ms: int
    start_ms: int
    bank_ms: int
    increment_ms: int
    on_failure: FailurePolicy
    tolerated_failures: int
    def __init__(self, move_ms: _Optional[int] = ..., start_ms: _Optional[int] = ..., bank_ms: _Optional[int] = ..., increment_ms: _Optional[int] = ..., on_failure: _Optional[_Union[FailurePolicy, str]] = ..., tolerated_failures: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("protocol", "server", "resume_key", "resume_grace_ms", "max_payload_bytes", "max_message_bytes")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    RESUME_KEY_FIELD_NUMBER: _ClassVar[int]
    RESUME_GRACE_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_PAYLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    server: str
    resume_key: str
    resume_grace_ms: int
    max_payload_bytes: int
    max_message_bytes: int
    def __init__(self, protocol: _Optional[int] = ..., server: _Optional[str] = ..., resume_key: _Optional[str] = ..., resume_grace_ms: _Optional[int] = ..., max_payload_bytes: _Optional[int] = ..., max_message_bytes: _Optional[int] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("code", "message", "retry_after_ms", "protocols")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOLS_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    retry_after_ms: int
    protocols: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., retry_after_ms: _Optional[int] = ..., protocols: _Optional[_Iterable[int]] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ("match_id", "seat", "players", "time_control", "last_turn", "last_publish", "content_type")
    MATCH_ID_FIELD_NUMBER: _ClassVar[int]
    SEAT_FIELD_NUMBER: _ClassVar[int]
    PLAYERS_FIELD_NUMBER: _ClassVar[int]
    TIME_CONTROL_FIELD_NUMBER: _ClassVar[int]
    LAST_TURN_FIELD_NUMBER: _ClassVar[int]
    LAST_PUBLISH_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    match_id: str
    seat: int
    players: _containers.RepeatedCompositeFieldContainer[Player]
    time_control: TimeControl
    last_turn: int
    last_publish: int
    content_type: str
    def __init__(self, match_id: _Optional[str] = ..., seat: _Optional[int] = ..., players: _Optional[_Iterable[_Union[Player, _Mapping]]] = ..., time_control: _Optional[_Union[TimeControl, _Mapping]] = ..., last_turn: _Optional[int] = ..., last_publish: _Optional[int] = ..., content_type: _Optional[str] = ...) -> None: ...

class Player(_message.Message):
    __slots__ = ("seat", "name")
    SEAT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    seat: int
    name: str
    def __init__(self, seat: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class Turn(_message.Message):
    __slots__ = ("number", "asks", "more")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    number: int
    asks: _containers.RepeatedCompositeFieldContainer[Ask]
    more: bool
    def __init__(self, number: _Optional[int] = ..., asks: _Optional[_Iterable[_Union[Ask, _Mapping]]] = ..., more: bool = ...) -> None: ...

class Ask(_message.Message):
    __slots__ = ("seat", "state", "limit_ms")
    SEAT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_MS_FIELD_NUMBER: _ClassVar[int]
    seat: int
    state: bytes
    limit_ms: int
    def __init__(self, seat: _Optional[int] = ..., state: _Optional[bytes] = ..., limit_ms: _Optional[int] = ...) -> None: ...

class TurnResult(_message.Message):
    __slots__ = ("number", "answers", "more")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    number: int
    answers: _containers.RepeatedCompositeFieldContainer[Answer]
    more: bool
    def __init__(self, number: _Optional[int] = ..., answers: _Optional[_Iterable[_Union[Answer, _Mapping]]] = ..., more: bool = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("seat", "decision", "cause", "elapsed_us", "stall_us", "bank_left_ms")
    SEAT_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_US_FIELD_NUMBER: _ClassVar[int]
    STALL_US_FIELD_NUMBER: _ClassVar[int]
    BANK_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    seat: int
    decision: bytes
    cause: Cause
    elapsed_us: int
    stall_us: int
    bank_left_ms: int
    def __init__(self, seat: _Optional[int] = ..., decision: _Optional[bytes] = ..., cause: _Optional[_Union[Cause, str]] = ..., elapsed_us: _Optional[int] = ..., stall_us: _Optional[int] = ..., bank_left_ms: _Optional[int] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("number", "state", "limit_ms", "bank_left_ms")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_MS_FIELD_NUMBER: _ClassVar[int]
    BANK_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    number: int
    state: bytes
    limit_ms: int
    bank_left_ms: int
    def __init__(self, number: _Optional[int] = ..., state: _Optional[bytes] = ..., limit_ms: _Optional[int] = ..., bank_left_ms: _Optional[int] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("number", "decision")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    number: int
    decision: bytes
    def __init__(self, number: _Optional[int] = ..., decision: _Optional[bytes] = ...) -> None: ...

class NotTaken(_message.Message):
    __slots__ = ("number", "cause", "late_us")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    LATE_US_FIELD_NUMBER: _ClassVar[int]
    number: int
    cause: Cause
    late_us: int
    def __init__(self, number: _Optional[int] = ..., cause: _Optional[_Union[Cause, str]] = ..., late_us: _Optional[int] = ...) -> None: ...

class Publish(_message.Message):
    __slots__ = ("number", "payload")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    number: int
    payload: bytes
    def __init__(self, number: _Optional[int] = ..., payload: _Optional[bytes] = ...) -> None: ...

class Published(_message.Message):
    __slots__ = ("sequence", "at_us", "payload")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    at_us: int
    payload: bytes
    def __init__(self, sequence: _Optional[int] = ..., at_us: _Optional[int] = ..., payload: _Optional[bytes] = ...) -> None: ...

class MatchEvent(_message.Message):
    __slots__ = ("sequence", "at_us", "kind", "seat", "number", "cause", "elapsed_us")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[MatchEvent.Kind]
        KIND_ASKED: _ClassVar[MatchEvent.Kind]
        KIND_ANSWERED: _ClassVar[MatchEvent.Kind]
        KIND_AWAY: _ClassVar[MatchEvent.Kind]
        KIND_BACK: _ClassVar[MatchEvent.Kind]
        KIND_OUT: _ClassVar[MatchEvent.Kind]
    KIND_UNSPECIFIED: MatchEvent.Kind
    KIND_ASKED: MatchEvent.Kind
    KIND_ANSWERED: MatchEvent.Kind
    KIND_AWAY: MatchEvent.Kind
    KIND_BACK: MatchEvent.Kind
    KIND_OUT: MatchEvent.Kind
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEAT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_US_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    at_us: int
    kind: MatchEvent.Kind
    seat: int
    number: int
    cause: Cause
    elapsed_us: int
    def __init__(self, sequence: _Optional[int] = ..., at_us: _Optional[int] = ..., kind: _Optional[_Union[MatchEvent.Kind, str]] = ..., seat: _Optional[int] = ..., number: _Optional[int] = ..., cause: _Optional[_Union[Cause, str]] = ..., elapsed_us: _Optional[int] = ...) -> None: ...

class Live(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("seats", "reason")
    SEATS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    seats: _containers.RepeatedCompositeFieldContainer[SeatResult]
    reason: str
    def __init__(self, seats: _Optional[_Iterable[_Union[SeatResult, _Mapping]]] = ..., reason: _Optional[str] = ...) -> None: ...

class SeatResult(_message.Message):
    __slots__ = ("seat", "score", "rank")
    SEAT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    seat: int
    score: float
    rank: int
    def __init__(self, seat: _Optional[int] = ..., score: _Optional[float] = ..., rank: _Optional[int] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("match_id", "cause", "seat", "result", "detail")
    MATCH_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    SEAT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    match_id: str
    cause: Cause
    seat: int
    result: Result
    detail: str
    def __init__(self, match_id: _Optional[str] = ..., cause: _Optional[_Union[Cause, str]] = ..., seat: _Optional[int] = ..., result: _Optional[_Union[Result, _Mapping]] = ..., detail: _Optional[str] = ...) -> None: ...
