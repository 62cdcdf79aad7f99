r"""A SPARQL text as its author sees it: escapes decoded, places in the original.

Codepoint escapes (`\u00E9`) count anywhere, also in keywords, and are decoded before anything else
(https://www.w3.org/TR/sparql11-query/#codepointEscape): SER\u0056ICE is a keyword.
"""

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

from .errors import Place

_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


class Source:
    """A text, the same decoded (`text`), and the way back from a position in the one to the other."""

    def __init__(self, original: str) -> None:
        self.original = original
        self.text = _ESCAPE.sub(_decode, original)

    def impossible_escape(self) -> Place | None:
        """Where the first escape stands that is no character: half of a surrogate pair, or beyond the last one.

        Nor may an escape be made of escapes: what decodes twice would read another text than this one.
        """
        for escape in _ESCAPE.finditer(self.original):
            if _character(escape) is None:
                return self._place(escape.start())
        again = _ESCAPE.search(self.text)
        return self.place(again.start()) if again else None

    def place(self, position: int) -> Place:
        """Line, column and the whole line of a position in the decoded text, as its author counts them."""
        return self._place(self._original_position(position))

    def _place(self, start: int) -> Place:
        before = self.original[:start]
        line_start = max(before.rfind("\n"), before.rfind("\r")) + 1
        line = before.count("\n") + before.count("\r") - before.count("\r\n") + 1
        return Place(line, start - line_start + 1, _line_at(self.original, line_start))

    def engine_place(self, line: int, column: int) -> Place:
        r"""The place that the engine names in the decoded text; it counts lines by `\n`, and may mean the end."""
        before = self.text.split("\n")[: line - 1]
        return self.place(min(sum(len(passed) + 1 for passed in before) + column - 1, len(self.text)))

    @cached_property
    def _shifts(self) -> tuple[list[int], list[int]]:
        """Behind each escape: its end in the decoded text, and how much longer the original is up to there."""
        escapes = list(_ESCAPE.finditer(self.original))
        shifts = list(accumulate(len(escape.group()) - len(_decode(escape)) for escape in escapes))
        ends = [escape.end() - shift for escape, shift in zip(escapes, shifts, strict=True)]
        return ends, shifts

    def _original_position(self, position: int) -> int:
        ends, shifts = self._shifts
        passed = bisect_right(ends, position)
        return position + (shifts[passed - 1] if passed else 0)


def _decode(escape: re.Match[str]) -> str:
    return _character(escape) or "\N{REPLACEMENT CHARACTER}"


def _character(escape: re.Match[str]) -> str | None:
    number = int(escape[1] or escape[2], 16)
    return None if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)


def _line_at(text: str, start: int) -> str:
    match = _LINE.match(text, start)
    return match.group().rstrip("\r\n") if match else ""
