"""How a SHACL report becomes findings: order, labels, language, severity, and what pySHACL alone gets wrong."""

import logging
import random
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import schema
from itu_align.graph.errors import OntologyError
from itu_align.graph.finding import Finding, Report
from itu_align.graph.names import ID, SHAPE
from itu_align.graph.suspect_view import to_node, to_term
from itu_align.graph.validation import Shapes, check, load_shapes, shipped_shapes, validate
from plain_shacl import ours, plain, store
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
    node = to_node(term)
    assert node == expected
    assert str(node) == str(expected)
    assert type(node) is type(expected)
    assert to_term(node) == term


def test_what_is_no_rdf_1_1_term_is_refused() -> None:
    triple = ox.Triple(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.NamedNode("urn:o"))
    with pytest.raises(TypeError, match="no place for the term"):
        to_node(triple)


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
        component="http://www.w3.org/ns/shacl#DatatypeConstraintComponent",
        focus="<http://example.org/x>",
        term='"two"',
        paths=("http://example.org/a",),
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
        ("( [ sh:inversePath :a ] :b )", "^http://example.org/a/http://example.org/b"),
        ("[ sh:oneOrMorePath :a ]", "(http://example.org/a)+"),
    ],
)
def test_a_path_of_several_steps_is_written_as_in_sparql(path: str, text: str) -> None:
    form = shapes(f":Thing a sh:NodeShape ; sh:targetClass :T ; sh:property :p . :p sh:path {path} ; sh:minCount 1 .")
    (finding,) = validate(turtle(":x a :T ."), form).findings
    assert finding.path == text


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("[ sh:inversePath :a ]", ["^http://example.org/a"]),
        ("[ sh:alternativePath ( :a ( :b :c ) ) ]", ["http://example.org/a", "http://example.org/b"]),
        ("( [ sh:inversePath :a ] :b )", ["^http://example.org/a"]),
        ("( [ sh:zeroOrMorePath :a ] :b )", ["http://example.org/a"]),
    ],
)
def test_a_finding_lists_the_steps_with_which_its_path_begins(path: str, steps: list[str]) -> None:
    form = shapes(f":p a sh:PropertyShape ; sh:targetNode :x ; sh:path {path} ; sh:minCount 1 .")
    (finding,) = validate(turtle(":x a :T ."), form).findings
    assert list(finding.paths) == steps


def test_a_closed_shape_names_the_property_that_is_too_much() -> None:
    form = shapes(":Thing a sh:NodeShape ; sh:targetNode :x ; sh:closed true .")
    (finding,) = validate(turtle(":x :a 1 ."), form).findings
    assert (finding.path, finding.paths, finding.term) == (
        "http://example.org/a",
        ("http://example.org/a",),
        '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
    )


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


def test_a_node_shape_keeps_its_own_constraint() -> None:
    form = shapes(
        thing_with("a")
        + field("a", ONE)
        + ':Thing sh:or ( [ sh:path :b ; sh:minCount 1 ] [ sh:path :c ; sh:minCount 1 ] ) ; sh:message "b or c"@en .'
    )
    report = validate(turtle(":x a :T ."), form)
    assert [finding.message for finding in report.findings] == ["a: one value. Add it.", "b or c"]
    assert report.findings[1].value is None
    assert ours(store(turtle(":x a :T .")), form) == plain(store(turtle(":x a :T .")), form)


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


# At most so many


def test_of_more_findings_than_asked_for_the_first_are_listed_and_all_are_counted() -> None:
    data = "".join(f":x{number} a :T ; :b 1 . " for number in range(10, 30))
    report = check(store(turtle(data)), TWO_FIELDS, most=3)
    assert [finding.subject[-3:] for finding in report.findings] == ["x10", "x11", "x12"]
    assert report.counts == {"http://example.org/a": 20}
    assert report.by_severity() == {"Violation": 20, "Warning": 0, "Info": 0}


def test_values_and_missing_values_are_counted_each() -> None:
    form = shapes(thing_with("a") + field("a", "sh:minCount 1 ; sh:maxCount 2 ; sh:nodeKind sh:IRI"))
    data = ':x1 a :T . :x2 a :T ; :a "p", "q" . :x3 a :T ; :a :y, :z, "r" . :x4 a :T ; :a :y .'
    assert check(store(turtle(data)), form, most=1).counts == {"http://example.org/a": 5}


def test_what_sparql_cannot_count_pyshacl_counts() -> None:
    form = shapes(thing_with("a") + field("a", "sh:datatype xsd:date"))
    data = "".join(f':x{day} a :T ; :a "2020-02-{day}"^^xsd:date . ' for day in range(25, 35))
    report = check(store(turtle(data)), form, most=2)
    assert [finding.value for finding in report.findings] == ["2020-02-30", "2020-02-31"]
    assert report.counts == {"http://example.org/a": 5}


# What the libraries cannot do


@pytest.mark.parametrize("values", ["[] ; :end 1", "1 ; :end []"])
def test_a_blank_node_has_no_order_and_is_a_finding(values: str) -> None:
    """pySHACL gives up there."""
    report = check(store(turtle(f":x a :T ; :start {values} . :y a :T ; :start 2 ; :end 1 .")), YEARS)
    assert [finding.subject[-1] for finding in report.findings] == ["x", "y"]
    assert {finding.component for finding in report.findings} == {
        "http://www.w3.org/ns/shacl#LessThanOrEqualsConstraintComponent"
    }


@pytest.mark.parametrize(
    ("value", "findings"),
    [
        ('"NaN"^^xsd:decimal', 1),
        ('"1e3"^^xsd:decimal', 1),
        ('"1_000"^^xsd:integer', 1),
        ('" 1"^^xsd:integer', 1),
        ('"1000"^^xsd:integer', 0),
        ('"NaN"^^xsd:double', 0),
    ],
)
def test_a_number_is_what_xml_schema_says_and_not_what_python_reads(value: str, findings: int) -> None:
    form = shapes(thing_with("a") + field("a", f"sh:datatype {value.split('^^')[1]}"))
    assert len(validate(turtle(f":x a :T ; :a {value} ."), form).findings) == findings


def test_not_a_number_is_not_above_a_decimal() -> None:
    """Python raises InvalidOperation where the two are compared."""
    form = shapes(thing_with("a") + field("a", "sh:minInclusive 1.0"))
    assert len(validate(turtle(':x a :T ; :a "NaN"^^xsd:double .'), form).findings) == 1


def test_a_triple_term_is_no_value() -> None:
    """SHACL knows RDF 1.1."""
    said = ox.Triple(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.NamedNode("urn:o"))
    database = store(turtle(":x a :T ; :a 1 ."))
    database.add(ox.Quad(ox.NamedNode("http://example.org/x"), ox.NamedNode("http://example.org/b"), said))
    assert [finding.field for finding in check(database, shapes(thing_with("a") + field("a", ONE))).findings] == []


def test_a_shape_that_sparql_cannot_read_is_noted() -> None:
    path = "[ sh:inversePath ( :a :b ) ]"
    form = shapes(f":p a sh:PropertyShape ; sh:targetClass :T ; sh:path {path} ; sh:minCount 1 .")
    report = check(store(turtle(":x a :T .")), form)
    assert report.notes == ("pySHACL looked at all focus nodes of <http://example.org/p>.",)
    assert len(report.findings) == 1


def test_a_malformed_shape_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(OntologyError, match=r"A shape is malformed: .*at most one sh:minCount"):
        shapes(":p a sh:PropertyShape ; sh:path :a ; sh:minCount 1, 2 .")


# A change


def test_only_what_a_change_can_have_affected_is_found() -> None:
    database = store(turtle(":x a :T . :y a :T . :z a :T ."))
    changed = [ox.Quad(*triple) for triple in turtle(":y :a 1 .")]
    database.extend(changed)
    report = check(database, TWO_FIELDS, changed=changed)
    assert report.findings == ()  # :a is there now, and nobody touched :b
    assert len(check(database, TWO_FIELDS).findings) == 5


def test_what_a_removal_breaks_is_found() -> None:
    database = store(turtle(":x a :T ; :b 1 . :y a :T ; :b 1 ."))
    removed = [ox.Quad(*triple) for triple in turtle(":x :a 1 .")]
    assert [finding.subject[-1] for finding in check(database, TWO_FIELDS, changed=removed).findings] == ["x"]


# Other languages


def test_translations_stand_beside_the_shapes_and_pyshacl_never_sees_them() -> None:
    form = load_shapes(
        turtle(GROUPS + thing_with("a") + field("a", ONE)),
        turtle(':a sh:name "un"@fr ; sh:message "un : une valeur. Ajoutez-la."@fr . :early rdfs:label "Tôt"@fr .'),
    )
    (finding,) = validate(turtle(":x a :T ."), form, language="fr").findings
    assert (finding.field, finding.group, finding.message) == ("un", "Tôt", "un : une valeur. Ajoutez-la.")
    assert (
        URIRef("http://example.org/a"),
        URIRef("http://www.w3.org/ns/shacl#name"),
        Literal("un", lang="fr"),
    ) not in (form.graph)
