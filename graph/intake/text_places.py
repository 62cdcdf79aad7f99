"""Places in a text: of a statement's three terms, as offsets at first, and as line and column once somebody asks."""

import io
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import pyoxigraph as ox

from ..finding import SourcePlace

MAX_EXCERPT: Final = 300
"""Characters of a line that are shown; of a longer line, those around the place."""

_BREAK: Final = re.compile(r"\r\n?|\n")


class Spot(NamedTuple):
    """Where the three terms of a statement begin, as offsets in characters."""

    subject: int
    predicate: int
    object: int


class Text:
    """A text whose offsets become places. Lines end with LF, CR LF or CR, as editors count them."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def place(self, offset: int) -> SourcePlace:
        """Line and column of a character, and the line itself."""
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        while end > start and self._text[end - 1] in "\r\n":
            end -= 1
        return SourcePlace(self._file, line, offset - start + 1, _excerpt(self._text, start, end, offset))


def pieces_read(pieces: Iterable[str], format_: ox.RdfFormat, base: str | None) -> Iterator[tuple[int, ox.Quad]]:
    """The statements of a text that the engine is handed piece by piece, each with the number of the piece it needed.

    The engine's parsers give no places for statements, but they ask for more of the text only when they can say
    nothing new about what they have, so a statement is owed to the piece that was handed over last. They end early
    where the engine does not take the pieces.
    """
    reader = _Pieces(pieces)
    with suppress(SyntaxError):
        for quad in ox.parse(reader, format=format_, base_iri=base):
            yield reader.number, quad


def alike(quads: Sequence[ox.Quad], triples: Sequence[ox.Triple]) -> bool:
    """Whether two readings of a text are the same statements in the same order, whatever their blank nodes' names."""
    return len(quads) == len(triples) and all(
        quad.predicate == triple.predicate
        and _alike(quad.subject, triple.subject)
        and _alike(quad.object, triple.object)
        for quad, triple in zip(quads, triples, strict=True)
    )


def _alike(one: object, other: object) -> bool:
    return one == other or (isinstance(one, ox.BlankNode) and isinstance(other, ox.BlankNode))


class _Pieces(io.BytesIO):
    """A binary file whose reads end where the pieces do. `number` is that of the piece read last, from 0."""

    def __init__(self, pieces: Iterable[str]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = b""
        self.number = -1

    def read(self, size: int | None = -1, /) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, "").encode()
            self.number += 1
        size = len(self._rest) if size is None or size < 0 else size
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _excerpt(text: str, start: int, end: int, offset: int) -> str:
    """The line, or where it is long the characters around the place, with signs that it goes on."""
    first = max(start, min(offset - MAX_EXCERPT // 2, end - MAX_EXCERPT))
    last = min(end, first + MAX_EXCERPT)
    return ("…" if first > start else "") + text[first:last] + ("…" if last < end else "")
