"""SPARQL finds the suspects: for each shape the focus nodes that could fail it, never fewer.

The queries are made once for a shapes graph and a class hierarchy. What they leave open (see `suspect_conditions`)
is a suspect. Which suspects really fail, pySHACL says (`suspect_verdicts`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import pyoxigraph as ox

from .suspect_changes import Readers
from .suspect_checks import Check, compile_check
from .suspect_paths import Term
from .suspect_scan import Scan, among
from .suspect_shapes import ShapesGraph
from .suspect_units import FocusNodes, Hierarchy, units


@dataclass(frozen=True, slots=True)
class Suspects:
    """The nodes that could fail the shape of a check."""

    check: Check
    nodes: set[Term]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What is made for one class hierarchy."""

    checks: tuple[Check, ...]
    focus: FocusNodes


class Plan:
    """A shapes graph ready to look for suspects in any number of graphs."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.graph = ShapesGraph(triples)
        self._units = tuple(units(self.graph))
        self._readers = Readers(self.graph, self._units)
        self._classes = sorted(set(_classes(self.graph)), key=str)
        self._compiled: dict[tuple[tuple[Term, ...], ...], _Compiled] = {}

    def suspects(self, database: ox.Store, changed: Iterable[ox.Quad] | None = None) -> Iterator[Suspects]:
        """Of each shape that has any, in the default graph; of a change, only those that it can have affected."""
        hierarchy = Hierarchy(database)
        compiled = self._compile(hierarchy)
        affected: dict[int, set[Term] | None] = dict.fromkeys(range(len(self._units)))
        if changed is not None:
            affected = self._readers.affected(database, changed, hierarchy, compiled.focus)
        scan = Scan(database, hierarchy)
        for number, nodes in affected.items():
            check = compiled.checks[number]
            found = scan.suspects(check) if nodes is None else among(database, check, nodes)
            if found:
                yield Suspects(check, found)

    def _compile(self, hierarchy: Hierarchy) -> _Compiled:
        """What was made for the hierarchy seen last is kept, since it seldom changes."""
        key = tuple(map(hierarchy.members, self._classes))
        if key not in self._compiled:
            checks = map(partial(compile_check, self.graph, hierarchy), self._units)
            self._compiled = {key: _Compiled(tuple(checks), FocusNodes(self._units, hierarchy))}
        return self._compiled[key]


def _classes(graph: ShapesGraph) -> Iterator[Term]:
    for shape in graph.shapes.values():
        yield from shape.get("class")
        yield from (target.value for target in shape.targets if target.kind == "targetClass")
