"""Who has lost its connection and may come back, and until when."""

from collections.abc import Iterator
from math import inf


class Absences:
    """The seats that are away, and perhaps the game; times on the clock of `Match.handle`."""

    __slots__ = ("_grace", "_until")

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._until: dict[int, float] = {}

    def __contains__(self, place: int) -> bool:
        return place in self._until

    def begin(self, place: int, now: float) -> None:
        """It is away, unless it was before."""
        self._until.setdefault(place, now + self._grace)

    def end(self, place: int) -> bool:
        """It is there again, or awaited no more; whether it was away."""
        return self._until.pop(place, None) is not None

    def clear(self) -> None:
        """Nobody is awaited any more."""
        self._until.clear()

    def credit(self, seconds: float, now: float) -> None:
        """Let the broker's own lag until now not count: nobody can come back to a broker that is held up."""
        for place, until in self._until.items():
            self._until[place] = min(until + seconds, now + self._grace)

    def soonest(self) -> float:
        """When the next of them is awaited no more; infinity for never."""
        return min(self._until.values()) if self._until else inf

    def due(self, now: float) -> Iterator[tuple[int, float]]:
        """Who is awaited no more by now, and since when."""
        return ((place, until) for place, until in self._until.items() if until <= now)
