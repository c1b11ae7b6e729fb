"""What must come of a misbehaviour for everybody in its match, by the rules of docs/protocol.md.

A row says what its client is told; here stands what follows from that by the policy and for each wire.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from bitbroker.errors import Cause, Ending
from tests.misbehaviour.table import Do, Fate, Policy, Row, Say, Script, Side, Wire
from tests.misbehaviour.words import LARGE

if TYPE_CHECKING:
    from tests.misbehaviour.cases import Case

PROPER_GAME: Final[Script] = (
    *(Say(("ask 0 one",)), Do.ANSWER),
    *(Say(("ask 0 two",)), Do.ANSWER),
    *(Say(("ask 1 three",)), Do.ANSWER),
    Say(("end",)),
)
_STATES: Final = ("one", "two", "three")
_DECISIONS: Final = (*_STATES, LARGE)
_ASKED: Final = (0, 0, 1)

THE_CAUSE: Final = "the cause"
ENDS: Final = "the match ends"
ANSWERS: Final[Mapping[Fate, Mapping[Policy, Sequence[str]]]] = {
    Fate.HARMLESS: dict.fromkeys(Policy, _STATES),
    Fate.LATE: {
        Policy.END: (ENDS,),
        Policy.FORFEIT: (THE_CAUSE, "forfeited", "three"),
        Policy.TELL: (THE_CAUSE, "two", "three"),
    },
    Fate.SILENT: {
        Policy.END: (ENDS,),
        Policy.FORFEIT: (THE_CAUSE, "forfeited", "three"),
        Policy.TELL: (THE_CAUSE, THE_CAUSE, "three"),
    },
    Fate.OUT: {
        Policy.END: (ENDS,),
        Policy.FORFEIT: (THE_CAUSE, "forfeited", "three"),
        Policy.TELL: (THE_CAUSE, THE_CAUSE, "three"),
    },
    Fate.OUT_BEFORE: {
        Policy.END: (),
        Policy.FORFEIT: ("forfeited", "forfeited", "three"),
        Policy.TELL: (THE_CAUSE, THE_CAUSE, "three"),
    },
}
"""What the game hears to its three questions: one and two are for the bot that misbehaves, three is for the other."""


@attrs.define
class Record:
    """All that there is to see of a case.

    Attributes:
        heard: what each participant heard, in words.
        endings: how each connection ended, and for strangers the detail of it, by the broker's log.
        counted: by how much the broker's counters rose, those that did.
        result: the line of the results file, but for what differs each time; None where no match was to be.
        errors: that the broker logged; there may be none.
    """

    heard: dict[str, list[str]]
    endings: dict[str, str]
    counted: dict[str, int]
    result: dict[str, Any] | None = None
    errors: list[str] = attrs.Factory(list)


def expect(case: "Case") -> Record:
    """What must be seen of this case."""
    match case.row.side:
        case Side.STRANGER:
            return _expect_of_stranger(case)
        case Side.BOT:
            return _Story(case).record()
        case Side.GAME:
            return (_Story(case) if case.row.fate is Fate.HARMLESS else _GameAtFault(case)).record()


def _expect_of_stranger(case: "Case") -> Record:
    row = case.row
    answer = case.pick(row.answer)
    refused = {f"refused {row.ending}": 1} if row.ending.refused else {}
    return Record(
        heard={"stranger": answer.split(" | ") if answer else []},
        endings={"stranger": f"{row.ending}: {case.pick(row.detail)}"},
        counted={"matches completed": 1, **refused, **_not_taken(row.not_taken)},
    )


def _not_taken(causes: Mapping[Cause, int]) -> dict[str, int]:
    return {f"not taken {cause.label}": times for cause, times in causes.items()}


class _Story:
    """A match in which a bot misbehaves, or nobody to any effect."""

    def __init__(self, case: "Case") -> None:
        self.case = case
        self.row: Row = case.row
        self.seconds = 2 if self.row.short and self.row.side is Side.BOT else 60
        said_for = {THE_CAUSE: self.row.cause.label, "one": case.pick(self.row.answer) or "one"}
        answers = [said_for.get(said, said) for said in ANSWERS[self.row.fate][case.policy]]
        self.ends = not answers or answers[-1] == ENDS
        self.answers = [said for said in answers if said != ENDS]
        self.turns = len(answers)
        self.cause = self.row.cause if self.ends else Cause.COMPLETED
        self.detail = case.pick(self.row.detail) if self.ends else ""
        self.seat: int | None = 0 if self.ends else None
        self.scored = not self.ends and case.game is Wire.EXTENDED

    def record(self) -> Record:
        """The whole of it."""
        heard = {"game": self.game(), "bot": self.bot(), "other": self.other()}
        counted = {"matches completed": 1}
        counted[f"matches {self.cause.label}"] = counted.get(f"matches {self.cause.label}", 0) + 1
        result = self.result()
        if self.row.many:
            heard = {who: unnumbered(words) for who, words in heard.items()}
            del result["turns"]
        return Record(heard, self.endings(), counted | _not_taken(self.not_taken()), result)

    def not_taken(self) -> Mapping[Cause, int]:
        """Answers that did not count. Behind the end of the match nobody counts any more."""
        late = self.row.fate is Fate.LATE and not self.ends
        return {Cause.TIME_LIMIT: 1} if late else self.row.not_taken

    # What everybody hears.

    def last_word(self, wire: Wire) -> str:
        """With which the match is over."""
        if wire is Wire.BASIC:
            return "termination"
        seat = "" if self.seat is None else f", seat {self.seat}"
        return f"outcome {self.cause.label}{seat}: {self.detail or ('0 1, 1 0' if self.scored else '')}"

    def game(self) -> list[str]:
        """The game, which does not misbehave to any effect."""
        if self.case.game is Wire.BASIC:
            said = [word for answer in self.answers for word in (self.response(answer), "trigger")]
            last = ["termination"] * (2 if self.ends else 1)
            return ["players 0 bot, 1 other", "trigger", *said, *last]
        said = [f"result {turn} {seat} {answer}" for turn, (seat, answer) in enumerate(self._answered(), 1)]
        return ["welcome", "start, 0 bot, 1 other", *said, self.last_word(Wire.EXTENDED)]

    def _answered(self) -> list[tuple[int, str]]:
        answered = list(zip(_ASKED, self.answers, strict=False))
        if self.row.many:  # by more time-outs than one, and then for the cause; it is not asked again
            return [(0, Cause.TIME_LIMIT.label), *answered[:1], *answered[2:]]
        return answered

    def response(self, answer: str) -> str:
        """To a basic game."""
        return f"response {answer}" if answer in _DECISIONS else f"failure {answer}"

    def bot(self) -> list[str]:
        """The bot that is asked first."""
        row = self.row
        asked = self.request(self.case.bot, 1, "one") if self.asked(0) else []
        again = self.request(self.case.bot, 2, "two") if self.asked(1) else []
        late = ["not taken 1 time-limit, late"] if self.late_is_told() else []
        return [*self.start(self.case.bot, 0), *asked, *row.hears, *late, *again, *row.hears_then, *self.farewell()]

    def asked(self, turn: int) -> bool:
        """Whether the first bot hears this question: nobody is asked who is out, and who is gone hears nothing."""
        fate, policy = self.row.fate, self.case.policy
        if turn == 0:
            return fate is not Fate.OUT_BEFORE and not (self.row.many and self.row.side is Side.BOT)
        return fate is Fate.HARMLESS or (fate in {Fate.LATE, Fate.SILENT} and policy is Policy.TELL)

    def late_is_told(self) -> bool:
        """Whether the bot hears that it was late."""
        return self.row.fate is Fate.LATE and not self.ends and self.case.bot is Wire.EXTENDED

    def farewell(self) -> list[str]:
        """What the bot hears last: of the end, or why it is put out of a match that goes on."""
        row, wire = self.row, self.case.bot
        if not row.listens or (row.gone and wire is Wire.EXTENDED):
            return []
        if row.fate in {Fate.OUT, Fate.OUT_BEFORE} and not self.ends and wire is Wire.EXTENDED:
            return [f"refusal {row.cause.label}: {self.case.pick(row.detail)}"]
        return [self.last_word(wire)]

    def other(self) -> list[str]:
        """The other bot."""
        asked = [] if self.ends else self.request(self.case.other, 3, "three")
        return [*self.start(self.case.other, 1), *asked, self.last_word(self.case.other)]

    def start(self, wire: Wire, seat: int) -> list[str]:
        """How a bot hears that its match begins."""
        return ["welcome", f"start, seat {seat} of 0 bot, 1 other"] if wire is Wire.EXTENDED else []

    def request(self, wire: Wire, number: int, state: str) -> list[str]:
        """A question."""
        shown = f"{number} {state}" if wire is Wire.EXTENDED else state
        return [f"request {shown}, {self.seconds} s"]

    # What is kept.

    def endings(self) -> dict[str, str]:
        """Of each connection."""
        row = self.row
        ending = Ending.MATCH_OVER
        if row.gone:
            ending = Ending.LOST_IN_MATCH
        elif row.fate in {Fate.OUT, Fate.OUT_BEFORE} and not self.ends:
            ending = Ending.DISMISSED
        return {"game": Ending.MATCH_OVER, "bot": ending, "other": Ending.MATCH_OVER}

    def result(self) -> dict[str, Any]:
        """The results file's line."""
        return {
            "name": "",
            "turns": self.turns,
            "asked": [],
            "remaining_seconds": None,
            "cause": self.cause.label,
            "at_fault": "nobody" if self.cause is Cause.COMPLETED else self.at_fault(),
            "seat": self.seat,
            "detail": self.detail,
            "reason": "",
            "spectators": 0,
            "seats": [self.seat_record(seat) for seat in (0, 1)],
        }

    def at_fault(self) -> str:
        """By the words of the record."""
        return "player 0"

    def seat_record(self, seat: int) -> dict[str, Any]:
        """One player's part of it."""
        answered = [asked for asked, said in zip(_ASKED, self.answers, strict=False) if said in _DECISIONS]
        return {
            "seat": seat,
            "name": ("bot", "other")[seat],
            "moves": answered.count(seat),
            "bank_seconds": 0.0,
            "out": self.why_out() if seat == 0 else None,
            "score": 1.0 - seat if self.scored else None,
            "rank": 1 + seat if self.scored else None,
        }

    def why_out(self) -> str | None:
        """Why the bot plays no more, in a match that has gone on without it."""
        row = self.row
        late = row.fate in {Fate.LATE, Fate.SILENT} and self.case.policy is Policy.FORFEIT
        is_out = not self.ends and (late or row.fate in {Fate.OUT, Fate.OUT_BEFORE})
        return row.cause.label if is_out else None


class _GameAtFault(_Story):
    """A match that ends since its game misbehaves: nobody's seat is at fault, and all bots are told."""

    def __init__(self, case: "Case") -> None:
        super().__init__(case)
        self.turns = len(self.row.asked)
        self.seat = None

    def game(self) -> list[str]:
        """The game itself, if it still listens."""
        extended = self.case.game is Wire.EXTENDED
        begin = ["welcome", "start, 0 bot, 1 other"] if extended else ["players 0 bot, 1 other", "trigger"]
        if not self.row.listens or (self.row.gone and extended):
            return begin
        return [*begin, *([self.last_word(Wire.EXTENDED)] if extended else ["termination"] * 2)]

    def asked(self, turn: int) -> bool:
        """Whether the bot hears its first question."""
        return turn < self.turns

    def farewell(self) -> list[str]:
        """Bots hear of the end."""
        return [self.last_word(self.case.bot)]

    def other(self) -> list[str]:
        """The other bot; it is asked only by a game that does not read."""
        asked = ["request large, 60 s"] if self.row.many else []
        return [*self.start(self.case.other, 1), *asked, self.last_word(self.case.other)]

    def endings(self) -> dict[str, str]:
        """Of each connection."""
        ending = Ending.LOST_IN_MATCH if self.row.gone else Ending.MATCH_OVER
        return {"game": ending, "bot": Ending.MATCH_OVER, "other": Ending.MATCH_OVER}

    def at_fault(self) -> str:
        """By the words of the record."""
        return "game"

    def seat_record(self, seat: int) -> dict[str, Any]:
        """A game that does not read has asked the second player, however often."""
        return super().seat_record(seat) | {"moves": int(self.row.many and seat == 1)}


def unnumbered(words: Sequence[str]) -> list[str]:
    """What was heard where nobody knows how often: each thing once, without its turn's number."""
    return list(dict.fromkeys(re.sub(r"^(request|result) \d+ (?=\d|\D)", r"\1 ", word) for word in words))
