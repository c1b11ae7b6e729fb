"""A client that does what its script says, and writes down what it hears."""

import os
import signal
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from subprocess import PIPE
from typing import Final

import trio

from bitbroker.errors import ConnectionLostError
from bitbroker.wire.framing import Framing as WireFraming
from bitbroker.wire.lines import LineFraming
from bitbroker.wire.messages import Message
from bitbroker.wire.prefixed import PrefixedFraming
from bitbroker.wire.websocket import ClientWebSocketFraming
from tests.misbehaviour.table import Begin, Do, Drip, Flood, Framing, Hear, Pause, Raw, Say, Script, Set, Step, Wait
from tests.misbehaviour.words import BotVoice, GameVoice, Voice

HOST: Final = "127.0.0.1"
_MESSAGE_BYTES: Final = 1 << 20
_NARROW_BYTES: Final = 4096
_CHUNK: Final = 65536
_ANSWERS: Final = ("result", "response", "failure")
_SECOND: Final = 1.0
_PROCESS: Final = str(Path(__file__).with_name("process.py"))
_FRAMINGS: Final[Mapping[Framing, Callable[[], WireFraming]]] = {
    Framing.LINES: lambda: LineFraming(_MESSAGE_BYTES),
    Framing.PREFIXED: lambda: PrefixedFraming(_MESSAGE_BYTES),
    Framing.WEBSOCKET: lambda: ClientWebSocketFraming(_MESSAGE_BYTES, "broker", "/"),
}


class Signals:
    """What participants of a match wait for of each other."""

    def __init__(self) -> None:
        self._events: dict[str, trio.Event] = {}

    def __getitem__(self, name: str) -> trio.Event:
        return self._events.setdefault(name, trio.Event())


class Over(Exception):  # noqa: N818 - no error: it ends a script
    """The connection has ended, and with it what can be done on it."""


class Actor:
    """One client.

    Attributes:
        voice: how it speaks.
        heard: all that it has heard, in words.
    """

    def __init__(
        self, voice: Voice, framing: Framing, signals: Signals, errands: Mapping[Do, Callable[[], Awaitable[None]]]
    ) -> None:
        """Prepare it.

        Args:
            voice: how it speaks.
            framing: how its messages travel.
            signals: of its match.
            errands: steps that take more than a client.
        """
        self.voice = voice
        self.heard: list[str] = []
        self._kind = framing
        self._framing = _FRAMINGS[framing]()
        self._signals = signals
        self._errands = errands
        self._stream: trio.abc.Stream | None = None
        self._process: trio.Process | None = None
        self._left = b""
        self._reads = True
        self._sips = False
        self._answers = True
        self._bare = False

    async def connect(self, port: int, *, narrow: bool = False, process: bool = False, bare: bool = False) -> None:
        """Open its connection, and begin as its framing does unless it is to be bare."""
        if process:
            command = [sys.executable, "-I", "-S", _PROCESS, str(port)]
            self._process = await trio.lowlevel.open_process(command, stdin=PIPE, stdout=PIPE)
            assert self._process.stdio is not None
            self._stream = self._process.stdio
        else:
            sock = trio.socket.socket()
            if narrow:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW_BYTES)
            await sock.connect((HOST, port))
            self._stream = trio.SocketStream(sock)
        self._bare = bare
        if not bare and (upgrade := self._framing.take_replies()):
            await self._send(upgrade)
            self._framing.feed(await self._read_head())
            assert self._framing.next_message() is None

    async def _read_head(self) -> bytes:
        assert self._stream is not None
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await self._stream.receive_some(1)
        return head

    async def aclose(self) -> None:
        """End what is left of it."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._stream is not None:
            await trio.aclose_forcefully(self._stream)

    async def take_seat(self) -> None:
        """Hear all that there is to hear before the match's first question."""
        if self.voice.extended:
            await self.hear("start")
        elif isinstance(self.voice, GameVoice):
            await self.hear("trigger")

    async def run(self, script: Script) -> None:
        """Take the steps, then hear the rest; whoever waits for one that could not be taken goes on as well."""
        try:
            for step in script:
                await self._take(step)
            await self._hear_rest()
        except Over:
            pass
        finally:
            for step in script:
                if isinstance(step, Set):
                    self._signals[step.signal].set()

    async def _take(self, step: Step) -> None:
        match step:
            case Say(words):
                await self.say(*words)
            case Raw(data):
                await self._send(data[self._kind] if isinstance(data, Mapping) else data)
            case Begin(word):
                whole = self._encode(word)
                self._left = whole[len(whole) // 4 :]
                await self._send(whole[: len(whole) // 4])
            case Drip(count):
                await self._drip(count)
            case Flood(what, times):
                await self._flood(what if isinstance(what, bytes) else self._encode(what), times)
            case Hear(beginning):
                await self.hear(beginning)
            case Set(name):
                self._signals[name].set()
            case Wait(name):
                await self._signals[name].wait()
            case Pause(seconds):
                await trio.sleep(seconds)
            case Do():
                await self._do(step)

    async def _do(self, step: Do) -> None:
        match step:
            case Do.FINISH:
                await self._send(self._left)
            case Do.EXIT | Do.RESET:
                await self._leave(reset=step is Do.RESET)
            case Do.KILL:
                self._signal(signal.SIGKILL)
                raise Over
            case Do.SUSPEND:
                self._signal(signal.SIGSTOP)
            case Do.CONTINUE:
                self._signal(signal.SIGCONT)
            case Do.HALF_CLOSE:
                assert isinstance(self._stream, trio.SocketStream)
                await self._stream.send_eof()
            case Do.DEAF:
                self._reads = False
            case Do.SIP:
                self._sips = True
            case Do.ANSWER:
                await self.hear(*_ANSWERS)
            case Do.TOLD:
                if self.voice.extended:
                    await self.hear("not taken")
                else:
                    await self._errands[step]()
            case Do.LAST_WORD:
                await self.hear("outcome", "termination")
            case Do.MUTE:
                self._answers = False
            case Do.ECHO:
                await self._echo()
            case Do.ASK_ON:
                await self._ask_on()
            case Do.ASK_BLIND:
                await self._ask_blind()
            case _:
                await self._errands[step]()

    # What is said.

    async def say(self, *words: str | Message) -> None:
        """Say these in one write."""
        await self._send(self._encode(*words))

    def _encode(self, *words: str | Message) -> bytes:
        return self._framing.encode([message for word in words for message in self.voice.say(word)])

    async def _send(self, data: bytes) -> None:
        assert self._stream is not None
        # If the broker has closed it: what it had said before is still to be heard.
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self._stream.send_all(data)

    async def _drip(self, count: int) -> None:
        for _ in range(count):
            await trio.sleep(_SECOND)
            await self._send(self._left[:1])
            self._left = self._left[1:]

    async def _flood(self, data: bytes, times: int) -> None:
        """Until nobody takes it: the broker has closed, or has said its last word and stopped reading."""
        assert self._stream is not None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._hear_all, nursery.cancel_scope)
            for _ in range(times):
                try:
                    await self._stream.send_all(data)
                except trio.BrokenResourceError:
                    await trio.sleep_forever()  # until the rest is heard
            nursery.cancel_scope.cancel()

    async def _leave(self, *, reset: bool) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            await self._process.stdin.aclose()
            await self._process.wait()
        else:
            assert isinstance(self._stream, trio.SocketStream)
            if reset:
                self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await self._stream.aclose()
        raise Over

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    # What is heard.

    async def hear(self, *beginnings: str) -> str:
        """Hear until something begins so.

        Raises:
            Over: the connection ended first.
        """
        while not (words := await self._hear()).startswith(beginnings):
            pass
        return words

    async def _hear(self) -> str:
        try:
            while (message := self._framing.next_message()) is None:
                self._framing.feed(await self._receive())
        except ConnectionLostError:
            raise Over from None
        words = self.voice.hear(message)
        if words != "pong":
            self.heard.append(words)
        return words

    async def _receive(self) -> bytes:
        assert self._stream is not None
        if not self._reads:
            await trio.sleep_forever()
        if self._sips:
            await trio.sleep(_SECOND)
        try:
            data = await self._stream.receive_some(1 if self._sips else _CHUNK)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise Over from None
        if not data:
            raise Over
        return bytes(data)

    async def _hear_all(self, scope: trio.CancelScope) -> None:
        try:
            while True:
                await self._hear()
        except Over:
            scope.cancel()

    async def _hear_text(self) -> None:
        """What comes to who does not speak our framings: its first line, and its last one."""
        text = b""
        try:
            while True:
                text += await self._receive()
        finally:
            lines = text.decode().splitlines()
            self.heard += [lines[0], lines[-1]] if lines else []

    async def _echo(self) -> None:
        for number in count():
            await self.hear("request")
            await self.say("decision", "ping")
            await self.hear("pong")
            self._signals[f"answered {number}"].set()

    async def _ask_on(self) -> None:
        failed = "time-limit"
        while failed.endswith("time-limit"):
            await self.say("rush 0")
            failed = await self.hear(*_ANSWERS)

    async def _ask_blind(self) -> None:
        for number in count():
            await self.say("ask 1 large")
            await self._signals[f"answered {number}"].wait()

    async def _hear_rest(self) -> None:
        """To the end; a bot answers what it is asked, unless it is mute."""
        if self._bare:
            await self._hear_text()
        while True:
            words = await self._hear()
            if self._answers and words.startswith("request") and isinstance(self.voice, BotVoice):
                await self.say("decision")
