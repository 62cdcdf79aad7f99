"""Where JSON-LD makes its statements: the engine is handed one key or value after the other, in streaming order.

In that order (https://www.w3.org/TR/json-ld11-streaming/#key-ordering-required) an object's context, types and
identifier stand before its properties. The engine sorts each object so before it makes statements; here it gets them
sorted, and nodes without an identifier get one, so it makes each statement as soon as its value is there, and the same
ones in the same order. What keys and contexts mean stays the engine's business: contexts are looked at only for other
names of keywords and for containers, to tell what stands between a property and its values.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import pyoxigraph as ox

from ..names import RDF
from .json_places import Value, read
from .text_places import Spot, alike, pieces_read

_TYPE: Final = ox.NamedNode(RDF + "type")
_FIRST: Final = ox.NamedNode(RDF + "first")
_NIL: Final = ox.NamedNode(RDF + "nil")

_RANKS: Final[Mapping[str, int]] = {"@context": 0, "@type": 1, "@id": 2, "@graph": 4}
_NAMELESS: Final = 2
_OTHER: Final = 3
_NO_NAMELESS: Final = frozenset({"@id", "@value", "@list", "@set"})
"""With one of these an object has a name or is no node."""

_LONGEST_CHAIN: Final = 3
"""Names for names of a keyword that are followed."""

_NESTING: Final = frozenset({"@reverse", "@nest"})
_SAYING: Final = frozenset({"@id", "@type"})
_MAPS: Final = _SAYING | {"@language", "@index"}


def locate(text: str, triples: Sequence[ox.Triple], base: str | None) -> Sequence[Spot | None]:
    """The spots of the statements; none where the second reading of the text is not like the first.

    Names for nodes that have none are left out at a second attempt, for they may be given to what is no node.
    """
    root = read(text)
    names = _Names(text, root)
    for label in (f"_:{secrets.token_hex(8)}-", ""):
        quads: list[ox.Quad] = []
        finder = _Finder(names)
        steps = list(_Order(text, names, label).steps(root))
        pieces = (step.piece for step in steps)
        for number, quad in pieces_read(pieces, ox.RdfFormat.STREAMING_JSON_LD, base):
            quads.append(quad)
            finder.add(quad, steps[number].value)
        if alike(quads, triples):
            return finder.spots()
    return [None] * len(triples)


class _Names:
    """What the contexts of a document, taken together, say of keys: https://www.w3.org/TR/json-ld11/#context-definitions."""

    def __init__(self, text: str, root: Value) -> None:
        self._meanings: dict[str, str] = {}
        self._containers: dict[str, set[str]] = {}
        self._json: set[str] = set()
        self._reversed: set[str] = set()
        todo: list[object] = [json.loads(text[value.start : value.end], parse_int=str) for value in _contexts(root)]
        while todo:
            context = todo.pop()
            if isinstance(context, list):
                todo += context
            elif isinstance(context, dict):
                todo += [self._define(term, definition) for term, definition in context.items()]
        self._keywords = {term: self._keyword(term) for term in self._meanings}

    def _define(self, term: str, definition: object) -> object:
        """Take in what is said of a term, but for the context of its own, which is given back."""
        if isinstance(definition, str):
            self._meanings[term] = definition
        if not isinstance(definition, dict):
            return None
        if isinstance(meaning := definition.get("@id"), str):
            self._meanings[term] = meaning
        container = definition.get("@container")
        containers = container if isinstance(container, list) else [container]
        self._containers.setdefault(term, set()).update(name for name in containers if isinstance(name, str))
        if definition.get("@type") == "@json":
            self._json.add(term)
        if "@reverse" in definition:
            self._reversed.add(term)
        return definition.get("@context")

    def _keyword(self, term: str) -> str:
        for _ in range(_LONGEST_CHAIN):
            term = self._meanings.get(term, "")
            if term.startswith("@"):
                return term
        return ""

    def keyword(self, key: str) -> str:
        """The keyword that a key is or stands for, empty where it is a property."""
        return key if key.startswith("@") else self._keywords.get(key, "")

    def is_map(self, value: Value) -> bool:
        """Whether the keys of an object are languages, identifiers and the like, in place of properties."""
        return value.is_object and not _MAPS.isdisjoint(self._containers.get(value.key, ()))

    def _says_more(self, value: Value) -> bool:
        """Whether the keys of a map say something of the nodes in it."""
        return value.is_object and not _SAYING.isdisjoint(self._containers.get(value.key, ()))

    def is_list(self, value: Value) -> bool:
        """Whether the value of a key is a list by the key's definition."""
        return "@list" in self._containers.get(value.key, ())

    def is_whole(self, value: Value) -> bool:
        """Whether it is one piece: a string, a number, a context, or JSON that stands for itself."""
        if not (value.is_object or value.is_array):
            return True
        return value.key in self._json or self.keyword(value.key) in {"@context", "@value"}

    def is_reversed(self, key: str) -> bool:
        """Whether the key of a property means its opposite."""
        return key in self._reversed

    def is_nameless(self, value: Value) -> bool:
        """Whether an object is a node without identifier; in a map its key can be one, or a type, which is as bad."""
        around = value.member().around
        return (
            not self.is_map(value)
            and not (around and self._says_more(around))
            and self.keyword(value.member().key) not in _NESTING
            and _NO_NAMELESS.isdisjoint(self.keyword(item.key) for item in value.values)
        )


def _contexts(root: Value) -> Iterator[Value]:
    todo = [root]
    while todo:
        value = todo.pop()
        if value.key == "@context":
            yield value
        else:
            todo += value.values


class _Step(NamedTuple):
    """A piece of the text for the engine, and the value that it is or opens, closes or names a key of."""

    piece: str
    value: Value


class _Order:
    """The pieces of a document in streaming order. Nameless nodes get the label and a number."""

    def __init__(self, text: str, names: _Names, label: str) -> None:
        self._text = text
        self._names = names
        self._label = label
        self._count = 0

    def steps(self, root: Value) -> Iterator[_Step]:
        todo: list[_Step | Value] = [root]
        while todo:
            entry = todo.pop()
            if isinstance(entry, _Step):
                yield entry
            elif self._names.is_whole(entry):
                yield _Step(self._text[entry.start : entry.end] + " ", entry)  # a number ends with what follows it
            else:
                yield _Step(entry.kind, entry)
                parts = self._items(entry) if entry.is_array else self._members(entry)
                todo += reversed([*parts, _Step("]" if entry.is_array else "}", entry)])

    def _items(self, array: Value) -> Iterator[_Step | Value]:
        for number, item in enumerate(array.values):
            if number:
                yield _Step(",", array)
            yield item

    def _members(self, value: Value) -> Iterator[_Step | Value]:
        is_map = self._names.is_map(value)
        members: list[tuple[int, str, Value | None]] = [
            (0 if is_map else self._rank(item), f"{json.dumps(item.key)}:", item) for item in value.values
        ]
        if self._label and self._names.is_nameless(value):
            self._count += 1
            members.append((_NAMELESS, f'"@id":"{self._label}{self._count}"', None))
        members.sort(key=lambda member: member[0])
        for number, (_, piece, item) in enumerate(members):
            yield _Step("," * (number > 0) + piece, value)
            if item:
                yield item

    def _rank(self, item: Value) -> int:
        return _RANKS.get(self._names.keyword(item.key), _OTHER)


class _Property(NamedTuple):
    """Of which node, by which key, what is said: the value as a whole, a list where it stands in one."""

    owner: Value
    key_start: int
    value: Value
    is_list: bool
    is_reversed: bool


class _Finder:
    """Joins each statement with the value at which the engine made it."""

    def __init__(self, names: _Names) -> None:
        self._names = names
        self._spots: list[Spot] = []
        self._nodes: dict[Value, object] = {}
        self._cells: dict[object, int] = {}
        self._types: dict[Value, list[int]] = {}
        self._members: dict[Value, dict[str, Value]] = {}

    def add(self, quad: ox.Quad, value: Value) -> None:
        """Find the spot of the next statement."""
        self._spots.append(self._spot(quad, value))

    def spots(self) -> Sequence[Spot]:
        """All that were found. Types come together, so they are told apart by their order, if it is one for one."""
        for node, numbers in self._types.items():
            member = self._by_keyword(node)["@type"]
            written = member.values if member.is_array else [member]
            if len(written) == len(numbers):
                for number, value in zip(numbers, written, strict=True):
                    self._spots[number] = self._spots[number]._replace(object=value.start)
        return self._spots

    def _spot(self, quad: ox.Quad, value: Value) -> Spot:
        if quad.subject in self._cells:
            return self._cell(quad, value)
        stated = self._property(value)
        if stated is None:
            self._nodes.setdefault(value, quad.subject)
        if self._nodes.get(value) == quad.subject:
            return self._type(quad, value)
        return self._stated(quad, value, stated) if stated else Spot(value.start, value.start, value.start)

    def _stated(self, quad: ox.Quad, value: Value, stated: _Property) -> Spot:
        owner = self._nodes.setdefault(stated.owner, quad.object if stated.is_reversed else quad.subject)
        if quad.subject == owner:
            other, subject = quad.object, self._start(stated.owner)
        elif quad.object == owner:
            other, subject = quad.subject, self._start(value)
        else:
            return Spot(value.start, value.start, value.start)
        if stated.is_list and other != _NIL:
            self._cells[other] = stated.value.start
        else:
            self._nodes.setdefault(value, other)
        return Spot(subject, stated.key_start, stated.value.start)

    def _cell(self, quad: ox.Quad, value: Value) -> Spot:
        start = self._cells[quad.subject]
        if quad.predicate == _FIRST:
            self._nodes.setdefault(value, quad.object)
            return Spot(start, start, value.start)
        if quad.object == _NIL:
            return Spot(start, start, start)
        self._cells[quad.object] = value.start
        return Spot(start, start, value.start)

    def _type(self, quad: ox.Quad, value: Value) -> Spot:
        start = self._start(value)
        member = self._by_keyword(value).get("@type")
        if quad.predicate != _TYPE or member is None:
            return Spot(start, value.start, value.start)
        self._types.setdefault(value, []).append(len(self._spots))
        return Spot(start, member.key_start, member.start)

    def _start(self, node: Value) -> int:
        """Where a node has its identifier, else where it begins."""
        return self._by_keyword(node).get("@id", node).start

    def _by_keyword(self, node: Value) -> Mapping[str, Value]:
        """What an object has by keywords."""
        if node not in self._members:
            named = ((self._names.keyword(item.key), item) for item in node.values)
            self._members[node] = {keyword: item for keyword, item in named if keyword}
        return self._members[node]

    def _property(self, value: Value) -> _Property | None:
        """What a value is the value of, past arrays, lists, sets, value objects and maps."""
        whole, is_list = value, False
        item = value.member()
        while item.around is not None:
            keyword = self._names.keyword(item.key)
            if self._names.is_map(item.around) or keyword in {"@list", "@set", "@value"}:
                if keyword in {"@list", "@value"}:
                    whole, is_list = item.around, is_list or keyword == "@list"
                item = item.around.member()
            elif keyword:
                return None
            else:
                is_list = is_list or self._names.is_list(item)
                whole = item if self._names.is_list(item) else whole
                return self._owned(item, whole, is_list=is_list)
        return None

    def _owned(self, item: Value, whole: Value, *, is_list: bool) -> _Property:
        """The node that has a property, which is around the object with the property if that is there to nest it."""
        owner = item.around or item
        is_reversed = self._names.is_reversed(item.key)
        while (keyword := self._names.keyword(owner.member().key)) in _NESTING and owner.member().around:
            owner = owner.member().around or owner
            is_reversed ^= keyword == "@reverse"
        return _Property(owner, item.key_start, whole, is_list, is_reversed)
