"""Games and bots of the extended wire that do as their scripts say; each match meets under a name of its own."""

from collections.abc import Awaitable, Callable
from time import monotonic

import trio

from bitbroker._pb import extended_pb2 as pb
from bitbroker.wire import extended
from tests.soak.basic_players import answer
from tests.soak.lines import Line, Report
from tests.soak.scripts import PLAYERS, TURNS, BotKind, BotScript, GameKind, GameScript

_Connect = Callable[[], Awaitable[Line]]


async def play_bot(connect: _Connect, script: BotScript, room: str, report: Report, pause: float) -> None:
    """A bot's match, from hello to outcome, and over a second connection if it returns."""
    line = await connect()
    try:
        await line.say(extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, name=script.name, match=room)))
        key = await _play_on(line, script, report, pause)
        if report.end == "away":
            await line.close()
            line = await connect()
            back = await line.say(extended.encode(extended.BOT_HELLO, pb.Hello(protocol=1, resume_key=key)))
            report.away = back - report.asked[-1]
            await _play_on(line, script, report, pause)
    finally:
        await line.close()


async def _play_on(line: Line, script: BotScript, report: Report, pause: float) -> str:
    """Play to the end of a connection; gives the key to come back with."""
    key = ""
    has_returned = report.end == "away"
    report.end = "cut"
    while (message := await line.hear()) is not None:
        match extended.code(message):
            case extended.WELCOME:
                key = extended.parse(message, pb.Welcome).resume_key
            case extended.OUTCOME:
                report.end = "told"
                return key
            case extended.REQUEST:
                if not has_returned or len(report.asked) != script.at:
                    report.asked.append(monotonic())  # otherwise it is the one for which it has come back
                is_time = len(report.asked) == script.at
                if is_time and script.kind is BotKind.RETURNS and not has_returned:
                    report.end = "away"
                    return key
                if is_time and script.kind is BotKind.LEAVES:
                    report.end = "left"
                    return key
                if not (is_time and script.kind is BotKind.SILENT):
                    await trio.sleep(pause if script.kind is BotKind.PAUSES else 0)
                    request = extended.parse(message, pb.Request)
                    decision = pb.Decision(number=request.number, decision=answer(request.state))
                    report.answered.append(await line.say(extended.encode(extended.DECISION, decision)))
                    has_returned = False
            case extended.REFUSAL:
                report.wrong = extended.parse(message, pb.Refusal).message
    return key


async def play_game(line: Line, script: GameScript, room: str, report: Report) -> None:
    """A game's match, from hello to outcome."""
    await line.say(extended.encode(extended.GAME_HELLO, pb.Hello(protocol=1, match=room, players=PLAYERS)))
    state = b""
    while (message := await line.hear()) is not None:
        match extended.code(message):
            case extended.OUTCOME:
                report.end = "told"
                return
            case extended.START:
                report.players = [player.name for player in extended.parse(message, pb.Start).players]
            case extended.TURN_RESULT:
                decision = extended.parse(message, pb.TurnResult).answers[0].decision
                if decision != answer(state):
                    report.wrong = f"asked {state!r}, it was answered {decision!r}"
            case extended.REFUSAL:
                report.wrong = extended.parse(message, pb.Refusal).message
            case _:
                continue  # a welcome
        turn = len(report.asked) + 1
        if turn > TURNS:
            await line.say(extended.encode(extended.RESULT, pb.Result(reason="all turns are played")))
        elif script.kind is GameKind.PLAYS or turn != script.at:
            report.asked.append(monotonic())
            state = f"{room} {turn}".encode()
            asks = [pb.Ask(seat=(turn - 1) % PLAYERS, state=state)]
            await line.say(extended.encode(extended.TURN, pb.Turn(number=turn, asks=asks)))
        elif script.kind is GameKind.LEAVES:
            report.end = "left"
            return
    report.end = "cut"
