"""The gateway: a process on loopback that asks other endpoints in the engine's place.

The engine sends SERVICE itself, without any limit, so the guard lets it see nothing but this address (guard.py), and
here each call is bounded and checked (outbound.py). It is a process of its own because it reads what strangers send:
the server keeps its time and memory, and the query workers, which are forked, need no threads. It ends when its
standard input does, also where the server was killed.

The engine asks again for each outer row where SERVICE stands within EXISTS or a nested OPTIONAL, and always the same;
so a run of a query gets one answer to one question, and few questions.
"""

import hashlib
import hmac
import json
import re
import secrets
import ssl
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Final, NamedTuple, Self, cast

import pyoxigraph as ox

from . import outbound
from .errors import GraphError
from .guard import NOWHERE, Services
from .outbound import CallError, CallLimits, Endpoint

_MAX_QUERY: Final = 8 << 20
"""Of the text that the engine sends, in which prefixes are written out."""

_MAX_KEPT: Final = 64 << 20
"""Of answers that are kept."""

_MAX_RUNS: Final = 1000
_SILENT: Final = "SERVICE SILENT goes on without its rows."
_TEXT: Final = "text/plain; charset=utf-8"
_LENGTH = re.compile(r"[0-9]{1,9}")
_TERMS: Final = frozenset({"uri", "literal", "typed-literal", "bnode"})
_PARTS_OF_A_TERM: Final = ("type", "value", "xml:lang", "datatype")
_Key = tuple[str, str, bytes]


class GatewayError(GraphError):
    """The gateway does not start."""


class Answer(NamedTuple):
    """What a call gave: rows, or why there are none."""

    body: bytes
    error: CallError | None = None


class Calls:
    """What each run of a query has asked, so that it asks nothing twice, and not too much."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._answers: OrderedDict[_Key, Answer] = OrderedDict()
        self._size = 0

    def known(self, key: _Key) -> Answer | None:
        """The answer that this run got before."""
        with self._lock:
            return self._answers.get(key)

    def count(self, run: str) -> None:
        """Note another call of a run; raises CallError where it had its share."""
        with self._lock:
            count = self._counts[run] = self._counts.pop(run, 0) + 1
            if len(self._counts) > _MAX_RUNS:
                self._counts.popitem(last=False)
        if count > self._most:
            hint = "Ask with fewer SERVICE patterns, or in several queries."
            raise CallError(
                f"this query has called other endpoints {self._most} times, which is all it may.", hint=hint
            )

    def keep(self, key: _Key, answer: Answer) -> None:
        """Keep an answer for the same run; the oldest ones go where there are too many."""
        with self._lock:
            if key in self._answers:
                return
            self._answers[key] = answer
            self._size += len(answer.body)
            while self._size > _MAX_KEPT or len(self._answers) > _MAX_RUNS:
                _, dropped = self._answers.popitem(last=False)
                self._size -= len(dropped.body)


class Server(ThreadingTCPServer):
    """Answers the engine on loopback, by `<address>/<run>/<number of the endpoint>`.

    `http.server.HTTPServer` would look up the name of its address when it starts.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        limits: CallLimits = outbound.LIMITS,
        resolve: outbound.Resolver = outbound.addresses,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._endpoints = {str(number): each for number, each in enumerate(endpoints)}
        self._limits, self._resolve, self._trust = limits, resolve, trust
        self._secret = secrets.token_urlsafe(24)
        self._calls = Calls(limits.calls)
        self._slots = threading.BoundedSemaphore(limits.at_once)
        self._reading = threading.Lock()
        self.address = f"http://127.0.0.1:{self.server_address[1]}/{self._secret}"

    def read_path(self, path: str) -> tuple[str, str] | None:
        """Run and number of the endpoint, where the path is one of ours."""
        match path.split("/"):
            case ["", secret, run, number] if hmac.compare_digest(secret.encode(), self._secret.encode()):
                return (run, number) if number in self._endpoints else None
        return None

    def answer(self, run: str, number: str, query: bytes) -> bytes:
        """What the endpoint says to the query; raises CallError, whose message names the endpoint."""
        key = (run, number, hashlib.sha256(query).digest())
        answer = self._calls.known(key)
        if answer is None:
            answer = self._ask(run, self._endpoints[number], query)
            self._calls.keep(key, answer)
        if answer.error:
            message = " ".join(f"SERVICE <{self._endpoints[number].iri}>: {answer.error}".split())
            raise CallError(message, hint=f"{answer.error.hint} {_SILENT}".strip())
        return answer.body

    def handle_error(self, request: object, client_address: object) -> None:
        """A worker that was stopped has hung up; all else is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def _ask(self, run: str, called: Endpoint, query: bytes) -> Answer:
        try:
            self._calls.count(run)
            with self._slot():
                body = outbound.fetch(called, query, self._limits, self._resolve, self._trust)
            with self._reading:  # a body takes ten times its size while it is read, so one at a time
                return Answer(solutions(body))
        except CallError as error:
            return Answer(b"", error)

    @contextmanager
    def _slot(self) -> Generator[None]:
        if not self._slots.acquire(timeout=self._limits.connect):
            raise CallError("too many other calls are under way.", hint="Try again in a moment.")
        try:
            yield
        finally:
            self._slots.release()


class _Handler(BaseHTTPRequestHandler):
    timeout = 10
    """Seconds to read a request in."""

    server_version = "itu-align"

    def do_POST(self) -> None:
        """What the engine sends for a SERVICE."""
        server = cast("Server", self.server)
        asked, length = server.read_path(self.path), self.headers.get("Content-Length", "")
        if asked is None or not _LENGTH.fullmatch(length) or int(length) > _MAX_QUERY:
            self._send(404, _TEXT, b"SERVICE: the gateway takes no such request.\nTry again, with a shorter query.")
            return
        try:
            rows = server.answer(*asked, self.rfile.read(int(length)))
        except CallError as error:
            self._send(502, _TEXT, f"{error}\n{error.hint}".encode())
        else:
            self._send(200, outbound.RESULTS, rows)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Say nothing: paths hold the secret."""

    def _send(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.connection.settimeout(None)  # the engine takes rows when it needs them
        self.wfile.write(body)


def solutions(body: bytes) -> bytes:
    """SPARQL results in JSON, read strictly and written anew, so that the engine meets no surprise; raises CallError.

    Blank nodes get new names: the engine takes theirs for its own of the same name, and would join the two
    (https://www.w3.org/TR/sparql11-results-json/#select-encode-terms).
    """
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise CallError("what it sent is not JSON.") from None
    match document:
        case {"head": {"vars": [*names]}, "results": {"bindings": [*rows]}}:
            bindings = _renamed(rows)
        case {"boolean": _}:
            raise CallError("it answered yes or no in place of rows.")
        case _:
            raise _no_results("'head' or 'results' is missing")
    written = json.dumps({"head": {"vars": names}, "results": {"bindings": bindings}}).encode("ascii")
    try:
        for _ in cast("ox.QuerySolutions", ox.parse_query_results(written, format=ox.QueryResultsFormat.JSON)):
            pass
    except SyntaxError as error:
        raise _no_results(str(error)[:200]) from None
    return written


def _renamed(rows: Sequence[object]) -> list[dict[str, dict[str, str]]]:
    """The rows with only what the specification names in a term; a term in a term could nest without end."""
    scope, labels = secrets.token_hex(8), dict[str, str]()
    renamed: list[dict[str, dict[str, str]]] = []
    for row in rows:
        if not isinstance(row, dict):
            raise _no_results("a row is no object")
        renamed.append({})
        for name, term in row.items():
            kept = _term(term)
            if kept["type"] == "bnode":
                kept["value"] = labels.setdefault(kept["value"], f"s{scope}n{len(labels)}")
            renamed[-1][name] = kept
    return renamed


def _term(term: object) -> dict[str, str]:
    read = cast("dict[str, object]", term) if isinstance(term, dict) else {}
    kept = {part: value for part in _PARTS_OF_A_TERM if isinstance(value := read.get(part), str)}
    if kept.get("type") not in _TERMS or "value" not in kept:
        raise _no_results("a value is no IRI, literal or blank node")
    return kept


def _no_results(reason: str) -> CallError:
    return CallError(f"what it sent is not {outbound.RESULTS}: {reason}.")


class Gateway:
    """The process, started when it is first needed and again where it has died. Threads share one."""

    def __init__(self, endpoints: Sequence[Endpoint], limits: CallLimits = outbound.LIMITS) -> None:
        self._endpoints, self._limits = tuple(endpoints), limits
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._services = NOWHERE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def services(self) -> Services:
        """What a query may ask, and where; ask for it anew for each query. Without endpoints no process runs."""
        with self._lock:
            if self._endpoints and (self._process is None or self._process.poll() is not None):
                self._end()
                self._services = Services(tuple(each.iri for each in self._endpoints), self._start())
            return self._services

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _start(self) -> str:
        command = [sys.executable, "-m", "itu_align.graph.gateway"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        assert self._process.stdout is not None  # noqa: S101 - the same
        entries = [(each.iri, each.private) for each in self._endpoints]
        with suppress(BrokenPipeError):  # it has ended already; then it prints no address
            self._process.stdin.write(json.dumps({"endpoints": entries, "limits": asdict(self._limits)}) + "\n")
            self._process.stdin.flush()
        if address := self._process.stdout.readline().strip():
            return address
        self._end()
        raise GatewayError("The gateway to other endpoints did not start.", hint="Its error stands in the log.")

    def _end(self) -> None:
        if self._process is None:
            return
        with self._process:  # closes its standard input, and waits
            self._process.terminate()
        self._process = None


def main() -> None:
    """Serve as the first line of standard input says, print the address, end with standard input."""
    settings = json.loads(sys.stdin.readline())
    endpoints = [outbound.endpoint(iri, private=private) for iri, private in settings["endpoints"]]
    with Server(endpoints, CallLimits(**settings["limits"])) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(server.address + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
