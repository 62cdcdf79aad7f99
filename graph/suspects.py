"""SPARQL finds the suspects: for each shape the focus nodes that could fail it, never fewer.

The queries are made once for a shapes graph and a class hierarchy. What they leave open (see `suspect_conditions`)
is a suspect. Which suspects really fail, pySHACL says (`validation.py`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

import pyoxigraph as ox

from .suspect_changes import Readers
from .suspect_conditions import Conditions
from .suspect_logic import UNKNOWN, Condition, both, either
from .suspect_paths import HERE, Term, sparql
from .suspect_shapes import BEYOND_CORE, TYPE, Shape, ShapesGraph
from .suspect_units import FocusNodes, Hierarchy, Source, Unit, unaskable, units

_BREAKABLE_WITHOUT_VALUE: Final = ("minCount", "hasValue", "qualifiedValueShape", "equals", *BEYOND_CORE)
_FEW: Final = 3
_MANY: Final = 10
"""Where few shapes have a property, or a shape has many targets, the property is read first, and then it is asked
whether a suspect is a focus node: 2 ms in place of 50 for a property that things of 55 classes may have."""

_NOT_COUNTED: Final = ("closed", "equals")
"""Constraints whose results are not one for each value node, or one for the focus node."""


@dataclass(frozen=True, slots=True)
class Check:
    """The query for a unit: patterns for its focus nodes `?f`, and for those of them that could fail.

    `values` and `focus` tell what each value node `?v` and all together must be.
    """

    unit: Unit
    source: str
    suspicion: str
    query: str
    values: Condition
    focus: Condition

    @property
    def left_to_pyshacl(self) -> bool:
        """Whether all focus nodes are suspects, since SPARQL can tell nothing."""
        return not self.suspicion

    @property
    def countable(self) -> bool:
        """Whether SPARQL alone can tell the number of findings."""
        apart = any(self.unit.shape.get(name) for name in _NOT_COUNTED)
        return self.values.exact and self.focus.exact and not apart and not self.left_to_pyshacl


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
        self._users = Counter(unit.shape.path for unit in self._units)
        self._compiled: dict[tuple[tuple[Term, ...], ...], _Compiled] = {}

    def suspects(self, database: ox.Store, changed: Iterable[ox.Quad] | None = None) -> Iterator[Suspects]:
        """Of each shape that has any, in the default graph; of a change, only those that it can have affected."""
        hierarchy = Hierarchy(database)
        compiled = self._compile(hierarchy)
        affected: dict[int, set[Term] | None] = dict.fromkeys(range(len(self._units)))
        if changed is not None:
            affected = self._readers.affected(database, changed, hierarchy, compiled.focus)
        for number, nodes in affected.items():
            check = compiled.checks[number]
            found = _all(database, check, hierarchy) if nodes is None else _among(database, check, nodes)
            if found:
                yield Suspects(check, found)

    def _compile(self, hierarchy: Hierarchy) -> _Compiled:
        """What was made for the hierarchy seen last is kept, since it seldom changes."""
        key = tuple(map(hierarchy.members, self._classes))
        if key not in self._compiled:
            users = (self._users[unit.shape.path] for unit in self._units)
            checks = map(partial(_compile, self.graph, hierarchy), self._units, users)
            self._compiled = {key: _Compiled(tuple(checks), FocusNodes(self._units, hierarchy))}
        return self._compiled[key]


def number_of_findings(database: ox.Store, check: Check) -> int:
    """How many (focus node, value) and focus nodes alone fail; only where the check is countable."""
    if check.unit.shape.path is None:
        return _count(database, "?f", f"{check.source} FILTER({either([check.values.fails, check.focus.fails])})")
    pattern = _value_pattern(check.unit.shape)
    single = _count(database, "?f ?v", f"{check.source} {pattern} FILTER({check.values.fails})")
    return single + _count(database, "?f", f"{check.source} OPTIONAL {{ {pattern} }} FILTER({check.focus.fails})")


def _count(database: ox.Store, variables: str, pattern: str) -> int:
    return sum(1 for _ in _rows(database, f"SELECT DISTINCT {variables} WHERE {{ {pattern} }}"))


def _rows(database: ox.Store, query: str) -> ox.QuerySolutions:
    return cast("ox.QuerySolutions", database.query(query))


def _all(database: ox.Store, check: Check, hierarchy: Hierarchy) -> set[Term]:
    extra = {node for source in check.unit.sources for node in unaskable(database, source, hierarchy)}
    return _ask(database, check.query) | extra


def _among(database: ox.Store, check: Check, nodes: set[Term]) -> set[Term]:
    """The suspects among focus nodes; SPARQL cannot name blank ones, so these are suspects as they stand."""
    if check.left_to_pyshacl:
        return nodes
    blank: set[Term] = {node for node in nodes if isinstance(node, ox.BlankNode)}
    named = " ".join(map(str, nodes - blank))
    return _ask(database, f"VALUES ?f {{ {named} }} {check.suspicion}") | blank if named else blank


def _ask(database: ox.Store, pattern: str) -> set[Term]:
    nodes = (row[0] for row in _rows(database, f"SELECT DISTINCT ?f WHERE {{ {pattern} }}"))
    return {node for node in nodes if not isinstance(node, ox.Triple | None)}


def _classes(graph: ShapesGraph) -> Iterator[Term]:
    for shape in graph.shapes.values():
        yield from shape.get("class")
        yield from (target.value for target in shape.targets if target.kind == "targetClass")


def _compile(graph: ShapesGraph, hierarchy: Hierarchy, unit: Unit, users: int) -> Check:
    """The check of a unit. `users` tells how many units have its path."""
    source, shape = _source_pattern(unit.sources, hierarchy), unit.shape
    if unit.whole or shape.opaque:
        return Check(unit, source, "", source, UNKNOWN, UNKNOWN)
    value = "?f" if shape.path is None else "?v"
    conditions = Conditions(graph, hierarchy.members)
    values, focus = conditions.of_value(shape, "?f", value), conditions.of_focus(shape, "?f", "?v")
    pattern, fails = _value_pattern(shape), values.fails
    optional = any(shape.get(name) for name in _BREAKABLE_WITHOUT_VALUE)
    if shape.path is not None and optional:
        pattern, fails = f"OPTIONAL {{ {pattern} }}", both("BOUND(?v)", fails)
    fails = either([focus.fails, fails])
    if optional and "?v" not in fails:
        pattern = ""
    if fails == "true":
        return Check(unit, source, "", source, values, focus)
    suspicion = f"{pattern} FILTER({fails})"
    few = users <= _FEW or len(unit.sources) > _MANY
    among = _membership(unit.sources, hierarchy) if few and shape.path is not None and not optional else None
    query = f"{source} {suspicion}" if among is None else f"{suspicion} FILTER({among})"
    return Check(unit, source, suspicion, query, values, focus)


def _value_pattern(shape: Shape) -> str:
    return "" if shape.path is None else f"?f {sparql(shape.path)} ?v ."


def _membership(sources: Sequence[Source], hierarchy: Hierarchy) -> str | None:
    """Whether `?f` is a focus node, where that is a matter of its class alone."""
    if not all(map(_is_by_class, sources)):
        return None
    kinds = {str(kind) for s in sources for kind in hierarchy.members(s.target.value) if isinstance(kind, ox.NamedNode)}
    return f"EXISTS {{ ?f {TYPE} ?c FILTER(?c IN ({', '.join(sorted(kinds))})) }}"


def _source_pattern(sources: Sequence[Source], hierarchy: Hierarchy) -> str:
    """The focus nodes; one that has several targets may come several times."""
    kinds = [source.target.value for source in sources if _is_by_class(source)]
    branches = [_of_classes("?f", kinds, hierarchy)] if kinds else []
    branches += [branch for source in sources if not _is_by_class(source) for branch in _branch(source, hierarchy)]
    if len(branches) < 2:
        return branches[0] if branches else "VALUES ?f { }"
    return " UNION ".join(f"{{ {branch} }}" for branch in branches)


def _is_by_class(source: Source) -> bool:
    return source.target.kind == "targetClass" and source.lead == HERE


def _of_classes(variable: str, kinds: Iterable[Term], hierarchy: Hierarchy) -> str:
    """The instances of the classes that have a name; see `unaskable` for the others."""
    members = {member for kind in kinds for member in hierarchy.members(kind) if isinstance(member, ox.NamedNode)}
    named = sorted(map(str, members))
    if len(named) == 1:
        return f"{variable} {TYPE} {named[0]} ."
    return f"VALUES ?c {{ {' '.join(named)} }} {variable} {TYPE} ?c ."


def _branch(source: Source, hierarchy: Hierarchy) -> Iterator[str]:
    """The pattern for a source, or none where it has no name in SPARQL."""
    start = "?f" if source.lead == HERE else "?t"
    lead = "" if source.lead == HERE else f" ?t {sparql(source.lead)} ?f ."
    value = source.target.value
    match source.target.kind:
        case "targetClass":
            yield _of_classes(start, [value], hierarchy) + lead
        case "targetNode":
            if isinstance(value, ox.NamedNode):
                yield f"VALUES {start} {{ {value} }}{lead}"
        case "targetSubjectsOf":
            yield f"{start} {value} ?o .{lead}"
        case _:
            yield f"?s {value} {start} .{lead}"
