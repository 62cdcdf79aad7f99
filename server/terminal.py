"""What people see in a terminal: errors and tables. Answers go to stdout, all else to stderr."""

import sys
from collections.abc import Iterable, Sequence

from ..graph.errors import GraphError
from ..graph.report.excerpt import visible, width
from .excerpts import excerpt


def show_error(error: GraphError, source: str = "") -> None:
    """What is wrong, where (with the line and a caret), and what to do next."""
    lines = [f"Error: {error}"]
    if error.place and (shown := excerpt(error.place)):  # a place without its line stands in the message already
        number = str(error.place.line)
        lines.append(f"  at {source + ', ' if source else ''}line {number}, column {error.place.column}")
        lines += [f"  {number} | {shown[0]}", f"  {' ' * len(number)} | {shown[1]}"]
    if error.hint:
        lines.append(f"Next: {error.hint}")
    sys.stderr.write("\n".join(visible(line, tabs=True) for line in lines) + "\n")


def show_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: frozenset[int] = frozenset()) -> None:
    """A table on stdout, its columns as wide as they need to be: nothing is cut, whatever the terminal's width."""
    cells = [[visible(cell, tabs=True).replace("\t", " ") for cell in row] for row in [header, *rows]]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * wide for wide in widths])
    for row in cells:
        padded = [
            " " * (wide - width(cell)) + cell if index in numbers else cell + " " * (wide - width(cell))
            for index, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        sys.stdout.write("  ".join(padded).rstrip() + "\n")
