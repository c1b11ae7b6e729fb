"""The turn that is being played: whom the game may ask, and what has come of it."""

from collections.abc import Sequence

from bitbroker.errors import BitbrokerError
from bitbroker.match.effects import Answer, Deliver, Settled
from bitbroker.match.events import Question, TurnAsked
from bitbroker.match.seat import OpenAsk


class GameFaultError(BitbrokerError):
    """The game asked for what cannot be; half a sentence that says what."""


class Turn:
    """One turn after the other: numbered from 1, each open until all of its asks have ended and no more follow.

    Attributes:
        number: of the last turn; 0 before the first.
        open: asks that wait for an answer, by seat.
        answers: of all asks of the turn, in their order; None while one is open.
        more: whether the game has said that further asks follow.
        awaited: whether the game has said all that it has to say, and waits for the answers.
        may_repeat: whether the game may send the turn again, since it lost its connection.
    """

    __slots__ = ("_max_limit", "_players", "answers", "awaited", "may_repeat", "more", "number", "open")

    def __init__(self, players: int, max_limit: float) -> None:
        self.number = 0
        self.open: dict[int, OpenAsk] = {}
        self.answers: dict[int, Answer | None] = {}
        self.more = False
        self.awaited = False
        self.may_repeat = False
        self._players = players
        self._max_limit = max_limit

    def put(self, seat: int, ask: OpenAsk) -> None:
        """This seat is being asked."""
        self.open[seat] = ask

    def settle(self, answer: Answer) -> Settled:
        """An ask has ended, if it ever was open."""
        self.open.pop(answer.seat, None)
        self.answers[answer.seat] = answer
        return Settled(self.number, answer)

    def deliver(self) -> Deliver:
        """The answers, now that all are there; the game waits no more."""
        self.awaited = False
        return Deliver(self.number, list(filter(None, self.answers.values())))

    def take(self, event: TurnAsked) -> Sequence[Question]:
        """What the game asks: the questions that are new. Without `more` the turn has all of its asks now.

        Raises:
            GameFaultError: it may not ask that.
        """
        if not event.questions:
            raise GameFaultError("its turn asks nobody")
        if self.may_repeat and event.number == self.number > 0:
            return self._take_again(event)
        if self.open and not self.more:
            asked = next(iter(self.open))
            raise GameFaultError(f"it asked player {event.questions[0].seat} while player {asked} was being asked")
        expected = self.number if self.more else self.number + 1
        if event.number is not None and event.number != expected:
            raise GameFaultError(f"it sent turn {event.number} in place of turn {expected}")
        if not self.more:
            self.number = expected
            self.answers = {}
            self.may_repeat = False
        self._take_in(event.questions)
        self.more = event.more
        self.awaited = not event.more
        return event.questions

    def _take_again(self, event: TurnAsked) -> Sequence[Question]:
        """What was asked may come again, and then what had not come before; nothing else. Once for each return."""
        new = [question for question in event.questions if question.seat not in self.answers]
        if new and not self.more:
            raise GameFaultError(f"it sent turn {event.number} again with an ask more, for player {new[0].seat}")
        self._take_in(new)
        self.more = self.more and event.more
        self.awaited = not event.more
        self.may_repeat = event.more
        return new

    def _take_in(self, questions: Sequence[Question]) -> None:
        for question in questions:
            seat = question.seat
            if not 0 <= seat < self._players:
                raise GameFaultError(f"it asked player {seat}; the players are 0 to {self._players - 1}")
            if seat in self.answers:
                raise GameFaultError(f"it asked player {seat} twice in one turn")
            if question.limit is not None and question.limit > self._max_limit:
                raise GameFaultError(
                    f"it gave player {seat} {question.limit:g} s; the broker allows {self._max_limit:g} s"
                )
            self.answers[seat] = None
