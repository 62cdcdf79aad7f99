"""Each shape once passes and once fails, with its own message; none is misspelt, so none conforms in silence.

`data/shapes/<Class>/pass.ttl` holds valid records of a class, from our facts; `fail-<property>.ttl` is the same with
one thing broken, which its first line names. pySHACL ignores an unknown term, a shape without a constraint and a
target that matches nothing: the tests in the second half find these.
"""

import re
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import schema
from itu_align.graph.finding import SEVERITIES, Finding
from itu_align.graph.names import ALIGN, ID, PREFIXES, SHAPE
from itu_align.graph.validation import shipped_shapes, validate
from rdflib import DCTERMS, RDF, RDFS, SH, SKOS, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

DATA = Path(__file__).parent / "data" / "shapes"
SHAPES = shipped_shapes().graph
SUBCLASS_OF = ox.NamedNode(str(RDFS.subClassOf))
HIERARCHY = [triple for triple in schema.ontology_triples() if triple.predicate == SUBCLASS_OF]
ANNOTATIONS = {SH.name, SH.description, SH.order, SH.group, SH.severity, SH.message, SH.path}
TARGETS = (SH.targetClass, SH.targetNode)
MADE_HERE = {"ConceptScheme", "Table"}
# Properties of SSSOM that only a suggestion bears; no table holds suggestions yet.
SUGGESTION = {  # what suggested and decided alignments will carry: no fact has them yet
    PREFIXES["sssom"] + n for n in ("mapping_tool", "mapping_tool_version", "similarity_score", "reviewer_id")
}
# What one broken thing sets off beside the shape that it was broken for.
COMPANIONS = {
    "Bureau-name": {"Organization-nameInEnglish"},
    "CharteredGroup-name": {"Organization-nameInEnglish"},
    "MatrixLink-date": {"PublishedAlignment-dateKnown"},
    "Sector-name": {"Organization-nameInEnglish"},
    "StudyGroup-name": {"Organization-nameInEnglish"},
}


SELECTORS = set(SHAPES.subjects(SH.path)) & set(SHAPES.subjects(SH.property))
"""Property shapes that only lead from a value to the things that have it, as from `derived` to derived alignments."""


def by_name(shapes: set[Node]) -> dict[str, Node]:
    return {str(shape).removeprefix(SHAPE): shape for shape in sorted(shapes)}


PROPERTY_SHAPES = by_name(set(SHAPES.subjects(SH.path)) - SELECTORS)
NODE_SHAPES = by_name(set(SHAPES.subjects(RDF.type, SH.NodeShape)))


@cache
def triples(path: Path) -> tuple[ox.Triple, ...]:
    return tuple(schema.parse_turtle(path.read_text("utf-8"), path.name))


def found(path: Path) -> list[Finding]:
    return list(validate([*triples(path), *HIERARCHY]).findings)


@cache
def found_in_pass(name: str) -> list[Finding]:
    return found(DATA / name / "pass.ttl")


def what(finding: Finding) -> tuple[str, str, str | None]:
    return finding.shape, finding.subject, finding.value


def name_of(path: Path) -> str:
    """The local name of the shape that an example fails."""
    return f"{path.parent.name}-{path.stem.removeprefix('fail-')}"


FAILING = {name_of(path): path for path in sorted(DATA.glob("*/fail-*.ttl"))}


@pytest.mark.parametrize("name", NODE_SHAPES)
def test_valid_records_conform(name: str) -> None:
    assert [finding.text() for finding in found_in_pass(name) if finding.severity != "Info"] == []


@pytest.mark.parametrize("path", FAILING.values(), ids=FAILING)
def test_one_broken_thing_gives_one_finding(path: Path) -> None:
    expected = {name_of(path), *COMPANIONS.get(name_of(path), ())}
    before = {what(finding) for finding in found_in_pass(path.parent.name)}
    after = found(path)
    new = [finding for finding in after if what(finding) not in before]
    assert sorted(finding.shape.removeprefix(SHAPE) for finding in new) == sorted(expected)
    assert before <= {what(finding) for finding in after}
    for finding in new:
        shape = URIRef(finding.shape)
        assert finding.severity == str(SHAPES.value(shape, SH.severity)).removeprefix(str(SH))
        assert finding.message == str(SHAPES.value(shape, SH.message))


@pytest.mark.parametrize("path", FAILING.values(), ids=FAILING)
def test_a_failing_example_says_what_is_broken_and_differs_little(path: Path) -> None:
    assert re.match(r"# Broken: .+\.\n", path.read_text("utf-8"))
    valid, broken = set(triples(path.parent / "pass.ttl")), set(triples(path))
    changed = {(triple.subject, triple.predicate) for triple in valid ^ broken}
    assert len({subject for subject, _ in changed}) == 1
    assert len(changed) <= 2 or path.parent.name == "PartOfC7"


def test_each_property_shape_has_a_failing_example() -> None:
    assert set(FAILING) == set(PROPERTY_SHAPES)


def test_each_node_shape_has_a_valid_example() -> None:
    assert {path.parent.name for path in DATA.glob("*/pass.ttl")} == set(NODE_SHAPES)


def in_rdflib(path: Path) -> Graph:
    graph = Graph()
    graph.parse(path)
    for triple in HIERARCHY:
        if isinstance(triple.object, ox.NamedNode):
            graph.add((URIRef(triple.subject.value), RDFS.subClassOf, URIRef(triple.object.value)))
    return graph


def focus_nodes(shape: Node, data: Graph) -> set[Node]:
    """The nodes at which the property shapes of a node shape look."""
    classes = [
        c for target in SHAPES.objects(shape, SH.targetClass) for c in data.transitive_subjects(RDFS.subClassOf, target)
    ]
    nodes = {node for target in classes for node in data.subjects(RDF.type, target)}
    for selector in set(SHAPES.objects(shape, SH.property)) & SELECTORS:
        chosen = SHAPES.value(SHAPES.value(selector, SH.path), SH.inversePath)
        nodes |= {node for value in SHAPES.objects(shape, SH.targetNode) for node in data.subjects(chosen, value)}
    return nodes


def values(shape: Node, focus: Node, data: Graph) -> set[Node]:
    path = SHAPES.value(shape, SH.path)
    if (inverse := SHAPES.value(path, SH.inversePath)) is not None:
        return set(data.subjects(inverse, focus))
    if (alternatives := SHAPES.value(path, SH.alternativePath)) is not None:
        return {value for member in Collection(SHAPES, alternatives) for value in data.objects(focus, member)}
    return set(data.objects(focus, path))


@pytest.mark.parametrize("name", NODE_SHAPES)
def test_each_property_shape_meets_a_value_in_the_valid_example(name: str) -> None:
    data = in_rdflib(DATA / name / "pass.ttl")
    nodes = focus_nodes(NODE_SHAPES[name], data)
    assert nodes
    forbidding = set(SHAPES.subjects(SH.maxCount, Literal(0)))
    own = [shape for local, shape in PROPERTY_SHAPES.items() if local.split("-")[0] == name and shape not in forbidding]
    assert [shape for shape in own if not any(values(shape, node, data) for node in nodes)] == []


# The shapes themselves


@pytest.mark.parametrize(("name", "shape"), PROPERTY_SHAPES.items(), ids=PROPERTY_SHAPES)
def test_a_property_shape_is_complete(name: str, shape: Node) -> None:
    for predicate in (SH.name, SH.description, SH.message):
        assert [text.language for text in SHAPES.objects(shape, predicate) if isinstance(text, Literal)] == ["en"]
    for predicate in (SH.order, SH.group, SH.severity):
        assert len(list(SHAPES.objects(shape, predicate))) == 1
    assert str(SHAPES.value(shape, SH.severity)).removeprefix(str(SH)) in SEVERITIES
    assert (SHAPES.value(shape, SH.group), RDF.type, SH.PropertyGroup) in SHAPES
    assert re.fullmatch(r"[A-Z]\w+-[a-z]\w*", name)
    assert (shape, RDF.type, SH.PropertyShape) in SHAPES
    assert set(SHAPES.predicates(shape)) - ANNOTATIONS - {RDF.type}, "no constraint"


@pytest.mark.parametrize(("name", "shape"), PROPERTY_SHAPES.items(), ids=PROPERTY_SHAPES)
def test_a_message_names_field_expectation_and_remedy(name: str, shape: Node) -> None:
    field, message = SHAPES.value(shape, SH.name), str(SHAPES.value(shape, SH.message))
    assert message.startswith(f"{field}: "), name
    assert re.fullmatch(r"[^:]+: .+\. [A-Z].+\.", message)
    assert "{" not in message, "pySHACL fills no placeholder in a core constraint"


def test_groups_are_labelled_and_ordered() -> None:
    groups = list(SHAPES.subjects(RDF.type, SH.PropertyGroup))
    orders = [int(str(SHAPES.value(group, SH.order))) for group in groups]
    assert sorted(orders) == list(range(1, len(groups) + 1))
    labels = {str(label) for group in groups for label in SHAPES.objects(group, RDFS.label)}
    assert len(labels) == len(groups)
    assert set(SHAPES.objects(None, SH.group)) == set(groups)


def members(shape: Node) -> set[Node]:
    direct = set(SHAPES.objects(shape, SH.property))
    return (direct - SELECTORS) | {m for selector in direct & SELECTORS for m in SHAPES.objects(selector, SH.property)}


def test_each_property_shape_belongs_to_the_node_shape_in_its_name() -> None:
    for name, shape in NODE_SHAPES.items():
        own = {shape for local, shape in PROPERTY_SHAPES.items() if local.split("-")[0] == name}
        assert members(shape) == own, name
        assert own, name


def test_no_two_fields_of_a_node_shape_have_one_place() -> None:
    for name, shape in NODE_SHAPES.items():
        orders = [str(SHAPES.value(member, SH.order)) for member in members(shape)]
        assert len(orders) == len(set(orders)), name


def test_a_node_shape_has_label_and_target_and_no_constraint_of_its_own() -> None:
    allowed = {RDF.type, RDFS.label, RDFS.comment, SH.property, *TARGETS}
    for name, shape in NODE_SHAPES.items():
        assert set(SHAPES.predicates(shape)) <= allowed, name
        assert any(SHAPES.value(shape, target) or list(SHAPES.objects(shape, target)) for target in TARGETS), name
        assert SHAPES.value(shape, RDFS.label), name


def test_each_term_of_shacl_exists_and_is_of_the_core() -> None:
    used = {term for triple in SHAPES for term in triple if str(term).startswith(str(SH))}
    assert {term for term in used if term not in SH} == set()
    assert not used & {SH.sparql, SH.select, SH.node, SH.js, SH.rule}


def test_each_term_that_a_shape_names_is_declared(ontology: set[ox.Triple]) -> None:
    """A path, target or value of a misspelt name would match nothing, and so conform."""
    declared = {triple.subject.value for triple in ontology}
    vocabularies = [
        namespace
        for prefix, namespace in PREFIXES.items()
        if prefix not in ("sh", "shape", "xsd", "sdg", "rdfs", "rdf")
    ]
    used = {str(term) for triple in SHAPES for term in triple if isinstance(term, URIRef)}
    assert {iri for iri in used if any(map(iri.startswith, vocabularies)) and iri not in declared} == set()


def test_each_path_is_used_by_the_facts_or_by_a_suggestion(shipped: dict[str, list[ox.Triple]]) -> None:
    used = {triple.predicate.value for graph in shipped.values() for triple in graph} | SUGGESTION
    documented = {ALIGN + name for name in ("alsoNumbered", "documentRevision", "concernsLine", "concernsGoal")}
    paths = {str(path) for path in SHAPES.objects(None, SH.path) if isinstance(path, URIRef)}
    assert paths - used - documented == set()


def test_each_thing_that_a_shape_names_is_in_the_facts(shipped: dict[str, list[ox.Triple]]) -> None:
    subjects = {triple.subject.value for graph in shipped.values() for triple in graph}
    things = {
        str(term) for triple in SHAPES for term in triple if isinstance(term, URIRef) and str(term).startswith(ID)
    }
    assert things - subjects == set()


def above(name: str) -> set[str]:
    """The class and its superclasses."""
    direct = {t.object.value for t in HIERARCHY if t.subject.value == name and isinstance(t.object, ox.NamedNode)}
    return {name}.union(*map(above, direct))


def targets_of(*names: str) -> set[str]:
    return {str(target) for name in names for target in SHAPES.objects(NODE_SHAPES[name], SH.targetClass)}


def test_each_class_of_the_facts_has_a_shape_and_must_name_its_source(shipped: dict[str, list[ox.Triple]]) -> None:
    tables = [graph for name, graph in shipped.items() if name not in ("ontology", "derived", "examples")]
    classes = {triple.object.value for graph in tables for triple in graph if triple.predicate.value == str(RDF.type)}
    covered, sourced = targets_of(*(set(NODE_SHAPES) - {"Record"})), targets_of("Record")
    assert len(classes) > 40
    assert {name for name in classes if not above(name) & covered} == set()
    assert {re.split("[#/]", name)[-1] for name in classes if not above(name) & sourced} == MADE_HERE


def test_the_built_graph_has_no_violation(shipped: dict[str, list[ox.Triple]]) -> None:
    report = validate(set().union(*shipped.values()))
    assert [finding.text() for finding in report.violations] == []
    assert report.conforms


def test_a_reference_to_nothing_is_found_though_its_class_is_derived(shipped: dict[str, list[ox.Triple]]) -> None:
    """The range of a property makes its object a member of a class; the shape of that class then misses all else."""
    nothing = ox.NamedNode(ID + "body/nothing")
    added = {
        ox.Triple(ox.NamedNode(ID + "question/ITU-T-Q6.5-2017"), ox.NamedNode(ALIGN + "studiedBy"), nothing),
        ox.Triple(nothing, ox.NamedNode(str(RDF.type)), ox.NamedNode(ALIGN + "StudyGroup")),
    }
    report = validate(set().union(added, *shipped.values()))
    assert {finding.shape.removeprefix(SHAPE) for finding in report.violations if finding.subject == nothing.value} >= {
        "Record-source",
        "StudyGroup-number",
    }


def test_a_reference_to_nothing_is_found_in_an_alignment(shipped: dict[str, list[ox.Triple]]) -> None:
    """Even where the range of another property makes it a goal."""
    nothing = ox.NamedNode(ID + "goal/nothing")
    added = {ox.Triple(nothing, ox.NamedNode(str(RDF.type)), ox.NamedNode(PREFIXES["sdgo"] + "Goal"))}
    kept = set()
    for triple in set().union(*shipped.values()):
        moved = (
            triple.subject.value.endswith("id/alignment/matrix-C9-9-9.c") and triple.predicate.value == ALIGN + "object"
        )
        kept.add(ox.Triple(triple.subject, triple.predicate, nothing) if moved else triple)
    found = {
        finding.shape.removeprefix(SHAPE)
        for finding in validate(kept | added).violations
        if finding.value == nothing.value
    }
    assert "Alignment-object" in found


NAMES = {str(DCTERMS.identifier), str(DCTERMS.title), str(SKOS.prefLabel)}


@pytest.mark.parametrize("name", NODE_SHAPES)
def test_an_empty_identifier_title_or_name_is_found(name: str) -> None:
    named = {t for t in triples(DATA / name / "pass.ttl") if t.predicate.value in NAMES}
    emptied = {
        ox.Triple(t.subject, t.predicate, ox.Literal("", language=t.object.language))
        for t in named
        if isinstance(t.object, ox.Literal)
    }
    changed = ({*triples(DATA / name / "pass.ttl"), *HIERARCHY} - named) | emptied
    found = {(finding.subject, finding.path) for finding in validate(changed).violations if finding.value == ""}
    assert {(t.subject.value, t.predicate.value) for t in emptied} - found == set()
