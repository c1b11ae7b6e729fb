"""What a client's messages mean to the rules, and how the rules' effects are said to it.

The rules know no wire and the wire knows no rules; a dialect is where the two meet. There is one for each wire and
role, in `basic_dialect.py` and `extended_dialect.py`.
"""

from collections.abc import Sequence
from typing import Protocol

import attrs

from bitbroker.errors import Cause, Ending
from bitbroker.match import Ask, Deliver, Event, NotTaken, Outcome, Rules
from bitbroker.wire.messages import Message


@attrs.frozen
class Publication:
    """What a game shows to spectators: a complete picture, under a number that goes up."""

    number: int
    payload: bytes


@attrs.frozen
class Pinged:
    """The client wants a sign of life: this is the answer."""

    pong: Message


Heard = Event | Publication | Pinged | None
"""What a message means: something for the match, for its spectators, for the connection, or nothing."""


@attrs.frozen
class Introduction:
    """A match, as those who play it are told.

    Attributes:
        match_id: its id.
        names: of the players, by seat.
        rules: what holds.
        content_type: of what the game publishes.
        last_turn: the last turn that was taken.
        last_publish: the last publication that was taken.
    """

    match_id: str
    names: Sequence[str]
    rules: Rules
    content_type: str = ""
    last_turn: int = 0
    last_publish: int = 0


@attrs.frozen
class Farewell:
    """Why a connection ends.

    Attributes:
        ending: its name.
        cause: of the match's end, or why the client is put out of it; NONE if there is none.
        detail: half a sentence for a person.
        match_id: of the match that is over, if one is.
        outcome: of that match.
        protocols: with UNSUPPORTED_VERSION, the versions that are spoken.
    """

    ending: Ending
    cause: Cause = Cause.NONE
    detail: str = ""
    match_id: str = ""
    outcome: Outcome | None = None
    protocols: Sequence[int] = ()


class Dialect(Protocol):
    """How one client speaks.

    Attributes:
        extended: whether it speaks the extended wire, and so can be told things, and come back.
    """

    extended: bool

    def hear(self, message: Message, seat: int | None) -> Heard:
        """What a message of this client, in this seat if it is a bot, means.

        Raises:
            RemoteProtocolError: it may not say that.
        """

    def say_introduction(self, introduction: Introduction, seat: int | None) -> Sequence[Message]:
        """The match begins, or goes on for one who has come back."""

    def say_farewell(self, farewell: Farewell) -> Sequence[Message]:
        """The last words."""


class BotDialect(Dialect, Protocol):
    """How a bot is spoken with."""

    def say_request(self, ask: Ask) -> Message:
        """A request."""

    def say_not_taken(self, effect: NotTaken) -> Sequence[Message]:
        """What it sent counts for nothing."""


class GameDialect(Dialect, Protocol):
    """How a game is spoken with."""

    def say_answers(self, effect: Deliver) -> Sequence[Message]:
        """The answers of a turn; it is for the game to go on."""
