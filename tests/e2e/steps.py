"""Steps of `peer.py` by what they mean on the wire, and how a match of such programs is seated."""

from bitbroker.wire import basic
from bitbroker.wire.lines import parse_line
from bitbroker.wire.messages import Message

from .conftest import BrokerProcess, Peer, StartPeer

TERMINATION = basic.TERMINATION.to_line()
TRIGGER = basic.TRIGGER.to_line()
REQUEST = Message(2, 5, b"state").to_line()
"""What a bot is asked with, if nothing else is said of state and time limit."""


def say(*messages: Message) -> list[str]:
    """Steps in which a peer says these."""
    return [f"say:{message.to_line().decode().strip()}" for message in messages]


def bot(name: str, *steps: str) -> list[str]:
    """A bot's handshake and then these steps."""
    return [*say(basic.BOT_HELLO, basic.bot_info(name)), *steps]


def game(*steps: str) -> list[str]:
    """A game's handshake, the players, its first trigger, and then these steps."""
    return [*say(basic.GAME_HELLO), "hear", "hear", *steps]


def ask(player: int, state: bytes = b"state") -> str:
    """A step in which a game asks."""
    return say(basic.action(player, state))[0]


def decide(decision: bytes) -> str:
    """A step in which a bot answers."""
    return say(basic.decision(decision))[0]


END = say(basic.END)[0]
"""A step in which a game says that it is over."""


async def seat(broker: BrokerProcess, start_peer: StartPeer, *clients: list[str]) -> list[Peer]:
    """Start a game's program and its bots'; the game has heard who plays, and its trigger.

    The bots connect one after the other, and the game last, so that each has its seat.
    """
    game_steps, *bots_steps = clients
    peers = [await connect(broker, start_peer, steps) for steps in (*bots_steps, game_steps)]
    peers.insert(0, peers.pop())
    names = [f"bot {seat}" for seat in range(len(bots_steps))]
    assert basic.parse_players(parse_line(await peers[0].hear())) == names
    assert await peers[0].hear() == TRIGGER
    return peers


async def connect(broker: BrokerProcess, start_peer: StartPeer, steps: list[str]) -> Peer:
    """Start a program; the broker has accepted its connection, and none after it."""
    number = 1 + max((entry["connection"] for entry in broker.entries("connection opened")), default=0)
    peer = await start_peer(broker.port, *steps)
    await broker.wait_logged("connection opened", connection=number)
    return peer
