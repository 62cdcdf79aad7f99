"""The terms that a query writes: what they mean, and how one is written in that query."""

import re
from typing import Final, Self

import pyoxigraph as ox
from lark import Token, Tree

from .grammar import Query
from .names import XSD, shorten
from .prologue import Prologue
from .rules import walk

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_LOCAL: Final = re.compile(r"[\w-]*\w|")
_BARE: Final = {XSD + "integer": r"[+-]?\d+", XSD + "decimal": r"[+-]?\d*\.\d+", XSD + "boolean": "true|false"}
"""Datatypes that a value written so has without saying it."""

_LITERALS: Final = frozenset({"rdf_literal", "numeric_literal", "boolean_literal"})


class Terms(Prologue):
    """The prologue of a query, by which terms are read and written."""

    __slots__ = ()

    @classmethod
    def of(cls, query: Query) -> Self:
        """That of the declarations at the head of a query."""
        terms = cls()
        head = query.tree.children[0]
        for declaration in walk(head) if isinstance(head, Tree) else ():
            terms.declare(declaration)
        return terms

    def term(self, node: Tree[Token], text: str) -> ox.NamedNode | ox.Literal | None:
        """The constant that a node of the tree is; None for all others, and for an IRI that is none.

        `text` is what the node reads: a literal means the same in Turtle, whose parser is used.
        """
        try:
            if node.data == "iri":
                return ox.NamedNode(self.iri(node))
            return self._literal(node, text) if node.data in _LITERALS else None
        except (ValueError, SyntaxError):
            return None

    def _literal(self, node: Tree[Token], text: str) -> ox.Literal:
        if node.data == "boolean_literal":
            text = text.lower()
        datatype = next(node.find_data("iri"), None)
        if datatype is not None:
            text = f"{node.children[0]}^^<{self.iri(datatype)}>"
        literal = next(iter(ox.parse(f"<urn:s> <urn:p> {text} .", format=ox.RdfFormat.TURTLE))).object
        assert isinstance(literal, ox.Literal)  # noqa: S101 - no other term is written so
        return literal

    def write(self, term: Term) -> str:
        """The term as this query can write it, shortened by its prefixes only."""
        if isinstance(term, ox.NamedNode):
            return self._name(term.value)
        if not isinstance(term, ox.Literal):
            return "a blank node" if isinstance(term, ox.BlankNode) else "a triple"
        datatype = term.datatype.value
        if datatype in _BARE and re.fullmatch(_BARE[datatype], term.value):
            return term.value
        if term.language or datatype == XSD + "string":
            return str(term)
        return f"{ox.Literal(term.value)}^^{self._name(datatype)}"

    def _name(self, iri: str) -> str:
        fitting = (
            f"{prefix}:{iri[len(namespace) :]}"
            for prefix, namespace in self.prefixes.items()
            if namespace and iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace))
        )
        return min(fitting, key=len, default=f"<{iri}>")

    def show(self, iri: str) -> str:
        """The IRI for people: shortened by the query's prefixes, else by those of the endpoint."""
        name = self._name(iri)
        return name if not name.startswith("<") else shorten(iri)
