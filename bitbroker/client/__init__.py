"""What bots and games are written with.

A bot answers requests, a game asks for them; both are a class with a few methods and one blocking call::

    class MyBot(BaseBot):
        NAME = "first"

        def decide_move(self, state: bytes) -> bytes:
            return b"move"


    MyBot().run("127.0.0.1", 9000)

Needs nothing of the broker: only trio, protobuf and attrs are loaded.
"""

from bitbroker.client.bot import BaseBot, run_bot
from bitbroker.client.game import Action, BaseGame, Player, run_game
from bitbroker.errors import (
    AnswerFailedError,
    BitbrokerError,
    BrokerUnreachableError,
    Cause,
    ConnectionLostError,
    RemoteProtocolError,
)

__all__ = [
    "Action",
    "AnswerFailedError",
    "BaseBot",
    "BaseGame",
    "BitbrokerError",
    "BrokerUnreachableError",
    "Cause",
    "ConnectionLostError",
    "Player",
    "RemoteProtocolError",
    "run_bot",
    "run_game",
]
