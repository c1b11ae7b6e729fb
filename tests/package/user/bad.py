"""A user's slips; behind each line what `mypy --strict` must call it."""

from bitbroker._pb.examples.connect_four_pb2 import Move, Position
from bitbroker.client import Action, BaseBot, BaseGame, run_bot
from bitbroker.testing import ScriptedBot, play_match


class TextBot(BaseBot):
    def decide_move(self, state: bytes) -> str:  # slip: override
        return state.decode()


class TextStateBot(BaseBot):
    def decide_move(self, state: str) -> bytes:  # slip: override
        return state.encode()


class ForgetfulBot(BaseBot):
    def decide_move(self, state: bytes) -> bytes:  # slip: empty-body
        """No return."""


class OtherStateBot(BaseBot[Position, Move]):
    State = Move  # slip: assignment

    def decide_move(self, state: Move) -> Move:  # slip: override
        return state


class UnfinishedBot(BaseBot):
    NAME = "nobody"


class UnfinishedGame(BaseGame):
    def next_action(self) -> Action:
        return Action.player_action("0", b"state")  # slip: arg-type


class TextGame(BaseGame[Position, Move]):
    Response = Move

    def next_action(self) -> bytes:  # slip: override
        return b"over"

    def deliver_response(self, response: bytes) -> None:  # slip: override
        Action.end_game("ada won")  # slip: arg-type


UnfinishedBot()  # slip: abstract
run_bot(TextGame())  # slip: arg-type
TextBot().run(port="9000")  # slip: arg-type
ScriptedBot(["text"])  # slip: list-item
play_match(TextGame, [TextBot()])  # slip: arg-type
play_match(TextGame(), [TextBot()]).winner  # slip: attr-defined
