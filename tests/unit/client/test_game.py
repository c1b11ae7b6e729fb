"""The game's side of a match, over memory streams."""

import json
import logging
from collections.abc import Sequence
from functools import partial
from math import inf, nan
from pathlib import Path

import pytest
import trio
from google.protobuf.message import DecodeError
from trio.testing import MockClock

from bitbroker._pb.initial_pb2 import InitialMessageProto
from bitbroker.client import (
    Action,
    AnswerFailedError,
    BaseGame,
    Cause,
    ConnectionLostError,
    Player,
    RemoteProtocolError,
    run_game,
)
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

from .conftest import ADDRESS, FakeNetwork

HELLO = basic.GAME_HELLO.to_line()
PLAYERS = basic.players(["a", "b"]).to_line()
TRIGGER = basic.TRIGGER.to_line()
END = basic.END.to_line()
TERMINATION = basic.TERMINATION.to_line()
ASK = Action.player_action(1, b"state")


def response(decision: bytes) -> bytes:
    """What a broker sends for an answer."""
    return basic.decision(decision).to_line()


class Scripted(BaseGame):
    """Wants these things, one after the other, and writes down what happens to it."""

    def __init__(self, *actions: Action) -> None:
        self.actions = list(actions)
        self.events: list[object] = []

    def initialise(self, players: Sequence[Player]) -> None:
        """Write it down."""
        self.events.append(list(players))

    def next_action(self) -> Action:
        """The next one."""
        return self.actions.pop(0)

    def deliver_response(self, response: bytes) -> None:
        """Write it down."""
        self.events.append(response)

    def on_terminated(self) -> None:
        """Write it down."""
        self.events.append("terminated")


class Forgiving(Scripted):
    """Goes on without an answer."""

    def deliver_failure(self, player: int, cause: Cause) -> None:
        """Write it down."""
        self.events.append((player, cause))


class Waiting(BaseGame):
    """Every method is async."""

    def __init__(self) -> None:
        self.events: list[object] = []

    async def initialise(self, players: Sequence[Player]) -> None:
        """Wait."""
        await self.happen("initialise")

    async def next_action(self) -> Action:
        """Wait."""
        await self.happen("next_action")
        return ASK

    async def deliver_response(self, response: bytes) -> None:
        """Wait."""
        await self.happen("deliver_response")

    async def deliver_failure(self, player: int, cause: Cause) -> None:
        """Wait."""
        await self.happen("deliver_failure")

    async def on_terminated(self) -> None:
        """Wait."""
        await self.happen("on_terminated")

    async def happen(self, event: str) -> None:
        """Write it down, later."""
        await trio.sleep(1000)
        self.events.append(event)


async def test_game_holds_its_match(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """Players by seat, an action for each trigger, its answer, and the end; then it closes."""
    names = [f"bot {seat}" for seat in range(255)]
    game = Scripted(Action.player_action(0, b"first"), Action.player_action(254, b""), Action.end_game())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(game.arun, *ADDRESS, wire="basic"))
        broker = await network.accept()
        assert await broker.hear() == HELLO
        await broker.say(basic.players(names).to_line())
        await broker.say(TRIGGER)
        assert await broker.hear() == basic.action(0, b"first").to_line()
        await broker.say(response(b"one"), TRIGGER)
        assert await broker.hear() == basic.action(254, b"").to_line()
        await broker.say(response(b""), TRIGGER)
        assert await broker.hear() == END
        await broker.say(TERMINATION)
        assert await broker.hear_all() == []
    assert game.events == [[Player(seat, name) for seat, name in enumerate(names)], b"one", b""]


async def test_every_method_may_be_async(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """Each is awaited before the next thing happens."""
    failure = basic.failure(Cause.TIME_LIMIT).to_line()
    network.script = [PLAYERS, TRIGGER, response(b""), TRIGGER, failure, TERMINATION]
    game = Waiting()
    await game.arun(*ADDRESS, wire="basic")
    assert game.events == [
        "initialise",
        *("next_action", "deliver_response"),
        *("next_action", "deliver_failure"),
        "on_terminated",
    ]


# Answers that fail.


@pytest.mark.parametrize("cause", [Cause.TIME_LIMIT, Cause.DISCONNECTED, Cause.SLOW_CONSUMER])
def test_failure_is_no_response(network: FakeNetwork, cause: Cause) -> None:
    """A game that has a method for it hears who failed and why, and goes on."""
    network.script = [PLAYERS, TRIGGER, basic.failure(cause).to_line(), TRIGGER, TERMINATION]
    game = Forgiving(ASK, Action.end_game())
    game.run(*ADDRESS, wire="basic")
    assert game.events[1:] == [(1, cause)]


def test_failure_of_a_kind_that_is_not_known_yet(network: FakeNetwork) -> None:
    """A newer broker may have more causes; it is a failure all the same."""
    network.script = [PLAYERS, TRIGGER, Message(2, 200).to_line(), TRIGGER, TERMINATION]
    game = Forgiving(ASK, Action.end_game())
    game.run(*ADDRESS, wire="basic")
    assert game.events[1:] == [(1, 200)]


def test_failure_that_a_game_does_not_expect(network: FakeNetwork) -> None:
    """Is an error that says who, why, and what to do about it."""
    network.script = [PLAYERS, TRIGGER, basic.failure(Cause.DISCONNECTED).to_line()]
    with pytest.raises(AnswerFailedError) as caught:
        Scripted(ASK).run(*ADDRESS, wire="basic")
    assert (caught.value.player, caught.value.cause) == (1, Cause.DISCONNECTED)
    assert str(caught.value).startswith("player 1 gave no answer (disconnected): define deliver_failure(player, cause)")
    assert "--on-failure end-match" in str(caught.value)


# Endings.


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([TERMINATION], b""),
        ([PLAYERS, TERMINATION], b""),
        ([PLAYERS, TERMINATION, TERMINATION], b""),
        ([PLAYERS, TRIGGER, TERMINATION, TERMINATION], basic.action(1, b"state").to_line()),
    ],
)
def test_broker_ends_the_match(network: FakeNetwork, script: list[bytes], said: bytes) -> None:
    """In place of the players, of a trigger or of an answer, once or twice: the game is told, and it is no error."""
    network.script = script
    game = Scripted(ASK)
    game.run(*ADDRESS, wire="basic")
    assert game.events[-1] == "terminated"
    assert network.heard == [HELLO + said]


def test_broker_and_game_end_the_match_at_once(network: FakeNetwork) -> None:
    """A game that has said it is over needs not be told that it was ended."""
    network.script = [PLAYERS, TRIGGER, TERMINATION, TERMINATION]
    game = Scripted(Action.end_game())
    game.run(*ADDRESS, wire="basic")
    assert game.events == [[Player(0, "a"), Player(1, "b")]]


def test_game_without_a_method_for_it_logs_that_it_was_ended(
    network: FakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning that says where to look."""

    class Plain(BaseGame):
        def next_action(self) -> Action:
            return Action.end_game()

        def deliver_response(self, response: bytes) -> None:
            raise AssertionError("nobody was asked")

    network.script = [PLAYERS, TERMINATION]
    Plain().run(*ADDRESS, wire="basic")
    ((name, level, words),) = caplog.record_tuples
    assert (name, level) == ("bitbroker.client", logging.WARNING)
    assert "the broker's log says why" in words


@pytest.mark.parametrize("script", [[b""], [PLAYERS], [PLAYERS, TRIGGER], [PLAYERS, TRIGGER, response(b"")]])
def test_end_of_stream_is_an_error(network: FakeNetwork, script: list[bytes]) -> None:
    """Wherever it comes, if it comes without a termination; also after the game's own end."""
    for action in (ASK, Action.end_game()):
        network.script = script
        with pytest.raises(ConnectionLostError, match="without saying that the match is over"):
            Scripted(action).run(*ADDRESS, wire="basic")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([TRIGGER], "expected the list of players"),
        ([basic.bot_info("x").to_line()], "expected the list of players"),
        ([PLAYERS, PLAYERS], "expected a trigger"),
        ([PLAYERS, response(b"")], "expected a trigger"),
        ([PLAYERS, Message(1, 1).to_line()], "expected a trigger"),
        ([PLAYERS, TRIGGER, TRIGGER], "expected the answer of player 1"),
        ([PLAYERS, TRIGGER, PLAYERS], "expected the answer of player 1"),
    ],
)
def test_what_no_broker_says_to_a_game(network: FakeNetwork, script: list[bytes], words: str) -> None:
    """The broker's fault, by name, with what was expected."""
    network.script = script
    with pytest.raises(RemoteProtocolError, match=words):
        Scripted(ASK).run(*ADDRESS, wire="basic")


def test_exception_of_the_user_is_bare(network: FakeNetwork) -> None:
    """From whichever method; here there is no action left."""
    network.script = [PLAYERS, TRIGGER, response(b""), TRIGGER]
    with pytest.raises(IndexError) as caught:
        Scripted(ASK).run(*ADDRESS, wire="basic")
    assert caught.traceback[-1].name == "next_action"


# Payloads and actions.


class Protobuf(BaseGame[InitialMessageProto, InitialMessageProto]):
    """Asks and is answered in protobuf messages."""

    Response = InitialMessageProto

    def __init__(self) -> None:
        self.responses: list[InitialMessageProto] = []

    def next_action(self) -> Action:
        """Ask once."""
        if self.responses:
            return Action.end_game()
        return Action.player_action(0, InitialMessageProto(botIndex=5))

    def deliver_response(self, response: InitialMessageProto) -> None:
        """Write it down."""
        self.responses.append(response)


def test_protobuf_payloads(network: FakeNetwork) -> None:
    """The state is serialised, the response parsed; a failure with its empty body is not taken for a default one."""
    answer = InitialMessageProto(botName="x")
    network.script = [PLAYERS, TRIGGER, response(answer.SerializeToString()), TRIGGER, TERMINATION]
    game = Protobuf()
    game.run(*ADDRESS, wire="basic")
    assert game.responses == [answer]
    state = InitialMessageProto(botIndex=5).SerializeToString()
    assert network.heard == [HELLO + basic.action(0, state).to_line() + END]
    network.script = [PLAYERS, TRIGGER, basic.failure(Cause.TIME_LIMIT).to_line()]
    with pytest.raises(AnswerFailedError):
        Protobuf().run(*ADDRESS, wire="basic")


def test_response_that_is_not_of_its_class(network: FakeNetwork) -> None:
    """The parser's own error."""
    network.script = [PLAYERS, TRIGGER, response(b"\xff")]
    with pytest.raises(DecodeError):
        Protobuf().run(*ADDRESS, wire="basic")


@pytest.mark.parametrize("player", [-1, 255, 1000])
def test_player_that_cannot_be(player: int) -> None:
    """Refused where the game makes the mistake, before anything is sent."""
    with pytest.raises(ValueError, match=f"there is no player {player}: seats are numbered from 0"):
        Action.player_action(player, b"")


@pytest.mark.parametrize("state", [None, "text", 7])
def test_state_that_is_no_payload(state: object) -> None:
    """The error names where it came from."""
    with pytest.raises(TypeError, match=r"Action\.player_action gave .*: a payload is bytes or a protobuf message"):
        Action.player_action(0, state)


# Scores.


@pytest.mark.parametrize("scores", [None, [1, 0.5], [1, -2]])
def test_scores_are_handed_in(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scores: list[float] | None
) -> None:
    """To the file that the environment names, if the game has any."""
    path = tmp_path / "scores"
    monkeypatch.setenv("BROKER_SCORES", str(path))
    network.script = [PLAYERS, TRIGGER, TERMINATION]
    Scripted(Action.end_game(scores)).run(*ADDRESS, wire="basic")
    assert path.exists() == (scores is not None)
    assert scores is None or json.loads(path.read_text()) == {"scores": scores}


def test_scores_that_nobody_wants(network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file they are left alone."""
    monkeypatch.setenv("BROKER_SCORES", "")
    network.script = [PLAYERS, TRIGGER, TERMINATION]
    Scripted(Action.end_game([1, 0])).run(*ADDRESS, wire="basic")
    assert network.heard == [HELLO + END]


@pytest.mark.parametrize("score", [nan, inf, -inf])
def test_score_that_is_no_number(score: float) -> None:
    """Refused where the game makes the mistake."""
    with pytest.raises(ValueError, match="each must be a finite number"):
        Action.end_game([1.0, score])


# Ways to start.


def test_run_game_is_run(network: FakeNetwork) -> None:
    """With the same arguments."""
    network.script = [PLAYERS, TRIGGER, TERMINATION]
    game = Scripted(Action.end_game(), Action.end_game())
    run_game(game, *ADDRESS, matches=2, connect_timeout=1, wire="basic")
    assert network.heard == [HELLO + END] * 2


def test_game_needs_its_methods() -> None:
    """One without them cannot be made."""
    with pytest.raises(TypeError, match=r"deliver_response.*next_action"):
        type("Half", (BaseGame,), {})()
