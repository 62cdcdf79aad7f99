"""Questions to the engine about a pattern with changes in it: does it hold, how often, with which values.

A question cannot be stopped once the engine has it. Each asks for one solution, or for the first ten thousand.
"""

import time
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final, cast

import pyoxigraph as ox
from lark import Tree

from . import dataset, grammar
from .dataset import Dataset
from .errors import QueryError
from .grammar import Query
from .hints import Vocabulary
from .parts import NO_EDITS, Edits, Writer
from .rewrite import rewrite
from .rules import Node, walk
from .terms import Term, Terms

MOST: Final = 10_000
"""Solutions that are looked at; what is said of more is said of these."""

COMMON: Final = 200
"""Values that are compared with the one that was asked for."""

_REFUSED: Final = (SyntaxError, RuntimeError, QueryError)

VALUE: Final = "?why_value"
PROPERTY: Final = "?why_property"


@dataclass(frozen=True, slots=True)
class View:
    """A store, or some of its graphs."""

    store: ox.Store
    default: Sequence[ox.NamedNode] | None = None
    named: Sequence[ox.NamedNode] | None = None

    @classmethod
    def of(cls, database: ox.Store, chosen: Dataset) -> "View":
        """The chosen graphs; several default graphs are merged once, not for each question."""
        default, named = dataset.names_of(chosen.default), dataset.names_of(chosen.named)
        if len(default) < 2:
            return cls(database, default, named) if chosen else cls(database)
        return cls(dataset.merge(database, chosen))

    def answer(self, text: str) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        """What the engine answers."""
        if self.default is None or self.named is None:
            return self.store.query(text)
        return self.store.query(text, default_graph=[*self.default], named_graphs=[*self.named])


@dataclass(frozen=True, slots=True)
class Frame:
    """A group that is asked on its own: with the graph around it, or the VALUES clause behind it, as texts."""

    group: Node
    graph: str = ""
    values: str = ""


class TimeIsUpError(Exception):
    """The deadline has passed, so nothing more is asked."""


class Probe:
    """One query's patterns, asked over the dataset that is chosen for it, until a deadline (monotonic clock)."""

    def __init__(
        self, database: ox.Store, query: Query, requested: Dataset, vocabulary: Vocabulary | None, *, deadline: float
    ) -> None:
        self.query = query
        self.writer = Writer(query.source)
        self.prologue = Terms.of(query)
        self.store = database
        self.requested = requested
        self.chosen = requested or dataset.from_clauses(query)
        self.view = View.of(database, self.chosen)
        self._vocabulary = vocabulary
        self._deadline = deadline
        self._has_exists = any(node.data in {"exists_func", "not_exists_func"} for node in walk(query.tree))
        head = query.tree.children[0]
        self._head = self.writer.slice(head) if isinstance(head, Tree) and not head.meta.empty else ""

    @property
    def vocabulary(self) -> Vocabulary:
        """The properties and classes in use, read where they were not given."""
        self._vocabulary = self._vocabulary or Vocabulary.of(self.store)
        return self._vocabulary

    def everywhere(self) -> "Probe":
        """The same questions over the whole store."""
        probe = copy(self)
        probe.view = View(self.store)
        return probe

    def result(self, edits: Edits = NO_EDITS) -> bool:
        """Whether the query itself, with changes, has a result."""
        return self._any(self.writer.write(self.query.tree, edits))

    def holds(self, frame: Frame, edits: Edits = NO_EDITS) -> bool:
        """Whether the pattern has a solution."""
        return self._any(f"{self._head} ASK {self._pattern(frame, edits)}")

    def count(self, frame: Frame, edits: Edits) -> int:
        """The number of solutions, at most MOST."""
        inner = f"SELECT (1 AS ?why_one) {self._pattern(frame, edits)} LIMIT {MOST}"
        rows = self._rows(f"{self._head} SELECT (COUNT(*) AS ?why_count) {{ {_braced(inner)} }}")
        return next((_number(row[0]) for row in rows), 0)

    def frequent(self, frame: Frame, edits: Edits, expression: str) -> list[tuple[Term, int]]:
        """The most frequent values of an expression over the solutions, with their numbers.

        They are sorted as texts: comparing values of many kinds, the engine may panic (pyoxigraph 0.5.13).
        """
        inner = f"SELECT ({expression} AS ?why_it) {self._pattern(frame, edits)} LIMIT {MOST}"
        text = f"{self._head} SELECT ?why_it (COUNT(*) AS ?why_count) {{ {_braced(inner)} }}"
        return self._counted(f"{text} GROUP BY ?why_it ORDER BY DESC(?why_count) STR(?why_it) LIMIT {COMMON}")

    def matching(self, frame: Frame, edits: Edits, expression: str, condition: str) -> list[Term]:
        """A few values of an expression that fulfil a condition on ?why_it."""
        pattern = f"{{ {self._pattern(frame, edits)} BIND({expression} AS ?why_it) FILTER({condition}) }}"
        rows = self._rows(f"{self._head} SELECT DISTINCT ?why_it {pattern} LIMIT 5")
        return [row[0] for row in rows if row[0] is not None]

    def count_results(self, edits: Edits) -> int:
        """The number of rows of a SELECT query with changes, at most MOST."""
        body = self.query.body.children[0]
        assert isinstance(body, Tree)  # noqa: S101 - a query is a tree
        graphs = Edits({id(clause): "" for clause in body.find_data("dataset_clause")})
        inner = f"SELECT (1 AS ?why_one) {{ {_braced(self.writer.write(body, edits | graphs))} }} LIMIT {MOST}"
        rows = self._rows(f"{self._head} SELECT (COUNT(*) AS ?why_count) {{ {_braced(inner)} }}")
        return next((_number(row[0]) for row in rows), 0)

    def groups(self, frame: Frame, aggregate: str, clause: str) -> list[tuple[Term, int]]:
        """The values of an aggregate over the groups that a GROUP BY makes, the largest first."""
        inner = f"SELECT ({aggregate} AS ?why_it) {self._pattern(frame, NO_EDITS)} {clause}"
        text = f"{self._head} SELECT ?why_it (COUNT(*) AS ?why_count) {{ {_braced(inner)} }}"
        return sorted(self._counted(f"{text} GROUP BY ?why_it LIMIT {COMMON}"), key=_size, reverse=True)

    def _pattern(self, frame: Frame, edits: Edits) -> str:
        group = self.writer.write(frame.group, edits)
        return f"{{ GRAPH {frame.graph} {{ {group} }} }}" if frame.graph else f"{{ {group} {frame.values} }}"

    def _counted(self, text: str) -> list[tuple[Term, int]]:
        return [(row[0], _number(row[1])) for row in self._rows(text) if row[0] is not None]

    def _any(self, text: str) -> bool:
        """Whether there is a first result. What the engine refuses, as some text put together may be, has none."""
        try:
            result = self._ask(text)
            return bool(result) if isinstance(result, ox.QueryBoolean) else any(True for _ in result)
        except _REFUSED:
            return False

    def _rows(self, text: str) -> Iterator[list[Term | None]]:
        try:
            yield from ([*solution] for solution in cast("ox.QuerySolutions", self._ask(text)))
        except _REFUSED:
            return

    def _ask(self, text: str) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        if time.monotonic() > self._deadline:
            raise TimeIsUpError
        return self.view.answer(rewrite(grammar.parse(text, version="1.2")).text if self._has_exists else text)


def _braced(select: str) -> str:
    """A sub-select in its braces."""
    return f"{{ {select} }}"


def _number(term: Term | None) -> int:
    """The whole number that a COUNT gave."""
    return int(term.value) if isinstance(term, ox.Literal) else 0


def _size(value: tuple[Term, int]) -> tuple[float, str]:
    """The number that a value is, else its text."""
    text = getattr(value[0], "value", "")
    try:
        return float(text), ""
    except ValueError:
        return 0, text
