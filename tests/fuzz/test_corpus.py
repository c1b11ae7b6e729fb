"""The corpus, input by input, without a fuzzer; and that the targets find what they are there to find."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitbroker.broker.basic_dialect import BasicBot
from bitbroker.broker.dialect import Farewell
from bitbroker.broker.table import Participant
from bitbroker.errors import RemoteProtocolError
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from tests.fuzz import arena, decoders, dialects
from tests.fuzz.targets import CORPUS, TARGETS

ONE_PLAYER = next(path for path in sorted((CORPUS / "broker").iterdir()) if not path.read_bytes()[0])


@pytest.fixture(autouse=True)
def _others_frozen() -> Iterator[None]:
    """Keep what other tests have left in memory out of the search for what a broker leaves."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("target", TARGETS)
def test_corpus(target: str) -> None:
    """Recorded matches, scripts, and all that fuzzing has ever found: nothing is found any more."""
    inputs = sorted((CORPUS / target).iterdir())
    assert inputs
    for path in inputs:
        TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("path", sorted((CORPUS / "broker").glob("seed-*")), ids=lambda path: path.name)
def test_scripts_hold_matches(path: Path) -> None:
    """Each script that fuzzing begins with is a match that comes to its end."""
    log, _left = arena.play(path.read_bytes())
    assert [entry["cause"] for entry in log if entry["event"] == "match over"] == ["completed"]


# Whether a fault would be found.


def test_decoder_that_depends_on_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes two messages for one if they come in one piece."""
    feed = LineFraming.feed
    monkeypatch.setattr(LineFraming, "feed", lambda self, data: feed(self, data.replace(b"AAE=\nAAI=\n", b"AAE=\n")))
    data = bytes((decoders.LIMITS.index(64), 0, 6, 0, 6, 0, 6, 0, 6)) + b"AAE=\nAAI=\n"
    with pytest.raises(AssertionError, match="in pieces"):
        decoders.fuzz_lines(data)


def test_decoder_that_takes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the standard library does not agree with."""
    feed = LineFraming.feed
    monkeypatch.setattr(LineFraming, "feed", lambda self, data: feed(self, data.replace(b"!", b"=")))
    with pytest.raises(AssertionError, match="expected"):
        decoders.fuzz_lines(bytes(8) + b"\0AAE!\n")


def test_dialect_that_raises_what_it_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any error but the protocol's own is a finding, and so is one that is no line for a log."""

    def hear(_self: BasicBot, message: Message, _seat: int | None) -> None:
        raise (ValueError("a fault") if message.operand else RemoteProtocolError("two\nlines"))

    monkeypatch.setattr(BasicBot, "hear", hear)
    with pytest.raises(ValueError, match="a fault"):
        dialects.fuzz_dialects(bytes((1, 2, 1)))
    with pytest.raises(AssertionError, match="not one printable line"):
        dialects.fuzz_dialects(bytes((1, 2, 0)))


def test_broker_with_a_fault_in_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """The boundary of a match keeps it from the other matches, and not from being found."""

    def hear(_self: BasicBot, _message: Message, _seat: int | None) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(BasicBot, "hear", hear)
    with pytest.raises(AssertionError, match=r"faults of the broker.*ValueError: a fault"):
        arena.fuzz_broker(ONE_PLAYER.read_bytes())


def test_broker_that_forgets_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is still in memory when all have gone."""
    kept: list[Participant] = []
    release = Participant.release

    def keep(participant: Participant, farewell: Farewell) -> None:
        kept.append(participant)
        release(participant, farewell)

    monkeypatch.setattr(Participant, "release", keep)
    monkeypatch.setattr(arena, "LONGEST", 10.0)
    with pytest.raises(AssertionError, match="in memory"):
        arena.fuzz_broker(ONE_PLAYER.read_bytes())
