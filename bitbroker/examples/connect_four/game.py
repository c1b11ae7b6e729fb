"""The referee of connect four: asks the two bots in turn, keeps to the rules, says who won.

Run it with `python -m bitbroker.examples.connect_four.game`, beside a broker and two bots.
"""

import random
import time
from collections.abc import Sequence
from pathlib import Path

import attrs
from google.protobuf.message import DecodeError

from bitbroker._pb.examples import connect_four_pb2 as pb
from bitbroker.client import Action, BaseGame, Cause, Player
from bitbroker.examples._arguments import game_parser, play
from bitbroker.examples._results import append_result, plain, scores
from bitbroker.examples.connect_four.board import Board, IllegalMoveError

NO_MOVE = pb.Move()
"""What an answer that is no message counts as; its column is 0, which is not on the board."""


@attrs.frozen
class Verdict:
    """How a match ended.

    Attributes:
        winner: the seat that won; None for nobody.
        how: by what, as results have it.
        detail: what was wrong, for people; may be empty.
    """

    winner: int | None
    how: str
    detail: str = ""


@attrs.define
class Match:
    """One match: who plays, what has been played, and in the end the verdict."""

    players: Sequence[Player]
    first: int
    columns: list[int] = attrs.Factory(list)
    board: Board = attrs.Factory(Board)
    verdict: Verdict | None = None
    began: float = attrs.Factory(time.monotonic)

    @property
    def seat(self) -> int:
        """The seat that is to move."""
        return (self.first + len(self.columns)) % 2

    def drop(self, column: int) -> None:
        """Let the player to move play this column; an illegal one loses."""
        seat = self.seat
        try:
            self.board = self.board.drop(column)
        except IllegalMoveError as error:
            detail = str(error) if column else "the answer is no Move with a column"
            self.verdict = Verdict(1 - seat, "illegal move", detail)
            return
        self.columns.append(column)
        if self.board.is_won:
            self.verdict = Verdict(seat, "four in a row")
        elif self.board.is_full:
            self.verdict = Verdict(None, "draw")


class ConnectFour(BaseGame[pb.Position, pb.Move]):
    """The game, as the broker knows it: a thin layer above `Match`."""

    Response = pb.Move

    def __init__(self, *, draw: bool = False, results: Path | None = None, seed: int | None = None) -> None:
        """Prepare to referee.

        Args:
            draw: whether to print the board after each move.
            results: the file to which results are appended.
            seed: draw lots, from this seed, for who begins; None for seat 0 in every match.
        """
        self._draw = draw
        self._results = results
        self._lots = None if seed is None else random.Random(seed)  # noqa: S311 - a game, not a secret
        self._match: Match | None = None

    def initialise(self, players: Sequence[Player]) -> None:
        """Set up an empty board."""
        if len(players) != 2:
            raise ValueError(f"connect four is for two players, the broker sent {len(players)}")
        self._match = Match(players, first=self._lots.randrange(2) if self._lots else 0)

    def next_action(self) -> Action:
        """Ask the player who is to move, or end the game."""
        match = self._current
        if match.verdict is None:
            return Action.player_action(match.seat, pb.Position(columns=match.columns))
        self._report(match, match.verdict)
        return Action.end_game(scores(match.verdict.winner))

    def deliver_response(self, response: pb.Move) -> None:
        """Play the move."""
        self._current.drop(response.column)
        if self._draw:
            print(self._current.board.drawing() + "\n", flush=True)

    def deliver_failure(self, player: int, cause: Cause) -> None:
        """A player who does not answer forfeits the match."""
        self._current.verdict = Verdict(1 - player, f"forfeit: {cause.label}")

    def on_terminated(self) -> None:
        """The broker ended the match: nobody won."""
        if self._match is None:  # it never began
            super().on_terminated()
        else:
            self._report(self._match, self._match.verdict or Verdict(None, "terminated", "by the broker"))

    def parse_response(self, data: bytes) -> pb.Move:
        """The bot's move; what cannot be parsed is no move, and so illegal: the bot's fault, not an error of ours."""
        try:
            return super().parse_response(data)
        except DecodeError:
            return NO_MOVE

    @property
    def _current(self) -> Match:
        assert self._match is not None, "the broker says who plays before anything else"
        return self._match

    def _report(self, match: Match, verdict: Verdict) -> None:
        seconds = round(time.monotonic() - match.began, 3)
        print(summary(match, verdict, seconds), flush=True)
        result = {
            "winner": verdict.winner,
            "names": [player.name for player in match.players],
            "how": verdict.how,
            "turns": len(match.columns),
            "seconds": seconds,
        }
        append_result(self._results, result)
        self._match = None


def summary(match: Match, verdict: Verdict, seconds: float) -> str:
    """The result as one plain line."""
    first, second = [f"{plain(player.name) or 'nameless'} (seat {player.seat})" for player in match.players]
    if verdict.winner is None:
        score = f"{first} and {second}: nobody won"
    else:
        score = f"{first} beat {second}" if verdict.winner == 0 else f"{second} beat {first}"
    how = f"{verdict.how} ({verdict.detail})" if verdict.detail else verdict.how
    return f"{score}, {how}, {len(match.columns)} turns, {seconds:.1f} s"


def main(arguments: Sequence[str] | None = None) -> None:
    """Referee as the command line says."""
    parser = game_parser("The referee of connect four.")
    parser.add_argument("--draw", action="store_true", help="draw the board as it is played")
    parser.add_argument("--seed", type=int, help="draw lots for who begins, from this seed (default: seat 0 begins)")
    options = parser.parse_args(arguments)
    play(ConnectFour(draw=options.draw, results=options.results, seed=options.seed), options)


if __name__ == "__main__":
    main()
