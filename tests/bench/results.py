"""Results of many rounds: medians, spreads, ratios within a round, and whether goals are met."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tests.bench.samples import Sample
from tests.bench.scenarios import Goal, Measure, Scenario


@attrs.frozen
class Spread:
    """The middle of several rounds, and how far they went."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of these values."""
        return cls(statistics.median(values), min(values), max(values))


@attrs.define
class Result:
    """What came of a scenario.

    Attributes:
        scenario: which.
        rounds: the samples of each round, by target; a target that is missing or failed is not there.
        notes: why targets are missing, a line each.
    """

    scenario: Scenario
    rounds: list[dict[str, Sample]] = attrs.field(factory=list)
    notes: list[str] = attrs.field(factory=list)

    def spread(self, key: str, value: Callable[[Sample], float]) -> Spread | None:
        """The spread of a target's values; None if it is missing."""
        values = [value(samples[key]) for samples in self.rounds if key in samples]
        return Spread.of(values) if values else None

    def rate(self, key: str) -> Spread | None:
        """The spread of a target's turns a second, as the scenario takes them; None if it is missing."""
        measure = self.scenario.measure
        return self.spread(key, lambda sample: float(getattr(sample, measure)))

    def ratio(self, key: str, to: str, measure: Measure) -> Spread | None:
        """One target to the other, each round by itself."""
        pairs = [(samples[key], samples[to]) for samples in self.rounds if key in samples and to in samples]
        ratios = [getattr(ours, measure) / getattr(theirs, measure) for ours, theirs in pairs]
        return Spread.of(ratios) if ratios else None

    def missed(self) -> list[str]:
        """The goals that are not met, a line each. One whose target is missing is not asked for."""
        return [line for goal in self.scenario.goals if (line := self._judge(goal))]

    def _judge(self, goal: Goal) -> str | None:
        ratio = self.ratio(goal.which, goal.of, goal.measure)
        if ratio is None or ratio.median >= goal.ratio:
            return None
        return (
            f"{self.scenario.group}, {self.scenario.title}: {goal.measure} of {goal.which} is {ratio.median:.2f} "
            f"of that of {goal.of}, and is to be {goal.ratio:g}"
        )

    def as_json(self) -> dict[str, Any]:
        """All samples, for a file."""
        return {
            "group": self.scenario.group,
            "title": self.scenario.title,
            "load": attrs.asdict(self.scenario.load),
            "rounds": [{key: attrs.asdict(sample) for key, sample in samples.items()} for samples in self.rounds],
            "notes": self.notes,
        }
