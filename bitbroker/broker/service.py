"""The service: listeners, coordinator and health API under one nursery, and the order of stopping."""

import itertools
import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

import attrs
import structlog
import trio

import bitbroker
from bitbroker.api.access import Access, is_local, read_api_token
from bitbroker.api.app import create_app
from bitbroker.api.server import GRACE_SECONDS, serve_app
from bitbroker.broker.allocator import keep_freed_memory
from bitbroker.broker.certificate import Certificate
from bitbroker.broker.connection import Reception
from bitbroker.broker.coordinator import Coordinator
from bitbroker.broker.entrance import Entrance, Pace
from bitbroker.broker.greeting import Role
from bitbroker.broker.listener import NumberedListener
from bitbroker.broker.record import MatchRecord
from bitbroker.broker.roster import Roster, read_roster
from bitbroker.broker.snapshot import Snapshot, Tally
from bitbroker.broker.stream import framings
from bitbroker.errors import BitbrokerError, Cause, SettingsError
from bitbroker.settings import Settings

_log = structlog.get_logger("bitbroker.service")

EXIT_OK: Final = 0
EXIT_NOT_COMPLETED: Final = 3
"""With `once`: the match was not completed, or there was none."""
EXIT_SIGNALLED: Final = 128
"""Plus the signal's number: ended by a second signal, without farewells."""

_FAREWELL_SECONDS: Final = 1.0
_BACKLOG: Final = 1024
"""Connections that the kernel holds until they are accepted: what one burst of clients may bring."""


class ListenError(BitbrokerError):
    """An address cannot be listened on; the message is one line that says which, why, and which flags name it."""


@attrs.frozen
class Addresses:
    """Where a running service listens.

    Attributes:
        players: (host, port) of each listener for games and bots.
        http: the same for the health API.
    """

    players: Sequence[tuple[str, int]]
    http: Sequence[tuple[str, int]]


@attrs.frozen
class Listeners:
    """Open listeners, and where."""

    players: Sequence[trio.SocketListener]
    http: Sequence[trio.SocketListener]
    addresses: Addresses


async def open_listeners(settings: Settings) -> Listeners:
    """Listen as the settings say.

    Raises:
        ListenError: an address is taken, or cannot be had.
    """
    players = await _listen(settings.host, settings.port, "--host, --port")
    try:
        http = await _listen(settings.http_host, settings.http_port, "--http-host, --http-port")
    except ListenError:
        for listener in players:
            listener.socket.close()
        raise
    return Listeners(players, http, Addresses([*map(_address, players)], [*map(_address, http)]))


async def _listen(host: str, port: int, flags: str) -> list[trio.SocketListener]:
    try:
        return await trio.open_tcp_listeners(port, host=host, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ListenError(f"cannot listen on {host} port {port}: {reason}; choose another with {flags}") from None


def _address(listener: trio.SocketListener) -> tuple[str, int]:
    host, port, *_ = listener.socket.getsockname()
    return host, port


class Service:
    """A broker, whole."""

    def __init__(
        self,
        settings: Settings,
        results: TextIO | None = None,
        roster: Roster | None = None,
        api_token: str | None = None,
    ) -> None:
        """Prepare.

        Args:
            settings: all of them.
            results: where to write a line of JSON for each match that is over.
            roster: who may come; None for everybody.
            api_token: of the health API; None for none.

        Raises:
            SettingsError: the certificate cannot be used.
        """
        self._settings = settings
        self._certificate = Certificate.of(settings)
        self._results = results
        self._api_token = api_token
        self._tally = Tally()
        self._coordinator = Coordinator(settings, self._tally, self._keep)
        self._reception = Reception(self._coordinator, settings, self._tally, roster)
        self._started = trio.current_time()
        self._told_to_stop = trio.Event()
        self._http_may_stop = trio.Event()
        self._http_stopped = trio.Event()

    async def run(
        self, listeners: "Listeners", *, task_status: trio.TaskStatus[Addresses] = trio.TASK_STATUS_IGNORED
    ) -> int:
        """Serve until told to stop, or, with `once`, until the first match is over.

        Owns the service nursery: coordinator, health API, listeners, and a task for each connection. It ends when
        everyone has been told and the health API has stopped, or when the time for that is over.

        Returns:
            The process's exit code.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._coordinator.run)
            await nursery.start(self._serve_http, listeners.http)
            accepting: trio.CancelScope = await nursery.start(self._serve_players, listeners.players, nursery)
            self._announce(listeners.addresses)
            task_status.started(listeners.addresses)
            await self._wait_reason_to_stop()
            accepting.cancel()
            await self._stop()
            nursery.cancel_scope.cancel()
        return self._exit_code()

    def stop(self) -> None:
        """Tell it to stop: no new matches, running ones may go on for the grace."""
        self._told_to_stop.set()

    @property
    def reads_again(self) -> bool:
        """Whether there is something for `read_again`."""
        return self._certificate is not None or self._reception.roster is not None

    async def read_again(self) -> None:
        """Read anew what may change while it runs: certificate, roster. What is wrong now leaves the old in force."""
        if self._certificate is not None:
            self._read_certificate_again(self._certificate)
        if self._settings.roster is not None:
            await self._read_roster_again(self._settings.roster)

    def _read_certificate_again(self, certificate: Certificate) -> None:
        try:
            certificate.read_again()
        except SettingsError as error:
            _log.error("the certificate stays as it was", reason=str(error))
        else:
            _log.info("certificate read again")

    async def _read_roster_again(self, path: Path) -> None:
        try:
            self._reception.roster = await trio.to_thread.run_sync(read_roster, path)
        except SettingsError as error:
            _log.error("the roster stays as it was", reason=str(error))
        else:
            _log.info("the roster was read", clients=len(self._reception.roster))

    def take_snapshot(self) -> Snapshot:
        """The broker at this moment."""
        now = trio.current_time()
        tally, lobby = self._tally, self._coordinator.lobby
        return Snapshot(
            version=bitbroker.__version__,
            players=self._settings.num_players,
            uptime_seconds=now - self._started,
            ready=not self._coordinator.stopping,
            blocked_seconds=now - self._coordinator.last_beat,
            waiting_games=lobby.count(Role.GAME),
            waiting_bots=lobby.count(Role.BOT),
            waiting_spectators=lobby.count(Role.SPECTATOR),
            matches_running=self._coordinator.matches_running,
            matches_finished=tally.matches,
            connections=tally.connections,
            connections_open=tally.connections_open,
            connections_refused=tally.refused,
            answers_not_taken=tally.not_taken,
            stalls=tally.stalls,
            stall_seconds=tally.stall_seconds,
            turns=tally.turns,
            turn_time=tally.turn_time,
            handling_time=tally.handling_time,
        )

    def matches(self) -> list[MatchRecord]:
        """Running matches, and the latest of those that are over."""
        return self._coordinator.matches()

    def abort(self, number: int) -> MatchRecord | None:
        """End a match; its record, or None if no such match runs."""
        return self._coordinator.abort(number)

    def _keep(self, record: MatchRecord) -> None:
        if self._results is None:
            return
        try:
            self._results.write(json.dumps(record.to_json()) + "\n")
            self._results.flush()
        except OSError as error:
            _log.error("a result could not be written", match=record.match, reason=str(error))

    async def _serve_players(
        self,
        listeners: Sequence[trio.SocketListener],
        handlers: trio.Nursery,
        *,
        task_status: trio.TaskStatus[trio.CancelScope],
    ) -> None:
        """Accept, until the scope that it starts with is cancelled; connections live on in the nursery given."""
        numbers = itertools.count(1)
        spoken = framings(self._settings.origins)
        pace = Pace(self._settings.max_handshakes_per_second)
        numbered = [NumberedListener(listener, numbers, spoken, self._certificate) for listener in listeners]
        entrances = [Entrance(listener, pace) for listener in numbered]
        with trio.CancelScope() as scope:
            task_status.started(scope)
            await trio.serve_listeners(self._reception.run_connection, entrances, handler_nursery=handlers)

    async def _serve_http(
        self, listeners: Sequence[trio.SocketListener], *, task_status: trio.TaskStatus[None]
    ) -> None:
        local = all(is_local(_address(listener)[0]) for listener in listeners)
        app = create_app(self, Access(local, self._api_token))
        await serve_app(app, listeners, self._http_may_stop, self._http_certificate, task_status=task_status)
        self._http_stopped.set()

    async def _wait_reason_to_stop(self) -> None:
        async with trio.open_nursery() as nursery:
            if self._settings.once:
                nursery.start_soon(self._stop_after_first_match)
            await self._told_to_stop.wait()
            nursery.cancel_scope.cancel()

    async def _stop_after_first_match(self) -> None:
        await self._coordinator.wait_over()
        self.stop()

    async def _stop(self) -> None:
        """No new matches; the grace for those that run; farewells; the health API last."""
        coordinator = self._coordinator
        coordinator.stop_seating()
        _log.info("stopping", matches_running=coordinator.matches_running, grace=self._settings.grace)
        if self._settings.grace:  # without one nobody may say a word more, not even in the time of a checkpoint
            with trio.move_on_after(self._settings.grace):
                await coordinator.wait_all_over()
        coordinator.end_matches(Cause.BROKER_STOPPING)
        with trio.move_on_after(_FAREWELL_SECONDS):
            await self._reception.wait_all_closed()
        self._http_may_stop.set()
        with trio.move_on_after(GRACE_SECONDS):
            await self._http_stopped.wait()
        _log.info("stopped", connections_cut=self._tally.connections_open)

    @property
    def _http_certificate(self) -> Certificate | None:
        return None if self._settings.http_plain else self._certificate

    def _announce(self, addresses: Addresses) -> None:
        scheme = "http" if self._http_certificate is None else "https"
        for host, port in addresses.http:
            _log.info("health API", host=host, port=port, scheme=scheme)
        tls = "no" if self._certificate is None else "only" if self._certificate.only else "yes"
        for host, port in addresses.players:
            _log.info("listening", host=host, port=port, players=self._settings.num_players, tls=tls)

    def _exit_code(self) -> int:
        if not self._settings.once:
            return EXIT_OK
        outcome = self._coordinator.first_outcome
        return EXIT_OK if outcome is not None and outcome.completed else EXIT_NOT_COMPLETED


async def serve(settings: Settings) -> int:
    """Run a broker until a signal ends it: the first asks it to stop, a second one ends it now.

    Returns:
        The process's exit code.

    Raises:
        ListenError: an address cannot be listened on.
        SettingsError: the results file cannot be written, or certificate, roster or the API's token cannot be used.
    """
    roster = None if settings.roster is None else read_roster(settings.roster)
    api_token = read_api_token(settings.api_token_file)
    keep_freed_memory()
    with _open_results(settings.results) as results:
        service = Service(settings, results, roster, api_token)
        return await _serve(service, await open_listeners(settings))


async def _serve(service: Service, listeners: Listeners) -> int:
    """Owns a nursery with the service and the watches for signals; it ends with the service, or by a second signal."""
    exit_code = EXIT_OK

    async def obey_signals(*, task_status: trio.TaskStatus[None]) -> None:
        nonlocal exit_code
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            await anext(signals)
            service.stop()
            exit_code = EXIT_SIGNALLED + await anext(signals)
            nursery.cancel_scope.cancel()

    async def obey_hangups(*, task_status: trio.TaskStatus[None]) -> None:
        with trio.open_signal_receiver(signal.SIGHUP) as signals:
            task_status.started()
            async for _ in signals:
                await service.read_again()

    async with trio.open_nursery() as nursery:
        await nursery.start(obey_signals)
        if service.reads_again and hasattr(signal, "SIGHUP"):  # who has nothing to read ends with its terminal
            await nursery.start(obey_hangups)
        exit_code = await service.run(listeners)
        nursery.cancel_scope.cancel()
    return exit_code


@contextmanager
def _open_results(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    try:
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        reason = f"it cannot be written: {error.strerror}"
        raise SettingsError(f"BROKER_RESULTS (--results) is {str(path)!r}: {reason}; name another file") from None
    try:
        yield file
    finally:
        with suppress(OSError):  # what could not be written has been logged
            file.close()
