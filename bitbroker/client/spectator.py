"""The spectator's side: it is shown a match, and says nothing."""

import ssl
from collections.abc import Awaitable
from functools import partial
from typing import Final

import attrs

from bitbroker._pb import extended_pb2 as pb
from bitbroker.client.address import find_address
from bitbroker.client.connection import Dialer
from bitbroker.client.match import MatchInfo, Outcome
from bitbroker.client.place import Place
from bitbroker.client.running import run_blocking
from bitbroker.client.session import Session, Wish, call
from bitbroker.client.tls import CaFile
from bitbroker.client.token import find_token
from bitbroker.errors import Cause
from bitbroker.wire import extended
from bitbroker.wire.messages import Message

_KIND_PREFIX: Final = "KIND_"


@attrs.frozen
class MatchEvent:
    """Something that happened in a match.

    Attributes:
        kind: `asked`, `answered` (or failed to, see the cause), `away` (its connection is lost, and may come back),
            `back`, or `out` (it plays no more); what a newer broker may add is `kind N`.
        at: when, in seconds since the match began.
        seat: whose, if one seat's; None may be the game.
        number: of the turn, if it is about one.
        cause: why the answer failed, or the seat is out; `Cause.NONE` if nothing failed.
        elapsed: how long the answer took, in seconds.
    """

    kind: str
    at: float
    seat: int | None
    number: int
    cause: Cause
    elapsed: float

    @classmethod
    def from_wire(cls, event: pb.MatchEvent) -> "MatchEvent":
        """What the broker said."""
        known = event.kind in pb.MatchEvent.Kind.values()
        name = pb.MatchEvent.Kind.Name(event.kind).removeprefix(_KIND_PREFIX).lower() if known else f"kind {event.kind}"
        return cls(
            kind=name,
            at=event.at_us / 1_000_000,
            seat=event.seat if event.HasField("seat") else None,
            number=event.number,
            cause=Cause(event.cause),
            elapsed=event.elapsed_us / 1_000_000,
        )


class Spectator:
    """Who looks on. Subclass it, write the methods that you want, call `run`; they may be `async def`.

    A method that takes long has the broker wait, which then leaves things out: see `on_gap`.

    Attributes:
        NAME: what it is called, for a broker with a roster.
    """

    NAME = ""

    def on_start(self, match: MatchInfo) -> Awaitable[None] | None:
        """The match has begun, now or some time ago."""

    def on_published(self, payload: bytes, at: float) -> Awaitable[None] | None:
        """The game shows this: a complete picture, of the type that `on_start` has said.

        Args:
            payload: as the game sent it.
            at: when, in seconds since the match began.
        """

    def on_event(self, event: MatchEvent) -> Awaitable[None] | None:
        """Something happened in the match."""

    def on_live(self) -> Awaitable[None] | None:
        """How the match stands has been told; from here on it is told what happens."""

    def on_gap(self, missed: int) -> Awaitable[None] | None:
        """So many messages were left out, since this spectator was too slow, or the broker kept too many back."""

    def on_outcome(self, outcome: Outcome) -> Awaitable[None] | None:
        """The match is over."""

    def run(
        self,
        address: str | None,
        match: str,
        *,
        port: int | None = None,
        connect_timeout: float = 30.0,
        ca_file: CaFile | None = None,
        ssl_context: ssl.SSLContext | None = None,
        token: str | None = None,
    ) -> None:
        """Watch a match to its end. Blocking; for code within Trio there is `arun`.

        Args:
            address: of the broker: a host, `host:port`, `tcp://host:port` or `ws://host:port/path`, or over TLS
                `tls://host:port` or `wss://host:port/path`; None for what the environment's BROKER_HOST says, or else
                127.0.0.1.
            match: the name under which it meets, which may be before it begins; or its id.
            port: the broker's port for players, if the address does not say it; None for what the environment's
                BROKER_PORT says, or else 9000.
            connect_timeout: for how many seconds to go on trying to connect; 0 for a single attempt.
            ca_file: with TLS, a file with the authorities to trust, in PEM; None for the one that the environment's
                BROKER_CA_FILE names, or the system's.
            ssl_context: all that TLS may be told, in place of that.
            token: proof of who it is, for a broker with a roster; None for what the environment's BITBROKER_TOKEN says.

        Raises:
            BrokerUnreachableError: no broker answered in that time.
            TlsError: the broker cannot be trusted, or TLS not agreed on.
            RefusedError: there is no such match, or none that may be watched.
            BasicWireError: the broker has no spectators.
            ConnectionLostError: the connection ended before the match did.
            RemoteProtocolError: the broker said what no broker says.
            ValueError: the address or the token is none.
        """
        watch = partial(self.arun, address, match, port=port, connect_timeout=connect_timeout)
        run_blocking(partial(watch, ca_file=ca_file, ssl_context=ssl_context, token=token))

    async def arun(
        self,
        address: str | None,
        match: str,
        *,
        port: int | None = None,
        connect_timeout: float = 30.0,
        ca_file: CaFile | None = None,
        ssl_context: ssl.SSLContext | None = None,
        token: str | None = None,
    ) -> None:
        """As `run`, within Trio."""
        dialer = Dialer.choose(find_address(address, port), "auto", ca_file=ca_file, ssl_context=ssl_context)
        wish = Wish(match=match, token=find_token(token))
        session = Session(await dialer.dial(connect_timeout), wish)
        try:
            await self.watch_match(session)
        finally:
            await session.aclose()

    async def watch_match(self, session: Session) -> None:
        """One match, from hello to outcome."""
        place = await Place.join(session, extended.SPECTATOR_HELLO, pb.Hello(name=self.NAME))
        assert place is not None, "a spectator is of the extended wire"
        await call(self.on_start, MatchInfo.from_wire(place.start))
        sequence: int | None = None
        while extended.code(message := await place.receive()) != extended.OUTCOME:
            sequence = await self.__show(message, sequence)
        await call(self.on_outcome, Outcome.from_wire(extended.parse(message, pb.Outcome)))

    async def __show(self, message: Message, last: int | None) -> int | None:
        """Call the method for this message; `last` is the last number of the sequence, once the present is told."""
        match extended.code(message):
            case extended.LIVE:
                await call(self.on_live)
                return extended.parse(message, pb.Live).sequence
            case extended.PUBLISHED:
                published = extended.parse(message, pb.Published)
                last = await self.__count(published.sequence, last)
                await call(self.on_published, published.payload, published.at_us / 1_000_000)
            case extended.EVENT:
                event = extended.parse(message, pb.MatchEvent)
                last = await self.__count(event.sequence, last)
                await call(self.on_event, MatchEvent.from_wire(event))
        return last

    async def __count(self, sequence: int, last: int | None) -> int | None:
        if last is None:
            return None
        if sequence > last + 1:
            await call(self.on_gap, sequence - last - 1)
        return max(sequence, last)
