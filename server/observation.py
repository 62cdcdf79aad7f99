"""Around each query and each write: what the asker may use, what it took, and what is told of it.

One object of the application holds the accounts of clients, the numbers for Prometheus, the log of slow queries, the
record of writes and the answers kept in memory.
"""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final, cast

from flask import Flask, Response, current_app, g, request

from ..graph import errors
from ..graph.audit import AuditLog
from ..graph.errors import GraphError
from ..graph.reply import Reply
from ..graph.wire import Message
from . import access, current
from .cache import Cache
from .delivery import Finished
from .limits import Limits
from .metrics import Metrics, Outcome
from .slowlog import SlowLog

_EXTENSION: Final = "itu-align.observer"
_OUTCOMES: Final[dict[type[GraphError], Outcome]] = {
    errors.TimedOutError: "timeout",
    errors.OutOfMemoryError: "memory",
    errors.CancelledError: "cancelled",
    errors.AskerGoneError: "cancelled",
    errors.BusyError: "busy",
    errors.AnswerTooLargeError: "too_large",
    errors.CrashedError: "crash",
    GraphError: "bad_request",
}


@dataclass(frozen=True, slots=True)
class Observer:
    """What watches the application."""

    limits: Limits
    metrics: Metrics
    slow: SlowLog
    audit: AuditLog
    cache: Cache


@dataclass(slots=True)
class Observed:
    """One query: whose it is, since when, and how it ended."""

    text: str
    client: str
    observer: Observer
    outcome: Outcome = "ok"
    version: int | None = None
    rewritten: bool = False
    started: float = field(default_factory=time.monotonic)
    _held: ExitStack = field(default_factory=ExitStack)
    _over: bool = False
    _later: bool = False

    @property
    def cache(self) -> Cache:
        """The answers kept in memory."""
        return self.observer.cache

    def ask(self, job: Message, seconds: float | None = None, body: bytes = b"") -> Reply:
        """Have a worker do it, as long as the client of the request at hand is there."""
        gone = request.environ.get("waitress.client_disconnected")
        reply = current.engine().ask(job, body, seconds=seconds, client=self.client, gone=gone)
        self.version, self.rewritten = reply.version, bool(reply.header.get("rewritten"))
        return reply

    def hold(self) -> None:
        """Take one of the client's places for queries at once, until this one is over."""
        self._held.enter_context(self.observer.limits.running(self.client))

    def later(self) -> Finished:
        """The query goes on behind the response's header; what is returned must be called at its end."""
        self._later = True
        return self.finish

    def finish(self, error: GraphError | None, size: int | None = None) -> None:
        """The query is over; only the first call counts."""
        if self._over:
            return
        self._over = True
        self._held.close()
        outcome = self.outcome if error is None else outcome_of(error)
        seconds = time.monotonic() - self.started
        self.observer.limits.charge(self.client, seconds)
        self.observer.metrics.query(outcome, seconds)
        told = {"client": self.client, "version": self.version, "rewritten": self.rewritten, "size": size}
        self.observer.slow.record(seconds, self.text, outcome=outcome, **told)  # type: ignore[arg-type]


@contextmanager
def observed(text: str) -> Generator[Observed]:
    """A query from its first step to its last, which may be behind the response's header."""
    query = Observed(text, client(), observer())
    try:
        query.hold()
        yield query
    except BaseException as error:  # or a mistake of ours would keep the client's place for ever
        query.finish(error if isinstance(error, GraphError) else errors.CrashedError("internal error"))
        raise
    if not query._later:  # noqa: SLF001 - its own module
        query.finish(None)


def register(app: Flask, watching: Observer) -> None:
    """Watch the application: each request is counted, and refused where its client has used its budget."""
    app.extensions[_EXTENSION] = watching
    app.after_request(_tell)


def observer_of(app: Flask) -> Observer:
    """What watches an application."""
    return cast("Observer", app.extensions[_EXTENSION])


def observer() -> Observer:
    """What watches the application at hand."""
    return observer_of(current_app)


def client() -> str:
    """Who asks, counted once for a request against its budget."""
    if "client" not in g:
        g.client = access.client()
        observer().limits.before(g.client)
    return str(g.client)


def outcome_of(error: GraphError) -> Outcome:
    """How a query ended that ended with this."""
    return next(_OUTCOMES[kind] for kind in type(error).__mro__ if kind in _OUTCOMES)


def _tell(response: Response) -> Response:
    watching = observer()
    watching.metrics.response(response.status_code)
    if "client" in g:
        response.headers.update(watching.limits.headers(g.client))
    return response
