"""The query operation of the SPARQL 1.1 Protocol. Values are worked out by hand from the three triples of `small`.

https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from itu_align.server.settings import MAX_BODY_BYTES, MAX_QUERY_BYTES
from rdf import write_version
from werkzeug.test import TestResponse

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
SRJ = "application/sparql-results+json"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ONE = "https://w3id.org/itu-align/graph/one"
TWO = "https://w3id.org/itu-align/graph/two"

P = "SELECT ?s ?o WHERE { ?s <urn:p> ?o } ORDER BY ?s"
P_ROWS = [
    {"s": {"type": "uri", "value": "urn:a"}, "o": {"type": "literal", "value": "x", "xml:lang": "en"}},
    {"s": {"type": "uri", "value": "urn:b"}, "o": {"type": "literal", "value": "y"}},
]
CONSTRUCT = "CONSTRUCT { ?s <urn:r> ?o } WHERE { ?s <urn:p> ?o }"
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def count(response: TestResponse) -> int:
    assert response.status_code == 200, response.text
    return int(json.loads(response.data)["results"]["bindings"][0]["n"]["value"])


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "GET", "query_string": {"query": P}},
        {"method": "POST", "data": urlencode({"query": P}), "content_type": FORM},
        {"method": "POST", "data": urlencode({"query": P}), "content_type": f"{FORM}; charset=UTF-8"},
        {"method": "POST", "data": P, "content_type": DIRECT},
        {"method": "POST", "data": P, "content_type": f"{DIRECT};charset=utf-8"},
    ],
    ids=["get", "form", "form-charset", "direct", "direct-charset"],
)
def test_each_form_of_the_operation_gives_the_same_answer(small_client: FlaskClient, request_: dict[str, Any]) -> None:
    response = small_client.open("/sparql", **request_)
    assert response.status_code == 200
    assert response.content_type == SRJ
    answer = json.loads(response.data)
    assert answer["head"] == {"vars": ["s", "o"]}
    assert answer["results"]["bindings"] == P_ROWS


def test_a_query_is_decoded_as_utf8_and_a_plus_in_a_form_is_a_space(small_client: FlaskClient) -> None:
    response = small_client.get("/sparql?query=SELECT+('a%2Bb+%C3%A9%F0%9F%8C%8D'+AS+?x)+{}&format=csv")
    assert response.data.decode() == "x\r\na+b é🌍\r\n"


def test_csv_and_tsv_follow_the_recommendation(small_client: FlaskClient) -> None:
    """https://www.w3.org/TR/sparql11-results-csv-tsv/"""
    csv = small_client.get("/sparql", query_string={"query": P}, headers={"Accept": "text/csv"})
    assert (csv.content_type, csv.text) == ("text/csv; charset=utf-8", "s,o\r\nurn:a,x\r\nurn:b,y\r\n")
    tsv = small_client.get("/sparql", query_string={"query": P}, headers={"Accept": "text/tab-separated-values"})
    assert tsv.content_type == "text/tab-separated-values; charset=utf-8"
    assert tsv.text == '?s\t?o\n<urn:a>\t"x"@en\n<urn:b>\t"y"\n'


def test_xml_follows_the_recommendation(small_client: FlaskClient) -> None:
    """https://www.w3.org/TR/rdf-sparql-XMLres/"""
    response = small_client.get("/sparql", query_string={"query": P, "format": "xml"})
    assert response.content_type == "application/sparql-results+xml"
    names = {"r": "http://www.w3.org/2005/sparql-results#"}
    root = ET.fromstring(response.data)
    assert [each.get("name") for each in root.findall("r:head/r:variable", names)] == ["s", "o"]
    assert [each.text for each in root.findall(".//r:uri", names)] == ["urn:a", "urn:b"]
    assert [each.text for each in root.findall(".//r:literal", names)] == ["x", "y"]


# rdflib's own JSON-LD parser makes a ConjunctiveGraph, which rdflib itself has deprecated.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("media_type", "parser"),
    [
        ("text/turtle", "turtle"),
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
    ],
)
def test_triples_in_each_format_are_read_by_rdflib(small_client: FlaskClient, media_type: str, parser: str) -> None:
    response = small_client.get("/sparql", query_string={"query": CONSTRUCT}, headers={"Accept": media_type})
    assert response.mimetype == media_type
    graph = rdflib.Graph().parse(data=response.data, format=parser)
    predicate = rdflib.URIRef("urn:r")
    assert set(graph) == {
        (rdflib.URIRef("urn:a"), predicate, rdflib.Literal("x", lang="en")),
        (rdflib.URIRef("urn:b"), predicate, rdflib.Literal("y")),
    }


def test_ask_is_a_boolean(small_client: FlaskClient) -> None:
    response = small_client.get("/sparql", query_string={"query": "ASK { <urn:a> <urn:p> 'y' }"})
    assert json.loads(response.data) == {"head": {}, "boolean": False}


def test_describe_gives_triples(small_client: FlaskClient) -> None:
    response = small_client.get("/sparql", query_string={"query": "DESCRIBE <urn:b>", "format": "nt"})
    assert response.text == '<urn:b> <urn:p> "y" .\n'


@pytest.mark.parametrize(
    ("query", "parameters", "expected"),
    [
        pytest.param(COUNT, {}, 3, id="union-without-duplicates"),
        pytest.param(COUNT, {"default-graph-uri": TWO}, 1, id="default-graph"),
        pytest.param(COUNT, {"default-graph-uri": [ONE, TWO]}, 3, id="default-graphs-merged"),
        pytest.param(f"SELECT (COUNT(*) AS ?n) FROM <{ONE}> FROM <{TWO}> {{ ?s ?p ?o }}", {}, 3, id="from-merged"),
        pytest.param(COUNT, {"named-graph-uri": TWO}, 0, id="only-named-graphs-leave-the-default-empty"),
        pytest.param(COUNT, {"default-graph-uri": "urn:absent"}, 0, id="absent-graph-is-empty"),
        pytest.param("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", {}, 4, id="graph-sees-all-named"),
        pytest.param(
            "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", {"named-graph-uri": TWO}, 1, id="named-graph"
        ),
        pytest.param(f"SELECT (COUNT(*) AS ?n) FROM <{TWO}> {{ ?s ?p ?o }}", {}, 1, id="from"),
        pytest.param(
            f"SELECT (COUNT(*) AS ?n) FROM <{ONE}> {{ ?s ?p ?o }}",
            {"default-graph-uri": TWO},
            1,
            id="the-protocol-overrules-from",
        ),
    ],
)
@pytest.mark.parametrize("method", ["get", "form", "direct"])
def test_the_dataset_of_a_query(
    small_client: FlaskClient, method: str, query: str, parameters: dict[str, Any], expected: int
) -> None:
    """Section 2.1.4: the protocol's dataset takes precedence over that of the query."""
    if method == "get":
        response = small_client.get("/sparql", query_string={"query": query, **parameters})
    elif method == "form":
        body = urlencode({"query": query, **parameters}, doseq=True)
        response = small_client.post("/sparql", data=body, content_type=FORM)
    else:
        response = small_client.post("/sparql", query_string=parameters, data=query, content_type=DIRECT)
    assert count(response) == expected


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param({"method": "GET", "query_string": "update=CLEAR+ALL"}, 400, id="update-by-get"),
        pytest.param({"method": "GET", "query_string": "query=ASK%7B%7D&query=ASK%7B%7D"}, 400, id="query-twice"),
        pytest.param(
            {"method": "POST", "data": "query=ASK%7B%7D&query=ASK%7B%7D", "content_type": FORM}, 400, id="twice"
        ),
        pytest.param(
            {"method": "POST", "query_string": "query=ASK%7B%7D", "data": "ASK {}", "content_type": DIRECT},
            400,
            id="query-in-both-places",
        ),
        pytest.param({"method": "POST", "data": "", "content_type": FORM}, 400, id="empty-form"),
        pytest.param({"method": "POST", "data": "update=CLEAR+ALL", "content_type": FORM}, 400, id="update-in-a-form"),
        pytest.param({"method": "POST", "data": "ASK {}"}, 415, id="no-content-type"),
        pytest.param({"method": "POST", "data": "ASK {}", "content_type": "text/plain"}, 415, id="plain-text"),
        pytest.param(
            {"method": "POST", "data": {"query": "ASK {}"}, "content_type": "multipart/form-data"}, 415, id="multipart"
        ),
        pytest.param(
            {"method": "POST", "data": "CLEAR ALL", "content_type": "application/sparql-update"}, 415, id="update"
        ),
        pytest.param(
            {"method": "POST", "data": "ASK {}".encode("utf-16"), "content_type": f"{DIRECT}; charset=UTF-16"},
            415,
            id="utf-16-named",
        ),
        pytest.param({"method": "POST", "data": "ASK {}".encode("utf-16"), "content_type": DIRECT}, 400, id="utf-16"),
        pytest.param({"method": "GET", "query_string": "query=ASK%7B%7D%23%E9"}, 400, id="latin-1-in-the-address"),
        pytest.param(
            {"method": "POST", "data": "query=ASK%7B%7D%23%E9", "content_type": FORM}, 400, id="latin-1-in-a-form"
        ),
        pytest.param({"method": "PUT", "data": "ASK {}", "content_type": DIRECT}, 405, id="put"),
        pytest.param({"method": "DELETE"}, 405, id="delete"),
        pytest.param({"method": "PATCH"}, 405, id="patch"),
        pytest.param({"method": "GET", "query_string": "query=ASK%7B"}, 400, id="syntax"),
        pytest.param({"method": "GET", "query_string": "query="}, 400, id="empty-query"),
        pytest.param({"method": "GET", "query_string": "query=CLEAR+ALL"}, 400, id="update-as-query"),
        pytest.param(
            {"method": "GET", "query_string": "query=ASK%7B%7D&default-graph-uri=x"}, 400, id="relative-graph"
        ),
        pytest.param({"method": "GET", "query_string": "query=ASK%7B%7D&format=excel"}, 400, id="unknown-format"),
        pytest.param(
            {"method": "GET", "query_string": "query=ASK%7B%7D&format=xml&format=json"}, 400, id="format-twice"
        ),
        pytest.param(
            {"method": "GET", "query_string": "query=ASK%7B%7D&format=csv"}, 406, id="format-that-does-not-fit"
        ),
        pytest.param(
            {"method": "GET", "query_string": "query=ASK%7B%7D", "headers": {"Accept": "image/png"}}, 406, id="accept"
        ),
        pytest.param(
            {"method": "GET", "query_string": "query=ASK%7B%7D", "headers": {"Accept": "nonsense"}},
            400,
            id="bad-accept",
        ),
        pytest.param(
            {"method": "POST", "data": b"#" * (MAX_QUERY_BYTES + 1), "content_type": DIRECT}, 413, id="long-query"
        ),
        pytest.param(
            {"method": "POST", "data": b"query=" + b"%23" * (MAX_QUERY_BYTES + 1), "content_type": FORM},
            413,
            id="long-query-in-a-form",
        ),
        pytest.param(
            {"method": "POST", "data": b"#" * (MAX_BODY_BYTES + 1), "content_type": DIRECT}, 413, id="long-body"
        ),
        pytest.param({"method": "GET", "query_string": "a=b&" * 1001}, 413, id="many-parameters"),
    ],
)
def test_each_wrong_use_has_its_status(small_client: FlaskClient, request_: dict[str, Any], status: int) -> None:
    response = small_client.open("/sparql", **request_)
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"


def test_a_query_of_exactly_the_limit_is_answered(small_client: FlaskClient) -> None:
    text = "ASK {} #".ljust(MAX_QUERY_BYTES, "x")
    assert small_client.post("/sparql", data=text, content_type=DIRECT).status_code == 200


def test_a_wrong_method_tells_the_right_ones(small_client: FlaskClient) -> None:
    response = small_client.put("/sparql")
    assert response.headers.getlist("Allow") == ["HEAD, GET, OPTIONS, POST"] or set(
        response.headers["Allow"].split(", ")
    ) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_not_acceptable_lists_what_is_available(small_client: FlaskClient) -> None:
    response = small_client.get("/sparql", query_string={"query": "ASK {}"}, headers={"Accept": "text/csv"})
    hint = response.get_json(force=True)["hint"]
    assert hint == "Available: application/sparql-results+json, application/sparql-results+xml, text/html."


def test_the_place_of_a_syntax_error(small_client: FlaskClient) -> None:
    response = small_client.post("/sparql", data="SELECT * WHERE {\n  ?s sdgo:x ?o }", content_type=DIRECT)
    problem = response.get_json(force=True)
    assert (problem["line"], problem["column"], problem["excerpt"]) == (2, 6, "  ?s sdgo:x ?o }")
    assert "PREFIX sdgo: <http://metadata.un.org/sdg/ontology#>" in problem["hint"]


def test_service_is_refused(small_client: FlaskClient) -> None:
    response = small_client.post("/sparql", data="ASK { SERVICE <http://127.0.0.1:9/> {} }", content_type=DIRECT)
    assert response.status_code == 400
    assert "SERVICE" in response.get_json(force=True)["detail"]


def test_head_has_the_headers_of_get_and_no_body(small_client: FlaskClient) -> None:
    get = small_client.get("/sparql", query_string={"query": P})
    head = small_client.head("/sparql", query_string={"query": P})
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.data))


@pytest.mark.parametrize("accept", ["", "text/csv", "text/html", "image/png"])
def test_every_answer_varies_by_accept(small_client: FlaskClient, accept: str) -> None:
    response = small_client.get("/sparql", query_string={"query": P}, headers={"Accept": accept})
    assert set(response.vary) == {"Accept", "Accept-Encoding"}


def test_a_browser_gets_the_form(small_client: FlaskClient) -> None:
    response = small_client.get("/sparql", headers=BROWSER)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert '<textarea id="query" name="query"' in response.text
    assert "<script" not in response.text


def test_a_browser_gets_rows_as_a_table_with_everything_escaped(small_client: FlaskClient) -> None:
    query = "SELECT ?s ?o ('</textarea><script>' AS ?x) WHERE { ?s <urn:q> ?o }"
    page = small_client.get("/sparql", query_string={"query": query}, headers=BROWSER).text
    assert '<a href="http://example.org/c">&lt;http://example.org/c&gt;</a>' in page
    assert "<td>&lt;b&gt;&amp;</td>" in page
    assert "<script" not in page
    assert page.count("</textarea>") == 1


@pytest.mark.parametrize("iri", ["javascript:alert(1)", "data:text/html,x", "urn:a", "file:///etc/passwd"])
def test_a_page_links_only_to_http(small_client: FlaskClient, iri: str) -> None:
    query = f"SELECT (<{iri}> AS ?x) {{}}"
    page = small_client.get("/sparql", query_string={"query": query}, headers=BROWSER).text
    assert f"<td>&lt;{iri}&gt;</td>" in page
    assert f'href="{iri}' not in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ASK {}", "<p>true</p>"),
        ("CONSTRUCT { <urn:x> <urn:y> '<i>' } WHERE {}", "&lt;urn:x&gt; &lt;urn:y&gt; &#34;&lt;i&gt;&#34; ."),
    ],
)
def test_a_browser_gets_the_other_kinds_too(small_client: FlaskClient, query: str, expected: str) -> None:
    assert expected in small_client.get("/sparql", query_string={"query": query}, headers=BROWSER).text


def test_a_browser_gets_an_error_with_caret_and_its_query_back(small_client: FlaskClient) -> None:
    response = small_client.get("/sparql", query_string={"query": "SELECT * {\n<a> b:c ?o }"}, headers=BROWSER)
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert "Line 2, column 5:" in response.text
    assert "\n&lt;a&gt; b:c ?o }\n    ^</pre>" in response.text
    assert "SELECT * {\n&lt;a&gt; b:c ?o }</textarea>" in response.text


def test_a_page_that_is_not_the_whole_says_so_and_links_to_it(tmp_path: Path, make_app: Callable[..., Flask]) -> None:
    predicate = ox.NamedNode("urn:p")
    triples = (ox.Triple(ox.NamedNode(f"urn:{n}"), predicate, ox.Literal(str(n))) for n in range(1001))
    write_version(tmp_path, {"g": triples})
    client = make_app(tmp_path).test_client()
    page = client.get("/sparql", query_string={"query": "SELECT ?s { ?s ?p ?o }"}, headers=BROWSER).text
    assert "The first 1,000 of 1,001 rows." in page
    assert page.count("<tr>") == 1001  # with the header
    assert 'href="/sparql?query=SELECT+?s+%7B+?s+?p+?o+%7D&amp;format=csv"' in page
    whole = client.get("/sparql", query_string={"query": "SELECT ?s { ?s ?p ?o }", "format": "csv"}).text
    assert whole.count("\r\n") == 1002


@pytest.mark.parametrize(("of", "expected"), [("Goal", 17), ("Target", 169)])
def test_the_goals_and_targets_of_the_un_are_all_there(client: FlaskClient, of: str, expected: int) -> None:
    query = f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{ ?x a <http://metadata.un.org/sdg/ontology#{of}> }}"
    assert count(client.get("/sparql", query_string={"query": query})) == expected
