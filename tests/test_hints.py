"""Remarks on queries that run: what is unknown, what was probably meant, and nothing about what is right."""

from importlib.resources import files

import pyoxigraph as ox
import pytest
from itu_align.graph import grammar, hints
from itu_align.graph.names import ID, PREFIXES
from stores import published, written

HEADER = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
FIRST = len(PREFIXES) + 1
"""The line of a query behind the header."""


@pytest.fixture(scope="module")
def database(shipped: dict[str, list[ox.Triple]]) -> ox.Store:
    return published(shipped)


@pytest.fixture(scope="module")
def vocabulary(database: ox.Store) -> hints.Vocabulary:
    return hints.Vocabulary.of(database)


def remarks(text: str, database: ox.Store, vocabulary: hints.Vocabulary | None = None) -> list[hints.Hint]:
    return hints.remarks(grammar.parse(HEADER + text), database, vocabulary)


@pytest.mark.parametrize(
    ("pattern", "column", "message"),
    [
        ("?x align:subjct ?y", 15, "align:subjct is not used in this graph as a property; did you mean align:subject?"),
        ("?x skos:preflabel ?y", 15, "did you mean skos:prefLabel?"),
        ("?x align:hasSector ?y", 15, "did you mean align:sector?"),
        ("?x align:hasTitle ?y", 15, "did you mean dcterms:title?"),
        ("?x <http://purl.org/dc/elements/1.1/title> ?y", 15, "did you mean dcterms:title?"),
        ("?x <https://schema.org/startDate> ?y", 15, "did you mean schema:startDate?"),
        ("?x align:subject/skos:notatoin ?y", 29, "did you mean skos:notation?"),
        ("?x a align:StudyQuestion", 17, "as a class; did you mean align:Question?"),
        ("?x a align:study_group", 17, "as a class; did you mean align:StudyGroup?"),
        ("?x rdf:type sdgo:target", 24, "as a class; did you mean sdgo:Target?"),
        ("?x align:status align:publishd", 28, "is not used in this graph; did you mean align:published?"),
        ("?x align:object sdg:9c", 28, "did you mean sdg:9.c?"),
        (f"?x align:sector <{ID}body/ITUD>", 28, f"did you mean <{ID}body/ITU-D>?"),
        (f"?x align:sector <{ID}sector/ITU-D>", 28, f"did you mean <{ID}body/ITU-D>?"),
        (f"?x align:sector <http{ID[5:]}body/ITU-D>", 28, f"did you mean <{ID}body/ITU-D>?"),
        (f"?x align:sector <{ID}body/itu-d>", 28, f"did you mean <{ID}body/ITU-D>?"),
        (f"?x align:question <{ID}question/ITU-D-Q7-2/1-2006>", 30, f"did you mean <{ID}question/ITU-D-Q7-2.1-2006>?"),
        ("?x align:status ?y FILTER(?y = align:publishd)", 43, "did you mean align:published?"),
        ("VALUES ?x { align:publishd }", 24, "did you mean align:published?"),
        ("GRAPH <https://w3id.org/itu-align/graph/itu_question> { ?x a ?y }", 18, "There is no graph"),
        ("?x align:zzz ?y", 15, "align:zzz is not used in this graph as a property."),
        ("?x align:documentRevision ?y", 15, "is defined, but no statement uses it as a property."),
        ("?x dcterms:date ?y FILTER(?y > 2017-01-31)", 43, '"2017-01-31"^^xsd:date'),
        ("?x dcterms:title ?y BIND('Q ' + ?y AS ?z)", 37, "CONCAT"),
    ],
)
def test_what_is_probably_a_mistake_is_named_at_its_place(
    pattern: str, column: int, message: str, database: ox.Store, vocabulary: hints.Vocabulary
) -> None:
    found = remarks(f"SELECT * {{ {pattern} }}", database, vocabulary)
    assert [(hint.place.line, hint.place.column) for hint in found] == [(FIRST, column)]
    assert message in found[0].message


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?x a align:Question ; align:sector/skos:notation ?y . ?x ^align:question ?event }",
        "SELECT * { ?x skos:exactMatch <http://www.wikidata.org/entity/Q0> }",
        'SELECT * { ?x align:startYear ?y FILTER(xsd:integer(STR(?y)) > 2000 && ?y != "2001"^^xsd:gYear) }',
        "CONSTRUCT { ?x align:newProperty align:newThing } WHERE { ?x a align:Question }",
        "SELECT * FROM <https://w3id.org/itu-align/graph/none> { ?x a align:Question }",
        "SELECT * { GRAPH <https://w3id.org/itu-align/graph/itu_questions> { ?x a align:Question } }",
        "SELECT (1 + 2 - 3 AS ?x) {}",
    ],
)
def test_what_is_right_or_says_nothing_about_the_graph_is_left_alone(
    query: str, database: ox.Store, vocabulary: hints.Vocabulary
) -> None:
    assert remarks(query, database, vocabulary) == []


def test_the_competency_questions_use_what_there_is(database: ox.Store, vocabulary: hints.Vocabulary) -> None:
    texts = [path.read_text("utf-8") for path in (files("itu_align.ontology") / "questions").iterdir()]
    queries = [text for text in texts if "PREFIX" in text]
    found = [hint for text in queries for hint in hints.remarks(grammar.parse(text), database, vocabulary)]
    assert queries
    assert [hint.message.split()[0] for hint in found] == ["align:documentRevision"]


def test_each_term_is_named_once_in_the_order_of_the_text() -> None:
    database = written(one="ex:a ex:p ex:b .")
    query = "PREFIX ex: <http://example.org/>\nSELECT * { ?x ex:q ?y ; ex:p ?z .\n ?y ex:q ?x ; ex:r ?z }"
    found = hints.remarks(grammar.parse(query), database)
    places = [(hint.message.split()[0], hint.place.line, hint.place.column) for hint in found]
    assert places == [("ex:q", 2, 15), ("ex:r", 3, 15)]


def test_a_label_names_its_term() -> None:
    database = written(one='ex:p12 rdfs:label "study period"@en . ex:a ex:p12 ex:b .')
    query = "PREFIX ex: <http://example.org/> SELECT * { ?x ex:studyPeriod ?y }"
    (found,) = hints.remarks(grammar.parse(query), database)
    assert found.message.endswith("did you mean ex:p12?")


def test_a_graph_that_is_not_published_counts_as_well() -> None:
    database = ox.Store()
    quad = ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.NamedNode("urn:b"), ox.NamedNode("urn:g"))
    database.add(quad)
    assert hints.remarks(grammar.parse("SELECT * { ?x <urn:p> ?y }"), database) == []
    assert hints.Vocabulary.of(database).properties == {"urn:p"}


def test_an_update_is_looked_at_in_its_pattern_only() -> None:
    database = written(one="ex:a ex:p ex:b .")
    update = "PREFIX ex: <http://example.org/> INSERT { ?x ex:new ?y } WHERE { ?x ex:q ?y }"
    found = hints.remarks(grammar.parse(update), database)
    assert [hint.message.split(";")[0] for hint in found] == ["ex:q is not used in this graph as a property."]
