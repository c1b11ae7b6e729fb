"""`bitbroker watch`: a match as it goes on, in plain lines."""

from collections.abc import Callable, Sequence

from bitbroker.client import Cause, MatchEvent, MatchInfo, Outcome, Player, Spectator
from bitbroker.text import printable, printable_name, shortened

_NO_TIME = " " * 13
_LONGEST_SENTENCE = 200
_LONGEST_PICTURE = 65536


class Watcher(Spectator):
    """Writes a line for each thing that it is told."""

    def __init__(self, write: Callable[[str], None], name: str = "") -> None:
        """Look on.

        Args:
            write: takes the lines.
            name: what it is called, for a broker with a roster.
        """
        self.NAME = name
        self._write = write
        self._players: Sequence[Player] = ()
        self._shows_text = False

    def on_start(self, match: MatchInfo) -> None:
        """Say who plays."""
        self._players = match.players
        self._shows_text = match.content_type.startswith("text/")
        self._write(f"match {match.id}: {', '.join(self._who(player.seat) for player in match.players)}")

    def on_published(self, payload: bytes, at: float) -> None:
        """Say how much the game shows, and what, if it is text."""
        self._write(f"{_time(at)}the game shows {len(payload):,} bytes")
        if self._shows_text:
            picture = shortened(payload.decode("utf-8", "replace"), _LONGEST_PICTURE)
            self._write(printable(picture, keep="\n\t"))

    def on_event(self, event: MatchEvent) -> None:
        """Say what happened."""
        turn = f"turn {event.number}: " if event.number else ""
        self._write(f"{_time(event.at)}{turn}{self._who(event.seat)} {_what(event)}")

    def on_live(self) -> None:
        """Say that the rest is as it happens."""
        self._write("from here on as it happens")

    def on_gap(self, missed: int) -> None:
        """Say how much is missing."""
        self._write(f"{_NO_TIME}({missed} left out)")

    def on_outcome(self, outcome: Outcome) -> None:
        """Say how it ended, and what came out of it."""
        fault = "" if outcome.seat is None else f", {self._who(outcome.seat)} at fault"
        detail = f": {_sentence(outcome.detail)}" if outcome.detail else ""
        self._write(f"over: {outcome.cause.label}{fault}{detail}")
        if outcome.result is not None:
            for seat in outcome.result.seats:
                self._write(f"  {self._who(seat)}{_score(outcome, seat)}")
            if outcome.result.reason:
                self._write(f"  {_sentence(outcome.result.reason)}")

    def _who(self, seat: int | None) -> str:
        if seat is None:
            return "the game"
        name = self._players[seat].name if seat < len(self._players) else ""
        return f"player {seat} ({printable_name(name)})" if name else f"player {seat}"


def _sentence(text: str) -> str:
    return printable(shortened(text, _LONGEST_SENTENCE))


def _time(at: float) -> str:
    return f"{at:9.3f} s  "


def _what(event: MatchEvent) -> str:
    """What happened, as the end of a sentence."""
    if event.kind == "answered" and event.cause is not Cause.NONE:
        return f"gave no answer: {event.cause.label}, after {event.elapsed:.3f} s"
    cause = "" if event.cause is Cause.NONE else f": {event.cause.label}"
    sentences = {
        "asked": "is asked",
        "answered": f"answered after {event.elapsed:.3f} s",
        "away": "is away",
        "back": "is back",
        "out": f"is out{cause}",
    }
    return sentences.get(event.kind, event.kind)


def _score(outcome: Outcome, seat: int) -> str:
    assert outcome.result is not None
    score, rank = outcome.result.scores.get(seat), outcome.result.ranks.get(seat)
    return ("" if score is None else f" scored {score:g}") + ("" if rank is None else f", rank {rank}")
