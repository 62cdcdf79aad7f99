"""Attacks on a running server: a clear error or a right answer, the same processes after it, no call to others."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from answers import FAULTS, FORMATS, PAIRS, dechunked, read_to_end
from attacks import Attack
from conftest import NEEDS_PROC, until
from hostile_queries import CROSS, LONG, MEMORY, QUERIES
from hostile_requests import REQUESTS
from itu_align.graph import tokens
from pages import check_harmless
from rdf import write_version
from running import Answer, Endpoint, Trap, seconds_used_within, serving

pytestmark = NEEDS_PROC

SECONDS = 2.0
"""What a query may take on the server of these tests."""

OPTIONS = (
    "--timeout",
    "2",
    "--max-timeout",
    "20",
    "--memory",
    "512",
    "--requests",
    "0",
    "--query-seconds",
    "0",
    "--concurrent",
    "0",
)
ROWS = 1000
HOSTILE = '<img src=x onerror="alert(1)"></textarea><script>alert(2)</script>'
HTML = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#HTML")
JSON = {"Accept": "application/sparql-results+json"}


@dataclass(frozen=True)
class Target:
    """The server under attack, its loader when it started, a listener that is never to be called, and a token."""

    endpoint: Endpoint
    loader: int
    trap: Trap
    secret: str

    def administers(self, path: str, method: str = "GET") -> Answer:
        return self.endpoint.ask(path, method, headers={"Authorization": f"Bearer {self.secret}"})

    def running(self) -> list[dict[str, str]]:
        """What works now."""
        found: list[dict[str, str]] = json.loads(self.administers("/queries").body)
        return found

    def busy(self) -> bool:
        """Whether a worker is at a job."""
        metrics = self.endpoint.ask("/metrics").body.decode()
        counts: dict[str, str] = dict(re.findall(r'^itu_align_workers\{state="(\w+)"\} (\d+)', metrics, re.MULTILINE))
        assert {"idle", "busy", "long"} <= counts.keys(), metrics
        return counts["busy"] != "0" or counts["long"] != "0"

    def check_unharmed(self) -> None:
        """The same processes, an innocent answer soon, and nobody was called."""
        began = time.monotonic()
        text = f"SELECT (COUNT(*) AS ?n) {{ ?s <urn:value> ?o{time.monotonic_ns()} }}"  # never from the cache
        answer = self.endpoint.query(text, headers=JSON)
        assert json.loads(answer.body)["results"]["bindings"][0]["n"]["value"] == str(ROWS)
        assert time.monotonic() - began < 2
        assert (self.endpoint.process.poll(), self.endpoint.loader) == (None, self.loader)
        assert not self.trap.caught()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    data = tmp_path_factory.mktemp("abuse") / "data"
    p, label = ox.NamedNode("urn:value"), ox.NamedNode("urn:label")
    numbers = [ox.Triple(ox.NamedNode(f"urn:rows#n{n}"), p, ox.Literal(f"{n:0100}")) for n in range(ROWS)]
    labels = [
        ox.Triple(ox.NamedNode("javascript:alert(3)"), label, ox.Literal(HOSTILE)),
        ox.Triple(ox.NamedNode("data:text/html,alert(4)"), label, ox.Literal(HOSTILE, datatype=HTML)),
    ]
    write_version(data, {"rows": numbers, "labels": labels})
    _, secret = tokens.create(data, ["admin"])
    trap = Trap()
    with serving(data, *OPTIONS) as endpoint:
        yield Target(endpoint, endpoint.loader, trap, secret)
    trap.close()


def check_fits(attack: Attack, answer: Answer) -> None:
    """One of the statuses that are right; an error in the one shape; else the right answer."""
    assert answer.status in attack.statuses, (answer.status, answer.body[:500])
    assert "x-injected" not in answer.headers
    if answer.status >= 400 and answer.headers.get("server") is not None and answer.status not in {414, 431}:
        assert {"type", "title", "status", "detail"} <= answer.problem.keys()
        assert answer.problem["status"] == answer.status
        assert len(str(answer.problem["detail"])) > 10
        assert "Traceback" not in answer.body.decode()
    if answer.status < 400:
        assert attack.right(answer), answer.body[:500]


@pytest.mark.parametrize("attack", [*QUERIES, *REQUESTS], ids=lambda attack: attack.name)
def test_an_attack_gets_a_clear_error_or_the_right_answer(attack: Attack, target: Target) -> None:
    began = time.monotonic()
    answer = attack.run(target.endpoint, target.trap.port, target.secret)
    assert time.monotonic() - began < SECONDS + 5
    check_fits(attack, answer)
    target.check_unharmed()


@pytest.mark.parametrize("attack", MEMORY, ids=lambda attack: attack.name)
def test_a_query_that_takes_memory_or_time_is_stopped(attack: Attack, target: Target) -> None:
    began = time.monotonic()
    answer = attack.run(target.endpoint, target.trap.port, target.secret)
    assert time.monotonic() - began < SECONDS + 2
    check_fits(attack, answer)
    target.check_unharmed()


def test_long_queries_at_once_leave_room_and_the_processor_is_free_a_second_after_them(target: Target) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [(attack, pool.submit(attack.run, target.endpoint, target.trap.port, target.secret)) for attack in LONG]
        until(lambda: len(target.running()) == len(LONG))
        ended = time.monotonic() + SECONDS
        while time.monotonic() < ended - 0.5:
            target.check_unharmed()
        for attack, answer in asked:
            check_fits(attack, answer.result())
            kinds = {503: "timeout", 507: "memory"}
            kind = kinds[answer.result().status]
            assert answer.result().problem["type"] == f"https://w3id.org/itu-align/problem/{kind}"
    until(lambda: time.monotonic() >= ended + 1)
    assert seconds_used_within(target.endpoint.process.pid, 1.0) < 0.3
    target.check_unharmed()


def raw_query(text: str, accept: str, parameters: str = "", version: str = "1.1", *, last: bool = False) -> bytes:
    end = "Connection: close\r\n\r\n" if last else "\r\n"
    line = f"GET /sparql?query={quote(text)}{parameters} HTTP/{version}\r\n"
    return f"{line}Host: x\r\nAccept: {accept}\r\n{end}".encode()


def cut_answer(target: Target, query: str, media_type: str) -> bytes:
    """What comes until the deadline; on a machine with much else to do it may take longer until a MiB is there."""
    answer = b""
    for seconds in (1, 4, 16):
        with target.endpoint.connect() as sock:
            sock.sendall(raw_query(query, media_type, f"&timeout={seconds}", last=True))
            answer = read_to_end(sock)
        if not answer.startswith(b"HTTP/1.1 503"):
            break
    return answer


@pytest.mark.parametrize("media_type", FORMATS)
def test_an_answer_cut_at_the_deadline_cannot_be_taken_for_whole(media_type: str, target: Target) -> None:
    query, parse = FORMATS[media_type]
    content, trailer = dechunked(cut_answer(target, query, media_type))
    assert len(content) > 1 << 20
    assert trailer.startswith(b"X-Result-Complete: false\r\nX-Result-Error: The query was stopped after ")
    assert trailer.endswith(b"may take.\r\n")
    assert not trailer.endswith(b"\r\n\r\n")
    with pytest.raises(FAULTS):
        parse(content)
    target.check_unharmed()


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_long_answer_that_is_whole_says_so(media_type: str, target: Target) -> None:
    query, parse = FORMATS[media_type]
    answer = target.endpoint.send(raw_query(f"{query} LIMIT 30000", media_type, "&timeout=20", last=True))
    content, trailer = dechunked(answer)
    assert len(content) > 1 << 20
    assert trailer == b"X-Result-Complete: true\r\n\r\n"
    parse(content)


def test_rdf_xml_that_cannot_be_written_is_refused(target: Target) -> None:
    """A property's last characters must be an XML name (https://www.w3.org/TR/rdf-syntax-grammar/#section-Serialising)."""
    answer = target.endpoint.query("CONSTRUCT { <urn:a> <urn:p:0> 1 } {}", headers={"Accept": "application/rdf+xml"})
    assert answer.status == 406, answer.body


def test_a_long_answer_to_http_1_0_is_whole_or_an_error(target: Target) -> None:
    whole = target.endpoint.send(raw_query(f"{PAIRS} LIMIT 30000", "text/csv", "&timeout=20", "1.0"))
    head, _, content = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200")
    assert content.count(b"\r\n") == 30001
    cut = target.endpoint.send(raw_query(PAIRS, "text/csv", "&timeout=1", "1.0"))
    assert cut.startswith(b"HTTP/1.0 503")


def test_the_query_of_a_client_that_goes_away_is_stopped(target: Target) -> None:
    for text in (f"ASK {{ {CROSS} FILTER(CONCAT(STR(?a), STR(?h)) = '') }}", f"SELECT * {{ {CROSS} }}"):
        with target.endpoint.connect() as sock:
            sock.sendall(raw_query(text, "*/*"))
            until(lambda: len(target.running()) == 1)
        until(lambda: not target.running() and not target.busy(), 2)
    assert seconds_used_within(target.endpoint.process.pid, 0.5) < 0.3
    target.check_unharmed()


def test_an_administrator_stops_a_query_and_its_asker_is_told(target: Target) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(target.endpoint.query, f"ASK {{ {CROSS} FILTER(CONCAT(STR(?a), STR(?h)) = '') }}")
        until(lambda: len(target.running()) == 1)
        assert target.administers(f"/queries/{target.running()[0]['id']}", "DELETE").status == 204
        answer = asked.result()
    assert (answer.status, answer.problem["type"]) == (503, "https://w3id.org/itu-align/problem/cancelled")
    assert target.administers("/queries/999999", "DELETE").status == 404
    target.check_unharmed()


def test_tokens_of_less_right_are_refused_what_they_may_not(
    target: Target, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = next(tmp_path_factory.getbasetemp().glob("abuse*/data"))
    _, submit = tokens.create(data, ["submit"])
    _, one = tokens.create(data, ["admin"], "urn:one")
    text = b"INSERT DATA { GRAPH <urn:two> { <urn:a> <urn:p> 1 } }"
    for secret in (submit, one):
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/sparql-update"}
        answer = target.endpoint.ask("/update", "POST", text, headers)
        assert (answer.status, answer.problem["title"]) == (403, "Not allowed")
    assert (
        target.endpoint.query("ASK { GRAPH <urn:two> { ?s ?p ?o } }", headers=JSON).body
        == b'{"head":{},"boolean":false}'
    )


def test_markup_in_the_data_and_in_the_query_is_shown_as_text(target: Target) -> None:
    page = {"Accept": "text/html"}
    show = "SELECT * { ?alert <urn:label> ?label }"
    check_harmless(target.endpoint.query(show, headers=page))
    check_harmless(target.endpoint.query("CONSTRUCT WHERE { ?alert <urn:label> ?label }", headers=page))
    check_harmless(target.endpoint.query(f"SELECT {HOSTILE}", headers=page))
    check_harmless(target.endpoint.query(f"# {HOSTILE}\n{show}", headers=page))
    check_harmless(target.endpoint.query("ASK {}", extra=f"&format={quote(HOSTILE)}", headers=page))
    body = f"# {HOSTILE}\n{show}".encode()
    made = target.endpoint.ask("/q", "POST", body, {"Content-Type": "application/sparql-query"})
    assert made.status == 201
    path = "/q/" + made.headers["location"].rpartition("/")[2]
    check_harmless(target.endpoint.ask(path, headers=page))


def test_half_requests_hold_up_nobody(target: Target) -> None:
    beginnings = [
        b"GET /sparql?query=ASK",
        b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        POST + b"Content-Length: 1000\r\n\r\nASK",
        POST + b"Transfer-Encoding: chunked\r\n\r\n6\r\nAS",
        b"",
    ]
    open_ = [target.endpoint.connect() for _ in range(100)]
    try:
        for number, sock in enumerate(open_):
            sock.sendall(beginnings[number % len(beginnings)])
        for _ in range(5):
            target.check_unharmed()
        for number, sock in enumerate(open_):  # a byte now and then
            sock.sendall(b"x" if beginnings[number % len(beginnings)] else b"G")
        target.check_unharmed()
    finally:
        for sock in open_:
            sock.close()


ASK = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nAccept: application/sparql-results+json\r\n"
LAST = b"Connection: close\r\n\r\n"
POST = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
TRUE = b'"boolean":true'
SMUGGLED = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
WIRE: dict[str, tuple[bytes, bytes, int]] = {
    "HTTP/1.0": (ASK.replace(b"1.1", b"1.0") + b"\r\n", TRUE, 1),
    "no version": (b"GET /sparql?query=ASK%7B%7D\r\n\r\n", b"", 0),
    "pipelined": ((ASK + b"\r\n") * 2 + ASK + LAST, TRUE, 3),
    "length below zero": (POST + b"Content-Length: -1\r\n\r\nASK {}", b" 400 ", 1),
    "length no number": (POST + b"Content-Length: 6x\r\n\r\nASK {}", b" 400 ", 1),
    "length with a sign": (POST + b"Content-Length: +6\r\n\r\nASK {}", b" 400 ", 1),
    "length without end": (POST + b"Content-Length: 99999999999999999999\r\n\r\nASK {}", b" 413 ", 1),
    "two lengths": (POST + b"Content-Length: 6\r\nContent-Length: 60\r\n\r\nASK {}", b" 400 ", 1),
    "length too short": (POST + b"Content-Length: 3\r\nConnection: close\r\n\r\nASK {}", b" 400 ", 1),
    "chunks that are none": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nASK {}\r\n0\r\n\r\n", b" 400 ", 1),
    "unknown coding": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", b" 501 ", 1),
    "space before the colon": (ASK + b"X-A : 1\r\n\r\n", b" 400 ", 1),
    "a bare line feed in a field": (ASK + b"X-A: 1\nX-B: 2\r\n\r\n", b" 400 ", 1),
    "10,000 fields": (ASK + b"".join(b"X-%d: 1\r\n" % n for n in range(10_000)) + LAST, TRUE, 1),
    "TLS": (bytes.fromhex("16030100c8010000c40303") + bytes(range(200)) + b"\r\n\r\n", b" 400 ", 1),
    "zeros": (b"\0" * 100_000 + b"\r\n\r\n", b" 400 ", 1),
    "whole address of another": (
        b"GET http://169.254.169.254/ HTTP/1.1\r\nHost: 169.254.169.254\r\n" + LAST,
        b" 303 ",
        1,
    ),
    "CONNECT": (b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n" + LAST, b"HTTP/1.1 4", 1),
}


@pytest.mark.parametrize("name", WIRE)
def test_a_malformed_request_is_refused_or_read_rightly(name: str, target: Target) -> None:
    raw, expected, times = WIRE[name]
    answer = target.endpoint.send(raw)
    assert b" 500 " not in answer
    assert answer.count(expected) >= times if times else answer is not None, answer[:500]
    target.check_unharmed()


def test_no_request_hides_in_the_body_of_another(target: Target) -> None:
    """Where a length and chunks are both given, RFC 9112, section 6.3, has the chunks count, or the request refused."""
    hidden = b"0\r\n\r\n" + SMUGGLED
    raw = POST + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(hidden) + hidden
    answer = target.endpoint.send(raw)
    assert answer.startswith(b"HTTP/1.1 400")
    target.check_unharmed()
