"""What came of a soak, for readers: lines for the terminal, and the measured part of docs/reliability.md."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.soak.idle import Idle
from tests.soak.oracle import FINDINGS
from tests.soak.phases import SETTLED, Soak, blocks, resident

_BEGIN: Final = "<!-- measured: begin -->\n"
_END: Final = "<!-- measured: end -->\n"
_MIB: Final = 1 << 20


def as_text(title: str, soak: Soak) -> str:
    """What came of a phase, and what is wrong."""
    judgement = soak.judgement
    head = (
        f"{title}: {judgement.matches:,} matches in {soak.seconds:.0f} s, {soak.load.at_once} at once; "
        f"{judgement.close_calls:,} close calls, {judgement.excused:,} late by their own clock"
    )
    lines = [
        head,
        "  " + ", ".join(f"{cause} {count:,}" for cause, count in judgement.causes.most_common()),
        *(f"  WRONG: {fault}" for fault in soak.faults()),
        *(f"    {words}" for words in judgement.words),
    ]
    return "\n".join(lines)


def idle_as_text(idle: Idle) -> str:
    """What idle connections cost."""
    return (
        f"{idle.connections:,} idle connections, {idle.kind}: {idle.bytes_each / 1024:.1f} KiB, "
        f"{idle.blocks_each:.0f} blocks and {idle.descriptors_each:.2f} descriptors each, let in within "
        f"{idle.seconds:.1f} s"
    )


def write(
    verdicts: Soak,
    starved: Soak,
    endurance: Soak,
    idles: Sequence[Idle],
    machine: Mapping[str, str | int],
    seconds: float,
    docs: Path,
) -> None:
    """Write tables into reliability.md, and the plot beside it."""
    path = docs / "reliability.md"
    before, rest = path.read_text(encoding="utf-8").split(_BEGIN)
    _, after = rest.split(_END)
    measured = "\n".join(_measured(verdicts, starved, endurance, idles, machine, seconds))
    path.write_text(before + _BEGIN + measured + "\n" + _END + after, encoding="utf-8")
    (docs / "reliability").mkdir(exist_ok=True)
    draw(endurance, docs / "reliability" / "memory.svg")


def _measured(
    verdicts: Soak,
    starved: Soak,
    endurance: Soak,
    idles: Sequence[Idle],
    machine: Mapping[str, str | int],
    seconds: float,
) -> Iterable[str]:
    yield (
        f"On {machine['cores']} cores of {machine['processor']}, {machine['system']}, Python {machine['python']}, "
        f"within {seconds / 60:.0f} minutes."
    )
    yield from ("", "### Verdicts", "", *_soak_table(verdicts), "", "### A broker that hardly gets a processor", "")
    yield from (*_soak_table(starved), "", "### One broker for long", "")
    yield from (*_soak_table(endurance), "", *_memory_table(endurance), "", "### Idle connections", "")
    yield from _table(("", "connections", "KiB each", "blocks each", "descriptors each"), map(_idle_row, idles))


def _soak_table(soak: Soak) -> Iterable[str]:
    judgement = soak.judgement
    found = {kind: judgement.findings.get(kind, 0) for kind in FINDINGS}
    rows: dict[str, int | str] = {
        "matches": judgement.matches,
        "at once": soak.load.at_once,
        "time limit": f"{soak.load.limit:g} s",
        "seconds": f"{soak.seconds:.0f}",
        "answers that took more than a quarter of their time": judgement.close_calls,
        "late by the client's own clock": judgement.excused,
        "stalls of the broker": f"{soak.stalls:,.0f}, {soak.stall_seconds:.1f} s in all",
        **{f"ended as `{cause}`": count for cause, count in judgement.causes.most_common()},
        **{f"**{kind}**": f"**{count:,}**" for kind, count in found.items()},
    }
    return _table(("", ""), ((name, f"{value:,}" if isinstance(value, int) else value) for name, value in rows.items()))


def _memory_table(soak: Soak) -> Iterable[str]:
    growths = {"resident memory": soak.growth(resident), "blocks of memory": soak.growth(blocks)}
    shown = (
        (what, "too few matches to say" if growth is None else f"{growth:+.1%}") for what, growth in growths.items()
    )
    rest = (f"descriptors at rest: {soak.before.descriptors} before", f"{soak.after.descriptors} after")
    return _table(("from the first fifth to the last", "growth"), [*shown, rest])


def _idle_row(idle: Idle) -> tuple[str, ...]:
    each = (f"{idle.bytes_each / 1024:.1f}", f"{idle.blocks_each:.0f}", f"{idle.descriptors_each:.2f}")
    return (idle.kind, f"{idle.connections:,}", *each)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield from ("| " + " | ".join(head) + " |", "|---" * len(head) + "|")
    yield from ("| " + " | ".join(row) + " |" for row in rows)


def draw(soak: Soak, path: Path) -> None:
    """Draw memory, blocks and descriptors over the matches played."""
    # Text stays text, and the same figures give the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "soak"}):
        figure = Figure(figsize=(8, 6), layout="constrained")
        top, middle, bottom = figure.subplots(3, sharex=True)
        _draw_line(top, soak, "resident MiB", [sample.resident_bytes / _MIB for sample in soak.samples])
        _draw_line(middle, soak, "thousand blocks", [sample.blocks / 1000 for sample in soak.samples])
        _draw_line(bottom, soak, "descriptors", [sample.descriptors for sample in soak.samples])
        bottom.set_xlabel("matches played")
        figure.savefig(path, metadata={"Date": None})


def _draw_line(axes: Axes, soak: Soak, what: str, figures: Sequence[float]) -> None:
    axes.plot([sample.matches for sample in soak.samples], figures, linewidth=0.8)
    axes.axvline(SETTLED, color="grey", linewidth=0.8, linestyle="dotted")
    axes.set_ylabel(what)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
