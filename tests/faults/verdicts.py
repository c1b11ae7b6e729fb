"""What must have come of a failure at a place: the cause, who is at fault, and what each client was told."""

from collections.abc import Iterator, Set
from typing import Final

from tests.faults.match import CLIENTS, Fault, Place, Report

COMPLETED: Final = frozenset({"completed"})
_LOST: Final = frozenset({"ConnectionLostError", "BrokerUnreachableError"})
_AT_FAULT: Final = {"completed": "nobody", "broker-stopping": "nobody", "game-lost": "game", "game-time-limit": "game"}


def complaints(place: Place, report: Report, whole: Report) -> list[str]:
    """All that is not as it must be.

    Args:
        place: where it failed.
        report: what came of it.
        whole: the same match without a failure.
    """
    return [*_check_outcome(place, report, whole), *_check_clients(place, report)]


def _check_outcome(place: Place, report: Report, whole: Report) -> Iterator[str]:
    allowed = _allowed_causes(place, report, whole)
    if report.cause not in allowed:
        yield f"the match ended by {report.cause!r}, and not by one of {sorted(allowed)}"
    at_fault = _AT_FAULT.get(report.cause, "")
    if not at_fault and report.cause:
        at_fault = f"player {report.names.index(place.client)}"
    if report.at_fault != at_fault:
        yield f"at fault is {report.at_fault!r}, and not {at_fault!r}"
    code = -9 if place.fault is Fault.KILL_BROKER else 0
    if report.exit_code != code:
        yield f"the broker ended with {report.exit_code}, and not with {code}"


def _allowed_causes(place: Place, report: Report, whole: Report) -> Set[str]:
    last = whole.passed[place.client]
    if place.fault is Fault.KILL_BROKER:
        return {"", "completed"} if place.message == last else {""}
    if place.fault in {Fault.STOP, Fault.STOP_NOW} and not report.names:
        return {""}  # it stopped before a match had begun, and then none begins
    was_restarted = len(report.told[place.client]) > 1
    if was_restarted or place.message == last or place.fault in {Fault.STOP, Fault.DRIP, Fault.DELAY}:
        return COMPLETED
    if place.fault is Fault.STOP_NOW:
        return {"broker-stopping"}
    return _causes_of_loss(place, is_last_word=place.message == last - 1)


def _causes_of_loss(place: Place, *, is_last_word: bool) -> Set[str]:
    """In mid-match: the last word is the game's end, or the last decision of a bot."""
    is_game, is_extended = place.client == "game", place.wire != "basic"
    if place.fault is Fault.STALL:
        return {"game-time-limit" if is_game else "time-limit"}
    lost = {"game-lost" if is_game else "disconnected"}
    if place.fault is Fault.KILL_CLIENT:
        if is_last_word:  # it has said all; whether the match is over before a bot is missed is a race
            return COMPLETED if is_game else COMPLETED | lost
        return lost
    if not is_extended:
        return lost
    # Cut before its welcome, it has no key to come back with; the match may have begun with it all the same.
    return COMPLETED | lost if place.message <= (2 if is_game else 3) else COMPLETED


def _check_clients(place: Place, report: Report) -> Iterator[str]:
    for name in CLIENTS:
        *earlier, last = report.told[name]
        may_be_lost = place.fault is Fault.KILL_BROKER or _may_miss_the_end(place, report, name)
        for told in earlier:
            if told is not None and not _is_clear_error(told, {*_LOST, "RefusedError"}) and not _is_bare(place, told):
                yield f"{name} was to be started again after {told}"
        if last is None:
            if (place.fault, place.client) != (Fault.KILL_CLIENT, name):
                yield f"{name} was killed"
        elif last["error"]:
            if not (may_be_lost and _is_clear_error(last, _LOST)) and not _is_refusal(place, report, last):
                yield f"{name} ended with {last}"
        elif place.wire != "basic" and last["told"] != report.cause:
            yield f"{name} was told {last['told']!r}, the match ended by {report.cause!r}"
        elif not report.cause and place.fault is Fault.KILL_BROKER:
            yield f"{name} ended well, and there was no end"


def _may_miss_the_end(place: Place, report: Report, name: str) -> bool:
    """Whether a connection that was lost is what this client may end with."""
    if place.fault in {Fault.STOP, Fault.STOP_NOW}:
        return not report.names and name not in report.refused  # it came when nobody was let in any more
    is_network = place.fault in {Fault.CUT, Fault.RESET, Fault.STALL}
    has_no_key = place.wire == "basic" or place.message <= 3
    return is_network and name == place.client and has_no_key


def _is_refusal(place: Place, report: Report, told: dict[str, str]) -> bool:
    """Whether it says that the broker stops, where that is so."""
    is_stopped = place.fault in {Fault.STOP, Fault.STOP_NOW} and not report.names
    return is_stopped and _is_clear_error(told, {"RefusedError"}) and "broker-stopping" in told["text"]


def _is_bare(place: Place, told: dict[str, str]) -> bool:
    """Whether it is the basic wire's termination: all that is said there to who took too long for its handshake."""
    return (place.fault, place.wire) == (Fault.STALL, "basic") and not told["error"]


def _is_clear_error(told: dict[str, str], errors: Set[str]) -> bool:
    """Whether it is one of these, in one line."""
    return told["error"] in errors and told["text"].isprintable() and bool(told["text"])
