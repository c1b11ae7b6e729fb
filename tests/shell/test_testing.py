"""The test kit against the real thing: the same scripts, the same match, through coordinator and connections."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from bitbroker.client import Action, AsyncTable, BaseBot, BaseGame, Cause, Outcome, Result, TimeControl
from bitbroker.client.connection import Connection
from bitbroker.client.session import Session, Wish
from bitbroker.match import Outcome as MatchOutcome
from bitbroker.testing import (
    Chatter,
    Cut,
    Delay,
    Nonsense,
    ScriptedBot,
    ScriptedGame,
    Silence,
    Step,
    Wire,
    aplay_match,
)
from bitbroker.wire import basic

from .conftest import OpenShell, Shell

ASK_0, ASK_1 = Action.player_action(0, b"state"), Action.player_action(1, b"state")
FINE: list[Step] = [b"fine"] * 5
Script = tuple[Sequence[Step], Sequence[Step], Sequence[Step]]

SCRIPTS: dict[str, Script] = {
    "completed": ([ASK_0, ASK_1, ASK_1], FINE, FINE),
    "over at once": ([], FINE, FINE),
    "thinks": ([ASK_0, Delay(3, ASK_1), ASK_0], [Delay(1.5, b"a"), Delay(4.5, b"b")], FINE),
    "cut": ([ASK_0, ASK_1, ASK_0], FINE, [Cut()]),
    "cut later": ([ASK_0, ASK_1, ASK_0], FINE, [Delay(2, Cut())]),
    "silent": ([ASK_0, ASK_1, ASK_0], [Silence()], FINE),
    "late": ([ASK_0, ASK_0, ASK_1], [Delay(6, b"late"), b"second"], FINE),
    "nonsense": ([ASK_0, ASK_1, ASK_0], FINE, [Nonsense()]),
    "other word": ([ASK_0, ASK_1, ASK_0], [Nonsense(basic.TRIGGER.to_line())], FINE),
    "too large": ([ASK_0, ASK_1], [Nonsense(b"A" * 8000)], FINE),
    "some chatter": ([ASK_0, ASK_1, ASK_0], [Chatter(b"a", 3), b"b"], FINE),
    "much chatter": ([ASK_0, ASK_1, ASK_0], [Chatter(b"a", 4), b"b"], FINE),
    "all gone": ([ASK_0, ASK_1], [Cut()], [Cut()]),
    "game cut": ([ASK_0, Cut()], FINE, FINE),
    "game silent": ([ASK_0, Silence()], FINE, FINE),
    "game nonsense": ([Nonsense()], FINE, FINE),
    "game too large": ([Nonsense(b"A" * 8000)], FINE, FINE),
    "no such player": ([Nonsense(basic.action(2, b"").to_line())], FINE, FINE),
}


@pytest.mark.parametrize("policy", ["end-match", "forfeit-seat", "tell-game"])
@pytest.mark.parametrize("wire", ["auto", "basic"])
@pytest.mark.parametrize("script", SCRIPTS)
async def test_kit_and_broker_agree(
    autojump_clock: MockClock, open_shell: OpenShell, script: str, wire: Wire, policy: str
) -> None:
    """Cause, culprit, turns, seconds and detail, and what the game heard of each question, are the same."""
    settings = {"on_failure": policy, "max_payload_bytes": 1024, "resume_grace": 0}
    game, bots = make(SCRIPTS[script])
    report = await aplay_match(game, bots, wire=wire, **settings)
    other_game, other_bots = make(SCRIPTS[script])
    outcome = await play_through(open_shell(**settings), other_game, other_bots, wire)
    assert report.outcome == outcome
    assert (game.answers, game.terminated) == (other_game.answers, other_game.terminated)
    assert [bot.states for bot in bots] == [bot.states for bot in other_bots]


def make(script: Script) -> tuple[ScriptedGame, list[ScriptedBot]]:
    """Clients of this script."""
    game, *bots = script
    return ScriptedGame(game), [ScriptedBot(steps) for steps in bots]


async def play_through(
    shell: Shell, game: BaseGame[Any, Any], bots: Sequence[BaseBot[Any, Any]], wire: Wire = "auto"
) -> MatchOutcome:
    """Play through connections and coordinator, to the end of everyone."""
    async with trio.open_nursery() as nursery:
        for play in (*(bot.play_match for bot in bots), game.play_match):
            nursery.start_soon(run_client, play, shell, wire)
            await trio.testing.wait_all_tasks_blocked()
    outcome = shell.coordinator.first_outcome
    assert outcome is not None
    return outcome


async def run_client(play: Callable[[Session], Awaitable[None]], shell: Shell, wire: Wire) -> None:
    """One client on a connection of its own, closed when it leaves."""
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(shell.connect().socket))
    session = Session(Connection(stream), Wish(wire))
    try:
        await play(session)
    finally:
        await session.aclose()


class Reverser(BaseBot):
    """Answers with the state backwards, and takes its time."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = iter(seconds)
        self.outcomes: list[Outcome] = []
        self.not_taken: list[Cause] = []

    async def decide_move(self, state: bytes) -> bytes:
        """The state backwards."""
        await trio.sleep(next(self.seconds))
        return state[::-1]

    def on_not_taken(self, _number: int, cause: Cause, _late_seconds: float) -> None:
        """Note it."""
        self.not_taken.append(cause)

    def on_outcome(self, outcome: Outcome) -> None:
        """Note it."""
        self.outcomes.append(outcome)


class Resigner(Reverser):
    """Gives up at its second request."""

    async def decide_move(self, state: bytes) -> bytes:
        """One answer, and no more."""
        if not next(self.seconds):
            self.resign()
        return state


class BothAtOnce(BaseGame[bytes, bytes]):
    """Asks both players at once, a few times."""

    def __init__(self, turns: int, **time_control: float) -> None:
        self.turns = turns
        self.TIME_CONTROL = TimeControl(**time_control)  # type: ignore[arg-type]
        self.answers: list[bytes | Cause] = []

    async def play(self, table: AsyncTable[bytes, bytes]) -> None:
        """The turns, and a result."""
        for _ in range(self.turns):
            answers = await table.ask_all({seat: b"state %d" % seat for seat in (0, 1)})
            self.answers += [answer.decision if answer.ok else answer.cause for answer in answers.values()]
            await table.publish(b"round")
        await table.end(Result(scores=[1, 2], reason="over"))


Clients = tuple[BothAtOnce | ScriptedGame, list[BaseBot[Any, Any]]]
EXTENDED: dict[str, Callable[[], Clients]] = {
    "both at once": lambda: (BothAtOnce(2), [Reverser(1, 2), Reverser(0, 3)]),
    "with a bank": lambda: (BothAtOnce(3, move=1, bank=0.5), [Reverser(1.3, 1.1, 1.2), Reverser(1, 1, 1)]),
    "tolerated": lambda: (BothAtOnce(3, move=1, tolerated_failures=1), [Reverser(1.5, 0, 0), Reverser(0, 0, 0)]),
    "resigns": lambda: (BothAtOnce(2), [Reverser(1, 1), Resigner(1, 0)]),
    "cut, and waited for": lambda: (BothAtOnce(2), [Reverser(1, 1), ScriptedBot([b"near", Cut()])]),
    "chatter": lambda: (BothAtOnce(2), [Reverser(1, 1), ScriptedBot([Chatter(b"a", 2), Chatter(b"b", 4)])]),
}


@pytest.mark.parametrize("policy", ["end-match", "forfeit-seat", "tell-game"])
@pytest.mark.parametrize("clients", EXTENDED)
async def test_kit_and_broker_agree_on_the_extended_wire(
    autojump_clock: MockClock, open_shell: OpenShell, clients: str, policy: str
) -> None:
    """Turns for several, clocks with a bank, resignation, absence; and what each bot is told."""
    settings: dict[str, Any] = {"on_failure": policy, "resume_grace": 3}
    game, bots = EXTENDED[clients]()
    report = await aplay_match(game, bots, **settings)
    other_game, other_bots = EXTENDED[clients]()
    outcome = await play_through(open_shell(**settings), other_game, other_bots)
    assert (report.outcome, game.answers) == (outcome, other_game.answers)
    assert list(map(heard, bots)) == list(map(heard, other_bots))


def heard(bot: BaseBot[Any, Any]) -> object:
    """What a bot was told."""
    return (bot.outcomes, bot.not_taken) if isinstance(bot, Reverser) else vars(bot).get("states")
