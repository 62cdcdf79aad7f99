"""A unit as SPARQL patterns: which nodes are in focus, and which of them could fail."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from .suspect_conditions import Conditions
from .suspect_logic import UNKNOWN, Condition, both, either, one_of
from .suspect_paths import HERE, Predicate, Term, sparql
from .suspect_shapes import BEYOND_CORE, TYPE, Shape, ShapesGraph
from .suspect_units import Hierarchy, Source, Unit

_BREAKABLE_WITHOUT_VALUE: Final = ("minCount", "hasValue", "qualifiedValueShape", "equals", *BEYOND_CORE)

_NOT_COUNTED: Final = ("closed", "equals")
"""Constraints whose results are not one for each value node, or one for the focus node."""


@dataclass(frozen=True, slots=True)
class Check:
    """Patterns for the focus nodes `?f` of a unit, and for those of them that could fail.

    `membership` tells whether `?f` is a focus node, where that can be asked behind `suspicion`. `values` and `focus`
    tell what each value node `?v` and all together must be.
    """

    unit: Unit
    source: str
    suspicion: str
    values: Condition
    focus: Condition
    membership: str | None = None

    @property
    def left_to_pyshacl(self) -> bool:
        """Whether all focus nodes are suspects, since SPARQL can tell nothing."""
        return not self.suspicion

    @property
    def countable(self) -> bool:
        """Whether SPARQL alone can tell the number of findings."""
        apart = any(self.unit.shape.get(name) for name in _NOT_COUNTED)
        return self.values.exact and self.focus.exact and not apart and not self.left_to_pyshacl


def compile_check(graph: ShapesGraph, hierarchy: Hierarchy, unit: Unit) -> Check:
    """The check of a unit, for one class hierarchy."""
    source, shape = _source_pattern(unit.sources, hierarchy), unit.shape
    if unit.whole or shape.opaque:
        return Check(unit, source, "", UNKNOWN, UNKNOWN)
    conditions = Conditions(graph, hierarchy.members)
    if shape.path is None:
        values, focus = conditions.of_value(shape, "?f", "?f"), conditions.of_focus(shape, "?f")
        fails = either([values.fails, focus.fails])
        return Check(unit, source, "" if fails == "true" else f"FILTER({fails})", values, focus)
    values, focus = conditions.of_value(shape, "?f", "?v"), conditions.of_focus(shape, "?f", "?v")
    pattern, fails = value_pattern(shape), values.fails
    optional = any(shape.get(name) for name in _BREAKABLE_WITHOUT_VALUE)
    if optional:
        pattern, fails = f"OPTIONAL {{ {pattern} }}", both("BOUND(?v)", fails)
    fails = either([focus.fails, fails])
    if optional and "?v" not in fails:
        pattern = ""
    suspicion = f"{pattern} FILTER({fails})"
    if fails == "true":
        suspicion = "" if optional else pattern
    membership = None if optional else _membership(unit, hierarchy)
    return Check(unit, source, suspicion, values, focus, membership)


def value_pattern(shape: Shape) -> str:
    """The way from `?f` to its value nodes `?v`."""
    return "" if shape.path is None else f"?f {sparql(shape.path)} ?v ."


def _membership(unit: Unit, hierarchy: Hierarchy) -> str | None:
    """Whether `?f` is a focus node, where that is a matter of its class alone and the path a single property."""
    if not isinstance(unit.shape.path, Predicate) or not all(map(_is_by_class, unit.sources)):
        return None
    kind = "?k"
    named = _named(hierarchy, (source.target.value for source in unit.sources))
    return f"EXISTS {{ ?f {TYPE} {kind} FILTER({one_of(kind, named)}) }}"


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
    named = _named(hierarchy, kinds)
    if len(named) == 1:
        return f"{variable} {TYPE} {named[0]} ."
    return f"VALUES ?c {{ {' '.join(named)} }} {variable} {TYPE} ?c ."


def _named(hierarchy: Hierarchy, kinds: Iterable[Term]) -> list[str]:
    members = {member for kind in kinds for member in hierarchy.members(kind)}
    return sorted(str(member) for member in members if isinstance(member, ox.NamedNode))


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
