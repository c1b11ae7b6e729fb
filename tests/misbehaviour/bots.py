"""Rows: bots in a match. The game asks the bot that misbehaves twice, and then the other one."""

from collections.abc import Mapping
from typing import Any, Final

from bitbroker.errors import Cause
from tests.misbehaviour.stories import PROPER_GAME
from tests.misbehaviour.table import (
    Begin,
    Do,
    Drip,
    Fate,
    Flood,
    Framing,
    Hear,
    Pause,
    Raw,
    Row,
    Say,
    Script,
    Set,
    Side,
    Text,
    Wait,
    Wire,
)
from tests.misbehaviour.words import MAX_PAYLOAD_BYTES

_BASIC: Final = (Wire.BASIC,)
_EXTENDED: Final = (Wire.EXTENDED,)
_REQUEST: Final = Hear("request")
_OUT_FIRST: Final = (Do.UNTIL_OUT, *PROPER_GAME)
_NOT_ITS_FAULT_ALONE: Final = "Its standard error has a traceback if it crashed."
_LOOK_AT_SENT: Final = "The detail shows what came. Printing to the connection is a favourite."
_QUICKER: Final = "Look for an endless loop; think for a shorter time; or allow more with `--time-limit`."
_NOTHING: Final = "Nothing."
_ONE_ANSWER: Final = "A bot gives one answer to each request, and none without one."
_READ: Final = "Read the connection while thinking."
NO_MESSAGE: Final[Mapping[Framing, bytes]] = {
    Framing.LINES: b"not base64\n",
    Framing.PREFIXED: b"\0\0\0\1\2",
    Framing.WEBSOCKET: b"\x82\x02\2\0",  # a client's frames are masked
}
WHAT_IT_SENT: Final[Mapping[str, str]] = {
    Framing.LINES: "it sent a line that is not padded base64: 'not base64\\n'",
    Framing.PREFIXED: "it sent a message of length 1: it has two bytes at the least",
    Framing.WEBSOCKET: "it sent what is no WebSocket frame: server received unexpected unmasked frame",
}
LOST: Final[Mapping[str, str]] = {
    Wire.BASIC: "it closed the connection",
    Wire.EXTENDED: "it did not come back within 0.2 s",
}
TOO_MUCH: Final = f"it sent a message of more than {MAX_PAYLOAD_BYTES + 2:,} bytes"


def _bot(name: str, does: str, advice: str, script: Script, fate: Fate, cause: Cause, detail: Text, **more: Any) -> Row:
    return Row(
        name=name,
        does=does,
        advice=advice,
        side=Side.BOT,
        script=script,
        fate=fate,
        cause=cause,
        detail=detail,
        **more,
    )


def _gone(name: str, does: str, script: Script, detail: Text = LOST, **more: Any) -> Row:
    return _bot(
        name,
        does,
        _NOT_ITS_FAULT_ALONE,
        script,
        more.pop("fate", Fate.OUT),
        Cause.DISCONNECTED,
        detail,
        gone=True,
        **{"listens": False, **more},
    )


def _late(name: str, does: str, script: Script, fate: Fate = Fate.LATE, **more: Any) -> Row:
    detail = "it did not answer within 2 s"
    return _bot(name, does, _QUICKER, script, fate, Cause.TIME_LIMIT, detail, short=True, **more)


def _harmless(name: str, does: str, script: Script, advice: str = _NOTHING, **more: Any) -> Row:
    return _bot(name, does, advice, script, Fate.HARMLESS, Cause.COMPLETED, "", **more)


def _violation(name: str, does: str, script: Script, detail: Text, advice: str = _LOOK_AT_SENT, **more: Any) -> Row:
    fate = more.pop("fate", Fate.OUT)
    return _bot(name, does, advice, script, fate, more.pop("cause", Cause.PROTOCOL_VIOLATION), detail, **more)


def _slow(name: str, does: str, script: Script) -> Row:
    """By a game that is patient: under any other, its first request runs out before there is too much to read."""
    detail = "it does not read what it is sent"
    fate, cause = Fate.OUT, Cause.SLOW_CONSUMER
    game = (Do.ASK_ON, *PROPER_GAME[4:])
    more = {"game": game, "listens": False, "narrow": True, "many": True, "games": _EXTENDED}
    return _bot(name, does, _READ, script, fate, cause, detail, **more)


_LATE_GAME: Final = (*PROPER_GAME[:2], Set("failed"), Wait("late"), *PROPER_GAME[2:])
_SAID_LATE: Final = (Do.TOLD, Set("late"))

BOTS: Final = (
    # Its connection ends.
    _gone(
        "exits at once",
        "Ends before it has said anything in its match.",
        (Do.EXIT,),
        fate=Fate.OUT_BEFORE,
        process=True,
        game=_OUT_FIRST,
    ),
    _gone("exits in mid-turn", "Ends while it is asked.", (_REQUEST, Do.EXIT), process=True),
    _gone(
        "exits in mid-frame",
        "Ends when a part of its answer is sent.",
        (_REQUEST, Begin("decision"), Do.EXIT),
        process=True,
    ),
    _gone("is killed", "Ends as a crash does, while it is asked.", (_REQUEST, Do.KILL), process=True),
    _gone(
        "resets",
        "Resets its connection while it is asked.",
        (_REQUEST, Do.RESET),
        {Wire.BASIC: "Connection reset by peer", Wire.EXTENDED: LOST[Wire.EXTENDED]},
    ),
    _gone(
        "half-closes",
        "Says that it will say no more, and goes on listening.",
        (_REQUEST, Do.HALF_CLOSE),
        listens=True,
    ),
    _gone(
        "closes its WebSocket",
        "Says goodbye in the words of its framing, while it is asked.",
        (_REQUEST, Raw(bytes.fromhex("88820000000003e8"))),
        {Wire.BASIC: "it closed the WebSocket", Wire.EXTENDED: LOST[Wire.EXTENDED]},
        framings=(Framing.WEBSOCKET,),
    ),
    _bot(
        "leaves",
        "Says in mid-match that it will not come back.",
        _NOT_ITS_FAULT_ALONE,
        (_REQUEST, Say(("code 00 f2",))),
        Fate.OUT,
        Cause.DISCONNECTED,
        "it left in mid-match",
        wires=_EXTENDED,
    ),
    # Its time.
    _late("never answers", "Takes its request, and says nothing.", (Do.MUTE,), Fate.SILENT),
    _harmless(
        "answers just inside of the limit",
        "Thinks for some of its time, and answers.",
        (_REQUEST, Pause(0.3), Say(("decision",))),
        short=True,
    ),
    _harmless(
        "answers in time, while the broker is stopped",
        "Its answer has reached the broker's machine before its time is over; the broker can look only then.",
        (_REQUEST, Do.HOLD_BROKER, Say(("decision",)), Pause(2.5), Do.FREE_BROKER),
        short=True,
    ),
    _late(
        "answers just outside of the limit",
        "Answers when its time is over.",
        (_REQUEST, Wait("failed"), Say(("decision",)), *_SAID_LATE),
        game=_LATE_GAME,
    ),
    _late(
        "writes one byte a second",
        "Begins its answer in time, and sends it so slowly that its end comes too late.",
        (_REQUEST, Begin("decision"), Drip(2), Wait("failed"), Do.FINISH, *_SAID_LATE),
        game=_LATE_GAME,
    ),
    _late(
        "is suspended for longer than its limit",
        "Its process is stopped with its answer on the way, and goes on when its time is over.",
        (_REQUEST, Do.SUSPEND, Say(("decision",)), Wait("failed"), Do.CONTINUE, *_SAID_LATE),
        game=_LATE_GAME,
        process=True,
    ),
    _harmless(
        "is suspended and continued",
        "Its process is stopped for a while, and goes on while it still has time.",
        (_REQUEST, Do.SUSPEND, Say(("decision",)), Do.BESIDE, Do.CONTINUE),
        process=True,
    ),
    # What it says, and when.
    _harmless(
        "answers twice",
        "Sends two answers to one request. The second one is not taken.",
        (_REQUEST, Say(("decision", "decision"))),
        _ONE_ANSWER,
        wires=_BASIC,
        not_taken={Cause.NOT_ASKED: 1},
    ),
    _harmless(
        "answers twice",
        "Sends two answers to one request. The second one is not taken, and the bot is told.",
        (_REQUEST, Say(("decision", "decision"))),
        _ONE_ANSWER,
        wires=_EXTENDED,
        hears=("not taken 1 already-answered",),
        not_taken={Cause.ALREADY_ANSWERED: 1},
    ),
    _harmless(
        "answers before it is asked",
        "Answers what nobody has asked. It counts for nothing, and may happen three times (`--max-unasked`).",
        (Say(("decision",)), Set("said")),
        _ONE_ANSWER,
        wires=_BASIC,
        game=(Wait("said"), *PROPER_GAME),
        not_taken={Cause.NOT_ASKED: 1},
    ),
    _harmless(
        "answers a question that has not left",
        "Answers when the game has asked, and the broker has not passed it on yet.",
        (Wait("asked"), Say(("decision",)), Set("said")),
        _ONE_ANSWER,
        wires=_BASIC,
        game=(Do.HOLD_BROKER, PROPER_GAME[0], Set("asked"), Wait("said"), Do.FREE_BROKER, *PROPER_GAME[1:]),
        not_taken={Cause.NOT_ASKED: 1},
    ),
    _violation(
        "answers before it is asked",
        "Answers under a number that was not given out yet.",
        (Say(("decision 1",)),),
        "it answered request 1, which was never made",
        _ONE_ANSWER,
        wires=_EXTENDED,
        fate=Fate.OUT_BEFORE,
        game=_OUT_FIRST,
    ),
    _harmless(
        "answers an earlier request again",
        "Answers its second request under the number of the first, and then under its own.",
        (_REQUEST, Say(("decision",)), _REQUEST, Say(("decision 1", "decision"))),
        _ONE_ANSWER,
        wires=_EXTENDED,
        hears_then=("not taken 1 already-answered",),
        not_taken={Cause.ALREADY_ANSWERED: 1},
    ),
    _violation(
        "answers under another number",
        "Answers its request under the number of a later one.",
        (_REQUEST, Say(("decision 2",))),
        "it answered request 2, which was never made",
        _ONE_ANSWER,
        wires=_EXTENDED,
    ),
    _violation(
        "floods",
        "Answers without end, and without being asked.",
        (Flood("decision"),),
        "it spoke 4 times without being asked",
        _ONE_ANSWER,
        wires=_BASIC,
        fate=Fate.OUT_BEFORE,
        game=_OUT_FIRST,
        not_taken={Cause.NOT_ASKED: 4},
    ),
    _violation(
        "floods",
        "Answers without end, under a number that was never given out.",
        (Flood("decision 0"),),
        "it answered request 0, which was never made",
        _ONE_ANSWER,
        wires=_EXTENDED,
        fate=Fate.OUT_BEFORE,
        game=_OUT_FIRST,
    ),
    _harmless(
        "floods with pings",
        "Sends 5,000 pings while it is asked, reads the answers, and decides.",
        (_REQUEST, Flood("ping", 5000), Say(("decision",))),
        wires=_EXTENDED,
    ),
    _violation(
        "sends an unknown opcode",
        "Answers with a message whose code there is not.",
        (_REQUEST, Say(("code 7f 00",))),
        {
            Wire.BASIC: "it sent <Message 7f 00 + 0 B>, which is no decision",
            Wire.EXTENDED: "it sent <Message 7f 00 + 0 B>, which it may not say",
        },
    ),
    _violation(
        "speaks as a game",
        "Answers with a word of the game's.",
        (_REQUEST, Say(("code 01 00 78",))),
        {
            Wire.BASIC: "it sent <Message 01 00 + 1 B>, which is no decision",
            Wire.EXTENDED: "it sent <Message 01 00 + 1 B>, which it may not say",
        },
    ),
    _violation(
        "sends what is no message",
        "Answers with bytes that its framing does not allow.",
        (_REQUEST, Raw(NO_MESSAGE)),
        WHAT_IT_SENT,
    ),
    _violation(
        "sends text by WebSocket",
        "Answers with a text message; a script that sends strings does.",
        (_REQUEST, Raw(bytes.fromhex("818200000000") + b"ok")),
        "it sent a text message: only binary ones are spoken here",
        "Send binary messages.",
        framings=(Framing.WEBSOCKET,),
    ),
    _violation(
        "sends base64 that is not canonical",
        "Answers with a line whose unused bits are not zero.",
        (_REQUEST, Raw(b"AgB=\n")),
        "it sent a line of base64 with unused bits that are not zero: 'AgB=\\n'",
        "Use a common encoder.",
        framings=(Framing.LINES,),
    ),
    _violation(
        "sends what is no protobuf",
        "Answers with a body that does not parse.",
        (_REQUEST, Say(("code 03 03 ff",))),
        "it sent <Message 03 03 + 1 B>, whose body is no Decision",
        wires=_EXTENDED,
    ),
    _violation(
        "sends too much",
        "Answers with one byte more than a decision may have.",
        (_REQUEST, Say((f"decision of {MAX_PAYLOAD_BYTES + 1}",))),
        {
            Wire.BASIC: TOO_MUCH,
            Wire.EXTENDED: f"it sent a decision of {MAX_PAYLOAD_BYTES + 1:,} bytes: it may have {MAX_PAYLOAD_BYTES:,}",
        },
        "Send less, or allow more with `--max-payload-bytes`.",
        cause=Cause.MESSAGE_TOO_LARGE,
    ),
    _harmless(
        "sends as much as it may",
        "Answers with a decision of the largest size.",
        (_REQUEST, Say((f"decision of {MAX_PAYLOAD_BYTES}",))),
        answer="large",
    ),
    # What it reads.
    _slow(
        "never reads",
        "Reads nothing. Where the game bears no time-outs, its first request runs out before that shows.",
        (Do.DEAF,),
    ),
    _slow("reads one byte a second", "Reads so slowly that what it is sent piles up.", (Do.SIP,)),
)
