"""The exception tree and the enums of endings: every way in which something here can end has a name.

Blame is in the type. A `RemoteProtocolError` is the peer's doing and ends the peer's connection; everything
else that is not a `BitbrokerError` is a bug of ours.
"""

from enum import IntEnum, StrEnum


class Cause(IntEnum):
    """Why an answer failed, was not taken, or a match ended.

    One list for the wire, the log, the record and the metrics; the numbers are those of `schemas/extended.proto`.
    """

    NONE = 0
    COMPLETED = 1
    TIME_LIMIT = 2
    DISCONNECTED = 3
    PROTOCOL_VIOLATION = 4
    MESSAGE_TOO_LARGE = 5
    SLOW_CONSUMER = 6
    FORFEITED = 7
    RESIGNED = 8
    GAME_LOST = 9
    GAME_FAULT = 10
    BROKER_STOPPING = 11
    MATCH_TIME_LIMIT = 12
    ALREADY_ANSWERED = 13
    NOT_ASKED = 14
    NO_PLAYERS_LEFT = 15
    GAME_TIME_LIMIT = 16
    BROKER_FAULT = 17
    ABORTED = 18

    @property
    def label(self) -> str:
        """The cause as logs, metrics and messages to people write it, e.g. `time-limit`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def _missing_(cls, value: object) -> "Cause | None":
        """A number that only a newer peer has a name for: a cause all the same, called by its number."""
        if not isinstance(value, int):
            return None
        cause = int.__new__(cls, value)
        cause._name_ = f"CAUSE_{value}"
        cause._value_ = value
        return cause


class Ending(StrEnum):
    """Why a connection ended. The log carries it; those marked R count as refused connections in the metrics."""

    MATCH_OVER = "match-over"
    LEFT_WHILE_WAITING = "left-while-waiting"
    LOST_IN_MATCH = "lost-in-match"  # the connection ended before its match did
    DISMISSED = "dismissed"  # put out of a match that went on without it
    BROKER_STOPPING = "broker-stopping"
    BROKER_FAULT = "broker-fault"  # a bug of ours, this side of a match
    HANDSHAKE_TIMEOUT = "handshake-timeout"  # R
    LEFT_IN_HANDSHAKE = "left-in-handshake"  # R
    NOT_THIS_PROTOCOL = "not-this-protocol"  # R: the first byte is of no framing spoken here
    TLS_FAILED = "tls-failed"  # R: it began TLS, and that was not agreed on
    TLS_REQUIRED = "tls-required"  # R: it speaks plainly to a broker that wants TLS
    MALFORMED = "malformed"  # R: not a well-formed message
    MESSAGE_TOO_LARGE = "message-too-large"  # R
    UNEXPECTED_MESSAGE = "unexpected-message"  # R: well-formed, but not what may be said then
    NO_PLACE = "no-place"  # R: more than the next match needs, where the settings refuse those
    TOO_MANY_WAITING = "too-many-waiting"  # R
    TOO_MANY_CONNECTIONS = "too-many-connections"  # R
    TOO_MANY_FROM_ADDRESS = "too-many-from-address"  # R
    BAD_HELLO = "bad-hello"  # R: what it asks for cannot be
    UNSUPPORTED_VERSION = "unsupported-version"  # R
    NO_SUCH_MATCH = "no-such-match"  # R: a spectator's
    NO_SPECTATORS = "no-spectators"  # R: the match has none, or as many as it may have
    UNKNOWN_KEY = "unknown-key"  # R: a key of no match that is kept, or of a lost place in one
    NOT_ON_ROSTER = "not-on-roster"  # R: no such name and role with this token
    MAY_NOT_JOIN = "may-not-join"  # R: on the roster, but not for this match
    SUPERSEDED = "superseded"  # a newer connection has taken its place

    @property
    def refused(self) -> bool:
        """Whether the client was turned away before it had a seat."""
        return self in _REFUSALS


_REFUSALS = frozenset(
    {
        Ending.HANDSHAKE_TIMEOUT,
        Ending.LEFT_IN_HANDSHAKE,
        Ending.NOT_THIS_PROTOCOL,
        Ending.TLS_FAILED,
        Ending.TLS_REQUIRED,
        Ending.MALFORMED,
        Ending.MESSAGE_TOO_LARGE,
        Ending.UNEXPECTED_MESSAGE,
        Ending.NO_PLACE,
        Ending.TOO_MANY_WAITING,
        Ending.TOO_MANY_CONNECTIONS,
        Ending.TOO_MANY_FROM_ADDRESS,
        Ending.BAD_HELLO,
        Ending.UNSUPPORTED_VERSION,
        Ending.NO_SUCH_MATCH,
        Ending.NO_SPECTATORS,
        Ending.UNKNOWN_KEY,
        Ending.NOT_ON_ROSTER,
        Ending.MAY_NOT_JOIN,
    }
)


class BitbrokerError(Exception):
    """The root of all errors that bitbroker raises on purpose."""


class SettingsError(BitbrokerError):
    """A setting is missing or wrong; the message is one line that says which, and what it may be."""


class RemoteProtocolError(BitbrokerError):
    """The peer said what the wire does not allow; the message says what was wrong."""


class MessageTooLargeError(RemoteProtocolError):
    """The peer sent, or began to send, a message above the limit in force."""


class ConnectionLostError(BitbrokerError):
    """The connection ended before the conversation did."""


class BrokerUnreachableError(BitbrokerError):
    """No broker answered at the host and port, for as long as the client was told to try."""


class TlsError(BitbrokerError):
    """The broker's certificate cannot be trusted, or TLS not agreed on; the message says what to do."""


class UnwellError(BitbrokerError):
    """A broker was asked whether it is well, and it is not, or did not answer; the message is one line."""


class RefusedError(BitbrokerError):
    """The broker refused the client, or put it out of its match; the message is the broker's sentence.

    Attributes:
        code: why, in a word; docs/protocol.md lists them.
        retry_after: in how many seconds another try may be worth it; None for never, as things are.
    """

    def __init__(self, code: str, sentence: str, retry_after: float | None = None) -> None:
        hint = "" if retry_after is None else f"; try again in {retry_after:g} s"
        super().__init__(f"the broker refused this client ({code}): {sentence}{hint}")
        self.code = code
        self.retry_after = retry_after


class BasicWireError(BitbrokerError):
    """The basic wire has no word for what was asked for, and the broker speaks no other."""


class MissingExtraError(BitbrokerError):
    """What was asked for needs a package that the base install leaves out; the message says what to install."""


class AnswerFailedError(BitbrokerError):
    """A player's answer failed, and the game took no heed of that.

    Attributes:
        player: the seat that was asked.
        cause: why there is no answer.
    """

    def __init__(self, player: int, cause: Cause) -> None:
        super().__init__(
            f"player {player} gave no answer ({cause.label}): define deliver_failure(player, cause) in the game, or "
            "look at answer.ok in its play, to go on without it; or let the broker end such matches "
            "(--on-failure end-match)"
        )
        self.player = player
        self.cause = cause
