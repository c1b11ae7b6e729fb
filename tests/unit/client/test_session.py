"""How a client finds its broker, stays for its matches, and learns that the connection is lost."""

import signal
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker.client import BrokerUnreachableError, ConnectionLostError, RemoteProtocolError
from bitbroker.client.connection import MAX_MESSAGE_BYTES, Connection
from bitbroker.client.running import play_matches, run_blocking
from bitbroker.client.session import Session, call
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

from .conftest import ADDRESS, FakeNetwork

TERMINATION = basic.TERMINATION.to_line()


async def play(session: Session) -> None:
    """A match in which nothing happens."""
    await session.send(basic.BOT_HELLO)
    while not basic.is_termination(await session.receive()):
        pass


async def play_one(connect_timeout: float = 30.0, matches: int | None = 1) -> None:
    """Connect as a client does, and play."""
    await play_matches(play, *ADDRESS, matches=matches, connect_timeout=connect_timeout)


def pauses(network: FakeNetwork) -> list[float]:
    """Seconds between attempts to connect."""
    times = [time for _, time in network.attempts]
    return [round(later - earlier, 6) for earlier, later in pairwise(times)]


# Finding the broker.


async def test_connects_at_once_to_who_is_there(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """One attempt, to the host and port that were given."""
    network.script = [TERMINATION]
    await play_one()
    assert network.attempts == [(ADDRESS, trio.current_time())]
    assert network.heard == [basic.BOT_HELLO.to_line()]


async def test_tries_again_with_growing_pauses(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """Twice as long each time, up to a second, until somebody answers."""
    network.troubles = [ConnectionRefusedError()] * 7
    network.script = [TERMINATION]
    await play_one()
    assert pauses(network) == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


async def test_says_which_address_did_not_answer(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """When the time is over, and not before: host, port, for how long, the last reason, and what to look at."""
    network.troubles = [OSError("nobody there")] * 100
    began = trio.current_time()
    with pytest.raises(BrokerUnreachableError) as caught:
        await play_one(connect_timeout=10)
    assert 9 <= trio.current_time() - began <= 10
    assert 10 <= len(network.attempts) <= 16
    assert str(caught.value) == (
        "no broker answers at 127.0.0.1 port 9000 (tried for 10 s; nobody there): "
        "is it running, and are host and port right?"
    )


@pytest.mark.parametrize("trouble", [ConnectionRefusedError("refused"), UnicodeError("no host's name")])
async def test_single_attempt(autojump_clock: MockClock, network: FakeNetwork, trouble: Exception) -> None:
    """A time of zero is one attempt, whatever its trouble."""
    network.troubles = [trouble]
    with pytest.raises(BrokerUnreachableError, match=str(trouble)):
        await play_one(connect_timeout=0)
    assert len(network.attempts) == 1


async def test_attempt_that_hangs_is_given_up(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that swallows packets does not hold a client longer than it was told to try."""

    async def hang(host: str, port: int) -> trio.abc.Stream:
        await trio.sleep_forever()
        raise AssertionError

    monkeypatch.setattr(trio, "open_tcp_stream", hang)
    began = trio.current_time()
    with pytest.raises(BrokerUnreachableError, match="no answer"):
        await play_one(connect_timeout=7)
    assert trio.current_time() - began == pytest.approx(7)


async def test_address_from_the_environment(
    autojump_clock: MockClock, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none is given: the environment's, or else this machine's port 9000. Empty variables are none."""
    network.script = [TERMINATION]
    for host, port in (("", ""), ("far.example", "1234")):
        monkeypatch.setenv("BROKER_HOST", host)
        monkeypatch.setenv("BROKER_PORT", port)
        await play_matches(play, None, None, matches=1, connect_timeout=0)
        await play_matches(play, "near", 77, matches=1, connect_timeout=0)
    assert [address for address, _ in network.attempts] == [
        ("127.0.0.1", 9000),
        ("near", 77),
        ("far.example", 1234),
        ("near", 77),
    ]


@pytest.mark.parametrize("text", ["0", "65536", "-1", "nine", "9 0", "٣", "1.0"])
async def test_port_that_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """In the environment: an error that names the variable, before anything is tried."""
    monkeypatch.setenv("BROKER_PORT", text)
    with pytest.raises(ValueError, match=r"BROKER_PORT is .*: it must be a port, 1 to 65535"):
        await play_matches(play, None, None, matches=1, connect_timeout=0)


@pytest.mark.parametrize("port", [-1, 65536, 90000])
async def test_port_argument_that_is_none(port: int) -> None:
    """Beyond the range the system would take it for another port."""
    with pytest.raises(ValueError, match=f"port is '{port}': it must be a port"):
        await play_matches(play, "127.0.0.1", port, matches=1, connect_timeout=0)


# Staying for several matches.


async def test_each_match_has_a_connection_of_its_own(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """The one before is closed when the next one is opened."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(play_one, 30.0, 3)
        for _ in range(3):
            peer = await network.accept()
            assert await peer.hear() == basic.BOT_HELLO.to_line()
            await peer.say(TERMINATION)
            assert await peer.hear_all() == []
    assert len(network.attempts) == 3


async def test_stays_as_long_as_there_is_a_broker(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """Without a number of matches, it is the broker's going that ends it."""
    network.script = [TERMINATION]

    async def play_and_close_down(session: Session) -> None:
        await play(session)
        if len(network.attempts) == 5:
            network.troubles = [ConnectionRefusedError()] * 100

    with pytest.raises(BrokerUnreachableError):
        await play_matches(play_and_close_down, *ADDRESS, matches=None, connect_timeout=1)
    assert len(network.heard) == 5


@pytest.mark.parametrize("matches", [0, -1])
async def test_number_of_matches_that_is_none(network: FakeNetwork, matches: int) -> None:
    """One that says what it may be, before anything is tried."""
    with pytest.raises(ValueError, match=rf"matches is {matches}: it must be 1 or more, or None"):
        await play_one(matches=matches)
    assert network.attempts == []


# Losing the connection.


@pytest.mark.parametrize("last_words", [b"", b"AQ", basic.TRIGGER.to_line()])
async def test_end_without_termination_says_so(
    autojump_clock: MockClock, network: FakeNetwork, last_words: bytes
) -> None:
    """Whatever came before it, also in the middle of a line."""
    network.script = [last_words]
    with pytest.raises(ConnectionLostError, match="without saying that the match is over"):
        await play_one()


async def test_broken_connection_says_so() -> None:
    """A reset is told from an end."""
    near, far = trio.testing.memory_stream_pair()
    session = Session(Connection(near))

    async def break_it() -> bytes:
        raise trio.BrokenResourceError("reset by peer")

    near.receive_stream.receive_some_hook = break_it
    with pytest.raises(ConnectionLostError, match="broke in mid-match: reset by peer"):
        await session.receive()
    await far.aclose()


async def test_farewell_is_heard_though_sending_failed() -> None:
    """A broker says termination and closes; a client that was just sending hears it all the same."""
    near, far = trio.testing.memory_stream_pair()
    await far.send_all(TERMINATION)
    await far.aclose()
    session = Session(Connection(near))
    await session.send(basic.decision(b"too late"))
    assert basic.is_termination(await session.receive())
    with pytest.raises(ConnectionLostError):
        await session.receive()


async def test_what_is_no_message_is_the_brokers_fault() -> None:
    """Said at once, and not taken for the end of the match."""
    near, far = trio.testing.memory_stream_pair()
    await far.send_all(b"HTTP/1.1 400\n")
    with pytest.raises(RemoteProtocolError, match="not padded base64"):
        await Session(Connection(near)).receive()


async def test_largest_messages_are_taken() -> None:
    """More than the broker's default limit; several in one write go out as one."""
    near, far = trio.testing.memory_stream_pair()
    big = Message(2, 0, bytes(9 << 20))
    assert len(big.body) < MAX_MESSAGE_BYTES
    await far.send_all(big.to_line())
    assert await Session(Connection(near)).receive() == big
    await Session(Connection(near)).send(basic.BOT_HELLO, basic.bot_info("x"))
    assert await far.receive_some() == basic.BOT_HELLO.to_line() + basic.bot_info("x").to_line()


# Users' methods.


async def test_methods_may_be_async() -> None:
    """Either kind is called; what an async one returns is awaited."""

    async def later(number: int) -> int:
        await trio.lowlevel.checkpoint()
        return number + 1

    methods: list[Callable[[int], int | Awaitable[int]]] = [lambda number: number + 1, later]
    for method in methods:
        assert await call(method, 1) == 2


def test_what_is_raised_comes_out_bare() -> None:
    """Not in a group, and with its own traceback."""
    error = LookupError("mine")

    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        raise error

    with pytest.raises(LookupError) as caught:
        run_blocking(fail)
    assert caught.value is error
    assert caught.traceback[-1].name == "fail"
    assert caught.value.__context__ is None


async def interrupt() -> None:
    """Ctrl-C, and then a wait."""
    signal.raise_signal(signal.SIGINT)
    await trio.sleep_forever()


async def interrupt_in_a_nursery() -> None:
    """As while Trio connects, which it does in a nursery of its own."""
    async with trio.open_nursery():
        await interrupt()


@pytest.mark.parametrize("main", [interrupt, interrupt_in_a_nursery])
def test_interrupt_is_quiet(main: Callable[[], Awaitable[None]], capfd: pytest.CaptureFixture[str]) -> None:
    """No traceback; the exit code that shells expect."""
    with pytest.raises(SystemExit) as caught:
        run_blocking(main)
    assert caught.value.code == 130
    assert caught.value.__context__ is None
    assert capfd.readouterr() == ("", "")


def test_trouble_beside_an_interrupt_is_not_lost() -> None:
    """What else went wrong is still raised."""

    async def fail_while_interrupted() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_when_cancelled)
            await trio.testing.wait_all_tasks_blocked()
            await interrupt()

    async def fail_when_cancelled() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise LookupError("on the way out")

    with pytest.raises(ExceptionGroup) as caught:
        run_blocking(fail_while_interrupted)
    assert [type(error) for error in caught.value.exceptions] == [LookupError]
