"""Bots and games that do what a test tells them, trouble included.

They are ordinary clients, as good for a real broker as for `play_match`.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bitbroker.client.bot import BaseBot
from bitbroker.client.game import Action, BaseGame
from bitbroker.client.match import Player
from bitbroker.client.session import Session, call
from bitbroker.errors import BitbrokerError, Cause, RefusedError
from bitbroker.testing.steps import LeaveError, Step, perform
from bitbroker.testing.voice import Voice


class ScriptOverError(BitbrokerError):
    """A scripted bot was asked more often than its script has answers; the message says with what."""


class _SteppingBot(BaseBot[bytes, Any]):
    """A bot whose answers are steps."""

    async def play_match(self, session: Session) -> None:
        """One match, to its end or to the step that leaves it."""
        self._voice = Voice(session)
        with suppress(LeaveError, RefusedError):  # put out of the match: as the script wanted it
            await super().play_match(self._voice)


class ScriptedBot(_SteppingBot):
    """A bot with its answers written down: `ScriptedBot([b"e2e4", Delay(3, b"d2d4"), Cut()])`.

    One step for each request, whatever it is; matches that follow go on in the script where the last one stopped.

    Attributes:
        states: what it has been asked with, as bytes.
    """

    def __init__(self, steps: Iterable[Step], *, name: str = "scripted") -> None:
        """Write the script.

        Args:
            steps: bytes or protobuf messages, which are answers, or `Delay`, `Cut`, `Silence`, `Nonsense`, `Chatter`.
                May be endless: `itertools.repeat(b"pass")`.
            name: the bot's.
        """
        self.NAME = name
        self.states: list[bytes] = []
        self._steps = iter(steps)

    async def decide_move(self, state: bytes) -> Any:
        """Take the next step.

        Raises:
            ScriptOverError: there is none.
        """
        self.states.append(state)
        for step in self._steps:
            return await perform(step, self._voice)
        raise ScriptOverError(
            f"the script of bot {self.NAME!r} is over and it was asked once more, with {state[:60]!r}: "
            f"it has {len(self.states) - 1} steps"
        )


class TroubledBot(_SteppingBot):
    """Another bot, in trouble at some of its requests: `TroubledBot(MyBot(), {3: Delay(6), 5: Cut()})`."""

    def __init__(self, bot: BaseBot[Any, Any], trouble: Mapping[int, Step]) -> None:
        """Wrap a bot.

        Args:
            bot: gives all other answers.
            trouble: what happens at its first, second, ... request (counted from 1, over all its matches) in place of
                its answer; `Delay(6)` is its own answer, 6 s late.
        """
        self.NAME = bot.NAME or type(bot).__name__
        self._bot = bot
        self._trouble = trouble
        self._asked = 0

    async def decide_move(self, state: bytes) -> Any:
        """Answer as the bot would, or get into trouble."""
        self._asked += 1
        answer = await perform(self._trouble.get(self._asked), self._voice)
        return await call(self._bot.decide_move, self._bot.parse_state(state)) if answer is None else answer


class ScriptedGame(BaseGame[Any, bytes]):
    """A game with its questions written down; after the last of them it says that it is over.

    For example `ScriptedGame([Action.player_action(0, b"your move?"), Action.player_action(1, b"and yours?")])`.

    Attributes:
        players: who plays.
        answers: what became of each question: the decision, as bytes, or the cause why there is none.
        terminated: whether the broker ended the match before the game did.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        """Write the script.

        Args:
            steps: `Action.player_action(...)` and `Action.end_game(...)`, or `Delay`, `Cut`, `Silence`, `Nonsense`.
        """
        self.players: Sequence[Player] = ()
        self.answers: list[bytes | Cause] = []
        self.terminated = False
        self._steps = iter(steps)

    async def play_match(self, session: Session) -> None:
        """One match, to its end or to the step that leaves it."""
        self._voice = Voice(session)
        with suppress(LeaveError, RefusedError):  # put out of the match: as the script wanted it
            await super().play_match(self._voice)

    def initialise(self, players: Sequence[Player]) -> None:
        """Note who plays."""
        self.players = players

    async def next_action(self) -> Any:
        """Take the next step."""
        return await perform(next(self._steps, Action.end_game()), self._voice)

    def deliver_response(self, response: bytes) -> None:
        """Note the answer."""
        self.answers.append(response)

    def deliver_failure(self, _player: int, cause: Cause) -> None:
        """Note that there is none."""
        self.answers.append(cause)

    def on_terminated(self) -> None:
        """Note it."""
        self.terminated = True
