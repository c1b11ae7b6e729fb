"""Games and bots of the basic wire that do as their scripts say."""

from time import monotonic
from typing import Final

import trio

from bitbroker.wire import basic
from bitbroker.wire.messages import Message
from tests.soak.lines import Line, Report
from tests.soak.scripts import PLAYERS, TURNS, BotKind, BotScript, GameKind, GameScript

MAX_PAYLOAD_BYTES: Final = 4096
"""The broker's limit in the soak."""

_NO_LINE: Final = b"this is no base64\n"
_NO_PREFIXED: Final = b"\x00\x00\x00\x01\x00"
_UNASKED: Final = 5
"""More than the broker bears."""


async def play_bot(line: Line, script: BotScript, report: Report, pause: float, prefixed: bool) -> None:
    """A bot's match, from hello to farewell; `pause` is how long one that pauses takes for an answer."""
    await line.say(basic.BOT_HELLO, basic.bot_info(script.name))
    while (message := await line.hear()) is not None:
        if basic.is_termination(message):
            report.end = "told"
            return
        report.asked.append(monotonic())
        if script.misbehaves and len(report.asked) == script.at:
            await _misbehave(line, script.kind, message, prefixed)
            if script.kind in (BotKind.LEAVES, BotKind.RESETS):
                report.end = "left"
                return
        else:
            if script.kind is BotKind.PAUSES:
                await trio.sleep(pause)
            report.answered.append(await line.say(basic.decision(answer(message.body))))
    report.end = "cut"


async def _misbehave(line: Line, kind: BotKind, request: Message, prefixed: bool) -> None:
    match kind:
        case BotKind.RESETS:
            line.reset()
        case BotKind.GARBLES:
            await line.say_bytes(_NO_PREFIXED if prefixed else _NO_LINE)
        case BotKind.MISCODES:
            await line.say(Message(7, 7, b"?"))
        case BotKind.OVERSIZES:
            await line.say(basic.decision(bytes(MAX_PAYLOAD_BYTES + 1)))
        case BotKind.BABBLES:
            await line.say(*[basic.decision(answer(request.body))] * _UNASKED)


def answer(state: bytes) -> bytes:
    """What a bot decides: of this state, and no other."""
    return state[::-1]


async def play_game(line: Line, script: GameScript, report: Report) -> None:
    """A game's match, from hello to farewell."""
    await line.say(basic.GAME_HELLO)
    state = b""
    while (message := await line.hear()) is not None:
        if basic.is_termination(message):
            report.end = "told"
            return
        if not report.players:
            report.players = basic.parse_players(message)
        elif message != basic.TRIGGER:
            if message != basic.decision(answer(state)):
                report.wrong = f"asked {state!r}, it was answered {message.body!r}"
        elif len(report.asked) == TURNS:
            await line.say(basic.END)
        elif script.kind is GameKind.PLAYS or len(report.asked) + 1 != script.at:
            report.asked.append(monotonic())
            state = f"{report.players[0]} {len(report.asked)}".encode()
            await line.say(basic.action((len(report.asked) - 1) % PLAYERS, state))
        elif script.kind is GameKind.ASKS_NOBODY:
            await line.say(basic.action(PLAYERS, b""))
        elif script.kind is GameKind.LEAVES:
            report.end = "left"
            return
    report.end = "cut"
