"""Things at their own addresses: which statements, in which format, and what a page must not do."""

from collections.abc import Iterator
from html.parser import HTMLParser

import pyoxigraph as ox
import pytest
from conftest import running_app
from flask.testing import FlaskClient
from itu_align.graph import entity, names, schema
from itu_align.graph.errors import NoSuchThingError
from itu_align.graph.store import Store
from itu_align.server.links import link
from rdf import turtle
from stores import written
from versions import History
from werkzeug.test import TestResponse

ID = names.ID
A, B = f"<{ID}thing/A>", f"<{ID}thing/B>"
ABOUT_A = f'{A} rdfs:label "The first"@en , "Le premier"@fr ; dcterms:relation <http://example.org/x> .'
NAMES_A = f"{B} dcterms:relation {A} ."
DOTTED = f'<{ID}thing/D> rdfs:label "plain" . <{ID}thing/D.ttl> rdfs:label "dotted" . <{ID}goal/1.a> rdfs:label "1.a" .'
HOSTILE = (
    f'{B} rdfs:label "<script>alert(1)</script>"@en ; rdfs:seeAlso <javascript:alert(1)> ;'
    ' rdfs:comment """"><img src=x onerror=alert(1)>""" .'
)
VOCABULARY = 'align:Thing rdfs:label "Thing"@en , "Chose"@fr ; skos:definition "What is."@en . ex:x ex:y ex:z .'
TYPES = {
    "ttl": "text/turtle; charset=utf-8",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "jsonld": "application/ld+json",
    "html": "text/html; charset=utf-8",
}
FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    history = History(tmp_path_factory.mktemp("entities") / "data")
    history.add("2026-01-01T10:00:00.000+00:00", {"ontology": 'align:Old rdfs:label "Old"@en .'})
    graphs = {
        "one": ABOUT_A + DOTTED,
        "two": NAMES_A + HOSTILE,
        "submission/x": f'{A} rdfs:label "A submitted label"@en ; rdfs:comment "submitted"@en .',
        "ontology": VOCABULARY,
    }
    history.add("2026-01-02T10:00:00.000+00:00", graphs)
    with running_app(history.data) as app:
        yield app.test_client()


def triples(response: TestResponse, suffix: str) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(response.data, format=FORMATS[suffix])}


class Page(HTMLParser):
    """A page as a browser reads it: its elements, the addresses of its links, and the text of its cells."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        assert (response.status_code, response.content_type) == (200, TYPES["html"])
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self._link, self._in_cell = "", False
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        self._link = given.get("href") or "" if tag == "a" else self._link
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._link = "" if tag == "a" else self._link
        self._in_cell = self._in_cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._link and text:
            self.links[text] = self._link
        if self._in_cell and text:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {text}".strip()


def page(client: FlaskClient, path: str) -> Page:
    return Page(client.get(path, headers={"Accept": "text/html"}))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_thing_is_what_is_said_of_it_and_with_it_in_each_format(client: FlaskClient, suffix: str) -> None:
    """By Accept, and by suffix whatever Accept says; nothing that is only submitted."""
    accepted = client.get("/id/thing/A", headers={"Accept": TYPES[suffix].partition(";")[0]})
    named = client.get(f"/id/thing/A.{suffix}", headers={"Accept": "image/png"})
    for response in (accepted, named):
        assert (response.status_code, response.content_type) == (200, TYPES[suffix])
        assert triples(response, suffix) == turtle(ABOUT_A + NAMES_A)
        assert response.headers["Content-Location"] == f"/id/thing/A.{suffix}"
        assert {"Accept", "Accept-Datetime"} <= {name.strip() for name in response.headers["Vary"].split(",")}


def test_the_other_formats_are_linked(client: FlaskClient) -> None:
    """RFC 8288 and the relation `alternate` of HTML; a page has them in its head as well."""
    response = client.get("/id/thing/A", headers={"Accept": "text/html"})
    linked = {link for link in response.headers.getlist("Link") if "alternate" in link}
    others = {suffix: TYPES[suffix].partition(";")[0] for suffix in FORMATS}
    assert linked == {f'</id/thing/A.{each}>; rel="alternate"; type="{kind}"' for each, kind in others.items()}
    for each, kind in others.items():
        assert f'<link rel="alternate" type="{kind}" href="/id/thing/A.{each}">' in response.text


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        (None, TYPES["ttl"]),
        ("*/*", TYPES["ttl"]),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TYPES["html"]),
        ("application/ld+json;q=0.9, text/turtle;q=0.5", TYPES["jsonld"]),
    ],
)
def test_turtle_is_sent_unless_a_client_likes_another_better(
    client: FlaskClient, accept: str | None, type_: str
) -> None:
    assert client.get("/id/thing/A", headers={"Accept": accept} if accept else {}).content_type == type_


def test_a_format_that_there_is_not_is_refused(client: FlaskClient) -> None:
    response = client.get("/id/thing/A", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert "text/turtle" in response.json["hint"]  # type: ignore[index]
    assert client.get("/id/thing/A.png").status_code == 404


def test_a_suffix_counts_only_where_the_address_as_it_stands_is_no_thing(client: FlaskClient) -> None:
    """`D.ttl` is a thing of its own, so that Accept decides; `1.a` ends in no format."""
    dotted = client.get("/id/thing/D.ttl", headers={"Accept": "application/n-triples"})
    assert triples(dotted, "nt") == turtle(f'<{ID}thing/D.ttl> rdfs:label "dotted" .')
    assert triples(client.get("/id/thing/D.nt"), "nt") == turtle(f'<{ID}thing/D> rdfs:label "plain" .')
    assert triples(client.get("/id/thing/D.ttl.nt"), "nt") == triples(dotted, "nt")
    assert client.get("/id/goal/1.a").content_type == TYPES["ttl"]
    assert client.get("/id/goal/1").status_code == 404


@pytest.mark.parametrize(
    "path", ["thing/never", "thing/a%20b", "thing/%3Cx%3E", "%22", "%FF", "x" * 3000, "thing/never.ttl"]
)
def test_of_what_nothing_is_said_there_is_no_page(client: FlaskClient, path: str) -> None:
    response = client.get(f"/id/{path}")
    assert response.status_code == 404
    assert "Nothing is said of" in response.json["detail"]  # type: ignore[index]


def test_a_thing_that_is_only_named_is_a_thing(client: FlaskClient) -> None:
    response = client.get("/id/thing/D.ttl.ttl")
    assert response.status_code == 200
    store = written(one=f"{B} dcterms:relation {A} .")
    found = entity.first(store, [f"{ID}thing/A"])
    assert (list(found.outgoing), set(found.incoming)) == ([], turtle(f"{B} dcterms:relation {A} ."))


def test_of_statements_with_it_as_object_the_first_are_listed_and_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entity, "MOST_INCOMING", 2)
    about = "".join(f"<urn:{number}> dcterms:relation {A} ." for number in (3, 1, 2))
    found = entity.first(written(one=about + f"{A} dcterms:relation {A} ."), [f"{ID}thing/A"])
    assert [triple.subject.value for triple in found.incoming] == [f"{ID}thing/A", "urn:1"]  # type: ignore[union-attr]
    assert found.total_incoming == 4
    assert len(found.triples) == 2  # the one about itself once


def test_the_answer_says_how_many_statements_with_it_as_object_it_lists(client: FlaskClient) -> None:
    assert client.get("/id/thing/A").headers["X-Incoming-Statements"] == "1 of 1"


def test_what_is_no_thing_raises_for_the_address_as_it_stands() -> None:
    with pytest.raises(NoSuchThingError, match=f"Nothing is said of <{ID}x.ttl> here"):
        entity.first(ox.Store(), [f"{ID}x.ttl", f"{ID}x"])


def test_a_page_has_labels_links_and_the_graphs_of_its_statements(client: FlaskClient) -> None:
    assert "<h1>The first</h1>" in client.get("/id/thing/A.html").text  # not what is only submitted
    shown = page(client, "/id/thing/A")
    assert shown.rows == [
        ["Property", "Value", "Stated in"],
        ["dcterms:relation", "http://example.org/x", "one"],
        ["rdfs:label", "Le premier (fr)", "one"],
        ["rdfs:label", "The first (en)", "one"],
        ["Thing", "Property", "Stated in"],
        ["<script>alert(1)</script>", "dcterms:relation", "two"],
    ]
    assert shown.links["<script>alert(1)</script>"] == "/id/thing/B"
    assert shown.links["http://example.org/x"] == "http://example.org/x"


def test_a_page_as_at_a_version_leads_to_things_as_at_then(client: FlaskClient) -> None:
    shown = page(client, "/id/thing/A?version=2")
    assert shown.links["<script>alert(1)</script>"] == "/id/thing/B?version=2"
    assert shown.links["As it is now"] == "/id/thing/A"
    assert shown.links["text/turtle"] == "/id/thing/A.ttl?version=2"


def test_what_is_said_cannot_become_part_of_the_page(client: FlaskClient) -> None:
    """Texts stay texts, and an address that a browser would run is no link."""
    shown = page(client, "/id/thing/B")
    assert shown.tags.isdisjoint({"script", "img", "style"})
    assert not any(address.startswith("javascript:") for address in shown.links.values())
    assert ["rdfs:comment", '"><img src=x onerror=alert(1)>', "two"] in shown.rows
    assert len(shown.ids) == len(set(shown.ids))


def test_an_answer_is_not_sent_again_to_who_has_it(client: FlaskClient) -> None:
    first = client.get("/id/thing/A")
    same = client.get("/id/thing/A", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    other = client.get("/id/thing/A", headers={"If-None-Match": first.headers["ETag"], "Accept": TYPES["nt"]})
    assert other.status_code == 200


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_ontology_is_sent_whole_in_each_format(client: FlaskClient, suffix: str) -> None:
    for response in (
        client.get("/ontology", headers={"Accept": TYPES[suffix]}),
        client.get(f"/ontology.{suffix}", headers={"Accept": "text/html"}),
    ):
        assert response.content_type == TYPES[suffix]
        assert triples(response, suffix) == turtle(VOCABULARY)
        assert response.headers["Content-Location"] == f"/ontology.{suffix}"


def test_the_ontology_is_sent_as_at_a_version(client: FlaskClient) -> None:
    response = client.get("/ontology.nt?version=1")
    assert triples(response, "nt") == turtle('align:Old rdfs:label "Old"@en .')
    assert (response.headers["X-Data-Version"], response.headers["Content-Location"]) == ("1", "/ontology.nt?version=1")


def test_a_page_of_the_ontology_has_a_place_for_each_term_of_ours(client: FlaskClient) -> None:
    shown = page(client, "/ontology")
    assert shown.rows == [["Term", "Label", "Meaning"], ["Thing", "Thing", "What is."]]
    assert "Thing" in shown.ids


def test_the_shapes_are_sent_whole_and_have_no_versions(client: FlaskClient) -> None:
    assert triples(client.get("/shapes.nt"), "nt") == set(schema.shapes_triples())
    refused = client.get("/shapes?version=1")
    assert (refused.status_code, refused.json["hint"]) == (400, "Leave out 'version'.")  # type: ignore[index]
    shown = page(client, "/shapes")
    row = next(row for row in shown.rows if row[0] == "Activity-title")
    assert row[1]
    assert "Activity-title" in shown.ids


@pytest.mark.parametrize("path", ["/ontology.png", "/shapes.", "/ontology/x"])
def test_a_format_or_a_part_that_there_is_not_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_links_on_pages_lead_to_things_and_terms_of_this_server(client: FlaskClient) -> None:
    with client.application.test_request_context("/"):
        assert link(f"<{ID}thing/A>") == "/id/thing/A"
        assert link(f"<{names.ALIGN}Thing>") == "/ontology#Thing"
        assert link(f"<{names.SHAPE}Activity-title>") == "/shapes#Activity-title"
        assert link("<javascript:alert(1)>") is None


def test_what_is_said_of_a_blank_node_comes_with_the_thing_and_a_circle_ends() -> None:
    store = written(one="ex:a ex:p [ ex:q [ ex:r ex:b ] ] . ex:c ex:p _:x . _:x ex:q _:y . _:y ex:q _:x .")
    chain, circle = (entity.first(store, [f"http://example.org/{name}"]) for name in "ac")
    assert [triple.predicate.value[-1] for triple in chain.outgoing].count("p") == 1
    assert sorted(triple.predicate.value[-1] for triple in chain.outgoing) == ["p", "q", "r"]
    assert sorted(triple.predicate.value[-1] for triple in circle.outgoing) == ["p", "q", "q"]
    shown = entity.as_page(Store(store, 1), chain)
    assert (len(shown["outgoing"]), shown["total"]["outgoing"]) == (1, 1)


def test_a_thing_as_at_a_version_may_be_kept_for_a_day(client: FlaskClient) -> None:
    for version, kept in (("?version=2", "public, max-age=86400"), ("", "no-cache")):
        assert client.get(f"/id/thing/A.nt{version}").headers["Cache-Control"] == kept
