"""Contradictions are found and named; the shipped graph has none. Needs Java, as the reasoner does."""

import shutil
import tempfile

import owlready2
import pyoxigraph as ox
import pytest
from itu_align.graph import consistency
from itu_align.graph.consistency import ConsistencyReport, check_consistency
from itu_align.graph.names import ALIGN, mint
from rdf import turtle

X = "<http://example.org/x>"
JAVA = pytest.mark.skipif(shutil.which("java") is None, reason="no Java runtime: install a JRE")


@JAVA
@pytest.mark.java
def test_the_ontology_is_consistent_and_every_class_can_have_members(ontology: set[ox.Triple]) -> None:
    assert check_consistency(ontology) == ConsistencyReport(
        consistent=True, unsatisfiable=(), detail="consistent, and every class can have members"
    )


@JAVA
@pytest.mark.java
def test_the_shipped_graph_is_consistent(shipped: dict[str, list[ox.Triple]]) -> None:
    report = check_consistency({triple for triples in shipped.values() for triple in triples})
    assert report.consistent, report
    assert report.unsatisfiable == ()


@JAVA
@pytest.mark.java
@pytest.mark.parametrize(
    ("planted", "causes"),
    [
        ("ex:x a align:Question, align:Document .", [f"{X} rdf:type align:Document align:Question"]),
        ("ex:x align:extent align:whole, align:part .", [f"{X} align:extent align:part align:whole"]),
        ("ex:q align:studiedBy ex:x . ex:x a align:Sector .", [f"{X} rdf:type align:Sector align:StudyGroup"]),
        ("ex:x align:facilitates sdg:9 . sdg:9 a sdgo:Goal .", ["sdg:9 rdf:type sdgo:Goal align:ActionLine"]),
        ("ex:x a align:Event ; prov:wasAttributedTo ex:y .", [f"{X} rdf:type prov:Activity prov:Entity"]),
        ("ex:x a align:Award ; align:status align:published .", [f"{X} rdf:type align:Alignment align:Award"]),
        ("ex:x align:status align:whole .", ["align:whole rdf:type align:AlignmentStatus align:ContinuationExtent"]),
        ("ex:x a align:Award ; align:studyPeriod ex:p .", []),  # no member of a union of classes: HermiT alone sees it
        ("ex:x align:continues ex:x .", []),
        ("ex:x align:groupNumber '15' .", []),
        ("ex:x align:groupNumber 15, 16 .", [f"{X} align:groupNumber 15 16"]),
    ],
)  # fmt: skip
def test_a_planted_contradiction_is_found_and_its_cause_named(
    ontology: set[ox.Triple], planted: str, causes: list[str]
) -> None:
    report = check_consistency(ontology | turtle(planted))
    assert report.consistent is False
    assert set(causes) <= set(report.causes)
    assert bool(causes) == bool(report.causes)


@JAVA
@pytest.mark.java
def test_a_class_that_can_have_no_members_is_named(ontology: set[ox.Triple]) -> None:
    planted = turtle("ex:C a owl:Class ; rdfs:subClassOf align:Question, align:Document .")
    report = check_consistency(ontology | planted)
    assert (report.consistent, report.unsatisfiable) == (True, ("http://example.org/C",))
    assert "http://example.org/C" in report.detail


@JAVA
@pytest.mark.java
def test_dates_languages_and_odd_texts_do_not_stop_the_reasoner(ontology: set[ox.Triple]) -> None:
    odd = turtle(r"""
        ex:x align:startYear "2017"^^xsd:gYear ; align:endYear "odd"^^xsd:gYear .
        ex:y schema:startDate "2020-02"^^xsd:gYearMonth, "2020-02-30"^^xsd:date ; align:statement ""@zh-Hans,
          "a \"q\" \\ \n \t \u0001 é 漢 \U0001F600"@fr, "x"^^ex:unknown ; ex:undeclared 1 .
    """)
    assert check_consistency(ontology | odd).consistent is True


@JAVA
@pytest.mark.java
def test_two_start_years_contradict_though_the_reasoner_sees_texts(ontology: set[ox.Triple]) -> None:
    report = check_consistency(ontology | turtle('ex:x align:startYear "2017"^^xsd:gYear, "2018"^^xsd:gYear .'))
    assert report.consistent is False
    assert report.causes == (f"{X} align:startYear 2017 2018",)


@JAVA
@pytest.mark.java
def test_a_literal_against_its_datatype_is_named(ontology: set[ox.Triple]) -> None:
    report = check_consistency(ontology | turtle("ex:x align:groupNumber 'abc'^^xsd:integer ."))
    assert report.consistent is False
    assert report.detail.startswith("malformed literal: ")
    assert "abc" in report.detail


@JAVA
@pytest.mark.java
def test_the_check_leaves_no_file_and_prints_nothing(
    ontology: set[ox.Triple], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("reasoner")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert check_consistency(ontology).consistent is True
    assert check_consistency(ontology | turtle("ex:x a align:Question, align:Document .")).consistent is False
    assert list(folder.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_without_java_the_check_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistency.shutil, "which", lambda _: None)
    assert check_consistency([]) == ConsistencyReport(None, (), "not checked: no Java runtime found")


def test_a_reasoner_that_fails_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise owlready2.OwlReadyJavaError("Java error message is:\nOutOfMemoryError: Java heap space\n at x")

    monkeypatch.setattr(consistency.shutil, "which", lambda _: "java")
    monkeypatch.setattr(consistency.owlready2, "sync_reasoner_hermit", fails)
    report = check_consistency(turtle(f"<{mint('question', 'x')}> a <{ALIGN}Question> ."))
    assert report.consistent is None
    assert report.detail == "not checked: HermiT stopped with: OutOfMemoryError: Java heap space"
