"""What the spectators of one match get: what its game publishes, and what happens, on one sequence."""

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from bitbroker._pb import extended_pb2 as pb
from bitbroker.broker.dialect import Publication
from bitbroker.errors import Cause
from bitbroker.wire import extended
from bitbroker.wire.messages import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = pb.MatchEvent.Kind

_ITEM_BYTES: Final = 400
"""What Python needs for an item that is held, beside its body: most have a body of some twenty bytes."""


class Listener(Protocol):
    """Who is told what happens."""

    def tell(self, message: Message) -> None:
        """Hear it, or lose it; at once."""


@attrs.frozen(kw_only=True)
class _Item:
    """One message, when spectators may have it, and where it stands."""

    due: float
    sequence: int
    message: Message
    is_picture: bool

    @property
    def held_bytes(self) -> int:
        """What it costs to hold it."""
        return _ITEM_BYTES + self.message.body_bytes


class Broadcast:
    """Numbers what happens in a match, holds it back for the delay, and remembers the present for who comes late.

    Worst memory: the present (one payload), and with a delay `max_held_bytes` of what is held back; above that the
    oldest are lost, and a gap in the sequence shows it. Without a delay nothing is held.

    Attributes:
        began: when the match began.
        audience: the spectators.
        last_publish: the number of the last publication taken from the game.
        sequence: of the last message that spectators may have had.
    """

    def __init__(self, began: float, delay: float, max_held_bytes: int) -> None:
        """Prepare.

        Args:
            began: when the match began, on the clock of `now` in all other calls.
            delay: how far behind spectators are kept, in seconds.
            max_held_bytes: how much may be held back.
        """
        self.audience: Sequence[Listener] = ()
        self.last_publish = 0
        self.sequence = 0
        self.began = began
        self._delay = delay
        self._max_held_bytes = max_held_bytes
        self._last_sequence = 0
        self._present: Message | None = None
        self._held: deque[_Item] = deque()
        self._held_bytes = 0

    def publish(self, publication: Publication, now: float) -> None:
        """Take a picture from the game, unless it has been taken before."""
        if publication.number <= self.last_publish:
            return
        self.last_publish = publication.number
        self._last_sequence += 1
        published = pb.Published(sequence=self._last_sequence, at_us=self._at(now), payload=publication.payload)
        self._hold(now, extended.encode(extended.PUBLISHED, published), is_picture=True)

    def tell(
        self,
        kind: Kind,
        now: float,
        seat: int,
        number: int,
        cause: Cause = Cause.NONE,
        elapsed: float = 0.0,
    ) -> None:
        """Tell what happened to this seat, in this turn."""
        self._last_sequence += 1
        if not self._delay and not self.audience:
            self.sequence = self._last_sequence  # nobody will ever read it
            return
        event = pb.MatchEvent(
            sequence=self._last_sequence,
            at_us=self._at(now),
            kind=kind,
            seat=seat,
            number=number,
            cause=extended.cause_number(cause),
            elapsed_us=extended.to_us(elapsed),
        )
        self._hold(now, extended.encode(extended.EVENT, event), is_picture=False)

    def _at(self, now: float) -> int:
        return extended.to_us(now - self.began)

    def _hold(self, now: float, message: Message, *, is_picture: bool) -> None:
        item = _Item(due=now + self._delay, sequence=self._last_sequence, message=message, is_picture=is_picture)
        if not self._delay:
            self._release(item)
            return
        self._held.append(item)
        self._held_bytes += item.held_bytes
        while self._held_bytes > self._max_held_bytes:
            self._held_bytes -= self._held.popleft().held_bytes

    def next_time(self) -> float:
        """When the next of what is held back may go out; infinity for never."""
        return self._held[0].due if self._held else inf

    def release_due(self, now: float) -> None:
        """Send what has been held back for long enough."""
        while self._held and self._held[0].due <= now:
            item = self._held.popleft()
            self._held_bytes -= item.held_bytes
            self._release(item)

    def close(self) -> None:
        """Nobody looks on any more: keep no picture for who comes late."""
        self._present = None
        self._held.clear()
        self._held_bytes = 0

    def _release(self, item: _Item) -> None:
        self.sequence = item.sequence
        if item.is_picture:
            self._present = item.message
        for listener in self.audience:
            listener.tell(item.message)

    def tell_present(self) -> list[Message]:
        """What a spectator is told who joins now: the present, and that from here on it is live."""
        live = extended.encode(extended.LIVE, pb.Live(sequence=self.sequence))
        return [live] if self._present is None else [self._present, live]
