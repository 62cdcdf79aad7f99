"""How a SHACL report becomes findings: order, labels, language, severity, and what pySHACL alone gets wrong."""

import logging
import random
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import schema, validation
from itu_align.graph.errors import OntologyError
from itu_align.graph.finding import Finding, Report
from itu_align.graph.names import ID, SHAPE
from itu_align.graph.validation import Shapes, load_shapes, shipped_shapes, validate
from rdflib import BNode, Literal, URIRef

EXAMPLES = Path(__file__).parent / "data" / "shapes"
INTEGER, MONTH = "http://www.w3.org/2001/XMLSchema#integer", "http://www.w3.org/2001/XMLSchema#gYearMonth"
HEAD = """
@prefix : <http://example.org/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
GROUPS = """
:late a sh:PropertyGroup ; rdfs:label "Late"@en, "Spät"@de ; sh:order 2 .
:early a sh:PropertyGroup ; rdfs:label "Early"@en, "Früh"@de ; sh:order 1 .
"""


def turtle(text: str) -> list[ox.Triple]:
    return schema.parse_turtle(HEAD + text, "test.ttl")


def shapes(text: str) -> Shapes:
    return load_shapes(turtle(GROUPS + text))


def field(name: str, constraint: str, *, group: str = "early", order: int = 1, severity: str = "Violation") -> str:
    """One property shape with its texts in two languages."""
    return f"""
    :{name} a sh:PropertyShape ; sh:path :{name} ; {constraint} ; sh:group :{group} ; sh:order {order} ;
      sh:severity sh:{severity} ; sh:name "{name}"@en, "{name} (de)"@de ;
      sh:message "{name}: one value. Add it."@en, "{name} (de): ein Wert. Trag ihn ein."@de .
    """


def thing_with(*names: str) -> str:
    return f":Thing a sh:NodeShape ; sh:targetClass :T ; sh:property {', '.join(':' + name for name in names)} ."


ONE = "sh:minCount 1"
TWO_FIELDS = shapes(thing_with("a", "b") + field("a", ONE) + field("b", ONE, severity="Warning"))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (ox.NamedNode("http://example.org/ü"), URIRef("http://example.org/ü")),
        (ox.BlankNode("b1"), BNode("b1")),
        (ox.Literal("x"), Literal("x")),
        (ox.Literal("x", language="en"), Literal("x", lang="en")),
        (
            ox.Literal("01", datatype=ox.NamedNode(INTEGER)),
            Literal("01", datatype=URIRef(INTEGER), normalize=False),
        ),
        (
            ox.Literal("2017-03", datatype=ox.NamedNode(MONTH)),
            Literal("2017-03", datatype=URIRef(MONTH)),
        ),
    ],
)
def test_a_term_keeps_its_characters(term: object, expected: object) -> None:
    node = validation._node(term)
    assert node == expected
    assert str(node) == str(expected)
    assert type(node) is type(expected)


def test_what_is_no_rdf_1_1_term_is_refused() -> None:
    triple = ox.Triple(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.NamedNode("urn:o"))
    with pytest.raises(TypeError, match="no place for the term"):
        validation._node(triple)


def test_a_warning_alone_conforms() -> None:
    report = validate(turtle(":x a :T ; :a 1 ."), TWO_FIELDS)
    assert [finding.severity for finding in report.findings] == ["Warning"]
    assert report.conforms
    assert report.violations == ()


def test_a_violation_does_not_conform() -> None:
    report = validate(turtle(":x a :T ; :b 1 ."), TWO_FIELDS)
    assert [finding.severity for finding in report.findings] == ["Violation"]
    assert not report.conforms
    assert report.violations == report.findings


def test_no_thing_of_the_class_gives_no_finding() -> None:
    assert validate(turtle(":x a :Other ."), TWO_FIELDS) == Report(())


def test_members_of_a_subclass_are_met_where_the_hierarchy_is_among_the_triples() -> None:
    member = ":x a :Sub ."
    assert validate(turtle(member), TWO_FIELDS).findings == ()
    assert len(validate(turtle(member + ":Sub rdfs:subClassOf :T ."), TWO_FIELDS).findings) == 2


def test_a_finding_tells_field_group_subject_path_value_and_message() -> None:
    form = shapes(thing_with("a") + field("a", "sh:datatype xsd:integer", order=3))
    (finding,) = validate(turtle(':x a :T ; skos:prefLabel "The x"@en ; :a "two" .'), form).findings
    assert finding == Finding(
        severity="Violation",
        shape="http://example.org/a",
        field="a",
        group="Early",
        order=3.0,
        subject="http://example.org/x",
        subject_label="The x",
        path="http://example.org/a",
        value="two",
        message="a: one value. Add it.",
    )
    assert finding.text() == "Violation in The x <http://example.org/x>: a: one value. Add it. Found: two"


def test_a_missing_value_is_none_and_not_in_the_text() -> None:
    finding = validate(turtle(":x a :T ; :b 1 ."), TWO_FIELDS).findings[0]
    assert finding.value is None
    assert finding.text() == "Violation in x <http://example.org/x>: a: one value. Add it."


def test_findings_stand_by_severity_group_order_subject_value() -> None:
    form = shapes(
        thing_with("a", "b", "c", "d")
        + field("a", "sh:datatype xsd:integer", order=2)
        + field("b", ONE, order=1, severity="Info")
        + field("c", ONE, group="late", order=1)
        + field("d", ONE, order=10)
    )
    data = ':y a :T ; :a "2" . :x a :T ; :a "3", "1" .'
    found = [(f.severity, f.field, f.subject[-1], f.value) for f in validate(turtle(data), form).findings]
    assert found == [
        ("Violation", "a", "x", "1"),
        ("Violation", "a", "x", "3"),
        ("Violation", "a", "y", "2"),
        ("Violation", "d", "x", None),
        ("Violation", "d", "y", None),
        ("Violation", "c", "x", None),
        ("Violation", "c", "y", None),
        ("Info", "b", "x", None),
        ("Info", "b", "y", None),
    ]


def test_one_value_that_breaks_two_constraints_of_a_shape_is_one_finding() -> None:
    form = shapes(thing_with("a") + field("a", 'sh:datatype xsd:integer ; sh:pattern "^[0-9]$"'))
    assert len(validate(turtle(':x a :T ; :a "x" .'), form).findings) == 1


@pytest.mark.parametrize(
    ("statements", "label"),
    [
        ('skos:prefLabel "Ding"@de, "Thing"@en', "Thing"),
        ('skos:prefLabel "Ding"@de ; dcterms:title "Title"@en', "Ding"),
        ('dcterms:title "Title"@en', "Title"),
        ('rdfs:label "Label"', "Label"),
        ('dcterms:identifier "ID/1"', "ID/1"),
        (":p 1", "x"),
    ],
)
def test_a_subject_is_called_by_its_best_label(statements: str, label: str) -> None:
    report = validate(turtle(f":x a :T ; {statements} ."), TWO_FIELDS)
    assert {finding.subject_label for finding in report.findings} == {label}


def test_texts_are_in_the_chosen_language() -> None:
    data = turtle(':x a :T ; :b 1 ; skos:prefLabel "Ding"@de, "Thing"@en .')
    (finding,) = validate(data, TWO_FIELDS, language="de").findings
    assert finding.message == "a (de): ein Wert. Trag ihn ein."
    assert (finding.field, finding.group, finding.subject_label) == ("a (de)", "Früh", "Ding")


def test_texts_are_in_english_where_the_chosen_language_has_none() -> None:
    (finding,) = validate(turtle(":x a :T ; :b 1 ."), TWO_FIELDS, language="fr").findings
    assert (finding.field, finding.message) == ("a", "a: one value. Add it.")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("[ sh:inversePath :a ]", "^http://example.org/a"),
        ("[ sh:alternativePath ( :a :b ) ]", "http://example.org/a|http://example.org/b"),
    ],
)
def test_a_path_of_several_steps_is_written_as_in_sparql(path: str, text: str) -> None:
    form = shapes(f":Thing a sh:NodeShape ; sh:targetClass :T ; sh:property :p . :p sh:path {path} ; sh:minCount 1 .")
    (finding,) = validate(turtle(":x a :T ."), form).findings
    assert finding.path == text


def test_a_shape_without_name_group_and_order_stands_last_and_is_called_by_its_iri() -> None:
    form = shapes(thing_with("a", "p") + field("a", ONE) + ":p sh:path :p ; sh:minCount 1 .")
    last = validate(turtle(":x a :T ."), form).findings[-1]
    assert (last.field, last.group) == ("<http://example.org/p>", "")


YEARS = shapes(thing_with("start") + field("start", "sh:lessThanOrEquals :end"))


@pytest.mark.parametrize(
    ("start", "end", "findings"),
    [
        ('"2017"^^xsd:gYear', '"2020"^^xsd:gYear', 0),
        ('"2017"^^xsd:gYear', '"2017"^^xsd:gYear', 0),
        ('"2020"^^xsd:gYear', '"2017"^^xsd:gYear', 1),
        ('"2017-12"^^xsd:gYearMonth', '"2018-01"^^xsd:gYearMonth', 0),
        ('"2018-01"^^xsd:gYearMonth', '"2017-12"^^xsd:gYearMonth', 1),
        ('"2018-04-30"^^xsd:date', '"2018-05-04"^^xsd:date', 0),
        ('"2018-05-30"^^xsd:date', '"2018-05-04"^^xsd:date', 1),
        ('"2018-13-45"^^xsd:date', '"2018-05-04"^^xsd:date', 1),
        ('"2018-05-04"^^xsd:date', '"2018-13-45"^^xsd:date', 1),
        ('"2018-05-04"^^xsd:date', '"4 May"', 1),
    ],
)
def test_days_months_and_years_are_compared_and_what_is_none_is_not_comparable(
    start: str, end: str, findings: int
) -> None:
    assert len(validate(turtle(f":x a :T ; :start {start} ; :end {end} ."), YEARS).findings) == findings


@pytest.mark.parametrize("value", ['"2018-13-45"^^xsd:date', '"20x8"^^xsd:gYear', '"x"^^xsd:integer'])
def test_an_ill_typed_value_is_a_finding_and_not_a_log_line(
    value: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    datatype = value.split("^^")[1]
    form = shapes(thing_with("a") + field("a", f"sh:datatype {datatype}"))
    assert len(validate(turtle(f":x a :T ; :a {value} ."), form).findings) == 1
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_the_loggers_speak_again_after_a_validation() -> None:
    validate(turtle(":x a :T ."), TWO_FIELDS)
    assert not logging.getLogger("rdflib.term").disabled


def test_findings_are_those_of_plain_pyshacl() -> None:
    """Moving targets from node shapes to their property shapes makes it faster and changes nothing else."""
    ours = shipped_shapes()
    plain = Shapes(ours.graph, ours.graph)
    hierarchy = [t for t in schema.ontology_triples() if t.predicate.value.endswith("#subClassOf")]
    files = [next(folder.glob("fail-*.ttl")) for folder in sorted(EXAMPLES.iterdir())]
    triples = {t for file in files for t in schema.parse_turtle(file.read_text("utf-8"), file.name)}
    report = validate([*triples, *hierarchy])
    assert len(report.violations) > 30
    assert report == validate([*triples, *hierarchy], plain)


def test_a_node_shape_keeps_its_own_constraint() -> None:
    form = shapes(
        thing_with("a")
        + field("a", ONE)
        + ':Thing sh:or ( [ sh:path :b ; sh:minCount 1 ] [ sh:path :c ; sh:minCount 1 ] ) ; sh:message "b or c"@en .'
    )
    report = validate(turtle(":x a :T ."), form)
    assert [finding.message for finding in report.findings] == ["a: one value. Add it.", "b or c"]
    assert report == validate(turtle(":x a :T ."), Shapes(form.graph, form.graph))
    assert report.findings[1].value is None


def test_the_order_of_the_triples_does_not_matter() -> None:
    file = EXAMPLES / "Event" / "fail-title.ttl"
    triples = schema.parse_turtle(file.read_text("utf-8"), file.name)
    first = validate(triples)
    for seed in range(3):
        shuffled = random.Random(seed).sample(triples, len(triples))
        assert validate(shuffled) == first


def test_the_report_counts_and_lists() -> None:
    text = validate(turtle(":x a :T ."), TWO_FIELDS).text()
    assert text.splitlines() == [
        "Violation: 1, Warning: 1, Info: 0",
        "Violation in x <http://example.org/x>: a: one value. Add it.",
        "Warning in x <http://example.org/x>: b: one value. Add it.",
    ]


def test_the_shipped_shapes_are_read_once() -> None:
    assert shipped_shapes() is shipped_shapes()


def test_a_fault_in_a_shapes_file_is_reported_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text("@prefix : <urn:> .\n:a :b :c .\n:d :e ;; ]\n", "utf-8")
    monkeypatch.setattr(schema, "shapes_files", lambda: [broken])
    with pytest.raises(OntologyError, match=r"shapes/broken\.ttl, line 3") as caught:
        shipped_shapes.__wrapped__()
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.excerpt) == (3, ":d :e ;; ]")
    assert caught.value.hint


def test_shipped_findings_name_shape_and_thing_of_ours() -> None:
    file = EXAMPLES / "Award" / "fail-status.ttl"
    (finding,) = validate(schema.parse_turtle(file.read_text("utf-8"), file.name)).violations
    assert finding.shape == SHAPE + "Award-status"
    assert finding.subject.startswith(ID + "award/")
    assert (finding.field, finding.group) == ("Status", "Status")
