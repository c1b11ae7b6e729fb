"""The test kit's real broker: the pytest fixture, what it gives, and what it costs who does not use it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from bitbroker.client import Action, BrokerUnreachableError, Cause
from bitbroker.errors import SettingsError
from bitbroker.testing import (
    BrokerNotStartedError,
    Cut,
    RunningBroker,
    ScriptedBot,
    ScriptedGame,
    Silence,
    StartBroker,
    Step,
    running_broker,
)

ASK = Action.player_action(0, b"state")


@contextmanager
def playing_bot(broker: RunningBroker, steps: list[Step]) -> Iterator[None]:
    """A scripted bot in a thread of its own, until it ends by itself."""
    bot = threading.Thread(target=ScriptedBot(steps).run, args=(broker.host, broker.port))
    bot.start()
    yield
    bot.join()


def test_fixture_gives_a_real_broker(bitbroker_broker: StartBroker) -> None:
    """A match through it, its result, its log and its health API."""
    broker = bitbroker_broker(num_players=1)
    game = ScriptedGame([ASK])
    with playing_bot(broker, [b"answer"]):
        game.run(broker.host, broker.port)
    assert game.answers == [b"answer"]
    (result,) = broker.results()
    assert (result["cause"], result["turns"]) == ("completed", 1)
    assert "match over" in [line["event"] for line in broker.log]
    with urlopen(f"http://{broker.host}:{broker.http_port}/healthz") as answer:
        assert answer.read() == b"ok\n"


@pytest.mark.parametrize(("step", "cause"), [(Cut(), Cause.DISCONNECTED), (Silence(), Cause.TIME_LIMIT)])
def test_scripted_trouble_is_trouble_for_a_real_broker(
    bitbroker_broker: StartBroker, tmp_path: Path, step: Step, cause: Cause
) -> None:
    """The same scripts play over TCP, by the settings that the broker was given; its results go where they say."""
    results = tmp_path / "results.jsonl"
    broker = bitbroker_broker(num_players=1, time_limit=0.2, resume_grace=0, results=results)
    game = ScriptedGame([ASK])
    with playing_bot(broker, [step]):
        game.run(broker.host, broker.port)
    assert game.terminated
    assert [result["cause"] for result in broker.results()] == [cause.label]
    assert len(results.read_text().splitlines()) == 1


def test_several_brokers_and_their_end() -> None:
    """Each has its ports; when the block ends, nobody answers any more."""
    with running_broker(num_players=1) as one, running_broker(num_players=2) as two:
        assert len({one.port, one.http_port, two.port, two.http_port}) == 4
        assert one.results() == []
    for broker in (one, two):
        assert broker.log[-1]["event"] == "stopped"
        with pytest.raises(BrokerUnreachableError):
            ScriptedBot([]).run(broker.host, broker.port, connect_timeout=0)


def test_environment_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell has set for another broker is not for this one."""
    monkeypatch.setenv("BROKER_NUM_PLAYERS", "nonsense")
    with running_broker(num_players=3) as broker:
        assert next(line for line in broker.log if line["event"] == "listening")["players"] == 3


def test_broker_that_does_not_start_says_why() -> None:
    """Its own line is in the error; a name that is no setting is refused before it is started."""
    with pytest.raises(BrokerNotStartedError, match=r"did not start: bitbroker: BROKER_NUM_PLAYERS .* is not set"):
        running_broker().__enter__()
    with pytest.raises(SettingsError, match="the broker was given 'players', which is no setting"):
        running_broker(players=2).__enter__()


def run_python(*arguments: str) -> str:
    """Run this Python; what it says."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout


def test_kit_loads_nothing_of_the_server() -> None:
    """Who tests needs the base install alone, and waits for nothing else to load."""
    loaded = run_python("-c", "import bitbroker.testing, sys; print(*sys.modules)").split()
    server = {"cyclopts", "hypercorn", "prometheus_client", "quart", "quart_trio", "rich", "structlog"}
    assert server.isdisjoint(loaded)
    ours = {name for name in loaded if name.startswith("bitbroker.broker.")}
    dialects = {"dialect", "basic_dialect", "extended_dialect", "greeting"}
    assert ours == {f"bitbroker.broker.{name}" for name in dialects}


def test_plugin_costs_nothing_unused(tmp_path: Path) -> None:
    """A test run without the fixture loads of bitbroker the plugin's own module and the package around it."""
    test = tmp_path / "test_other.py"
    test.write_text("def test_other():\n    import sys\n    print('loaded', *sys.modules)\n")
    said = run_python("-m", "pytest", "-s", "-p", "no:trio", "-p", "no:cacheprovider", str(test))
    loaded = next(line for line in said.splitlines() if "loaded" in line).split()
    assert {name for name in loaded if name.startswith("bitbroker")} == {"bitbroker", "bitbroker.pytest_plugin"}
    assert "trio" not in loaded
