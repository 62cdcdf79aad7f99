"""The loader: a process that holds the graph in memory and forks the query workers, which share it copy-on-write.

It has one thread and never opens RocksDB, whose threads would not survive a fork. The server tells it over a socket
to follow a commit; it then makes the change, opens a new socket for queries, forks workers that listen there, and lets
the old ones end. A worker that has been busy for long makes way: it gets what the processor has left over, and a fresh
worker takes its place, so that short queries never wait behind long ones.

Started as `python -m itu_align.graph.loader` by `engine.py`; not for people.
"""

import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from . import grammar, journal, wire
from .errors import GraphError
from .job import Context
from .store import Store, write_snapshot
from .submissions import examination
from .worker import Limits, Slot, work

_TURN: Final = 0.05
"""Seconds between two looks at the workers."""

_SHORT: Final = 0.2
"""Seconds of processor time that a query may use before it makes way for others."""

_LONG: Final = 1.0
"""Seconds of processor time from which on a query gets only what others leave, and may have to end for others."""

_STEP_BACK, _LAST = 5, 19
"""Priorities (nice) of such queries."""

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SLOTS: Final = 256
_SNAPSHOT_EVERY: Final = 256
"""Commits; reading so many takes a start a tenth of a second."""

_BACKLOG: Final = 512


@dataclass(slots=True)
class _Worker:
    pid: int
    index: int
    generation: int
    said: int
    """A file in memory that holds what it wrote to standard error."""
    long: bool = False
    last: bool = False
    reason: str = ""


class Loader:
    """The graph, its workers, and what became of those that died."""

    def __init__(self, settings: dict[str, Any], control: socket.socket) -> None:
        self._settings = settings
        self._control = control
        self._data = Path(settings["data"])
        self._memory = mmap(-1, _SLOTS * Slot.SIZE)
        self._workers: dict[int, _Worker] = {}
        self._fates: dict[int, str] = {}
        self._generation = 0
        self._listener: socket.socket | None = None
        self._path = ""
        self._store = self._load(settings["version"])
        self._snapshot = self._store.version
        self._triples: int | None = None
        self._warmed = False

    def _load(self, version: int) -> Store:
        policy = journal.policy(self._data)
        if self._settings["readers"] == "memory":
            store = Store.open_in_memory(self._data, version)
            grammar.parse("ASK {}")  # its tables are then shared by all workers
            return store
        return Store(ox.Store(), version, policy)

    def run(self) -> None:
        """Serve until the server hangs up."""
        gc.collect()
        gc.freeze()  # or the collector of each worker would touch, and so copy, all that they share
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        connection = wire.Connection(self._control)
        self._renew()
        connection.send(wire.pack(b"R", self._state()))
        while True:
            ready, _, _ = select.select([self._control.fileno(), woken], [], [], _TURN)
            if woken in ready:
                os.read(woken, 4096)
            self._reap()
            if self._control.fileno() in ready:
                _, content = connection.receive()
                try:
                    connection.send(wire.pack(b"R", self._obey(json.loads(content))))
                except GraphError as error:
                    connection.send(wire.pack_error(error))
            self._look()

    def end(self) -> None:
        """Nobody is left to ask: all workers go."""
        for pid in self._workers:
            _kill(pid)

    def _obey(self, order: wire.Message) -> wire.Message:
        if order["op"] == "advance":
            self._advance(order["version"])
        elif order["op"] == "warm":
            self._warm()
        elif order["op"] == "count":
            return {"triples": self._count()}
        elif order["op"] == "fate":
            return {"fate": self._fate(order["pid"])}
        elif order["op"] == "stop":
            return {"stopped": self._stop(order["pid"], order["reason"], order["id"])}
        return self._state()

    def _state(self) -> wire.Message:
        busy = [worker for worker in self._workers.values() if self._since(worker) is not None]
        return {
            "version": self._store.version,
            "socket": self._path,
            "workers": {
                "idle": len(self._workers) - len(busy),
                "busy": sum(not worker.long for worker in busy),
                "long": sum(worker.long for worker in busy),
            },
            "memory": _resident(),
        }

    def _warm(self) -> None:
        """Have the shapes compiled once, for all workers from now on: each would need about a second for itself."""
        if not self._warmed and self._settings["readers"] == "memory":
            self._warmed = True
            examination.warm()
            gc.collect()
            gc.freeze()
            self._renew()

    def _count(self) -> int:
        """Triples of the default graph, counted when somebody asks; -1 where readers are on disk."""
        if self._triples is None:
            self._triples = len(self._store) if self._settings["readers"] == "memory" else -1
        return self._triples

    def _advance(self, version: int) -> None:
        """Make the commits up to this version and put fresh workers on them."""
        before = self._store.version
        if self._settings["readers"] == "disk":
            self._store.version = version
        try:
            self._store.advance(self._data, version)
        finally:  # of several commits one may be damaged; those before it count
            if self._store.version != before:
                self._triples = None
                self._renew()
        if self._store.version - self._snapshot >= _SNAPSHOT_EVERY:
            self._keep_snapshot()

    def _renew(self) -> None:
        """A new generation of workers on a socket of its own; idle ones of the old go, busy ones end their query."""
        old, self._generation = self._listener, self._generation + 1
        self._path = str(Path(self._settings["run"]) / f"{self._generation}.sock")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self._path)
        self._listener.listen(_BACKLOG)
        self._fill_up(1)  # the others follow when the server has been told
        if old is not None:
            _retire(old)

    def _fill_up(self, most: int = _SLOTS) -> None:
        """As many workers for short queries as were asked for."""
        ready = sum(w.generation == self._generation and not w.long for w in self._workers.values())
        for _ in range(min(most, self._settings["workers"] - ready)):
            taken = {worker.index for worker in self._workers.values()}
            index = next((number for number in range(_SLOTS) if number not in taken), None)
            if index is None:
                return
            self._fork(index)

    def _fork(self, index: int) -> None:
        slot = Slot(self._memory, index)
        slot.idle()
        loader, said = os.getpid(), os.memfd_create("said")
        pid = os.fork()
        if pid:
            self._workers[pid] = _Worker(pid, index, self._generation, said)
            return
        status = 1
        try:
            os.dup2(said, 2)
            self._become_worker(slot, loader)
            status = 0
        finally:
            os._exit(status)

    def _become_worker(self, slot: Slot, loader: int) -> None:
        """In the child: nothing of the loader stays open but the socket for queries."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        _die_with(loader)
        store = self._store
        if self._settings["readers"] == "disk":
            store = Store.open_on_disk(self._data, store.version)
        limits = Limits(self._settings["memory"], self._settings["answer"])
        assert self._listener is not None  # noqa: S101 - `_renew` has made it
        try:
            work(self._listener, Context(store, self._settings["sparql"], self._data), slot, limits)
        except Exception:
            traceback.print_exc()  # os._exit would swallow it
            raise

    def _reap(self) -> None:
        """Note how workers died, and replace them."""
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            worker = self._workers.pop(pid, None)
            if worker is not None:
                self._fates[pid] = worker.reason or _fate(status, worker.said)
                os.close(worker.said)
        while len(self._fates) > 4 * _SLOTS:
            del self._fates[next(iter(self._fates))]
        self._fill_up()

    def _look(self) -> None:
        """Long queries make way; of too many the one that has used most ends.

        Processor time counts, not time: on a busy machine a short query takes long as well.
        """
        spent = {pid: self._spent(worker) for pid, worker in self._workers.items() if not worker.reason}
        for pid, seconds in spent.items():
            worker = self._workers[pid]
            if seconds > _SHORT and not worker.long:
                worker.long = True
                _lower(pid, _STEP_BACK)  # which cannot be taken back: the worker ends behind its query
            if seconds > _LONG and not worker.last:
                worker.last = True
                _lower(pid, _LAST)
        last = [pid for pid in spent if self._workers[pid].last]
        if len(last) > self._settings["long"]:
            self._stop(max(last, key=spent.__getitem__), "busy")
        self._fill_up()

    def _spent(self, worker: _Worker) -> float:
        """Seconds of processor time that its job has used so far; 0 between jobs."""
        slot = Slot(self._memory, worker.index)
        if slot.since is None:
            return 0.0
        return _processor_time(worker.pid) - slot.spent_before

    def _since(self, worker: _Worker) -> float | None:
        return Slot(self._memory, worker.index).since

    def _stop(self, pid: int, reason: str, job: int | None = None) -> bool:
        """Kill a worker that is busy, with the job of this number if one is given."""
        worker = self._workers.get(pid)
        if worker is None or self._since(worker) is None:
            return False
        if job is not None and Slot(self._memory, worker.index).job != job:
            return False
        worker.reason = reason
        _kill(pid)
        return True

    def _fate(self, pid: int) -> str:
        """How a worker died; it may be so recent that it must be waited for."""
        deadline = time.monotonic() + 1
        while pid in self._workers and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.001)
        return self._fates.get(pid, "")

    def _keep_snapshot(self) -> None:
        """Write the graph whole, in a child that has it as it is now."""
        self._snapshot = self._store.version
        if os.fork():
            return
        status = 1
        try:
            self._control.close()
            os.nice(19)
            write_snapshot(self._data, self._store)
            status = 0
        except GraphError as error:
            sys.stderr.write(f"{error} {error.hint}\n")
        finally:
            os._exit(status)


def _retire(listener: socket.socket) -> None:
    """Shut a socket for queries: idle workers end, and whoever waits in its queue comes again on the new one."""
    Path(listener.getsockname()).unlink(missing_ok=True)
    listener.shutdown(socket.SHUT_RDWR)
    while True:
        try:
            waiting, _ = listener.accept()
        except OSError:  # the queue is empty
            break
        waiting.close()
    listener.close()


def _fate(status: int, said: int) -> str:
    """The signal that a worker died of; `panic` where the engine gave up, "" where the worker ended by itself.

    The engine aborts both for want of memory and at its own mistakes, and only its words tell which. What Python said
    of a mistake of ours goes to the log.
    """
    if os.WIFSIGNALED(status):
        died = signal.Signals(os.WTERMSIG(status)).name
        panicked = died == "SIGABRT" and b"memory allocation of" not in os.pread(said, 1 << 16, 0)
        return "panic" if panicked else died
    if os.WEXITSTATUS(status):
        sys.stderr.write(os.pread(said, 1 << 16, 0).decode("utf-8", "replace"))
        return "exit"
    return ""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _lower(pid: int, nice: int) -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    except ProcessLookupError:
        return


def _die_with(parent: int) -> None:
    """Where the loader is killed, its workers must not stay (Linux: prctl(2), PR_SET_PDEATHSIG).

    It may have died before this was asked for; then another process is the parent already.
    """
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def _processor_time(pid: int) -> float:
    """Seconds that a process has used (proc(5), utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def main() -> None:
    """Serve the socket whose descriptor is the first argument, with the settings of the second (JSON)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the server says when to end
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        loader = Loader(json.loads(sys.argv[2]), control)
    except GraphError as error:
        control.sendall(wire.pack_error(error))
        return
    try:
        loader.run()
    except (wire.EndOfStreamError, ConnectionError):
        loader.end()


if __name__ == "__main__":
    main()
