"""A shapes graph as units: a shape, and where its focus nodes come from.

The property shapes of a node shape have its focus nodes
(https://www.w3.org/TR/shacl/#PropertyConstraintComponent), so each is a unit of its own, and those of a property
shape are reached over its path. That keeps a query small, and a change affects little.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from .suspect_paths import DEFAULT, HERE, Path, Term, inverse, join, walk
from .suspect_shapes import KIND, SUBCLASS_OF, Shape, ShapesGraph, Target

_NO_CONSTRAINT: Final = {
    "name", "description", "order", "group", "severity", "message", "path", "property", "deactivated",
    "defaultValue", "flags", "targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where focus nodes come from: a target, and the path from there."""

    target: Target
    lead: Path = HERE


@dataclass(frozen=True, slots=True)
class Unit:
    """A shape with all its sources. `whole`: its sh:property lead back to it, so it cannot be taken apart."""

    shape: Shape
    sources: tuple[Source, ...]
    whole: bool = False


class Hierarchy:
    """The classes of a data graph: for each those whose instances are its instances too, itself among them."""

    def __init__(self, database: ox.Store) -> None:
        self._below: dict[Term, list[Term]] = defaultdict(list)
        for quad in database.quads_for_pattern(None, SUBCLASS_OF, None, DEFAULT):
            if not isinstance(quad.object, ox.Triple) and not isinstance(quad.subject, ox.Triple):
                self._below[quad.object].append(quad.subject)
        self._members: dict[Term, tuple[Term, ...]] = {}

    def members(self, kind: Term) -> tuple[Term, ...]:
        """The class and all below it, in order of name."""
        if kind not in self._members:
            found, waiting = {kind}, [kind]
            while waiting:
                below = set(self._below.get(waiting.pop(), ())) - found
                found |= below
                waiting += below
            self._members[kind] = tuple(sorted(found, key=str))
        return self._members[kind]


class _LoopError(Exception):
    """A shape applies itself by sh:property."""


def units(graph: ShapesGraph) -> Iterator[Unit]:
    """One unit for each shape that has focus nodes and constraints."""
    sources: dict[Shape, list[Source]] = defaultdict(list)
    for shape in graph.shapes.values():
        if not shape.targets or shape.deactivated:
            continue
        try:
            reached = list(_reach(graph, shape, HERE, ()))
        except _LoopError:
            yield Unit(shape, tuple(map(Source, shape.targets)), whole=True)
            continue
        for member, lead in reached:
            sources[member] += [Source(target, lead) for target in shape.targets]
    for shape, found in sources.items():
        yield Unit(shape, tuple(sorted(dict.fromkeys(found), key=repr)))


def _reach(graph: ShapesGraph, shape: Shape, lead: Path, trail: tuple[Shape, ...]) -> Iterator[tuple[Shape, Path]]:
    """The shape and those that it applies by sh:property, each with the way there."""
    if shape in trail:
        raise _LoopError
    if shape.opaque and shape.get("property"):
        raise _LoopError
    if set(shape.parameters) - _NO_CONSTRAINT:
        yield shape, lead
    onwards = lead if shape.path is None else join(lead, shape.path)
    for node in shape.get("property"):
        if node in graph.shapes and not graph.shapes[node].deactivated:
            yield from _reach(graph, graph.shapes[node], onwards, (*trail, shape))


def is_focus(database: ox.Store, source: Source, node: Term, hierarchy: Hierarchy) -> bool:
    """Whether the node is among the focus nodes of the source."""
    starts = walk(database, inverse(source.lead), node)
    return any(_is_target(database, source.target, start, hierarchy) for start in starts)


def _is_target(database: ox.Store, target: Target, node: Term, hierarchy: Hierarchy) -> bool:
    match target.kind:
        case "targetNode":
            return node == target.value
        case "targetClass":
            kinds = walk(database, KIND, node)
            return any(kind in kinds for kind in hierarchy.members(target.value))
        case "targetSubjectsOf":
            return bool(walk(database, target.path, node))
        case _:
            return bool(walk(database, inverse(target.path), node))


def unnameable(database: ox.Store, source: Source, hierarchy: Hierarchy) -> set[Term]:
    """The focus nodes that no query can ask for: of classes without a name, and targets that no store keeps as written.

    SPARQL cannot name a blank node, and Oxigraph makes "01"^^xsd:integer to "1".
    """
    starts: set[Term] = set()
    value = source.target.value
    if source.target.kind == "targetClass":
        blank = [kind for kind in hierarchy.members(value) if isinstance(kind, ox.BlankNode)]
        starts = {start for kind in blank for start in walk(database, inverse(KIND), kind)}
    elif source.target.kind == "targetNode" and not isinstance(value, ox.NamedNode):
        starts = {value}
    return {node for start in starts for node in walk(database, source.lead, start)}
