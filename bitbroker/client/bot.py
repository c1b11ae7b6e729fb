"""The bot's side: asked with a state, it answers with a decision."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from functools import partial
from typing import Any, Generic

from bitbroker.client.payload import DecisionT, StateT, encode_payload, parse_payload
from bitbroker.client.session import Session, call, play_matches, run_blocking
from bitbroker.errors import RemoteProtocolError
from bitbroker.wire import basic, messages


class BaseBot(ABC, Generic[StateT, DecisionT]):
    """A player. Subclass it, write `decide_move`, call `run`.

    Attributes:
        NAME: how the bot is called in lists and logs; the class's name if empty.
        State: the protobuf class of the states it is sent; None for plain bytes.
    """

    NAME: str = ""
    State: type[StateT] | None = None

    @abstractmethod
    def decide_move(self, state: StateT) -> DecisionT | Awaitable[DecisionT]:
        """Answer a request. May be `async def`.

        Args:
            state: what the game sent: bytes, or a message of the class `State`.

        Returns:
            The decision: bytes, or a protobuf message.
        """

    def parse_state(self, data: bytes) -> StateT:
        """The state as `decide_move` gets it.

        Raises:
            google.protobuf.message.DecodeError: it is not of the class `State`.
        """
        state: StateT = parse_payload(self.State, data)
        return state

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        matches: int | None = 1,
        connect_timeout: float = 30.0,
    ) -> None:
        """Connect and play; returns when the matches are over. Blocking; for code within Trio there is `arun`.

        Args:
            host: name or address of the broker; if not given, the environment's BROKER_HOST, or 127.0.0.1.
            port: its port for players; if not given, the environment's BROKER_PORT, or 9000.
            matches: how many matches to stay for; None for as long as there is a broker.
            connect_timeout: for how many seconds to go on trying to connect; 0 for a single attempt.

        Raises:
            BrokerUnreachableError: no broker answered in that time.
            ConnectionLostError: the connection ended, and not by the end of the match.
            RemoteProtocolError: the broker said what no broker says.
        """
        run_blocking(partial(self.arun, host, port, matches=matches, connect_timeout=connect_timeout))

    async def arun(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        matches: int | None = 1,
        connect_timeout: float = 30.0,
    ) -> None:
        """As `run`, within Trio."""
        await play_matches(self.play_match, host, port, matches=matches, connect_timeout=connect_timeout)

    async def play_match(self, session: Session) -> None:
        """One match, from hello to termination."""
        await session.send(basic.BOT_HELLO, basic.bot_info(self.NAME or type(self).__name__))
        while not basic.is_termination(message := await session.receive()):
            if message.opcode != messages.DECISION:
                raise RemoteProtocolError(f"expected a request or the termination, the broker sent {message!r}")
            decision = await call(self.decide_move, self.parse_state(message.body))
            await session.send(basic.decision(encode_payload(decision, "decide_move")))


def run_bot(
    bot: BaseBot[Any, Any],
    host: str | None = None,
    port: int | None = None,
    *,
    matches: int | None = 1,
    connect_timeout: float = 30.0,
) -> None:
    """Play with this bot; the same as its `run`."""
    bot.run(host, port, matches=matches, connect_timeout=connect_timeout)
