"""Clients that misbehave, each a small program, against a real broker: whose fault it is, and who notices.

Row for row what may go wrong. In each case the ending has its name in the log, everyone is told and closed, and the
broker plays on.
"""

import pytest
import trio

from bitbroker.errors import Cause
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

from .conftest import BrokerProcess, StartBroker, StartPeer, fetch, play_match
from .steps import END, REQUEST, TERMINATION, TRIGGER, ask, bot, connect, decide, game, say, seat

END_MATCH, TELL_GAME = ("--on-failure", "end-match"), ("--on-failure", "tell-game")


async def over(broker: BrokerProcess, cause: Cause, at_fault: str, detail: str = "", *, match: int = 1) -> None:
    """The match is over, for this cause."""
    entry = await broker.wait_logged("match over", match=match)
    assert (entry["cause"], entry["at_fault"]) == (cause.label, at_fault)
    assert detail in entry["detail"]


async def play_on(broker: BrokerProcess) -> None:
    """The broker plays as if nothing had happened, and stops as it should."""
    await play_match(broker.port)
    assert await broker.stop() == 0
    assert broker.outcomes()[-1] == "completed"


# Before a match.


async def test_what_is_no_client_is_refused(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """SSH, TLS, a bad line, an unknown opcode, a stranger's hello: that connection alone, with its reason."""
    broker = await start_broker()
    strangers = [
        (r"raw:SSH-2.0-x\r\n", "not-this-protocol", "its first bytes are b'SSH-2.0", []),
        (r"raw:\x16\x03\x01\x02\x00", "not-this-protocol", "its first bytes are b'\\x16", []),
        ("say:AAI", "malformed", "a line that is not padded base64: 'AAI\\n'", [TERMINATION]),
        (r"raw:AAI=\r\n", "malformed", "a line that is not padded base64: 'AAI=\\r\\n'", [TERMINATION]),
        ("say:AAJ=", "malformed", "unused bits that are not zero", [TERMINATION]),
        ("say:AA==", "malformed", "a message of 1 byte", [TERMINATION]),
        (say(Message(0, 0x7F))[0], "unexpected-message", "which is no hello", [TERMINATION]),
        (f"say:{'A' * 90_000}", "message-too-large", "a message of more than 65,536 bytes", [TERMINATION]),
        ("tell:nothing", "left-in-handshake", "it closed the connection", []),
    ]
    for number, (words, ending, detail, farewell) in enumerate(strangers, 1):
        leaves = words == "tell:nothing"
        stranger = await start_peer(broker.port, words, *([] if leaves else ["rest"]))
        assert await stranger.hear_all() == ([b"nothing\n"] if leaves else farewell)
        entry = await broker.wait_logged("connection over", connection=number)
        assert entry["ending"] == ending
        assert detail in entry["detail"]
    await play_match(broker.port)
    assert await broker.stop() == 0
    assert broker.outcomes() == ["completed"]


async def test_a_browser_is_told_what_is_spoken_here(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """A plain GET gets 426 with a sentence; that connection alone ends."""
    broker = await start_broker()
    browser = await start_peer(broker.port, r"raw:GET / HTTP/1.1\r\nHost: x\r\n\r\n", "rest")
    status, *_, sentence = await browser.hear_all()
    assert status == b"HTTP/1.1 426 Upgrade Required\r\n"
    assert b"WebSocket" in sentence
    entry = await broker.wait_logged("connection over", connection=1)
    assert entry["ending"] == "malformed"
    await play_match(broker.port)
    assert await broker.stop() == 0


async def test_silence_blocks_nobody(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """Who connects first and says nothing, or half, has no seat; a match is played beside."""
    broker = await start_broker("--handshake-timeout", "3600")
    for steps in (["rest"], [*say(basic.BOT_HELLO), "rest"], ["raw:AAI", "rest"], ["stall"]):
        await connect(broker, start_peer, steps)
    await play_on(broker)


async def test_silence_has_a_limit(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """When it is over, that connection alone is refused."""
    broker = await start_broker("--handshake-timeout", "2")
    silent = await connect(broker, start_peer, ["rest"])
    half = await connect(broker, start_peer, [*say(basic.BOT_HELLO), "rest"])
    assert await silent.hear_all() == []
    assert await half.hear_all() == [TERMINATION]
    for number in (1, 2):
        await broker.wait_logged("connection over", connection=number, ending="handshake-timeout")


async def test_second_game_and_third_bot_wait_for_the_next_match(
    start_broker: StartBroker, start_peer: StartPeer
) -> None:
    """While the first one is played, a second one begins with them as soon as it can."""
    broker = await start_broker()
    bots = [bot(f"bot {number}", "rest") for number in range(2)]
    first, *_ = await seat(broker, start_peer, game("wait", END, "rest"), *bots)
    await start_peer(broker.port, *bot("third", "rest"))
    second = await start_peer(broker.port, *game(END, "rest"))
    await broker.wait_logged("connection opened", connection=5)
    await start_peer(broker.port, *bot("fourth", "rest"))
    began = await broker.wait_logged("match began", match=2)
    assert sorted(began["players"]) == ["fourth", "third"]
    assert (await second.hear_all())[-1] == TERMINATION
    await first.go_on()
    assert await first.hear_all() == [TERMINATION]
    await broker.wait_logged("match over", match=1)
    assert broker.outcomes() == ["completed", "completed"]


async def test_third_bot_is_refused_where_the_settings_say_so(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """It hears a termination, the log has the reason, and the match is played with those who were first."""
    broker = await start_broker("--surplus", "refuse")
    for number in range(2):
        await start_peer(broker.port, *bot(f"bot {number}", "rest"))
        await broker.wait_logged("connection opened", connection=number + 1)
    while b'bitbroker_waiting{role="bot"} 2.0' not in (await fetch(f"{broker.url}/metrics"))[1]:
        await trio.lowlevel.checkpoint()
    third = await start_peer(broker.port, *bot("third", "rest"))
    assert await third.hear_all() == [TERMINATION]
    assert (await broker.wait_logged("connection over"))["ending"] == "no-place"
    await start_peer(broker.port, *game(END, "rest"))
    assert (await broker.wait_logged("match over"))["cause"] == "completed"


async def test_who_leaves_while_waiting_is_not_missed(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """However it goes, it has no seat in the match that follows."""
    broker = await start_broker()
    await start_peer(broker.port, *bot("crashes", "die"))
    await start_peer(broker.port, *bot("leaves"))
    for connection in (1, 2):
        await broker.wait_logged("connection over", connection=connection)
    await play_match(broker.port)
    assert broker.entries("match began")[0]["players"] == ["Echo", "Echo"]


# A bot at fault.


@pytest.mark.parametrize("policy", [END_MATCH, TELL_GAME])
@pytest.mark.parametrize("is_asked", [True, False])
async def test_bot_that_dies(
    start_broker: StartBroker, start_peer: StartPeer, policy: tuple[str, str], is_asked: bool
) -> None:
    """The policy decides: its match ends by name; or the game is told, and goes on with who is left."""
    broker = await start_broker(*policy)
    dying = bot("bot 1", *(["hear"] if is_asked else ["wait"]), "die")
    well = bot("bot 0", "hear", decide(b"answer"), "rest")
    steps = ["wait", ask(1), "hear", "hear", ask(0), "hear", "hear", END, "rest"]
    playing, living, dead = await seat(broker, start_peer, game(*steps), well, dying)
    if not is_asked:
        await dead.go_on()
        await broker.wait_logged("connection over", ending="lost-in-match")
    await playing.go_on()
    if policy is END_MATCH:
        assert await playing.hear_all() == [TERMINATION, TERMINATION]
        assert await living.hear_all() == [TERMINATION]
        await over(broker, Cause.DISCONNECTED, "player 1")
    else:
        told = [basic.failure(Cause.DISCONNECTED).to_line(), TRIGGER]
        answered = [basic.decision(b"answer").to_line(), TRIGGER]
        assert await playing.hear_all() == [*told, *answered, TERMINATION]
        assert await living.hear_all() == [REQUEST, TERMINATION]
        await over(broker, Cause.COMPLETED, "nobody")
    await play_on(broker)


async def test_bot_that_never_answers_ends_its_match(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """By its time limit, and by name."""
    broker = await start_broker("--time-limit", "0.4")
    steps = bot("bot 0", "rest"), bot("bot 1", "rest")
    playing, stalling, other = await seat(broker, start_peer, game(ask(0), "rest"), *steps)
    assert await playing.hear_all() == [TERMINATION, TERMINATION]
    assert await stalling.hear_all() == [Message(2, 1, b"state").to_line(), TERMINATION]
    assert await other.hear_all() == [TERMINATION]
    await over(broker, Cause.TIME_LIMIT, "player 0", "it did not answer within 0.4 s")
    await play_on(broker)


async def test_late_answer_is_not_taken_for_the_next_question(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """Under tell-game: the game hears of the time-out, asks again, and gets the answer to that question."""
    broker = await start_broker(*TELL_GAME, "--time-limit", "2")
    late = bot("bot 0", "hear", "hear", decide(b"to the first"), decide(b"to the second"), "rest")
    steps = [ask(0, b"first"), "hear", "hear", ask(0, b"second"), "hear", "hear", END, "rest"]
    playing, *_ = await seat(broker, start_peer, game(*steps), late, bot("bot 1", "rest"))
    assert await playing.hear_all() == [
        *(basic.failure(Cause.TIME_LIMIT).to_line(), TRIGGER),
        *(basic.decision(b"to the second").to_line(), TRIGGER),
        TERMINATION,
    ]
    assert b'bitbroker_answers_not_taken_total{cause="time-limit"} 1.0' in (await fetch(f"{broker.url}/metrics"))[1]
    await over(broker, Cause.COMPLETED, "nobody")
    await play_on(broker)


async def test_words_before_the_request_are_not_its_answer(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """What had reached the broker before the request left is not taken, and counted."""
    broker = await start_broker()
    early = bot("bot 0", "wait", decide(b"early"), "tell:said", "hear", decide(b"answer"), "rest")
    steps = ["wait", ask(0), "hear", "hear", END, "rest"]
    playing, speaking, _ = await seat(broker, start_peer, game(*steps), early, bot("bot 1", "rest"))
    await speaking.go_on()
    assert await speaking.hear() == b"said\n"
    await playing.go_on()
    assert await playing.hear_all() == [basic.decision(b"answer").to_line(), TRIGGER, TERMINATION]
    assert b'bitbroker_answers_not_taken_total{cause="not-asked"} 1.0' in (await fetch(f"{broker.url}/metrics"))[1]
    await over(broker, Cause.COMPLETED, "nobody")
    await play_on(broker)


async def test_bot_that_talks_without_end(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """A few words are borne; a flood is a violation, and a match beside it does not notice."""
    broker = await start_broker("--close-timeout", "0.2", "--max-unasked", "3")
    flooding = bot("bot 0", "wait", f"flood:{decide(b'noise')[4:]}")
    playing, talking, other = await seat(broker, start_peer, game("rest"), flooding, bot("bot 1", "rest"))
    await talking.go_on()
    await play_match(broker.port, rounds=20)
    assert await playing.hear_all() == [TERMINATION, TERMINATION]
    assert await other.hear_all() == [TERMINATION]
    entry = await broker.wait_logged("match over", cause="protocol-violation")
    assert (entry["at_fault"], entry["detail"]) == ("player 0", "it spoke 4 times without being asked")
    assert sorted(broker.outcomes()) == ["completed", "protocol-violation"]


async def test_bot_that_answers_what_is_no_decision(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """It is at fault by name, and its words do not reach the game."""
    answers = [
        (say(Message(2, 7, b"answer"))[0], Cause.PROTOCOL_VIOLATION, "<Message 02 07 + 6 B>, which is no decision"),
        (say(basic.action(0, b"x"))[0], Cause.PROTOCOL_VIOLATION, "which is no decision"),
        (say(basic.BOT_HELLO)[0], Cause.PROTOCOL_VIOLATION, "which is no decision"),
        ("say:not base64", Cause.PROTOCOL_VIOLATION, "a line that is not padded base64: 'not base64"),
        (decide(bytes(1025)), Cause.MESSAGE_TOO_LARGE, "a message of more than 1,026 bytes"),
        (f"raw:{'A' * 3000}", Cause.MESSAGE_TOO_LARGE, "a message of more than 1,026 bytes"),
    ]
    broker = await start_broker("--max-payload-bytes", "1024")
    for match, (words, cause, detail) in enumerate(answers, 1):
        odd = bot("bot 1", "hear", words, "rest")
        playing, other, answering = await seat(broker, start_peer, game(ask(1), "rest"), bot("bot 0", "rest"), odd)
        assert await playing.hear_all() == [TERMINATION, TERMINATION]
        assert await other.hear_all() == [TERMINATION]
        assert await answering.hear_all() == [REQUEST, TERMINATION]
        await over(broker, cause, "player 1", detail, match=match)
    await play_on(broker)


async def test_largest_answer_is_none_too_large(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """The limit itself is allowed."""
    broker = await start_broker("--max-payload-bytes", "1024")
    largest = bot("bot 1", "hear", decide(bytes(1024)), "rest")
    steps = game(ask(1), "hear", "hear", END, "rest")
    playing, *_ = await seat(broker, start_peer, steps, bot("bot 0", "rest"), largest)
    assert await playing.hear_all() == [basic.decision(bytes(1024)).to_line(), TRIGGER, TERMINATION]
    await over(broker, Cause.COMPLETED, "nobody")
    await play_on(broker)


# A game at fault.


@pytest.mark.parametrize("is_asking", [True, False])
async def test_game_that_dies(start_broker: StartBroker, start_peer: StartPeer, is_asking: bool) -> None:
    """Its bots are told; the game is what was lost."""
    broker = await start_broker()
    steps = game(ask(0), "wait", "die") if is_asking else game("wait", "die")
    playing, first, second = await seat(broker, start_peer, steps, bot("bot 0", "rest"), bot("bot 1", "rest"))
    if is_asking:
        assert await first.hear() == REQUEST
    await playing.go_on()
    for each in (first, second):
        assert await each.hear_all() == [TERMINATION]
    await over(broker, Cause.GAME_LOST, "game")
    await play_on(broker)


async def test_game_at_fault(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """A player that is not there, out of turn, or what is no action: by name; everyone is told."""
    faults = [
        ([ask(2)], Cause.GAME_FAULT, "it asked player 2; the players are 0 to 1"),
        ([ask(255)], Cause.GAME_FAULT, "it asked player 255; the players are 0 to 1"),
        ([ask(1), ask(1)], Cause.GAME_FAULT, "while player 1 was being asked"),
        ([ask(1), END], Cause.GAME_FAULT, "it said that it is over while player 1 was being asked"),
        (say(basic.decision(b"x")), Cause.PROTOCOL_VIOLATION, "which no game may say in a match"),
        (["say:A"], Cause.PROTOCOL_VIOLATION, "a line that is not padded base64: 'A\\n'"),
        ([ask(0, bytes(1025))], Cause.MESSAGE_TOO_LARGE, "a message of more than 1,026 bytes"),
    ]
    broker = await start_broker("--max-payload-bytes", "1024")
    for match, (words, cause, detail) in enumerate(faults, 1):
        bots = bot("bot 0", "rest"), bot("bot 1", "rest")
        playing, *others = await seat(broker, start_peer, game(*words, "rest"), *bots)
        assert await playing.hear_all() == [TERMINATION, TERMINATION]
        for other in others:
            assert (await other.hear_all())[-1] == TERMINATION
        await over(broker, cause, "game", detail, match=match)
    await play_on(broker)


async def test_game_that_does_not_go_on(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """It has a limit of its own."""
    broker = await start_broker("--game-time-limit", "0.4")
    bots = bot("bot 0", "rest"), bot("bot 1", "rest")
    playing, *others = await seat(broker, start_peer, game("rest"), *bots)
    assert await playing.hear_all() == [TERMINATION, TERMINATION]
    for other in others:
        assert await other.hear_all() == [TERMINATION]
    await broker.wait_logged("match over", cause="game-time-limit", at_fault="game")


async def test_match_that_takes_too_long(start_broker: StartBroker, start_peer: StartPeer) -> None:
    """It is nobody's fault."""
    broker = await start_broker("--match-time-limit", "0.4")
    bots = bot("bot 0", "rest"), bot("bot 1", "rest")
    playing, asked, _ = await seat(broker, start_peer, game(ask(0), "rest"), *bots)
    assert await playing.hear_all() == [TERMINATION, TERMINATION]
    assert (await asked.hear_all())[-1] == TERMINATION
    await broker.wait_logged("match over", cause="match-time-limit", at_fault="nobody")


# Matches beside and after one another.


async def test_many_matches_side_by_side_and_one_after_the_other(start_broker: StartBroker) -> None:
    """Twenty at once, three times over, through one broker; each is completed."""
    broker = await start_broker(players=3)
    for _ in range(3):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(play_match, broker.port, 3)
    assert await broker.stop() == 0
    assert broker.outcomes() == ["completed"] * 60
    assert sorted(entry["match"] for entry in broker.entries("match over")) == list(range(1, 61))
