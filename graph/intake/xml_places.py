"""Where RDF/XML makes its statements: the engine is handed one tag after the other, so each statement has its tag.

A tag is a node or a property of one (https://www.w3.org/TR/rdf-syntax-grammar/#section-Syntax), by its depth and by
the `rdf:parseType` around it. There is no document type: the text was read before.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final
from xml.parsers import expat

import pyoxigraph as ox

from ..names import RDF
from .text_places import Spot, alike, pieces_read

_TYPE: Final = RDF + "type"
_FIRST: Final = RDF + "first"
_REST: Final = RDF + "rest"
_TAG: Final = re.compile(r"<[^\s/>]++(?P<attributes>(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_ATTRIBUTE: Final = re.compile(r"\s*+([^\s=<>\"'/]++)\s*+=\s*+(\"[^\"]*+\"|'[^']*+')")
_ORDINAL: Final = re.compile(re.escape(RDF) + "_[0-9]+")


def locate(text: str, triples: Sequence[ox.Triple], base: str | None) -> Sequence[Spot | None]:
    """The spots of the statements; none where the second reading of the text is not like the first."""
    try:
        tags = _Tags(text).tags
    except expat.ExpatError:  # the engine takes some prefixes that XML does not
        return [None] * len(triples)
    quads: list[ox.Quad] = []
    spots: list[Spot | None] = []
    for number, quad in pieces_read(_pieces(text, tags), ox.RdfFormat.RDF_XML, base):
        quads.append(quad)
        spots.append(_spot(tags[number], quad))
    return spots if alike(quads, triples) else [None] * len(triples)


class _Role(Enum):
    """What an element is. A property that holds another node without a tag of its own (`Resource`) is that node too.

    A literal is a property whose content is XML for itself, and whatever is in there.
    """

    DOCUMENT = auto()
    NODE = auto()
    PROPERTY = auto()
    RESOURCE = auto()
    COLLECTION = auto()
    LITERAL = auto()


_PARSE_TYPES: Final = {None: _Role.PROPERTY, "Resource": _Role.RESOURCE, "Collection": _Role.COLLECTION}
_HOLD_NODES: Final = frozenset({_Role.DOCUMENT, _Role.PROPERTY, _Role.COLLECTION})


@dataclass(slots=True)
class _Element:
    """Offsets of an element and of its content; `attributes` has where name and value of each begin, by its IRI."""

    name: str
    role: _Role
    around: "_Element | None"
    start: int
    content: int
    is_empty: bool
    attributes: dict[str, tuple[int, int]]
    nodes: list[int] = field(default_factory=list)
    cells: int = 0


@dataclass(slots=True)
class _Tag:
    start: int
    element: _Element


class _Tags:
    """All start and end tags in order, by one pass of expat; an empty element has one."""

    def __init__(self, text: str) -> None:
        self.tags: list[_Tag] = []
        self._text = text
        self._bytes = text.encode()
        self._seen = (0, 0)
        self._open: list[_Element] = []
        self._parser = expat.ParserCreate("UTF-8", "")
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.Parse(self._bytes, True)  # noqa: FBT003 - takes no keyword

    def _start(self, name: str, attributes: list[str]) -> None:
        start = self._offset()
        match = _TAG.match(self._text, start)
        content = match.end() if match else start
        written = _attributes(self._text, *match.span("attributes")) if match else []
        around = self._open[-1] if self._open else None
        given = dict(zip(attributes[::2], attributes[1::2], strict=True))
        element = _Element(
            name=name,
            role=_role(name, around.role if around else None, given.get(RDF + "parseType")),
            around=around,
            start=start,
            content=content,
            is_empty=self._text.endswith("/>", start, content),
            attributes=dict(zip(given, written, strict=False)),
        )
        if around:
            around.nodes.append(start)
        self._open.append(element)
        self.tags.append(_Tag(start, element))

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if not element.is_empty:
            self.tags.append(_Tag(self._offset(), element))

    def _offset(self) -> int:
        """In characters, of what expat counts in bytes."""
        place = self._parser.CurrentByteIndex
        byte, character = self._seen
        self._seen = place, character + len(self._bytes[byte:place].decode())
        return self._seen[1]


def _attributes(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where names and values of a tag's attributes begin, without the declarations of prefixes."""
    found: list[tuple[int, int]] = []
    while match := _ATTRIBUTE.match(text, start, end):
        if match[1] != "xmlns" and not match[1].startswith("xmlns:"):
            found.append((match.start(1), match.start(2)))
        start = match.end()
    return found


def _role(name: str, around: _Role | None, parse_type: str | None) -> _Role:
    if around is None:
        return _Role.DOCUMENT if name == RDF + "RDF" else _Role.NODE
    if around is _Role.LITERAL:
        return _Role.LITERAL
    return _Role.NODE if around in _HOLD_NODES else _PARSE_TYPES.get(parse_type, _Role.LITERAL)


def _pieces(text: str, tags: Sequence[_Tag]) -> Iterator[str]:
    """The text from tag to tag; what stands before the first one states nothing."""
    ends = [tag.start for tag in tags[1:]] + [len(text)]
    return (text[tag.start : end] for tag, end in zip(tags, ends, strict=True))


def _spot(tag: _Tag, quad: ox.Quad) -> Spot:
    element, predicate = tag.element, quad.predicate.value
    if predicate in element.attributes and not _is_type_by_name(element, quad):
        return Spot(element.start, *element.attributes[predicate])
    if element.role is _Role.NODE or element.around is None:
        return Spot(element.start, element.start, element.start)
    if _is_name(element, predicate):
        return Spot(element.around.start, element.start, _value(element))
    if element.role is _Role.COLLECTION and predicate in {_FIRST, _REST}:
        return _cell(tag, is_first=predicate == _FIRST)
    return Spot(element.start, element.start, element.start)


def _is_type_by_name(element: _Element, quad: ox.Quad) -> bool:
    return isinstance(quad.object, ox.NamedNode) and quad.object.value == element.name and quad.predicate.value == _TYPE


def _is_name(element: _Element, predicate: str) -> bool:
    return predicate == element.name or (element.name == RDF + "li" and _ORDINAL.fullmatch(predicate) is not None)


def _value(element: _Element) -> int:
    """Where the value of a property begins: in an attribute, as a node, or as text."""
    for attribute in ("resource", "nodeID"):
        if place := element.attributes.get(RDF + attribute):
            return place[1]
    if element.is_empty or element.role is _Role.RESOURCE:
        return element.start
    return element.nodes[0] if element.nodes and element.role is _Role.PROPERTY else element.content


def _cell(tag: _Tag, *, is_first: bool) -> Spot:
    """The engine names the cells of a collection at its end tag, each with the rest before the item."""
    element = tag.element
    nodes = [*element.nodes, tag.start]
    number = min(element.cells, len(element.nodes) - 1)
    element.cells += is_first
    return Spot(nodes[number], nodes[number], nodes[number + (not is_first)])
