"""Games that are written as they are thought, with `async def play`, on either wire."""

from math import inf

import pytest
import trio
from google.protobuf.message import DecodeError
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker._pb.examples import connect_four_pb2
from bitbroker.client import (
    AnswerFailedError,
    AsyncTable,
    BaseGame,
    Cause,
    ConnectionLostError,
    MatchOverError,
    Outcome,
    Player,
    Result,
)
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

from .scripted import Script, answer, failure, outcome, scripted, start, turn_result, welcome

BASIC_PLAYERS = basic.players(["bot 0", "bot 1"])
END = extended.encode(extended.RESULT, pb.Result())


class Thought(BaseGame):
    """What all games here have in common: notes."""

    def __init__(self) -> None:
        self.notes: list[object] = []

    def on_terminated(self) -> None:
        """Note it."""
        self.notes.append("terminated")

    def on_outcome(self, outcome: Outcome) -> None:
        """Note it."""
        self.notes.append(outcome.cause)


def turns(said: list[Message]) -> list[pb.Turn]:
    """The turns among what a game said."""
    return [extended.parse(message, pb.Turn) for message in said if extended.code(message) == extended.TURN]


async def test_several_at_once(autojump_clock: MockClock) -> None:
    """One turn with an ask for each; answers by seat, however the broker orders and cuts them."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            self.notes += [table.players, table.match.id]
            answers = await table.ask_all({1: b"b", 0: b"a"}, limit=2)
            self.notes.append(answers)
            first, second = answers[0], answers[1]
            self.notes += [first.ok, first.decision, first.payload, first.elapsed, first.bank_left]
            self.notes += [second.ok, second.cause, second.elapsed, second.bank_left]

    game = Game()
    results = [turn_result(1, failure(1), more=True), turn_result(1, answer(0, b"A"))]
    with scripted([welcome(), start(), *results, outcome()]) as broker:
        await game.arun()
    (turn,) = turns(broker.heard())
    assert [(ask.seat, ask.state, ask.limit_ms) for ask in turn.asks] == [(1, b"b", 2000), (0, b"a", 2000)]
    players, match_id, answers, *notes = game.notes
    assert (players, match_id) == ([Player(0, "bot 0"), Player(1, "bot 1")], "7")
    assert list(answers) == [1, 0]  # type: ignore[call-overload]  # a dict, as noted
    assert notes == [True, b"A", b"A", 0.25, 1.5, False, Cause.TIME_LIMIT, 5.0, inf, Cause.COMPLETED]
    assert broker.heard()[-1] == END  # returning is ending


async def test_answers_that_failed_have_no_decision(autojump_clock: MockClock) -> None:
    """Asking for it is an error that names the player."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            answer = await table.ask(1, b"")
            self.notes.append(answer.payload)
            self.notes.append(answer.decision)

    game = Game()
    script = [welcome(), start(), turn_result(1, failure(1))]
    with scripted(script), pytest.raises(AnswerFailedError, match=r"player 1 gave no answer.*answer\.ok"):
        await game.arun()
    assert game.notes == [b""]


async def test_protobuf_payloads(autojump_clock: MockClock) -> None:
    """States are made bytes; a decision is parsed when it is looked at, so that one that is none spoils no other."""
    Position, Move = connect_four_pb2.Position, connect_four_pb2.Move  # noqa: N806 - classes
    columns = []

    class Typed(BaseGame[connect_four_pb2.Position, connect_four_pb2.Move]):
        Response = Move

        async def play(self, table: AsyncTable[connect_four_pb2.Position, connect_four_pb2.Move]) -> None:
            answers = await table.ask_all({0: Position(columns=[1]), 1: Position(columns=[2])})
            columns.append(answers[0].decision.column)
            with pytest.raises(DecodeError):
                _ = answers[1].decision
            await table.publish(Position(columns=[9]))

    result = turn_result(1, answer(0, Move(column=4).SerializeToString()), answer(1, b"\xff"))
    with scripted([welcome(), start(), result, outcome()]) as broker:
        await Typed().arun()
    assert columns == [4]
    (turn,) = turns(broker.heard())
    assert [ask.state for ask in turn.asks] == [Position(columns=[n]).SerializeToString() for n in (1, 2)]
    publish = pb.Publish(number=1, payload=Position(columns=[9]).SerializeToString())
    assert broker.heard()[2] == extended.encode(extended.PUBLISH, publish)


@pytest.mark.parametrize("size", [0, 1, 300, 900, 1000])
async def test_turns_are_split_to_fit(autojump_clock: MockClock, size: int) -> None:
    """No message is larger than the broker takes, all but the last say that more follow, nothing is lost or moved."""
    states = {seat: b"%03d" % seat * size for seat in reversed(range(255))}

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            await table.ask_all(states)

    result = turn_result(1, *(answer(seat, b"") for seat in range(255)))
    script = [welcome(payload=3000, message=4096), start(players=255), result, outcome()]
    with scripted(script) as broker:
        await Game().arun()
    parts = turns(broker.heard())
    assert all(message.body_bytes + 2 <= 4096 for message in broker.heard())
    assert [part.more for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {part.number for part in parts} == {1}
    assert [(ask.seat, ask.state) for part in parts for ask in part.asks] == list(states.items())
    whole = extended.encode(extended.TURN, pb.Turn(number=1, asks=[ask for part in parts for ask in part.asks]))
    assert len(parts) <= 2 * (whole.body_bytes // 4096) + 1  # full, as far as asks let them be


async def test_turns_that_just_fit_are_not_split(autojump_clock: MockClock) -> None:
    """Whatever the size: no message above the limit, and none split that is well below it."""
    sizes = range(2000, 2060)

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            for size in sizes:
                await table.ask_all({0: bytes(size), 1: bytes(size)})

    results = [turn_result(number, answer(0, b""), answer(1, b"")) for number in range(1, len(sizes) + 1)]
    with scripted([welcome(payload=3000, message=4096), start(), *results, outcome()]) as broker:
        await Game().arun()
    said = [message.body_bytes + 2 for message in broker.heard() if extended.code(message) == extended.TURN]
    whole = [size for size in said if size > 3000]
    assert max(said) <= 4096
    assert max(whole) > 4096 - 32
    assert len(said) == len(whole) + 2 * (len(sizes) - len(whole))
    assert 0 < len(whole) < len(sizes)


async def test_payloads_that_are_too_large(autojump_clock: MockClock) -> None:
    """A state, or what is shown: an error here, and nothing has been said of it."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            with pytest.raises(ValueError, match="a state of 4 bytes: the broker takes up to 3"):
                await table.ask(0, b"1234")
            with pytest.raises(ValueError, match="a publication of 4 bytes: the broker takes up to 3"):
                await table.publish(b"1234")

    with scripted([welcome(payload=3), start(), outcome()]) as broker:
        await Game().arun()
    assert broker.heard()[1:] == [END]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, pb.Result()),
        ([1, 0], pb.Result(seats=[pb.SeatResult(seat=0, score=1), pb.SeatResult(seat=1, score=0)])),
        ({1: -0.5}, pb.Result(seats=[pb.SeatResult(seat=1, score=-0.5)])),
        (
            Result(scores={1: 3}, ranks=[2, 1], reason="paper covers rock"),
            pb.Result(
                seats=[pb.SeatResult(seat=0, rank=2), pb.SeatResult(seat=1, score=3, rank=1)],
                reason="paper covers rock",
            ),
        ),
    ],
)
async def test_results(autojump_clock: MockClock, given: Result | list[float] | None, said: pb.Result) -> None:
    """Scores in both ways, ranks, a reason; the outcome comes back."""
    outcomes: list[Outcome | None] = []

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            outcomes.append(await table.end(given))

    over = extended.encode(extended.OUTCOME, pb.Outcome(match_id="7", cause=pb.CAUSE_COMPLETED, result=said))
    with scripted([welcome(), start(), over]) as broker:
        await Game().arun()
    assert broker.heard()[1:] == [extended.encode(extended.RESULT, said)]
    assert outcomes == [Outcome("7", Cause.COMPLETED, result=Result.of(given))]


async def test_results_that_are_none(autojump_clock: MockClock) -> None:
    """Each an error here; then the match can still be ended."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            with pytest.raises(ValueError, match="no player 2: this match has 2"):
                await table.end([0, 0, 0])
            with pytest.raises(ValueError, match="no player -1"):
                await table.end({-1: 0})
            with pytest.raises(ValueError, match="finite"):
                await table.end([inf, 0])
            with pytest.raises(ValueError, match="whole number, from 1"):
                await table.end(Result(ranks=[0, 1]))
            with pytest.raises(ValueError, match="no player 7"):
                await table.ask(7, b"")

    with scripted([welcome(), start(), outcome()]) as broker:
        await Game().arun()
    assert broker.heard()[1:] == [END]


async def test_asking_nobody(autojump_clock: MockClock) -> None:
    """No turn, no answers."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            self.notes.append(await table.ask_all({}))

    game = Game()
    with scripted([welcome(), start(), outcome()]) as broker:
        await game.arun()
    assert broker.heard()[1:] == [END]
    assert game.notes[0] == {}


@pytest.mark.parametrize(
    "script",
    [
        [welcome(), start(), outcome(pb.CAUSE_TIME_LIMIT, seat=1)],
        [BASIC_PLAYERS, basic.TERMINATION],
        [BASIC_PLAYERS, basic.TRIGGER, basic.TERMINATION],
    ],
)
async def test_broker_ends_the_match(autojump_clock: MockClock, script: Script) -> None:
    """An error comes out of the table, as often as it is asked; who lets it pass ends well."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            try:
                await table.ask(0, b"")
            except MatchOverError as error:
                self.notes.append(error.outcome)
            for method in (table.ask_all({1: b""}), table.publish(b"") if script[0] == welcome() else table.end()):
                with pytest.raises(MatchOverError):
                    await method
            await table.end()

    game = Game()
    with scripted(script):
        await game.arun()
    if script[0] == welcome():
        assert game.notes == [Outcome("7", Cause.TIME_LIMIT, 1), Cause.TIME_LIMIT, "terminated"]
    else:
        assert game.notes == [None, "terminated"]


async def test_broker_ends_the_match_at_its_end(autojump_clock: MockClock) -> None:
    """Both ended it, and the broker was first."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            await table.end([1, 0])
            self.notes.append("never")

    game = Game()
    with scripted([welcome(), start(), outcome(pb.CAUSE_BROKER_STOPPING)]):
        await game.arun()
    assert game.notes == [Cause.BROKER_STOPPING, "terminated"]


async def test_table_after_the_end(autojump_clock: MockClock) -> None:
    """Whoever goes on is told that it was they who ended it."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            await table.end()
            for method in (table.ask(0, b""), table.publish(b""), table.end()):
                with pytest.raises(RuntimeError, match="this game has ended it"):
                    await method

    for script in ([welcome(), start(), outcome()], [BASIC_PLAYERS, basic.TRIGGER, basic.TERMINATION]):
        with scripted(script) as broker:
            await Game().arun()
        assert len(broker.heard()) == 2


async def test_ask_that_was_cancelled(autojump_clock: MockClock) -> None:
    """The turn stays open at the broker, so there is no next one; the match can be ended."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            with trio.CancelScope() as scope:
                scope.cancel()
                await table.ask(0, b"")
            with pytest.raises(RuntimeError, match="give asks a limit instead of cancelling"):
                await table.ask(1, b"")

    with scripted([welcome(), start(), outcome()]) as broker:
        await Game().arun()
    assert broker.heard()[-1] == END


async def test_exceptions_arrive_bare(autojump_clock: MockClock) -> None:
    """As they were raised, and nothing is said to the broker."""

    class MyError(Exception):
        pass

    class Broken(Thought):
        async def play(self, table: AsyncTable) -> None:
            await table.ask(0, b"")
            raise MyError

    with scripted([welcome(), start(), turn_result(1, answer(0, b""))]) as broker, pytest.raises(MyError) as caught:
        await Broken().arun()
    assert caught.value.__context__ is None
    assert broker.heard()[2:] == [Message(*extended.LEAVE)]


async def test_basic_wire(autojump_clock: MockClock) -> None:
    """One after the other; what it has no word for does nothing."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            self.notes.append(table.match.id)
            await table.publish(b"picture")
            answers = await table.ask_all({1: b"b", 0: b"a"}, limit=3)
            self.notes += [answers[1].decision, answers[0].cause, answers[0].bank_left]
            self.notes.append(await table.end({0: 1}))

    game = Game()
    turns = [basic.TRIGGER, basic.decision(b"B"), basic.TRIGGER, basic.failure(Cause.TIME_LIMIT)]
    with scripted([BASIC_PLAYERS, *turns, basic.TRIGGER, basic.TERMINATION]) as broker:
        await game.arun(wire="basic")
    assert broker.heard() == [basic.GAME_HELLO, basic.action(1, b"b"), basic.action(0, b"a"), basic.END]
    assert game.notes == ["", b"B", Cause.TIME_LIMIT, None, None]


async def test_connection_that_is_lost_for_good(autojump_clock: MockClock) -> None:
    """It comes out of the table, and of `run`."""

    class Game(Thought):
        async def play(self, table: AsyncTable) -> None:
            with pytest.raises(ConnectionLostError, match="no way back"):
                await table.ask(0, b"")
            await table.end()

    with scripted([welcome(), start()]), pytest.raises(ConnectionLostError):
        await Game().arun()
