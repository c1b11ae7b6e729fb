"""The loop around matches, and what all clients that have one share."""

import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypedDict, Unpack

import trio

from bitbroker.client.address import find_address
from bitbroker.client.connection import Dialer, Wire
from bitbroker.client.session import Session, Wish
from bitbroker.client.tls import CaFile
from bitbroker.client.token import find_token
from bitbroker.errors import RefusedError


class Options(TypedDict, total=False):
    """What `run` takes beside the broker's address; `Client.run` says what each is."""

    matches: int | None
    connect_timeout: float
    wire: Wire
    match: str
    seat: int | None
    ca_file: CaFile | None
    ssl_context: ssl.SSLContext | None
    token: str | None


class Client(ABC):
    """What is run: a bot or a game."""

    def run(self, host: str | None = None, port: int | None = None, **options: Unpack[Options]) -> None:
        """Connect and play; returns when the matches are over. Blocking; for code within Trio there is `arun`.

        Args:
            host: name or address of the broker, or `tcp://host:port`, or `ws://host:port/path` for a WebSocket; over
                TLS `tls://host:port` or `wss://host:port/path`; if not given, the environment's BROKER_HOST, or
                127.0.0.1.
            port: its port for players; if not given, the environment's BROKER_PORT, or 9000.
            **options: `matches`: how many matches to stay for, one after the other; None for as long as there is a
                broker (default 1). `connect_timeout`: for how many seconds to go on trying to connect; 0 for a single
                attempt (default 30). `wire`: `"auto"` for what the broker speaks, which is the default, `"basic"` for
                the basic wire, `"binary"` for the length-prefixed framing. `match`: a name under which to meet the
                others. `seat`: where a bot would like to sit. `ca_file`: with TLS, a file with the authorities to
                trust, in PEM; if not given, the one that the environment's BROKER_CA_FILE names, or the system's.
                `ssl_context`: all that TLS may be told, in place of that. `token`: proof of who it is, for a broker
                with a roster; if not given, the environment's BITBROKER_TOKEN.

        Raises:
            BrokerUnreachableError: no broker answered in that time.
            TlsError: the broker cannot be trusted, or TLS not agreed on.
            ConnectionLostError: the connection ended, not by the end of the match, and there was no way back to it.
            RefusedError: the broker refused the client, or put it out of its match.
            BasicWireError: `match` was given, and the broker speaks the basic wire only.
            RemoteProtocolError: the broker said what no broker says.
            ValueError: an option is not what it may be.
        """
        run_blocking(partial(self.arun, host, port, **options))

    async def arun(self, host: str | None = None, port: int | None = None, **options: Unpack[Options]) -> None:
        """As `run`, within Trio."""
        await play_matches(self.play_match, host, port, **options)

    @abstractmethod
    async def play_match(self, session: Session) -> None:
        """One match, from hello to the last word."""


async def play_matches(
    play: Callable[[Session], Awaitable[None]],
    host: str | None,
    port: int | None,
    *,
    matches: int | None = 1,
    connect_timeout: float = 30.0,
    wire: Wire = "auto",
    match: str = "",
    seat: int | None = None,
    ca_file: CaFile | None = None,
    ssl_context: ssl.SSLContext | None = None,
    token: str | None = None,
) -> None:
    """Play one match after the other, each on a connection of its own.

    Args:
        play: plays one match.
        host: as `Client.run` has it, like all that follow.
        port: the broker's port for players.
        matches: how many.
        connect_timeout: seconds to go on trying to connect, each time.
        wire: how to speak.
        match: whom to meet.
        seat: where to sit.
        ca_file: whom to trust.
        ssl_context: whom to trust.
        token: proof of who it is.

    Raises:
        BrokerUnreachableError: as `connect`.
        TlsError: likewise.
        ValueError: an option is not what it may be.
    """
    if matches is not None and matches < 1:
        raise ValueError(
            f"matches is {matches}: it must be 1 or more, or None to stay for as long as there is a broker"
        )
    dialer = Dialer.choose(find_address(host, port), wire, ca_file=ca_file, ssl_context=ssl_context)
    if token is None and wire == "basic":
        token = ""  # one in the environment is for others
    wish = Wish(wire, match, seat, find_token(token))
    played = 0
    while matches is None or played < matches:
        session = Session(await dialer.dial(connect_timeout), wish, dialer)
        try:
            await play(session)
        except RefusedError as error:
            # Who stays for as long as there is a broker looks for the next one, as it does after a match.
            if error.code != "broker-stopping" or matches is not None:
                raise
        finally:
            await session.aclose()
        played += 1


def run_blocking(main: Callable[[], Awaitable[None]]) -> None:
    """Run a client from code that is not async. Ctrl-C ends the process quietly, with the shell's usual code."""
    refuse_within_trio("run", "arun")
    interrupted = False
    try:
        trio.run(main)
    except* KeyboardInterrupt:  # in a group if it came while Trio was connecting, or in a nursery of the user's
        interrupted = True
    if interrupted:
        raise SystemExit(130)


def refuse_within_trio(blocking: str, awaitable: str) -> None:
    """See to it that a function that blocks is not called where others wait for their turn.

    Args:
        blocking: its name.
        awaitable: what to await instead.

    Raises:
        RuntimeError: it is called within Trio.
    """
    try:
        trio.lowlevel.current_trio_token()
    except RuntimeError:  # no Trio runs here, as should be
        return
    raise RuntimeError(f"{blocking} blocks, so it cannot be called within Trio: await {awaitable}(...) there")
