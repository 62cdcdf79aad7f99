"""What never reaches the engine: calls to other servers, updates, and texts that would end its process."""

import subprocess
import sys
import time

import pyoxigraph as ox
import pytest
from itu_align.graph import grammar, guard
from itu_align.graph.errors import QueryError
from itu_align.graph.lexer import MAX_DEPTH
from itu_align.graph.limits import MAX_BYTES, MAX_CHAIN
from test_gateway import Federation
from test_outbound import ROWS, Remote, http

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


ANSWERED = {
    "plain": "SELECT ?s { SERVICE <URL> { ?o ?q ?x } ?s ?p ?x }",
    "silent": "SELECT ?s { SERVICE SILENT <URL> { ?o ?q ?x } ?s ?p ?x }",
    "no space": "SELECT ?s{SERVICE<URL>{?o ?q ?x}?s ?p ?x}",
    "escaped keyword": "SELECT ?s { SER\\u0056ICE <URL> { ?o ?q ?x } ?s ?p ?x }",
    "escaped IRI": "SELECT ?s { SERVICE <\\u0068REST> { ?o ?q ?x } ?s ?p ?x }",
    "prefix": "PREFIX r: <ROOT> SELECT ?s { SERVICE r:sparql { ?o ?q ?x } ?s ?p ?x }",
    "base": "BASE <ROOT> SELECT ?s { SERVICE <sparql> { ?o ?q ?x } ?s ?p ?x }",
    "base of a prefix": "BASE <ROOT> PREFIX : <x/../> SELECT ?s { SERVICE :sparql { ?o ?q ?x } ?s ?p ?x }",
    "upper case": "SELECT ?s { SERVICE <HTREST> { ?o ?q ?x } ?s ?p ?x }",
    "sub-select": "SELECT ?s { ?s ?p ?x { SELECT ?x { SERVICE <URL> { ?o ?q ?x } } } }",
    "optional": "SELECT ?s { ?s ?p ?x OPTIONAL { SERVICE <URL> { ?o ?q ?x } BIND(1 AS ?y) } FILTER(BOUND(?y)) }",
    "exists": "SELECT ?s { ?s ?p ?x FILTER EXISTS { SERVICE <URL> { ?o ?q ?x } } }",
    "minus": "SELECT ?s { ?s ?p ?x MINUS { ?s ?p ?x MINUS { SERVICE <URL> { ?o ?q ?x } } } }",
    "twice": "SELECT ?s { SERVICE <URL> { ?o ?q ?x } ?s ?p ?x SERVICE <URL> { ?o ?q ?x } }",
}


@pytest.mark.parametrize("name", ANSWERED)
def test_service_of_an_allowed_endpoint_is_answered_through_the_gateway(name: str) -> None:
    with Remote(http(ROWS)) as there, Federation(there.url) as federation:
        text = ANSWERED[name].replace("HTREST", "HT" + there.url[2:].replace("tp", "TP", 1))
        text = text.replace("URL", there.url).replace("ROOT", there.url[:-6]).replace("REST", there.url[1:])
        assert federation.ask(text) == ["urn:0", "urn:1"]
        assert there.connections == 1
        assert there.requests[0].startswith(b"POST /sparql HTTP/1.1\r\n")


def test_an_update_is_answered_through_the_gateway() -> None:
    with Remote(http(ROWS)) as there, Federation(there.url) as federation:
        text = f"PREFIX r: <{there.url}> CLEAR ALL ; INSERT {{ r: r: ?x }} WHERE {{ SERVICE r: {{ ?s ?p ?x }} }}"
        federation.store.update(guard.route(grammar.parse(text), federation.services))
        assert [quad.object for quad in federation.store] == [ox.Literal("there")]


REFUSED = {
    "another port": "SERVICE <http://127.0.0.1:OTHER/sparql>",
    "another path": "SERVICE <http://127.0.0.1:PORT/$/backup/ds>",
    "another host": "SERVICE <http://localhost:PORT/sparql>",
    "TLS": "SERVICE <https://127.0.0.1:PORT/sparql>",
    "decimal": "SERVICE <http://2130706433:PORT/sparql>",
    "octal": "SERVICE <http://0177.0.0.1:PORT/sparql>",
    "hexadecimal": "SERVICE <http://0x7f.1:PORT/sparql>",
    "short": "SERVICE <http://127.1:PORT/sparql>",
    "mapped": "SERVICE <http://[::ffff:127.0.0.1]:PORT/sparql>",
    "user": "SERVICE <http://127.0.0.1:PORT@127.0.0.1:OTHER/sparql>",
    "user of the allowed": "SERVICE <http://a@127.0.0.1:PORT/sparql>",
    "fragment": "SERVICE <http://127.0.0.1:PORT/sparql#>",
    "query": "SERVICE <http://127.0.0.1:PORT/sparql?x>",
    "file": "SERVICE <file:///etc/passwd>",
    "silent": "SERVICE SILENT <http://127.0.0.1:OTHER/sparql>",
    "escaped keyword": "SER\\u0056ICE <http://127.0.0.1:OTHER/sparql>",
    "escaped IRI": "SERVICE <http://127.0.0.1:PORT\\u0040127.0.0.1:OTHER/sparql>",
    "base": "SERVICE <//127.0.0.1:OTHER/sparql>",
    "prefix": "SERVICE other:sparql",
    "relative": "SERVICE <../x>",
    "variable": "SERVICE ?s",
    "bound variable": "BIND(<http://127.0.0.1:PORT/sparql> AS ?e) SERVICE ?e",
    "variable of VALUES": "VALUES ?e { <http://127.0.0.1:PORT/sparql> } SERVICE SILENT ?e",
    "inside another": "SERVICE <http://127.0.0.1:PORT/sparql> { SERVICE <http://127.0.0.1:PORT/sparql> {} } OPTIONAL",
    "behind an allowed one": "SERVICE <http://127.0.0.1:PORT/sparql> {} SERVICE <http://127.0.0.1:OTHER/sparql>",
}
AROUND = {
    "query": "SELECT * { %s }",
    "optional": "SELECT * { OPTIONAL { %s } }",
    "exists": "SELECT * { ?s ?p ?x FILTER EXISTS { { SELECT * { %s } } } }",
    "insert": "INSERT { ?s ?p ?x } WHERE { %s }",
    "second operation": "CLEAR ALL ; DELETE { ?s ?p ?x } WHERE { GRAPH ?g { %s } }",
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("around", AROUND)
def test_service_of_what_is_not_allowed_calls_nobody(name: str, around: str) -> None:
    with Remote(http(ROWS)) as there, Remote(http(ROWS)) as other, Federation(there.url) as federation:
        pattern = REFUSED[name].replace("PORT", str(there.port)).replace("OTHER", str(other.port))
        prologue = f"BASE <{there.url}> PREFIX other: <{other.url[:-6]}> "
        text = prologue + AROUND[around] % (pattern + " { ?s ?p ?x }")
        with pytest.raises(QueryError, match="SERVICE"):
            guard.check(grammar.parse(text), federation.services)
        with pytest.raises(QueryError, match="SERVICE"):
            federation.ask(text)
        assert (there.connections, other.connections) == (0, 0)


def test_a_refusal_says_where_and_what_is_allowed() -> None:
    services = guard.Services(("https://a.example/sparql", "https://b.example/"), "http://127.0.0.1:1/secret")
    with pytest.raises(QueryError) as caught:
        guard.check_query("SELECT * {\n  SERVICE <https://c.example/> {} }", services)
    assert str(caught.value) == "SERVICE <https://c.example/> is not allowed here."
    assert caught.value.hint == "Allowed: https://a.example/sparql, https://b.example/."
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 3)


def test_load_is_refused_also_where_service_is_allowed() -> None:
    services = guard.Services(("https://a.example/sparql",), "http://127.0.0.1:1/secret")
    with pytest.raises(QueryError, match="fetches nothing"):
        guard.route(grammar.parse("LOAD <https://a.example/sparql>"), services)


def test_a_text_without_service_is_routed_unchanged() -> None:
    text = "SELECT * { ?s <urn:SERVICE> '\\u0041SERVICE <http://x.example/> {}' # SERVICE <urn:a> {}\n }"
    assert guard.route(grammar.parse(text), guard.NOWHERE) == text.replace("\\u0041", "A")


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
