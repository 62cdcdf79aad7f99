"""Run the W3C suites against a running server, and write what comes of it to docs/conformance.md."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyoxigraph as ox
import results
from http_suite import (
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
from test_update_changes import SUITES as UPDATE_SUITES
from test_update_changes import Case as UpdateCase
from test_update_changes import cases as update_cases

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

ENGINE_FAILS: dict[str, str] = {}
"""What the bare engine fails too, with the same comparison."""

REFUSED: dict[str, str] = {}
"""What is refused on purpose, with 400."""


@dataclass(frozen=True)
class Outcome:
    """What the server did wrong in a test, and what the bare engine did; empty where nothing."""

    ours: str
    engine: str = ""

    @property
    def verdict(self) -> str:
        if not self.ours:
            return "passed"
        return "as the engine" if self.engine else "failed"


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


def graph_stores() -> list[Planned]:
    manifests = ("manifest-direct.ttl", "manifest-indirect.ttl")
    cases = [case for manifest in manifests for case in protocol_cases("graph-store-protocol", manifest)]
    return [Planned(case.name, partial(run_protocol, case=case)) for case in cases]


def main() -> None:
    with running() as endpoint:
        for planned in [*queries(), *updates(), *protocols(), *graph_stores()]:
            outcome = planned.outcome(endpoint)
            if outcome.verdict != "passed":
                print(planned.name, outcome.verdict, "| OURS", outcome.ours[:500], "| ENGINE", outcome.engine[:200])


if __name__ == "__main__":
    main()
