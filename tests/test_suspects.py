"""Which nodes SPARQL suspects: each that fails, and of those that do not only the ones that are told here."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import schema
from itu_align.graph.names import ID
from itu_align.graph.suspect_literals import is_safe
from itu_align.graph.suspect_paths import Alternative, Predicate, Repeat, Sequence, inverse, sparql, steps, walk
from itu_align.graph.suspect_paths import Path as PropertyPath
from itu_align.graph.suspects import Plan
from itu_align.graph.validation import check, shipped_shapes
from plain_shacl import ours, plain, store

EXAMPLES = Path(__file__).parent / "data" / "shapes"
EX = "http://example.org/"
HEAD = f"""
@prefix : <{EX}> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def turtle(text: str) -> list[ox.Triple]:
    return schema.parse_turtle(HEAD + text, "test.ttl")


def quads(text: str) -> list[ox.Quad]:
    return [ox.Quad(*triple) for triple in turtle(text)]


def suspects(shapes: str, data: str, changed: str | None = None) -> dict[str, set[str]]:
    """The suspects by shape, both by the ends of their addresses."""
    found = Plan(turtle(shapes)).suspects(store(turtle(data)), None if changed is None else quads(changed))
    return {end(each.check.unit.shape.node): set(map(end, each.nodes)) for each in found}


def end(term: object) -> str:
    return term.value.removeprefix(EX) if isinstance(term, ox.NamedNode) else str(term)


def on_property(constraint: str) -> str:
    return f":S a sh:PropertyShape ; sh:targetClass :T ; sh:path :p ; {constraint} ."


KNOWN = ":k a :K . :j a :J . :J rdfs:subClassOf :K . :l :q :k ; :r 1 ."


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("sh:class :K", [":k", ":j", ":k, :j"], [":l", "1", ":k, :l"]),
        ("sh:datatype xsd:string", ['"a"'], ['"a"@en', "1", ":k"]),
        ("sh:datatype rdf:langString", ['"a"@en'], ['"a"', ":k"]),
        ("sh:datatype xsd:integer", ["1", "-5"], ['"x"^^xsd:integer', "1.5", '"1"']),
        ("sh:datatype xsd:date", ['"2020-01-31"^^xsd:date'], ['"2020-01-32"^^xsd:date', '"2020"^^xsd:gYear']),
        ("sh:datatype xsd:boolean", ["true"], ['"yes"^^xsd:boolean', "1"]),
        ("sh:nodeKind sh:IRI", [":k"], ['"a"', "[]"]),
        ("sh:nodeKind sh:BlankNodeOrIRI", [":k", "[]"], ['"a"']),
        ("sh:minInclusive 2", ["2", "2.5"], ["1", '"3"', ":k"]),
        ("sh:minExclusive 2", ["3"], ["2"]),
        ("sh:maxInclusive 2", ["2"], ["3"]),
        ("sh:maxExclusive 2", ["1"], ["2"]),
        ("sh:minLength 2", ['"ab"', ":k", "12"], ['"a"', "[]"]),
        ("sh:maxLength 2", ['"ab"', "12"], ['"abc"', ":k", "[]"]),
        ('sh:pattern "^a"', ['"ab"', '"a"@en'], ['"ba"', "[]"]),
        ('sh:languageIn ( "en" "fr" )', ['"a"@en', '"a"@EN-gb', '"a"@fr'], ['"a"@de', '"a"', ":k"]),
        ("sh:uniqueLang true", ['"a"@en, "b"@fr', '"a", "b"'], ['"a"@en, "b"@EN']),
        ("sh:in ( :k 1 )", [":k", "1"], [":l", '"1"']),
        ("sh:hasValue :k", [":k", ":k, :l"], [":l"]),
        ("sh:minCount 2", ["1, 2"], ["1"]),
        ("sh:maxCount 2", ["1, 2"], ["1, 2, 3"]),
        ("sh:equals :o", ["1 ; :o 1"], ["1 ; :o 2", "1", "1 ; :o 1, 2"]),
        ("sh:disjoint :o", ["1 ; :o 2"], ["1 ; :o 1, 2"]),
        ("sh:lessThan :o", ["1 ; :o 2", '"a" ; :o "b"'], ["2 ; :o 2", '1 ; :o "2"', "1 ; :o 2, 0"]),
        ("sh:lessThanOrEquals :o", ["2 ; :o 2"], ["3 ; :o 2"]),
        ("sh:not [ sh:class :K ]", [":l", "1"], [":k"]),
        ("sh:not [ sh:in ( 1 ) ]", ["2"], ["1"]),
        ("sh:and ( [ sh:class :K ] [ sh:nodeKind sh:IRI ] )", [":k"], [":l"]),
        ("sh:or ( [ sh:class :K ] [ sh:datatype xsd:string ] )", [":k", '"a"'], [":l", "1"]),
        ("sh:xone ( [ sh:class :K ] [ sh:class :J ] )", [":k"], [":j", ":l"]),
        ("sh:node [ sh:property [ sh:path :q ; sh:minCount 1 ; sh:class :K ] ]", [":l"], [":k", "1"]),
        ("sh:node [ sh:property [ sh:path :r ; sh:maxCount 0 ] ]", [":k"], [":l"]),
        ("sh:node [ sh:closed true ; sh:ignoredProperties ( rdf:type ) ]", [":k"], [":l"]),
        ("sh:qualifiedValueShape [ sh:class :K ] ; sh:qualifiedMinCount 1", [":k, :l"], [":l"]),
        ("sh:qualifiedValueShape [ sh:class :K ] ; sh:qualifiedMaxCount 1", [":k, :l"], [":k, :j"]),
    ],
)
def test_exactly_the_nodes_that_fail_are_suspects(constraint: str, good: list[str], bad: list[str]) -> None:
    nodes = [(f"good{number}", value) for number, value in enumerate(good)]
    nodes += [(f"bad{number}", value) for number, value in enumerate(bad)]
    data = KNOWN + "".join(f":{name} a :T ; :p {value} . " for name, value in nodes)
    assert suspects(on_property(constraint), data) == {"S": {name for name, _ in nodes if name.startswith("bad")}}


@pytest.mark.parametrize(
    ("constraint", "value"),
    [
        ("sh:datatype xsd:date", '"2020-02-29"^^xsd:date'),
        ("sh:datatype xsd:dateTime", '"2020-01-01T10:00:00.1234567"^^xsd:dateTime'),
        ("sh:datatype xsd:byte", '"1"^^xsd:byte'),
        ('sh:pattern "\\\\d"', '"1"'),
        ('sh:pattern "a$"', '"a\\n"'),
        ("sh:minCount 5", "1, 2, 3, 4, 5"),
        ("sh:minInclusive 1.0e0", "2.0e0"),
    ],
)
def test_where_python_and_sparql_may_differ_a_good_node_is_a_suspect(constraint: str, value: str) -> None:
    data = f":x a :T ; :p {value} ."
    assert suspects(on_property(constraint), data) == {"S": {"x"}}


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        ('sh:pattern "\\\\d"', '"1"'),
        ('sh:pattern "a$"', '"a\\n"'),
        ("sh:datatype xsd:date", '"2020-02-29"^^xsd:date'),
        ("sh:minInclusive 1.0e0", "2.0e0"),
    ],
)
def test_a_doubt_stays_a_doubt_inside_of_not(inner: str, value: str) -> None:
    """pySHACL says that the value conforms to the inner shape, so it is a fault; SPARQL cannot tell."""
    data = f":x a :T ; :p {value} ."
    assert suspects(on_property(f"sh:not [ {inner} ]"), data) == {"S": {"x"}}


@pytest.mark.parametrize(
    "pattern",
    ["^a$", "(a|b)+", "[a-z_]{2,3}", "^C([1-9]|1[01]|7-e[A-Z][A-Za-z]+)$", "[.]mx", "a\\.b", "^https?://", "é+", ""],
)
def test_a_pattern_of_plain_signs_is_read_alike(pattern: str) -> None:
    assert is_safe(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "\\d",
        "\\w",
        "\\bx",
        "(?i)a",
        "(?=a)",
        "(a)\\1",
        "a*+",
        "a{,3}",
        "[[:alpha:]]",
        "[a&&b]",
        "[^\\d]",
        "\\p{L}",
        "a**",
    ],
)
def test_a_pattern_that_may_be_read_otherwise_is_not_safe(pattern: str) -> None:
    assert not is_safe(pattern)


@pytest.mark.parametrize(
    ("target", "focus"),
    [
        ("sh:targetClass :K", {"k", "j"}),
        ("sh:targetNode :k, :absent", {"k", "absent"}),
        ("sh:targetSubjectsOf :q", {"l"}),
        ("sh:targetObjectsOf :q", {"k"}),
        ("sh:targetSubjectsOf :q ; sh:targetClass :J", {"l", "j"}),
        ('sh:targetNode "01"^^xsd:integer', {'"01"^^<http://www.w3.org/2001/XMLSchema#integer>'}),
    ],
)
def test_focus_nodes_are_those_of_the_targets(target: str, focus: set[str]) -> None:
    assert suspects(f":S a sh:NodeShape ; {target} ; sh:nodeKind sh:BlankNode .", KNOWN) == {"S": focus}


def test_a_class_that_is_a_shape_targets_its_instances() -> None:
    assert suspects(":K a sh:NodeShape, rdfs:Class ; sh:nodeKind sh:Literal .", KNOWN) == {"K": {"k", "j"}}


def test_instances_of_a_class_without_a_name_are_focus_nodes() -> None:
    data = ":x a _:c . _:c rdfs:subClassOf :K ."
    assert suspects(":S a sh:NodeShape ; sh:targetClass :K ; sh:nodeKind sh:Literal .", data) == {"S": {"x"}}


def test_a_deactivated_shape_suspects_nobody() -> None:
    shapes = on_property("sh:minCount 1 ; sh:deactivated true")
    assert suspects(shapes, ":x a :T .") == {}
    assert suspects(":N a sh:NodeShape ; sh:targetClass :T ; sh:property :S . " + shapes, ":x a :T .") == {}


@pytest.mark.parametrize(
    ("path", "bad"),
    [
        (":p", {"b", "c", "d"}),
        ("[ sh:inversePath :p ]", {"a", "d"}),
        ("( :p :p )", {"b", "c", "d"}),
        ("[ sh:alternativePath ( :p :o ) ]", {"c", "d"}),
        ("[ sh:zeroOrMorePath :p ]", set()),
        ("[ sh:oneOrMorePath :p ]", {"b", "c", "d"}),
        ("[ sh:zeroOrOnePath :o ]", set()),
    ],
)
def test_values_are_found_on_each_kind_of_path(path: str, bad: set[str]) -> None:
    """a leads to itself by :p, and to b; b leads to c by :o; d stands alone."""
    data = ":a a :T ; :p :b, :c . :a :p :a . :b a :T ; :o :c . :c a :T . :d a :T ."
    shapes = f":S a sh:PropertyShape ; sh:targetClass :T ; sh:path {path} ; sh:minCount 1 ."
    expected = bad - {"a"} if path.startswith("[ sh:inversePath") else bad
    assert suspects(shapes, data) == ({"S": expected} if expected else {})


MEMBERS = """
:N a sh:NodeShape ; sh:targetNode :draft ; sh:property :M .
:M a sh:PropertyShape ; sh:path [ sh:inversePath :status ] ; sh:property :P .
:P a sh:PropertyShape ; sh:path :reason ; sh:minCount 1 .
"""


def test_the_members_of_a_property_shape_are_focus_nodes_themselves() -> None:
    data = ":x :status :draft . :y :status :draft ; :reason 1 . :z :status :final ."
    assert suspects(MEMBERS, data) == {"P": {"x"}}


def test_a_shape_that_leads_back_to_itself_is_left_to_pyshacl() -> None:
    shapes = ":S a sh:NodeShape ; sh:targetClass :T ; sh:property [ sh:path :p ; sh:node :S ; sh:property :Q ] ."
    loop = shapes + " :Q sh:path :q ; sh:property :Q ; sh:minCount 1 ."
    assert suspects(loop, ":x a :T . :y a :U .") == {"S": {"x"}}


# A change


@pytest.mark.parametrize(
    ("shapes", "data", "changed", "affected"),
    [
        (on_property("sh:minCount 1"), ":x a :T . :y a :T .", ":x :p 1", {"x"}),
        (on_property("sh:minCount 1"), ":x a :T . :y a :T .", ":x :q 1", set()),
        (on_property("sh:minCount 1"), ":x a :T . :y a :T .", ":x a :T", {"x"}),
        (on_property("sh:minCount 1"), ":x a :T . :y a :T .", ":z :p 1", set()),
        (on_property("sh:class :K"), ":x a :T ; :p :k . :y a :T ; :p :l .", ":k a :K", {"x"}),
        (on_property("sh:class :K"), ":x a :T ; :p :k . :y a :T ; :p :l .", ":k a :Other", set()),
        (on_property("sh:class :K"), ":J rdfs:subClassOf :K . :x a :T ; :p :k .", ":k a :J", {"x"}),
        (on_property("sh:class :K"), ":x a :T ; :p :k . :y a :T ; :p :l .", ":J rdfs:subClassOf :K", {"x", "y"}),
        (on_property("sh:lessThan :o"), ":x a :T ; :p 2 ; :o 1 . :y a :T ; :p 2 ; :o 1 .", ":x :o 3", {"x"}),
        (
            on_property("sh:qualifiedValueShape [ sh:property [ sh:path :q ; sh:class :K ] ] ; sh:qualifiedMinCount 2"),
            ":x a :T ; :p :a . :a :q :k . :y a :T ; :p :b .",
            ":k a :K",
            {"x"},
        ),
        (":S a sh:NodeShape ; sh:targetClass :T ; sh:closed true .", ":x a :T . :y a :T .", ":x :any 1", {"x"}),
        (
            ":S a sh:NodeShape ; sh:targetObjectsOf :q ; sh:nodeKind sh:Literal .",
            ":a :q :x . :b :q :y .",
            ":a :q :x",
            {"x"},
        ),
        (
            ":S a sh:PropertyShape ; sh:targetClass :T ; sh:path ( [ sh:inversePath :q ] :p ) ; sh:minCount 1 .",
            ":x a :T . :a :q :x . :y a :T . :b :q :y .",
            ":a :p 1",
            {"x"},
        ),
        (
            ":S a sh:PropertyShape ; sh:targetClass :T ; sh:path [ sh:zeroOrMorePath :p ] ; sh:class :K .",
            ":x a :T ; :p :a . :a :p :b . :y a :T ; :p :c .",
            ":b :p :d",
            {"x"},
        ),
    ],
)
def test_a_change_leads_to_the_focus_nodes_that_read_it(
    shapes: str, data: str, changed: str, affected: set[str]
) -> None:
    """All fail here, so the suspects are the affected ones."""
    assert suspects(shapes, data, changed + " .") == ({"S": affected} if affected else {})


def test_a_change_of_one_member_does_not_lead_to_the_others() -> None:
    data = ":x :status :draft . :y :status :draft ."
    assert suspects(MEMBERS, data, ":x :reason 1 .") == {"P": {"x"}}
    assert suspects(MEMBERS, data, ":y :status :draft .") == {"P": {"y"}}


def test_blank_nodes_are_suspects_of_a_change_as_sparql_cannot_name_them() -> None:
    database = store(turtle("[] a :T ; :p 1 ."))
    found = list(Plan(turtle(on_property("sh:minCount 1"))).suspects(database, list(database)))
    assert [type(node) for each in found for node in each.nodes] == [ox.BlankNode]


def test_no_change_leads_nowhere() -> None:
    assert suspects(on_property("sh:minCount 1"), ":x a :T .", "") == {}


# Paths

P, Q = (Predicate(ox.NamedNode(EX + name)) for name in "pq")
PATHS: list[tuple[PropertyPath, str, set[str]]] = [
    (P, "<http://example.org/p>", {"b"}),
    (inverse(P), "^<http://example.org/p>", set()),
    (Sequence((P, Q)), "(<http://example.org/p>/<http://example.org/q>)", {"c"}),
    (inverse(Sequence((P, Q))), "(^<http://example.org/q>/^<http://example.org/p>)", set()),
    (Alternative((P, Q)), "(<http://example.org/p>|<http://example.org/q>)", {"b"}),
    (Repeat(P, optional=True, many=True), "(<http://example.org/p>)*", {"a", "b", "d"}),
    (Repeat(P, optional=False, many=True), "(<http://example.org/p>)+", {"b", "d"}),
    (Repeat(P, optional=True, many=False), "(<http://example.org/p>)?", {"a", "b"}),
]
GRAPH = ":a :p :b . :b :q :c ; :p :d . :d :p :b ."


@pytest.mark.parametrize(("path", "text", "ends"), PATHS)
def test_a_path_is_walked_as_sparql_reads_it(path: PropertyPath, text: str, ends: set[str]) -> None:
    database, start = store(turtle(GRAPH)), ox.NamedNode(EX + "a")
    assert sparql(path) == text
    assert set(map(end, walk(database, path, start))) == ends
    asked = database.query(f"SELECT DISTINCT ?v {{ VALUES ?f {{ {start} }} ?f {text} ?v }}")
    assert {end(row[0]) for row in asked} == ends


def test_each_step_of_a_path_knows_what_is_before_and_after_it() -> None:
    again = Repeat(Q, optional=True, many=True)
    found = list(steps(Sequence((P, Repeat(Q, optional=False, many=True)))))
    assert [(sparql(step.before), step.predicate.value[-1], sparql(step.after)) for step in found] == [
        ("()", "p", sparql(Repeat(Q, optional=False, many=True))),
        (sparql(Sequence((P, again))), "q", sparql(again)),
    ]


# The shipped shapes


def renamed(term: object, described: set[object], number: int) -> object:
    return ox.NamedNode(f"{term.value}-{number}") if isinstance(term, ox.NamedNode) and term in described else term


def test_all_failing_examples_together_give_the_results_of_plain_pyshacl() -> None:
    """Each with addresses of its own, except for what the shapes name."""
    shapes, kept = shipped_shapes(), {term for triple in schema.shapes_triples() for term in triple}
    triples = [t for t in schema.ontology_triples() if t.predicate.value.endswith("#subClassOf")]
    for number, file in enumerate(sorted(EXAMPLES.glob("*/fail-*.ttl"))):
        example = schema.parse_turtle(file.read_text("utf-8"), file.name)
        described = {triple.subject for triple in example if str(triple.subject).startswith(f"<{ID}")} - kept
        triples += [ox.Triple(*(renamed(term, described, number) for term in triple)) for triple in example]
    database = store(triples)
    expected = plain(database, shapes)
    assert len({shape for shape, *_ in expected}) > 300
    assert ours(database, shapes) == expected
    listed = {(f.shape, f.focus, f.term) for f in check(database, most=len(expected)).findings}
    assert listed == {(shape, focus, value) for shape, focus, _, value, *_ in expected}
