"""What a store holds, counted: the numbers that its VoID description states (https://www.w3.org/TR/void/#statistics).

A few grouped queries over the default graph, not one for each class, so that it can be done after each commit.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import pyoxigraph as ox

from . import names

Numbers = dict[str, int]

_PREFIXES: Final = f"""PREFIX align: <{names.ALIGN}>
PREFIX dcterms: <{names.DCTERMS}>
PREFIX owl: <{names.PREFIXES["owl"]}>
PREFIX prov: <{names.PROV}>
PREFIX rdf: <{names.RDF}>
PREFIX void: <{names.PREFIXES["void"]}>
"""
_SIZE: Final = "(COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)"
_WHOLE: Final = f"SELECT {_SIZE} {{ ?s ?p ?o }}"
_ENTITIES: Final = f'SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{names.ID}")) }}'
_PROPERTIES: Final = f"SELECT ?p {_SIZE} {{ ?s ?p ?o }} GROUP BY ?p"
_CLASSES: Final = "SELECT ?c (COUNT(*) AS ?n) (MIN(STR(?s)) AS ?first) { ?s a ?c } GROUP BY ?c"
_CLASS_PROPERTIES: Final = f"SELECT ?c ?p {_SIZE} {{ ?s a ?c ; ?p ?o }} GROUP BY ?c ?p"
_DATATYPES: Final = """SELECT ?c ?p ?kind (COUNT(*) AS ?n)
{ ?s a ?c ; ?p ?o FILTER(isLiteral(?o)) BIND(DATATYPE(?o) AS ?kind) }
GROUP BY ?c ?p ?kind"""
_OBJECT_CLASSES: Final = """SELECT ?c ?p ?kind (COUNT(*) AS ?n)
{ ?s a ?c ; ?p ?o . ?o a ?kind FILTER(?p != rdf:type) }
GROUP BY ?c ?p ?kind"""
_GRAPHS: Final = f"SELECT ?g {_SIZE} (COUNT(DISTINCT ?p) AS ?n) {{ GRAPH ?g {{ ?s ?p ?o }} }} GROUP BY ?g"
_GRAPH_CLASSES: Final = "SELECT ?g (COUNT(DISTINCT ?c) AS ?n) { GRAPH ?g { ?s a ?c } } GROUP BY ?g"
_TABLES: Final = """SELECT ?g (MIN(STR(?written)) AS ?title)
{ ?g prov:wasDerivedFrom ?t . ?t a align:Table ; dcterms:title ?written }
GROUP BY ?g"""
_LICENCES: Final = """SELECT DISTINCT ?g ?licence
{ GRAPH ?g { ?o a owl:Ontology ; dcterms:license ?licence FILTER(isIRI(?licence)) } }"""
_LINKS: Final = """SELECT ?target ?p (COUNT(*) AS ?n)
{
  { SELECT DISTINCT ?target ?s ?p ?o
    { ?m a align:ExternalMapping ; align:externalDataset ?target ;
        align:subject ?s ; align:mappingPredicate ?p ; align:object ?o FILTER(isIRI(?target)) } }
  ?s ?p ?o
} GROUP BY ?target ?p ORDER BY ?target ?p"""
_TARGETS: Final = """CONSTRUCT { ?d a void:Dataset ; dcterms:title ?title ; void:uriSpace ?space }
WHERE {
  { SELECT DISTINCT ?d { ?m align:externalDataset ?d } }
  OPTIONAL { ?d dcterms:title ?title }
  OPTIONAL { ?d void:uriSpace ?space }
}"""


@dataclass(frozen=True, slots=True)
class Size:
    """Triples, and how many different subjects and objects they have."""

    triples: int
    subjects: int
    objects: int


@dataclass(frozen=True, slots=True)
class ClassProperty:
    """The triples with one property whose subjects are of one class; triples by datatype and by class of the object.

    The classes that an object of `rdf:type` has itself are left out: they help nobody to complete a query.
    """

    size: Size
    datatypes: Mapping[str, int]
    classes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Class:
    """The things of one class: how many, the first IRI among them in order, and their properties."""

    entities: int
    first: str
    properties: Mapping[str, ClassProperty]


@dataclass(frozen=True, slots=True)
class Graph:
    """A named graph; the title is that of the table it was made from, the licences are those of its ontologies."""

    size: Size
    properties: int
    classes: int
    title: str | None
    licences: Sequence[str]


@dataclass(frozen=True, slots=True)
class Links:
    """The triples with one property that lead from things of ours into the data set of somebody else."""

    target: str
    predicate: str
    triples: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """A store counted. All but `graphs` is said of the default graph; `entities` are the things that we minted."""

    size: Size
    entities: int
    distinct_classes: int
    properties: Mapping[str, Size]
    classes: Mapping[str, Class]
    graphs: Mapping[str, Graph]
    links: Sequence[Links]
    targets: Sequence[ox.Triple]


def measure(database: ox.Store) -> Statistics:
    """Count a store that is read."""
    classes = list(_select(database, _CLASSES))
    return Statistics(
        size=next(_size(row) for row in _select(database, _WHOLE)),
        entities=next(_number(row) for row in _select(database, _ENTITIES)),
        distinct_classes=len(classes),
        properties={row["p"].value: _size(row) for row in _select(database, _PROPERTIES)},
        classes=_classes(classes, _class_properties(database)),
        graphs=_graphs(database),
        links=[Links(row["target"].value, row["p"].value, _number(row)) for row in _select(database, _LINKS)],
        targets=list(cast("ox.QueryTriples", database.query(_PREFIXES + _TARGETS))),
    )


def _classes(rows: Sequence[ox.QuerySolution], properties: Mapping[str, dict[str, ClassProperty]]) -> dict[str, Class]:
    """A class that is a blank node (an anonymous class expression) has no address to be described under."""
    return {
        row["c"].value: Class(_number(row), _text(row, "first"), properties.get(row["c"].value, {}))
        for row in rows
        if _is_iri(row["c"])
    }


def _class_properties(database: ox.Store) -> dict[str, dict[str, ClassProperty]]:
    datatypes, objects = _kinds(database, _DATATYPES), _kinds(database, _OBJECT_CLASSES)
    found: dict[str, dict[str, ClassProperty]] = defaultdict(dict)
    for row in _select(database, _CLASS_PROPERTIES):
        key = row["c"].value, row["p"].value
        found[key[0]][key[1]] = ClassProperty(_size(row), datatypes[key], objects[key])
    return found


def _kinds(database: ox.Store, query: str) -> dict[tuple[str, str], Numbers]:
    """Triples by class, property and datatype or class of the object."""
    found: dict[tuple[str, str], Numbers] = defaultdict(dict)
    for row in _select(database, query):
        if _is_iri(row["kind"]):
            found[row["c"].value, row["p"].value][row["kind"].value] = _number(row)
    return found


def _graphs(database: ox.Store) -> dict[str, Graph]:
    """A graph whose name is a blank node is left out: nobody can ask for it."""
    classes = {row["g"]: _number(row) for row in _select(database, _GRAPH_CLASSES)}
    titles = {row["g"]: _text(row, "title") for row in _select(database, _TABLES)}
    licences: dict[object, list[str]] = defaultdict(list)
    for row in _select(database, _LICENCES):
        licences[row["g"]].append(row["licence"].value)
    return {
        g.value: Graph(_size(row), _number(row), classes.get(g, 0), titles.get(g), sorted(licences[g]))
        for row in _select(database, _GRAPHS)
        if _is_iri(g := row["g"])
    }


def _select(database: ox.Store, query: str) -> Iterator[ox.QuerySolution]:
    return iter(cast("ox.QuerySolutions", database.query(_PREFIXES + query)))


def _size(row: ox.QuerySolution) -> Size:
    return Size(_number(row, "triples"), _number(row, "subjects"), _number(row, "objects"))


def _number(row: ox.QuerySolution, variable: str = "n") -> int:
    return int(_text(row, variable))


def _text(row: ox.QuerySolution, variable: str) -> str:
    term = row[variable]
    return term.value if isinstance(term, ox.Literal) else ""


def _is_iri(term: object) -> bool:
    return isinstance(term, ox.NamedNode)
