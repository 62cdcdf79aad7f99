"""Stage 5b: the graph behind its workers, for many askers at once. Doors ask here and nowhere else.

`Engine.ask` has a job done by a worker process and streams the answer; `Engine.write` makes what a job would change
a commit, and returns when readers see it.
"""

import contextlib
import itertools
import json
import logging
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from . import errors, journal, store, wire
from .errors import InterruptionError, StoreError
from .gateway import Gateway
from .reply import LoaderLostError, Reply, Running, Written, interruption
from .settings import Settings
from .wire import Message

_log = logging.getLogger(__name__)

_START: Final = 600.0
"""Seconds that a loader may take to read the graph."""

_RETRIES: Final = 20


class Engine:
    """The graph of a data folder, behind worker processes. Threads share one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._folder = Path(tempfile.mkdtemp(prefix="itu-align-"))
        self._control = threading.RLock()
        self._writing = threading.Lock()
        self._running: dict[int, Running] = {}
        self._ids = itertools.count(1)
        self._gateway = Gateway(settings.endpoints)
        self._process: subprocess.Popen[bytes] | None = None
        self._loader: wire.Connection | None = None
        self._state: Message = {}
        self._closed = False
        self._warm = False
        self._complaint = ""
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    @property
    def version(self) -> int:
        """The version that readers see."""
        self._take_up()
        return int(self._state["version"])

    def _take_up(self) -> None:
        """Follow commits that another process has written; looking for one is a call of the file system."""
        known = int(self._state["version"])
        if journal.commit_file(self.settings.data, known + 1).exists():
            with self._writing:
                try:
                    self._follow(journal.head(self.settings.data, known) or known)
                except StoreError as error:
                    self._complain(f"still serving version {known}: {error}")

    @property
    def triples(self) -> int:
        """Triples of the default graph; -1 where they were not counted (readers on disk)."""
        return int(self._order({"op": "count"})["triples"])

    def state(self) -> Message:
        """Workers by what they do, memory of the loader, version: as they are now."""
        return self._order({"op": "state"})

    def running(self) -> list[Running]:
        """What is being worked on."""
        return list(self._running.values())

    def warm(self) -> None:
        """Have workers made ready to check files; until then the first check on each takes about a second.

        So is each later loader, beside its first answers.
        """
        self._warm = True
        with contextlib.suppress(StoreError):
            self._order({"op": "warm"})

    def cancel(self, number: int) -> bool:
        """Stop a job by its id; False where there is none such."""
        running = self._running.get(number)
        return running is not None and self.stop(running, "cancelled")

    def ask(
        self,
        job: Message,
        body: bytes = b"",
        *,
        seconds: float | None = None,
        client: str = "",
        gone: Callable[[], bool] | None = None,
    ) -> Reply:
        """Have a job done on the newest version; the reply's header is there on return.

        Raises what the job found wrong, an InterruptionError where it was stopped, BusyError where no worker was
        free for long, and AskerGoneError when `gone` says so.
        """
        self._take_up()
        allowed = self.settings.seconds if seconds is None else min(seconds, self.settings.most_seconds)
        running = Running(next(self._ids), str(job.get("text", job["job"])), client, time.time(), allowed)
        self._running[running.id] = running
        try:
            job = {**job, "seconds": allowed, "id": running.id, "services": asdict(self._gateway.services())}
            for _ in range(_RETRIES):
                reply = self._attempt(job, body, running, gone)
                if reply is not None and reply.begin():
                    return reply
        except BaseException:
            self.stop(running, "cancelled")
            self.forget(running)
            raise
        self.forget(running)
        raise errors.BusyError("No worker could be reached.", hint="Ask again in a few seconds.")

    def write(  # noqa: PLR0913 - what is asked, and who answers for it
        self,
        job: Message,
        body: bytes = b"",
        *,
        agent: str,
        operation: str,
        allow: Callable[[Sequence[str]], None] = lambda _graphs: None,
        seconds: float | None = None,
    ) -> Written:
        """Make what a job changes a commit; `allow` is told the graphs that change and may raise.

        Raises what `ask` raises, and StoreError where the commit cannot be written; then nothing has changed.
        """
        data = self.settings.data
        with self._writing, journal.writing(data) as head:
            self._follow(head)
            with self.ask(job, body, seconds=seconds, client=agent) as reply:
                header = reply.header
                allow(header["graphs"])
                changed = bool(header["deleted"] or header["inserted"])
                if changed:
                    journal.append(data, journal.new_header(head + 1, agent, operation), reply.chunks())
            if changed:
                self._follow(head + 1)
        counts = {name: header[name] for name in ("deleted", "inserted", "graphs", "existed", "details")}
        return Written(head, head + changed, **counts)

    def stop(self, running: Running, reason: str) -> bool:
        """Kill the worker that is at this job; False where none is any more."""
        if not running.pid or self._closed:
            return False
        with contextlib.suppress(StoreError):
            order = {"op": "stop", "pid": running.pid, "id": running.id, "reason": reason}
            return bool(self._order(order)["stopped"])
        return False

    def forget(self, running: Running) -> None:
        """A job is over."""
        self._running.pop(running.id, None)

    def explain(self, running: Running, until: float) -> InterruptionError:
        """Why a worker's answer broke off; raises LoaderLostError where the loader died too."""
        if self._process is None or self._process.poll() is not None:
            raise LoaderLostError("The process that holds the graph died.", hint="Ask again in a few seconds.")
        fate = str(self._order({"op": "fate", "pid": running.pid})["fate"])
        if not fate and time.monotonic() >= until:
            self.stop(running, "SIGALRM")
            fate = "SIGALRM"
        return interruption(fate, running)

    def close(self) -> None:
        """End the loader and its workers."""
        with self._control:
            self._closed = True
            if self._loader is not None:
                self._loader.close()
            if self._process is not None:
                self._end(self._process)
        self._gateway.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _attempt(self, job: Message, body: bytes, running: Running, gone: Callable[[], bool] | None) -> Reply | None:
        """A worker that has taken the job; None where it ended just before (its generation was over)."""
        connection = self._connect(gone)
        if connection is None:
            return None
        try:
            connection.send(wire.pack(b"J", job) + wire.pack(b"B", body))
            _, content = connection.receive(time.monotonic() + self.settings.patience)
        except BaseException as error:
            connection.close()
            if isinstance(error, wire.EndOfStreamError | ConnectionError):
                return None
            if isinstance(error, wire.StillWaitingError | TimeoutError):
                message = f"No worker was free for {self.settings.patience:g} seconds."
                raise errors.BusyError(message, hint="Ask again in a few seconds.") from None
            raise
        hello = json.loads(content)
        running.pid = hello["pid"]
        reply = Reply(self, connection, running, time.monotonic() + job["seconds"] + 1)
        reply.version = job.get("version", hello["version"])
        return reply

    def _connect(self, gone: Callable[[], bool] | None) -> wire.Connection | None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self.settings.patience)
        try:
            sock.connect(self._state["socket"])
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
            sock.close()
            self._order({"op": "state"})  # starts the loader anew where it has died
            return None
        return wire.Connection(sock, gone)

    def _follow(self, version: int) -> None:
        """Have readers see this version."""
        if version != self._state["version"]:
            self._prepare(version)
            self._order({"op": "advance", "version": version})

    def _complain(self, complaint: str) -> None:
        """Once for each reason, not for each request."""
        if complaint != self._complaint:
            self._complaint = complaint
            _log.warning(complaint)

    def _prepare(self, version: int) -> None:
        if self.settings.readers == "disk":
            store.disk_folder(self.settings.data, version, journal.policy(self.settings.data))

    def _order(self, order: Message) -> Message:
        """Tell the loader something; where it has died, a new one is started first, on the newest version."""
        with self._control:
            for _ in range(2):
                if self._closed:
                    raise StoreError("The server is stopping.", hint="Ask again when it has started.")
                try:
                    return self._tell(order)
                except (wire.EndOfStreamError, OSError):
                    self._start()
            return self._tell(order)

    def _tell(self, order: Message) -> Message:
        if self._loader is None:
            raise ConnectionError
        self._loader.send(wire.pack(b"O", order))
        letter, content = self._loader.receive()
        answer: Message = json.loads(content)
        if letter == b"X":
            raise wire.unpack_error(answer)
        if "socket" in answer:
            self._state = answer
        return answer

    def _start(self) -> None:
        """A loader for the newest version; a dead one is buried first."""
        if self._loader is not None:
            self._loader.close()
        if self._process is not None:
            self._end(self._process)
        version = journal.head(self.settings.data)
        if version is None:
            hint = "Run 'itu-align build' first, or name another folder with --data."
            raise StoreError(f"{self.settings.data} holds no graph yet.", hint=hint)
        self._prepare(version)
        ours, theirs = socket.socketpair()
        settings = {**asdict(self.settings), "data": str(self.settings.data), "endpoints": (), "version": version}
        settings["run"] = tempfile.mkdtemp(dir=self._folder)
        command = [sys.executable, "-m", "itu_align.graph.loader", str(theirs.fileno()), json.dumps(settings)]
        with theirs:
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
        self._loader = wire.Connection(ours)
        try:
            letter, content = self._loader.receive(time.monotonic() + _START)
        except (wire.EndOfStreamError, wire.StillWaitingError):
            message = "The process that holds the graph did not start."
            raise LoaderLostError(message, hint="Ask again in a few seconds.") from None
        self._state = json.loads(content)
        if letter == b"X":
            raise wire.unpack_error(self._state)
        if self._warm:
            threading.Thread(target=self.warm, daemon=True).start()

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """The loader sees that its control socket is closed; one that does not is killed."""
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
