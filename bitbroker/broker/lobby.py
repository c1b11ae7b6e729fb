"""Who waits for a match, and who plays the next one."""

from bisect import bisect_left, insort

from bitbroker.broker.table import Participant, Role
from bitbroker.errors import Ending
from bitbroker.settings import Settings, Surplus


class Lobby:
    """Complete handshakes in the order in which their connections were accepted.

    Holds `max_waiting` participants at the most; their connections are what costs memory.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: dict[Role, list[Participant]] = {Role.GAME: [], Role.BOT: []}
        self._places = {Role.GAME: 1, Role.BOT: settings.num_players}

    def count(self, role: Role) -> int:
        """How many of this role wait."""
        return len(self._waiting[role])

    def admit(self, participant: Participant, *, seating: bool) -> Ending | None:
        """Let a participant wait.

        Args:
            participant: who comes.
            seating: whether there will be a next match.

        Returns:
            Why it may not wait; None if it may.
        """
        waiting = self._waiting[participant.role]
        if self._settings.surplus is Surplus.REFUSE:
            places = self._places[participant.role] if seating else 0
            if len(waiting) >= places:
                return Ending.NO_PLACE
        if sum(map(len, self._waiting.values())) >= self._settings.max_waiting:
            return Ending.TOO_MANY_WAITING
        insort(waiting, participant, key=_number)
        return None

    def leave(self, participant: Participant) -> None:
        """Take a participant off the list, if it is on it."""
        waiting = self._waiting[participant.role]
        place = bisect_left(waiting, _number(participant), key=_number)
        if waiting[place : place + 1] == [participant]:
            del waiting[place]

    def next_players(self) -> tuple[Participant, list[Participant]] | None:
        """The game and the bots of the next match, off the list; None while somebody is missing."""
        games, bots = self._waiting[Role.GAME], self._waiting[Role.BOT]
        count = self._settings.num_players
        if not games or len(bots) < count:
            return None
        players = bots[:count]
        del bots[:count]
        return games.pop(0), players

    def everybody(self) -> list[Participant]:
        """Everybody who waits."""
        return self._waiting[Role.GAME] + self._waiting[Role.BOT]

    def empty(self) -> list[Participant]:
        """Everybody, off the list."""
        everybody = self.everybody()
        for waiting in self._waiting.values():
            waiting.clear()
        return everybody


def _number(participant: Participant) -> int:
    return participant.stream.number
