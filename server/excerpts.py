"""A place in a text, shown: the line, cut to what a person reads at a glance, and a caret under the column."""

import unicodedata

from ..graph.errors import Place

_BEFORE, _AFTER = 60, 40
"""Characters kept on each side of the column: a query may be one line of a megabyte."""


def excerpt(place: Place) -> tuple[str, str] | None:
    """The line and the caret's line below it, None where the place has no text or no column."""
    if place.excerpt is None or place.column is None:
        return None
    start = max(0, place.column - 1 - _BEFORE)
    shown = place.excerpt[start : place.column - 1 + _AFTER]
    cut_before, cut_after = "…" * (start > 0), "…" * (len(place.excerpt) > place.column - 1 + _AFTER)
    before = cut_before + shown[: place.column - 1 - start]
    return cut_before + visible(shown) + cut_after, "".join(map(_blank, before)) + "^"


def visible(text: str) -> str:
    """The text without control characters, which could rewrite a terminal's screen; tabs stay."""
    return "".join(c if c == "\t" or unicodedata.category(c) != "Cc" else "\N{REPLACEMENT CHARACTER}" for c in text)


def width(text: str) -> int:
    """Columns that the text takes in a terminal: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def _blank(character: str) -> str:
    """As much room as the character takes."""
    return "\t" if character == "\t" else " " * width(character)
