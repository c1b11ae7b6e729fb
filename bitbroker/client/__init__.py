"""What bots, games and spectators are written with.

A bot answers requests, a game asks for them; both are a class with a few methods and one blocking call::

    class MyBot(BaseBot):
        NAME = "first"

        def decide_move(self, state: bytes) -> bytes:
            return b"move"


    MyBot().run("127.0.0.1", 9000)

Needs nothing of the broker: only trio, protobuf and attrs are loaded.
"""

from bitbroker.client.answer import Answer
from bitbroker.client.bot import BaseBot, run_bot
from bitbroker.client.game import Action, BaseGame, run_game
from bitbroker.client.match import MatchInfo, MatchOverError, Outcome, Player, Result
from bitbroker.client.spectator import MatchEvent, Spectator
from bitbroker.client.table import AsyncTable, Table
from bitbroker.client.time import Clock, TimeControl
from bitbroker.client.token import read_token_file
from bitbroker.errors import (
    AnswerFailedError,
    BasicWireError,
    BitbrokerError,
    BrokerUnreachableError,
    Cause,
    ConnectionLostError,
    MissingExtraError,
    RefusedError,
    RemoteProtocolError,
    TlsError,
)

__all__ = [
    "Action",
    "Answer",
    "AnswerFailedError",
    "AsyncTable",
    "BaseBot",
    "BaseGame",
    "BasicWireError",
    "BitbrokerError",
    "BrokerUnreachableError",
    "Cause",
    "Clock",
    "ConnectionLostError",
    "MatchEvent",
    "MatchInfo",
    "MatchOverError",
    "MissingExtraError",
    "Outcome",
    "Player",
    "RefusedError",
    "RemoteProtocolError",
    "Result",
    "Spectator",
    "Table",
    "TimeControl",
    "TlsError",
    "read_token_file",
    "run_bot",
    "run_game",
]
