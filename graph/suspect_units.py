"""A shapes graph as units: a shape, and where its focus nodes come from.

The property shapes of a node shape have its focus nodes
(https://www.w3.org/TR/shacl/#PropertyConstraintComponent), so each is a unit of its own, and those of a property
shape are reached over its path. That keeps a query small, and a change affects little.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
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


class FocusNodes:
    """How one tells from a node which units have it among their focus nodes; made once for a hierarchy."""

    def __init__(self, units: Sequence[Unit], hierarchy: Hierarchy) -> None:
        self._units: dict[Path, dict[Term | None, set[int]]] = defaultdict(lambda: defaultdict(set))
        for number, unit in enumerate(units):
            for source in unit.sources:
                for way, end in _ends(source, hierarchy):
                    self._units[way][end].add(number)

    def units(self, database: ox.Store, node: Term) -> set[int]:
        """The numbers of the units."""
        found: set[int] = set()
        for way, numbers in self._units.items():
            ends = walk(database, way, node)
            for end in ends & numbers.keys():
                found |= numbers[end]
            if ends:
                found |= numbers.get(None, set())
        return found


def _ends(source: Source, hierarchy: Hierarchy) -> Iterator[tuple[Path, Term | None]]:
    """How one knows a focus node: by a way from it, and where it must end, if that matters."""
    back, target = inverse(source.lead), source.target
    match target.kind:
        case "targetNode":
            yield back, target.value
        case "targetClass":
            for kind in hierarchy.members(target.value):
                yield join(back, KIND), kind
        case "targetSubjectsOf":
            yield join(back, target.path), None
        case _:
            yield join(back, inverse(target.path)), None


def unaskable(database: ox.Store, source: Source, hierarchy: Hierarchy) -> set[Term]:
    """The focus nodes that no query may find: of classes without a name, and targets of which the graph says nothing.

    SPARQL cannot name a blank node; Oxigraph makes "01"^^xsd:integer to "1"; a path of length zero leads from a node
    that is not in the graph nowhere for it.
    """
    starts: set[Term] = set()
    value = source.target.value
    if source.target.kind == "targetClass":
        blank = [kind for kind in hierarchy.members(value) if isinstance(kind, ox.BlankNode)]
        starts = {start for kind in blank for start in walk(database, inverse(KIND), kind)}
    elif source.target.kind == "targetNode" and not _is_in(database, value):
        starts = {value}
    return {node for start in starts for node in walk(database, source.lead, start)}


def _is_in(database: ox.Store, node: Term) -> bool:
    if not isinstance(node, ox.NamedNode):
        return False
    patterns = ((node, None), (None, node))
    mentions = (quad for s, o in patterns for quad in database.quads_for_pattern(s, None, o, DEFAULT))
    return next(mentions, None) is not None
