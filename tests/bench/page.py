"""Results for readers: lines for the terminal, and tables for docs/performance.md, between two marks there."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.bench import plots
from tests.bench.results import Result, Spread
from tests.bench.samples import Sample
from tests.bench.targets import Target

_BEGIN: Final = "<!-- measured: begin -->\n"
_END: Final = "<!-- measured: end -->\n"

_HEADS: Final = ("", "target", "turns/s", "share of the first", "CPU s per 10,000 turns", "p50", "p99", "p99.9", "MiB")


def as_text(result: Result) -> str:
    """A scenario's results, a line for each target."""
    lines = [f"{result.scenario.group}: {result.scenario.title}"]
    for row in _rows(result):
        _, target, rate, share, cpu, p50, p99, p999, memory = row
        times = f"p50 {p50}, p99 {p99}, p99.9 {p999}"
        lines.append(f"  {target:32} {rate:>20} turns/s  {share:>18}  {cpu:>7} CPU s/10k  {times}  {memory} MiB")
    return "\n".join(lines + [f"  {note}" for note in result.notes])


def write(results: Sequence[Result], machine: Mapping[str, str | int], rounds: int, docs: Path) -> None:
    """Write tables into performance.md, and plots beside it."""
    path = docs / "performance.md"
    before, rest = path.read_text().split(_BEGIN)
    _, after = rest.split(_END)
    path.write_text(before + _BEGIN + "\n".join(_tables(results, machine, rounds)) + "\n" + _END + after)
    plots.draw(results, docs / "performance")


def _tables(results: Sequence[Result], machine: Mapping[str, str | int], rounds: int) -> Iterable[str]:
    yield (
        f"Medians of {rounds} rounds, with the least and the most in brackets, on {machine['cores']} cores of "
        f"{machine['processor']}, {machine['system']}, Python {machine['python']}."
    )
    yield from ("", *_start_up(results))
    for group, members in groupby(results, lambda result: result.scenario.group):
        heading = group[:1].upper() + group[1:]  # names in it, such as TLS, stay as they are
        yield from ("", f"### {heading}", "", "| " + " | ".join(_HEADS) + " |", "|---" * len(_HEADS) + "|")
        of_group = list(members)
        for result in of_group:
            yield from ("| " + " | ".join(row) + " |" for row in _rows(result))
        notes = dict.fromkeys(note for result in of_group for note in result.notes)
        yield from ("", *notes) if notes else ()


def _start_up(results: Sequence[Result]) -> Iterable[str]:
    started = [sample.start_seconds for result in results for each in result.rounds if (sample := each.get("ours"))]
    if started:
        spread = _spread(Spread.of(started), ".2f")
        yield f"`bitbroker serve` listens {spread} s after its start, in {len(started)} starts."


def _rows(result: Result) -> Iterable[tuple[str, ...]]:
    first, *_ = result.scenario.targets
    title = result.scenario.title
    for target in result.scenario.targets:
        row = _row(result, target, first)
        if row:
            yield (title, *row)
            title = ""


def _row(result: Result, target: Target, first: Target) -> tuple[str, ...] | None:
    rate = result.rate(target.key)
    if rate is None:
        return None
    share = result.ratio(target.key, first.key, result.scenario.measure)
    times = (_time(result, target, quantile) for quantile in ("p50", "p99", "p99.9"))
    cpu = result.spread(target.key, lambda sample: 1e4 / sample.broker_rate)
    memory = result.spread(target.key, lambda sample: sample.broker_bytes / (1 << 20))
    assert cpu is not None
    assert memory is not None
    costs = (f"{cpu.median:.3f}", *times, f"{memory.median:.0f}")
    return (target.title, _spread(rate, ",.0f"), _spread(share, ".2f"), *costs)


def _time(result: Result, target: Target, quantile: str) -> str:
    def of(sample: Sample) -> float:
        return sample.first_match[quantile]

    spread = result.spread(target.key, of)
    assert spread is not None
    return f"{spread.median:.0f} µs" if spread.median < 10_000 else f"{spread.median / 1000:.0f} ms"


def _spread(spread: Spread | None, form: str) -> str:
    if spread is None:
        return ""
    return f"{spread.median:{form}} ({spread.least:{form}} to {spread.most:{form}})"
