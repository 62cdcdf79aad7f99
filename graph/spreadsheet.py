"""Cells that are safe in spreadsheet programs: a text that begins like a formula is not taken for one.

https://owasp.org/www-community/attacks/CSV_Injection
"""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """The text, with an apostrophe before it where a program would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def loose_cell(cell: str) -> str:
    """The text of a cell that `safe_cell` may have written."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
