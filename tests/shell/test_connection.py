"""What becomes of a connection outside a match: handshake, waiting, farewell."""

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker.broker.greeting import Role
from bitbroker.errors import Ending
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

from .conftest import OpenShell


@pytest.mark.parametrize(
    ("words", "ending", "farewell"),
    [
        (b"SSH-2.0-x\r\n", Ending.NOT_THIS_PROTOCOL, []),
        (b"\x16\x03\x01", Ending.NOT_THIS_PROTOCOL, []),
        (b"AAI\n", Ending.MALFORMED, [basic.TERMINATION]),
        (b"AAI=\r\n", Ending.MALFORMED, [basic.TERMINATION]),
        (b"AAJ=\n", Ending.MALFORMED, [basic.TERMINATION]),
        (Message(0, 0x7F).to_line(), Ending.UNEXPECTED_MESSAGE, [basic.TERMINATION]),
        (basic.BOT_HELLO.to_line() + Message(0, 0x22, b"\xff").to_line(), Ending.MALFORMED, [basic.TERMINATION]),
        (Message(0, 1, bytes(65536)).to_line(), Ending.MESSAGE_TOO_LARGE, [basic.TERMINATION]),
    ],
)
async def test_what_is_no_handshake_is_refused(
    autojump_clock: MockClock, open_shell: OpenShell, words: bytes, ending: Ending, farewell: list[Message]
) -> None:
    """Refused for its reason, with a termination if it spoke lines; the connection beside it plays."""
    shell = open_shell()
    peer = shell.connect()
    peer.say_bytes(words)
    assert await peer.hear_farewell() == farewell
    assert shell.tally.refused == {ending: 1}
    await shell.seat()


async def test_silence_has_a_limit(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Who says nothing, or half a handshake, is refused when the time for it is over."""
    shell = open_shell(handshake_timeout=4)
    began = trio.current_time()
    silent, half = shell.connect(), shell.connect()
    half.say(basic.BOT_HELLO)
    assert await silent.hear_farewell() == []
    assert trio.current_time() - began == pytest.approx(4, abs=1e-6)
    assert await half.hear_farewell() == [basic.TERMINATION]
    assert shell.tally.refused == {Ending.HANDSHAKE_TIMEOUT: 2}


async def test_codes_of_a_bot_info_are_not_looked_at(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """As with the original's broker: its body counts."""
    shell = open_shell(num_players=1)
    bot = shell.connect()
    bot.say(basic.BOT_HELLO, Message(0, 0x77, basic.bot_info("odd").body))
    game = shell.game()
    assert basic.parse_players(await game.hear()) == ["odd"]


async def test_leaving_while_waiting_frees_the_place(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """The next one gets it; nobody else notices."""
    shell = open_shell()
    first, second = shell.bot("gone"), shell.bot("second")
    await trio.testing.wait_all_tasks_blocked()
    await first.leave()
    third = shell.bot("third")
    game = shell.game()
    assert basic.parse_players(await game.hear()) == ["second", "third"]
    for peer in (second, third, game):
        await peer.leave()


async def test_speaking_while_waiting_is_counted_then_refused(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """A bot may do so as often as the setting says; a game may not."""
    shell = open_shell(max_unasked=2)
    bot = shell.bot()
    bot.say(basic.decision(b"1"), basic.decision(b"2"))
    await trio.testing.wait_all_tasks_blocked()
    assert not shell.tally.refused
    bot.say(basic.decision(b"3"))
    assert await bot.hear_farewell() == [basic.TERMINATION]
    game = shell.game()
    game.say(basic.END)
    assert await game.hear_farewell() == [basic.TERMINATION]
    assert shell.tally.refused == {Ending.UNEXPECTED_MESSAGE: 2}


async def test_who_does_not_close_is_closed(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """After a farewell a client has its time to close; then the broker does."""
    shell = open_shell(close_timeout=1.5)
    peer = shell.connect()
    peer.say_bytes(b"nonsense")
    began = trio.current_time()
    await trio.testing.wait_all_tasks_blocked()
    await shell.reception.wait_all_closed()
    assert trio.current_time() - began == pytest.approx(1.5, abs=1e-6)


async def test_fault_in_a_connection_ends_it_alone(
    autojump_clock: MockClock, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in one connection's life is logged and ends that connection; others play."""
    parse = basic.parse_bot_info

    def parse_with_bug(message: Message) -> str:
        if (name := parse(message)) == "bug":
            raise RuntimeError("a bug")
        return name

    monkeypatch.setattr(basic, "parse_bot_info", parse_with_bug)
    shell = open_shell()
    peer = shell.bot("bug")
    assert await peer.hear_farewell() == []
    await shell.seat()


async def test_too_many_are_refused(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Connections in all, and clients that wait, are bounded."""
    shell = open_shell(max_connections=4, max_waiting=2)
    waiting = [shell.bot(), shell.bot()]
    await trio.testing.wait_all_tasks_blocked()
    assert await shell.bot().hear_farewell() == [basic.TERMINATION]
    more = [shell.connect(), shell.connect()]
    await trio.testing.wait_all_tasks_blocked()
    assert await shell.connect().hear_farewell() == []
    assert shell.tally.refused == {Ending.TOO_MANY_WAITING: 1, Ending.TOO_MANY_CONNECTIONS: 1}
    for peer in (*waiting, *more):
        await peer.leave()


async def test_too_many_from_one_address_are_refused(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """Until one of them leaves."""
    shell = open_shell(max_connections_per_address=3)
    peers = [shell.connect() for _ in range(3)]
    await trio.testing.wait_all_tasks_blocked()
    assert await shell.connect().hear_farewell() == []
    assert shell.tally.refused == {Ending.TOO_MANY_FROM_ADDRESS: 1}
    await peers[0].leave()
    await trio.testing.wait_all_tasks_blocked()
    bot = shell.bot()
    await trio.testing.wait_all_tasks_blocked()
    assert shell.coordinator.lobby.count(Role.BOT) == 1
    for peer in (*peers[1:], bot):
        await peer.leave()


async def test_surplus_may_be_refused(autojump_clock: MockClock, open_shell: OpenShell) -> None:
    """With `surplus` refuse, a third bot of two and a second game are turned away."""
    shell = open_shell(surplus="refuse")
    bots = [shell.bot(), shell.bot()]
    await trio.testing.wait_all_tasks_blocked()
    assert await shell.bot().hear_farewell() == [basic.TERMINATION]
    assert shell.tally.refused == {Ending.NO_PLACE: 1}
    game = shell.game()
    await game.hear()
    for peer in (*bots, game):
        await peer.leave()
