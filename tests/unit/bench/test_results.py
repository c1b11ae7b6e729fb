"""What the benchmark makes of its samples: ratios within a round, goals, tables, plots."""

from pathlib import Path

import attrs
import pytest

from tests.authority import Files
from tests.bench import certificate, page, targets
from tests.bench.results import Result
from tests.bench.samples import Load, Sample, load_command
from tests.bench.scenarios import QUICK, SCENARIOS, Goal, Scenario
from tests.bench.targets import NATS, OURS, RELAY, MissingError, Running, over_tls

TIMES = {"mean": 40.0, "p50": 30.0, "p99": 90.0, "p99.9": 20_000.0, "largest": 20_001.0}


def sample(turns: int, broker_cpu: float = 0.25) -> Sample:
    """So many turns in one second, in which the generator used a quarter of a second."""
    return Sample(turns, 1.0, broker_cpu, 0.25, 1 << 20, TIMES, TIMES, 0.3)


def result(*rounds: dict[str, Sample], goal: float = 0.5) -> Result:
    """The result of these rounds of a scenario in which ours is to reach so much of the relay."""
    scenario = Scenario("one core", "1 match", Load(), (RELAY, OURS, NATS), [Goal("relay", goal)])
    return Result(scenario, list(rounds))


def test_ratios_are_taken_within_a_round() -> None:
    """A round in which the machine was slow for all says as much as the others."""
    spread = result(
        {"relay": sample(1000), "ours": sample(600)},
        {"relay": sample(10), "ours": sample(5)},
        {"relay": sample(2000), "ours": sample(800)},
    ).ratio("ours", "relay", "rate")
    assert spread is not None
    assert attrs.astuple(spread) == (0.5, 0.4, 0.6)


def test_on_one_core_turns_are_counted_by_its_time() -> None:
    """Target and generator had half a second of the core, so it would have played twice as many in one."""
    spread = result({"ours": sample(600)}).rate("ours")
    assert spread is not None
    assert spread.median == 1200


def test_a_missed_goal_is_named() -> None:
    """With both figures, so that a reader sees how far it is."""
    missed = result({"relay": sample(1000), "ours": sample(400)}).missed()
    assert missed == ["one core, 1 match: core_rate of ours is 0.40 of that of relay, and is to be 0.5"]


def test_a_goal_that_is_met_is_not_named() -> None:
    """The median counts."""
    slow, fast = {"relay": sample(10), "ours": sample(1)}, {"relay": sample(10), "ours": sample(6)}
    assert result(fast, slow, fast).missed() == []


def test_a_goal_without_its_target_is_not_asked_for() -> None:
    """A target that is not installed fails nobody."""
    assert result({"ours": sample(1)}).missed() == []


@pytest.mark.parametrize("scenario", [*SCENARIOS, *QUICK], ids=lambda scenario: f"{scenario.group}: {scenario.title}")
def test_goals_are_of_targets_that_play(scenario: Scenario) -> None:
    """A goal of a target that is not in its scenario would never be asked for."""
    keys = {target.key for target in scenario.targets}
    assert {key for goal in scenario.goals for key in (goal.of, goal.which)} <= keys


def of_group(group: str) -> list[Scenario]:
    """The scenarios of a group, of which there must be some."""
    found = [scenario for scenario in SCENARIOS if scenario.group == group]
    assert found
    return found


@pytest.mark.parametrize("scenario", of_group("states"), ids=lambda scenario: scenario.title)
def test_states_are_measured_on_each_framing(scenario: Scenario) -> None:
    """Ours speaks three."""
    assert {target.framing for target in scenario.targets if target.key.startswith("ours")} == {
        "lines",
        "prefixed",
        "websocket",
    }


@pytest.mark.parametrize("scenario", of_group("TLS"), ids=lambda scenario: scenario.title)
def test_tls_is_compared_with_the_same_without_it(scenario: Scenario) -> None:
    """The share of the first is what TLS leaves."""
    plain, encrypted = scenario.targets
    assert (plain.tls, encrypted.tls) == (False, True)
    assert encrypted.key == f"{plain.key}-tls"
    assert (encrypted.framing, encrypted.load) == (plain.framing, plain.load)


def test_over_tls_the_broker_has_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is started as without, and is given one; the generator that plays with it is another program."""
    shown = certificate.Shown(Files(Path("cert.pem"), Path("key.pem")), Path("ca.pem"))
    monkeypatch.setattr(certificate, "issued", lambda: shown)
    encrypted = over_tls(OURS)
    assert encrypted.command(2, 0) == [*OURS.command(2, 0), "--tls-cert", "cert.pem", "--tls-key", "key.pem"]
    assert encrypted.program.name == "load-tls"
    assert OURS.program.name == "load"


def test_the_generator_trusts_the_authority_over_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TLS it is not told of one, which it would refuse."""
    shown = certificate.Shown(Files(Path("cert.pem"), Path("key.pem")), Path("ca.pem"))
    monkeypatch.setattr(certificate, "issued", lambda: shown)
    broker = Running(1, 9000, 0.5)
    assert load_command(over_tls(OURS), Load(), broker)[-2:] == ["--tls", "ca.pem"]
    assert "--tls" not in load_command(OURS, Load(), broker)


def test_what_is_missing_for_tls_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where OpenSSL's headers are not, its generators are not built, and the rest is measured."""
    monkeypatch.setattr(targets, "BUILT", tmp_path)
    with pytest.raises(MissingError, match="apt-get install libssl-dev"):
        over_tls(OURS).check()


def test_the_page_is_written_between_its_marks(tmp_path: Path) -> None:
    """What stands around the tables stays; what stood between the marks goes; a plot is drawn."""
    written = tmp_path / "performance.md"
    written.write_text("before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n")
    measured = result({"relay": sample(1000), "ours": sample(500)})
    measured.notes.append("nats-server is missing")
    machine: dict[str, str | int] = {"processor": "a processor", "cores": 2, "system": "Linux", "python": "3.11"}
    page.write([measured], machine, 1, tmp_path)
    text = written.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    row = "|  | ours | 1,000 (1,000 to 1,000) | 0.50 (0.50 to 0.50) | 5.000 | 30 µs | 90 µs | 20 ms | 1 |"
    assert row in text.splitlines()
    assert "nats-server is missing" in text.splitlines()
    assert "### One core" in text.splitlines()
    plot = (tmp_path / "performance" / "one-core.svg").read_text()
    assert "turns a second" in plot


def test_a_heading_keeps_its_capitals(tmp_path: Path) -> None:
    """TLS is no word."""
    written = tmp_path / "performance.md"
    written.write_text("<!-- measured: begin -->\n<!-- measured: end -->\n")
    scenario = Scenario("TLS", "1 match", Load(), (OURS, over_tls(OURS)))
    measured = Result(scenario, [{"ours": sample(1000), "ours-tls": sample(500)}])
    page.write([measured], {"processor": "", "cores": 2, "system": "", "python": ""}, 1, tmp_path)
    lines = written.read_text().splitlines()
    assert "### TLS" in lines
    assert (
        "|  | ours, TLS | 1,000 (1,000 to 1,000) | 0.50 (0.50 to 0.50) | 5.000 | 30 µs | 90 µs | 20 ms | 1 |" in lines
    )
