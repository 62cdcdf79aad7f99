"""A real server for abuse and faults: how it is started, what runs below it, and requests that no client would send."""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from conftest import PATIENCE, SCRIPT

LOADER = b"itu_align.graph.loader"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Answer:
    """What came back: status, header fields by lower-case name, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, object]:
        """The members of an error (RFC 9457)."""
        assert self.headers["content-type"] == "application/problem+json", self
        members: dict[str, object] = json.loads(self.body)
        return members


@dataclass(frozen=True)
class Endpoint:
    """A running server: its port and its process."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def loader(self) -> int:
        """The process id of its loader; raises StopIteration where it has none."""
        return next(pid for pid in children(self.process.pid) if LOADER in command(pid))

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read())

    def query(self, text: str, *, extra: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """A query by GET; `extra` are more parameters."""
        return self.ask(f"/sparql?query={quote(text)}{extra}", headers=headers)

    def post(self, text: str) -> Answer:
        """A query by POST."""
        return self.ask("/sparql", "POST", text.encode(), {"Content-Type": "application/sparql-query"})

    def send(self, raw: bytes) -> bytes:
        """Bytes as they are, and all that comes back until the server hangs up or falls silent."""
        with self.connect() as sock:
            with contextlib.suppress(ConnectionError):  # it may hang up before it has read everything
                sock.sendall(raw)
            return received(sock)

    def connect(self) -> socket.socket:
        """A connection that nothing was sent on."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


def received(sock: socket.socket) -> bytes:
    """All bytes until the server closes the connection or sends nothing more for three seconds."""
    sock.settimeout(3)
    pieces = []
    with contextlib.suppress(TimeoutError, ConnectionError):
        while piece := sock.recv(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)


@contextlib.contextmanager
def serving(data: Path, *options: str) -> Generator[Endpoint]:
    """The installed script over a data folder, killed by its pid at the end; what it complained of is shown."""
    with (data.parent / "stderr").open("ab") as errors:
        process = started(data, errors.fileno(), *options)
        try:
            yield Endpoint(announced_port(process), process)
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE)
    print((data.parent / "stderr").read_text("utf-8", "replace")[-4000:])


def started(data: Path, errors: int, *options: str) -> "subprocess.Popen[bytes]":
    """The process, which may not have begun to listen."""
    arguments = [str(SCRIPT), "serve", "--port", "0", "--data", str(data), *options]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=errors)


def announced_port(process: "subprocess.Popen[bytes]") -> int:
    """The port out of its first line, which it prints when it listens."""
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    watchdog.cancel()
    match = re.search(rb"http://[^/]+:(\d+)/sparql", line)
    assert match, line
    return int(match[1])


class Trap:
    """A listener on loopback, of IPv4 and IPv6, that nobody should ever connect to."""

    def __init__(self) -> None:
        self._sock = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self._sock.settimeout(0)
        self.port = self._sock.getsockname()[1]

    def caught(self) -> bool:
        """Whether somebody has connected: the kernel completes a connection before it is accepted."""
        try:
            self._sock.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._sock.close()


def command(pid: int) -> bytes:
    """What a process runs (proc(5), cmdline); nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def children(pid: int) -> list[int]:
    """The children of all threads of a process (proc(5), children), as far as they still run."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, task.read_text().split())
    return found


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def seconds_used(pid: int) -> dict[int, float]:
    """Processor time of a process and all below it (proc(5), utime and stime)."""
    used: dict[int, float] = {}
    for each in family(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            used[each] = (int(fields[11]) + int(fields[12])) / TICKS
    return used


def seconds_used_within(pid: int, interval: float) -> float:
    """What they all use in an interval from now on; a process that begins in it counts from its begin."""
    before = seconds_used(pid)
    threading.Event().wait(interval)
    after = seconds_used(pid)
    return sum(seconds - before.get(each, 0.0) for each, seconds in after.items())
