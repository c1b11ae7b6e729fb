"""Participants and tables without connections: what lobby, agenda and records look at."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from bitbroker.broker.broadcast import Broadcast
from bitbroker.broker.greeting import Greeting, Role, basic_bot, basic_game
from bitbroker.broker.stream import MessageStream, framings
from bitbroker.broker.table import Participant, Table
from bitbroker.match import Began
from bitbroker.settings import Settings
from bitbroker.wire import basic

MakeParticipant = Callable[..., Participant]
MakeTable = Callable[..., Table]


def greet(role: Role, name: str = "", players: int = 2, **settings: Any) -> Greeting:
    """What a basic client says of itself."""
    if role is Role.GAME:
        return basic_game(Settings(num_players=players, **settings))
    return attrs.evolve(basic_bot(basic.bot_info(name)), role=role)


@pytest.fixture
def make_participant() -> Iterator[MakeParticipant]:
    """A factory of participants: by role, and by the number of their connection; other keywords are as in `greet`.

    `match` is the name under which it wants to meet, `wish` the seat that it would like.
    """
    with socket.socket() as nowhere:  # one for all of them: nobody here reads or writes

        def make_participant(
            role: Role, number: int, match: str = "", wish: int | None = None, **others: Any
        ) -> Participant:
            greeting = attrs.evolve(greet(role, **others), match=match, wish=wish)
            return Participant(greeting, MessageStream(nowhere, number, "test", framings(())))

        yield make_participant


@pytest.fixture
def make_table(make_participant: MakeParticipant) -> MakeTable:
    """A factory of tables at which a match has begun; takes settings as keywords."""

    def make_table(number: int = 1, players: int = 2, now: float = 1000.0, **settings: Any) -> Table:
        game = make_participant(Role.GAME, 1, players=players, **settings)
        bots = [make_participant(Role.BOT, 2 + seat, name=f"bot {seat}") for seat in range(players)]
        table = Table(number, game, bots, Broadcast(now, 0.0, 0))
        table.match.handle(Began(), now)
        return table

    return make_table
