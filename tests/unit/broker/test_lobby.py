"""Who waits, who is turned away, and who plays the next match."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitbroker.broker.greeting import Role
from bitbroker.broker.lobby import Lobby
from bitbroker.broker.table import Participant
from bitbroker.errors import Ending
from bitbroker.settings import Settings

from .conftest import MakeParticipant


def lobby(players: int = 2, **settings: Any) -> Lobby:
    """An empty one."""
    return Lobby(Settings(num_players=players, **settings))


def admit(lobby: Lobby, *participants: Participant, seating: bool = True) -> list[Ending | None]:
    """Let them come, one after the other; why each may not wait."""
    return [lobby.admit(participant, seating=seating) for participant in participants]


def test_match_takes_a_game_and_its_players(make_participant: MakeParticipant) -> None:
    """As soon as they are there, whoever came first; and nobody before."""
    games = [make_participant(Role.GAME, number) for number in (1, 5)]
    bots = [make_participant(Role.BOT, number) for number in (2, 3, 4)]
    for order in (games[:1] + bots[:2], bots[:2] + games[:1]):
        place = lobby()
        for participant in order:
            assert place.next_players("") is None
            assert admit(place, participant) == [None]
        assert place.next_players("") == (games[0], bots[:2])
        assert (place.next_players(""), place.everybody()) == (None, [])


def test_order_is_that_of_the_connections(make_participant: MakeParticipant) -> None:
    """Not that of the handshakes."""
    place = lobby()
    bots = {number: make_participant(Role.BOT, number) for number in (7, 3, 9, 1)}
    games = {number: make_participant(Role.GAME, number) for number in (8, 2)}
    admit(place, *bots.values(), *games.values())
    assert place.next_players("") == (games[2], [bots[1], bots[3]])
    assert place.next_players("") == (games[8], [bots[7], bots[9]])


def test_who_leaves_loses_its_place(make_participant: MakeParticipant) -> None:
    """The next one moves up; leaving twice, or without having come, changes nothing."""
    place = lobby()
    bots = [make_participant(Role.BOT, number) for number in range(4)]
    game = make_participant(Role.GAME, 9)
    admit(place, *bots[:3], game)
    for leaver in (bots[0], bots[0], bots[3], make_participant(Role.GAME, 9)):
        place.leave(leaver)
    assert (place.count(Role.BOT), place.count(Role.GAME)) == (2, 1)
    assert place.next_players("") == (game, bots[1:3])


def test_surplus_is_refused_where_the_settings_say_so(make_participant: MakeParticipant) -> None:
    """More than the next match needs; everyone, when there is no next match."""
    place = lobby(surplus="refuse")
    bots = [make_participant(Role.BOT, number) for number in range(3)]
    games = [make_participant(Role.GAME, number) for number in range(3, 6)]
    assert admit(place, *bots) == [None, None, Ending.NO_PLACE]
    assert admit(place, *games[:2]) == [None, Ending.NO_PLACE]
    place.next_players("")
    assert admit(place, bots[2], games[1]) == [None, None]
    assert admit(lobby(surplus="refuse"), bots[0], games[0], seating=False) == [Ending.NO_PLACE] * 2


def test_who_waits_is_bounded(make_participant: MakeParticipant) -> None:
    """Both roles together; who leaves makes room."""
    place = lobby(max_waiting=4)
    bots = [make_participant(Role.BOT, number) for number in range(5)]
    assert admit(place, *bots) == [None] * 4 + [Ending.TOO_MANY_WAITING]
    place.leave(bots[0])
    assert admit(place, bots[4]) == [None]


@pytest.mark.parametrize("max_waiting", [2, 5])
def test_full_lobby_lets_in_whom_the_next_match_needs(make_participant: MakeParticipant, max_waiting: int) -> None:
    """Otherwise bots alone, or games alone, could fill it and no match would ever begin."""
    bots = [make_participant(Role.BOT, number) for number in range(10)]
    games = [make_participant(Role.GAME, number, players=3) for number in range(10, 20)]
    full_of_bots = lobby(players=3, max_waiting=max_waiting)
    admit(full_of_bots, *bots)
    assert admit(full_of_bots, games[0]) == [None]
    assert full_of_bots.next_players("") == (games[0], bots[:3])
    full_of_games = lobby(players=3, max_waiting=max_waiting)
    admit(full_of_games, *games)
    assert admit(full_of_games, *bots[:4]) == [None, None, None, Ending.TOO_MANY_WAITING]
    assert full_of_games.next_players("") == (games[0], bots[:3])


def test_full_lobby_lets_in_nobody_for_whom_nobody_waits(make_participant: MakeParticipant) -> None:
    """Neither a bot that would meet under a name of its own, nor one that only looks on: so it has a bound."""
    place = lobby(max_waiting=2)
    admit(place, *(make_participant(Role.BOT, number) for number in range(2)))
    strangers = [make_participant(Role.GAME, 3, match="elsewhere"), make_participant(Role.SPECTATOR, 4)]
    assert admit(place, *strangers) == [Ending.TOO_MANY_WAITING] * 2


def test_clients_meet_under_a_name(make_participant: MakeParticipant) -> None:
    """Each name has a room of its own, and so has none."""
    place = lobby()
    here = [make_participant(Role.BOT, number, match="here") for number in (1, 4)]
    others = [make_participant(Role.BOT, number) for number in (2, 3)]
    games = [make_participant(Role.GAME, 5, match="here"), make_participant(Role.GAME, 6)]
    admit(place, *here, *others, *games)
    assert place.next_players("there") is None
    assert place.next_players("here") == (games[0], here)
    assert place.next_players("") == (games[1], others)
    assert place.everybody() == []


def test_game_may_want_other_players_than_the_settings_say(make_participant: MakeParticipant) -> None:
    """Its match begins when so many are there; also surplus is reckoned by that."""
    place = lobby(players=2, surplus="refuse")
    bots = [make_participant(Role.BOT, number) for number in range(4)]
    game = make_participant(Role.GAME, 9, players=3)
    assert admit(place, game, *bots[:2]) == [None] * 3
    assert place.next_players("") is None
    assert admit(place, *bots[2:]) == [None, Ending.NO_PLACE]
    assert place.next_players("") == (game, bots[:3])


def test_wishes_come_first(make_participant: MakeParticipant) -> None:
    """In order, where the seat is there and free; the rest take what is left, in order."""
    place = lobby(players=4)
    wishes = {1: None, 2: 0, 3: 0, 4: 9, 5: 2}
    bots = {number: make_participant(Role.BOT, number, wish=wish) for number, wish in wishes.items()}
    game = make_participant(Role.GAME, 6, players=4)
    admit(place, game, *bots.values())
    assert place.next_players("") == (game, [bots[2], bots[1], bots[3], bots[4]])
    assert place.everybody() == [bots[5]]


def test_spectators_wait_for_their_match(make_participant: MakeParticipant) -> None:
    """They are let in in order, as many as there may be; they are no players."""
    place = lobby()
    spectators = [make_participant(Role.SPECTATOR, number, match="here") for number in range(3)]
    admit(place, *spectators)
    assert place.count(Role.SPECTATOR) == 3
    assert place.next_players("here") is None
    assert place.spectators("here", 2) == spectators[:2]
    assert place.spectators("elsewhere", 2) == []
    assert place.everybody() == spectators[2:]


def test_nobody_is_needed_when_no_match_follows(make_participant: MakeParticipant) -> None:
    """Then the bound holds for everyone."""
    place = lobby(max_waiting=2)
    bots = [make_participant(Role.BOT, number) for number in range(3)]
    assert admit(place, *bots, seating=False) == [None, None, Ending.TOO_MANY_WAITING]


def test_emptying(make_participant: MakeParticipant) -> None:
    """Everybody comes out, once."""
    place = lobby()
    everybody = [make_participant(Role.GAME, 1), make_participant(Role.BOT, 2)]
    admit(place, *everybody)
    assert place.everybody() == everybody
    assert place.empty() == everybody
    assert place.empty() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # participants are made anew for each example
@given(
    players=st.integers(1, 3),
    steps=st.lists(st.tuples(st.sampled_from(["game", "bot", "leave"]), st.integers(0, 30)), max_size=60),
)
def test_any_coming_and_going(make_participant: MakeParticipant, players: int, steps: list[tuple[str, int]]) -> None:
    """Against a plain list: a match begins whenever it can, with the lowest numbers of each role."""
    place = lobby(players)
    waiting: dict[int, Participant] = {}
    for word, number in steps:
        if word == "leave":
            if number in waiting:
                place.leave(waiting.pop(number))
        elif number not in waiting:
            waiting[number] = make_participant(Role(word), number, players=players)
            assert admit(place, waiting[number]) == [None]
        games, bots = (
            [waiting[number] for number in sorted(waiting) if waiting[number].role is role]
            for role in (Role.GAME, Role.BOT)
        )
        if games and len(bots) >= players:
            assert place.next_players("") == (games[0], bots[:players])
            waiting = {n: each for n, each in waiting.items() if each not in (games[0], *bots[:players])}
        else:
            assert place.next_players("") is None
