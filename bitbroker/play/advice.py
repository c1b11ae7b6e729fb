"""What to tell the user about whoever is at fault: how its process ended, and what to mend."""

import signal
from typing import Final

from bitbroker.errors import Cause
from bitbroker.play.child import Child
from bitbroker.play.match import Result

_LOST: Final = frozenset({Cause.DISCONNECTED, Cause.GAME_LOST})

_JOIN: Final = (
    "let its command connect to BROKER_HOST and BROKER_PORT, or have {host} and {port} in it; if it is slow to start, "
    "raise --join-timeout"
)
_ADVICE: Final = {
    Cause.TIME_LIMIT: "let it answer sooner, or give every bot longer with --time-limit",
    Cause.GAME_TIME_LIMIT: "let it go on sooner, or give the game longer with --game-time-limit",
    Cause.MESSAGE_TOO_LARGE: "let it send less, or allow more with --max-payload-bytes",
    Cause.SLOW_CONSUMER: "let it read every request, also while it thinks about an earlier one",
    Cause.GAME_FAULT: "let it ask one player at a time who is there, and end when nobody is being asked",
    Cause.PROTOCOL_VIOLATION: (
        "let it send what docs/protocol.md allows and nothing else, a bot one answer to each request; whoever uses "
        "bitbroker.client does"
    ),
}


def tell_exit(result: Result, culprit: Child) -> str:
    """How its process ended, where that says something: by itself, with an error or in mid-match; empty otherwise."""
    code = culprit.exit_code
    if code is None or culprit.was_ended or not result.began or (code == 0 and result.record.cause not in _LOST):
        return ""
    return f" (exit code {code})" if code >= 0 else f" (killed by {_signal_name(-code)})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def advise(result: Result, culprit: Child) -> str:
    """What to mend, in half a sentence; empty where the end speaks for itself."""
    cause = result.record.cause
    if cause in _LOST:
        return _advise_on_loss(result, culprit)
    if not result.began:
        return _JOIN
    assert cause is not None
    return _ADVICE.get(cause, "")


def _advise_on_loss(result: Result, culprit: Child) -> str:
    if culprit.last_words:
        return "see its last words to standard error, above"
    if culprit.exit_code is None:  # it was never started, and the line before says why
        return ""
    if culprit.was_ended:
        return "let it keep its connection until it hears that the match is over"
    when = "before the match was over" if result.began else "before the match began"
    return f"its process ended {when}, without a word to standard error; --logs FOLDER keeps what else it said"
