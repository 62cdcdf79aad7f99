"""The default graph of a store as rdflib sees it, read where pySHACL looks and nowhere else.

A look-up takes a few microseconds, so a shape costs what it reads at its focus nodes, however large the graph is.
"""

import re
from collections.abc import Iterable, Iterator
from math import isnan
from typing import NamedTuple

import pyoxigraph as ox
from rdflib import XSD, BNode, Graph, Literal, URIRef
from rdflib.plugins.stores.memory import SimpleMemory
from rdflib.term import IdentifiedNode, Node, bind

from .suspect_paths import DEFAULT, Term

_STRING = str(XSD.string)
_LEXICAL = {
    XSD.integer: re.compile(r"[+-]?[0-9]+"),
    XSD.decimal: re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"),
}
_YEAR = re.compile(r"(-?\d{4,})(?:-(0[1-9]|1[0-2]))?(?:Z|[+-]\d\d:\d\d)?")


class _Incomparable(Literal):
    """A literal that has no order: rdflib would raise an error where it is compared, and pySHACL passes that on.

    SHACL calls two such values not comparable, which breaks sh:lessThanOrEquals
    (https://www.w3.org/TR/shacl/#LessThanOrEqualsConstraintComponent).
    """

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__


class _IllTyped(_Incomparable):
    """A text that is no value of its datatype, as "2020-13-45" for a date."""

    __slots__ = ()

    @property
    def ill_typed(self) -> bool:
        """Python reads more texts as numbers than XML Schema does, as "1_000" and "NaN"; rdflib takes these."""
        return True

    @property
    def value(self) -> None:
        """An ill-typed literal has none, also where rdflib knows one, as 300 for a byte."""
        return


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


class View(SimpleMemory):
    """An rdflib store that looks everything up in another; RDF 1.2 triple terms are not there for it."""

    def __init__(self, database: ox.Store) -> None:
        super().__init__()
        self._database = database
        self._nodes: dict[object, IdentifiedNode | Literal] = {}
        self._terms: dict[Node, Term] = {}

    def triples(
        self,
        triple_pattern: tuple[Node | None, Node | None, Node | None],
        context: Graph | None = None,  # noqa: ARG002
    ) -> Iterator[tuple[tuple[Node, Node, Node], Iterator[Graph]]]:
        """What matches; None stands for anything."""
        subject, predicate, value = (None if node is None else self.term(node) for node in triple_pattern)
        if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode | None):
            return
        for quad in self._database.quads_for_pattern(subject, predicate, value, DEFAULT):
            if not isinstance(quad.subject, ox.Triple) and not isinstance(quad.object, ox.Triple):
                yield (self.node(quad.subject), self.node(quad.predicate), self.node(quad.object)), iter(())

    def __len__(self, context: Graph | None = None) -> int:
        """PySHACL asks only whether there is anything, and asks that often."""
        return 1

    def node(self, term: Term) -> IdentifiedNode | Literal:
        """The rdflib node for a term."""
        node = self._nodes.get(term)
        if node is None:
            node = self._nodes[term] = to_node(term)
            self._terms[node] = term
        return node

    def term(self, node: Node) -> Term:
        """The term for an rdflib node."""
        term = self._terms.get(node)
        if term is None:
            term = self._terms[node] = to_term(node)
        return term


def to_graph(triples: Iterable[ox.Triple]) -> Graph:
    """The triples as an rdflib graph of their own."""
    graph = Graph(bind_namespaces="none")
    for triple in triples:
        graph.add((to_node(triple.subject), to_node(triple.predicate), to_node(triple.object)))
    return graph


def to_node(term: object) -> IdentifiedNode | Literal:
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
            return _typed(term.value, URIRef(term.datatype.value))
        case _:
            raise TypeError(f"SHACL has no place for the term {term}.")


def _typed(text: str, datatype: URIRef) -> Literal:
    lexical = _LEXICAL.get(datatype)
    if lexical is not None and lexical.fullmatch(text) is None:
        return _IllTyped(text, datatype=datatype, normalize=False)
    literal = Literal(text, datatype=datatype, normalize=False)
    if literal.ill_typed:
        return _IllTyped(text, datatype=datatype, normalize=False)
    if isinstance(literal.value, float) and isnan(literal.value):
        return _Incomparable(text, datatype=datatype, normalize=False)
    return literal


def to_term(node: Node) -> Term:
    """The term for an rdflib node."""
    match node:
        case URIRef():
            return ox.NamedNode(str(node))
        case BNode():
            return ox.BlankNode(str(node))
        case Literal() if node.language:
            return ox.Literal(str(node), language=node.language)
        case Literal() if node.datatype:
            return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype)))
        case _:
            return ox.Literal(str(node))
