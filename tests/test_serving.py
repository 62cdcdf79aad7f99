"""`itu-align serve` by the installed script over real HTTP, and the clients that people use."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from conftest import NEEDS_PROC, PATIENCE, Server, until
from itu_align.graph.journal import head
from itu_align.graph.store import Store
from rdf import write_version
from rdflib.plugins.stores.sparqlstore import SPARQLStore


def test_serve_answers_and_stops_on_a_signal(serve: Callable[[Path], Server], small: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        server = serve(small)
        assert server.line == f"Serving version 1 (3 triples) on {server.url}/sparql"
        assert json.loads(server.get("/health")) == {"status": "ok", "version": 1, "triples": 3}
        assert server.get("/sparql?query=ASK%7B%7D") == '{"head":{},"boolean":true}'
        server.process.send_signal(number)
        _, errors = server.process.communicate(timeout=PATIENCE)
        assert (server.process.returncode, errors) == (0, "")


def test_a_second_start_answers_within_3_seconds(serve: Callable[[Path], Server], data: Path) -> None:
    serve(data).process.terminate()
    started = time.monotonic()
    assert '"boolean":true' in serve(data).get("/sparql?query=ASK%7B?s?p?o%7D")
    assert time.monotonic() - started < 3


def test_the_first_start_builds(serve: Callable[[Path], Server], tmp_path: Path) -> None:
    server = serve(tmp_path / "new")
    version, triples = head(tmp_path / "new"), len(Store.open(tmp_path / "new"))
    assert server.line == f"Serving version {version} ({triples:,} triples) on {server.url}/sparql"
    assert (version, triples > 10_000) == (1, True)


def seconds_at_work(pid: int) -> float:
    """Processor time that a process and all below it have used in their own code (proc(5), utime)."""
    stats = {int(path.name): _stat(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    family = {pid}
    while added := {each for each, stat in stats.items() if stat and int(stat[1]) in family} - family:
        family |= added
    return sum(int(stat[11]) for each in family if (stat := stats.get(each))) / os.sysconf("SC_CLK_TCK")


def _stat(process: Path) -> list[str]:
    """The fields behind the name, none where the process has ended."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@NEEDS_PROC
def test_requests_at_work_are_answered_before_the_server_stops(serve: Callable[[Path], Server], tmp_path: Path) -> None:
    """Nine million pairs take a second or more to count; the signal comes while that is under way."""
    p = ox.NamedNode("urn:p")
    write_version(tmp_path, {"g": [ox.Triple(ox.NamedNode(f"urn:{n}"), p, ox.Literal(n)) for n in range(3000)]})
    server = serve(tmp_path)
    port, before = int(server.url.rpartition(":")[2]), seconds_at_work(server.process.pid)
    query = "SELECT%20(COUNT(*)%20AS%20?n)%7B?a%20?p%20?b.?c%20?q%20?d%7D"
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        request = f"GET /sparql?query={query}&format=csv HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        until(lambda: seconds_at_work(server.process.pid) > before + 0.3)
        server.process.terminate()
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.endswith(b"\r\n\r\nn\r\n9000000\r\n")
    assert server.process.wait(timeout=PATIENCE) == 0


@pytest.fixture
def endpoint(serve: Callable[[Path], Server], data: Path) -> str:
    return serve(data).url + "/sparql"


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("format_", ["xml", "json", "csv", "tsv"])
def test_rdflib_reads_the_endpoint(endpoint: str, method: str, format_: str) -> None:
    store = SPARQLStore(endpoint, method=method, returnFormat=format_)
    graph = rdflib.Graph(store)
    rows = list(graph.query("SELECT (COUNT(DISTINCT ?g) AS ?n) { ?g a <http://metadata.un.org/sdg/ontology#Goal> }"))
    assert [int(row[0]) for row in rows] == [17]  # type: ignore[index, arg-type]


def test_rdflib_reads_triples_and_a_boolean(endpoint: str) -> None:
    graph = rdflib.Graph(SPARQLStore(endpoint, returnFormat="xml"))
    goal = rdflib.URIRef("http://metadata.un.org/sdg/9")
    assert graph.query(f"ASK {{ <{goal}> ?p ?o }}").askAnswer is True
    described = graph.query(f"CONSTRUCT WHERE {{ <{goal}> a ?type }}").graph
    assert described is not None
    assert (goal, rdflib.RDF.type, rdflib.URIRef("http://metadata.un.org/sdg/ontology#Goal")) in described


def test_curl_gets_what_the_help_promises(endpoint: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    address = f"{endpoint}?query=ASK%7B?s%20?p%20?o%7D"
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    result = subprocess.run(
        ["curl", "-sS", address], capture_output=True, text=True, timeout=PATIENCE, check=True, env=environment
    )
    assert json.loads(result.stdout)["boolean"] is True
