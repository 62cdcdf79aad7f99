"""SERVICE through guard, engine and gateway to real servers on loopback, and what of their answers the engine sees."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pyoxigraph as ox
import pytest
from conftest import NEEDS_PROC, PATIENCE, until
from itu_align.graph import gateway, grammar, guard
from itu_align.graph.gateway import Calls, Gateway, Server, solutions
from itu_align.graph.guard import NOWHERE, ServiceError, Services
from itu_align.graph.outbound import LIMITS, RESULTS, CallError, CallLimits, Resolver, addresses, endpoint
from test_outbound import ROWS, Remote, http, read_request

QUICK = CallLimits(connect=5, total=0.5)
ONE = CallLimits(connect=0.2, total=PATIENCE, at_once=1)
Trust = ssl.SSLContext | None


class Federation:
    """A gateway in this process that may ask the given endpoints, and a store of fifty rows, two of them `there`."""

    def __init__(
        self, *iris: str, limits: CallLimits = QUICK, resolve: Resolver = addresses, trust: Trust = None
    ) -> None:
        self.server = Server([endpoint(iri, private=True) for iri in iris], limits, resolve, trust)
        self.services = Services(iris, self.server.address)
        self.store = ox.Store()
        self.store.extend(
            ox.Quad(ox.NamedNode(f"urn:{n}"), ox.NamedNode("urn:p"), ox.Literal("there" if n < 2 else str(n)))
            for n in range(50)
        )

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def ask(self, text: str) -> list[str]:
        """Rows of CSV in order; raises what a door would show."""
        return ask(text, self.services, self.store)


def ask(text: str, services: Services, store: ox.Store) -> list[str]:
    routed = guard.route(grammar.parse(text), services)
    try:
        written = store.query(routed).serialize(format=ox.QueryResultsFormat.CSV)  # type: ignore[call-arg]
    except (RuntimeError, OSError) as error:
        raise guard.explain(error) or error from None
    return sorted(written.decode().split("\r\n")[1:-1])


def service(url: str, silent: str = "") -> str:
    return f"SELECT ?x {{ SERVICE {silent} <{url}> {{ ?s ?p ?x }} }}"


# ---- How often


@pytest.mark.parametrize("pattern", ["FILTER EXISTS { %s }", "OPTIONAL { ?s ?p ?x OPTIONAL { %s } }"])
@pytest.mark.parametrize("response", [http(ROWS), http(b"", "500 Broken")], ids=["rows", "error"])
def test_the_same_is_asked_once_in_a_query(pattern: str, response: bytes) -> None:
    with Remote(response) as there, Federation(there.url) as federation:
        text = f"SELECT * {{ ?s ?p ?x {pattern % f'SERVICE SILENT <{there.url}> {{ ?o ?q ?x }}'} }}"
        federation.ask(text)
        assert there.connections == 1
        federation.ask(text)
        assert there.connections == 2


def test_a_query_may_ask_only_so_often() -> None:
    with Remote(http(ROWS)) as there, Federation(there.url, limits=CallLimits(calls=3)) as federation:
        patterns = "".join(f"SERVICE <{there.url}> {{ ?s <urn:{n}> ?x }}" for n in range(4))
        with pytest.raises(ServiceError, match="this query has called other endpoints 3 times, which is all it may"):
            federation.ask(f"SELECT ?x {{ {patterns} }}")
        assert there.connections == 3


def test_only_so_many_calls_are_under_way_at_once() -> None:
    asked, answered = threading.Event(), threading.Event()

    def wait(connection: socket.socket) -> None:
        read_request(connection)
        asked.set()
        answered.wait(PATIENCE)
        connection.sendall(http(ROWS))

    with Remote(wait) as there, Federation(there.url, limits=ONE) as federation:
        first = threading.Thread(target=federation.server.answer, args=["run", "0", b"first"])
        first.start()
        asked.wait(PATIENCE)
        with pytest.raises(CallError, match="too many other calls are under way"):
            federation.server.answer("run", "0", b"second")
        answered.set()
        first.join(PATIENCE)
        assert federation.server.answer("other", "0", b"third").count(b"there") == 1


def test_kept_answers_take_only_so_much_room() -> None:
    calls, large = Calls(10), gateway.Answer(b"x" * (40 << 20))
    for name in ("first", "second", "second"):
        calls.keep((name, "0", b""), large)
    assert calls.known(("first", "0", b"")) is None
    assert calls.known(("second", "0", b"")) == large


# ---- What goes wrong

FAILURES = {
    "redirect": (http(b"", "302 Found", location="/"), "it answered with a redirect, which is not followed."),
    "web page": (http(b"<html>", content_type="text/html"), f"it answered with text/html in place of {RESULTS}."),
    "cut off": (http(ROWS[:-3]), "what it sent is not JSON."),
    "late error": (http(ROWS[:-3] + b", 1]}}"), f"what it sent is not {RESULTS}: a row is no object."),
    "ASK": (http(b'{"head": {}, "boolean": true}'), "it answered yes or no in place of rows."),
    "short": (http(ROWS, length=500), "it broke off its answer, or speaks no HTTP."),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_endpoint_that_fails_is_named_and_silent_goes_on_without_it(name: str) -> None:
    response, message = FAILURES[name]
    with Remote(response) as there, Federation(there.url) as federation:
        with pytest.raises(ServiceError) as caught:
            federation.ask(service(there.url))
        assert federation.ask(service(there.url, "SILENT")) == [""]
    assert str(caught.value) == f"SERVICE <{there.url}>: {message}"
    assert caught.value.hint.endswith("SERVICE SILENT goes on without its rows.")


def test_an_error_of_another_kind_is_not_explained() -> None:
    assert guard.explain(RuntimeError("The custom function <urn:f> is not supported")) is None
    assert guard.explain(OSError("IO error: No space left on device")) is None


def test_a_gateway_that_is_gone_is_told_without_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        services = Services(("http://x.example/",), f"http://127.0.0.1:{gone.getsockname()[1]}/secret")
    with pytest.raises(ServiceError) as caught:
        ask(service("http://x.example/"), services, ox.Store())
    assert str(caught.value) == "SERVICE: the other endpoints cannot be asked now."
    hidden = guard.explain(
        RuntimeError("Unsupported Content-Type returned by service <http://127.0.0.1:1/secret>: a/b")
    )
    assert str(hidden) == str(caught.value)


@pytest.mark.parametrize("path", ["/", "/wrong/run/0", "SECRET", "SECRET/run", "SECRET/run/1", "SECRET/run/0/0"])
def test_a_request_without_the_secret_or_an_endpoint_calls_nobody(path: str) -> None:
    with Remote(http(ROWS)) as there, Federation(there.url) as federation:
        assert post(federation.server, path, 100).startswith(b"HTTP/1.0 404 ")
        assert there.connections == 0


def post(server: Server, path: str, size: int) -> bytes:
    """The beginning of the answer to an empty query; then hang up."""
    path = path.replace("SECRET", "/" + server.address.rpartition("/")[2])
    with socket.create_connection(("127.0.0.1", int(server.server_address[1])), PATIENCE) as connection:
        connection.sendall(f"POST {path} HTTP/1.0\r\nContent-Length: 0\r\n\r\n".encode())
        return connection.recv(size)


def test_an_engine_that_hangs_up_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    row = {"x": {"type": "literal", "value": "y" * 1000}}
    with Remote(http(results(*[row] * 9000))) as there, Federation(there.url, limits=LIMITS) as federation:
        before = threading.active_count()
        assert post(federation.server, "SECRET/run/0", 12) == b"HTTP/1.0 200"
        until(lambda: threading.active_count() <= before)
    assert capfd.readouterr().err == ""


# ---- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for endpoint.example, signed by itself."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", "key.pem", "-out", "cert.pem", "-days", "1", "-subj", "/CN=endpoint.example"]
    command += ["-addext", "subjectAltName=DNS:endpoint.example"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl on this machine")
    return folder


class Secure:
    """What a server behind TLS does with a connection; notes the names that clients ask for, and what they send."""

    def __init__(self, certificate: Path) -> None:
        self.names: list[str | None] = []
        self.requests: list[bytes] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        self._context.sni_callback = lambda _socket, name, _context: self.names.append(name)  # type: ignore[assignment]

    def __call__(self, connection: socket.socket) -> None:
        with self._context.wrap_socket(connection, server_side=True) as secure:
            self.requests.append(read_request(secure))
            secure.sendall(http(ROWS))


@pytest.mark.parametrize(
    ("host", "trusted", "rows"),
    [("endpoint.example", True, ["there"]), ("other.example", True, None), ("endpoint.example", False, None)],
)
def test_only_a_verified_server_gets_the_query(
    certificate: Path, host: str, *, trusted: bool, rows: list[str] | None
) -> None:
    """By its name, though an address is called."""
    secure = Secure(certificate)
    trust = ssl.create_default_context(cafile=str(certificate / "cert.pem")) if trusted else None
    with Remote(secure) as there, ExitStack() as stack:
        url = f"https://{host}:{there.port}/sparql"
        federation = Federation(url, limits=LIMITS, resolve=lambda _host, _port: ["127.0.0.1"], trust=trust)
        stack.enter_context(federation)
        if rows is None:
            stack.enter_context(pytest.raises(ServiceError, match="its certificate cannot be verified"))
        assert federation.ask(service(url)) == rows
    assert secure.names == [host]
    assert len(secure.requests) == (rows is not None)


def test_a_server_without_tls_gets_no_query() -> None:
    with Remote(lambda connection: connection.sendall(connection.recv(1) and http(ROWS))) as there:
        url = there.url.replace("http", "https")
        with Federation(url) as federation, pytest.raises(ServiceError, match="it broke off its answer"):
            federation.ask(service(url))


# ---- The process


@pytest.fixture
def there() -> Iterator[Remote]:
    with Remote(http(ROWS)) as remote:
        yield remote


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_private_address_is_called_only_where_the_operator_allows_it(there: Remote) -> None:
    with Gateway([endpoint(there.url)]) as strict, pytest.raises(ServiceError, match="an address that is not public"):
        ask(service(there.url), strict.services(), ox.Store())
    assert there.connections == 0
    with Gateway([endpoint(there.url, private=True)]) as lenient:
        assert ask(service(there.url), lenient.services(), ox.Store()) == ["there"]


@NEEDS_PROC
def test_a_gateway_that_died_is_started_again_and_a_closed_one_has_ended(there: Remote) -> None:
    with Gateway([endpoint(there.url, private=True)]) as started:
        first = started.services()
        assert started.services() == first
        assert started._process is not None
        os.kill(started._process.pid, signal.SIGKILL)
        until(lambda: started.services() != first)
        assert ask(service(there.url), started.services(), ox.Store()) == ["there"]
        pid = started._process.pid
    assert not is_alive(pid)


def test_without_endpoints_there_is_no_process() -> None:
    with Gateway([]) as started:
        assert started.services() == NOWHERE
        assert started._process is None


ORPHAN = """
import os, sys, time
from itu_align.graph.gateway import Gateway
from itu_align.graph.outbound import endpoint
gateway = Gateway([endpoint("http://x.example/")])
gateway.services()
print(gateway._process.pid, flush=True)
sys.stdin.read()
"""


@NEEDS_PROC
def test_a_gateway_ends_when_its_server_is_killed() -> None:
    command = [sys.executable, "-c", ORPHAN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert is_alive(pid)
        server.kill()
    until(lambda: not is_alive(pid))


# ---- What reaches the engine


def results(*rows: object, names: Sequence[str] = ("x",)) -> bytes:
    return json.dumps({"head": {"vars": names}, "results": {"bindings": rows}}).encode()


def read(body: bytes) -> list[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None]:
    parsed = ox.parse_query_results(solutions(body), format=ox.QueryResultsFormat.JSON)
    assert isinstance(parsed, ox.QuerySolutions)
    return [row["x"] for row in parsed]


def test_terms_stay_as_they_are() -> None:
    integer = "http://www.w3.org/2001/XMLSchema#integer"
    sent = results(
        {"x": {"type": "uri", "value": "urn:é"}},
        {
            "x": {"type": "literal", "value": '"\\\n\u2028', "xml:lang": "en"},
            "extra": {"type": "uri", "value": "urn:b"},
        },
        {"x": {"type": "typed-literal", "value": "1", "datatype": integer, "unknown": [[]]}},
        {},
        names=("x", "extra"),
    )
    one = ox.Literal("1", datatype=ox.NamedNode(integer))
    assert read(sent) == [ox.NamedNode("urn:é"), ox.Literal('"\\\n\u2028', language="en"), one, None]


def test_blank_nodes_are_renamed_alike_within_an_answer_and_apart_from_all_others() -> None:
    sent = results(*({"x": {"type": "bnode", "value": value}} for value in ("b0", "b1", "b0")))
    first, other, again = read(sent)
    assert first == again != other
    assert not {first, other} & {*read(sent), ox.BlankNode("b0"), ox.BlankNode("b1")}


DEEP = b'{"type":"triple","value":{"subject":' * 20_000
NO_RESULTS = {
    "empty": b"",
    "web page": b"<html>",
    "cut off": ROWS[:-3],
    "more behind it": ROWS + b"x",
    "two": ROWS + ROWS,
    "no UTF-8": ROWS.replace(b"there", b"\xff"),
    "UTF-16": ROWS.decode().encode("utf-16"),
    "array": b"[]",
    "yes": b'{"head": {}, "boolean": true}',
    "no results": b'{"head": {"vars": ["x"]}}',
    "no head": b'{"results": {"bindings": []}}',
    "rows that are none": results([]),
    "text as rows": b'{"head": {"vars": []}, "results": {"bindings": "abc"}}',
    "no value": results({"x": {"type": "uri"}}),
    "unknown type": results({"x": {"type": "resource", "value": "urn:a"}}),
    "number": results({"x": {"type": "literal", "value": 1}}),
    "text as a term": results({"x": "type value"}),
    "relative IRI": results({"x": {"type": "uri", "value": "a"}}),
    "space in an IRI": results({"x": {"type": "uri", "value": "urn:a b"}}),
    "bad language": results({"x": {"type": "literal", "value": "a", "xml:lang": "!!"}}),
    "half a character": results({"x": {"type": "literal", "value": "\ud800"}}),
    "variable that the head lacks": results({"y": {"type": "uri", "value": "urn:a"}}),
    "number as a name": results(names=[1]),  # type: ignore[list-item]
    "triple": results({"x": {"type": "triple", "value": {"subject": {}, "predicate": {}, "object": {}}}}),
    "deep triple": b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":' + DEEP,
    "deep array": b"[" * 5_000_000,
    "endless number": b'{"head":{"vars":["x"]},"results":' + b"9" * 1_000_000 + b"}",
}


@pytest.mark.parametrize("name", NO_RESULTS)
def test_what_is_no_table_of_results_is_refused(name: str) -> None:
    with pytest.raises(CallError, match=r"what it sent is not|it answered yes or no"):
        solutions(NO_RESULTS[name])


def test_a_triple_term_nested_as_deep_as_json_goes_does_not_reach_the_engine() -> None:
    whole = DEEP[: len(DEEP) // 50] + b'{"type":"uri","value":"urn:a"}' + b"}}" * 400
    with pytest.raises(CallError, match="a value is no IRI, literal or blank node"):
        solutions(b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":' + whole + b"}]}}")


def test_a_blank_node_of_another_endpoint_is_none_of_this_store() -> None:
    body = results({"x": {"type": "bnode", "value": "b0"}})
    with Remote(http(body)) as there, Federation(there.url) as federation:
        federation.store.add(ox.Quad(ox.BlankNode("b0"), ox.NamedNode("urn:p"), ox.Literal("ours")))
        text = f"SELECT ?y {{ SERVICE <{there.url}> {{ ?s ?p ?x }} ?x <urn:p> ?y }}"
        assert federation.ask(text) == []
