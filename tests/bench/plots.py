"""Plots of results, as SVG: how ours stands to the C relay, over the number of matches, sizes, and who waits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.results import Result
from tests.bench.targets import Target

_PLOTTED: Final = ("one core", "all cores", "states", "waiting")


def draw(results: Sequence[Result], folder: Path) -> None:
    """Draw a plot for each group of results that has one."""
    folder.mkdir(exist_ok=True)
    for group in _PLOTTED:
        members = [result for result in results if result.scenario.group == group]
        if members:
            _draw_group(members, folder / f"{group.replace(' ', '-')}.svg")


def _draw_group(results: Sequence[Result], path: Path) -> None:
    """Turns a second of each target as bars, side by side for each scenario; the lines in them are the spread."""
    targets = list({target.key: target for result in results for target in result.scenario.targets}.values())
    # Text stays text, and the same results give the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "bench"}):
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.add_subplot()
        for index, target in enumerate(targets):
            _draw_bars(axes, results, target, (index + 0.5) / len(targets) - 0.5, 0.8 / len(targets))
        axes.set_xticks(range(len(results)), [result.scenario.title for result in results])
        axes.set_yscale("log")
        axes.set_ylabel("turns a second")
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(path, metadata={"Date": None})


def _draw_bars(axes: Axes, results: Sequence[Result], target: Target, offset: float, width: float) -> None:
    places, heights, below, above = [], [], [], []
    for place, result in enumerate(results):
        spread = result.rate(target.key)
        if spread is not None:
            places.append(place + offset * 0.85)
            heights.append(spread.median)
            below.append(spread.median - spread.least)
            above.append(spread.most - spread.median)
    axes.bar(places, heights, width, yerr=(below, above), label=target.title, error_kw={"elinewidth": 0.8})
