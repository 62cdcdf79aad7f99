"""The queries run: over a whole graph, among given nodes, or to count."""

from functools import cache
from itertools import islice
from typing import Final, cast

import pyoxigraph as ox

from .suspect_checks import Check, value_pattern
from .suspect_logic import either
from .suspect_paths import DEFAULT, Predicate, Term
from .suspect_shapes import TYPE
from .suspect_units import Hierarchy, Source, unaskable

_OFTEN: Final = 8
"""A property that has no more than so many triples for each focus node is looked through whole: going from one triple
of it to the next takes a tenth of the time of finding it at a node. Where things of 55 classes may have it, 2 ms in
place of 50 (166,000 triples)."""


class Scan:
    """Looks through a whole graph."""

    def __init__(self, database: ox.Store, hierarchy: Hierarchy) -> None:
        self._database, self._hierarchy = database, hierarchy
        self._focus_nodes = cache(self._number_of_focus_nodes)

    def suspects(self, check: Check) -> set[Term]:
        """All focus nodes that could fail."""
        sources, path = check.unit.sources, check.unit.shape.path
        extra = {node for source in sources for node in unaskable(self._database, source, self._hierarchy)}
        pattern = f"{check.source} {check.suspicion}"
        if (
            check.membership
            and isinstance(path, Predicate)
            and not self._is_used_more(path, self._focus_nodes(sources))
        ):
            pattern = f"{check.suspicion} FILTER({check.membership})"
        return _ask(self._database, pattern) | extra

    def _is_used_more(self, path: Predicate, number: int) -> bool:
        quads = self._database.quads_for_pattern(None, path.iri, None, DEFAULT)
        return next(islice(quads, _OFTEN * number, None), None) is not None

    def _number_of_focus_nodes(self, sources: tuple[Source, ...]) -> int:
        """Roughly: what has several types is counted for each."""
        kinds = {kind for source in sources for kind in self._hierarchy.members(source.target.value)}
        return sum(1 for kind in kinds for _ in self._database.quads_for_pattern(None, TYPE, kind, DEFAULT))


def among(database: ox.Store, check: Check, nodes: set[Term]) -> set[Term]:
    """The suspects among focus nodes; SPARQL cannot name blank ones, so these are suspects as they stand."""
    if check.left_to_pyshacl:
        return nodes
    blank: set[Term] = {node for node in nodes if isinstance(node, ox.BlankNode)}
    named = " ".join(map(str, nodes - blank))
    return _ask(database, f"VALUES ?f {{ {named} }} {check.suspicion}") | blank if named else blank


def number_of_findings(database: ox.Store, check: Check) -> int:
    """How many (focus node, value) and focus nodes alone fail; only where the check is countable."""
    if check.unit.shape.path is None:
        return _count(database, "?f", f"{check.source} FILTER({either([check.values.fails, check.focus.fails])})")
    pattern = value_pattern(check.unit.shape)
    single = _count(database, "?f ?v", f"{check.source} {pattern} FILTER({check.values.fails})")
    return single + _count(database, "?f", f"{check.source} OPTIONAL {{ {pattern} }} FILTER({check.focus.fails})")


def _count(database: ox.Store, variables: str, pattern: str) -> int:
    return sum(1 for _ in _rows(database, f"SELECT DISTINCT {variables} WHERE {{ {pattern} }}"))


def _ask(database: ox.Store, pattern: str) -> set[Term]:
    nodes = (row[0] for row in _rows(database, f"SELECT DISTINCT ?f WHERE {{ {pattern} }}"))
    return {node for node in nodes if not isinstance(node, ox.Triple | None)}


def _rows(database: ox.Store, query: str) -> ox.QuerySolutions:
    return cast("ox.QuerySolutions", database.query(query))
