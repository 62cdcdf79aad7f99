"""What a write means for the default graph, and how a change is applied to a store.

A *change* lists quads as they are recorded. In a store that is read, the default graph is the union of the
published graphs, stored a second time (docs/decisions.md, 3): `apply` keeps the two in step.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import pyoxigraph as ox

from . import names

_UNPUBLISHED: Final = tuple(names.graph(name) for name in ("suggested", "submission/", "submissions", "external/"))
_DEFAULT: Final = ox.DefaultGraph()


class DefaultGraph(StrEnum):
    """What the default graph of a data folder is; chosen when the folder is made.

    `UNION`: all published graphs together; what is written to it goes to the graph `…/graph/default`.
    `OWN`: a graph like the others, as in a plain SPARQL store.
    """

    UNION = "union"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Change:
    """What a write does: quads that were there and go, quads that were not and come. Both may be undone exactly."""

    deleted: list[ox.Quad] = field(default_factory=list)
    inserted: list[ox.Quad] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.deleted or self.inserted)

    def reversed(self) -> "Change":
        """The change that takes this one back."""
        return Change(self.inserted, self.deleted)


@dataclass(slots=True)
class Net:
    """Several changes, one behind the other, as one: what goes and comes again is not changed."""

    _deleted: dict[ox.Quad, None] = field(default_factory=dict)
    _inserted: dict[ox.Quad, None] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """The next change."""
        for quad in change.deleted:
            _move(quad, self._inserted, self._deleted)
        for quad in change.inserted:
            _move(quad, self._deleted, self._inserted)

    def change(self) -> Change:
        """All of them together."""
        return Change([*self._deleted], [*self._inserted])


def is_published(graph: ox.NamedNode | ox.BlankNode | ox.DefaultGraph) -> bool:
    """Whether a named graph is part of the default graph: suggestions, submissions and mirrors are not."""
    return isinstance(graph, ox.NamedNode) and not graph.value.startswith(_UNPUBLISHED)


def recorded_graph(
    graph: ox.NamedNode | ox.BlankNode | ox.DefaultGraph, policy: DefaultGraph
) -> ox.NamedNode | ox.BlankNode | ox.DefaultGraph:
    """The graph in which a write to this one is recorded."""
    if policy is DefaultGraph.UNION and isinstance(graph, ox.DefaultGraph):
        return ox.NamedNode(names.OWN_GRAPH)
    return graph


def apply(database: ox.Store, change: Change, policy: DefaultGraph) -> None:
    """Make the change in a store that is read, its default graph included. Doing it again changes nothing.

    A graph that held nothing else than what goes is gone: the engine would keep its name, which `GRAPH ?g {}` finds.
    """
    if not change:  # nor can an empty one be made where the store cannot be written
        return
    for quad in change.deleted:
        database.remove(quad)
    database.extend(change.inserted)
    for graph in {quad.graph_name for quad in change.deleted}:
        if not any(database.quads_for_pattern(None, None, None, graph)):
            database.remove_graph(graph)
    if policy is DefaultGraph.UNION:
        for quad in change.deleted:
            if not _still_published(database, quad):
                database.remove(_in_default(quad))
        database.extend(_in_default(quad) for quad in change.inserted if is_published(quad.graph_name))


def with_union(quads: Iterable[ox.Quad], policy: DefaultGraph) -> Iterator[ox.Quad]:
    """Recorded quads as a store that is read holds them."""
    for quad in quads:
        yield quad
        if policy is DefaultGraph.UNION and is_published(quad.graph_name):
            yield _in_default(quad)


def recorded(database: ox.Store, policy: DefaultGraph) -> Iterator[ox.Quad]:
    """The quads of a store that is read as they are recorded."""
    return (q for q in database if policy is DefaultGraph.OWN or q.graph_name != _DEFAULT)


def _still_published(database: ox.Store, quad: ox.Quad) -> bool:
    same = database.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
    return any(is_published(found.graph_name) for found in same)


def _in_default(quad: ox.Quad) -> ox.Quad:
    return ox.Quad(quad.subject, quad.predicate, quad.object)


def _move(quad: ox.Quad, origin: dict[ox.Quad, None], target: dict[ox.Quad, None]) -> None:
    """Take the quad from the one where it is there, else add it to the other."""
    if quad in origin:
        del origin[quad]
    else:
        target[quad] = None
