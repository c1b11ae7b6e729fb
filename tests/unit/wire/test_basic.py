"""The conversation of the basic wire: each message's bytes, and what may be said in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitbroker._pb.initial_pb2 import InitialMessageBatchProto, InitialMessageProto
from bitbroker.errors import Cause, RemoteProtocolError
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
BAD_BODIES = [b"\xff", b"\x0a", b"\x08", b"\x52\x05ab", b"\x52\x02\xff\xfe", b"\x0a\x02\x08"]


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (basic.GAME_HELLO, b"AAE=\n"),
        (basic.BOT_HELLO, b"AAI=\n"),
        (basic.bot_info(""), b"ACI=\n"),
        (basic.bot_info("bob"), b"ACJSA2JvYg==\n"),
        (basic.players([]), b"ABE=\n"),
        (basic.players(["a", "b"]), b"ABEKA1IBYQoFCAFSAWI=\n"),
        (basic.TRIGGER, b"AQA=\n"),
        (basic.action(0, b""), b"AQA=\n"),
        (basic.action(3, b"state"), b"AQNzdGF0ZQ==\n"),
        (basic.request(basic.action(3, b"state"), 5), b"AgVzdGF0ZQ==\n"),
        (basic.decision(b""), b"AgA=\n"),
        (basic.decision(b"move"), b"AgBtb3Zl\n"),
        (basic.failure(Cause.TIME_LIMIT), b"AgI=\n"),
        (basic.END, b"AP4=\n"),
        (basic.TERMINATION, b"AP8=\n"),
    ],
)
def test_message_on_the_wire(message: Message, line: bytes) -> None:
    """The bytes are those of the crate's clients and broker."""
    assert message.to_line() == line


@given(NAMES)
def test_name_survives(name: str) -> None:
    """A bot's name arrives as it was sent, empty or not."""
    assert basic.parse_bot_info(basic.bot_info(name)) == name


@pytest.mark.parametrize(("opcode", "operand"), [(0, 0x22), (0, 2), (1, 0), (2, 0), (255, 255)])
def test_codes_of_a_bot_info_do_not_matter(opcode: int, operand: int) -> None:
    """The original's broker does not look at them: the body counts."""
    assert basic.parse_bot_info(Message(opcode, operand, basic.bot_info("alice").body)) == "alice"


def test_index_and_unknown_fields_of_a_bot_info_do_not_matter() -> None:
    """A bot does not number itself, and a newer one may say more."""
    body = InitialMessageProto(botIndex=7, botName="alice").SerializeToString() + b"\x7a\x03new"
    assert basic.parse_bot_info(Message(0, 0x22, body)) == "alice"


@pytest.mark.parametrize("body", [body for body in BAD_BODIES if not body.startswith(b"\x0a\x02")])
def test_what_is_no_bot_info(body: bytes) -> None:
    """Bytes that do not parse are the bot's fault."""
    with pytest.raises(RemoteProtocolError, match="no bot info"):
        basic.parse_bot_info(Message(0, 0x22, body))


@given(st.binary(max_size=30))
def test_any_bot_info_is_a_name_or_the_bots_fault(body: bytes) -> None:
    """Nothing else comes out of random bytes."""
    try:
        name = basic.parse_bot_info(Message(0, 0x22, body))
    except RemoteProtocolError:
        return
    assert name.encode() in body


@given(st.lists(NAMES, max_size=10), st.randoms(use_true_random=False))
def test_players_in_any_order(names: list[str], random: object) -> None:
    """Names come out by seat, whatever their order in the message: the crate's is not fixed."""
    entries = [InitialMessageProto(botIndex=seat, botName=name) for seat, name in enumerate(names)]
    random.shuffle(entries)  # type: ignore[attr-defined]
    body = InitialMessageBatchProto(initialMessages=entries).SerializeToString()
    assert basic.parse_players(Message(0, 0x11, body)) == names
    assert basic.parse_players(basic.players(names)) == names


def test_255_players() -> None:
    """As many as there may be."""
    names = [f"bot {number}" for number in range(basic.MAX_PLAYERS)]
    assert len(names) == 255
    assert basic.parse_players(basic.players(names)) == names


def test_first_seat_has_no_index_on_the_wire() -> None:
    """Proto3 leaves a zero out, and an empty name too."""
    assert basic.players([""]).body == b"\x0a\x00"
    assert basic.parse_players(Message(0, 0x11, b"\x0a\x00")) == [""]


@pytest.mark.parametrize("seats", [[1], [0, 0], [0, 2], [1, 2], [-1], [0, -1], [0, 1, 1], [1, 1], [255, 0]])
def test_seats_that_are_missing_or_there_twice(seats: list[int]) -> None:
    """A list of players must have each seat once, from 0; the error shows the seats it has."""
    entries = [InitialMessageProto(botIndex=seat, botName="x") for seat in seats]
    body = InitialMessageBatchProto(initialMessages=entries).SerializeToString()
    with pytest.raises(RemoteProtocolError) as caught:
        basic.parse_players(Message(0, 0x11, body))
    assert str(seats) in str(caught.value)


@pytest.mark.parametrize("body", BAD_BODIES)
def test_what_is_no_list_of_players(body: bytes) -> None:
    """Bytes that do not parse are the broker's fault, said as such."""
    batch = body if body.startswith(b"\x0a") or body == b"\xff" else b"\x0a" + bytes((len(body),)) + body
    with pytest.raises(RemoteProtocolError, match="does not parse"):
        basic.parse_players(Message(0, 0x11, batch))


@pytest.mark.parametrize(
    "message", [basic.TRIGGER, basic.TERMINATION, basic.decision(b""), Message(1, 0x11), Message(0, 0x12)]
)
def test_other_messages_are_no_list_of_players(message: Message) -> None:
    """The codes count here; the error shows what came."""
    with pytest.raises(RemoteProtocolError, match="expected the list of players") as caught:
        basic.parse_players(message)
    assert repr(message) in str(caught.value)


@given(st.binary(max_size=40))
def test_any_list_of_players_is_names_or_the_brokers_fault(body: bytes) -> None:
    """Nothing else comes out of random bytes."""
    try:
        names = basic.parse_players(Message(0, 0x11, body))
    except RemoteProtocolError:
        return
    assert all(isinstance(name, str) for name in names)
    assert len(names) <= len(body) // 2


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.NONE])
def test_failure_carries_the_causes_number_and_no_decision(cause: Cause) -> None:
    """Operand 1 to 255, which no response has, and an empty body."""
    assert basic.failure(cause) == Message(2, cause.value)
    assert 1 <= basic.failure(cause).operand <= 255
    assert basic.failure(cause).to_line() == Message(2, int(cause)).to_line()


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=3))
def test_termination_is_told_by_its_codes(opcode: int, operand: int, body: bytes) -> None:
    """00 FF and nothing else, whatever its body."""
    assert basic.is_termination(Message(opcode, operand, body)) == ((opcode, operand) == (0, 255))
    assert basic.is_termination(Message(0, 255, body))


@given(st.integers(0, 254), st.integers(1, 255), st.binary(max_size=20))
def test_request_is_the_action_for_its_player(player: int, seconds: int, state: bytes) -> None:
    """The state goes on untouched; the player's number gives way to the time limit."""
    assert basic.request(basic.action(player, state), seconds) == Message(2, seconds, state)
