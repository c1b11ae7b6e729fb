"""What is played against whom: each scenario is one comparison, all of it in the same rounds."""

from collections.abc import Sequence
from typing import Final, Literal

import attrs

from tests.bench.samples import Load
from tests.bench.targets import CODEC_RELAY, CRATE, NATS, OURS, PATCHED, RELAY, Target, ours, over_tls, relay

Measure = Literal["rate", "core_rate", "broker_rate", "promptness"]
"""A property of `Sample`."""

OUR_PREFIXED: Final = ours(key="ours-prefixed", title="ours, length-prefixed", framing="prefixed")
OUR_WEBSOCKET: Final = ours(key="ours-websocket", title="ours, WebSocket", framing="websocket")
RELAY_PREFIXED: Final = relay(key="relay-prefixed", title="C relay, length-prefixed", framing="prefixed")
OUR_EXTENDED: Final = ours(
    key="ours-extended", title="ours, extended wire, length-prefixed", framing="prefixed", load="extended"
)
OUR_SILENT: Final = attrs.evolve(
    ours(
        "--log-level", "error", key="ours-silent", title="the same without its log", framing="prefixed", load="extended"
    ),
    find_port=None,  # it does not say
)
OUR_WAITING: Final = ours(
    *("--max-connections", "20000", "--max-connections-per-address", "20000", "--max-waiting", "20000"),
)


@attrs.frozen
class Goal:
    """What ours must reach.

    Attributes:
        of: the other target's key.
        ratio: ours to it, at the least.
        measure: of what.
        which: ours, by its key.
    """

    of: str
    ratio: float
    measure: Measure = "core_rate"
    which: str = "ours"


@attrs.frozen
class Scenario:
    """One comparison.

    Attributes:
        group: which table it stands in.
        title: what is played.
        load: how.
        targets: against whom; the first is what the others are compared with.
        goals: what must come of it.
    """

    group: str
    title: str
    load: Load
    targets: Sequence[Target]
    goals: Sequence[Goal] = ()

    @property
    def measure(self) -> Measure:
        """What counts as turns a second: on one core, seconds are those that target and generator got of it."""
        return "core_rate" if self.load.one_core else "rate"


def _crowds() -> list[Scenario]:
    goals = {1: 0.55, 100: 0.50, 1000: 0.50}
    return [
        Scenario(
            "one core",
            f"{matches:,} {'match' if matches == 1 else 'matches'}",
            Load(matches),
            (RELAY, OURS, NATS),
            [Goal("relay", goals[matches])] if matches in goals else [],
        )
        for matches in (1, 10, 100, 1000)
    ]


def _originals() -> list[Scenario]:
    everyone = (RELAY, OURS, CRATE, PATCHED)
    return [
        Scenario(
            "all cores",
            "1 match",
            Load(one_core=False),
            everyone,
            [Goal("crate", 150, "rate"), Goal("crate-nodelay", 0.8, "rate")],
        ),
        Scenario("all cores", "100 matches", Load(100, one_core=False), (RELAY, OURS, NATS)),
    ]


def _sizes() -> list[Scenario]:
    titles = {64: "64 B", 4096: "4 KiB", 1 << 18: "256 KiB", 1 << 23: "8 MiB"}
    targets = (RELAY, CODEC_RELAY, OURS, RELAY_PREFIXED, OUR_PREFIXED, OUR_WEBSOCKET)
    return [
        Scenario(
            "states",
            titles[size],
            Load(state_bytes=size),
            targets,
            [Goal("ours", 1.0, which="ours-prefixed")] + ([Goal("relay-codec", 1.5)] if size == 1 << 23 else []),
        )
        for size in titles
    ]


def _tls() -> list[Scenario]:
    """Length-prefixed throughout, so that TLS alone is between the two."""
    both = (OUR_PREFIXED, over_tls(OUR_PREFIXED))
    return [
        Scenario("TLS", "1 match", Load(), both),
        Scenario("TLS", "100 matches", Load(100), both),
        Scenario("TLS", "1 match, 4 KiB", Load(state_bytes=4096), both),
        Scenario("TLS", "1 match, 256 KiB", Load(state_bytes=1 << 18), both),
        Scenario(
            "TLS",
            "20 short matches of 3 answers",
            Load(20, asks=1, match_turns=3),
            (OUR_EXTENDED, over_tls(OUR_EXTENDED)),
        ),
    ]


def _waiting() -> list[Scenario]:
    return [
        Scenario("waiting", f"{count:,} waiting", Load(10, waiting=count), (RELAY, OUR_WAITING))
        for count in (0, 100, 1000, 15_000)
    ]


def _extended() -> list[Scenario]:
    """Turns are counted by their answers, so that they compare with the basic wire's."""
    together = [
        Scenario("players asked at once", f"{players} players", Load(players=players), (OUR_EXTENDED,))
        for players in (2, 16, 255)
    ]
    return [
        Scenario(
            "extended wire", "1 match, one ask a turn", Load(asks=1), (RELAY_PREFIXED, OUR_PREFIXED, OUR_EXTENDED)
        ),
        Scenario(
            "extended wire",
            "100 matches, one ask a turn",
            Load(100, asks=1),
            (RELAY_PREFIXED, OUR_PREFIXED, OUR_EXTENDED),
        ),
        *together,
        Scenario(
            "short matches", "20 at once, of 3 answers", Load(20, asks=1, match_turns=3), (OUR_EXTENDED, OUR_SILENT)
        ),
        Scenario(
            "short matches",
            "20 at once, of 40 answers",
            Load(20, asks=1, match_turns=40),
            (OUR_EXTENDED, OUR_SILENT),
            [Goal("ours-silent", 0.9, which="ours-extended")],
        ),
    ]


def _over_time() -> list[Scenario]:
    """Whether memory grows with the matches that have been played: what a broker has that has played nothing else."""
    return [
        Scenario(
            "memory over time",
            f"20 matches of 3 answers at once, for {seconds} s",
            Load(20, asks=1, match_turns=3, duration_ms=1000 * seconds),
            (OUR_EXTENDED,),
        )
        for seconds in (1, 5, 20)
    ]


SCENARIOS: Final[Sequence[Scenario]] = (
    *_crowds(),
    *_originals(),
    *_sizes(),
    *_tls(),
    *_waiting(),
    *_extended(),
    *_over_time(),
    Scenario("one beside 500", "501 matches", Load(501), (RELAY, OURS), [Goal("relay", 0.5, "promptness")]),
)

QUICK: Final[Sequence[Scenario]] = (
    Scenario("quick", "1 match", Load(duration_ms=500), (RELAY, OURS), [Goal("relay", 0.28, "broker_rate")]),
    Scenario("quick", "100 matches", Load(100, duration_ms=500), (RELAY, OURS), [Goal("relay", 0.22, "broker_rate")]),
    Scenario(
        "quick",
        "1 MiB",
        Load(state_bytes=1 << 20, duration_ms=500),
        (RELAY, OURS),
        [Goal("relay", 0.30, "broker_rate")],
    ),
)
"""What must hold in every change: two thirds of what is reached, by CPU time, which a busy machine changes little. A
broker that needs twice as long for a turn fails it."""
