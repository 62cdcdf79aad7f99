"""The production server under the application: Waitress, which reads a request whole before a thread takes it.

Granian was measured to be two to four times faster on look-ups, but sixteen clients that sent half a body
stopped it (docs/decisions.md); that matters more to a public endpoint.
"""

import errno
import logging
import signal
import socket
import time
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from flask import Flask
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]
from waitress.task import WSGITask  # type: ignore[import-untyped]

from ..graph.errors import GraphError
from .delivery import COMPLETE, TRAILERS
from .settings import MAX_GRAPH_BYTES

_THREADS: Final = 64
"""Most wait for a worker to answer; they must outnumber the queries that may run for long."""

_UNSENT: Final = 512 << 20
"""Bytes of an answer that wait (on disk) for a slow client, so that it holds neither a thread nor a worker."""
_GRACE: Final = 10.0
"""Seconds that requests at work get to end after a signal."""


class _Channel(Protocol):
    requests: list[object]
    total_outbufs_len: int


class _Dispatcher(Protocol):
    def shutdown(self, *, timeout: float) -> object: ...


class _Server(Protocol):
    """What is used here of Waitress, which has no types of its own."""

    accepting: bool
    active_channels: dict[int, _Channel]
    task_dispatcher: _Dispatcher

    def pull_trigger(self) -> None: ...


class _Task(WSGITask):  # type: ignore[misc]
    """Sends trailer fields behind a chunked body, and leaves the body open where it is not whole."""

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environment with a place for the trailer fields."""
        self.trailers: dict[str, str] = {}
        environment: dict[str, Any] = super().get_environment()
        environment[TRAILERS] = self.trailers
        return environment

    def finish(self) -> None:
        """The last chunk (https://www.rfc-editor.org/rfc/rfc9112#section-7.1)."""
        trailers = getattr(self, "trailers", {})
        if not self.chunked_response or not trailers:
            super().finish()
            return
        fields = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
        end = "\r\n" if trailers.get(COMPLETE) == "true" else ""
        self.channel.write_soon(f"0\r\n{fields}{end}".encode("latin-1"))


class _HonestChannel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task


class AddressError(GraphError):
    """The server cannot listen at the address that it was told."""


def reserve(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Nothing connects to it until `run` listens, so a build may come between."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
        except OSError:
            sock.close()
            raise
    except (OSError, UnicodeError) as error:
        raise _address_error(host, port, error) from None
    return sock


def _address_error(host: str, port: int, error: Exception) -> AddressError:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        message, hint = f"Port {port} on {host} is in use.", "Stop the other server, or choose another --port."
    elif number == errno.EACCES:
        message = f"Port {port} is reserved for the system's administrator."
        hint = "Choose a --port from 1024 on, and put a reverse proxy before it."
    else:
        message = f"This machine cannot listen on {host!r}: {error}."
        hint = "Choose one of its own addresses for --host: 127.0.0.1, or 0.0.0.0 for all of them."
    return AddressError(message, hint=hint)


def url(sock: socket.socket) -> str:
    """The root address of a bound socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: Flask, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then let the requests at work end; `ready` is called once clients can connect.

    Must be called in the main thread, because of the signals.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # "Task queue depth": load, not a fault
    channels: dict[int, Any] = {}
    made: object = create_server(
        app,
        map=channels,
        sockets=[sock],
        threads=_THREADS,
        ident="itu-align",
        max_request_body_size=MAX_GRAPH_BYTES,
        channel_request_lookahead=1,  # a client that goes away is noticed while its query runs
        outbuf_high_watermark=_UNSENT,
        connection_limit=1000,
        channel_timeout=60,
    )
    made.channel_class = _HonestChannel  # type: ignore[attr-defined]
    server = cast("_Server", made)
    stopped: list[int] = []

    def stop(signal_number: int, _frame: object) -> None:
        stopped.append(signal_number)
        server.pull_trigger()  # wakes the loop

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    ready()
    while not stopped:
        wasyncore.loop(timeout=1, use_poll=True, map=channels, count=1)
    _drain(server, lambda: wasyncore.loop(timeout=0.05, use_poll=True, map=channels, count=1))


def _drain(server: _Server, turn: Callable[[], None]) -> None:
    """Take no new connection, and turn the loop until the answers under way are sent or the grace is over."""
    server.accepting = False
    deadline = time.monotonic() + _GRACE
    while time.monotonic() < deadline and any(
        channel.requests or channel.total_outbufs_len for channel in server.active_channels.values()
    ):
        turn()
    server.task_dispatcher.shutdown(timeout=0.5)
