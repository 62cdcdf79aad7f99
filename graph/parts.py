"""The parts of a pattern that can be left out or replaced one by one, and the text that remains.

A part is a triple (one property with one value), a condition, or a whole MINUS, VALUES, BIND, GRAPH restriction,
sub-select or UNION. Texts are put together from the pieces of the source, so they read as their author wrote them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lark import Token, Tree

from .rules import Node, name_of, walk
from .source import Source

Piece = Node | Token

_TRIPLES: Final = frozenset({"triples_same_subject", "triples_same_subject_path"})
_BRACKETS: Final = frozenset({"blank_node_property_list", "blank_node_property_list_path"})
_PROPERTIES: Final = frozenset({"property_list_not_empty", "property_list_path_not_empty"})
_OBJECTS: Final = frozenset({"object_list", "object_list_path"})
_BLOCKS: Final = frozenset({"triples_block", "triples_template"})
_BY_ITSELF: Final = _BRACKETS | {"collection", "collection_path", "reified_triple"}
_UNION: Final = "group_or_union_graph_pattern"


class Kind(StrEnum):
    """What a part is, as its author calls it."""

    TRIPLE = "triple"
    CONDITION = "FILTER"
    MINUS = "MINUS"
    VALUES = "VALUES"
    BIND = "BIND"
    GRAPH = "GRAPH"
    SELECT = "sub-select"
    UNION = "UNION"


_WHOLE: Final = {
    "minus_graph_pattern": Kind.MINUS,
    "inline_data": Kind.VALUES,
    "bind": Kind.BIND,
    "sub_select": Kind.SELECT,
}
_SKIPPED: Final = frozenset({"optional_graph_pattern", "service_graph_pattern", "minus_graph_pattern", "sub_select"})
"""What takes no row away, or is taken as a whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part and its node; of a triple that is the value."""

    kind: Kind
    node: Piece

    @property
    def tree(self) -> Node:
        """The node of a part that cannot be a single token, as the value of a triple can."""
        assert isinstance(self.node, Tree)  # noqa: S101 - only () as a value is a token
        return self.node

    @property
    def start(self) -> int:
        """Where it begins in the source."""
        return start(self.node)


@dataclass(frozen=True, slots=True, eq=False)
class Triple(Part):
    """A property with one value; the subject is a term or a pair of brackets."""

    subject: Piece
    verb: Piece
    first: bool
    """Whether it is the first value behind its property, so that its text begins with the property."""

    @property
    def start(self) -> int:
        """Where its own text begins in the source."""
        return start(self.verb) if self.first else start(self.node)


@dataclass(frozen=True, slots=True)
class Edits:
    """Changes to a pattern, by the id of the node: texts in its place, and triples left out."""

    texts: Mapping[int, str] = field(default_factory=dict)
    dropped: frozenset[int] = frozenset()

    def __or__(self, other: "Edits") -> "Edits":
        return Edits({**self.texts, **other.texts}, self.dropped | other.dropped)


NO_EDITS: Final = Edits()


def drop(parts: Iterable[Part]) -> Edits:
    """The edits that leave these parts out."""
    texts: dict[int, str] = {}
    dropped: set[int] = set()
    for part in parts:
        if part.kind is Kind.TRIPLE:
            dropped.add(id(part.node))
        elif part.kind is Kind.GRAPH:
            texts |= {id(piece): "" for piece in part.tree.children[:2]}
        elif part.kind is Kind.CONDITION:
            texts[id(part.node)] = "(true)"
        else:
            texts[id(part.node)] = "{}"
    return Edits(texts, frozenset(dropped))


def parts_of(group: Node) -> list[Part]:
    """The parts of a group of patterns in the order of the text, also those in groups within it."""
    found: list[Part] = []
    stack: list[Node] = [group]
    while stack:
        node = stack.pop()
        if node.data in _PROPERTIES:
            continue
        if node.data == "filter":
            found += [Part(Kind.CONDITION, condition) for condition in _conditions(node)]
            continue
        found += _parts_here(node)
        if node.data not in _SKIPPED and not _is_union(node):
            stack += [child for child in reversed(node.children) if isinstance(child, Tree)]
    return sorted(found, key=lambda part: part.start)


def _parts_here(node: Node) -> Iterator[Part]:
    if node.data in _TRIPLES:
        for holder in walk(node):
            if holder.data in _TRIPLES | _BRACKETS:
                yield from _triples(holder)
    elif node.data in _WHOLE:
        yield Part(_WHOLE[node.data], node)
    elif node.data == "graph_graph_pattern":
        yield Part(Kind.GRAPH, node)
    elif _is_union(node):
        yield Part(Kind.UNION, node)


def _is_union(node: Node) -> bool:
    return node.data == _UNION and len(node.children) > 1


def _triples(holder: Node) -> Iterator[Triple]:
    """The triples of one subject, be it a term or a pair of brackets."""
    subject = holder if holder.data in _BRACKETS else holder.children[0]
    for properties in (child for child in holder.children if isinstance(child, Tree) and child.data in _PROPERTIES):
        for verb, objects in pairs(properties):
            for index, value in enumerate(item[0] for item in _items(objects)):
                yield Triple(Kind.TRIPLE, value, subject, verb, first=index == 0)


def _items(objects: Node) -> list[list[Piece]]:
    """Each value of a list with the annotations behind it (SPARQL 1.2)."""
    items: list[list[Piece]] = [[]]
    for child in objects.children:
        if child == ",":
            items.append([])
        else:
            items[-1].append(child)
    return items


def pairs(properties: Node) -> Iterator[tuple[Piece, Node]]:
    """Each property of a list with its values."""
    verb: Piece | None = None
    for child in properties.children:
        if isinstance(child, Tree) and child.data in _OBJECTS and verb is not None:
            yield verb, child
        elif child != ";":
            verb = child


def _conditions(node: Node) -> list[Node]:
    """The conditions of a FILTER that must all hold."""
    condition = next(child for child in node.children if isinstance(child, Tree))
    inner = condition
    while inner.data == "bracketted_expression" and isinstance(inner.children[1], Tree):
        inner = inner.children[1]
    if inner.data == "conditional_and_expression":
        return [child for child in inner.children if isinstance(child, Tree)]
    return [condition]


def encloses(outer: Part, inner: Part) -> bool:
    """Whether a part stands within another, that is, in its braces or brackets."""
    within = start(outer.node) < start(inner.node) and end(inner.node) <= end(outer.node)
    return within and outer.kind in {Kind.GRAPH, Kind.TRIPLE}


def inner_groups(part: Part) -> list[Node]:
    """The groups within a part that can be looked at on their own."""
    if part.kind is Kind.SELECT:
        where = child_of(part.tree, "where_clause")
        group = child_of(where, "group_graph_pattern") if where is not None else None
        return [group] if group is not None else []
    if part.kind is Kind.UNION:
        return [child for child in part.tree.children if isinstance(child, Tree)]
    group = exists_group(part.node) if part.kind is Kind.CONDITION else None
    return [group] if group is not None else []


def child_of(node: Node, kind: str) -> Node | None:
    """The first node of a kind right below another."""
    return next((child for child in node.children if isinstance(child, Tree) and child.data == kind), None)


def exists_group(condition: Piece, kind: str = "exists_func") -> Node | None:
    """The group of a condition that is EXISTS, or not_exists_func, and nothing else."""
    inner: Piece | None = condition
    while isinstance(inner, Tree) and inner.data != kind:
        trees = [child for child in inner.children if isinstance(child, Tree)]
        inner = trees[0] if len(trees) == 1 and inner.data in {"bracketted_expression", "built_in_call"} else None
    return child_of(inner, "group_graph_pattern") if isinstance(inner, Tree) else None


def variables(piece: Piece) -> set[str]:
    """The names of the variables in a node."""
    return {name_of(node) for node in walk(piece) if node.data == "var"} if isinstance(piece, Tree) else set()


def orphans(group: Node, left_out: Part, parts: Iterable[Part]) -> list[Part]:
    """The conditions that could not hold without a part, as it alone gives them a value."""
    others = [part for part in parts if part is not left_out]
    own = {id(node) for piece in _own_pieces(left_out, others) for node in walk(piece)}
    prune = frozenset({"filter", "bind", "minus_graph_pattern"})
    elsewhere = {name_of(node) for node in walk(group, prune) if node.data == "var" and id(node) not in own}
    lost = set().union(*(variables(piece) for piece in _pieces(left_out))) - elsewhere
    orphaned: list[Part] = []
    for part in others:
        if part.kind is Kind.BIND:
            value, target = (child for child in part.tree.children if isinstance(child, Tree))
            lost |= variables(target) if variables(value) & lost else set()
        elif part.kind is Kind.CONDITION and variables(part.node) & lost:
            orphaned.append(part)
    return orphaned


def _pieces(part: Part) -> list[Piece]:
    return [part.node, part.verb, part.subject] if isinstance(part, Triple) else [part.node]


def _own_pieces(part: Part, others: Iterable[Part]) -> Iterator[Node]:
    """The nodes of a part that belong to no other one; several values share their subject, and often their property."""
    shared = {id(piece) for other in others for piece in _pieces(other)[1:]}
    for piece in _pieces(part):
        if isinstance(piece, Tree) and piece.data not in _BRACKETS and id(piece) not in shared:
            yield piece


class Writer:
    """Writes groups of one source with edits."""

    def __init__(self, source: Source) -> None:
        self._text = source.text

    def slice(self, piece: Piece) -> str:
        """What a piece reads in the source."""
        return self._text[start(piece) : end(piece)]

    def write(self, root: Node, edits: Edits) -> str:
        """The text of a node with the edits in it; pieces come from the inside out, so nothing recurses."""
        texts = dict(edits.texts)
        if id(root) in texts:
            return texts[id(root)]
        for node in reversed(list(walk(root))):
            if id(node) in texts or id(node) in edits.dropped:
                continue
            if any(id(child) in texts or id(child) in edits.dropped for child in node.children):
                texts[id(node)] = self._changed(node, texts, edits.dropped)
        return texts.get(id(root), self.slice(root))

    def _changed(self, node: Node, texts: Mapping[int, str], dropped: frozenset[int]) -> str:
        def text(piece: Piece) -> str:
            return texts.get(id(piece), self.slice(piece))

        if node.data in _OBJECTS:
            return ", ".join(" ".join(map(text, item)) for item in _items(node) if id(item[0]) not in dropped)
        if node.data in _PROPERTIES:
            return " ; ".join(f"{text(verb)} {text(values)}" for verb, values in pairs(node) if text(values))
        if node.data in _BLOCKS:
            return " . ".join(filter(None, (text(child) for child in node.children if child != ".")))
        if node.data in _TRIPLES and not text(node.children[-1]).strip("[] \t\r\n"):
            subject = node.children[0]
            alone = isinstance(subject, Tree) and subject.data in _BY_ITSELF and text(subject)
            return alone if alone and alone.strip("[] \t\r\n") else ""
        return self._woven(node, texts)

    def _woven(self, node: Node, texts: Mapping[int, str]) -> str:
        """The node with its children's texts, and what stands between them as it is."""
        written, position = [], start(node)
        for child in node.children:
            if isinstance(child, Tree) and child.meta.empty:
                continue
            written += [self._text[position : start(child)], texts.get(id(child), self.slice(child))]
            position = end(child)
        return "".join(written)


def start(piece: Piece) -> int:
    """Where a piece begins in the source."""
    return (piece.meta.start_pos if isinstance(piece, Tree) else piece.start_pos) or 0


def end(piece: Piece) -> int:
    """Where a piece ends in the source."""
    return (piece.meta.end_pos if isinstance(piece, Tree) else piece.end_pos) or 0
