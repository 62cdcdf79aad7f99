"""Queries and their errors; answers by the SPARQL 1.1 results formats, on a store of two triples."""

import contextlib
import json
import socket
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from itu_align.graph import query
from itu_align.graph.errors import QueryError, ResultFormatError
from itu_align.graph.store import Store

DATA = '<urn:a> <urn:p> "x"@en . <urn:b> <urn:p> "y" .'


@pytest.fixture
def small() -> Store:
    database = ox.Store()
    database.load(DATA.encode(), format=ox.RdfFormat.TURTLE)
    database.load(b"<urn:c> <urn:p> <urn:d> .", format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode("urn:g"))
    return Store(database, 1)


def test_select_in_each_format(small: Store) -> None:
    text = "SELECT ?s ?o WHERE { ?s <urn:p> ?o } ORDER BY ?s"
    answers = {f.name: query.run(small, text).serialise(f).decode() for f in query.run(small, text).formats}
    assert list(answers) == ["json", "xml", "csv", "tsv"]
    assert json.loads(answers["json"])["results"]["bindings"][0] == {
        "s": {"type": "uri", "value": "urn:a"},
        "o": {"type": "literal", "value": "x", "xml:lang": "en"},
    }
    assert answers["csv"] == "s,o\r\nurn:a,x\r\nurn:b,y\r\n"
    assert answers["tsv"] == '?s\t?o\n<urn:a>\t"x"@en\n<urn:b>\t"y"\n'
    assert "<uri>urn:a</uri>" in answers["xml"]


def test_ask_is_a_boolean(small: Store) -> None:
    answer = query.run(small, "ASK { ?s <urn:p> 'y' }")
    assert [f.name for f in answer.formats] == ["json", "xml"]
    assert json.loads(answer.serialise(query.JSON)) == {"head": {}, "boolean": True}


@pytest.mark.parametrize("wanted", [query.TURTLE, query.N_TRIPLES, query.RDF_XML, query.JSON_LD])
def test_construct_in_each_format_reads_back(small: Store, wanted: query.Format) -> None:
    answer = query.run(small, "CONSTRUCT { ?s <urn:q> ?o } WHERE { ?s <urn:p> ?o }")
    formats = {
        "turtle": ox.RdfFormat.TURTLE,
        "nt": ox.RdfFormat.N_TRIPLES,
        "rdfxml": ox.RdfFormat.RDF_XML,
        "jsonld": ox.RdfFormat.JSON_LD,
    }
    read = {str(quad.triple) for quad in ox.parse(answer.serialise(wanted), format=formats[wanted.name])}
    assert read == {'<urn:a> <urn:q> "x"@en', '<urn:b> <urn:q> "y"'}


def test_a_format_that_does_not_fit_names_those_that_do(small: Store) -> None:
    with pytest.raises(ResultFormatError, match="as csv") as caught:
        query.run(small, "ASK {}").serialise(query.CSV)
    assert caught.value.hint == "Ask for one of: json, xml."
    with pytest.raises(ResultFormatError, match="Only the answer to a SELECT"):
        query.run(small, "ASK {}").rows()


def test_rows_have_none_for_an_unbound_variable(small: Store) -> None:
    header, rows = query.run(small, "SELECT ?s ?z WHERE { ?s <urn:p> 'y' }").rows()
    assert header == ["s", "z"]
    assert rows == [[ox.NamedNode("urn:b"), None]]


def test_the_dataset_of_the_request_replaces_the_stores(small: Store) -> None:
    everything = "SELECT ?s WHERE { ?s ?p ?o } ORDER BY ?s"
    assert [str(r[0]) for r in query.run(small, everything).rows()[1]] == ["<urn:a>", "<urn:b>"]
    assert [str(r[0]) for r in query.run(small, everything, ["urn:g"]).rows()[1]] == ["<urn:c>"]
    assert query.run(small, everything, [], ["urn:g"]).rows()[1] == []
    named = "SELECT ?s WHERE { GRAPH ?g { ?s ?p ?o } }"
    assert query.run(small, named, ["urn:g"]).rows()[1] == []
    assert [str(r[0]) for r in query.run(small, named, [], ["urn:g"]).rows()[1]] == ["<urn:c>"]
    with pytest.raises(QueryError, match="not the IRI of a graph"):
        query.run(small, everything, ["no iri"])


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        (
            "SELECT * WHERE {\n  align:x ?p ?o }",
            2,
            3,
            "prefix align: is not declared",
            "PREFIX align: <https://w3id.org/itu-align/ontology#>",
        ),
        ("SELECT * WHERE { foo:x ?p ?o }", 1, 18, "prefix foo: is not declared", "own prefixes: align"),
        (
            "PREFIX ex: <urn:>\nSELECT ?x WHERE { ?s ?p ?o } GROUP BY ?s",
            2,
            None,
            "neither grouped nor aggregated",
            "grouped",
        ),
        ("SELECT * WHERE { ?s ?p ?o\n FILTER(?x > ) }", 2, None, "cannot be read here", "Expected here"),
        ('SELECT * WHERE { ?s ?p "abc }', 1, 24, "string never ends", "Close it"),
        ("", 1, 1, "The query is empty", "SELECT"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", 1, 12, "calls no other server", "join"),
        (
            "SELECT * { SER\\u0056ICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
            1,
            12,
            "calls no other server",
            "join",
        ),
        (
            "PREFIX ex: <urn:> SELECT * { ex:a\\#b ?p ?o . SERVICE ?s {} }",
            1,
            46,
            "calls no other server",
            "join",
        ),
        ("SELECT * { ?s ?p ?o " + "{" * 101, 1, 120, "nested deeper than 100", "fewer brackets"),
    ],
)
def test_errors_say_where_what_and_what_to_do(
    small: Store, text: str, line: int, column: int | None, message: str, hint: str
) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        query.run(small, text)
    place = caught.value.place
    assert place is not None
    assert place.line == line
    assert column is None or place.column == column
    assert hint in caught.value.hint


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket on loopback that nobody must connect to."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(0)
        yield sock
        with pytest.raises(BlockingIOError):
            sock.accept()


@pytest.mark.parametrize(
    "text",
    [
        r'SELECT * { BIND("\u0022" AS ?x) CALL BIND("\u0022" AS ?y) }',
        r"SELECT * { BIND('a\u0027' AS ?x) CALL BIND('\u0027' AS ?y) }",
        r'SELECT * { ?s ?p <http://x/\u0041#> . BIND("\u0022" AS ?x) CALL BIND("\u0022" AS ?y) }',
        r'SELECT * { ?s ?p <http://x/\u005Cu0041#> . BIND("\u0022" AS ?x) CALL BIND("\u0022" AS ?y) }',
        r"SELECT * { ?s ?p '\u005Cu0027' . CALL ?s ?p '' }",
        r"SELECT * { SER\u0056ICE <http://ADDRESS/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p 1CALL }",
        "SELECT * { ?s ?p trueCALL }",
        "PREFIX : <http://ADDRESS/> SELECT * { SERVICE:x { ?s ?p ?o } }",
        "PREFIX ex: <urn:> SELECT * { ex:a\\#b ?p ?o . CALL }",
        "PREFIX ex: <urn:> SELECT * { ex:a\\'b ?p ?o . CALL ?s ?p ex:\\'c }",
        "SELECT * { VALUES ?g { <http://ADDRESS/> } { SELECT * { service?g{ ?s ?p ?o } } } }",
    ],
)
def test_no_spelling_of_service_reaches_another_server(small: Store, listener: socket.socket, text: str) -> None:
    address = "{}:{}".format(*listener.getsockname())
    call = "SERVICE SILENT <http://ADDRESS/> { ?s ?p ?o }"
    with contextlib.suppress(QueryError):
        query.run(small, text.replace("CALL", call).replace("ADDRESS", address)).rows()


def test_escapes_of_no_character_are_refused(small: Store) -> None:
    for escape in (r"\uD800", r"\U00110000"):
        with pytest.raises(QueryError, match="character"):
            query.run(small, f"SELECT * {{ ?s ?p '{escape}' }}")


@pytest.mark.parametrize("text", ["SELECT (<http://nix/f>(1) AS ?x) {}", "SELECT * { BIND(<http://nix/f>(1) AS ?x) }"])
def test_an_unknown_function_is_an_error_of_the_query(small: Store, text: str) -> None:
    with pytest.raises(QueryError, match=r"function <http://nix/f> is not supported"):
        query.run(small, text).serialise(query.JSON)
    with pytest.raises(QueryError, match=r"function <http://nix/f> is not supported"):
        query.run(small, text).rows()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT * WHERE { ?s ?p 'SERVICE' } # SERVICE <x>", 0),
        ('SELECT * WHERE { ?s ?p """SERVICE " <http://x/> """ }', 0),
        ("SELECT * WHERE { ?service <urn:SERVICE#SERVICE> ?service }", 0),
        ("SELECT * WHERE { ?s ?p ?o FILTER(1<2 && 3>2) }", 2),
    ],
)
def test_the_word_service_elsewhere_is_harmless(small: Store, text: str, rows: int) -> None:
    assert len(query.run(small, text).rows()[1]) == rows


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM <file:///etc/passwd> WHERE { ?s ?p ?o }",
        "SELECT * FROM <http://127.0.0.1:9/x> WHERE { ?s ?p ?o }",
    ],
)
def test_from_means_a_local_graph_only(small: Store, text: str) -> None:
    assert query.run(small, text).rows()[1] == []
