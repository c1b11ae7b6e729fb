"""What is kept of matches: the places that can be taken again, and the latest records."""

import secrets
from collections import OrderedDict, deque
from math import inf
from typing import Final

from bitbroker.broker.record import MatchRecord
from bitbroker.broker.table import Participant, Table
from bitbroker.settings import Settings

_MOST_KEPT: Final = 1024
"""Matches that are over and can still be asked for their outcome; the oldest go first. A few kilobytes each, and up to
64 KiB for its result."""


class Archive:
    """Remembers who may come back, and how matches ended.

    Attributes:
        recent: records of the latest matches that are over. Worst memory: a record with its names and its
            sentences, a kilobyte a seat and a few more, for each of the matches kept.
    """

    def __init__(self, settings: Settings) -> None:
        self.recent: deque[MatchRecord] = deque(maxlen=settings.recent_matches)
        self._places: dict[str, Participant] = {}
        self._kept: OrderedDict[int, Table] = OrderedDict()

    def new_key(self) -> str:
        """A key that nobody can guess: 128 random bits."""
        return secrets.token_urlsafe(16)

    def hold(self, participant: Participant) -> None:
        """Let this place be taken again, by who has its key."""
        if participant.key:
            self._places[participant.key] = participant

    def find(self, key: str) -> Participant | None:
        """Who has, or had, the place of this key."""
        return self._places.get(key)

    def keep(self, table: Table, record: MatchRecord, now: float) -> Table | None:
        """Keep a match that is over: its record, and for the grace its outcome for who was away.

        Returns:
            Another that had to be forgotten for it.
        """
        self.recent.append(record)
        if not any(participant.key for participant in table):
            return None
        table.kept_until = now + table.plan.rules.resume_grace
        self._kept[table.number] = table
        if len(self._kept) <= _MOST_KEPT:
            return None
        oldest = next(iter(self._kept.values()))
        self.forget(oldest)
        return oldest

    def kept(self) -> list[Table]:
        """Matches that are over and not forgotten."""
        return list(self._kept.values())

    def forget(self, table: Table) -> None:
        """Nobody will come back to this match."""
        table.kept_until = inf
        self._kept.pop(table.number, None)
        for participant in table:
            self._places.pop(participant.key, None)
