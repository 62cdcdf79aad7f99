"""EXISTS as a join, where that means the same (https://www.w3.org/TR/sparql11-query/#func-filter-exists).

For each solution of a group the engine evaluates the pattern of an EXISTS anew, and joins its parts by comparing
each with each: minutes for a question such as "which targets has nobody …" (docs/decisions.md). So

    FILTER NOT EXISTS { ?link :target ?target ; :score ?score }

becomes `FILTER(!BOUND(?exists_1))`, and at the end of its group stands, evaluated once and joined by hashing:

    OPTIONAL { SELECT DISTINCT ?target (true AS ?exists_1) WHERE { ?link :target ?target ; :score ?score } }
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from lark import Token, Tree

from .grammar import Query
from .rules import Node, walk
from .rules import _visible as visible_names
from .scope import CONSTANTS, Bindings, Scopes, Term, children, group_of, statements, variables

MAX_REWRITTEN: Final = 50
"""In one text: each adds a pattern to its group, and thousands in a row would end the engine."""

MAX_NESTED: Final = 3
"""Of one inside another; each level is read once more."""

_NO_PATTERNS: Final = frozenset({"filter", "bind"})
_EXISTS: Final = frozenset({"exists_func", "not_exists_func"})
_CHANCE: Final = frozenset({"RAND", "UUID", "STRUUID", "BNODE"})


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The text for the engine, and how many EXISTS in it were rewritten."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class _Edit:
    """A stretch of the text and what comes in its place: words, and stretches that are moved there."""

    start: int
    end: int
    parts: tuple[str | tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A group of patterns and what counts around it."""

    group: Node
    before: frozenset[str] = frozenset()
    """The names that its FILTERs see besides its own: under OPTIONAL those of the patterns before it."""

    graph: str = ""
    """The variable of the GRAPH around it."""

    stars: tuple[_Edit, ...] = ()
    """The `*` in which one more variable would show, if there is one, written out as names."""

    depth: int = 0
    """How many rewritten EXISTS it stood in."""

    @property
    def graphs(self) -> frozenset[str]:
        """That variable, if there is one."""
        return frozenset({self.graph} - {""})


@dataclass(frozen=True, slots=True)
class _Site:
    """An expression of a group that may hold EXISTS, and what comes before it."""

    expression: Node
    names: frozenset[str]
    """The variables that may have a value there."""

    bindings: Bindings
    position: int
    """Where the group can be joined with more, for the expression to see it."""


def rewrite(query: Query) -> Rewritten:
    """The text of a query or an update with its slow EXISTS rewritten; the same text where there is none."""
    text = query.source.text
    nodes = list(walk(query.tree))
    if not any(node.data in _EXISTS for node in nodes) or any(_counts_distinct_rows(node) for node in nodes):
        return Rewritten(text, 0)
    search = _Search(query)
    return Rewritten(_render(text, search.edits(), 0, len(text)), search.count)


def _counts_distinct_rows(node: Node) -> bool:
    """COUNT(DISTINCT *), which one more variable can change."""
    return node.data == "aggregate" and [str(part).upper() for part in node.children[2:4]] == ["DISTINCT", "*"]


class _Search:
    """Finds the EXISTS to rewrite, from the outside in; one that stays is left as a whole."""

    def __init__(self, query: Query) -> None:
        self.count = 0
        self._query = query
        self._scopes = Scopes(query.tree)
        self._visible = visible_names(query.tree)
        self._edits: dict[_Edit, None] = {}
        self._prefix = "exists_"
        while any(name.startswith(self._prefix) for name in self._scopes.names[id(query.tree)]):
            self._prefix += "_"

    def edits(self) -> list[_Edit]:
        """What to change, in the order of the text."""
        places = list(self._roots())
        while places:
            place = places.pop()
            places += self._inner(place)
            places += self._rewritten(place)
        return sorted(self._edits, key=lambda edit: edit.start)

    def _roots(self) -> Iterator[_Place]:
        """The outermost groups of a query, or of the operations of an update."""
        body = self._query.body
        if body.data == "update":
            yield from (_Place(group_of(operation)) for operation in children(body, "modify"))
            return
        form, values = children(body)
        for where in children(form, "where_clause"):
            yield _Place(group_of(where), stars=self._stars(form, values))

    def _stars(self, form: Node, values: Node) -> tuple[_Edit, ...]:
        """The `*` of SELECT or DESCRIBE as names, in the engine's order."""
        clause = next(children(form, "select_clause"), form)
        names = self._visible[id(next(children(form, "where_clause")))] | self._visible[id(values)]
        text = "".join(f" ?{name}" for name in sorted(names)) + " "
        return tuple(_edit(part, text) for part in clause.children if isinstance(part, Token) and part == "*")

    def _inner(self, place: _Place) -> Iterator[_Place]:
        """The groups that stand in a group as patterns."""
        before: frozenset[str] = frozenset()
        for part in children(place.group):
            inner = replace(place, before=frozenset())
            if part.data == "optional_graph_pattern":
                yield replace(inner, group=group_of(part), before=before)
            elif part.data == "group_or_union_graph_pattern":
                yield from (replace(inner, group=group) for group in children(part))
            elif part.data == "minus_graph_pattern":
                yield replace(inner, group=group_of(part), stars=())
            elif part.data == "graph_graph_pattern" and variables(part.children).isdisjoint(self._scopes.targets):
                yield replace(inner, group=group_of(part), graph="".join(variables(part.children)))
            elif part.data == "sub_select" and not place.graph:
                stars = self._stars(part, next(children(part, "values_clause")))
                yield replace(inner, group=group_of(part), stars=stars)
            before |= self._visible[id(part)]

    def _rewritten(self, place: _Place) -> Iterator[_Place]:
        """Rewrite what can be in the expressions of a group; gives the groups that are no longer inside an EXISTS."""
        for site in self._sites(place) if place.depth < MAX_NESTED else ():
            for exists in _topmost(site.expression):
                if self.count < MAX_REWRITTEN and (shared := self._shared(place, site, group_of(exists))):
                    self.count += 1
                    self._edit(place, site, exists, shared)
                    yield _Place(group_of(exists), graph=place.graph, depth=place.depth + 1)

    def _sites(self, place: _Place) -> Iterator[_Site]:
        """The expressions of a group: a FILTER sees what the whole group binds, a BIND what stands before it.

        A BIND with patterns behind it stays: the join would stand in their midst, and the engine then plans the rest
        badly (a shipped question took 350 ms in place of 18).
        """
        whole = self._scopes.bindings[id(place.group)]
        before: frozenset[str] = frozenset()
        last = max((p.meta.start_pos for p in children(place.group) if p.data not in _NO_PATTERNS), default=0)
        for part in children(place.group):
            if part.data == "filter":
                names = self._visible[id(place.group)] | place.before
                yield _Site(part, names, whole, place.group.meta.end_pos - 1)
            elif part.data == "bind" and part.meta.start_pos > last:
                yield _Site(part, before, self._scopes.bindings[id(part)], part.meta.start_pos)
            before |= self._visible[id(part)]

    def _shared(self, place: _Place, site: _Site, pattern: Node) -> frozenset[str]:
        """The variables to join on; none where a join would mean something else, or would not be faster."""
        inner = self._scopes.bindings[id(pattern)]
        shared = self._scopes.names[id(pattern)] & (site.names | place.graphs)
        means_the_same = (
            shared <= site.bindings.sure & inner.sure
            and shared.isdisjoint(inner.exposed)
            and shared & inner.ends <= site.bindings.nodes
            and not _is_peculiar(pattern, in_graph=bool(place.graph))
        )
        return shared if means_the_same and _is_slow(pattern, shared) else frozenset()

    def _edit(self, place: _Place, site: _Site, exists: Node, shared: frozenset[str]) -> None:
        fresh = f"?{self._prefix}{self.count}"
        columns = " ".join(f"?{name}" for name in sorted(shared | place.graphs))
        pattern = group_of(exists).meta
        join = (
            f" OPTIONAL {{ SELECT DISTINCT {columns} (true AS {fresh}) WHERE ",
            (pattern.start_pos, pattern.end_pos),
            " } ",
        )
        condition = f" BOUND({fresh}) " if exists.data == "exists_func" else f" (!BOUND({fresh})) "
        self._edits[_edit(exists, condition)] = None
        self._edits[_Edit(site.position, site.position, join)] = None
        self._edits |= dict.fromkeys(place.stars)


def _topmost(expression: Node) -> Iterator[Node]:
    """The EXISTS in an expression that stand in no other EXISTS."""
    for node in walk(expression, _EXISTS):
        yield from (child for child in children(node) if child.data in _EXISTS)


def _is_peculiar(pattern: Node, *, in_graph: bool) -> bool:
    """Whether a pattern may give another answer each time, asks elsewhere, or is one that the engine mistakes.

    Inside GRAPH ?g the engine takes a sub-select that does not project ?g to be about any graph.
    """
    kinds = {node.data for node in walk(pattern)}
    chance = any(part.upper() in _CHANCE for node in walk(pattern) for part in node.children if isinstance(part, Token))
    return chance or "service_graph_pattern" in kinds or (in_graph and "sub_select" in kinds)


def _is_slow(pattern: Node, shared: frozenset[str]) -> bool:
    """Whether the engine would compare many with many for each solution.

    Where all triples but one have a known subject, it finds the few that match faster than any join.
    """
    reach: dict[int, int] = {}
    triples = 0
    for node in pattern.iter_subtrees():
        parts = [reach[id(child)] for child in children(node)]
        own = [_reach(triple, shared) for triple in statements(node)]
        triples += len(own)
        reach[id(node)] = sum(own) + (max(parts) if node.data == "group_or_union_graph_pattern" else sum(parts))
    return triples > 1 and reach[id(pattern)] > 1


def _reach(triple: tuple[Term, Term, Term], shared: frozenset[str]) -> int:
    """How much of the graph a triple matches, where the shared variables have values: 0 little, 2 much."""
    subject = triple[0]
    if isinstance(subject, Tree) and (subject.data in CONSTANTS or variables([subject]) & shared):
        return 0
    return 1 if variables(triple) & shared else 2


def _edit(node: Node | Token, text: str) -> _Edit:
    """A node or a token replaced by a text."""
    place = node.meta if isinstance(node, Tree) else node
    return _Edit(place.start_pos or 0, place.end_pos or 0, (text,))


def _render(text: str, edits: list[_Edit], start: int, end: int) -> str:
    """A stretch of the text with its edits made, also in what is moved; one inside a replaced stretch is not."""
    pieces: list[str] = []
    for edit in edits:
        if start <= edit.start < end and edit.end <= end:
            pieces.append(text[start : edit.start])
            pieces += (part if isinstance(part, str) else _render(text, edits, *part) for part in edit.parts)
            start = edit.end
    return "".join([*pieces, text[start:end]])
