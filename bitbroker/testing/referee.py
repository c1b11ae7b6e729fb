"""The broker's part in a test: with `place.py` the one room here that knows the match machine's events and effects.

Clients are not called: they live their own `play_match` on a session and speak the wire, either one, which the
broker's own dialects turn into events for the broker's own match machine, and its effects back. So what a user's game
and bots do here they do by the code that does it in a real match, and a change of client, dialect or rules changes
both. What is written anew is the carrying out of effects, without sockets, mailboxes, logs, counters and spectators;
calling `decide_move` and its like from here instead would have been shorter, and a second client to keep in step.

The order in which Trio runs tasks is no part of the result: words are taken when every task waits, bots before the
game and by seat, so that what was said in one instant of the virtual clock is always heard in the same order, and
what a bot said before it was asked is no answer, as in the broker.
"""

from collections.abc import Sequence

import trio
import trio.testing

from bitbroker.broker.dialect import Farewell, Heard, Introduction, Pinged, Publication
from bitbroker.broker.extended_dialect import payload_bytes
from bitbroker.broker.greeting import Plan
from bitbroker.client.session import Wish
from bitbroker.errors import BitbrokerError, Cause, Ending
from bitbroker.match import (
    Ask,
    Began,
    Deliver,
    Dismiss,
    Effect,
    Event,
    Finish,
    Introduce,
    Match,
    NotTaken,
    Outcome,
    Settled,
    TimeReached,
    TurnAsked,
)
from bitbroker.settings import Settings
from bitbroker.testing.connection import MemoryConnection
from bitbroker.testing.place import Place
from bitbroker.testing.report import MatchReport
from bitbroker.testing.transcript import Transcript

_MATCH_ID = "1"


class MatchNotBegunError(BitbrokerError):
    """There was no match: a client did not say who it is, or the game wants another number of players."""


class Referee:
    """One match, between connections.

    Attributes:
        connections: the game's, and then those of the bots by seat.
        close_timeout: how long everyone has to end when the match is over, in seconds.
    """

    def __init__(self, settings: Settings, wish: Wish) -> None:
        self._settings = settings
        self._said = trio.Event()
        self._game = Place(None, self._connect(wish))
        self._bots = [Place(seat, self._connect(wish)) for seat in range(settings.num_players)]
        self.connections = [place.connection for place in (self._game, *self._bots)]
        self.close_timeout = settings.close_timeout

    async def run(self) -> MatchReport:
        """The match, from the handshake to the last word.

        Raises:
            MatchNotBegunError: a client did not say who it is, or the game wants another number of players.
        """
        self._plan = await self._shake_hands()
        self._names = [bot.greeting.name for bot in self._bots]
        self._match = Match(self._names, self._plan.rules, [bot.extended for bot in self._bots])
        self._transcript = Transcript(self._names, trio.current_time())
        self._step(Began())
        while self._match.outcome is None:
            await self._wait_said()
            for place in (*self._bots, self._game):
                for heard in place.hear():
                    self._take(place, heard)
            self._step(TimeReached())
        return self._transcript.report(self._match.outcome, self._scores(), trio.current_time())

    def _scores(self) -> Sequence[float] | None:
        """One for each seat, by whichever wire they came; None if the game said none, or not for all."""
        assert self._match.outcome is not None
        result = self._match.outcome.result
        if result is None:
            return self._game.connection.session.scores
        said = {entry.seat: entry.score for entry in result.seats}
        scores = [said.get(seat) for seat in range(len(self._names))]
        return [score for score in scores if score is not None] if None not in scores else None

    def _connect(self, wish: Wish) -> MemoryConnection:
        return MemoryConnection(wish, lambda: self._said.set())

    async def _shake_hands(self) -> Plan:
        """Hear who everyone is, and what the game wants."""
        place = self._game
        try:
            with trio.fail_after(self._settings.handshake_timeout):
                for place in (self._game, *self._bots):
                    await place.shake_hands(self._settings)
        except trio.TooSlowError:
            limit = self._settings.handshake_timeout
            raise MatchNotBegunError(f"{place.label} did not say who it is within {limit:g} s") from None
        except BitbrokerError as error:
            raise MatchNotBegunError(f"{place.label} did not say who it is: {error}") from None
        plan = self._game.greeting.plan
        assert plan is not None, "nobody comes back here, so the game has said what it wants"
        if plan.players != len(self._bots):
            raise MatchNotBegunError(f"the game wants {plan.players} players, and was given {len(self._bots)} bots")
        return plan

    async def _wait_said(self) -> None:
        """Wait until something was said or is due, and then until nobody has more to say in that instant."""
        with trio.move_on_at(self._match.deadline()):
            await self._said.wait()
        await trio.testing.wait_all_tasks_blocked()
        self._said = trio.Event()

    def _take(self, place: Place, heard: Heard) -> None:
        if isinstance(heard, Pinged):
            place.say((heard.pong,))
        elif isinstance(heard, Publication):
            self._transcript.publish(heard.number, heard.payload)
        elif heard is not None:
            self._step(heard)

    def _step(self, event: Event) -> None:
        turns = self._match.turns
        effects = self._match.handle(event, trio.current_time())
        if isinstance(event, TurnAsked) and self._match.turns > turns:
            for question in event.questions:
                state = payload_bytes(question.state)
                self._transcript.ask(self._match.number, question.seat, state, trio.current_time())
        self._carry_out(effects)

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Introduce():
                    self._introduce()
                case Ask():
                    bot = self._bots[effect.seat]
                    bot.say((bot.greeting.bot.say_request(effect),))
                case Settled():
                    answer = effect.answer
                    decision = payload_bytes(answer.decision) if answer.cause is Cause.NONE else None
                    self._transcript.settle(answer.seat, decision, answer.cause, answer.elapsed)
                case Deliver():
                    self._game.say(self._game.greeting.game.say_answers(effect))
                case NotTaken():
                    self._transcript.not_take(effect.seat, effect.cause)
                    bot = self._bots[effect.seat]
                    bot.say(bot.greeting.bot.say_not_taken(effect))
                case Dismiss():
                    self._bots[effect.seat].say_farewell(Farewell(Ending.DISMISSED, effect.cause, effect.detail))
                case Finish():
                    self._finish(effect.outcome)

    def _introduce(self) -> None:
        introduction = Introduction(_MATCH_ID, self._names, self._plan.rules, self._plan.content_type)
        for place in (self._game, *self._bots):
            place.say(place.greeting.dialect.say_introduction(introduction, place.seat))

    def _finish(self, outcome: Outcome) -> None:
        for place in (self._game, *self._bots):
            place.say_farewell(Farewell(Ending.MATCH_OVER, outcome.cause, outcome.detail, _MATCH_ID, outcome))
