"""The report as RDF: the rules of https://www.w3.org/TR/shacl/#validation-report, paths, places, three syntaxes."""

from dataclasses import replace

import pyoxigraph as ox
import pytest
import rdflib
from itu_align.graph.report.formats import Checked, write
from rdflib import DCTERMS, PROV, RDF, RDFS, SH, BNode, Literal, URIRef
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from reports import FORMULA, IN_ORDER, MISSING, NOWHERE, RICH, TITLE, UNKNOWN, WRONG_LANGUAGE, checked

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's JSON-LD

EARL = rdflib.Namespace("http://www.w3.org/ns/earl#")
PTR = rdflib.Namespace("http://www.w3.org/2009/pointers#")
ALIGN = rdflib.Namespace("https://w3id.org/itu-align/ontology#")
SYNTAXES = {
    "turtle": ("turtle", ox.RdfFormat.TURTLE),
    "jsonld": ("json-ld", ox.RdfFormat.JSON_LD),
    "nt": ("nt", ox.RdfFormat.N_TRIPLES),
}


def graph(about: Checked, name: str = "turtle") -> rdflib.Graph:
    return rdflib.Graph().parse(data=write(about, name), format=SYNTAXES[name][0])


def report(found: rdflib.Graph) -> rdflib.term.Node:
    (node,) = found.subjects(RDF.type, SH.ValidationReport)
    return node


def only_result(found: rdflib.Graph) -> rdflib.term.Node:
    (node,) = found.objects(report(found), SH.result)
    return node


def test_syntaxes_say_the_same() -> None:
    turtle, jsonld, nt = (graph(RICH, name) for name in SYNTAXES)
    assert isomorphic(turtle, nt)
    assert isomorphic(jsonld, nt)


@pytest.mark.parametrize("name", SYNTAXES)
def test_two_libraries_read_the_same_number_of_statements(name: str) -> None:
    read = {quad.triple for quad in ox.parse(write(RICH, name), format=SYNTAXES[name][1])}
    assert len(read) == len(graph(RICH, name))


@pytest.mark.parametrize("about", [RICH, checked(), checked(*IN_ORDER, files=())], ids=["rich", "empty", "no files"])
def test_report_keeps_the_rules_of_shacl(about: Checked) -> None:
    found = graph(about)
    node = report(found)
    (conforms,) = found.objects(node, SH.conforms)
    results = set(found.objects(node, SH.result))
    assert conforms == Literal(not results)
    assert results == set(found.subjects(RDF.type, SH.ValidationResult))
    for result in results:
        for exactly in (SH.focusNode, SH.resultSeverity, SH.sourceConstraintComponent):
            assert len(set(found.objects(result, exactly))) == 1
        for at_most in (SH.resultPath, SH.value, SH.sourceShape):
            assert len(set(found.objects(result, at_most))) <= 1
        (component,) = found.objects(result, SH.sourceConstraintComponent)
        assert isinstance(component, URIRef)
        messages = list(found.objects(result, SH.resultMessage))
        assert len({text.language for text in messages if isinstance(text, Literal)}) == len(messages)


def test_result_tells_what_was_broken() -> None:
    found = graph(checked(WRONG_LANGUAGE))
    node = only_result(found)
    told = {(predicate, object_) for predicate, object_ in found.predicate_objects(node) if predicate != EARL.pointer}
    assert told == {
        (RDF.type, SH.ValidationResult),
        (SH.focusNode, URIRef("https://example.org/a1")),
        (SH.resultPath, URIRef(TITLE)),
        (SH.value, Literal("Atelier", lang="fr")),
        (SH.sourceShape, URIRef("https://w3id.org/itu-align/shapes#Activity-title")),
        (SH.sourceConstraintComponent, SH.LanguageInConstraintComponent),
        (SH.resultSeverity, SH.Violation),
        (SH.resultMessage, Literal(WRONG_LANGUAGE.message, lang="en")),
    }


def test_inverse_path_is_a_path_again() -> None:
    found = graph(checked(MISSING))
    (path,) = found.objects(only_result(found), SH.resultPath)
    assert list(found.predicate_objects(path)) == [(SH.inversePath, URIRef("https://example.org/series"))]


def test_alternative_path_is_a_list_of_paths_again() -> None:
    found = graph(checked(UNKNOWN))
    (path,) = found.objects(only_result(found), SH.resultPath)
    (members,) = found.objects(path, SH.alternativePath)
    first, second = Collection(found, members)
    assert first == URIRef(TITLE)
    assert list(found.predicate_objects(second)) == [(SH.inversePath, URIRef("https://example.org/aligns"))]


def test_place_is_a_pointer_into_the_file() -> None:
    found = graph(checked(WRONG_LANGUAGE))
    (pointer,) = found.objects(only_result(found), EARL.pointer)
    (file,) = found.objects(pointer, PTR.reference)
    assert (pointer, RDF.type, PTR.LineCharPointer) in found
    assert found.value(pointer, PTR.lineNumber) == Literal(3, datatype=rdflib.XSD.positiveInteger)
    assert found.value(pointer, PTR.charNumber) == Literal(5, datatype=rdflib.XSD.positiveInteger)
    assert found.value(pointer, RDFS.label) == Literal('row 3, column "title@en"', lang="en")
    assert found.value(file, DCTERMS.title) == Literal("data/our activities.csv")
    assert found.value(file, ALIGN.sha256) == Literal("a" * 64)
    assert (report(found), PROV.wasDerivedFrom, file) in found


def test_finding_without_a_place_has_no_pointer() -> None:
    found = graph(checked(NOWHERE))
    assert list(found.objects(only_result(found), EARL.pointer)) == []


def test_blank_nodes_of_the_data_are_none_of_the_report() -> None:
    found = graph(checked(replace(MISSING, focus="_:report"), replace(MISSING, focus="_:result1")))
    focuses = {found.value(result, SH.focusNode) for result in found.objects(report(found), SH.result)}
    assert len(focuses) == 2
    assert all(isinstance(focus, BNode) and not list(found.predicate_objects(focus)) for focus in focuses)


def test_fault_of_a_file_is_a_part_of_the_report_but_no_result() -> None:
    found = graph(checked(FORMULA))
    assert found.value(report(found), SH.conforms) == Literal(True)  # noqa: FBT003 - an RDF literal
    assert found.value(report(found), EARL.outcome) == EARL.failed
    (part,) = found.objects(report(found), DCTERMS.hasPart)
    assert (part, RDF.type, EARL.TestResult) in found
    assert found.value(part, SH.resultMessage) == Literal(FORMULA.message, lang="en")
    (pointer,) = found.objects(part, EARL.pointer)
    assert found.value(pointer, RDFS.label) == Literal('sheet "Activities", cell B3', lang="en")


def test_warnings_break_conformance_for_shacl_but_not_for_us() -> None:
    found = graph(checked(UNKNOWN))
    assert found.value(report(found), SH.conforms) == Literal(False)  # noqa: FBT003 - an RDF literal
    assert found.value(report(found), EARL.outcome) == EARL.passed


def test_comments_tell_verdict_what_is_left_out_and_versions() -> None:
    found = graph(RICH)
    assert {str(comment) for comment in found.objects(report(found), RDFS.comment)} == {
        "Does not conform. 1,003 violations, 1 warning, 1 info.",
        "Title [Activity-title]: 1,000 more of this kind not listed",
        "One shape was checked by the slower engine.",
        "Version of the shapes: 0.1.0",
        "Version of the data: 7",
    }


def test_texts_have_the_language_of_the_check() -> None:
    found = graph(checked(WRONG_LANGUAGE, language="fr"))
    (message,) = found.objects(only_result(found), SH.resultMessage)
    assert isinstance(message, Literal)
    assert message.language == "fr"


def test_hostile_texts_stay_literals() -> None:
    hostile = 'x" .\n_:report <urn:p> "y\\\x1b'
    found = graph(checked(replace(WRONG_LANGUAGE, message=hostile, field=hostile)))
    assert found.value(only_result(found), SH.resultMessage) == Literal(hostile, lang="en")
    assert (None, URIRef("urn:p"), None) not in found
