"""What is written in one cell of a template: several values, escapes, and addresses in angle brackets.

`||` parts values, as in the tables of facts. A backslash before `|`, `<`, `"` or another backslash takes its meaning
away, `<…>` is an address in any column, and `""` the empty text, which a blank cell is not.
"""

import re
from typing import Final

import pyoxigraph as ox

from ..spreadsheet import loose_cell

SEPARATOR: Final = "||"
EMPTY: Final = '""'

_PIECE = re.compile(r'\\[\\|<"]|\|\||[^\\|]+|[\\|]', re.DOTALL)
_ESCAPE = re.compile(r'\\([\\|<"])')
_SPECIAL = re.compile(r'\\(?=[\\|<"])|\|\|')


def items(cell: str) -> list[str]:
    """The values of a cell as written, each without spaces around it; none of a blank one."""
    found: list[list[str]] = [[]]
    for match in _PIECE.finditer(loose_cell(cell)):
        if match[0] == SEPARATOR:
            found.append([])
        else:
            found[-1].append(match[0])
    return [item for pieces in found if (item := "".join(pieces).strip())]


def text_of(item: str) -> str:
    """The text that a value stands for."""
    return "" if item == EMPTY else _ESCAPE.sub(r"\1", item)


def address_of(item: str) -> ox.NamedNode | None:
    """The address that a value writes in angle brackets, if it does."""
    return named_node(item[1:-1]) if item.startswith("<") and item.endswith(">") else None


def written(text: str) -> str:
    """A text as one value of a cell: `text_of` gives it back."""
    if not text:
        return EMPTY
    escaped = _SPECIAL.sub(lambda match: "".join(f"\\{character}" for character in match.group()), text)
    return "\\" + escaped if escaped.startswith("<") or escaped == EMPTY else escaped


def named_node(iri: str) -> ox.NamedNode | None:
    """The node of an absolute IRI; None where the text is none."""
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None
