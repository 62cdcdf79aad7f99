"""Graphs and shapes made by chance: the suspects lead to the results of plain pySHACL, and a change to those that it
can have affected.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeAlias

import pyoxigraph as ox
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from itu_align.graph import schema
from itu_align.graph.suspect_scan import number_of_findings
from itu_align.graph.suspect_units import Hierarchy, unaskable
from itu_align.graph.suspect_view import View
from itu_align.graph.validation import Shapes, load_shapes
from plain_shacl import Found, NotComparableError, ours, plain, store
from rdflib import RDF, Graph
from rdflib.term import Node

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

HEAD = """
@prefix : <http://example.org/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
NODES = [":a", ":b", ":c", ":d", "_:x", "_:y"]
CLASSES = [":A", ":B", ":C", "_:K"]
PROPERTIES = [":p", ":q", ":r"]
LITERALS = [
    '""', '"a"', '"abc"', '"b\\n"', '"true"', '"a"@en', '"a"@en-GB', '"b"@en', '"a"@fr',
    "1", "2", "-3", "2.5", "true", "false", "1.5e0",
    '"x"^^xsd:integer', '"1_0"^^xsd:integer', '" 1"^^xsd:integer', '"99999999999999999999"^^xsd:integer',
    '"1e1"^^xsd:decimal', '"300"^^xsd:byte', '"TRUE"^^xsd:boolean', '"NaN"^^xsd:double',
    '"2020-01-31"^^xsd:date', '"2020-02-29"^^xsd:date', '"2020-02-30"^^xsd:date', '"2020-01-31Z"^^xsd:date',
    '"2020"^^xsd:gYear', '"2019"^^xsd:gYear', '"20x0"^^xsd:gYear', '"2020-05"^^xsd:gYearMonth',
    '"2020-01-01T10:00:00"^^xsd:dateTime', '"2020-01-01T10:00:00Z"^^xsd:dateTime',
    '"2020-01-01T11:30:00+02:00"^^xsd:dateTime', '"2020-01-01T10:00:00.1234567Z"^^xsd:dateTime',
    '"2020-13-01T10:00:00Z"^^xsd:dateTime', '"http://x"^^xsd:anyURI', '"P1D"^^xsd:duration', '"k"^^:custom',
]  # fmt: skip
LANGUAGES = ['"en"', '"FR"', '"en-gb"', '"*"']
DATATYPES = [
    "xsd:string", "rdf:langString", "xsd:integer", "xsd:decimal", "xsd:boolean", "xsd:date", "xsd:gYear",
    "xsd:dateTime", "xsd:byte", "xsd:double", "xsd:anyURI", "xsd:gYearMonth", ":custom", "rdfs:Literal",
]  # fmt: skip
BOUNDS = [
    "1",
    "2.0",
    '"a"',
    '"2020-01-31"^^xsd:date',
    '"2019"^^xsd:gYear',
    '"2020-01-01T10:00:00Z"^^xsd:dateTime',
    "1.0e0",
]
PATTERNS = ["^a", "a$", "^[a-c]+$", ".b", "(a|b)c?", "\\\\d", "^.{1,2}$", "a b", "(?i)A", "b\\\\n"]
TERMS = [*NODES[:4], *LITERALS[:14], '"01"^^xsd:integer']
SIMPLE = {
    "class": CLASSES[:3],
    "datatype": DATATYPES,
    "nodeKind": ["sh:IRI", "sh:Literal", "sh:BlankNodeOrIRI", "sh:IRIOrLiteral"],
    **dict.fromkeys(("minInclusive", "minExclusive", "maxInclusive", "maxExclusive"), BOUNDS),
    **{name: ["0", "1", "2", "4"] for name in ("minLength", "maxLength")},
    "pattern": [f'"{pattern}"' for pattern in PATTERNS],
    **{name: [""] for name in ("languageIn", "in", "closed")},
    "hasValue": TERMS,
    **dict.fromkeys(("equals", "disjoint"), PROPERTIES),
}
NESTED = ("and", "or", "xone", "not", "node")
OF_PROPERTY = {
    **{name: ["0", "1", "2", "3"] for name in ("minCount", "maxCount")},
    "uniqueLang": ["true"],
    **dict.fromkeys(("lessThan", "lessThanOrEquals"), PROPERTIES),
}
TARGETS = {
    "targetClass": CLASSES[:3],
    "targetNode": [*NODES[:4], '"a"', "1"],
    **dict.fromkeys(("targetSubjectsOf", "targetObjectsOf"), PROPERTIES),
}
SHORT = st.integers(1, 3)


class Writer:
    """Writes data and shapes in Turtle, as hypothesis draws."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def one(self, *choices: str) -> str:
        return self._draw(st.sampled_from(choices))

    def some(self, write: Callable[[], str], least: int = 1) -> list[str]:
        return [write() for _ in range(max(least, self._draw(SHORT)))]

    def list_of(self, write: Callable[[], str], least: int = 1) -> str:
        return f"( {' '.join(self.some(write, least))} )"

    def statement(self) -> str:
        match self._draw(st.integers(0, 9)):
            case 0:
                return f"{self.one(*CLASSES)} rdfs:subClassOf {self.one(*CLASSES)}"
            case 1 | 2:
                return f"{self.one(*NODES)} a {self.one(*CLASSES)}"
            case n:
                return f"{self.one(*NODES)} {self.one(*PROPERTIES)} {self.one(*(NODES if n < 6 else LITERALS))}"

    def path(self, depth: int = 2) -> str:
        deeper = partial(self.path, depth - 1)
        match self._draw(st.integers(0, 9)) if depth else 9:
            case 0:
                return self.list_of(deeper, 2)
            case 1:
                return f"[ sh:inversePath {deeper()} ]"
            case 2:
                return f"[ sh:alternativePath {self.list_of(deeper, 2)} ]"
            case 3:
                return f"[ sh:{self.one('zeroOrMorePath', 'oneOrMorePath', 'zeroOrOnePath')} {deeper()} ]"
            case _:
                return self.one(*PROPERTIES)

    def constraint(self, depth: int) -> str:
        """What both kinds of shapes may ask for."""
        name = self.one(*SIMPLE, *(NESTED if depth else ()))
        inner = partial(self.shape, depth - 1)
        write: dict[str, Callable[[], str]] = {
            "not": inner,
            "node": lambda: f"[ {self.node(depth - 1)} ]",
            **{operator: partial(self.list_of, inner) for operator in ("and", "or", "xone")},
            "languageIn": lambda: self.list_of(partial(self.one, *LANGUAGES)),
            "in": lambda: self.list_of(partial(self.one, *TERMS)),
            "closed": lambda: f"true{self.one('', f' ; sh:ignoredProperties {self.properties()}')}",
        }
        return f"sh:{name} {write[name]() if name in write else self.one(*SIMPLE[name])}"

    def properties(self) -> str:
        return self.list_of(partial(self.one, *PROPERTIES))

    def of_property(self, depth: int) -> str:
        """What property shapes may ask for beyond that."""
        name = self.one(*OF_PROPERTY, *(("qualified",) if depth else ()))
        if name != "qualified":
            return f"sh:{name} {self.one(*OF_PROPERTY[name])}"
        count = f"sh:qualified{self.one('Min', 'Max')}Count {self.one('0', '1', '2')}"
        disjoint = f"sh:qualifiedValueShapesDisjoint {self.one('true', 'false')}"
        return f"sh:qualifiedValueShape {self.shape(depth - 1)} ; {count} ; {disjoint}"

    def property(self, depth: int) -> str:
        of_both, more = partial(self.constraint, depth), partial(self.of_property, depth)
        parts = [part for write in (of_both, more) for part in self.some(write)]
        members = self.members(depth - 1) if depth and self.one("", "", "members") else []
        return " ; ".join([f"sh:path {self.path()}", *once(parts), *members])

    def node(self, depth: int) -> str:
        return " ; ".join(
            [*once(self.some(partial(self.constraint, depth))), *(self.members(depth - 1) if depth else [])]
        )

    def members(self, depth: int) -> list[str]:
        return [f"sh:property [ {self.property(depth)} ]" for _ in range(self._draw(SHORT) - 1)]

    def shape(self, depth: int) -> str:
        return f"[ {self.property(depth) if self.one('p', 'n') == 'p' else self.node(depth)} ]"

    def target(self) -> str:
        name = self.one(*TARGETS)
        return f"sh:{name} {self.one(*TARGETS[name])}"

    def form(self) -> str:
        """Shapes with targets."""
        lines = []
        for number in range(self._draw(SHORT)):
            kind = self.one("PropertyShape", "NodeShape")
            body = self.property(2) if kind == "PropertyShape" else self.node(2)
            lines.append(f":S{number} a sh:{kind} ; {body} ; {' ; '.join(self.some(self.target))} .")
        return "\n".join(lines)


def once(parts: list[str]) -> Iterable[str]:
    """Each parameter once: SHACL allows most of them only one value."""
    return {part.split()[0]: part for part in parts}.values()


@st.composite
def forms(draw: Draw) -> str:
    return Writer(draw).form()


@st.composite
def data(draw: Draw, least: int = 3, most: int = 25) -> list[str]:
    return [Writer(draw).statement() for _ in range(draw(st.integers(least, most)))]


def read(form: str) -> Shapes:
    return load_shapes(schema.parse_turtle(HEAD + form, "shapes.ttl"))


def triples(lines: list[str]) -> list[ox.Triple]:
    return schema.parse_turtle(HEAD + "".join(f"{line} .\n" for line in lines), "data.ttl")


CHECKS = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


@CHECKS
@given(data(), forms())
def test_results_are_those_of_plain_pyshacl(lines: list[str], form: str) -> None:
    database, shapes = store(triples(lines)), read(form)
    try:
        expected = plain(database, shapes)
    except NotComparableError:
        assume(condition=False)
    assert ours(database, shapes) == expected


@CHECKS
@given(data(), forms())
def test_where_sparql_can_count_it_counts_what_pyshacl_finds(lines: list[str], form: str) -> None:
    database, shapes = store(triples(lines)), read(form)
    hierarchy = Hierarchy(database)
    for suspects in shapes.plan.suspects(database):
        check = suspects.check
        if not check.countable or any(unaskable(database, source, hierarchy) for source in check.unit.sources):
            continue
        name = check.unit.shape.node.value
        results = {(focus, value) for shape, focus, _, value, *_ in ours(database, shapes) if shape == name}
        if check.unit.shape.path is None:  # the value of a node shape is the focus node
            results = {(focus, None) for focus, _ in results}
        assert number_of_findings(database, check) == len(results)


@CHECKS
@given(data(), data(0, 4), data(0, 4), forms())
def test_a_change_leads_to_the_results_that_it_can_have_made(
    lines: list[str], inserted: list[str], removed: list[str], form: str
) -> None:
    """Of all results after it, none is missed that was not there before, and none of a node that reads the change."""
    database, shapes = store(triples([*lines, *removed])), read(form)
    try:
        before = plain(database, shapes)
        quads = set(database)
        for triple in triples(removed):
            database.remove(ox.Quad(*triple))
        database.extend(ox.Quad(*triple) for triple in triples(inserted))
        after = plain(database, shapes)
    except NotComparableError:
        assume(condition=False)
    changed = set(database) ^ quads
    found = ours(database, shapes, changed)
    assert found <= after
    assert after - before <= found
    assert {result for result in after if reads(database, shapes, result, changed)} <= found


class Recorder(View):
    """Remembers what was looked up."""

    def __init__(self, database: ox.Store) -> None:
        super().__init__(database)
        self.patterns: list[tuple[object, ...]] = []

    def triples(
        self, triple_pattern: tuple[Node | None, Node | None, Node | None], context: Graph | None = None
    ) -> Iterator[tuple[tuple[Node, Node, Node], Iterator[Graph]]]:
        self.patterns.append(tuple(triple_pattern))
        return super().triples(triple_pattern, context)


def reads(database: ox.Store, shapes: Shapes, result: Found, changed: set[ox.Quad]) -> bool:
    """Whether pySHACL looks at a changed triple to come to the result. Types are left out: it reads them all."""
    view = Recorder(database)
    if result[1].startswith('"'):
        return False
    focus = ox.NamedNode(result[1][1:-1]) if result[1].startswith("<") else ox.BlankNode(result[1][2:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shapes.judge.results(view.node(shape_node(result[0])), Graph(store=view), [view.node(focus)], whole=False)
        nodes = [tuple(map(view.node, quad.triple)) for quad in changed]
    return any(
        all(asked is None or asked == node for asked, node in zip(pattern, triple, strict=True))
        for pattern in view.patterns
        for triple in nodes
        if triple[1] != RDF.type
    )


def shape_node(name: str) -> ox.NamedNode | ox.BlankNode:
    return ox.NamedNode(name) if ":" in name else ox.BlankNode(name)
