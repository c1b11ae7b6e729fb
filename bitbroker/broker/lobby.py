"""Who waits for a match, and who plays the next one."""

from bisect import bisect_left, insort
from collections.abc import Sequence

from bitbroker.broker.greeting import Role
from bitbroker.broker.table import Participant
from bitbroker.errors import Ending
from bitbroker.settings import Settings, Surplus


class Lobby:
    """Complete handshakes in the order in which their connections were accepted; a room for each name to meet under.

    Holds `max_waiting` participants at the most, and whom else those wait for; their connections are what costs memory.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rooms: dict[str, dict[Role, list[Participant]]] = {}
        self._counts = dict.fromkeys(Role, 0)

    def count(self, role: Role) -> int:
        """How many of this role wait."""
        return self._counts[role]

    def admit(self, participant: Participant, *, seating: bool) -> Ending | None:
        """Let a participant wait.

        Args:
            participant: who comes.
            seating: whether there will be a next match.

        Returns:
            Why it may not wait; None if it may.
        """
        has_place = self._has_place(participant, seating=seating)
        if self._settings.surplus is Surplus.REFUSE and not has_place:
            return Ending.NO_PLACE
        # Who is waited for is let into a full lobby too: refused, it would leave the lobby full for ever.
        is_waited_for = (
            has_place and participant.greeting.match in self._rooms and participant.role is not Role.SPECTATOR
        )
        if sum(self._counts.values()) >= self._settings.max_waiting and not is_waited_for:
            return Ending.TOO_MANY_WAITING
        room = self._rooms.setdefault(participant.greeting.match, {role: [] for role in Role})
        insort(room[participant.role], participant, key=_number)
        self._counts[participant.role] += 1
        return None

    def _has_place(self, participant: Participant, *, seating: bool) -> bool:
        room = self._rooms.get(participant.greeting.match)
        waiting = len(room[participant.role]) if room else 0
        match participant.role:
            case Role.GAME:
                return seating and waiting < 1
            case Role.BOT:
                games = room[Role.GAME] if room else []
                return seating and waiting < (_players(games[0]) if games else self._settings.num_players)
            case Role.SPECTATOR:
                return seating

    def leave(self, participant: Participant) -> None:
        """Take a participant off the list, if it is on it."""
        waiting = self._rooms.get(participant.greeting.match, {}).get(participant.role, [])
        place = bisect_left(waiting, _number(participant), key=_number)
        if waiting[place : place + 1] == [participant]:
            self._take(participant.greeting.match, participant.role, place, place + 1)

    def next_players(self, name: str) -> tuple[Participant, list[Participant]] | None:
        """Game and bots, by seat, of the next match in this room, off the list; None while somebody is missing."""
        room = self._rooms.get(name)
        if room is None or not room[Role.GAME]:
            return None
        count = _players(room[Role.GAME][0])
        if len(room[Role.BOT]) < count:
            return None
        bots = self._take(name, Role.BOT, 0, count)
        return self._take(name, Role.GAME, 0, 1)[0], _seat(bots)

    def spectators(self, name: str, most: int) -> list[Participant]:
        """Those who wait in this room to look on, so many at the most, off the list."""
        return self._take(name, Role.SPECTATOR, 0, most)

    def everybody(self) -> list[Participant]:
        """Everybody who waits."""
        return [waiting for room in self._rooms.values() for role in Role for waiting in room[role]]

    def empty(self) -> list[Participant]:
        """Everybody, off the list."""
        everybody = self.everybody()
        self._rooms.clear()
        self._counts = dict.fromkeys(Role, 0)
        return everybody

    def _take(self, name: str, role: Role, start: int, stop: int) -> list[Participant]:
        room = self._rooms.get(name)
        if room is None:
            return []
        taken = room[role][start:stop]
        del room[role][start:stop]
        self._counts[role] -= len(taken)
        if not any(room.values()):
            del self._rooms[name]
        return taken


def _number(participant: Participant) -> int:
    return participant.stream.number


def _players(game: Participant) -> int:
    assert game.greeting.plan is not None
    return game.greeting.plan.players


def _seat(bots: Sequence[Participant]) -> list[Participant]:
    """By seat: wishes that can be had first, in order; the rest in order."""
    seats: list[Participant | None] = [None] * len(bots)
    rest = []
    for bot in bots:
        wish = bot.greeting.wish
        if wish is not None and wish < len(seats) and seats[wish] is None:
            seats[wish] = bot
        else:
            rest.append(bot)
    others = iter(rest)
    return [next(others) if bot is None else bot for bot in seats]
