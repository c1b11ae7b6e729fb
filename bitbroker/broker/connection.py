"""One connection's life: who is it, its time with the coordinator, farewell. A boundary of faults."""

import structlog
import trio

from bitbroker.broker import greeting
from bitbroker.broker.coordinator import Coordinator
from bitbroker.broker.dialect import Farewell
from bitbroker.broker.entrance import Neighbours
from bitbroker.broker.extended_dialect import say_refusal
from bitbroker.broker.greeting import Greeting, RefusedHelloError, Role
from bitbroker.broker.roster import Roster
from bitbroker.broker.snapshot import Tally
from bitbroker.broker.stream import MessageStream, NotThisProtocolError
from bitbroker.broker.table import Participant
from bitbroker.broker.tls import TlsHandshakeError
from bitbroker.errors import ConnectionLostError, Ending, MessageTooLargeError, RemoteProtocolError
from bitbroker.settings import Settings
from bitbroker.wire import basic
from bitbroker.wire.messages import Message

_log = structlog.get_logger("bitbroker.connection")


class UnexpectedMessageError(RemoteProtocolError):
    """A well-formed message that may not be said in a handshake."""


class Reception:
    """Receives connections and lives their lives, each in a task of its own.

    Holds nothing but how many there are, in all and from each address: `max_connections` at the most, each with the
    memory that its stream states.

    Attributes:
        roster: who may come; None for everybody.
    """

    def __init__(
        self, coordinator: Coordinator, settings: Settings, tally: Tally, roster: Roster | None = None
    ) -> None:
        self.roster = roster
        self._coordinator = coordinator
        self._settings = settings
        self._tally = tally
        self._neighbours = Neighbours()
        self._closed_one = trio.Event()

    async def run_connection(self, stream: MessageStream) -> None:
        """From accept to close; raises nothing."""
        self._tally.connections += 1
        self._tally.connections_open += 1
        log = _log.bind(connection=stream.number)
        log.info("connection opened", peer=stream.peer)
        try:
            with self._neighbours.counted(stream.peer) as from_address:
                await self._live(stream, from_address, log)
        except Exception:  # The boundary of a connection: a fault in it ends it, and no other
            log.exception("connection failed")
            self._count_out(log, Ending.BROKER_FAULT)
        finally:
            self._tally.connections_open -= 1
            self._closed_one.set()
            self._closed_one = trio.Event()

    async def wait_all_closed(self) -> None:
        """Wait until no connection is left."""
        while self._tally.connections_open:
            await self._closed_one.wait()

    async def _live(self, stream: MessageStream, from_address: int, log: structlog.typing.FilteringBoundLogger) -> None:
        if self._tally.connections_open > self._settings.max_connections:
            self._count_out(log, Ending.TOO_MANY_CONNECTIONS)
            return
        if from_address > self._settings.max_connections_per_address:
            self._count_out(log, Ending.TOO_MANY_FROM_ADDRESS)
            return
        handshake = _Handshake(stream, self._settings)
        heard = await self._shake_hands(handshake)
        if isinstance(heard, Greeting):
            participant = Participant(heard, stream)
            await self._lend(participant)
            words, who = participant.farewell, _describe(participant)
            ending = participant.ending or Ending.BROKER_FAULT
        else:
            words, ending, who = handshake.say_farewell(heard), heard.ending, {"detail": heard.detail}
        self._count_out(log, ending, **who)
        with trio.move_on_after(self._settings.close_timeout):
            await stream.say_farewell(words)

    async def _shake_hands(self, handshake: "_Handshake") -> Greeting | Farewell:
        """Hear who it is; or why it is turned away."""
        try:
            with trio.move_on_after(self._settings.handshake_timeout):
                heard = await handshake.run()
                return heard if self.roster is None else self.roster.admit(heard)
        except NotThisProtocolError as error:
            return Farewell(Ending.NOT_THIS_PROTOCOL, detail=str(error))
        except TlsHandshakeError as error:
            return Farewell(Ending.TLS_FAILED, detail=str(error))
        except UnexpectedMessageError as error:
            return Farewell(Ending.UNEXPECTED_MESSAGE, detail=str(error))
        except RefusedHelloError as error:
            return Farewell(error.ending, detail=str(error), protocols=error.protocols)
        except MessageTooLargeError as error:
            return Farewell(Ending.MESSAGE_TOO_LARGE, detail=f"it sent {error}")
        except RemoteProtocolError as error:
            return Farewell(Ending.MALFORMED, detail=f"it sent {error}")
        except ConnectionLostError as error:
            return Farewell(Ending.LEFT_IN_HANDSHAKE, detail=str(error))
        limit = self._settings.handshake_timeout
        return Farewell(Ending.HANDSHAKE_TIMEOUT, detail=f"it did not say who it is within {limit:g} s")

    async def _lend(self, participant: Participant) -> None:
        """Leave the socket to the coordinator until it gives it back, sending what did not go out at once.

        Where there is no poller, or a WebSocket to ping, a nursery owns the further tasks for that; all end when the
        socket is given back.
        """
        stream = participant.stream
        try:
            self._coordinator.join(participant)
            with stream.lent:
                if self._coordinator.polls and not stream.pings:
                    await stream.serve_writes()
                async with trio.open_nursery() as nursery:
                    if not self._coordinator.polls:
                        nursery.start_soon(self._read_for_coordinator, participant)
                    if stream.pings:
                        nursery.start_soon(stream.serve_pings)
                    await stream.serve_writes()
            stream.raise_fault()
        except Exception:
            self._coordinator.fail(participant)
            raise

    async def _read_for_coordinator(self, participant: Participant) -> None:
        while participant.ending is None:
            await participant.stream.wait_readable()
            self._coordinator.read((participant,))

    def _count_out(self, log: structlog.typing.FilteringBoundLogger, ending: Ending, **who: str) -> None:
        if ending.refused:
            self._tally.refused[ending] += 1
        log.info("connection over", ending=ending.value, **{key: value for key, value in who.items() if value})


class _Handshake:
    """What is said until it is known who a client is."""

    def __init__(self, stream: MessageStream, settings: Settings) -> None:
        self._stream = stream
        self._settings = settings
        self._extended = False

    async def run(self) -> Greeting:
        """Hear the hello, and of a basic bot its name.

        Raises:
            ConnectionLostError: it left before it was done.
            RemoteProtocolError: it said something else, or asks for what cannot be.
        """
        hello = await self._stream.receive()
        role = greeting.role_of(hello)
        self._extended = role is Role.SPECTATOR or (role is not None and hello.body_bytes > 0)
        if role is None:
            raise UnexpectedMessageError(f"it began with {hello!r}, which is no hello")
        if self._stream.lacks_tls:
            raise RefusedHelloError(Ending.TLS_REQUIRED, "this broker speaks TLS only: connect to tls:// or wss://")
        if self._extended:
            return greeting.extended_client(role, hello, self._settings)
        if role is Role.GAME:
            return greeting.basic_game(self._settings)
        return greeting.basic_bot(await self._stream.receive())

    def say_farewell(self, farewell: Farewell) -> tuple[Message, ...]:
        """A refusal for who could hear it; a termination for all others."""
        return (say_refusal(farewell),) if self._extended else (basic.TERMINATION,)


def _describe(participant: Participant) -> dict[str, str]:
    return {
        "role": participant.role.value,
        "name": participant.name,
        "client": participant.greeting.client,
        "tls": participant.stream.tls_version,
        "detail": participant.detail,
    }
