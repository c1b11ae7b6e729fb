"""One connection's life: who is it, its time with the coordinator, farewell. A boundary of faults."""

import structlog
import trio

from bitbroker.broker.coordinator import Coordinator
from bitbroker.broker.dialect import FAREWELL
from bitbroker.broker.snapshot import Tally
from bitbroker.broker.stream import MessageStream, NotThisProtocolError
from bitbroker.broker.table import Participant, Role
from bitbroker.errors import ConnectionLostError, Ending, MessageTooLargeError, RemoteProtocolError
from bitbroker.settings import Settings
from bitbroker.wire import basic, messages

_log = structlog.get_logger("bitbroker.connection")


class UnexpectedMessageError(RemoteProtocolError):
    """A well-formed message that may not be said in a handshake."""


class Reception:
    """Receives connections and lives their lives, each in a task of its own.

    Holds nothing but how many there are: `max_connections` at the most, each with the memory that its stream states.
    """

    def __init__(self, coordinator: Coordinator, settings: Settings, tally: Tally) -> None:
        self._coordinator = coordinator
        self._settings = settings
        self._tally = tally
        self._closed_one = trio.Event()

    async def run_connection(self, stream: MessageStream) -> None:
        """From accept to close; raises nothing."""
        self._tally.connections += 1
        self._tally.connections_open += 1
        log = _log.bind(connection=stream.number)
        log.info("connection opened", peer=stream.peer)
        try:
            await self._live(stream, log)
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

    async def _live(self, stream: MessageStream, log: structlog.typing.FilteringBoundLogger) -> None:
        if self._tally.connections_open > self._settings.max_connections:
            self._count_out(log, Ending.TOO_MANY_CONNECTIONS)
            return
        welcome = await self._shake_hands(stream)
        if isinstance(welcome, Participant):
            await self._lend(welcome)
            ending = welcome.ending or Ending.BROKER_FAULT
            farewell = welcome.farewell
            who = {"role": welcome.role.value, "name": welcome.name, "detail": welcome.detail}
        else:
            ending, detail = welcome
            farewell = FAREWELL
            who = {"detail": detail}
        self._count_out(log, ending, **who)
        with trio.move_on_after(self._settings.close_timeout):
            await stream.say_farewell(farewell)

    async def _shake_hands(self, stream: MessageStream) -> Participant | tuple[Ending, str]:
        """Who it is; or why it is turned away, and half a sentence about that."""
        try:
            with trio.move_on_after(self._settings.handshake_timeout):
                return await _introduce(stream)
        except NotThisProtocolError as error:
            return Ending.NOT_THIS_PROTOCOL, str(error)
        except UnexpectedMessageError as error:
            return Ending.UNEXPECTED_MESSAGE, str(error)
        except MessageTooLargeError as error:
            return Ending.MESSAGE_TOO_LARGE, f"it sent {error}"
        except RemoteProtocolError as error:
            return Ending.MALFORMED, f"it sent {error}"
        except ConnectionLostError as error:
            return Ending.LEFT_IN_HANDSHAKE, str(error)
        return Ending.HANDSHAKE_TIMEOUT, f"it did not say who it is within {self._settings.handshake_timeout:g} s"

    async def _lend(self, participant: Participant) -> None:
        """Leave the socket to the coordinator until it gives it back, sending what did not go out at once.

        Where there is no poller, a nursery owns a second task, which reads; both end when the socket is given back.
        """
        stream = participant.stream
        stream.limit_messages(self._settings.max_message_bytes)
        try:
            self._coordinator.join(participant)
            with stream.lent:
                if self._coordinator.polls:
                    await stream.serve_writes()
                else:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(self._read_for_coordinator, participant)
                        nursery.start_soon(stream.serve_writes)
        except Exception:
            self._coordinator.fail(participant)
            raise

    async def _read_for_coordinator(self, participant: Participant) -> None:
        while participant.ending is None:
            await participant.stream.wait_readable()
            self._coordinator.read(participant)

    def _count_out(self, log: structlog.typing.FilteringBoundLogger, ending: Ending, **who: str) -> None:
        if ending.refused:
            self._tally.refused[ending] += 1
        log.info("connection over", ending=ending.value, **{key: value for key, value in who.items() if value})


async def _introduce(stream: MessageStream) -> Participant:
    """The handshake: a game says hello, a bot says hello and its name.

    Raises:
        ConnectionLostError: it left before it was done.
        RemoteProtocolError: it said something else.
    """
    hello = await stream.receive()
    match hello.opcode, hello.operand:
        case messages.HELLO, messages.GAME:
            return Participant(Role.GAME, "", stream)
        case messages.HELLO, messages.BOT:
            name = basic.parse_bot_info(await stream.receive())
            return Participant(Role.BOT, name, stream)
    raise UnexpectedMessageError(f"it began with {hello!r}, which is no hello")
