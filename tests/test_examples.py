"""The example queries are found by the tools of sib-swiss, and say what the files of the questions say."""

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import examples
from itu_align.graph.errors import OntologyError, QueryError
from itu_align.graph.names import BASE, ID, PREFIXES

SH = PREFIXES["sh"]
SCHEMA = "https://schema.org/"
FILES = sorted(Path(str(files("itu_align.ontology") / "questions")).glob("*.rq"))

# As sib-swiss/sparql-editor asks (packages/sparql-editor/src/metadata.ts).
EDITOR_EXAMPLES = """PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?sq ?comment ?query
WHERE {
  ?sq a sh:SPARQLExecutable ;
    rdfs:comment ?comment ;
    sh:select|sh:ask|sh:construct|sh:describe ?query .
} ORDER BY ?sq"""
EDITOR_PREFIXES = """PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT DISTINCT ?prefix ?namespace
WHERE { [] sh:namespace ?namespace ; sh:prefix ?prefix}
ORDER BY ?prefix"""


def store(triples: list[ox.Triple]) -> ox.Store:
    database = ox.Store()
    database.extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    return database


def values(triples: list[ox.Triple], subject: str, predicate: str) -> set[str]:
    return {str(t.object) for t in triples if t.subject.value == subject and t.predicate.value == predicate}


@pytest.fixture(scope="module")
def shipped_examples() -> list[ox.Triple]:
    return examples.triples()


def test_the_editor_finds_each_question_with_its_words_and_its_text(shipped_examples: list[ox.Triple]) -> None:
    rows = store(shipped_examples).query(EDITOR_EXAMPLES)
    found = {row["sq"].value: (row["comment"].value, row["query"].value) for row in rows}
    texts = {file.stem: file.read_text("utf-8") for file in FILES}
    assert found == {
        f"{ID}query/{name}": (text.splitlines()[0].removeprefix("# "), text) for name, text in texts.items()
    }


def test_the_editor_finds_the_prefixes_that_the_endpoint_knows(shipped_examples: list[ox.Triple]) -> None:
    rows = store(shipped_examples).query(EDITOR_PREFIXES)
    assert {row["prefix"].value: row["namespace"].value for row in rows} == dict(PREFIXES)


def test_a_question_is_written_in_the_form_of_sib() -> None:
    text = "# Who is it?\n# keywords: study groups, WSIS\nSELECT * { ?s ?p ?o }\n"
    written = examples.triples({"cq99_who": text})
    subject = ID + "query/cq99_who"
    assert {
        t.predicate.value: values(written, subject, t.predicate.value) for t in written if t.subject.value == subject
    } == {
        PREFIXES["rdf"] + "type": {f"<{SH}SPARQLExecutable>", f"<{SH}SPARQLSelectExecutable>"},
        PREFIXES["rdfs"] + "comment": {'"Who is it?"@en'},
        SH + "prefixes": {f"<{ID}prefixes/endpoint>"},
        SH + "select": {str(ox.Literal(text))},
        SCHEMA + "keywords": {'"study groups"@en', '"WSIS"@en'},
        SCHEMA + "target": {f"<{BASE}sparql>"},
    }


@pytest.mark.parametrize(
    ("query", "executable", "predicate"),
    [
        ("ASK { ?s ?p ?o }", "SPARQLAskExecutable", "ask"),
        ("PREFIX a: <urn:select> CONSTRUCT { ?s a a:x } WHERE { ?s ?p ?o }", "SPARQLConstructExecutable", "construct"),
        ("DESCRIBE <urn:a>", "SPARQLDescribeExecutable", "describe"),
    ],
)
def test_other_forms_have_their_own_class_and_property(query: str, executable: str, predicate: str) -> None:
    written = examples.triples({"x": f"# Is it?\n{query}"})
    assert f"<{SH}{executable}>" in values(written, ID + "query/x", PREFIXES["rdf"] + "type")
    assert values(written, ID + "query/x", SH + predicate) == {str(ox.Literal(f"# Is it?\n{query}"))}
    assert values(written, ID + "query/x", SCHEMA + "keywords") == set()


def test_prefix_declarations_keep_to_shacl(shipped_examples: list[ox.Triple]) -> None:
    """https://www.w3.org/TR/shacl/#sparql-prefixes: one xsd:string prefix, one xsd:anyURI namespace for each."""
    declared = values(shipped_examples, ID + "prefixes/endpoint", SH + "declare")
    kinds = Counter(
        (f"<{t.subject.value}>", t.predicate.value, t.object.datatype.value)
        for t in shipped_examples
        if t.predicate.value in {SH + "prefix", SH + "namespace"} and isinstance(t.object, ox.Literal)
    )
    xsd = PREFIXES["xsd"]
    parts = ((SH + "prefix", xsd + "string"), (SH + "namespace", xsd + "anyURI"))
    assert kinds == Counter((node, *part) for node in declared for part in parts)
    assert f"<{ID}prefix/align>" in declared


def test_examples_are_the_same_in_whatever_order_they_come() -> None:
    texts = {"a": "# A?\nASK {}", "b": "# B?\nASK {}"}
    assert examples.triples(texts) == examples.triples(dict(reversed(texts.items())))


def test_a_text_without_its_question_is_an_error_that_names_the_file() -> None:
    with pytest.raises(OntologyError, match=r"questions/x\.rq does not say its question in line 1"):
        examples.triples({"x": "ASK {}"})


def test_a_text_that_is_not_sparql_is_an_error() -> None:
    with pytest.raises(QueryError, match="SELEKT"):
        examples.triples({"x": "# Who?\nSELEKT * { ?s ?p ?o }"})
