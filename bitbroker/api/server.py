"""Hypercorn under the application, and an end to it that no client can put off."""

import logging
import os
import socket
import ssl
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import hypercorn.config
import hypercorn.trio
import trio
from quart_trio import QuartTrio

from bitbroker.broker.certificate import Certificate

GRACE_SECONDS: Final = 0.5
"""How long requests may go on when the server is told to stop."""

_DESCRIPTORS: Final = Path("/dev/fd")


async def serve_app(
    app: QuartTrio,
    listeners: Sequence[trio.SocketListener],
    may_stop: trio.Event,
    certificate: Certificate | None = None,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve the application, over TLS if there is a certificate.

    Owns a nursery with Hypercorn, and one around it with the task that cuts connections. Ends when the last request
    has ended after `may_stop` was set; or by being cancelled, whatever clients do.
    """
    ports = {listener.socket.getsockname()[1] for listener in listeners}
    config = _Config(certificate)
    config.bind = [f"fd://{listener.socket.detach()}" for listener in listeners]
    config.accesslog = None
    config.errorlog = logging.getLogger("bitbroker.http")
    config.graceful_timeout = GRACE_SECONDS
    serve = partial(hypercorn.trio.serve, app, config, shutdown_trigger=may_stop.wait)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cut_when_cancelled, ports)
        async with trio.open_nursery() as server:
            await server.start(serve)
            task_status.started()
        nursery.cancel_scope.cancel()


class _Config(hypercorn.config.Config):
    """Hypercorn's configuration, with the certificate as it is at each moment in place of files read once."""

    def __init__(self, certificate: Certificate | None) -> None:
        super().__init__()
        self._certificate = certificate

    @property
    def ssl_enabled(self) -> bool:
        """Whether TLS is spoken."""
        return self._certificate is not None

    def create_ssl_context(self) -> ssl.SSLContext | None:
        """The context that Hypercorn holds on to; the certificate takes its place in each connection."""
        if self._certificate is None:
            return None
        context = self._certificate.new_context()
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = self._certificate.choose
        return context


async def _cut_when_cancelled(ports: Collection[int]) -> None:
    """Wait to be cancelled, and then see to it that nothing is left to wait for.

    Hypercorn sends under a shield without a deadline: a client that does not read what it asked for would hold the
    whole broker, past its grace and past a second signal.
    """
    try:
        await trio.sleep_forever()
    finally:
        cut_connections(ports)


def cut_connections(ports: Collection[int]) -> None:
    """Shut down every connection of this process to one of these ports of its own.

    Hypercorn shows nobody its sockets, so they are looked for among all descriptors, where the system lists those.
    """
    with suppress(FileNotFoundError):
        for entry in _DESCRIPTORS.iterdir():
            with suppress(OSError):  # the descriptor of the listing itself, or no socket's
                _cut_if_connected(os.dup(int(entry.name)), ports)


def _cut_if_connected(descriptor: int, ports: Collection[int]) -> None:
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise
    with sock:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.getsockname()[1] in ports:
            sock.shutdown(socket.SHUT_RDWR)
