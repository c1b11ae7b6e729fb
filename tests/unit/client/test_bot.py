"""The bot's side of a match, over memory streams."""

import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import trio
from google.protobuf.message import DecodeError
from trio.testing import MockClock

from bitbroker._pb.initial_pb2 import InitialMessageProto
from bitbroker.client import BaseBot, RemoteProtocolError, run_bot
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

from .conftest import ADDRESS, FakeNetwork

HELLO = basic.BOT_HELLO.to_line()
TERMINATION = basic.TERMINATION.to_line()


def request(state: bytes) -> bytes:
    """What a broker sends to ask a bot."""
    return Message(2, 5, state).to_line()


def answer(decision: bytes) -> bytes:
    """What it gets."""
    return basic.decision(decision).to_line()


class Echo(BaseBot):
    """Answers with the state, twice over."""

    def decide_move(self, state: bytes) -> bytes:
        """Answer."""
        return state + state


class SlowEcho(BaseBot):
    """The same, in a method that waits."""

    NAME = "slow écho"

    async def decide_move(self, state: bytes) -> bytes:
        """Answer, some day."""
        await trio.sleep(1000)
        return state + state


class Named(BaseBot[InitialMessageProto, InitialMessageProto]):
    """Speaks protobuf: answers with the name and the next number."""

    NAME = "named"
    State = InitialMessageProto

    def decide_move(self, state: InitialMessageProto) -> InitialMessageProto:
        """Answer."""
        return InitialMessageProto(botIndex=state.botIndex + 1, botName=state.botName)


class Odd(BaseBot):
    """Does what the test says."""

    def __init__(self, decide: Callable[[bytes], Any]) -> None:
        self.decide = decide

    def decide_move(self, state: bytes) -> Any:
        """Do it."""
        return self.decide(state)


@pytest.mark.parametrize(("bot", "name"), [(Echo(), "Echo"), (SlowEcho(), "slow écho")])
async def test_bot_plays_its_match(autojump_clock: MockClock, network: FakeNetwork, bot: BaseBot, name: str) -> None:
    """Hello and name in one write; an answer to each request; it closes when the match is over."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(bot.arun, *ADDRESS, wire="basic"))
        broker = await network.accept()
        assert await broker.hear() == HELLO
        assert await broker.hear() == basic.bot_info(name).to_line()
        for state in (b"", b"\0\xff", bytes(100_000)):
            await broker.say(request(state))
            assert await broker.hear() == answer(state + state)
        await broker.say(TERMINATION)
        assert await broker.hear_all() == []


async def test_bot_without_a_place(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """A termination without a match is the end of it, and no error."""
    network.script = [TERMINATION]
    await Echo().arun(*ADDRESS, wire="basic")
    assert network.heard == [HELLO + basic.bot_info("Echo").to_line()]


async def test_protobuf_payloads(autojump_clock: MockClock, network: FakeNetwork) -> None:
    """The state is parsed for the bot, its decision serialised."""
    network.script = [request(InitialMessageProto(botIndex=7, botName="x").SerializeToString()), TERMINATION]
    await Named().arun(*ADDRESS, wire="basic")
    said = InitialMessageProto(botIndex=8, botName="x").SerializeToString()
    assert network.heard == [HELLO + basic.bot_info("named").to_line() + answer(said)]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind(network: FakeNetwork, kind: Callable[[bytes], object]) -> None:
    """What has bytes is as good as bytes."""
    network.script = [request(b"state"), TERMINATION]
    Odd(kind).run(*ADDRESS, wire="basic")
    assert network.heard[0].endswith(answer(b"state"))


@pytest.mark.parametrize("decision", [None, "text", 5, [b"list"], InitialMessageProto])
def test_what_is_no_payload(network: FakeNetwork, decision: object) -> None:
    """The error names the method, and says what it may give."""
    network.script = [request(b"state"), TERMINATION]
    with pytest.raises(TypeError, match=r"decide_move gave .*: a payload is bytes or a protobuf message"):
        Odd(lambda _state: decision).run(*ADDRESS, wire="basic")


def test_state_that_is_not_of_its_class(network: FakeNetwork) -> None:
    """The parser's own error, which no bot hides by accident."""
    network.script = [request(b"\xff"), TERMINATION]
    with pytest.raises(DecodeError):
        Named().run(*ADDRESS, wire="basic")


def test_exception_of_the_user_is_bare(network: FakeNetwork) -> None:
    """With its own traceback, from `run` to the line that raised it."""
    error = LookupError("my own bug")

    def fail(state: bytes) -> bytes:
        raise error

    network.script = [request(b"state"), TERMINATION]
    with pytest.raises(LookupError) as caught:
        Odd(fail).run(*ADDRESS, wire="basic")
    assert caught.value is error
    assert [entry.name for entry in caught.traceback][-2:] == ["decide_move", "fail"]


def test_interrupt_while_it_thinks_is_quiet(network: FakeNetwork, capfd: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C in the middle of a long calculation: exit code 130 and not a word."""

    def think(state: bytes) -> bytes:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it went on")

    network.script = [request(b"state"), TERMINATION]
    with pytest.raises(SystemExit) as caught:
        Odd(think).run(*ADDRESS, wire="basic")
    assert caught.value.code == 130
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("message", [basic.TRIGGER, basic.players(["a"]), Message(7, 7), basic.END])
def test_what_no_broker_says_to_a_bot(network: FakeNetwork, message: Message) -> None:
    """The broker's fault, by name."""
    network.script = [message.to_line()]
    with pytest.raises(RemoteProtocolError, match="expected a request or the termination"):
        Echo().run(*ADDRESS, wire="basic")


def test_run_bot_is_run(network: FakeNetwork) -> None:
    """With the same arguments."""
    network.script = [request(b"a"), TERMINATION]
    run_bot(Echo(), *ADDRESS, matches=2, connect_timeout=1, wire="basic")
    assert network.heard == [HELLO + basic.bot_info("Echo").to_line() + answer(b"aa")] * 2


def test_bot_needs_its_method() -> None:
    """One without `decide_move` cannot be made."""
    with pytest.raises(TypeError, match="decide_move"):
        type("Half", (BaseBot,), {})()
