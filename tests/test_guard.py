"""What never reaches the engine: calls to other servers, updates, and texts that would end its process."""

import subprocess
import sys
import time

import pytest
from itu_align.graph import grammar, guard
from itu_align.graph.errors import QueryError
from itu_align.graph.lexer import MAX_DEPTH
from itu_align.graph.limits import MAX_BYTES, MAX_CHAIN

SERVICES = [
    "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    "SELECT * { SERVICE SILENT <http://127.0.0.1:9/> {} }",
    "SELECT * { ?s ?p ?o service ?s {} }",
    "SELECT * { SER\\u0056ICE <http://127.0.0.1:9/> {} }",
    "SELECT * { \\U00000053ERVICE <http://127.0.0.1:9/> {} }",
    "SELECT * { ?s ?p ?o #\\u000A SERVICE <http://127.0.0.1:9/> {}\n }",
    "SELECT * { { SELECT * { SERVICE <http://127.0.0.1:9/> {} } } }",
    "SELECT * { FILTER NOT EXISTS { SERVICE <http://127.0.0.1:9/> {} } }",
    "SELECT (EXISTS { SERVICE <http://127.0.0.1:9/> {} } AS ?x) {}",
    "ASK {} HAVING (EXISTS { SERVICE <http://127.0.0.1:9/> {} })",
    "ASK {} ORDER BY (EXISTS { SERVICE <http://127.0.0.1:9/> {} })",
    "INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    "CLEAR ALL ; DELETE { ?s ?p ?o } WHERE { GRAPH ?g { SERVICE ?g { ?s ?p ?o } } }",
]
LOADS = [
    "LOAD <http://127.0.0.1:9/>",
    "CLEAR ALL ; LOAD SILENT <file:///etc/passwd> INTO GRAPH <urn:g>",
    "L\\u004FAD <a:>",
]

ABUSE = {
    "braces": "SELECT * {" + "{" * 2344 + "}" * 2344 + "}",
    "not": "SELECT * { FILTER(" + "!" * 9400 + "true) }",
    "nested not": "SELECT * { FILTER(" + "!(" * 4700 + "true" + ")" * 4700 + ") }",
    "plus": "SELECT * { FILTER(1" + "+1" * 7000 + ") }",
    "spaced plus": "SELECT * { FILTER(1" + " + 1" * 7000 + ") }",
    "times": "SELECT * { FILTER(1" + "*1" * 7000 + ") }",
    "or": "SELECT * { FILTER(true" + "||true" * 9300 + ") }",
    "and": "SELECT * { FILTER(?a" + "&&?a" * 9300 + ") }",
    "brackets in a path": "SELECT * { ?s " + "(" * 14000 + "<urn:p>" + ")" * 14000 + " ?o }",
    "path sequence": "PREFIX : <urn:> SELECT * { ?s :p" + "/:p" * 14000 + " ?o }",
    "path alternatives": "PREFIX : <urn:> SELECT * { ?s :p" + "|:p" * 14000 + " ?o }",
    "union": "SELECT * { {}" + "UNION{}" * 14000 + " }",
    "minus": "SELECT * { " + "MINUS{}" * 6000 + " }",
    "optional": "SELECT * { " + "OPTIONAL{}" * 6000 + " }",
    "bind": "SELECT * { " + "".join(f"BIND(1 AS ?v{i})" for i in range(6000)) + " }",
    "columns": "SELECT " + "".join(f"(1 AS ?v{i})" for i in range(6000)) + " {}",
    "filters": "SELECT * { " + "FILTER(1)" * 9000 + " }",
    "functions": "SELECT * { FILTER(" + "STR(" * 1600 + "1" + ")" * 1600 + ") }",
    "conditions": "SELECT * { FILTER(" + "IF(1,1," * 1600 + "1" + ")" * 1600 + ") }",
    "blank nodes": "SELECT * { ?s ?p " + "[ ?p " * 5000 + "1" + "]" * 5000 + " }",
    "chains in brackets": "SELECT * { FILTER(" + ("1" + "+1" * 99 + "+(") * 60 + "1" + ")" * 60 + ") }",
    "describe": "DESCRIBE " + "<urn:a> " * 6000,
    "having": "SELECT (1 AS ?x) {} HAVING " + "(1)" * 9000,
    "values": "SELECT * { VALUES ?x {" + "1 " * 500_000 + "} }",
    "size": "SELECT * { ?s ?p '" + "a" * MAX_BYTES + "' }",
    "open string": "SELECT * { ?s ?p '" + "a" * 900_000,
    "open IRI": "SELECT * { ?s ?p <" + "a" * 900_000,
    "long word": "a" * 900_000,
}


@pytest.mark.parametrize("text", SERVICES)
def test_service_is_refused_wherever_it_stands(text: str) -> None:
    with pytest.raises(QueryError, match="calls no other server"):
        guard.check(grammar.parse(text))


@pytest.mark.parametrize("text", LOADS)
def test_load_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="fetches nothing"):
        guard.check(grammar.parse(text))


@pytest.mark.parametrize("text", ["CLEAR ALL", "PREFIX : <urn:> INSERT DATA { :s :p :o }", "DELETE WHERE { ?s ?p ?o }"])
def test_an_update_is_no_query(text: str) -> None:
    with pytest.raises(QueryError, match="This is an update"):
        guard.check_query(text)


@pytest.mark.parametrize("text", ["", " \n", "# nothing", "PREFIX : <urn:>"])
def test_an_empty_text_is_no_query(text: str) -> None:
    with pytest.raises(QueryError, match="The query is empty"):
        guard.check_query(text)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(QueryError, match="half of a surrogate pair") as caught:
        guard.check_query("ASK { ?s ?p '\ud800' }")
    assert caught.value.place is not None
    assert caught.value.place.column == 14


@pytest.mark.parametrize("name", ABUSE)
def test_abuse_is_refused_quickly(name: str) -> None:
    start = time.monotonic()
    with pytest.raises(QueryError) as caught:
        guard.check_query(ABUSE[name])
    assert time.monotonic() - start < 10
    assert caught.value.hint


ALLOWED = [
    "SELECT * {" + "{" * (MAX_DEPTH - 1) + "}" * (MAX_DEPTH - 1) + "}",
    "SELECT * { FILTER(" + "STR(" * (MAX_DEPTH - 2) + "1" + ")" * (MAX_DEPTH - 2) + ") }",
    "SELECT * { ?s " + "(" * (MAX_DEPTH - 1) + "<urn:p>" + ")" * (MAX_DEPTH - 1) + " ?o }",
    "SELECT * { FILTER(1" + "+1" * (MAX_CHAIN - 3) + ") }",
    "SELECT * { FILTER(?a" + "||?a" * (MAX_CHAIN - 3) + ") }",
    "SELECT * { FILTER(?a" + "&&?a" * (MAX_CHAIN - 3) + ") }",
    "PREFIX : <urn:> SELECT * { ?s :p" + "|:p" * (MAX_CHAIN - 6) + " ?o }",
    "SELECT * { {}" + "UNION{}" * (MAX_CHAIN - 3) + " }",
    "SELECT * { " + "MINUS{}" * MAX_CHAIN + " }",
    "SELECT * { " + "".join(f"BIND(1 AS ?v{i})" for i in range(MAX_CHAIN)) + " }",
    "SELECT * { " + "FILTER EXISTS {}" * MAX_CHAIN + " }",
    "SELECT " + "".join(f"(1 AS ?v{i})" for i in range(MAX_CHAIN)) + " {}",
    "SELECT * { ?s ?p ?o FILTER(?s IN (1" + ",1" * 9999 + ")) }",
    "SELECT * { VALUES ?x {" + "1 " * 9999 + "} }",
]
RUN = """
import sys, threading
import pyoxigraph as ox
from itu_align.graph import query
from itu_align.graph.store import Store

def ask():
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.Literal(1)))
    query.run(Store(store, 1), sys.stdin.read()).serialise(query.JSON)
    print("answered")

thread = threading.Thread(target=ask)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("text", ALLOWED, ids=lambda text: text[:30])
def test_the_engine_survives_what_is_allowed_in_a_thread(text: str) -> None:
    process = subprocess.run([sys.executable, "-c", RUN], input=text, capture_output=True, text=True, check=False)
    assert process.stdout == "answered\n", process.stderr
