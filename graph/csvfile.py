"""Bytes become cells that know their place: RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), UTF-8.

Python's `csv` module gives neither the column of a cell nor the line that a quoted cell began on, and a member
who must mend a file needs both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import Place, TableError

_CELL = re.compile(r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^",\r\n]*))(?P<end>,|\r\n|\n|\r|\Z)')


@dataclass(frozen=True, slots=True)
class Cell:
    """A value (blank = "") and the 1-based line and column of its first character."""

    value: str
    line: int
    column: int


def read_csv(content: bytes, file: str) -> Iterator[list[Cell]]:
    """The records of the file, blank lines left out; raises TableError at the first fault."""
    text = decode(content, file)
    position, line, line_start = 0, 1, 0
    record: list[Cell] = []
    while position < len(text):
        match = _CELL.match(text, position)
        if match is None:
            raise _fault(text, position, line, position - line_start + 1, file)
        quoted = match["quoted"]
        value = match["plain"] if quoted is None else quoted.replace('""', '"')
        record.append(Cell(value, line, position - line_start + 1))
        position = match.end()
        breaks = _line_breaks(match.group())
        if breaks:
            line, line_start = line + len(breaks), match.start() + breaks[-1]
        if match["end"] != ",":
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


def _line_breaks(text: str) -> list[int]:
    """The offset just after each line break of the text."""
    return [match.end() for match in re.finditer(r"\r\n|\n|\r", text)]


def _fault(text: str, position: int, line: int, column: int, file: str) -> TableError:
    """Say what is wrong with the cell at the position, which is not one by RFC 4180."""
    if text[position] != '"':
        column += text.index('"', position) - position
        what = "a quote inside a cell that is not quoted"
        hint = 'Put the whole cell in quotes and write each quote inside it twice ("").'
    elif (closing := re.compile(r'"(?:[^"]|"")*"').match(text, position)) is None:
        what, hint = "this quoted cell never ends", "Close it with a quote before the next comma or line end."
    else:
        inside = closing.group()
        breaks = _line_breaks(inside)
        line += len(breaks)
        column = len(inside) - breaks[-1] + 1 if breaks else column + len(inside)
        what = f"expected a comma or the line's end after the quoted cell, found {text[closing.end()]!r}"
        hint = 'If the quote belongs to the text, write it twice ("").'
    message = f"{file}, line {line}, column {column}: {what}."
    return TableError(message, hint=hint, place=Place(line, column))
