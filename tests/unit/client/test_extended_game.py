"""Games with `next_action`, on either wire."""

import json
from collections.abc import Sequence
from math import inf
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker._pb.examples import connect_four_pb2
from bitbroker.client import (
    Action,
    AnswerFailedError,
    BaseGame,
    BasicWireError,
    Cause,
    Outcome,
    Player,
    RefusedError,
    RemoteProtocolError,
    TimeControl,
)
from bitbroker.client.scores import VARIABLE
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

from .scripted import Script, answer, failure, outcome, refusal, scripted, start, turn_result, welcome

PLAYERS = [Player(0, "bot 0"), Player(1, "bot 1")]
BASIC_PLAYERS = basic.players(["bot 0", "bot 1"])


class Obedient(BaseGame):
    """Does what it was told at first, and notes what it is told later."""

    NAME = "obedient"

    def __init__(self, *actions: Action) -> None:
        self.actions = list(actions)
        self.notes: list[object] = []

    def initialise(self, players: Sequence[Player]) -> None:
        """Note it."""
        self.notes.append([*players])

    def next_action(self) -> Action:
        """The next one."""
        return self.actions.pop(0)

    def deliver_response(self, response: bytes) -> None:
        """Note it."""
        self.notes.append(response)

    def deliver_failure(self, player: int, cause: Cause) -> None:
        """Note it."""
        self.notes.append((player, cause))

    def on_terminated(self) -> None:
        """Note it."""
        self.notes.append("terminated")

    def on_outcome(self, outcome: Outcome) -> None:
        """Note it."""
        self.notes.append(outcome)


def turn(number: int, seat: int, state: bytes, limit_ms: int | None = None) -> Message:
    """What a game is to say."""
    asks = [pb.Ask(seat=seat, state=state, limit_ms=limit_ms)]
    return extended.encode(extended.TURN, pb.Turn(number=number, asks=asks))


async def test_extended_match(autojump_clock: MockClock) -> None:
    """Turns of one ask; limits, failures and the scores travel."""
    game = Obedient(
        Action.player_action(1, b"a"),
        Action.player_action(0, b"b", limit=2.5),
        Action.player_action(0, b"c", limit=inf),
        Action.end_game([0, 1.5]),
    )
    results = [
        turn_result(1, answer(1, b"A")),
        turn_result(2, failure(0)),
        turn_result(3, failure(0, pb.CAUSE_FORFEITED)),
    ]
    with scripted([welcome(), start(), *results, outcome()]) as broker:
        await game.arun()
    hello, *said, result = broker.heard()
    assert extended.code(hello) == extended.GAME_HELLO
    assert said == [turn(1, 1, b"a"), turn(2, 0, b"b", 2500), turn(3, 0, b"c", extended.NO_LIMIT)]
    scores = pb.Result(seats=[pb.SeatResult(seat=0, score=0), pb.SeatResult(seat=1, score=1.5)])
    assert result == extended.encode(extended.RESULT, scores)
    forfeits = [(0, Cause.TIME_LIMIT), (0, Cause.FORFEITED)]
    assert game.notes == [PLAYERS, b"A", *forfeits, Outcome("7", Cause.COMPLETED)]


async def test_hello_says_what_the_game_wants(autojump_clock: MockClock) -> None:
    """All that is written in capitals, and nothing that is not."""

    class Wanting(Obedient):
        PLAYERS = 3
        TIME_CONTROL = TimeControl(move=0.5, bank=60, on_failure="forfeit-seat", tolerated_failures=2)
        SPECTATORS = False
        SPECTATOR_DELAY = 1.5
        CONTENT_TYPE = "application/json"

    hellos = []
    for game in (Wanting(Action.end_game()), Obedient(Action.end_game())):
        with scripted([welcome(), start(), outcome()]) as broker:
            await game.arun(match="final")
        hellos.append(extended.parse(broker.heard()[0], pb.Hello))
    wanting, modest = hellos
    assert wanting == pb.Hello(
        protocol=1,
        client=modest.client,
        name="obedient",
        match="final",
        players=3,
        time_control=pb.TimeControl(
            move_ms=500, bank_ms=60_000, on_failure=pb.FAILURE_POLICY_FORFEIT_SEAT, tolerated_failures=2
        ),
        spectators=False,
        spectator_delay_ms=1500,
        content_type="application/json",
    )
    assert modest == pb.Hello(protocol=1, client=modest.client, name="obedient", match="final", spectator_delay_ms=0)


BASIC_SCRIPT: Script = [
    BASIC_PLAYERS,
    basic.TRIGGER,
    basic.decision(b"A"),
    basic.TRIGGER,
    basic.failure(Cause.TIME_LIMIT),
    basic.TRIGGER,
    basic.TERMINATION,
]


@pytest.mark.parametrize("wire", ["auto", "basic"])
async def test_basic_match(
    autojump_clock: MockClock, wire: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found out or known before, the conversation is the same; scores go to the file that was asked for."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "scores"))
    game = Obedient(Action.player_action(1, b"a", limit=3), Action.player_action(0, b"b"), Action.end_game([2, 1]))
    with scripted(BASIC_SCRIPT) as broker:
        await game.arun(wire=wire)  # type: ignore[arg-type]  # a parameter
    hello, *said = broker.heard()
    assert bool(hello.body) == (wire == "auto")
    assert said == [basic.action(1, b"a"), basic.action(0, b"b"), basic.END]
    assert game.notes == [PLAYERS, b"A", (0, Cause.TIME_LIMIT)]
    assert json.loads((tmp_path / "scores").read_text()) == {"scores": [2, 1]}


async def test_extended_match_writes_no_file(
    autojump_clock: MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wire has a word for scores."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "scores"))
    with scripted([welcome(), start(), outcome()]):
        await Obedient(Action.end_game([2, 1])).arun()
    assert not (tmp_path / "scores").exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ([welcome(), start(), outcome(pb.CAUSE_TIME_LIMIT, seat=1)], True),
        ([welcome(), start(), turn_result(1, answer(0, b"")), outcome(pb.CAUSE_TIME_LIMIT, seat=1)], True),
        ([BASIC_PLAYERS, basic.TERMINATION], False),
        ([BASIC_PLAYERS, basic.TRIGGER, basic.TERMINATION], False),
    ],
)
async def test_broker_ends_the_match(autojump_clock: MockClock, script: Script, *, told: bool) -> None:
    """Wherever it does: the outcome, where there is one, and then `on_terminated`."""
    game = Obedient(Action.player_action(0, b""), Action.end_game())
    with scripted(script):
        await game.arun()
    assert game.notes[-1] == "terminated"
    assert (Outcome("7", Cause.TIME_LIMIT, 1) in game.notes) == told
    assert game.notes.count("terminated") == 1


async def test_no_match_at_all(autojump_clock: MockClock) -> None:
    """A termination in place of players; a refusal is an error."""
    game = Obedient()
    with scripted([basic.TERMINATION]):
        await game.arun()
    assert game.notes == ["terminated"]
    with scripted([welcome(), refusal("broker-stopping")]), pytest.raises(RefusedError, match="broker-stopping"):
        await game.arun()
    assert game.notes == ["terminated"]


async def test_default_hooks(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    """A match that the broker ended is logged with what is known; a failed answer is an error."""

    class Least(BaseGame):
        def next_action(self) -> Action:
            return Action.player_action(0, b"")

        def deliver_response(self, response: bytes) -> None:
            pass

    end = outcome(pb.CAUSE_RESIGNED, seat=1, detail="it gave up")
    with scripted([welcome(), start(), end], [BASIC_PLAYERS, basic.TERMINATION]) as broker:
        await Least().arun(matches=2)
    before = "the broker ended the match before the game did: "
    assert [record.getMessage() for record in caplog.records] == [
        before + "resigned, player 1 at fault: it gave up",
        before + "the broker's log says why",
    ]
    assert extended.parse(broker.heard()[0], pb.Hello).name == "Least"
    script = [welcome(), start(), turn_result(1, failure(0))]
    with scripted(script), pytest.raises(AnswerFailedError, match=r"player 0 gave no answer \(time-limit\)") as caught:
        await Least().arun()
    assert (caught.value.player, caught.value.cause) == (0, Cause.TIME_LIMIT)


async def test_async_methods(autojump_clock: MockClock) -> None:
    """All of them may be."""

    class Async(BaseGame):
        notes: list[object] = []  # noqa: RUF012 - one game

        async def initialise(self, players: Sequence[Player]) -> None:
            await trio.sleep(1)

        async def next_action(self) -> Action:
            await trio.sleep(1)
            return Action.player_action(0, b"") if len(self.notes) < 2 else Action.end_game()

        async def deliver_response(self, response: bytes) -> None:
            await trio.sleep(1)
            self.notes.append(response)

        async def deliver_failure(self, player: int, cause: Cause) -> None:
            await trio.sleep(1)
            self.notes.append(cause)

        async def on_outcome(self, outcome: Outcome) -> None:
            await trio.sleep(1)
            self.notes.append(outcome.cause)

    game = Async()
    with scripted([welcome(), start(), turn_result(1, answer(0, b"A")), turn_result(2, failure(0)), outcome()]):
        await game.arun()
    assert game.notes == [b"A", Cause.TIME_LIMIT, Cause.COMPLETED]


async def test_publishing(autojump_clock: MockClock) -> None:
    """What is shown leaves before the next action or the end, and only the last of several does."""

    class Showing(Obedient):
        def next_action(self) -> Action:
            self.publish(b"outdated")
            self.publish(b"%d to go" % len(self.actions))
            return super().next_action()

    script = [welcome(), start(), turn_result(1, answer(0, b"")), outcome()]
    with scripted(script, [*BASIC_SCRIPT[:3], basic.TRIGGER, basic.TERMINATION]) as broker:
        for _ in range(2):
            await Showing(Action.player_action(0, b"a"), Action.end_game()).arun()
    published = [
        extended.encode(extended.PUBLISH, pb.Publish(number=1, payload=b"2 to go")),
        extended.encode(extended.PUBLISH, pb.Publish(number=2, payload=b"1 to go")),
    ]
    end = extended.encode(extended.RESULT, pb.Result())
    assert broker.heard()[1:] == [published[0], turn(1, 0, b"a"), published[1], end]
    assert broker.heard(1)[1:] == [basic.action(0, b"a"), basic.END]  # which has no spectators


async def test_protobuf_payloads(autojump_clock: MockClock) -> None:
    """States are made bytes, decisions are parsed."""
    columns: list[int] = []

    class Typed(BaseGame[connect_four_pb2.Position, connect_four_pb2.Move]):
        Response = connect_four_pb2.Move

        def next_action(self) -> Action:
            return Action.end_game() if columns else Action.player_action(0, connect_four_pb2.Position(columns=[3]))

        def deliver_response(self, response: connect_four_pb2.Move) -> None:
            columns.append(response.column)

    move = connect_four_pb2.Move(column=4).SerializeToString()
    with scripted([welcome(), start(), turn_result(1, answer(0, move)), outcome()]) as broker:
        await Typed().arun()
    assert columns == [4]
    assert broker.heard()[1] == turn(1, 0, connect_four_pb2.Position(columns=[3]).SerializeToString())


async def test_seat_that_is_not_there(autojump_clock: MockClock) -> None:
    """An error here, where it was written, and not a fault that the broker finds."""
    with scripted([welcome(), start()]) as broker, pytest.raises(ValueError, match="no player 2: this match has 2"):
        await Obedient(Action.player_action(2, b"")).arun()
    assert broker.heard()[1:] == [Message(*extended.LEAVE)]
    with pytest.raises(ValueError, match="no player -1"):
        Action.player_action(-1, b"")


def test_game_that_cannot_be_played() -> None:
    """Half of one way to write a game, and nothing of the other: it cannot be made, and the error says why."""

    class Half(BaseGame):
        def next_action(self) -> Action:
            return Action.end_game()

    with pytest.raises(TypeError, match="Half cannot be played: it needs deliver_response, or else play"):
        Half()


async def test_name_to_meet_under_needs_the_extended_wire(autojump_clock: MockClock) -> None:
    """Better no match than one with strangers."""
    with scripted(BASIC_SCRIPT), pytest.raises(BasicWireError, match="match='final'"):
        await Obedient().arun(match="final")


@pytest.mark.parametrize(
    "script",
    [
        [basic.TRIGGER],
        [BASIC_PLAYERS, basic.decision(b"")],
        [BASIC_PLAYERS, basic.TRIGGER, basic.TRIGGER],
        [welcome(), start(), turn_result(1, answer(1, b""))],
        [welcome(), start(), Message(*extended.TURN_RESULT, b"\xff")],
    ],
)
async def test_broker_that_talks_nonsense(autojump_clock: MockClock, script: Script) -> None:
    """It is the broker's fault by name."""
    with scripted(script), pytest.raises(RemoteProtocolError):
        await Obedient(Action.player_action(0, b"")).arun()


async def test_what_is_not_known_is_passed_over(autojump_clock: MockClock) -> None:
    """Codes of a newer broker, results of other turns, and causes without a name."""
    unknown = Message(0x03, 0x77, b"of the next version")
    stale = turn_result(9, answer(0, b"never"))
    strange = turn_result(1, pb.Answer(seat=0, cause=99))  # type: ignore[arg-type]  # an open enum
    game = Obedient(Action.player_action(0, b""), Action.end_game())
    with scripted([welcome(), unknown, start(), unknown, stale, strange, unknown, outcome()]):
        await game.arun()
    assert game.notes[1:] == [(0, 99), Outcome("7", Cause.COMPLETED)]
