"""A query worker: one process, one job at a time, with limits that the kernel enforces.

The engine can neither be stopped nor told how much memory it may take, and some texts end its process. So it works
in a process that may die: at the deadline by SIGALRM, beyond its memory by its own abort. Nothing of that reaches the
server, which sees a connection that ends early.
"""

import json
import os
import resource
import signal
import socket
import struct
import time
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Final

from . import jobs, wire
from .errors import AnswerTooLargeError, GraphError, OutOfMemoryError
from .job import Context

_PIECE: Final = 1 << 16
_GROWTH: Final = 128 << 10
"""KiB that a worker may have grown before it makes room for a fresh one."""

_SLOT: Final = struct.Struct("=dQd")


class Slot:
    """A place in memory shared with the loader, where a worker says since when it has been busy."""

    SIZE: Final = _SLOT.size

    def __init__(self, memory: mmap, index: int) -> None:
        self._memory = memory
        self._offset = index * self.SIZE

    def busy(self, job: int = 0) -> None:
        """A job begins; its number is known once it is read."""
        _SLOT.pack_into(self._memory, self._offset, time.monotonic(), job, time.process_time())

    def idle(self) -> None:
        """The job is done."""
        _SLOT.pack_into(self._memory, self._offset, 0.0, 0, 0.0)

    @property
    def job(self) -> int:
        """The number of the job at work."""
        return int(_SLOT.unpack_from(self._memory, self._offset)[1])

    @property
    def spent_before(self) -> float:
        """Seconds of processor time that the worker had used when the job began."""
        return float(_SLOT.unpack_from(self._memory, self._offset)[2])

    @property
    def since(self) -> float | None:
        """When the job began, on the monotonic clock; None between jobs."""
        return float(_SLOT.unpack_from(self._memory, self._offset)[0]) or None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take."""

    memory: int
    """Bytes beyond what the worker holds when it starts; 0 for no limit."""
    answer: int
    """Bytes of an answer; 0 for no limit."""


class _Answer:
    """The sink of a job: pieces are gathered, so that a short answer is one send, with its header and end."""

    def __init__(self, connection: wire.Connection, limit: int) -> None:
        self._connection = connection
        self._limit = limit
        self._frames = bytearray()
        self._piece = bytearray()
        self.total = 0

    def begin(self, header: wire.Message) -> None:
        self._frames += wire.pack(b"H", header)

    def write(self, content: bytes) -> int:
        self._piece += content
        self.total += len(content)
        if self._limit and self.total > self._limit:
            message = f"The answer has more than {self._limit:,} bytes."
            raise AnswerTooLargeError(message, hint="Ask for less: fewer columns, a narrower pattern, or LIMIT.")
        if len(self._piece) >= _PIECE:
            self._flush()
        return len(content)

    def flush(self) -> None:
        """For the engine, which calls it at the end; pieces go when they are large enough."""

    def end(self) -> None:
        self._finish(wire.pack(b"E", b""))

    def fail(self, error: GraphError) -> None:
        self._finish(wire.pack_error(error))

    def _finish(self, frame: bytes) -> None:
        self._close_piece()
        self._frames += frame
        self._send()

    def _flush(self) -> None:
        self._close_piece()
        self._send()

    def _close_piece(self) -> None:
        if self._piece:
            self._frames += wire.pack(b"D", bytes(self._piece))
            self._piece.clear()

    def _send(self) -> None:
        self._connection.send(bytes(self._frames))
        self._frames.clear()


def work(listener: socket.socket, context: Context, slot: Slot, limits: Limits) -> None:
    """Take jobs until the socket is shut, or this process is not as good as new; then return, to be replaced."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _limit_memory(limits.memory)
    start = _peak()
    fresh = True
    while fresh and _peak() - start < _GROWTH and not os.getpriority(os.PRIO_PROCESS, 0):
        try:
            sock, _ = listener.accept()
        except OSError:  # the loader has shut it: a newer generation listens elsewhere
            return
        slot.busy()
        with sock:
            fresh = _serve(wire.Connection(sock), context, slot, limits)
        slot.idle()


def _serve(connection: wire.Connection, context: Context, slot: Slot, limits: Limits) -> bool:
    """Do one job; False where this worker should not do another: a store that was changed is no other job's."""
    newest, job, done = context.store.version, "", True
    try:
        connection.send(wire.pack(b"W", {"pid": os.getpid(), "version": newest}))
        message, body = _read(connection)
        job = message["job"]
        slot.busy(message["id"])
        signal.setitimer(signal.ITIMER_REAL, message["seconds"])
        done = _do(message, body, context, _Answer(connection, limits.answer))
    except (wire.EndOfStreamError, ConnectionError):
        pass  # the asker has gone away
    signal.setitimer(signal.ITIMER_REAL, 0)
    return done and job not in jobs.FINAL and context.store.version == newest


def _do(message: wire.Message, body: bytes, context: Context, answer: _Answer) -> bool:
    try:
        jobs.do(context, message, body, answer)
        answer.end()
    except GraphError as error:
        answer.fail(error)
    except MemoryError:
        answer.fail(OutOfMemoryError("The query took more memory than it may."))
        return False
    return True


def _read(connection: wire.Connection) -> tuple[wire.Message, bytes]:
    """The job and its body."""
    _, message = connection.receive()
    _, body = connection.receive()
    return json.loads(message), body


def _limit_memory(extra: int) -> None:
    if extra:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + extra
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _peak() -> int:
    """The most memory that this process ever held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
