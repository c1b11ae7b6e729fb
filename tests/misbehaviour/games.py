"""Rows: games in a match with two bots, of whom only the first may be asked when the game misbehaves."""

from typing import Any, Final

from bitbroker._pb import extended_pb2 as pb
from bitbroker.errors import Cause
from bitbroker.wire import extended
from tests.misbehaviour.bots import LOST, NO_MESSAGE, TOO_MUCH, WHAT_IT_SENT
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
_ASK: Final = Say(("ask 0 one",))
_ASKED: Final = Wait("asked")
_THINKS: Final = (Hear("request"), Set("asked"), Do.MUTE)
_CRASHED: Final = "Its standard error has a traceback if it crashed. A game must not crash on any answer."
_DETAIL_SAYS: Final = "Correct the game: the detail says what it may not do."
_QUICKER: Final = "Be quicker, or allow more with `--game-time-limit`."
_NOTHING: Final = "Nothing."


def _game(name: str, does: str, advice: str, script: Script, cause: Cause, detail: Text, **more: Any) -> Row:
    return Row(
        name=name,
        does=does,
        advice=advice,
        side=Side.GAME,
        script=script,
        fate=Fate.OUT,
        cause=cause,
        detail=detail,
        bot=_THINKS,
        **{"asked": (), **more},
    )


def _gone(name: str, does: str, script: Script, detail: Text = LOST, **more: Any) -> Row:
    more = {"listens": False, "asked": ("one",), **more}
    return _game(name, does, _CRASHED, script, Cause.GAME_LOST, detail, gone=True, **more)


def _late(name: str, does: str, script: Script, **more: Any) -> Row:
    detail = "it did not go on within 2 s"
    return _game(name, does, _QUICKER, script, Cause.GAME_TIME_LIMIT, detail, short=True, **more)


def _fault(name: str, does: str, script: Script, detail: Text, **more: Any) -> Row:
    advice, cause = more.pop("advice", _DETAIL_SAYS), more.pop("cause", Cause.GAME_FAULT)
    return _game(name, does, advice, script, cause, detail, **more)


def _harmless(name: str, does: str, script: Script, **more: Any) -> Row:
    return Row(
        name=name,
        does=does,
        advice=_NOTHING,
        side=Side.GAME,
        script=script,
        fate=Fate.HARMLESS,
        cause=Cause.COMPLETED,
        **more,
    )


def _slow(name: str, does: str, script: Script) -> Row:
    detail = "it does not read what it is sent"
    more: dict[str, Any] = {"asked": (), "listens": False, "narrow": True, "many": True}
    return _game(name, does, "Read each answer.", script, Cause.SLOW_CONSUMER, detail, **more)


def _result(*seats: pb.SeatResult) -> Say:
    return Say((extended.encode(extended.RESULT, pb.Result(seats=seats)),))


GAMES: Final = (
    # Its connection ends.
    _gone("exits at once", "Ends before it has asked anything.", (Do.EXIT,), asked=(), process=True),
    _gone("exits in mid-turn", "Ends while a bot thinks.", (_ASK, _ASKED, Do.EXIT), process=True),
    _gone(
        "exits in mid-frame",
        "Ends when a part of its question is sent.",
        (Begin("ask 0 one"), Do.EXIT),
        asked=(),
        process=True,
    ),
    _gone("is killed", "Ends as a crash does, while a bot thinks.", (_ASK, _ASKED, Do.KILL), process=True),
    _gone(
        "resets",
        "Resets its connection while a bot thinks.",
        (_ASK, _ASKED, Do.RESET),
        {Wire.BASIC: "Connection reset by peer", Wire.EXTENDED: LOST[Wire.EXTENDED]},
    ),
    _gone(
        "half-closes",
        "Says that it will say no more, and goes on listening.",
        (_ASK, _ASKED, Do.HALF_CLOSE),
        listens=True,
    ),
    _gone(
        "closes its WebSocket",
        "Says goodbye in the words of its framing.",
        (_ASK, _ASKED, Raw(bytes.fromhex("88820000000003e8"))),
        {Wire.BASIC: "it closed the WebSocket", Wire.EXTENDED: LOST[Wire.EXTENDED]},
        framings=(Framing.WEBSOCKET,),
    ),
    _game(
        "leaves",
        "Says in mid-match that it will not come back.",
        _CRASHED,
        (_ASK, Say(("code 00 f2",))),
        Cause.GAME_LOST,
        "it left in mid-match",
        asked=("one",),
        wires=_EXTENDED,
    ),
    # Its time.
    _late("never goes on", "Says nothing when it is its turn.", ()),
    _harmless(
        "goes on just inside of the limit",
        "Thinks for some of its time, and asks.",
        (Pause(0.3), *PROPER_GAME),
        short=True,
    ),
    _late("goes on just outside of the limit", "Asks when its time is over.", (Do.LAST_WORD, _ASK)),
    _late(
        "writes one byte a second",
        "Begins its question in time, and sends it so slowly that its end comes too late.",
        (Begin("ask 0 one"), Drip(2), Do.LAST_WORD, Do.FINISH),
    ),
    _late(
        "is suspended for longer than its limit",
        "Its process is stopped with its question on the way, and goes on when its time is over.",
        (Do.SUSPEND, _ASK, Do.OVER, Do.CONTINUE),
        process=True,
    ),
    _harmless(
        "is suspended and continued",
        "Its process is stopped for a while, and goes on while it still has time.",
        (Do.SUSPEND, PROPER_GAME[0], Do.BESIDE, Do.CONTINUE, *PROPER_GAME[1:]),
        process=True,
    ),
    # What it says, and when.
    _fault(
        "asks twice",
        "Asks again while the bot still thinks.",
        (Say(("ask 0 one", "ask 0 two")),),
        "it asked player 0 while player 0 was being asked",
        asked=("one",),
    ),
    _fault(
        "asks under another number",
        "Begins with turn 7.",
        (Say(("turn 7 0",)),),
        "it sent turn 7 in place of turn 1",
        wires=_EXTENDED,
    ),
    _fault(
        "asks a player that is not there",
        "Asks the third of two players.",
        (Say(("ask 2 one",)),),
        "it asked player 2; the players are 0 to 1",
    ),
    _fault(
        "asks the last player that a byte can name",
        "Asks player 255.",
        (Say(("ask 255 one",)),),
        "it asked player 255; the players are 0 to 1",
    ),
    _fault(
        "asks nobody", "Sends a turn without a question.", (Say(("turn 1",)),), "its turn asks nobody", wires=_EXTENDED
    ),
    _fault(
        "asks a player twice in one turn",
        "Sends a turn with two questions for one player.",
        (Say(("turn 1 0 0",)),),
        "it asked player 0 twice in one turn",
        wires=_EXTENDED,
    ),
    _fault(
        "gives more time than there is",
        "Asks with a limit above what the broker allows.",
        (Say((extended.encode(extended.TURN, pb.Turn(number=1, asks=[pb.Ask(seat=0, limit_ms=7_200_000)])),)),),
        "it gave player 0 7200 s; the broker allows 3600 s",
        wires=_EXTENDED,
    ),
    _fault(
        "ends while a bot thinks",
        "Says that it is over before it has its answer; on the extended wire it may.",
        (Say(("ask 0 one", "end")),),
        "it said that it is over while player 0 was being asked",
        asked=("one",),
        wires=_BASIC,
    ),
    _fault(
        "gives a score that is no number",
        "Ends with an infinite score.",
        (_result(pb.SeatResult(seat=0, score=float("inf"))),),
        "its result has a score that is not finite",
        wires=_EXTENDED,
    ),
    _fault(
        "scores a player that is not there",
        "Ends with a score for the third of two players.",
        (_result(pb.SeatResult(seat=2, score=1)),),
        "its result names seats [2]; they are 0 to 1",
        wires=_EXTENDED,
    ),
    _fault(
        "floods",
        "Asks without end, and without waiting for an answer.",
        (Flood("ask 0 one"),),
        "it asked player 0 while player 0 was being asked",
        asked=("one",),
    ),
    _harmless(
        "floods with pictures",
        "Publishes 200 large pictures at once, and plays on.",
        (Say(tuple(f"publish {number}" for number in range(1, 201))), *PROPER_GAME),
        wires=_EXTENDED,
    ),
    _fault(
        "sends an unknown opcode",
        "Sends a message whose code there is not.",
        (Say(("code 7f 00",)),),
        {
            Wire.BASIC: "it sent <Message 7f 00 + 0 B>, which no game may say in a match",
            Wire.EXTENDED: "it sent <Message 7f 00 + 0 B>, which it may not say",
        },
        cause=Cause.PROTOCOL_VIOLATION,
    ),
    _fault(
        "speaks as a bot",
        "Sends a decision.",
        (Say(("code 02 00 78",)),),
        {
            Wire.BASIC: "it sent <Message 02 00 + 1 B>, which no game may say in a match",
            Wire.EXTENDED: "it sent <Message 02 00 + 1 B>, which it may not say",
        },
        cause=Cause.PROTOCOL_VIOLATION,
    ),
    _fault(
        "sends what is no message",
        "Sends bytes that its framing does not allow.",
        (Raw(NO_MESSAGE),),
        WHAT_IT_SENT,
        cause=Cause.PROTOCOL_VIOLATION,
    ),
    _fault(
        "sends what is no protobuf",
        "Sends a turn whose body does not parse.",
        (Say(("code 03 00 ff",)),),
        "it sent <Message 03 00 + 1 B>, whose body is no Turn",
        cause=Cause.PROTOCOL_VIOLATION,
        wires=_EXTENDED,
    ),
    _fault(
        "sends too much",
        "Asks with one byte more than a state may have.",
        (Say((f"ask 0 of {MAX_PAYLOAD_BYTES + 1}",)),),
        {
            Wire.BASIC: TOO_MUCH,
            Wire.EXTENDED: f"it sent a state of {MAX_PAYLOAD_BYTES + 1:,} bytes: it may have {MAX_PAYLOAD_BYTES:,}",
        },
        cause=Cause.MESSAGE_TOO_LARGE,
        advice="Send less, or allow more with `--max-payload-bytes`.",
    ),
    # What it reads.
    _slow("never reads", "Asks on, and reads no answer.", (Do.DEAF, Do.ASK_BLIND)),
    _slow("reads one byte a second", "Asks on, and reads so slowly that the answers pile up.", (Do.SIP, Do.ASK_BLIND)),
)
