"""Holds the broker's verdicts against what its clients did, and said of it by their own clocks."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from bitbroker.errors import Cause
from tests.soak.lines import Report
from tests.soak.scripts import GRACE, BotScript, GameKind, GameScript, Verdict, expected

FINDINGS: Final = (
    "false time-out",
    "time-out without a request",
    "wrong cause",
    "wrong culprit",
    "wrong words",
    "hung",
    "not told",
    "match without a verdict",
    "unknown match",
)
"""What may be found wrong."""

_NAMED: Final = 20
"""Findings that are kept with their words; more are only counted."""


@attrs.define
class Judgement:
    """What came of it.

    Attributes:
        matches: how many were judged.
        causes: how often each verdict was given.
        close_calls: answers that took more than a quarter of their time, and were in time.
        excused: clients that should have answered in time, or come back, and by their own clock did not.
        findings: what is wrong, by its kind.
        words: of the first few of them.
    """

    matches: int = 0
    causes: Counter[str] = attrs.field(factory=Counter)
    close_calls: int = 0
    excused: int = 0
    findings: Counter[str] = attrs.field(factory=Counter)
    words: list[str] = attrs.field(factory=list)

    def find(self, kind: str, words: str) -> None:
        """Note what is wrong."""
        assert kind in FINDINGS
        self.findings[kind] += 1
        if len(self.words) < _NAMED:
            self.words.append(f"{kind}: {words}")


def judge(reports: Iterable[Report], records: Iterable[Mapping[str, Any]], limit: float) -> Judgement:
    """Hold records against reports.

    Args:
        reports: of all clients.
        records: the broker's results, a match each.
        limit: of a bot's time, in seconds.
    """
    judgement = Judgement()
    bots: dict[str, Report] = {}
    games: dict[tuple[str, ...], Report] = {}
    for report in reports:
        if report.bot:
            bots[report.bot] = report
        else:
            games[tuple(report.players)] = report
        _judge_end(report, limit, judgement)
        judgement.close_calls += sum(
            limit / 4 < answered - asked <= limit
            for asked, answered in zip(report.asked, report.answered, strict=False)
        )
    for record in records:
        names = tuple(seat["name"] for seat in record["seats"])
        game = games.pop(names, None)
        judgement.matches += 1
        judgement.causes[record["cause"]] += 1
        if game is None or not bots.keys() >= set(names):
            judgement.find("unknown match", json.dumps(record))
        else:
            _judge_match(record, game, [bots[name] for name in names], limit, judgement)
    for names in games:
        judgement.find("match without a verdict", repr(names))
    return judgement


def _judge_end(report: Report, limit: float, judgement: Judgement) -> None:
    """Everybody is told how it ended, but for those who have left, or came back when it was forgotten."""
    if report.away > limit + GRACE:
        judgement.excused += 1
        return
    kind = report.game.partition("@")[0] if report.game else BotScript.of(report.bot).kind
    leaves = kind in ("leaves", "resets")
    if report.end == "hung":
        judgement.find("hung", repr(report))
    elif report.end != "told" and not (leaves and report.end == "left"):
        judgement.find("not told", repr(report))
    if report.wrong:
        judgement.find("wrong words", repr(report))


def _judge_match(
    record: Mapping[str, Any], game: Report, bots: list[Report], limit: float, judgement: Judgement
) -> None:
    kind, at = game.game.split("@")
    must = expected(GameScript(GameKind(kind), int(at)), [BotScript.of(bot.bot) for bot in bots])
    verdict = Verdict(record["cause"], record["at_fault"], record["turns"])
    if verdict == must:
        return
    words = f"{verdict} where {must} was right; {record}; {game}; {bots}"
    if verdict.cause == Cause.TIME_LIMIT.label:
        _judge_time_out(verdict, game, bots, limit, words, judgement)
    else:
        judgement.find("wrong cause" if verdict.cause != must.cause else "wrong culprit", words)


def _judge_time_out(
    verdict: Verdict, game: Report, bots: list[Report], limit: float, words: str, judgement: Judgement
) -> None:
    """A time-out that no script asked for: right only if the bot that was asked last was late by its own clock."""
    turns = len(game.asked)
    rounds, seat = divmod(turns - 1, len(bots))
    bot = bots[seat]
    if (verdict.at_fault, verdict.turns) != (f"player {seat}", turns):
        judgement.find("wrong culprit", words)
    elif len(bot.asked) != rounds + 1:
        judgement.find("time-out without a request", words)
    elif len(bot.answered) == len(bot.asked) and bot.answered[-1] <= game.asked[-1] + limit:
        # The game's clock for this answer ran from before the broker's did.
        judgement.find("false time-out", words)
    else:
        judgement.excused += 1
