"""A place in a text, shown: the line, cut to what a person reads at a glance, and a caret under the column."""

from ..graph.errors import Place
from ..graph.report.excerpt import visible, width

_BEFORE, _AFTER = 60, 40
"""Characters kept on each side of the column: a query may be one line of a megabyte."""


def excerpt(place: Place) -> tuple[str, str] | None:
    """The line and the caret's line below it, None where the place has no text or no column."""
    if place.excerpt is None or place.column is None:
        return None
    start = max(0, place.column - 1 - _BEFORE)
    shown = place.excerpt[start : place.column - 1 + _AFTER]
    cut_before, cut_after = "…" * (start > 0), "…" * (len(place.excerpt) > place.column - 1 + _AFTER)
    before = cut_before + visible(shown[: place.column - 1 - start], tabs=True)
    return cut_before + visible(shown, tabs=True) + cut_after, "".join(map(_blank, before)) + "^"


def _blank(character: str) -> str:
    """As much room as the character takes."""
    return "\t" if character == "\t" else " " * width(character)
