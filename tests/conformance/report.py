"""Run the W3C suites against a running server, and write what comes of it to docs/conformance.md."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyoxigraph as ox
import results
from differences import DIFFERENCES, ELSEWHERE, EXPECTED, HEAD
from http_suite import (
    MEDIA,
    RESULTS,
    Answer,
    Endpoint,
    Exchange,
    ProtocolCase,
    QueryCase,
    dataset,
    protocol_cases,
    query_cases,
    running,
    text,
)
from test_update_changes import Case as UpdateCase
from test_update_changes import cases as update_cases
from w3c import SUITE

DOCUMENT = Path(__file__).parents[2] / "docs" / "conformance.md"

QUERY_SUITES = [
    "aggregates",
    "bind",
    "bindings",
    "cast",
    "construct",
    "csv-tsv-res",
    "exists",
    "functions",
    "grouping",
    "json-res",
    "negation",
    "project-expression",
    "property-path",
    "service",
    "subquery",
]
"""The suites of queries that need no entailment."""

_SD = "http://www.w3.org/ns/sparql-service-description#"
_SD_TERMS = frozenset(
    re.findall(
        r"\w+",
        """
        Aggregate Dataset EntailmentProfile EntailmentRegime Feature Function Graph GraphCollection Language NamedGraph
        Service BasicFederatedQuery DereferencesURIs EmptyGraphs RequiresDataset UnionDefaultGraph SPARQL10Query
        SPARQL11Query SPARQL11Update availableGraphs defaultDataset defaultEntailmentRegime defaultGraph
        defaultSupportedEntailmentProfile endpoint entailmentRegime extensionAggregate extensionFunction feature graph
        inputFormat languageExtension name namedGraph propertyFeature resultFormat supportedEntailmentProfile
        supportedLanguage
        """,
    )
)
"""What https://www.w3.org/TR/sparql11-service-description/#vocab defines."""


@dataclass(frozen=True)
class Outcome:
    """What the server did wrong in a test, and what the bare engine did; empty where nothing."""

    ours: str
    engine: str = ""

    @property
    def verdict(self) -> str:
        if not self.ours:
            return "passed"
        if _REFUSAL.match(self.ours):
            return "refused"
        return "as the engine" if self.engine else "failed"


_REFUSAL = re.compile(r"400 .*(SERVICE|LOAD) is not allowed: ")
_known: dict[str, Outcome] = {}


def once(name: str, run: Callable[[], Outcome]) -> Outcome:
    """What a test came to; it is run the first time only."""
    if name not in _known:
        _known[name] = run()
    return _known[name]


# Queries


def run_query(endpoint: Endpoint, case: QueryCase) -> Outcome:
    """Ask the server and the bare engine the same; where the query is no SPARQL, the server must say 400."""
    if case.result is None:
        status = endpoint.query(case.query.read_text("utf-8"), RESULTS[".srj"][0]).status
        return Outcome("" if status == 400 else f"{status} in place of 400")
    endpoint.hold(case.graphs)
    answer = endpoint.query(text(case.query), results.media_type(case.result))
    ours = answer.failure or _difference(answer.body, case)
    return Outcome(ours, _engine_difference(case))


def _engine_difference(case: QueryCase) -> str:
    assert case.result is not None
    try:
        found = dataset(case.graphs).query(text(case.query))
        suffix = results.suffix_of(case.result)
        if isinstance(found, ox.QueryTriples):
            content = found.serialize(format=ox.RdfFormat.N_TRIPLES)
        else:
            content = found.serialize(format=RESULTS[suffix][1])
    except (SyntaxError, RuntimeError, OSError) as error:
        return str(error)
    return _difference(content or b"", case)


def _difference(content: bytes, case: QueryCase) -> str:
    assert case.result is not None
    found, wanted = results.answered(content, case.result), results.expected(case.result)
    if results.same(found, wanted, case.query.read_text("utf-8")):
        return ""
    return f"the answer is {found}, and not {wanted}"


# Updates


def run_update(endpoint: Endpoint, case: UpdateCase) -> Outcome:
    """Both make the update on the same graphs, and must then hold those that the suite says."""
    wanted = results.canonical(ox.Dataset(dataset(case.after)))
    engine = dataset(case.before)
    try:
        engine.update(text(case.request))
        theirs = "" if results.canonical(ox.Dataset(engine)) == wanted else "another state"
    except (SyntaxError, RuntimeError, OSError) as error:
        theirs = str(error)
    endpoint.hold(case.before)
    failure = endpoint.update(text(case.request)).failure
    found = results.canonical(endpoint.state())
    return Outcome(failure or ("" if found == wanted else f"it holds {found}, and not {wanted}"), theirs)


# Protocols


def run_protocol(endpoint: Endpoint, case: ProtocolCase) -> Outcome:
    """Make the requests one after the other; what an answer says of its place is known to the next ones."""
    endpoint.hold(case.graphs)
    places: dict[str, str] = {}
    for number, exchange in enumerate(case.exchanges, 1):
        answer = _ask(endpoint, case, exchange, places)
        if not exchange.accepts(answer.status):
            wanted = " or ".join(exchange.statuses)
            return Outcome(f"request {number}: {answer.status} in place of {wanted}: {answer.body.decode()[:300]}")
        if difference := _wrong(exchange, answer):
            return Outcome(f"request {number}: {difference}")
        if exchange.location:
            places[exchange.location] = answer.headers.get("location", "")
            if not places[exchange.location]:
                return Outcome(f"request {number}: no Location")
    return Outcome("")


def _ask(endpoint: Endpoint, case: ProtocolCase, exchange: Exchange, places: Mapping[str, str]) -> Answer:
    path, body = exchange.path, exchange.body
    for name, place in places.items():
        path = path.replace(name, place)
        body = body and body.replace(name.encode(), place.encode())
    is_update = "/sparql/" in path and "update" in case.name and "query" not in exchange.headers.get("content-type", "")
    path = path.replace("/sparql/", "/update" if is_update else "/sparql", 1).replace("/gsp", "/graph-store", 1)
    writes = is_update or (path.startswith("/graph-store") and exchange.method not in {"GET", "HEAD"})
    token = {"Authorization": f"Bearer {endpoint.secret}"} if writes else {}
    answer = endpoint.ask(exchange.method, path, body, {**exchange.headers, **token})
    if writes:
        endpoint.forget()
    return answer


def _wrong(exchange: Exchange, answer: Answer) -> str:
    """What is wrong with the answer besides its status."""
    wanted = exchange.content_type.partition(";")[0]
    if wanted and answer.media_type != wanted:
        return f"{answer.media_type} in place of {wanted}"
    if exchange.content and not _is_graph(answer.body, exchange.content):
        return f"the graph is {answer.body.decode()}"
    if exchange.format and exchange.format != (found := _form(answer)):
        return f"the answer is {found}, and not {exchange.format}"
    if exchange.boolean and results.read(answer.body, ".srj") is not (exchange.boolean == "true"):
        return f"the answer is not {exchange.boolean}"
    return ""


def _is_graph(found: bytes, wanted: str) -> bool:
    return results.read(found, ".ttl") == results.read(wanted.encode(), ".ttl")


def _form(answer: Answer) -> str:
    """What an answer is, in the words of the suite."""
    if answer.media_type == RESULTS[".srj"][0]:
        return "boolean" if "boolean" in json.loads(answer.body) else "tabular"
    return "RDF" if ox.RdfFormat.from_media_type(answer.media_type) else answer.media_type


# The service description


def run_description(endpoint: Endpoint, wanted: Callable[[ox.Dataset, Endpoint], bool]) -> Outcome:
    """Ask the endpoint for nothing, in Turtle."""
    answer = endpoint.ask("GET", "/sparql", None, {"Accept": MEDIA[".ttl"]})
    found = ox.Dataset(ox.parse(answer.body, format=ox.RdfFormat.TURTLE)) if not answer.failure else ox.Dataset()
    return Outcome(answer.failure or ("" if wanted(found, endpoint) else answer.body.decode()))


def _returns_rdf(found: ox.Dataset, _endpoint: Endpoint) -> bool:
    return len(found) > 0


def _has_endpoint_triple(found: ox.Dataset, endpoint: Endpoint) -> bool:
    address = ox.NamedNode(f"http://{endpoint.address}/sparql")
    return any(quad.predicate.value == _SD + "endpoint" and quad.object == address for quad in found)


def _conforms_to_schema(found: ox.Dataset, _endpoint: Endpoint) -> bool:
    """Each service has its endpoint, and all terms of the vocabulary are defined there."""
    used = {str(getattr(term, "value", "")) for quad in found for term in (quad.predicate, quad.object)}
    services = {quad.subject for quad in found if quad.object == ox.NamedNode(_SD + "Service")}
    endpoints = {quad.subject for quad in found if quad.predicate == ox.NamedNode(_SD + "endpoint")}
    return (
        bool(services)
        and services == endpoints
        and {term.removeprefix(_SD) for term in used if term.startswith(_SD)} <= _SD_TERMS
    )


# The document


@dataclass(frozen=True)
class Planned:
    """A test of a suite that can be run."""

    name: str
    run: Callable[[Endpoint], Outcome]

    @property
    def suite(self) -> str:
        return self.name.partition("/")[0]

    def outcome(self, endpoint: Endpoint) -> Outcome:
        return once(self.name, lambda: self.run(endpoint))

    def __str__(self) -> str:
        return self.name


def queries() -> list[Planned]:
    return [Planned(case.name, partial(run_query, case=case)) for case in query_cases(QUERY_SUITES)]


def updates() -> list[Planned]:
    return [Planned(case.name, partial(run_update, case=case)) for case in update_cases()]


def protocols() -> list[Planned]:
    cases = protocol_cases("protocol", "manifest.ttl")
    return [Planned(case.name, partial(run_protocol, case=case)) for case in cases]


def descriptions() -> list[Planned]:
    wanted = {
        "returns-rdf": _returns_rdf,
        "has-endpoint-triple": _has_endpoint_triple,
        "conforms-to-schema": _conforms_to_schema,
    }
    return [
        Planned(f"service-description/{name}", partial(run_description, wanted=each)) for name, each in wanted.items()
    ]


def graph_stores() -> list[Planned]:
    manifests = ("manifest-direct.ttl", "manifest-indirect.ttl")
    cases = [case for manifest in manifests for case in protocol_cases("graph-store-protocol", manifest)]
    return [Planned(case.name, partial(run_protocol, case=case)) for case in cases]


def document(endpoint: Endpoint) -> str:
    """The whole document, from the outcomes of all tests."""
    plan = [*queries(), *updates(), *protocols(), *graph_stores(), *descriptions()]
    verdicts = {planned.name: planned.outcome(endpoint).verdict for planned in plan}
    return HEAD + _counts(verdicts) + "".join(_reasons(verdict) for verdict in EXPECTED) + _elsewhere()


def _counts(verdicts: Mapping[str, str]) -> str:
    columns = ["passed", *EXPECTED]
    found = Counter((name.partition("/")[0], verdict) for name, verdict in verdicts.items())
    suites = list(dict.fromkeys(suite for suite, _ in found))
    rows = [(suite, [found[suite, column] for column in columns]) for suite in suites]
    rows.append(("**all**", [sum(counts) for counts in zip(*(counts for _, counts in rows), strict=True)]))
    lines = [
        "| suite | tests | " + " | ".join(columns) + " |",
        "| --- | " + "--- | " * (len(columns) + 1),
        *(f"| {suite} | {sum(counts)} | " + " | ".join(str(n) for n in counts) + " |" for suite, counts in rows),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


_TITLES = {
    "as the engine": "The engine fails too",
    "refused": "Refused by design",
    "failed": "Failed",
}


def _reasons(verdict: str) -> str:
    reasons = EXPECTED[verdict]
    lines = [f"- {reason} ({', '.join(f'`{name}`' for name in names)})" for reason, names in reasons.items()]
    return f"\n## {_TITLES[verdict]}\n\n" + "\n".join(lines) + "\n" if lines else ""


def _elsewhere() -> str:
    lines = [f"- {suites}: {reason}" for suites, reason in ELSEWHERE.items()]
    return "\n## Not run here\n\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Write the document, and print what is not as it should be."""
    assert SUITE.is_dir(), f"the W3C test suites are not in {SUITE}"
    with running() as endpoint:
        DOCUMENT.write_text(document(endpoint), "utf-8")
    for name, outcome in _known.items():
        if outcome.verdict != DIFFERENCES.get(name, "passed"):
            print(f"{name}: {outcome.verdict}: {outcome.ours[:1000]} | the engine: {outcome.engine[:200]}")


if __name__ == "__main__":
    main()
