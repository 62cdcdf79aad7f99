"""Which variables a group of patterns surely binds, and which of them a value from outside would reach unbound.

EXISTS evaluates its pattern anew for each solution, with the solution's values in the place of variables
(https://www.w3.org/TR/sparql11-query/#func-filter-exists). To evaluate the pattern once and join its solutions is the
same, but for variables that the pattern uses where it has not bound them itself; those are *exposed* here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from lark import Token, Tree

from .rules import Node, name_of, walk

Term = Node | Token

CONSTANTS: Final = frozenset({"iri", "rdf_literal", "numeric_literal", "boolean_literal"})


@dataclass(slots=True)
class Bindings:
    """The variables of a group or a sub-select, by what happens to them."""

    sure: set[str] = field(default_factory=set)
    """Bound in each solution."""

    nodes: set[str] = field(default_factory=set)
    """Bound by a triple of the group itself, so each value is a node of the active graph."""

    ends: set[str] = field(default_factory=set)
    """At the end of a path that may have no step: a variable there is a node of the graph, a value need not be."""

    filtered: set[str] = field(default_factory=set)
    """Used in a FILTER of the group itself, which sees what the whole group binds."""

    unbound: set[str] = field(default_factory=set)
    """Used elsewhere, where they may be unbound or where having a value would change the meaning."""

    @property
    def exposed(self) -> set[str]:
        """The variables that EXISTS could not hand in after the evaluation instead of before."""
        return self.unbound | (self.filtered - self.sure)


class Scopes:
    """For the nodes of a tree, by id: all names used in each, and what groups and sub-selects bind.

    By a BIND it is what its group binds before it. `targets` are the names that any BIND gives.
    """

    def __init__(self, tree: Node) -> None:
        self.names: dict[int, frozenset[str]] = {}
        self.bindings: dict[int, Bindings] = {}
        self.targets = {name for bind in tree.find_data("bind") for name in variables(bind.children[-2:])}
        for node in tree.iter_subtrees():  # the inner ones come first
            self.names[id(node)] = self._names(node)
            if node.data == "group_graph_pattern":
                self.bindings[id(node)] = self._group(node)
            elif node.data == "sub_select":
                self.bindings[id(node)] = self._select(node)

    def _names(self, node: Node) -> frozenset[str]:
        if node.data == "var":
            return frozenset({name_of(node)})
        found = [self.names[id(child)] for child in children(node) if self.names[id(child)]]
        return found[0] if len(found) == 1 else frozenset().union(*found)

    def _group(self, group: Node) -> Bindings:
        bindings = Bindings()
        for part in children(group):
            _PARTS[part.data](self, part, bindings)
        return bindings

    def _select(self, select: Node) -> Bindings:
        """What SELECT computes may be an error, so it is not sure; SPARQL does not say how values reach inside."""
        bindings = Bindings(unbound=set(self.names[id(select)]))
        for values in children(select, "values_clause"):
            bindings.sure |= _full_columns(values)
        bindings.sure |= self.bindings[id(group_of(select))].sure
        clause = next(children(select, "select_clause"))
        if "*" not in clause.children:
            bindings.sure &= {name_of(column) for column in children(clause, "var")}
        return bindings


def _add_triples(scopes: Scopes, block: Node, bindings: Bindings) -> None:
    nodes, ends = _positions(block)
    bindings.sure |= scopes.names[id(block)]
    bindings.nodes |= nodes
    bindings.ends |= ends - nodes


def _add_union(scopes: Scopes, union: Node, bindings: Bindings) -> None:
    branches = [scopes.bindings[id(group)] for group in children(union)]
    bindings.sure |= set.intersection(*(branch.sure for branch in branches))
    for branch in branches:
        bindings.unbound |= branch.exposed
        bindings.ends |= branch.ends


def _add_optional(scopes: Scopes, optional: Node, bindings: Bindings) -> None:
    """Its own FILTERs see what was bound before it."""
    inner = scopes.bindings[id(group_of(optional))]
    bindings.unbound |= inner.unbound | (scopes.names[id(optional)] - bindings.sure)
    bindings.ends |= inner.ends


def _add_graph(scopes: Scopes, graph: Node, bindings: Bindings) -> None:
    """The engine binds the variable of GRAPH by the triples in it."""
    group = group_of(graph)
    inner = scopes.bindings[id(group)]
    bindings.unbound |= inner.exposed | inner.ends
    bindings.sure |= inner.sure
    if any(children(group, "triples_block")):
        bindings.sure |= variables(graph.children)


def _add_bind(scopes: Scopes, bind: Node, bindings: Bindings) -> None:
    """A constant or a bound variable has a value; all else may be an error, which leaves the target unbound."""
    value, target = children(bind)
    scopes.bindings[id(bind)] = replace(bindings, sure=set(bindings.sure), nodes=set(bindings.nodes))
    bindings.unbound |= scopes.names[id(bind)] - bindings.sure
    if value.data in CONSTANTS or (value.data == "var" and name_of(value) in bindings.sure):
        bindings.sure.add(name_of(target))


def _add_values(scopes: Scopes, values: Node, bindings: Bindings) -> None:
    bindings.unbound |= scopes.names[id(values)]
    bindings.sure |= _full_columns(values)


def _add_select(scopes: Scopes, select: Node, bindings: Bindings) -> None:
    inner = scopes.bindings[id(select)]
    bindings.unbound |= inner.unbound
    bindings.sure |= inner.sure


def _add_filter(scopes: Scopes, condition: Node, bindings: Bindings) -> None:
    bindings.filtered |= scopes.names[id(condition)]


def _add_opaque(scopes: Scopes, part: Node, bindings: Bindings) -> None:
    """MINUS takes notice of which variables are bound, and SERVICE is evaluated elsewhere."""
    bindings.unbound |= scopes.names[id(part)]


_PARTS: Final[Mapping[str, Callable[[Scopes, Node, Bindings], None]]] = {
    "triples_block": _add_triples,
    "group_or_union_graph_pattern": _add_union,
    "optional_graph_pattern": _add_optional,
    "graph_graph_pattern": _add_graph,
    "bind": _add_bind,
    "inline_data": _add_values,
    "sub_select": _add_select,
    "filter": _add_filter,
    "minus_graph_pattern": _add_opaque,
    "service_graph_pattern": _add_opaque,
}


def children(node: Node, kind: str = "") -> Iterator[Node]:
    """The parts of a node that are nodes, or those of one kind."""
    return (child for child in node.children if isinstance(child, Tree) and kind in {"", child.data})


def group_of(node: Node) -> Node:
    """The group of patterns that a node has, be it behind WHERE."""
    for where in children(node, "where_clause"):
        return group_of(where)
    return next(children(node, "group_graph_pattern"))


def statements(node: Node) -> Iterator[tuple[Term, Term, Term]]:
    """Subject, verb and object of the triples that a node itself states; inside brackets the subject is `[`."""
    for properties in children(node, "property_list_path_not_empty"):
        for verb, objects in pairwise(properties.children):
            if isinstance(objects, Tree) and objects.data == "object_list_path":
                yield from ((node.children[0], verb, item) for item in objects.children if item != ",")


def variables(terms: Iterable[Term]) -> set[str]:
    """The names of those terms that are variables."""
    return {name_of(term) for term in terms if isinstance(term, Tree) and term.data == "var"}


def _positions(block: Node) -> tuple[set[str], set[str]]:
    """The variables that are nodes by a triple, and those at the end of a path that may have no step."""
    nodes: set[str] = set()
    ends: set[str] = set()
    for node in walk(block):
        if node.data == "collection_path":
            nodes |= variables(node.children)
        for subject, verb, item in statements(node):
            if _has_steps(verb):
                nodes |= variables((subject, item))
            else:
                ends |= variables((*_below(subject), *_below(item)))
    return nodes, ends


def _below(term: Term) -> Iterator[Node]:
    return walk(term) if isinstance(term, Tree) else iter(())


def _has_steps(verb: Term) -> bool:
    """Whether a path is surely one step long at least; a `*` or `?` anywhere in it leaves that open."""
    return not any(part.data == "path_elt" and part.children[1] in {"*", "?"} for part in _below(verb))


def _full_columns(values: Node) -> set[str]:
    """The variables of VALUES that have a value in each row."""
    for block in children(values):
        if block.data == "inline_data_full":
            rows = [list(children(row)) for row in children(block, "inline_data_row")]
        else:
            rows = [[cell] for cell in children(block) if cell.data != "var"]
        names = [name_of(variable) for variable in children(block, "var")]
        return {name for name, *cells in zip(names, *rows, strict=False) if not any(c.data == "undef" for c in cells)}
    return set()
