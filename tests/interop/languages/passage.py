"""A TCP proxy between bots and a broker, which makes trouble where a test says so."""

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

import attrs
import trio


class Trouble(StrEnum):
    """What becomes of a message on its way to a bot, in the middle of the marker that it has."""

    CUT = "cut"  # the connection ends there
    RESET = "reset"  # the same, and the bot's system hears it as an error
    HOLD = "hold"  # the rest of it waits


@attrs.define
class Passage:
    """The proxy.

    Attributes:
        target: the broker's port; may be changed, for the connections to come.
        marker: where the trouble is: these bytes, the next time that the broker sends them. They come in one piece,
            as all that is small and sent in one write does on loopback.
        trouble: which one.
        port: where bots connect.
        met: the trouble has come to pass.
        released: what was held may go on.
    """

    target: int
    marker: bytes
    trouble: Trouble
    port: int = 0
    met: trio.Event = attrs.field(factory=trio.Event)
    released: trio.Event = attrs.field(factory=trio.Event)

    async def serve(self, bot: trio.SocketStream) -> None:
        """One connection; ends when either side ends it, or the trouble does."""
        async with bot, await trio.open_tcp_stream("127.0.0.1", self.target) as broker, trio.open_nursery() as nursery:
            nursery.start_soon(self._pump, bot, broker, nursery.cancel_scope)
            nursery.start_soon(self._watch, broker, bot, nursery.cancel_scope)

    async def _pump(self, source: trio.SocketStream, target: trio.SocketStream, over: trio.CancelScope) -> None:
        try:
            async for data in source:
                await target.send_all(data)
        except trio.BrokenResourceError:
            pass  # whoever it was has gone
        over.cancel()

    async def _watch(self, broker: trio.SocketStream, bot: trio.SocketStream, over: trio.CancelScope) -> None:
        data = b""
        while (place := data.find(self.marker)) < 0:
            await bot.send_all(data)
            data = bytes(await broker.receive_some())
            if not data:
                over.cancel()
                return
        if self.met.is_set():
            await bot.send_all(data)
        else:
            await self._make_trouble(data, place + len(self.marker) // 2, bot, over)
        await self._pump(broker, bot, over)

    async def _make_trouble(self, data: bytes, place: int, bot: trio.SocketStream, over: trio.CancelScope) -> None:
        await bot.send_all(data[:place])
        self.met.set()
        if self.trouble is Trouble.HOLD:
            await self.released.wait()
            await bot.send_all(data[place:])
            return
        if self.trouble is Trouble.RESET:
            bot.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        over.cancel()


@asynccontextmanager
async def passage(target: int, marker: bytes, trouble: Trouble) -> AsyncIterator[Passage]:
    """Run a proxy before the broker."""
    proxy = Passage(target, marker, trouble)
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    proxy.port = listener.socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, proxy.serve, [listener])
        yield proxy
        nursery.cancel_scope.cancel()
