"""The referee of light cycles: asks everybody at once, turn by turn, and shows the arena to whoever looks on.

Run it with `python -m bitbroker.examples.light_cycles.game`, beside a broker and two bots or more.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.message import DecodeError

from bitbroker._pb.examples import light_cycles_pb2 as pb
from bitbroker.client import Answer, BaseGame, Cause, Player, Result, Table, TimeControl
from bitbroker.examples._arguments import at_least, game_parser, play
from bitbroker.examples._results import append_result, plain
from bitbroker.examples.light_cycles.arena import MOST_RIDERS, Arena, Heading
from bitbroker.examples.light_cycles.position import read_heading, write_position


class LightCycles(BaseGame[pb.Position, pb.Move]):
    """The game, as the broker knows it: a thin layer above `Arena`.

    Who does not answer rides straight on, be it late or gone; who resigns is out.
    """

    NAME = "light cycles"
    Response = pb.Move
    TIME_CONTROL = TimeControl(start=5, move=0.5, bank=10, on_failure="tell-game")  # seconds
    CONTENT_TYPE = "text/plain"

    def __init__(self, *, draw: bool = False, pause: float = 0.0, results: Path | None = None) -> None:
        """Prepare to referee.

        Args:
            draw: whether to print the arena before each turn.
            pause: between turns, in seconds, for those who look on.
            results: the file to which results are appended.
        """
        self._draw = draw
        self._pause = pause
        self._results = results

    def initialise(self, players: Sequence[Player]) -> None:
        """See that there are as many as can ride."""
        if not 2 <= len(players) <= MOST_RIDERS:
            raise ValueError(f"light cycles are for 2 to {MOST_RIDERS} players, the broker sent {len(players)}")

    def play(self, table: Table[pb.Position, pb.Move]) -> None:
        """Hold the match."""
        arena = Arena.for_riders(len(table.players))
        self._show(arena, table)
        while not arena.is_over:
            answers = table.ask_all({seat: write_position(arena, seat) for seat in arena.riders})
            arena.ride(read_answers(arena, answers))
            self._show(arena, table)
        result = Result(arena.outlived(), arena.ranks(), describe(arena, table.players))
        table.end(result)
        self._report(arena, table.players, result)

    def parse_response(self, data: bytes) -> pb.Move:
        """The bot's move; what cannot be parsed says nothing, and so is straight on."""
        try:
            return super().parse_response(data)
        except DecodeError:
            return pb.Move()

    def _show(self, arena: Arena, table: Table[pb.Position, pb.Move]) -> None:
        picture = arena.picture()
        table.publish(picture)
        if self._draw:
            print(picture.decode() + "\n", flush=True)
        time.sleep(self._pause)

    def _report(self, arena: Arena, players: Sequence[Player], result: Result) -> None:
        print(result.reason, flush=True)
        ranks = [result.ranks[player.seat] for player in players]
        names = [player.name for player in players]
        append_result(self._results, {"ranks": ranks, "names": names, "turns": arena.turn})


def read_answers(arena: Arena, answers: dict[int, Answer[pb.Move]]) -> dict[int, Heading]:
    """Where everybody goes who has not resigned."""
    headings = {}
    for seat, answer in answers.items():
        straight_on = arena.riders[seat].heading
        if answer.cause is not Cause.RESIGNED:
            headings[seat] = read_heading(answer.decision, straight_on) if answer.ok else straight_on
    return headings


def describe(arena: Arena, players: Sequence[Player]) -> str:
    """How it ended, as one plain line."""
    best = [f"{plain(players[seat].name)} (seat {seat})" for seat, rank in arena.ranks().items() if rank == 1]
    how = "was the last to ride" if len(best) == 1 else "went out last, together"
    return f"{' and '.join(best)} {how}, after {arena.turn} turns"


def main(arguments: Sequence[str] | None = None) -> None:
    """Referee as the command line says."""
    parser = game_parser("The referee of light cycles.")
    parser.add_argument(
        "--players",
        type=at_least(2, at_most=MOST_RIDERS),
        metavar="N",
        help=f"how many ride, 2 to {MOST_RIDERS} (default: the broker's setting)",
    )
    parser.add_argument("--draw", action="store_true", help="draw the arena as it is played")
    parser.add_argument(
        "--pause",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="for how long to show it before each turn (default: %(default)g)",
    )
    options = parser.parse_args(arguments)
    game = LightCycles(draw=options.draw, pause=options.pause, results=options.results)
    game.PLAYERS = options.players
    play(game, options)


if __name__ == "__main__":
    main()
