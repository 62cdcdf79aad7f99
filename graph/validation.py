"""Stage 4: the graph against the shapes; what SHACL reports becomes a sorted list of findings.

Only this file knows pySHACL (https://www.w3.org/TR/shacl/). Warnings and Infos are kept as findings, but do not make
a graph invalid. Each shape's `sh:name`, `sh:group` and `sh:order` are read from the shapes graph, since a
SHACL report carries none of them.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import pyoxigraph as ox
import pyshacl
from pyshacl.errors import ConstraintLoadError, ShapeLoadError
from rdflib import DCTERMS, RDF, RDFS, SH, SKOS, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import IdentifiedNode, Node, bind

from .errors import OntologyError
from .finding import SEVERITIES, Finding, Report
from .names import shorten
from .schema import shapes_triples

_TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
_LABELS = (SKOS.prefLabel, DCTERMS.title, RDFS.label, DCTERMS.identifier)
_LOGGERS = ("pyshacl-validate", "rdflib.term")
_STRING = str(XSD.string)
_LAST = 1_000_000.0
_YEAR = re.compile(r"(-?\d{4,})(?:-(0[1-9]|1[0-2]))?(?:Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, slots=True)
class Shapes:
    """A shapes graph as written, to look things up, and the equal one that pySHACL runs faster."""

    graph: Graph
    fast: Graph


class _Incomparable(Literal):
    """A text that is no value of its datatype, as "2020-13-45" for a date.

    rdflib raises TypeError where it is compared with another of its datatype, and pySHACL passes that on. SHACL
    calls two such values not comparable, which breaks sh:lessThanOrEquals
    (https://www.w3.org/TR/shacl/#LessThanOrEqualsConstraintComponent).
    """

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__


class _Year(NamedTuple):
    """The value of an xsd:gYear or xsd:gYearMonth, for which rdflib has none and so no order."""

    year: int
    month: int

    @classmethod
    def read(cls, text: str) -> "_Year":
        match = _YEAR.fullmatch(text)
        if match is None:
            raise ValueError(text)
        return cls(int(match[1]), int(match[2] or 0))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}" if self.month else f"{self.year:04}"


# rdflib keeps these for the whole process; no other part of it uses rdflib.
bind(XSD.gYear, _Year, _Year.read, datatype_specific=True)
bind(XSD.gYearMonth, _Year, _Year.read, datatype_specific=True)


def load_shapes(triples: Iterable[ox.Triple]) -> Shapes:
    """The shapes, ready to validate any number of graphs."""
    with _quiet():
        graph = _to_rdflib(triples)
    return Shapes(graph, _with_targets_on_properties(graph))


@cache
def shipped_shapes() -> Shapes:
    """The shapes of the shapes folder. Raises OntologyError with file, line and column where one is no Turtle."""
    return load_shapes(shapes_triples())


def validate(triples: Iterable[ox.Triple], shapes: Shapes | None = None, language: str = "en") -> Report:
    """What the shapes (the shipped ones by default) find in the triples.

    Nothing is inferred here. A shape for a class meets the members of its subclasses only where the triples hold
    the ontology's `rdfs:subClassOf` or the derived types.
    """
    shapes = shapes or shipped_shapes()
    with _quiet():
        data = _to_rdflib(triples)
        try:
            _, results, _ = pyshacl.validate(data, shacl_graph=shapes.fast, inplace=True, allow_warnings=True)
        except (ShapeLoadError, ConstraintLoadError) as error:
            raise OntologyError(f"A shape is malformed: {error}", hint="Mend it in the shapes folder.") from None
    if not isinstance(results, Graph):  # pySHACL hands back its exception in the place of the report
        raise TypeError(f"The shapes graph is malformed: {results}")
    return Report(_findings(results, data, shapes.graph, language))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log lines of the libraries: an ill-typed literal is our finding, not a message on the terminal."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def _with_targets_on_properties(shapes: Graph) -> Graph:
    """The shapes with the targets of each node shape moved to its property shapes.

    This means the same (https://www.w3.org/TR/shacl/#PropertyConstraintComponent), but pySHACL then checks all focus
    nodes of a property shape at once, not one by one: 4 s in place of 14 s for 51,000 triples. A node
    shape with constraints of its own keeps its targets for these.
    """
    fast = Graph()
    fast += shapes
    for node in set(shapes.subjects(SH.property)) - set(shapes.subjects(SH.path)):
        targets = [(kind, target) for kind in _TARGETS for target in shapes.objects(node, kind)]
        for member in shapes.objects(node, SH.property) if targets else ():
            fast.remove((node, SH.property, member))
            for kind, target in targets:
                fast.add((member, kind, target))
    return fast


def _to_rdflib(triples: Iterable[ox.Triple]) -> Graph:
    graph = Graph(bind_namespaces="none")
    known: dict[object, IdentifiedNode | Literal] = {}
    for triple in triples:
        nodes = []
        for term in triple:
            node = known.get(term)
            if node is None:
                node = known[term] = _node(term)
            nodes.append(node)
        graph.add((nodes[0], nodes[1], nodes[2]))
    return graph


def _node(term: object) -> IdentifiedNode | Literal:
    """The rdflib term with the same characters: without `normalize=False` "01" would become "1"."""
    match term:
        case ox.NamedNode():
            return URIRef(term.value)
        case ox.BlankNode():
            return BNode(term.value)
        case ox.Literal() if term.language is not None:
            return Literal(term.value, lang=term.language)
        case ox.Literal() if term.datatype.value == _STRING:
            return Literal(term.value)
        case ox.Literal():
            literal = Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)
            return literal if not literal.ill_typed else _Incomparable(term.value, datatype=literal.datatype)
        case _:
            raise TypeError(f"SHACL has no place for the term {term}.")


def _findings(results: Graph, data: Graph, shapes: Graph, language: str) -> tuple[Finding, ...]:
    """Each finding once: a value that breaks two constraints of one shape gets one message."""
    labels: Callable[[Node], str] = cache(lambda subject: _label(data, subject, language))
    found = {_finding(result, results, shapes, labels, language) for result in results.objects(None, SH.result)}
    groups = _group_orders(shapes)
    return tuple(sorted(found, key=lambda finding: _key(finding, groups)))


def _finding(result: Node, results: Graph, shapes: Graph, labels: Callable[[Node], str], language: str) -> Finding:
    shape, subject = results.value(result, SH.sourceShape), results.value(result, SH.focusNode)
    severity, value = results.value(result, SH.resultSeverity), results.value(result, SH.value)
    if shape is None or subject is None:
        raise TypeError(f"pySHACL reported a result without shape or focus node: {result}")
    group, order, path = (shapes.value(shape, predicate) for predicate in (SH.group, SH.order, SH.path))
    return Finding(
        severity=str(severity).removeprefix(str(SH)),
        shape=str(shape),
        field=_text(shapes, shape, SH.name, language) or shorten(str(shape)),
        group=_text(shapes, group, RDFS.label, language) if group is not None else "",
        order=float(str(order)) if order is not None else _LAST,
        subject=str(subject),
        subject_label=labels(subject),
        path=_path_text(shapes, path) if path is not None else None,
        value=str(value) if value is not None and (value != subject or path is not None) else None,
        message=_text(results, result, SH.resultMessage, language),
    )


def _path_text(shapes: Graph, path: Node) -> str:
    """An IRI, or the path in SPARQL's signs: `^` for the inverse, `|` between alternatives."""
    if (inverse := shapes.value(path, SH.inversePath)) is not None:
        return f"^{inverse}"
    if (alternatives := shapes.value(path, SH.alternativePath)) is not None:
        return "|".join(str(member) for member in Collection(shapes, alternatives))
    return str(path)


def _text(graph: Graph, subject: Node, predicate: URIRef, language: str) -> str:
    """The text in the language, else in English, else the first in order; empty where there is none."""
    texts = sorted(value for value in graph.objects(subject, predicate) if isinstance(value, Literal))
    for wanted in (language, "en"):
        for text in texts:
            if text.language == wanted:
                return str(text)
    return str(texts[0]) if texts else ""


def _label(data: Graph, subject: Node, language: str) -> str:
    for predicate in _LABELS:
        if text := _text(data, subject, predicate, language):
            return text
    return str(subject).rstrip("/").rsplit("/", 1)[-1]


def _group_orders(shapes: Graph) -> Mapping[str, float]:
    """The place of each group, by each of its labels."""
    return {
        str(label): float(str(shapes.value(group, SH.order) or _LAST))
        for group in shapes.subjects(RDF.type, SH.PropertyGroup)
        for label in shapes.objects(group, RDFS.label)
    }


def _key(finding: Finding, groups: Mapping[str, float]) -> tuple[int, float, float, str, str, str, str]:
    return (
        SEVERITIES.index(finding.severity),
        groups.get(finding.group, _LAST),
        finding.order,
        finding.subject,
        finding.path or "",
        finding.value or "",
        finding.shape,
    )
