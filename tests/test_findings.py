"""How terms that read alike differ, and which is the nearest."""

import pyoxigraph as ox
import pytest
from itu_align.graph import grammar
from itu_align.graph.findings import difference, nearest_value
from itu_align.graph.names import PREFIXES
from itu_align.graph.terms import Terms
from rdf import turtle

PROLOGUE = Terms("", {"xsd": PREFIXES["xsd"]})


def term(text: str) -> ox.NamedNode | ox.Literal:
    (triple,) = turtle(f"ex:a ex:p {text} .")
    assert isinstance(triple.object, ox.NamedNode | ox.Literal)
    return triple.object


@pytest.mark.parametrize(
    ("stored", "asked", "told"),
    [
        ('"x"@en', '"x"', "There it has the language @en, and a text without a language is another value."),
        ('"x"', '"x"@en', "There it has no language."),
        ('"x"@fr', '"x"@en', "There it is in the language @fr."),
        ('"1"^^xsd:gYear', "1", "There it is of the datatype xsd:gYear, not xsd:integer."),
        ('"X y"', '"x Y "', "Capitals and spaces count."),
        ("<http://a.b/c>", '"http://a.b/c"', "It is an IRI there, not a text."),
        ('"http://a.b/c"', "<http://a.b/c>", "It is a text there, not an IRI."),
        ("<http://a.b/c/>", "<https://a.b/C>", "An IRI is compared letter by letter"),
    ],
)
def test_the_difference_is_told(stored: str, asked: str, told: str) -> None:
    assert difference(term(asked), term(stored), PROLOGUE).startswith(told)


@pytest.mark.parametrize(
    ("asked", "values", "near"),
    [
        ("ex:colour", ["ex:color", "ex:collar"], "ex:color"),
        ('"ITU D"', ["ex:ITU-D", "ex:ITU-T"], "ex:ITU-D"),
        ("ex:Q17-2002", ["ex:Q17-2006"], None),
        ('"2017"', ['"2016"^^xsd:gYear'], None),
        ("ex:abc", ["ex:xyz"], None),
    ],
)
def test_the_nearest_value_has_the_same_digits(asked: str, values: list[str], near: str | None) -> None:
    assert nearest_value(term(asked), map(term, values)) == (term(near) if near else None)


def test_the_nearest_value_of_any_number_is_very_like() -> None:
    values = [term("ex:Forum-2020"), term("ex:Forum-1999")]
    assert nearest_value(term("ex:Forum-202"), values, any_number=True) == values[0]
    assert nearest_value(term("ex:Fora-20"), values, any_number=True) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("5", "5"),
        ("true", "true"),
        ("1.5", "1.5"),
        ('"5"^^xsd:decimal', '"5"^^xsd:decimal'),
        ('"x"@en', '"x"@en'),
        ('"a\\"b"', '"a\\"b"'),
        ('"2017"^^xsd:gYear', '"2017"^^xsd:gYear'),
        ('"2"^^ex:t', '"2"^^<http://example.org/t>'),
        ("xsd:date", "xsd:date"),
        ("ex:a", "<http://example.org/a>"),
    ],
)
def test_a_term_is_written_with_the_prefixes_of_the_query_only(text: str, written: str) -> None:
    assert PROLOGUE.write(term(text)) == written
    query = grammar.parse(f"PREFIX xsd: <{PREFIXES['xsd']}> ASK {{ ?s ?p {written} }}")
    (values,) = query.tree.find_data("object_list_path")
    node = values.children[0]
    assert not isinstance(node, str)
    assert Terms.of(query).term(node, written) == term(text)
