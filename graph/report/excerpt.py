"""Text of a member's file as it may be shown: without what drives a terminal, cut, and with the place marked.

Escaped are control characters, marks that turn the direction of what follows (https://www.unicode.org/reports/tr36/)
and characters that nobody sees, as the zero width space: they are mostly what is wrong. What scripts
need to be written (joiners, left-to-right and right-to-left marks) stays.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from ..finding import SourcePlace

_BEFORE, _AFTER = 60, 40
"""Characters kept on each side of the column: a row may be a megabyte."""

_LONGEST: Final = 300
_UNSEEN: Final = (
    "\x7f-\x9f\xad\u180e\u200b\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(f"[\x00-\x1f{_UNSEEN}]")
_HIDDEN_IN_LINE = re.compile(f"[\x00-\x08\x0a-\x1f{_UNSEEN}]")
_NAMED: Final = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_QUOTES: Final = ("", '"', "'", "<")
_ZERO = frozenset({"Mn", "Me", "Cf"})


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line in three pieces, of which the middle one is meant; it is empty where something is missing.

    `points` is False where the place has no column in this text, as for a cell of a workbook.
    """

    before: str
    marked: str
    after: str
    points: bool = True

    @property
    def text(self) -> str:
        """The line."""
        return self.before + self.marked + self.after

    @property
    def caret(self) -> str:
        """The line below, with a caret under the place."""
        before = "".join("\t" if character == "\t" else " " * width(character) for character in self.before)
        return before + "^" + "~" * (width(self.marked) - 1)


def excerpt(place: SourcePlace, value: str | None) -> Excerpt | None:
    """The line of a place, None where it is not known. Marked is the value where it is written there as it is."""
    if place.excerpt is None:
        return None
    start = place.column - 1
    if place.cell is not None or start > len(place.excerpt):
        return Excerpt("", "", clipped(place.excerpt, tabs=True), points=False)
    end = marked_end(place.excerpt, start, value)
    first, last = max(0, start - _BEFORE), max(end, start + _AFTER)
    last = min(last, start + _LONGEST)
    pieces = (place.excerpt[first:start], place.excerpt[start : min(end, last)], place.excerpt[min(end, last) : last])
    before, marked, after = (visible(piece, tabs=True) for piece in pieces)
    return Excerpt("…" * (first > 0) + before, marked, after + "…" * (last < len(place.excerpt)))


def marked_end(line: str, start: int, value: str | None) -> int:
    """Where the thing ends that begins at an offset of the line: the value, with its quotes, else one character."""
    if value:
        for quote in _QUOTES:
            if line.startswith(quote + value, start):
                closed = line.startswith(">" if quote == "<" else quote, start + len(quote + value))
                return start + len(quote + value) + closed * len(quote)
    end = min(start + 1, len(line))
    while end < len(line) and end - start < _AFTER and not width(line[end]):
        end += 1
    return end


def visible(text: str, *, tabs: bool = False) -> str:
    """The text with escapes for what is not seen or would drive a terminal; tabs may stay."""
    return (_HIDDEN_IN_LINE if tabs else _HIDDEN).sub(_escape, text)


def clipped(text: str, *, tabs: bool = False) -> str:
    """The same, cut to what a person reads at a glance."""
    return visible(text[:_LONGEST], tabs=tabs) + "…" * (len(text) > _LONGEST)


def width(text: str) -> int:
    """Columns that the text takes in a terminal: wide East Asian characters take two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    """Vowels and finals of Hangul stand inside the syllable that their initial began."""
    if unicodedata.category(character) in _ZERO or "\u1160" <= character <= "\u11ff":
        return 0
    return 1 + (unicodedata.east_asian_width(character) in "WF")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in _NAMED:
        return _NAMED[match[0]]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
