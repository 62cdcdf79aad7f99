"""Which known things are named beside one that the graph does not know."""

import pyoxigraph as ox
import pytest
from itu_align.graph import schema
from itu_align.graph.validation import load_shapes, validate

HEAD = """
@prefix : <http://example.org/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
LINES = ":C7-eHealth a :Line . :C7-eLearning a :Line . :C9 a :Line . :SDG9 a :Goal . :C7-eHealth2 a :Other ."


def turtle(text: str) -> list[ox.Triple]:
    return schema.parse_turtle(HEAD + text, "test.ttl")


def nearest(constraint: str, value: str, data: str = LINES) -> list[str]:
    form = load_shapes(
        turtle(f":S a sh:PropertyShape ; sh:targetNode :x ; sh:path :line ; {constraint} . :R a sh:NodeShape .")
    )
    (finding,) = validate(turtle(f":x :line {value} . {data}"), form).findings
    return [iri.removeprefix("http://example.org/") for iri in finding.nearest]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (":C7-eHeath", ["C7-eHealth"]),
        (":c7-ehealth", ["C7-eHealth"]),
        (":C-9", ["C9"]),
        (":nothing-like-it", []),
    ],
)
def test_the_most_like_instances_of_the_class_come_first(value: str, names: list[str]) -> None:
    assert nearest("sh:class :Line", value) == names


def test_a_thing_of_another_class_has_no_nearest() -> None:
    """The graph describes :C7-eHealth2, so the sender knows what it is."""
    assert nearest("sh:class :Line", ":C7-eHealth2") == []


@pytest.mark.parametrize(
    ("value", "names"), [('"C7-eHeath"', ["C7-eHealth"]), ('"C7/eHealth"', ["C7-eHealth"]), ('"what"', [])]
)
def test_a_text_that_names_nothing_known_has_what_is_written_like_it(value: str, names: list[str]) -> None:
    assert nearest("sh:class :Line", value)[: len(names) or None] == names


def test_a_text_where_a_text_is_expected_has_no_nearest() -> None:
    assert nearest("sh:maxLength 2", '"C7-eHeath"') == []


def test_the_classes_inside_of_other_shapes_are_expected_too() -> None:
    assert nearest("sh:or ( [ sh:class :Goal ] [ sh:class :Line ] )", ":SDG-9") == ["SDG9"]


def test_a_listed_value_is_expected_where_it_is_described() -> None:
    assert nearest("sh:in ( :C9 :C10 )", ":C99") == ["C9"]


def test_instances_of_a_subclass_are_expected() -> None:
    data = LINES + " :Part rdfs:subClassOf :Line . :C7-eHeating a :Part ."
    assert nearest("sh:class :Line", ":C7-eHeatin", data)[0] == "C7-eHeating"


def test_an_identifier_is_compared_as_well() -> None:
    data = ':thing-1 a :Line ; dcterms:identifier "C7-eScience" . :thing-2 a :Line .'
    assert nearest("sh:class :Line", ":C7-eSience", data) == ["thing-1"]


def test_where_no_class_is_expected_what_others_have_in_the_field_is() -> None:
    """As in sh:and ( shape:Record-source ), which says only that a thing must have a record."""
    data = LINES + " :y :line :C9, :C10 ."
    record = "sh:and ( [ sh:path :source ; sh:maxCount 0 ] [ sh:path :label ; sh:minCount 1 ] )"
    found = nearest(record + " ; sh:nodeKind sh:IRI", ":C99", data)
    assert found == ["C9"]


def test_three_are_enough() -> None:
    data = "".join(f":C7-e{letter} a :Line . " for letter in "ABCDE")
    assert nearest("sh:class :Line", ":C7-eX", data) == ["C7-eA", "C7-eB", "C7-eC"]
