"""The parts of an update that the engine reads for us: names, data and templates.

https://www.w3.org/TR/sparql11-update/#deleteInsert. A template is read as the data of an INSERT DATA on an empty
store, with an IRI of ours in the place of each variable: prefixed names, escapes, lists and blank nodes then mean
what they mean to the engine, and literals have the form in which it stores them (`01` is `1`).
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox
from lark import Token, Tree

from . import rules
from .prologue import Prologue

Graph = ox.NamedNode | ox.BlankNode | ox.DefaultGraph
_Term = Graph | ox.Literal | ox.Triple
_Piece = tuple[int, int, str]

_NODES: Final = (ox.NamedNode, ox.BlankNode)
_OBJECTS: Final = (ox.NamedNode, ox.BlankNode, ox.Literal, ox.Triple)
_GRAPHS: Final = (ox.NamedNode, ox.DefaultGraph)
_DEFAULT: Final = ox.DefaultGraph()
_SUBJECTS: Final = {"triples_same_subject": 0, "reified_triple": 1, "triple_term": 1}
"""Where in each of these nodes the subject stands."""

_LITERALS: Final = frozenset({"rdf_literal", "numeric_literal", "boolean_literal"})


@dataclass(frozen=True, slots=True)
class Template:
    """Quads to be made of rows, written as positions in a list: the row, new nodes, constants, and triple terms."""

    quads: Sequence[tuple[int, int, int, int]] = ()
    new_nodes: int = 0
    constants: Sequence[_Term | None] = ()
    triples: Sequence[tuple[int, int, int]] = ()

    def fill(self, row: Iterable[_Term | None]) -> Iterator[ox.Quad]:
        """The quads for a row, with blank nodes of its own; what would be no RDF is left out (section 3.1.3)."""
        terms = [*row, *(ox.BlankNode() for _ in range(self.new_nodes)), *self.constants]
        for s, p, o in self.triples:
            made = _quad(terms[s], terms[p], terms[o], _DEFAULT)
            terms.append(made.triple if made else None)
        for s, p, o, g in self.quads:
            quad = _quad(terms[s], terms[p], terms[o], terms[g])
            if quad is not None:
                yield quad


def variables(pattern: rules.Node) -> Iterator[str]:
    """The names of the variables in a pattern, in the order of the text, as often as they stand there."""
    return (rules.name_of(node) for node in rules.walk(pattern) if node.data == "var")


def literal_subjects(pattern: rules.Node) -> Iterator[rules.Node]:
    """The literals in the place of a subject, which the grammar allows and no triple can have."""
    for node in rules.walk(pattern):
        subject = node.children[_SUBJECTS[node.data]] if node.data in _SUBJECTS else None
        if isinstance(subject, Tree) and subject.data in _LITERALS:
            yield subject


def read_data(text: str, prologue: Prologue) -> ox.Store:
    """The quads of a block of data, with fresh blank nodes; raises SyntaxError where the engine cannot read it."""
    store = ox.Store()
    store.update(f"{prologue.text}INSERT DATA {text}")
    return store


def read_template(
    text: str, pattern: rules.Node, prologue: Prologue, columns: Sequence[str], default: Graph
) -> Template:
    """The template that a pattern of the text is, for rows with these columns and for this default graph."""
    mark = f"x-{secrets.token_hex(16)}:"
    pieces = [_variable(node, f"<{mark}{columns.index(rules.name_of(node))}>") for node in _variables(pattern)]
    pieces += [(node.meta.start_pos, node.meta.end_pos, f"<{mark}>") for node in literal_subjects(pattern)]
    quads = list(read_data(_replaced(text, pattern, sorted(pieces)), prologue))
    row = [ox.NamedNode(f"{mark}{index}") for index in range(len(columns))]
    found = dict.fromkeys(atom for quad in quads for atom in _atoms(quad)).keys() - row
    blank = [atom for atom in found if isinstance(atom, ox.BlankNode)]
    constants = [atom for atom in found if not isinstance(atom, ox.BlankNode)]
    layout = _Layout([*row, *blank, *constants])
    positions = [(*layout.triple(quad), layout.position(quad.graph_name)) for quad in quads]
    meant = {ox.NamedNode(mark): None, _DEFAULT: default}
    return Template(positions, len(blank), [meant.get(atom, atom) for atom in constants], layout.triples)


class _Layout:
    """The list that a template is filled from: terms that are there, behind them triple terms, the inner ones first."""

    def __init__(self, atoms: Sequence[_Term]) -> None:
        self._positions = {atom: position for position, atom in enumerate(atoms)}
        self.triples: list[tuple[int, int, int]] = []

    def position(self, term: _Term) -> int:
        if not isinstance(term, ox.Triple):
            return self._positions[term]
        self.triples.append(self.triple(term))
        return len(self._positions) + len(self.triples) - 1

    def triple(self, statement: ox.Triple | ox.Quad) -> tuple[int, int, int]:
        parts = (statement.subject, statement.predicate, statement.object)
        subject, predicate, object_ = (self.position(part) for part in parts)
        return subject, predicate, object_


def _atoms(quad: ox.Quad) -> Iterator[_Term]:
    """The terms of a quad; of a triple term those in it."""
    todo: list[_Term] = [quad.graph_name, quad.subject, quad.predicate, quad.object]
    while todo:
        term = todo.pop()
        if isinstance(term, ox.Triple):
            todo += [term.subject, term.predicate, term.object]
        else:
            yield term


def _quad(subject: _Term | None, predicate: _Term | None, object_: _Term | None, graph: _Term | None) -> ox.Quad | None:
    if (
        isinstance(subject, _NODES)
        and isinstance(predicate, ox.NamedNode)
        and isinstance(object_, _OBJECTS)
        and isinstance(graph, _GRAPHS)
    ):
        return ox.Quad(subject, predicate, object_, graph)
    return None


def _variables(pattern: rules.Node) -> Iterator[rules.Node]:
    return (node for node in rules.walk(pattern) if node.data == "var")


def _variable(node: rules.Node, replacement: str) -> _Piece:
    token = node.children[0]
    assert isinstance(token, Token)  # noqa: S101 - the rule `var` is one token
    return token.start_pos or 0, token.end_pos or 0, replacement


def _replaced(text: str, node: rules.Node, pieces: Sequence[_Piece]) -> str:
    """The text of a node with pieces of it replaced, in order."""
    kept: list[str] = []
    position = node.meta.start_pos
    for start, end, replacement in pieces:
        kept += [text[position:start], replacement]
        position = end
    return "".join([*kept, text[position : node.meta.end_pos]])
