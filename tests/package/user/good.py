"""A user's own game and bots, fully typed: `mypy --strict` has nothing to say."""

from collections.abc import Sequence

from bitbroker._pb.examples.connect_four_pb2 import Move, Position
from bitbroker.client import (
    Action,
    AsyncTable,
    BaseBot,
    BaseGame,
    Cause,
    Player,
    Result,
    TimeControl,
    run_bot,
    run_game,
)
from bitbroker.testing import Delay, MatchReport, RunningBroker, ScriptedBot, StartBroker, play_match


class PlainBot(BaseBot):
    """Bytes in, bytes out: what a bot without type parameters is."""

    def decide_move(self, state: bytes) -> bytes:
        """Say it again."""
        return state


class MessageBot(BaseBot[Position, Move]):
    """Protobuf messages, and a method that waits."""

    State = Position

    async def decide_move(self, state: Position) -> Move:
        """The column after as many discs."""
        return Move(column=len(state.columns) % 7 + 1)


class Game(BaseGame[Position, Move]):
    """Asks for a move, twice."""

    Response = Move

    def __init__(self) -> None:
        self.players: Sequence[Player] = ()
        self.columns: list[int] = []

    def initialise(self, players: Sequence[Player]) -> None:
        """Note who plays."""
        self.players = players

    async def next_action(self) -> Action:
        """Ask, or end."""
        if len(self.columns) == 2:
            return Action.end_game([1.0 for _ in self.players])
        return Action.player_action(self.players[0].seat, Position(columns=self.columns))

    def deliver_response(self, response: Move) -> None:
        """Note a move."""
        self.columns.append(response.column)

    def deliver_failure(self, player: int, cause: Cause) -> None:
        """Note that there is none."""
        self.columns.append(0)


class Auction(BaseGame[Position, Move]):
    """The other way to write a game: asks both players at once."""

    Response = Move
    PLAYERS = 2
    TIME_CONTROL = TimeControl(move=1, bank=5, on_failure="tell-game")

    async def play(self, table: AsyncTable[Position, Move]) -> None:
        """One round."""
        answers = await table.ask_all({player.seat: Position() for player in table.players})
        bids = {seat: answer.decision.column for seat, answer in answers.items() if answer.ok}
        await table.end(Result(scores=bids, reason="sold"))


def test_match() -> None:
    """The test kit is typed, too."""
    report: MatchReport = play_match(Game(), [MessageBot()], time_limit=1)
    answers: Sequence[bytes] = report.answers(0)
    assert [Move.FromString(answer).column for answer in answers] == [1, 2]
    assert report.scores == [1.0]
    assert play_match(Auction(), [MessageBot(), ScriptedBot([Move(column=7)])]).scores == [1.0, 7.0]


def test_broker(bitbroker_broker: StartBroker) -> None:
    """The fixture is, as well."""
    broker: RunningBroker = bitbroker_broker(num_players=1)
    assert broker.results() == []


def play(port: int) -> None:
    """Over the wire."""
    run_bot(MessageBot(), "127.0.0.1", port)
    run_game(Game(), port=port, matches=None)
    ScriptedBot([b"answer", Delay(1, Move(column=1))]).run(port=port)
