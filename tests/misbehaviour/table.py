"""What a row of the table of misbehaviours is: who does what, and what must come of it. Data; nothing here acts."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Final

import attrs

from bitbroker.errors import Cause, Ending
from bitbroker.wire.messages import Message


class Wire(StrEnum):
    """What a client speaks."""

    BASIC = "basic"
    EXTENDED = "extended"


class Framing(StrEnum):
    """How it travels."""

    LINES = "lines"
    PREFIXED = "length-prefixed"
    WEBSOCKET = "websocket"


class Side(StrEnum):
    """Who misbehaves."""

    STRANGER = "stranger"  # somebody without a seat, before or in place of a match
    BOT = "bot"
    GAME = "game"


class Policy(StrEnum):
    """Whose word it is what a failed answer means: the game's, or the broker's for a basic game."""

    END = "end-match"
    FORFEIT = "forfeit-seat"
    TELL = "tell-game"


class Fate(Enum):
    """What comes of it for who does it: which of the stories of `stories.py` is told."""

    HARMLESS = "the match goes on, with every answer"
    LATE = "one answer comes too late, and the next one counts"
    SILENT = "no answer comes"
    OUT = "it is put out, or lost, while it is asked"
    OUT_BEFORE = "it is put out, or lost, before it is asked"
    REFUSED = "it never had a seat"


@attrs.frozen
class Say:
    """Say these in one write: messages, or words of `words.py`."""

    words: tuple[str | Message, ...]


@attrs.frozen
class Raw:
    """Send bytes that are no messages; for each framing its own, or the same for all."""

    data: "bytes | Mapping[Framing, bytes]"


@attrs.frozen
class Begin:
    """Send the first quarter of a word's bytes."""

    word: str


@attrs.frozen
class Drip:
    """Send so many bytes of what `Begin` has left, one a second."""

    count: int


class Do(Enum):
    """Steps that need no word."""

    FINISH = "send what `Begin` and `Drip` have left"
    EXIT = "end the process, as a program that returns"
    KILL = "end the process, as a crash does"
    RESET = "close the connection with a reset"
    HALF_CLOSE = "say no more, and go on listening"
    SUSPEND = "stop the process"
    CONTINUE = "let it go on"
    DEAF = "read nothing from here on"
    SIP = "read one byte a second from here on"
    ANSWER = "wait for the answer to the last question"
    TOLD = "wait until it is told that its answer was not taken; a basic bot never is: until that is counted"
    LAST_WORD = "wait until it is told that the match is over"
    MUTE = "answer nothing from here on"
    ECHO = "answer every request, and let `ASK_BLIND` go on when the broker has read the answer"
    ASK_ON = "ask the first player large questions until it fails by more than time"
    ASK_BLIND = "ask the second player large questions without reading its answers"
    BESIDE = "wait until the match beside has gone on for ten turns"
    HOLD_BROKER = "stop the broker's process"
    FREE_BROKER = "let the broker go on"
    UNTIL_OUT = "wait until the broker has put a player of this match out, or has ended it"
    OVER = "wait until the broker has ended this match"


@attrs.frozen
class Flood:
    """Say this word, or send these bytes, again and again until nobody takes it any more, or so many times."""

    what: str | bytes
    times: int = 1 << 30


@attrs.frozen
class Hear:
    """Wait for a message that begins so."""

    beginning: str


@attrs.frozen
class Set:
    """Let who waits for this go on. Done at the end at the latest, whatever came before."""

    signal: str


@attrs.frozen
class Wait:
    """Wait until somebody sets this."""

    signal: str


@attrs.frozen
class Pause:
    """Let so many seconds pass: what a slow client does, not what a test waits for."""

    seconds: float


Step = Say | Raw | Begin | Drip | Flood | Hear | Set | Wait | Pause | Do
"""One thing that a client does."""

Script = tuple[Step, ...]
Text = str | Mapping[str, str]
"""The same for all, or for each wire, or for each framing."""

WIRES: Final = tuple(Wire)
FRAMINGS: Final = tuple(Framing)
POLICIES: Final = tuple(Policy)


@attrs.frozen(kw_only=True)
class Row:
    """One misbehaviour.

    Attributes:
        name: in a few words, with the client as its subject.
        does: what the client does, for the page.
        advice: what to do about it, for the page.
        side: who does it.
        script: how; after the start of the match, for who has a seat.
        fate: what comes of it.
        cause: for which the match ends, or the answer fails.
        detail: the half sentence that goes with the cause.
        ending: of a stranger's connection.
        answer: what a stranger is told, or how a bot answers its first request if not by what it was asked.
        asked: what a game has asked the first bot when it is through.
        listens: whether it hears what follows.
        gone: whether its connection is what ended.
        hears: what a bot is told behind its first request, beside the usual.
        hears_then: the same behind its second one.
        not_taken: words of it that the broker counts as not taken.
        game: what the game of the match does.
        bot: what the first bot does, where the game misbehaves.
        wires: that it is played on.
        framings: likewise.
        policies: likewise; a basic game knows no forfeit.
        games: wires of the games that it is played with.
        short: whether it needs short time limits.
        process: whether it takes a process of its own.
        narrow: whether it leaves the system little to keep for it.
        many: whether how often something is asked is not known beforehand.
        bare: whether it does not even begin as its framing does.
    """

    name: str
    does: str
    advice: str
    side: Side
    script: Script
    fate: Fate
    cause: Cause = Cause.NONE
    detail: Text = ""
    ending: Ending = Ending.MATCH_OVER
    answer: Text = ""
    asked: tuple[str, ...] = ()
    listens: bool = True
    gone: bool = False
    hears: tuple[str, ...] = ()
    hears_then: tuple[str, ...] = ()
    not_taken: Mapping[Cause, int] = attrs.Factory(dict)
    game: Script | None = None
    bot: Script = ()
    wires: tuple[Wire, ...] = WIRES
    framings: tuple[Framing, ...] = FRAMINGS
    policies: tuple[Policy, ...] = POLICIES
    games: tuple[Wire, ...] = WIRES
    short: bool = False
    process: bool = False
    narrow: bool = False
    many: bool = False
    bare: bool = False
