"""What a change can have affected: from each changed triple back to the focus nodes of the shapes that read it.

A shape that a node met before can fail only where one of the triples that it reads has come or gone, or where the
node has become a focus node. Of the way from a focus node to a changed triple, the part before the first changed
one is still there, so walking back in the graph as it is now misses nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import pyoxigraph as ox

from .suspect_paths import HERE, Path, Term, inverse, join, steps, walk
from .suspect_shapes import BEYOND_CORE, SUBCLASS_OF, TYPE, Shape, ShapesGraph
from .suspect_units import FocusNodes, Hierarchy, Source, Unit

_PAIRS = ("equals", "disjoint", "lessThan", "lessThanOrEquals")
_NESTED = ("not", "node", "qualifiedValueShape", "property")
_LISTED = ("and", "or", "xone")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads a property (None: any) finds a focus node at the end of a way from the triple's subject or object.

    Of rdf:type only a `kind` and what is below it matters.
    """

    predicate: ox.NamedNode | None
    from_object: bool
    way: Path
    kind: Term | None = None


class _UnboundedError(Exception):
    """A shape may read anything."""


class Readers:
    """Who reads what; made once for a shapes graph."""

    def __init__(self, graph: ShapesGraph, units: Sequence[Unit]) -> None:
        self._units = units
        self._unbounded: set[int] = set()
        self._readers: dict[ox.NamedNode | None, dict[_Reader, set[int]]] = defaultdict(lambda: defaultdict(set))
        for number, unit in enumerate(units):
            try:
                for reader in _readers(graph, unit):
                    self._readers[reader.predicate][reader].add(number)
            except _UnboundedError:
                self._unbounded.add(number)

    def affected(
        self, database: ox.Store, changed: Iterable[ox.Quad], hierarchy: Hierarchy, focus: FocusNodes
    ) -> dict[int, set[Term] | None]:
        """The focus nodes of each affected unit, by its number; None for all of them."""
        triples = {(quad.subject, quad.predicate, quad.object) for quad in changed}
        if any(predicate == SUBCLASS_OF for _, predicate, _ in triples):
            return dict.fromkeys(range(len(self._units)))
        found: dict[int, set[Term]] = defaultdict(set)
        reach, reading = cache(partial(walk, database)), cache(partial(self._reading, hierarchy))
        focused = cache(partial(focus.units, database))
        for subject, predicate, value in triples:
            for reader, numbers in reading(predicate, value if predicate == TYPE else None):
                start = value if reader.from_object else subject
                for node in reach(reader.way, start) if not isinstance(start, ox.Triple) else ():
                    for number in numbers & focused(node):
                        found[number].add(node)
        return {**found, **(dict.fromkeys(self._unbounded) if triples else {})}

    def _reading(
        self, hierarchy: Hierarchy, predicate: ox.NamedNode, kind: Term | None
    ) -> list[tuple[_Reader, set[int]]]:
        """Who reads the property, or the type where that is one."""
        found = [*self._readers.get(predicate, {}).items(), *self._readers.get(None, {}).items()]
        return [pair for pair in found if pair[0].kind is None or kind in hierarchy.members(pair[0].kind)]


def _readers(graph: ShapesGraph, unit: Unit) -> Iterator[_Reader]:
    """All that decides whether a node is in focus, and whether it conforms."""
    for source in unit.sources:
        yield from _of_source(source)
    yield from _of_shape(graph, unit.shape, HERE, (), deep=unit.whole)


def _of_source(source: Source) -> Iterator[_Reader]:
    value = source.target.value
    match source.target.kind:
        case "targetClass":
            yield _Reader(TYPE, from_object=False, way=source.lead, kind=value)
        case "targetSubjectsOf":
            yield _Reader(source.target.path.iri, from_object=False, way=source.lead)
        case "targetObjectsOf":
            yield _Reader(source.target.path.iri, from_object=True, way=source.lead)
    for step in steps(source.lead):
        yield _Reader(step.predicate, from_object=not step.inverse, way=step.after)


def _of_shape(
    graph: ShapesGraph, shape: Shape, before: Path, trail: tuple[Shape, ...], *, deep: bool
) -> Iterator[_Reader]:
    """What the shape reads of a node at the end of the path; `deep`: the shapes of its sh:property too."""
    if shape in trail or shape.opaque or any(shape.get(name) for name in BEYOND_CORE):
        raise _UnboundedError
    path = HERE if shape.path is None else shape.path
    value = join(before, path)
    for step in steps(path):
        yield _Reader(step.predicate, from_object=step.inverse, way=inverse(join(before, step.before)))
    yield from (_Reader(TYPE, from_object=False, way=inverse(value), kind=kind) for kind in shape.get("class"))
    pairs = (other for name in _PAIRS for other in shape.get(name) if isinstance(other, ox.NamedNode))
    yield from (_Reader(other, from_object=False, way=inverse(before)) for other in pairs)
    if shape.get("closed"):
        yield _Reader(None, from_object=False, way=inverse(value))
    for node in _nested(graph, shape, deep=deep):
        if node in graph.shapes and not graph.shapes[node].deactivated:
            yield from _of_shape(graph, graph.shapes[node], value, (*trail, shape), deep=True)


def _nested(graph: ShapesGraph, shape: Shape, *, deep: bool) -> Iterator[Term]:
    """The shapes that the value nodes are held against."""
    for name in _NESTED:
        if deep or name != "property":
            yield from shape.get(name)
    for name in _LISTED:
        for head in shape.get(name):
            yield from graph.items(head)
    if shape.get("qualifiedValueShape"):
        yield from graph.siblings(shape)
