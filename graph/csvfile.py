"""Bytes become cells that know their place: RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), UTF-8.

Python's `csv` module gives neither the column of a cell nor the line that a quoted cell began on, and a member
who must mend a file needs both.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from .errors import Place, TableError

MAX_COLUMNS: Final = 500
MAX_CELL: Final = 100_000
"""Characters of a cell. A longer one mostly means that a quote was not closed."""

_QUOTED: Final = r'"(?:[^"]++|"")*+"'
"""Possessive: one that could be tried again keeps each step, 130 bytes for each character of the file."""

_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


class Cell(NamedTuple):
    """A value (blank = "") and the 1-based line and column of its first character."""

    value: str
    line: int
    column: int


def read_csv(content: bytes, file: str) -> Iterator[list[Cell]]:
    """The records of the file, blank lines left out; raises TableError at the first fault."""
    yield from read_records(decode(content, file), file)


def read_records(text: str, file: str, delimiter: str = ",") -> Iterator[list[Cell]]:
    """The records of the text, blank lines left out; raises TableError at the first fault."""
    match_cell = _cell(delimiter).match
    position, line, line_start = 0, 1, 0
    record: list[Cell] = []
    while position < len(text):
        match = match_cell(text, position)
        if match is None:
            raise _fault(text, position, Place(line, position - line_start + 1), file, delimiter)
        quoted, plain, end = match.groups()
        cell = Cell(plain if quoted is None else quoted[1:-1].replace('""', '"'), line, position - line_start + 1)
        if len(cell.value) > MAX_CELL or len(record) == MAX_COLUMNS:
            raise _too_much(cell, len(record), file)
        record.append(cell)
        if quoted is not None and (breaks := line_breaks(quoted)):
            line, line_start = line + len(breaks), position + breaks[-1]
        position = match.end()
        if end != delimiter:
            line, line_start = line + 1, position
            if len(record) > 1 or record[0].value:
                yield record
            record = []
        elif position == len(text):
            record.append(Cell("", line, position - line_start + 1))
            yield record


def decode(content: bytes, file: str) -> str:
    """UTF-8 text without a byte order mark; raises TableError that names the first byte that is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        message = (
            f"{file}, line {line}, column {column}: "
            f"byte 0x{content[error.start]:02X} is not UTF-8, the encoding of every table."
        )
        hint = "Save the file again as UTF-8 ('CSV UTF-8' in spreadsheet programs)."
        raise TableError(message, hint=hint, place=Place(line, column)) from None


def line_breaks(text: str) -> list[int]:
    """The offset just after each line break of the text."""
    return [match.end() for match in re.finditer(r"\r\n|\n|\r", text)]


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    """A cell and what ends it."""
    d = re.escape(delimiter)
    return re.compile(rf'(?:(?P<quoted>{_QUOTED})|(?P<plain>[^"{d}\r\n]*+))(?P<end>{d}|\r\n|\n|\r|\Z)')


def _fault(text: str, position: int, place: Place, file: str, delimiter: str) -> TableError:
    """Say what is wrong with the cell at the position, which is not one by RFC 4180."""
    separator = _SEPARATORS[delimiter]
    line, column = place.line, place.column or 1
    if text[position] != '"':
        column += text.index('"', position) - position
        what = "a quote inside a cell that is not quoted"
        hint = 'Put the whole cell in quotes and write each quote inside it twice ("").'
    elif (closing := re.compile(_QUOTED).match(text, position)) is None:
        what, hint = "this quoted cell never ends", f"Close it with a quote before the next {separator} or line end."
    else:
        inside = closing.group()
        breaks = line_breaks(inside)
        line += len(breaks)
        column = len(inside) - breaks[-1] + 1 if breaks else column + len(inside)
        what = f"expected a {separator} or the line's end after the quoted cell, found {text[closing.end()]!r}"
        hint = 'If the quote belongs to the text, write it twice ("").'
    return _error(file, Place(line, column), what, hint)


def _too_much(cell: Cell, before: int, file: str) -> TableError:
    what = f"this cell has more than {MAX_CELL:,} characters"
    hint = "Shorten it; if it runs over many lines, close its quote where the cell ends."
    if before == MAX_COLUMNS:
        what, hint = (
            f"more than {MAX_COLUMNS} columns",
            "Leave out columns, or put a cell that holds delimiters in quotes.",
        )
    return _error(file, Place(cell.line, cell.column), what, hint)


def _error(file: str, place: Place, what: str, hint: str) -> TableError:
    message = f"{file}, line {place.line}, column {place.column}: {what}."
    return TableError(message, hint=hint, place=place)
