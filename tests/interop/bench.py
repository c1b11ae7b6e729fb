"""Turns a second of one match, the crate's own game and bots, on the crate's broker and on ours. `make bench-interop`.

The game takes the time itself, from the first trigger to the last response. The crate's broker sends response and
trigger as two writes and leaves Nagle's algorithm on, so each turn waits for a delayed acknowledgement.
"""

import os
import sys
from typing import Final

import trio

from tests.interop.processes import open_party
from tests.interop.programs import Kind, open_broker, read_report, start_bot, start_game

TURNS: Final = {Kind.CRATE: 100, Kind.OURS: 20_000}
STATE_BYTES: Final = 64
EXPECTED_RATIO: Final = 100
"""Looked at by people, and no failure: the crate's broker waits most of the time, so a busy machine slows only ours."""


async def measure(kind: Kind) -> float:
    """Turns a second on this broker."""
    async with open_party(shows=False) as party:
        broker = await open_broker(party, kind, 2)
        for tag in (1, 2):
            await start_bot(party, Kind.CRATE, broker.port, tag, "plain")
        game = await start_game(party, Kind.CRATE, broker.port, TURNS[kind], STATE_BYTES)
        await game.wait()
    report = read_report(game)
    if game.exit_code or report.wrong:
        sys.exit(f"the match on {kind} went wrong: exit code {game.exit_code}, {report.wrong} wrong answers")
    return report.turns / report.seconds


def main() -> None:
    """Measure both and compare."""
    rates = {kind: trio.run(measure, kind) for kind in TURNS}
    for kind, rate in rates.items():
        print(f"{'on ' + kind:15} {rate:10,.1f} turns/s ({TURNS[kind]:,} turns, states of {STATE_BYTES} bytes)")
    ratio = rates[Kind.OURS] / rates[Kind.CRATE]
    print(f"{'ratio':15} {ratio:10,.1f}")
    if ratio < EXPECTED_RATIO:
        busy = os.getloadavg()[0]
        print(f"below {EXPECTED_RATIO}: a busy machine (load average {busy:.1f}), or something holds messages back?")


if __name__ == "__main__":
    main()
