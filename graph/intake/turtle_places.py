"""Where Turtle, TriG, N-Triples and N-Quads make their statements: a pass over the tokens, joined to the engine's.

The engine gives statements no places, but always the same order: a statement comes with the token that completes its
object, and the statements that one token completes come last first. So a string completes with the token behind it,
which could have been its language; `[…]` with its bracket; and `(…)` with its first item, before which stands what
that item says. The text was read before, so only what the engine takes has to be understood here. The grammar is
https://www.w3.org/TR/turtle/#sec-grammar.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import pyoxigraph as ox

from ..names import RDF
from .text_places import Spot

_BASE: Final = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARS: Final = f"{_BASE}_0-9\u00b7\u0300-\u036f\u203f-\u2040-"
_LOCAL: Final = rf"(?:[{_CHARS}:]|%[0-9A-Fa-f]{{2}}|\\.)"

# No part can match in two ways, so time is linear in the text.
_TOKEN: Final = re.compile(
    rf"""(?:[ \t\r\n]++|\#[^\r\n]*+)*+(?:
      (?P<iri><[^\x00-\x20<>"{{}}|^`]*+>)
    | (?P<string>"{{3}}(?:[^"\\]++|\\.|"(?!""))*+"{{3}} | '{{3}}(?:[^'\\]++|\\.|'(?!''))*+'{{3}}
        | "(?:[^"\\\r\n]++|\\.)*+" | '(?:[^'\\\r\n]++|\\.)*+')
    | (?P<blank>_:[{_CHARS}]++(?:\.++[{_CHARS}]++)*+)
    | (?P<name>(?:[{_BASE}][{_CHARS}]*+(?:\.++[{_CHARS}]++)*+)?+:(?:{_LOCAL}++(?:\.++{_LOCAL}++)*+)?+)
    | (?P<number>[+-]?+(?:[0-9]++(?:\.[0-9]*+[eE][+-]?+[0-9]++|\.[0-9]++|[eE][+-]?+[0-9]++)?+
        | \.[0-9]++(?:[eE][+-]?+[0-9]++)?+))
    | (?P<datatype>\^\^)
    | (?P<suffix>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
    | (?P<word>[A-Za-z]++)
    | (?P<sign>[.;,\[\](){{}}])
    )""",
    re.DOTALL | re.VERBOSE,
)
_TERMS: Final = frozenset({"iri", "string", "blank", "name", "number"})
_VALUES: Final = frozenset({"a", "true", "false"})
_DIRECTIVES: Final = {"@prefix": 2, "prefix": 2, "@base": 1, "base": 1, "@version": 1, "version": 1}
"""How many tokens follow that state nothing."""

_FIRST: Final = ox.NamedNode(RDF + "first")
_REST: Final = ox.NamedNode(RDF + "rest")
_NIL: Final = ox.NamedNode(RDF + "nil")
_TYPE: Final = ox.NamedNode(RDF + "type")


def locate(text: str, triples: Sequence[ox.Triple]) -> Sequence[Spot | None]:
    """The spots of the statements; None where what stands there is not what the engine read."""
    spots = list(_Reading(text).spots())
    if len(spots) != len(triples):
        return [None] * len(triples)
    return [spot if _fits(text, spot, triple) else None for spot, triple in zip(spots, triples, strict=True)]


class _Next(Enum):
    """What may come next in a node's description."""

    SUBJECT = auto()
    PREDICATE = auto()
    OBJECT = auto()
    END = auto()


@dataclass(slots=True)
class _Node:
    """What is being described: the subject of a statement, a blank node in brackets, or a list with its last cell."""

    start: int
    next: _Next
    predicate: int = -1
    is_list: bool = False
    cell: int = -1


class _Reading:
    """The pass over the tokens. Its stack is the nesting of brackets, so it does not recurse."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._stack = [_Node(-1, _Next.SUBJECT)]
        self._ready: list[Spot] = []
        self._string = -1
        self._before_datatype = False
        self._stating_nothing = 0

    def spots(self) -> Iterator[Spot]:
        """The spots in the engine's order; they end where a token is not understood."""
        position = 0
        while match := _TOKEN.match(self._text, position):
            kind = match.lastgroup or ""
            self._take(kind, match.start(kind), match[kind])
            yield from reversed(self._ready)
            self._ready.clear()
            position = match.end()

    def _take(self, kind: str, start: int, token: str) -> None:
        if self._stating_nothing:
            self._stating_nothing -= 1
        elif self._string >= 0 and self._is_suffix(kind):
            pass
        elif kind in _TERMS or token in _VALUES:
            self._term(start, is_string=kind == "string")
        elif kind == "sign":
            self._sign(token, start)
        else:
            self._stating_nothing = _DIRECTIVES.get(token.lower(), 0)

    def _is_suffix(self, kind: str) -> bool:
        """Whether a token still belongs to the string before it, which else is complete with it."""
        if kind == "datatype":
            self._before_datatype = True
            return True
        belongs = self._before_datatype or kind == "suffix"
        start, self._string, self._before_datatype = self._string, -1, False
        self._complete(self._stack[-1], start)
        return belongs

    def _term(self, start: int, *, is_string: bool) -> None:
        node = self._stack[-1]
        if node.next is _Next.OBJECT:
            self._begin_object(start)
            if is_string:
                self._string = start
            else:
                self._complete(node, start)
        elif node.next is _Next.PREDICATE:
            node.predicate, node.next = start, _Next.OBJECT
        elif node.next is _Next.SUBJECT:
            node.start, node.next = start, _Next.PREDICATE

    def _sign(self, sign: str, start: int) -> None:
        node = self._stack[-1]
        if sign in "[(":
            self._begin_object(start)
            is_list = sign == "("
            self._stack.append(_Node(start, _Next.OBJECT if is_list else _Next.PREDICATE, is_list=is_list))
        elif sign in "])" and len(self._stack) > 1:
            self._close(start)
        elif sign == ";":
            node.next = _Next.PREDICATE
        elif sign == ",":
            node.next = _Next.OBJECT
        else:
            node.next = _Next.SUBJECT

    def _begin_object(self, start: int) -> None:
        """In a list each item makes a cell, which the cell before it names; the first one makes the list known."""
        node = self._stack[-1]
        if not node.is_list:
            return
        if node.cell >= 0:
            self._ready.append(Spot(node.cell, node.cell, start))
            node.cell = start
            return
        node.cell = node.start
        if self._stack[-2].next is not _Next.SUBJECT:
            self._complete(self._stack[-2], node.start)

    def _close(self, start: int) -> None:
        node = self._stack.pop()
        around = self._stack[-1]
        if node.cell >= 0:
            self._ready.append(Spot(node.cell, node.cell, start))
        if around.next is _Next.SUBJECT:
            around.start, around.next = node.start, _Next.PREDICATE
        elif node.cell < 0:
            self._complete(around, node.start)

    def _complete(self, node: _Node, start: int) -> None:
        """An object, or an item of a list, is known."""
        if node.is_list:
            self._ready.append(Spot(node.cell, node.cell, start))
        else:
            self._ready.append(Spot(node.start, node.predicate, start))
            node.next = _Next.END


def _fits(text: str, spot: Spot, triple: ox.Triple) -> bool:
    """Whether the tokens can stand for the terms. The statements of a list are made by its items and brackets."""
    if spot.predicate != spot.subject:
        return all(_says(text, start, term) for start, term in zip(spot, triple, strict=True))
    if triple.predicate == _FIRST:
        return _says(text, spot.object, triple.object)
    return triple.predicate == _REST and (triple.object == _NIL) == (text[spot.object] == ")")


def _says(text: str, start: int, term: object) -> bool:
    match = _TOKEN.match(text, start)
    kind = match.lastgroup if match else None
    if match is None or kind is None:
        return False
    token = match[kind]
    if isinstance(term, ox.NamedNode):
        return _names(kind, token, term)
    if isinstance(term, ox.Literal):
        return kind == "string" or (kind in {"number", "word"} and token == term.value)
    return kind == "blank" or token in {"[", "("}


def _names(kind: str, token: str, term: ox.NamedNode) -> bool:
    """Whether an IRI ends as it is written; escapes and steps in a path (`..`) are left to the engine."""
    if kind == "word":
        return term == _TYPE
    if kind == "sign":
        return term == _NIL
    end = token.rpartition("/" if kind == "iri" else ":")[2].strip("<>")
    return "\\" in token or end in {".", ".."} or term.value.endswith(end)
