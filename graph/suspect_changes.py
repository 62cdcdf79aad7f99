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
from .suspect_units import Hierarchy, Source, Unit, is_focus

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
        self._readers: dict[ox.NamedNode | None, dict[_Reader, list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, unit in enumerate(units):
            try:
                for reader in set(_readers(graph, unit)):
                    self._readers[reader.predicate][reader].append(number)
            except _UnboundedError:
                self._unbounded.add(number)

    def affected(
        self, database: ox.Store, changed: Iterable[ox.Quad], hierarchy: Hierarchy
    ) -> dict[int, set[Term] | None]:
        """The focus nodes of each affected unit, by its number; None for all of them."""
        triples = {(quad.subject, quad.predicate, quad.object) for quad in changed}
        if any(predicate == SUBCLASS_OF for _, predicate, _ in triples):
            return dict.fromkeys(range(len(self._units)))
        found: dict[int, set[Term]] = defaultdict(set)
        reach = cache(partial(walk, database))
        for subject, predicate, value in triples:
            for reader, numbers in self._reading(predicate):
                start = value if reader.from_object else subject
                if isinstance(start, ox.Triple) or (reader.kind and value not in hierarchy.members(reader.kind)):
                    continue
                for number in numbers:
                    found[number] |= reach(reader.way, start)
        unbounded = dict.fromkeys(self._unbounded) if triples else {}
        return self._focus_only(database, found, hierarchy) | unbounded

    def _reading(self, predicate: ox.NamedNode) -> Iterator[tuple[_Reader, list[int]]]:
        for key in (predicate, None):
            if key in self._readers:
                yield from self._readers[key].items()

    def _focus_only(
        self, database: ox.Store, found: dict[int, set[Term]], hierarchy: Hierarchy
    ) -> dict[int, set[Term] | None]:
        """The affected nodes that are focus nodes now. Units often share a source, so the answers are kept."""
        answers: dict[Source, dict[Term, bool]] = defaultdict(dict)
        kept: dict[int, set[Term] | None] = {}
        for number, nodes in found.items():
            focus: set[Term] = set()
            for source in self._units[number].sources:
                known = answers[source]
                for node in nodes - known.keys():
                    known[node] = is_focus(database, source, node, hierarchy)
                focus |= {node for node in nodes if known[node]}
            if focus:
                kept[number] = focus
        return kept


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
    value = before
    if shape.path is not None:
        value = join(before, shape.path)
        for step in steps(shape.path):
            yield _Reader(step.predicate, from_object=step.inverse, way=inverse(join(before, step.before)))
    yield from (_Reader(TYPE, from_object=False, way=inverse(value), kind=kind) for kind in shape.get("class"))
    for parameter in (parameter for name in _PAIRS for parameter in shape.get(name)):
        if isinstance(parameter, ox.NamedNode):
            yield _Reader(parameter, from_object=False, way=inverse(before))
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
