"""The W3C's SPARQL 1.1 suites as requests to a running server, which serves a store whose default graph is its own.

Files of the suites are known by their published addresses, so that nothing depends on where they lie.
"""

import http.client
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
from itu_align.graph import journal, store, tokens
from itu_align.graph.union import DefaultGraph
from w3c import SUITE

PUBLISHED = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
MEDIA = {".ttl": "text/turtle", ".nt": "application/n-triples", ".rdf": "application/rdf+xml"}
RESULTS = {
    ".srx": ("application/sparql-results+xml", ox.QueryResultsFormat.XML),
    ".srj": ("application/sparql-results+json", ox.QueryResultsFormat.JSON),
    ".csv": ("text/csv", ox.QueryResultsFormat.CSV),
    ".tsv": ("text/tab-separated-values", ox.QueryResultsFormat.TSV),
}

_PATIENCE = 60.0
_OPTIONS = ["--requests", "0", "--query-seconds", "0", "--concurrent", "0", "--workers", "1"]
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PREFIXES = {
    "mf": "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#",
    "qt": "http://www.w3.org/2001/sw/DataAccess/tests/test-query#",
    "ut": "http://www.w3.org/2009/sparql/tests/test-update#",
    "ht": "http://www.w3.org/2011/http#",
    "cnt": "http://www.w3.org/2011/content#",
    "rdf": _RDF,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
}
_CLASSES_OF_STATUS = re.compile(r"StatusCode(\d)xx")
_STATUSES = {"OK": 200, "Created": 201, "NoContent": 204, "BadRequest": 400, "NotFound": 404}

Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


# The server


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def failure(self) -> str:
        return "" if self.status < 300 else f"{self.status} {self.body.decode('utf-8', 'replace')[:500]}"


@dataclass
class Endpoint:
    """A running server, and a token that may change everything."""

    address: str
    secret: str
    _connection: http.client.HTTPConnection = field(init=False)
    _held: Mapping[str, Path] | None = None
    _names: frozenset[str] | None = None

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(self.address, timeout=_PATIENCE)

    def close(self) -> None:
        self._connection.close()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        self._connection.request(method, path, body, dict(headers or {}))
        response = self._connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())

    def forget(self) -> None:
        """Somebody has changed what the server holds."""
        self._held = self._names = None

    def write(self, method: str, path: str, body: bytes = b"", media_type: str = "") -> Answer:
        self.forget()
        headers = {"Authorization": f"Bearer {self.secret}"} | ({"Content-Type": media_type} if media_type else {})
        return self.ask(method, path, body, headers)

    def query(self, text: str, accept: str) -> Answer:
        headers = {"Content-Type": "application/sparql-query", "Accept": accept}
        return self.ask("POST", "/sparql", text.encode(), headers)

    def update(self, text: str) -> Answer:
        return self.write("POST", "/update", text.encode(), "application/sparql-update")

    def hold(self, graphs: Mapping[str, Path]) -> None:
        """Have the server hold these files as its graphs ("" is the default one), and no others."""
        if self._held == graphs:
            return
        if self._names is None or not self._names <= graphs.keys():
            assert not self.update("CLEAR ALL").failure
        for name, path in graphs.items():
            target = f"/graph-store?graph={quote(name, safe='')}" if name else "/graph-store?default"
            answer = self.write("PUT", target, content(path), MEDIA[path.suffix])
            assert not answer.failure, f"{path}: {answer.failure}"
        self._held, self._names = dict(graphs), frozenset(graphs)

    def state(self) -> ox.Dataset:
        """All that the server holds."""
        text = "SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
        answer = self.query(text, RESULTS[".srj"][0])
        assert not answer.failure, answer.failure
        rows = ox.parse_query_results(answer.body, format=ox.QueryResultsFormat.JSON)
        assert isinstance(rows, ox.QuerySolutions)
        quads = [ox.Quad(row["s"], row["p"], row["o"], row["g"]) for row in rows]
        self._names = frozenset(getattr(quad.graph_name, "value", "") for quad in quads)
        return ox.Dataset(quads)


@contextmanager
def running() -> Generator[Endpoint]:
    """The installed script over an empty store, with a free port of its own; ended by its process."""
    folder = Path(tempfile.mkdtemp(prefix="conformance-"))
    journal.create(folder, DefaultGraph.OWN)
    store.write_graphs(folder, {})
    _, secret = tokens.create(folder, ["admin"])
    script = str(Path(sys.executable).parent / "itu-align")
    command = [script, "serve", "--port", "0", "--data", str(folder), *_OPTIONS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        endpoint = Endpoint(_address(process), secret)
        yield endpoint
        endpoint.close()
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_PATIENCE)
        process.kill()
        shutil.rmtree(folder)


def _address(process: "subprocess.Popen[str]") -> str:
    watchdog = threading.Timer(_PATIENCE, process.kill)
    watchdog.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    watchdog.cancel()
    match = re.search(r"http://(\S+)/sparql$", line.strip())
    assert match, line
    return match[1]


# The files of the suites


def published(path: Path) -> str:
    """The address of a file of the suites."""
    return PUBLISHED + path.relative_to(SUITE).as_posix()


def content(path: Path) -> bytes:
    """A file of data, with its address as base."""
    base = f"@base <{published(path)}> .\n" if path.suffix == ".ttl" else ""
    return base.encode() + path.read_bytes()


def text(path: Path) -> str:
    """A query or an update, with its address as base."""
    return f"BASE <{published(path)}>\n{path.read_text('utf-8')}"


def dataset(graphs: Mapping[str, Path]) -> ox.Store:
    """The same graphs in the bare engine."""
    made = ox.Store()
    for name, path in graphs.items():
        graph = ox.NamedNode(name) if name else ox.DefaultGraph()
        file_format = ox.RdfFormat.from_extension(path.suffix[1:])
        assert file_format is not None
        made.load(path.read_bytes(), format=file_format, base_iri=published(path), to_graph=graph)
    return made


class Manifest:
    """The triples of a manifest, asked by short names of its vocabularies."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self._store = ox.Store()
        self._store.load(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=published(path))

    def all(self, subject: Node, name: str) -> list[Node]:
        assert isinstance(subject, ox.NamedNode | ox.BlankNode)
        return [quad.object for quad in self._store.quads_for_pattern(subject, _name(name), None)]

    def one(self, subject: Node, name: str) -> Node:
        (found,) = self.all(subject, name)
        return found

    def value(self, subject: Node, name: str, default: str = "") -> str:
        """The IRI or text of a property that may be missing."""
        found = self.all(subject, name)
        return str(getattr(found[0], "value", default)) if found else default

    def items(self, head: Node) -> Iterator[Node]:
        """Those of a list."""
        while head != ox.NamedNode(_RDF + "nil"):
            yield self.one(head, "rdf:first")
            head = self.one(head, "rdf:rest")

    def listed(self, subject: Node, name: str) -> list[Node]:
        return [item for head in self.all(subject, name) for item in self.items(head)]

    def entries(self) -> list[tuple[str, Node]]:
        """The tests and their names, in order."""
        (entries,) = self._store.quads_for_pattern(None, _name("mf:entries"), None)
        return [(str(getattr(node, "value", "")).rpartition("#")[2], node) for node in self.items(entries.object)]

    def path(self, iri: str) -> Path:
        return self.folder / iri.rpartition("/")[2]


def _name(name: str) -> ox.NamedNode:
    prefix, _, local = name.partition(":")
    return ox.NamedNode(_PREFIXES[prefix] + local)


# The tests of queries


@dataclass(frozen=True)
class QueryCase:
    """A query, the files that it is asked of, and the file of its answer; None where it is no SPARQL."""

    name: str
    query: Path
    graphs: Mapping[str, Path]
    result: Path | None

    def __str__(self) -> str:
        return self.name


def query_cases(suites: Sequence[str]) -> list[QueryCase]:
    if not SUITE.is_dir():
        return []
    manifests = [Manifest(SUITE / suite / "manifest.ttl") for suite in suites]
    return [case for manifest in manifests for case in _query_cases(manifest)]


def _query_cases(manifest: Manifest) -> Iterator[QueryCase]:
    for short, node in manifest.entries():
        name = f"{manifest.folder.name}/{short}"
        kind = manifest.value(node, "rdf:type").rpartition("#")[2]
        action = manifest.one(node, "mf:action")
        if kind.startswith("NegativeSyntaxTest"):
            yield QueryCase(name, manifest.path(str(getattr(action, "value", ""))), {}, None)
        elif kind in {"QueryEvaluationTest", "CSVResultFormatTest"}:
            query = manifest.path(manifest.value(action, "qt:query"))
            yield QueryCase(name, query, _graphs(manifest, action), manifest.path(manifest.value(node, "mf:result")))


def _graphs(manifest: Manifest, action: Node) -> dict[str, Path]:
    graphs = {}
    if data := manifest.value(action, "qt:data"):
        graphs[""] = manifest.path(data)
    for file in manifest.all(action, "qt:graphData"):
        path = manifest.path(str(getattr(file, "value", "")))
        graphs[published(path)] = path
    return graphs


# The tests of the protocols


@dataclass(frozen=True)
class Exchange:
    """A request, and what its answer must be."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None
    statuses: Sequence[str]
    format: str
    boolean: str
    location: str
    content_type: str
    content: str

    def accepts(self, status: int) -> bool:
        """Whether the status is among those that are expected."""
        for name in self.statuses:
            wanted = _CLASSES_OF_STATUS.fullmatch(name)
            if status == _STATUSES.get(name) or (wanted and status // 100 == int(wanted[1])):
                return True
        return False


@dataclass(frozen=True)
class ProtocolCase:
    """Requests in order, and the graphs that are there before them."""

    name: str
    graphs: Mapping[str, Path]
    exchanges: Sequence[Exchange]

    def __str__(self) -> str:
        return self.name


def protocol_cases(*path: str) -> list[ProtocolCase]:
    """Those of a manifest."""
    if not SUITE.is_dir():
        return []
    manifest = Manifest(SUITE.joinpath(*path))
    cases: list[ProtocolCase] = []
    for short, node in manifest.entries():
        graphs = {
            manifest.value(graph, "rdfs:label"): manifest.path(manifest.value(graph, "ut:graph"))
            for graph in manifest.all(node, "ut:graphData")
        }
        requests = manifest.listed(manifest.one(node, "mf:action"), "ht:requests")
        exchanges = [_exchange(manifest, request) for request in requests]
        cases.append(ProtocolCase(f"{manifest.folder.name}/{short}", graphs, exchanges))
    return cases


def _exchange(manifest: Manifest, request: Node) -> Exchange:
    response = manifest.one(request, "ht:resp")
    return Exchange(
        method=manifest.value(request, "ht:methodName"),
        path=manifest.value(request, "ht:absolutePath"),
        headers=_headers(manifest, request),
        body=_body(manifest, request),
        statuses=[str(getattr(s, "value", "")).rpartition("#")[2] for s in manifest.all(response, "mf:expectedStatus")],
        format=manifest.value(response, "mf:expectedFormat"),
        boolean=manifest.value(response, "mf:expectedBoolean"),
        location=manifest.value(response, "mf:expectedLocation"),
        content_type=_headers(manifest, response).get("content-type", ""),
        content=(_body(manifest, response) or b"").decode(),
    )


def _headers(manifest: Manifest, message: Node) -> dict[str, str]:
    return {
        manifest.value(header, "ht:fieldName").lower(): manifest.value(header, "ht:fieldValue")
        for header in manifest.listed(message, "ht:headers")
    }


def _body(manifest: Manifest, message: Node) -> bytes | None:
    for body in manifest.all(message, "ht:body"):
        return manifest.value(body, "cnt:chars").encode(manifest.value(body, "cnt:characterEncoding", "UTF-8"))
    return None
