"""Recorded matches of the crate's clients, held again with ours."""

from collections.abc import Sequence
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from bitbroker.client import Action, BaseBot, BaseGame, Player
from bitbroker.wire import basic, messages
from bitbroker.wire.lines import parse_line
from bitbroker.wire.messages import Message
from tests.replay import RECORDINGS, Recording, in_order, replay_broker

from .conftest import ADDRESS, FakeNetwork

NAME = "reverse 🦀"
"""What all recorded bots are called."""


def said(recording: Recording, connection: int, *, from_broker: bool, opcode: int) -> list[Message]:
    """The messages of this kind, among all that one side said on a connection."""
    spoken = map(parse_line, recording.said(connection, from_broker=from_broker))
    return [message for message in spoken if message.opcode == opcode]


class RecordedBot(BaseBot):
    """Decides what the recorded one decided, if it is asked what that one was asked."""

    NAME = NAME

    def __init__(self, recording: Recording, connection: int) -> None:
        pick = partial(said, recording, connection, opcode=messages.DECISION)
        self.states = [message.body for message in pick(from_broker=True)]
        self.decisions = [message.body for message in pick(from_broker=False)]

    def decide_move(self, state: bytes) -> bytes:
        """The next decision."""
        assert state == self.states.pop(0)
        return self.decisions.pop(0)


class RecordedGame(BaseGame):
    """Asks what the recorded one asked, if it is answered what that one was answered."""

    def __init__(self, recording: Recording, connection: int) -> None:
        self.actions = said(recording, connection, from_broker=False, opcode=messages.ACTION)
        responses = said(recording, connection, from_broker=True, opcode=messages.DECISION)
        self.responses = [message.body for message in responses]
        self.players: Sequence[Player] = []

    def initialise(self, players: Sequence[Player]) -> None:
        """Who plays."""
        self.players = players

    def next_action(self) -> Action:
        """The next action, or the end."""
        if not self.actions:
            return Action.end_game()
        action = self.actions.pop(0)
        return Action.player_action(action.operand, action.body)

    def deliver_response(self, response: bytes) -> None:
        """The next response."""
        assert response == self.responses.pop(0)


CONNECTIONS = [
    pytest.param(recording, connection, id=f"{recording.case}-{role}-{connection}")
    for recording in RECORDINGS
    for connection, role in recording.roles.items()
]


@pytest.mark.parametrize(("recording", "connection"), CONNECTIONS)
async def test_clients_say_what_the_crates_clients_said(
    autojump_clock: MockClock, network: FakeNetwork, recording: Recording, connection: int
) -> None:
    """Each of a recording's clients in turn is ours; everything was asked, and everything answered."""
    client: RecordedBot | RecordedGame
    if recording.roles[connection] == "bot":
        client = RecordedBot(recording, connection)
    else:
        client = RecordedGame(recording, connection)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(client.arun, *ADDRESS, wire="basic"))
            await replay_broker(recording, connection, await network.accept())
    if isinstance(client, RecordedBot):
        assert (client.states, client.decisions) == ([], [])
    else:
        assert (client.actions, client.responses) == ([], [])
        assert list(client.players) == [Player(seat, NAME) for seat in range(recording.players)]


def test_only_the_list_of_players_may_have_another_order() -> None:
    """Players in another order are the same list; other players, other bytes or another message are not."""
    players = basic.players(["", "b"])
    swapped = Message(players.opcode, players.operand, players.body[2:] + players.body[:2])
    assert basic.parse_players(swapped) == ["", "b"]
    assert in_order(swapped.to_line()) == in_order(players.to_line())
    assert in_order(basic.players(["b", ""]).to_line()) != in_order(players.to_line())
    assert in_order(basic.decision(swapped.body).to_line()) != in_order(basic.decision(players.body).to_line())
