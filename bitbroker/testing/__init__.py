"""Tests for games and bots: whole matches in one process, and a real broker where that is wanted.

`play_match` plays a match without a broker, without sockets and without waiting, by the rules of the real one::

    from bitbroker.testing import Delay, ScriptedBot, play_match


    def test_slow_bot_forfeits():
        report = play_match(MyGame(), [MyBot(), ScriptedBot([b"4", Delay(6, b"5")])], time_limit=5)
        assert report.cause is Cause.TIME_LIMIT
        assert report.at_fault == "player 1"
        assert report.answers(seat=1) == [b"4"]

- Scripted clients: `ScriptedBot` and `ScriptedGame` do what a test tells them, `TroubledBot` puts trouble into
  another bot's match. Their steps are answers and actions, or `Delay`, `Cut`, `Silence`, `Nonsense` and `Chatter`.
- A real broker: `running_broker` starts `bitbroker serve` in a process of its own; with pytest it is the fixture
  `bitbroker_broker`. It needs the extra `broker`; all else here needs the base install alone.
"""

from bitbroker.testing.broker import BrokerNotStartedError, RunningBroker, StartBroker, running_broker
from bitbroker.testing.play import Wire, aplay_match, play_match
from bitbroker.testing.referee import MatchNotBegunError
from bitbroker.testing.report import MatchReport, SeatReport, Turn
from bitbroker.testing.scripted import ScriptedBot, ScriptedGame, ScriptOverError, TroubledBot
from bitbroker.testing.steps import Chatter, Cut, Delay, Nonsense, Silence, Step

__all__ = [
    "BrokerNotStartedError",
    "Chatter",
    "Cut",
    "Delay",
    "MatchNotBegunError",
    "MatchReport",
    "Nonsense",
    "RunningBroker",
    "ScriptOverError",
    "ScriptedBot",
    "ScriptedGame",
    "SeatReport",
    "Silence",
    "StartBroker",
    "Step",
    "TroubledBot",
    "Turn",
    "Wire",
    "aplay_match",
    "play_match",
    "running_broker",
]
