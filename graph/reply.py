"""A worker's answer on its way to whoever asked: the header is there, the data comes while it is computed."""

import contextlib
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from . import errors, wire
from .errors import InterruptionError

if TYPE_CHECKING:
    from .wire import Message

_FATES: Final[dict[str, tuple[type[InterruptionError], str, str]]] = {
    "SIGALRM": (
        errors.TimedOutError,
        "The query was stopped after {seconds:g} seconds, the time that it may take.",
        "Narrow it (a class, a named graph, LIMIT), or give 'timeout=' up to what the server allows.",
    ),
    "SIGABRT": (
        errors.OutOfMemoryError,
        "The query took more memory than it may.",
        "Narrow it, or ask without ORDER BY, DISTINCT or GROUP BY over so much.",
    ),
    "panic": (
        errors.CrashedError,
        "The engine cannot work this out and gave up.",
        (
            "ORDER BY over values of many kinds (texts, numbers, dates) does that: sort by STR(…), or by one kind."
            " A file does it too, if rarely: save it in another format, as Turtle."
        ),
    ),
    "cancelled": (errors.CancelledError, "The query was stopped by an administrator.", "Ask again later."),
    "busy": (
        errors.BusyError,
        "Too many long queries ran at the same time, and this was the longest.",
        "Ask again in a while, or narrow the query.",
    ),
}
_CRASHED: Final = (
    errors.CrashedError,
    "The process that worked on the query broke down.",
    "Write the query in a simpler way; other queries are not affected.",
)


class Owner(Protocol):
    """What a reply needs of the engine that gave it."""

    def stop(self, running: "Running", reason: str) -> bool:
        """Kill the worker that is at this job."""
        ...

    def forget(self, running: "Running") -> None:
        """A job is over."""
        ...

    def explain(self, running: "Running", until: float) -> InterruptionError:
        """Why a worker's answer broke off."""
        ...


@dataclass(slots=True)
class Running:
    """A job at work, for those who may see and stop it."""

    id: int
    text: str
    client: str
    started: float
    seconds: float
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: from which version to which (the same where nothing changed), and how many quads."""

    before: int
    version: int
    deleted: int
    inserted: int
    graphs: Sequence[str]
    existed: bool
    details: Any = None
    """What the job says beside the change."""


class LoaderLostError(errors.CrashedError):
    """The loader died, and its workers with it."""


class Reply:
    """An answer under way. The header is there; the data comes while it is computed, and may break off."""

    def __init__(self, engine: Owner, connection: wire.Connection, running: Running, until: float) -> None:
        self._engine = engine
        self._connection = connection
        self._running = running
        self._until = until
        self._ended = False
        self.version = 0
        self.header: Message = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    @contextlib.contextmanager
    def closing_on_error(self) -> Generator[None]:
        """Stop the job where the block raises; else whoever reads the data closes."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def begin(self) -> bool:
        """Read the header; raises what the worker found wrong, or why it died.

        False where all workers died with their loader: nothing is known then, and the job may be done by others.
        """
        with self.closing_on_error():
            try:
                letter, content = self._receive()
            except LoaderLostError:
                self._connection.close()
                return False
            if letter != b"H":
                self._end(letter, content)
            self.header = json.loads(content)
        return True

    def chunks(self) -> Iterator[bytes]:
        """The data; raises an InterruptionError where it breaks off. Without one the answer is whole."""
        try:
            while not self._ended:
                letter, content = self._receive()
                if letter == b"D":
                    yield content
                else:
                    self._end(letter, content)
        finally:
            self.close()

    def read(self) -> bytes:
        """All the data."""
        return b"".join(self.chunks())

    def close(self) -> None:
        """Nobody reads on: a worker that is still at it is stopped."""
        if not self._ended:
            self._engine.stop(self._running, "cancelled")
        self._ended = True
        self._connection.close()
        self._engine.forget(self._running)

    def _end(self, letter: bytes, content: bytes) -> None:
        self._ended = True
        if letter == b"X":
            self.close()
            raise wire.unpack_error(json.loads(content))

    def _receive(self) -> tuple[bytes, bytes]:
        try:
            return self._connection.receive(self._until)
        except (wire.EndOfStreamError, wire.StillWaitingError):
            self._ended = True
            raise self._engine.explain(self._running, self._until) from None


def interruption(fate: str, running: "Running") -> InterruptionError:
    """The error for whoever asked, from how the worker died."""
    kind, message, hint = _FATES.get(fate, _CRASHED)
    return kind(message.format(seconds=running.seconds), hint=hint)
