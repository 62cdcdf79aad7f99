"""Queries that are cited: kept with version and hash of the result, and compared with today's."""

import json
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import TRIPLE_A, TRIPLE_B
from flask import Flask
from flask.testing import FlaskClient
from itu_align.graph.permalinks import digest
from itu_align.graph.query import run
from itu_align.graph.store import Store
from rdf import write_version

DIRECT = "application/sparql-query"
QUERY = "SELECT ?o { ?s <urn:p> ?o }"


@pytest.fixture
def client(small: Path, make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(small).test_client()


def test_a_cited_query_tells_whether_its_answer_is_the_same(client: FlaskClient, small: Path) -> None:
    made = client.post("/q", data=QUERY, content_type=DIRECT)
    assert made.status_code == 201
    link = made.headers["Location"]
    kept = client.get(link).json
    assert kept is not None
    assert (kept["query"], kept["version"], kept["result"]["rows"]) == (QUERY, 1, 2)
    assert kept["today"] == {"version": 1, "result": kept["result"], "same": True}
    write_version(small, {"one": [TRIPLE_A], "two": []})
    changed = client.get(link).json
    assert changed is not None
    assert (changed["today"]["version"], changed["today"]["same"], changed["today"]["result"]["rows"]) == (2, False, 1)
    page = client.get(link, headers={"Accept": "text/html"}).text
    assert "The answer has changed" in page


def test_the_same_citation_twice_is_one(client: FlaskClient, small: Path) -> None:
    first, again = (client.post("/q", data=QUERY, content_type=DIRECT).headers["Location"] for _ in range(2))
    assert first == again
    assert len(list((small / "permalinks").iterdir())) == 1


@pytest.mark.parametrize("query", ["SELECT (NOW() AS ?n) {}", "ASK {", "SELECT (RAND() AS ?n) {}", "CLEAR ALL"])
def test_what_cannot_be_cited_is_told(client: FlaskClient, small: Path, query: str) -> None:
    response = client.post("/q", data=query, content_type=DIRECT)
    assert response.status_code == 400
    assert json.loads(response.data)["hint"]
    assert not (small / "permalinks").exists()


@pytest.mark.parametrize("name", ["0" * 16, "a", "a" * 5000, "..%2F..%2Ftokens", "..%00"])
def test_a_link_that_is_none_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/q/{name}").status_code == 404


def test_the_hash_depends_neither_on_order_nor_on_blank_labels() -> None:
    """The same graph under other labels and in another order has one hash; another graph has another."""
    p = ox.NamedNode("urn:p")

    def hashed(*triples: ox.Triple) -> str:
        database = ox.Store()
        database.extend(ox.Quad(*triple) for triple in triples)
        return digest(run(Store(database, 1), "CONSTRUCT WHERE { ?s ?p ?o }")).sha256

    one, other = ox.BlankNode("one"), ox.BlankNode("other")
    first = hashed(ox.Triple(one, p, ox.Literal("x")), TRIPLE_B)
    assert first == hashed(TRIPLE_B, ox.Triple(other, p, ox.Literal("x")))
    assert first != hashed(TRIPLE_B, ox.Triple(other, p, ox.Literal("y")))
