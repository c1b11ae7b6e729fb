"""A player of connect four that looks ahead: negamax with alpha-beta, a fixed number of moves deep.

Run it with `python -m bitbroker.examples.connect_four.search_bot`.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from bitbroker._pb.examples import connect_four_pb2 as pb
from bitbroker.client import BaseBot
from bitbroker.examples._arguments import at_least, bot_parser, play
from bitbroker.examples.connect_four.board import COLUMN_CELLS, Board, landing_cells, winning_cells

DEFAULT_DEPTH: Final = 8

_WIN: Final = 1000  # above any count of cells; less the discs on the board, so that sooner is better
_CENTRE_FIRST: Final = (4, 3, 5, 2, 6, 1, 7)  # good moves first is what makes alpha-beta cut


def best_column(board: Board, depth: int) -> int:
    """The best column for the player to move, as far as `depth` moves ahead tell; 0 if the board is full."""
    wins = winning_cells(board.mover, board.taken)
    best, best_score = 0, -_WIN
    for column, cell in _moves(landing_cells(board.taken)):
        if cell & wins:
            return column
        score = -_negamax(board.taken ^ board.mover, board.taken | cell, depth - 1, -_WIN, -best_score)
        if not best or score > best_score:
            best, best_score = column, score
    return best


def _negamax(mover: int, taken: int, depth: int, alpha: int, beta: int) -> int:
    """The position's worth for the player to move.

    Exact between alpha and beta, a bound outside. A win one move ahead is seen without playing it, and a threat of
    one leaves a single move to try: that is worth two moves of depth.
    """
    landing = landing_cells(taken)
    chances, threats = winning_cells(mover, taken), winning_cells(taken ^ mover, taken)
    if landing & chances:
        return _WIN - taken.bit_count()
    if landing & threats:
        landing &= threats  # must be stopped
        if landing & (landing - 1):
            return taken.bit_count() + 1 - _WIN  # two at once cannot be
    elif not landing:
        return 0
    if depth <= 0:
        return chances.bit_count() - threats.bit_count()
    for _, cell in _moves(landing):
        alpha = max(alpha, -_negamax(taken ^ mover, taken | cell, depth - 1, -beta, -alpha))
        if alpha >= beta:
            break
    return alpha


def _moves(landing: int) -> Iterator[tuple[int, int]]:
    """The columns in which a disc may land, and where it does."""
    for column in _CENTRE_FIRST:
        if cell := landing & COLUMN_CELLS[column - 1]:
            yield column, cell


class SearchBot(BaseBot[pb.Position, pb.Move]):
    """Plays the best column it sees; always the same one in the same position."""

    NAME = "search"
    State = pb.Position

    def __init__(self, depth: int = DEFAULT_DEPTH) -> None:
        self._depth = depth

    def decide_move(self, state: pb.Position) -> pb.Move:
        """Choose a column."""
        return pb.Move(column=best_column(Board.after(state.columns), self._depth))


def main(arguments: Sequence[str] | None = None) -> None:
    """Play as the command line says."""
    parser = bot_parser("Plays connect four by looking ahead.", SearchBot.NAME)
    parser.add_argument(
        "--depth", type=at_least(1), default=DEFAULT_DEPTH, help="how many moves to look ahead (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    bot = SearchBot(options.depth)
    bot.NAME = options.name
    play(bot, options)


if __name__ == "__main__":
    main()
