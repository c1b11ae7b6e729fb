"""The referee of chess: asks white and black in turn, keeps to the rules, says who won.

Run it with `python -m bitbroker.examples.chess.game`, beside a broker and two bots. It knows the rules from the
`chess` package, which is under the GPL.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs
import chess
import chess.pgn
from google.protobuf.message import DecodeError

from bitbroker._pb.examples import chess_pb2 as pb
from bitbroker.client import Action, BaseGame, Cause, Player
from bitbroker.examples._arguments import at_least, game_parser, play
from bitbroker.examples._results import append_result, plain, scores

DEFAULT_MOVE_MS: Final = 100
DEFAULT_MAX_PLIES: Final = 600

_PGN_QUOTES: Final = str.maketrans({'"': "'", "\\": "/"})  # `chess.pgn` escapes neither

NO_MOVE = pb.Move()
"""What an answer that is no message counts as."""


@attrs.frozen
class Verdict:
    """How a match ended.

    Attributes:
        winner: the seat that won; None for nobody.
        termination: by what, as results have it.
        result: the score as PGN has it; `*` if there is none.
        detail: what was wrong, for people; may be empty.
    """

    winner: int | None
    termination: str
    result: str
    detail: str = ""

    @classmethod
    def won(cls, winner: int, termination: str, detail: str = "") -> "Verdict":
        """This seat won; seat 0 has white."""
        return cls(winner, termination, ("1-0", "0-1")[winner], detail)

    @classmethod
    def drawn(cls, termination: str) -> "Verdict":
        """Neither won."""
        return cls(None, termination, "1/2-1/2")


TERMINATED: Final = Verdict(None, "terminated", "*")


@attrs.define
class Match:
    """One match: who plays, the board with its history, and in the end the verdict."""

    players: Sequence[Player]
    max_plies: int
    board: chess.Board = attrs.Factory(chess.Board)
    verdict: Verdict | None = None
    began: float = attrs.Factory(time.monotonic)

    @property
    def seat(self) -> int:
        """The seat that is to move."""
        return 0 if self.board.turn == chess.WHITE else 1

    def move(self, uci: str) -> None:
        """Let the player to move play this; an illegal move loses."""
        move = legal_move(self.board, uci)
        if move is None:
            shown = repr(plain(uci)) if uci else "the answer is no Move with a uci"
            self.verdict = Verdict.won(1 - self.seat, "illegal move", shown)
        else:
            self.board.push(move)
            self.verdict = adjudicate(self.board, self.max_plies)


def legal_move(board: chess.Board, uci: str) -> chess.Move | None:
    """The move that is meant, if it is a legal one."""
    try:
        move = board.parse_uci(uci)
    except ValueError:
        return None
    return move or None  # the null move, 0000, is false


def adjudicate(board: chess.Board, max_plies: int) -> Verdict | None:
    """The verdict that the position calls for, if any. Draws that a player could claim need no claim."""
    if outcome := board.outcome():
        termination = outcome.termination.name.lower().replace("_", " ")
        if outcome.winner is None:
            return Verdict.drawn(termination)
        return Verdict.won(0 if outcome.winner == chess.WHITE else 1, termination)
    if board.is_repetition(3):
        return Verdict.drawn("threefold repetition")
    if board.is_fifty_moves():
        return Verdict.drawn("fifty moves")
    if len(board.move_stack) >= max_plies:
        return Verdict.drawn("ply limit")
    return None


class Chess(BaseGame[pb.Position, pb.Move]):
    """The game, as the broker knows it: a thin layer above `Match`."""

    Response = pb.Move

    def __init__(
        self,
        *,
        move_ms: int = DEFAULT_MOVE_MS,
        max_plies: int = DEFAULT_MAX_PLIES,
        results: Path | None = None,
        pgn: Path | None = None,
    ) -> None:
        """Prepare to referee.

        Args:
            move_ms: how long bots are told to think, in milliseconds. Advice: the broker's limit is what counts.
            max_plies: after so many moves, both players' counted, the game is a draw.
            results: the file to which results are appended.
            pgn: the file to which games are appended, in PGN.
        """
        self._move_ms = move_ms
        self._max_plies = max_plies
        self._results = results
        self._pgn = pgn
        self._match: Match | None = None

    def initialise(self, players: Sequence[Player]) -> None:
        """Set up the pieces."""
        if len(players) != 2:
            raise ValueError(f"chess is for two players, the broker sent {len(players)}")
        self._match = Match(players, self._max_plies)

    def next_action(self) -> Action:
        """Ask the player who is to move, or end the game."""
        match = self._current
        if match.verdict is None:
            moves = [move.uci() for move in match.board.move_stack]
            state = pb.Position(fen=match.board.fen(), moves=moves, think_ms=self._move_ms)
            return Action.player_action(match.seat, state)
        self._report(match, match.verdict)
        return Action.end_game(scores(match.verdict.winner))

    def deliver_response(self, response: pb.Move) -> None:
        """Play the move."""
        self._current.move(response.uci)

    def deliver_failure(self, player: int, cause: Cause) -> None:
        """A player who does not answer forfeits the match."""
        self._current.verdict = Verdict.won(1 - player, f"forfeit: {cause.label}")

    def on_terminated(self) -> None:
        """The broker ended the match: nobody won."""
        if self._match is None:  # it never began
            super().on_terminated()
        else:
            self._report(self._match, self._match.verdict or TERMINATED)

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
            "result": verdict.result,
            "termination": verdict.termination,
            "plies": len(match.board.move_stack),
            "names": [player.name for player in match.players],
            "seconds": seconds,
        }
        append_result(self._results, result)
        if self._pgn:
            append_pgn(self._pgn, match, verdict)
        self._match = None


def summary(match: Match, verdict: Verdict, seconds: float) -> str:
    """The result as one plain line."""
    white, black = [plain(player.name) for player in match.players]
    how = f"{verdict.termination} ({verdict.detail})" if verdict.detail else verdict.termination
    plies = len(match.board.move_stack)
    return f"{white} (white) - {black} (black) {verdict.result}, {how}, {plies} plies, {seconds:.1f} s"


def append_pgn(path: Path, match: Match, verdict: Verdict) -> None:
    """Append the game in PGN."""
    game = chess.pgn.Game.from_board(match.board)
    white, black = [plain(player.name).translate(_PGN_QUOTES) for player in match.players]
    game.headers.update(Event="bitbroker", White=white, Black=black)
    game.headers.update(Result=verdict.result, Termination=verdict.termination)
    with path.open("a", encoding="utf-8") as file:
        print(game, file=file, end="\n\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Referee as the command line says."""
    parser = game_parser("The referee of chess; seat 0 has white.")
    parser.add_argument(
        "--move-ms",
        type=at_least(1),
        default=DEFAULT_MOVE_MS,
        metavar="MS",
        help="how long bots are told to think; stay below the broker's limit (default: %(default)s)",
    )
    parser.add_argument(
        "--max-plies",
        type=at_least(1),
        default=DEFAULT_MAX_PLIES,
        metavar="N",
        help="a game that gets this long is a draw (default: %(default)s)",
    )
    parser.add_argument("--pgn", type=Path, metavar="FILE", help="append each game to this file, in PGN")
    options = parser.parse_args(arguments)
    game = Chess(move_ms=options.move_ms, max_plies=options.max_plies, results=options.results, pgn=options.pgn)
    play(game, options)


if __name__ == "__main__":
    main()
