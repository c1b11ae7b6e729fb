"""After a lost connection clients come back to their match, wherever it was cut."""

import pytest
import trio
from trio.testing import MockClock

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client import (
    AsyncTable,
    BaseBot,
    BaseGame,
    Cause,
    ConnectionLostError,
    Outcome,
    RefusedError,
    RemoteProtocolError,
)
from bitbroker.wire import basic, extended
from bitbroker.wire.messages import Message

from .cutting import CuttingBroker, Peer, cutting
from .scripted import KEY, answer, decision, outcome, refusal, request, scripted, start, turn_result, welcome

LAST_TURN = 3


class Counter(BaseBot):
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    async def decide_move(self, state: bytes) -> bytes:
        """Think for a while: the state."""
        self.asked.append(state)
        await trio.sleep(0.1)
        return state


class BotMatch:
    """The broker's side of a match with one bot."""

    def __init__(self) -> None:
        self.decided: dict[int, bytes] = {}

    async def converse(self, broker: CuttingBroker, peer: Peer) -> None:
        """One connection: the handshake, what is not decided yet, the end."""
        if not broker.came_back:
            await peer.hear(lambda info: None)
        await peer.say(welcome())
        await peer.say(start(0))
        broker.begin()
        for number in range(1, LAST_TURN + 1):
            if number not in self.decided:
                await peer.say(request(number, b"state %d" % number))
                await peer.hear(self._decide)
        broker.end()
        await peer.say(outcome())

    def _decide(self, message: Message) -> None:
        said = extended.parse(message, pb.Decision)
        assert said.number not in self.decided
        self.decided[said.number] = said.decision


# Six messages pass between the start and the outcome; a return adds three.
CUTS = [(first, second) for first in range(1, 7) for second in range(first + 1, first + 6)]


@pytest.mark.parametrize("cuts", CUTS)
async def test_bot_comes_back(autojump_clock: MockClock, cuts: tuple[int, int]) -> None:
    """Cut twice, at every two boundaries, those of the return included: asked once, answered once."""
    match, bot = BotMatch(), Counter()
    with trio.fail_after(30):
        async with cutting(cuts, match.converse) as broker:
            await bot.arun()
    states = [b"state %d" % number for number in range(1, LAST_TURN + 1)]
    assert bot.asked == states
    assert list(match.decided.values()) == states
    assert 1 <= broker.came_back <= 2
    for hello in broker.hellos[1:]:
        again = extended.parse(hello, pb.Hello)
        assert (extended.code(hello), again.resume_key, again.name) == (extended.BOT_HELLO, KEY, "")


class Announcer(BaseGame):
    """Shows and asks, three times, and says who won."""

    PLAYERS = 2

    def __init__(self) -> None:
        self.answers: list[list[bytes]] = []
        self.outcomes: list[Cause] = []

    async def play(self, table: AsyncTable) -> None:
        """Three turns of two asks that do not fit one message."""
        for number in range(1, LAST_TURN + 1):
            await table.publish(b"picture %d" % number)
            answers = await table.ask_all(dict.fromkeys((1, 0), b"%d" % number * 600))
            self.answers.append([answers[seat].decision for seat in (0, 1)])
        await table.end([1, 0])

    def on_outcome(self, outcome: Outcome) -> None:
        """Note it."""
        self.outcomes.append(outcome.cause)


class GameMatch:
    """The broker's side of a match with one game."""

    def __init__(self) -> None:
        self.last_turn = 0
        self._whole = False  # what was heard last was the end of a turn
        self.asked: list[tuple[int, int]] = []
        self.published: list[int] = []
        self.result: pb.Result | None = None

    async def converse(self, broker: CuttingBroker, peer: Peer) -> None:
        """One connection: the handshake, turns, the end."""
        await peer.say(welcome(payload=1000, message=1000))
        last_publish = self.published[-1] if self.published else 0
        await peer.say(start(last_turn=self.last_turn, last_publish=last_publish))
        broker.begin()
        while self.result is None:
            await peer.hear(self._take)
            if self._whole:
                await self._tell(peer, self.last_turn)
        broker.end()
        await peer.say(outcome())

    async def _tell(self, peer: Peer, number: int) -> None:
        await peer.say(turn_result(number, answer(1, b"%d from 1" % number), more=True))
        await peer.say(turn_result(number, answer(0, b"%d from 0" % number)))

    def _take(self, message: Message) -> None:
        self._whole = False
        if extended.code(message) == extended.PUBLISH:
            self.published.append(extended.parse(message, pb.Publish).number)
        elif extended.code(message) == extended.RESULT:
            self.result = extended.parse(message, pb.Result)
        else:
            self._take_turn(extended.parse(message, pb.Turn))

    def _take_turn(self, turn: pb.Turn) -> None:
        assert turn.number in {self.last_turn, self.last_turn + 1}
        self.last_turn = turn.number
        self.asked += [(turn.number, ask.seat) for ask in turn.asks if (turn.number, ask.seat) not in self.asked]
        self._whole = not turn.more


# A turn is five messages: what is shown, two parts there and two back; then come result and outcome.
GAME_CUTS = [(first, second) for first in range(1, 17) for second in (first + 1, first + 3, first + 5, first + 8)]


@pytest.mark.parametrize("cuts", GAME_CUTS)
async def test_game_comes_back(autojump_clock: MockClock, cuts: tuple[int, int]) -> None:
    """Cut at every boundary, and again soon after: each answer arrives once, and nothing that is shown is lost."""
    match, game = GameMatch(), Announcer()
    with trio.fail_after(30):
        async with cutting(cuts, match.converse) as broker:
            await game.arun()
    numbers = range(1, LAST_TURN + 1)
    assert game.answers == [[b"%d from 0" % number, b"%d from 1" % number] for number in numbers]
    assert match.asked == [(number, seat) for number in numbers for seat in (1, 0)]
    assert match.published == [*numbers]
    assert match.result == pb.Result(seats=[pb.SeatResult(seat=0, score=1), pb.SeatResult(seat=1, score=0)])
    assert game.outcomes == [Cause.COMPLETED]
    assert 1 <= broker.came_back <= 2


async def test_answer_that_arrived_is_not_said_again(autojump_clock: MockClock) -> None:
    """The broker asks again only if it has no answer; what it asks again is answered from memory."""
    bot = Counter()
    scripts = [
        [welcome(), start(0), request(1, b"a")],
        [welcome(), start(0), request(1, b"a")],
        [welcome(), start(0), outcome()],
    ]
    with scripted(*scripts) as broker:
        await bot.arun()
    assert bot.asked == [b"a"]
    assert [broker.heard(connection)[-1] for connection in (0, 1)] == [decision(1, b"a")] * 2
    assert [extended.code(message) for message in broker.heard(2)] == [extended.BOT_HELLO]


async def test_result_is_of_one_piece(autojump_clock: MockClock) -> None:
    """What had come of a result when the connection was lost is not mixed with what comes after the return."""
    game = Announcer()
    lost = [welcome(), start(), turn_result(1, answer(0, b"half"), more=True)]
    results = [turn_result(number, answer(1, b"whole"), answer(0, b"whole")) for number in range(1, LAST_TURN + 1)]
    with scripted(lost, [welcome(), start(last_turn=1), *results, outcome()]):
        await game.arun()
    assert game.answers == [[b"whole", b"whole"]] * LAST_TURN


async def test_resignation_is_said_again(autojump_clock: MockClock) -> None:
    """It is an answer like others: from memory."""

    class Quitter(BaseBot):
        def decide_move(self, state: bytes) -> bytes:
            self.resign()

    with scripted([welcome(), start(0), request(1)], [welcome(), start(0), request(1), outcome()]) as broker:
        await Quitter().arun()
    assert broker.heard(1)[1:] == [Message(*extended.RESIGNATION)]


async def test_match_that_ended_meanwhile(autojump_clock: MockClock) -> None:
    """Who comes back hears how it ended, in a turn or after it."""
    terminated = []

    class Terminated(Announcer):
        def on_terminated(self) -> None:
            terminated.append(len(self.answers))

    for results in ([], [turn_result(1, answer(0, b""), answer(1, b""))]):
        over = [welcome(), start(last_turn=1), outcome(pb.CAUSE_BROKER_STOPPING)]
        with scripted([welcome(), start(), *results], over):
            await Terminated().arun()
    assert terminated == [0, 1]


async def test_return_is_refused(autojump_clock: MockClock) -> None:
    """Too late, or there is a newer connection: the broker's word is final."""
    for code in ("unknown-key", "superseded"):
        with scripted([welcome(), start(0)], [refusal(code)]), pytest.raises(RefusedError, match=code):
            await Counter().arun()
        with scripted([welcome(), start(0)], [welcome(), refusal(code)]), pytest.raises(RefusedError, match=code):
            await Counter().arun()


async def test_return_with_patience(autojump_clock: MockClock) -> None:
    """Attempts with growing pauses, which begin anew with each loss."""
    scripts = [[welcome(), start(0)], [], [welcome(), start(0)], [welcome(), start(0), outcome()]]
    with scripted(*scripts, trouble=2) as broker:
        await Counter().arun()
    # Refused twice for each; the one that said nothing is followed by a pause of its own.
    pauses = [round(later - sooner, 6) for sooner, later in zip(broker.attempts, broker.attempts[1:], strict=False)]
    assert pauses == [0, 0.05, 0.1, 0.05, 0.05, 0.1, 0, 0.05, 0.1]


async def test_return_within_the_grace(autojump_clock: MockClock) -> None:
    """After it the match is lost, and the error says both."""
    with scripted([welcome(grace=8), start(0)]) as broker:
        with pytest.raises(ConnectionLostError, match=r"its log says why; there was no way back.* within 8 s"):
            await Counter().arun()
        assert trio.current_time() == pytest.approx(broker.attempts[0] + 8)
    assert len(broker.attempts) > 8


@pytest.mark.parametrize("greeting", [welcome(grace=0), welcome(key="")])
async def test_broker_that_allows_no_return(autojump_clock: MockClock, greeting: Message) -> None:
    """Then there is none."""
    with scripted([greeting, start(0)]) as broker, pytest.raises(ConnectionLostError, match="its log says why"):
        await Counter().arun()
    assert len(broker.attempts) == 1


async def test_basic_wire_knows_no_return(autojump_clock: MockClock) -> None:
    """A lost connection is a lost match."""
    with scripted([basic.TRIGGER.with_header(2, 5)]) as broker, pytest.raises(ConnectionLostError):
        await Counter().arun()
    assert len(broker.attempts) == 1


async def test_return_to_something_else(autojump_clock: MockClock) -> None:
    """Whatever answers there now is not the broker that it was: an error, and no waiting for a better answer."""
    scripts = [[welcome(), start(0)], [basic.TERMINATION], [welcome()]]
    with scripted(*scripts) as broker, pytest.raises(RemoteProtocolError, match="expected the welcome"):
        await Counter().arun()
    assert len(broker.attempts) == 2
