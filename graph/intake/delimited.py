"""A table of delimited text: comma, semicolon, tab or bar, in whatever encoding it comes.

Spreadsheet programs write what they call CSV with the list separator of the computer's language, so the delimiter is
the one that the first records agree on (https://www.rfc-editor.org/rfc/rfc4180 knows the comma only).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

from ..csvfile import Cell, line_breaks, read_records
from ..errors import GraphError, TableError
from ..finding import Finding
from ..phrases import Phrases
from .fault import Faults, fault
from .sheet import LazyLines, Sheet, check_header, check_room
from .source import IntakeError
from .text import decode, guess_finding

KIND: Final = "CSV"

_DELIMITERS: Final = (",", ";", "\t", "|")
_RECORDS_TRIED: Final = 50
_CHARACTERS_TRIED: Final = 1 << 17
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([,;\t|])"?(?=\r|\n|\Z)', re.IGNORECASE)
_NAMES_SHOWN: Final = 5
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Lines(LazyLines):
    """The lines of a text, cut out when they are asked for; they end as the cells' lines do."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] = []

    def __len__(self) -> int:
        if not self._starts:
            self._starts = [0, *line_breaks(self._text)]
        return len(self._starts)

    def line(self, index: int) -> str:
        """Cut out or put together."""
        end = self._starts[index + 1] if index + 1 < len(self) else len(self._text)
        return self._text[self._starts[index] : end].rstrip("\r\n")


def read_delimited(content: bytes, file: str, findings: Sequence[Finding] = (), *, say: Phrases) -> Sheet:
    """The table; raises IntakeError where it cannot be read to its end. `findings` are those made before."""
    text, encoding = decode(content, file)
    faults = Faults(findings, say)
    if (guess := guess_finding(content, file, encoding, say)) is not None:
        faults.add(guess)
    if separator := _SEPARATOR_LINE.match(text):
        text = text[separator.end() :]
    delimiter = separator[1] if separator else find_delimiter(text) or ","
    try:
        return _read(text, file, delimiter, faults, continued=[1] if separator else [])
    except TableError as error:
        where = GraphError(str(error).removeprefix(f"{file}, "), hint=error.hint, place=error.place)
        raise IntakeError(file, where) from None


def find_delimiter(text: str) -> str | None:
    """The delimiter by which most of the first records have as many cells as the first; None where none has two."""
    fits = {
        delimiter: (widths.count(widths[0]) / len(widths), widths[0])
        for delimiter in _DELIMITERS
        if (widths := _widths(text, delimiter)) and widths[0] > 1
    }
    return max(fits, key=fits.__getitem__, default=None)


def looks_like_table(text: str) -> bool:
    """Whether there is a delimiter by which all of the first records, and not one only, have as many cells."""
    return any(
        len(widths) > 1 and widths[0] > 1 and len(set(widths)) == 1
        for widths in (_widths(text, delimiter) for delimiter in _DELIMITERS)
    )


def _widths(text: str, delimiter: str) -> list[int]:
    """How many cells the first records have, up to one that cannot be read."""
    widths: list[int] = []
    try:
        for record in islice(read_records(text[:_CHARACTERS_TRIED], "", delimiter), _RECORDS_TRIED):
            widths.append(len(record))  # noqa: PERF401 - those before a fault count
    except TableError:
        return widths
    return widths[:-1] if len(text) > _CHARACTERS_TRIED and len(widths) < _RECORDS_TRIED else widths


def _read(text: str, file: str, delimiter: str, faults: Faults, continued: list[int]) -> Sheet:
    """The sheet whose places are known while its records are read."""
    written = _written(read_records(text, file, delimiter), continued)
    header = next(written, None)
    if header is None:
        message = "The table has no header: all its cells are blank."
        raise IntakeError(file, GraphError(message, hint="Write the names of the columns into the first row."))
    records: list[Sequence[Cell]] = []
    named = [cell._replace(value=_CONTROL.sub("", cell.value).strip()) for cell in header]
    sheet = Sheet(file, KIND, None, named, records, Lines(text), continued)
    controls = _CONTROL.search(text) is not None
    for record in written:
        if len(record) != len(named):
            _fit(record, sheet, faults)
        records.append(_without_controls(record, sheet, faults) if controls else record)
        check_room(sheet)
    check_header(sheet, faults)
    if controls:
        _without_controls(header, sheet, faults)
    return replace(sheet, findings=faults.findings, counts=faults.counts)


def _written(records: Iterable[list[Cell]], continued: list[int]) -> Iterator[list[Cell]]:
    """The records that are not blank; lines that continue a cell are noted on the way."""
    for record in records:
        start, end = record[0].line, _last_line(record)
        if end > start:
            continued.extend(range(start + 1, end + 1))
        if any(cell.value and not cell.value.isspace() for cell in record):
            yield record


def _fit(record: list[Cell], sheet: Sheet, faults: Faults) -> None:
    """Pad a short record, trim blank cells beyond the header, and say where there is too little or too much."""
    width, length = len(sheet.header), len(record)
    while len(record) > width and not record[-1].value.strip():
        record.pop()
    if len(record) > width:
        faults.meet("cells", lambda: _surplus(record, sheet, faults.say))
    elif length < width:
        end = _end(record, sheet.lines)
        missing = [cell.value for cell in sheet.header[length:] if cell.value]
        record += [end] * (width - length)
        if missing:
            faults.meet("cells", lambda: _short(missing, sheet, end, faults.say))


def _surplus(record: Sequence[Cell], sheet: Sheet, say: Phrases) -> Finding:
    width = len(sheet.header)
    surplus = ", ".join(cell.value for cell in record[width:])
    return fault("cells.surplus", sheet.place(record[width]), say, value=surplus, width=say.number(width))


def _short(names: Sequence[str], sheet: Sheet, end: Cell, say: Phrases) -> Finding:
    missing = [say.text("quoted", text=name) for name in names[:_NAMES_SHOWN]]
    if len(names) > _NAMES_SHOWN:
        missing.append(say.text("list.more", count=say.number(len(names) - _NAMES_SHOWN)))
    width = say.number(len(sheet.header))
    return fault("cells.short", sheet.place(end), say, width=width, missing=say.listed(missing))


def _last_line(record: Sequence[Cell]) -> int:
    last = record[-1]
    return last.line + (len(line_breaks(last.value)) if "\n" in last.value or "\r" in last.value else 0)


def _end(record: Sequence[Cell], lines: Sequence[str]) -> Cell:
    """A blank cell where the record ends."""
    line = _last_line(record)
    return Cell("", line, len(lines[line - 1]) + 1)


def _without_controls(record: list[Cell], sheet: Sheet, faults: Faults) -> list[Cell]:
    """The cells without control characters, each of which is a finding."""
    clean: list[Cell] = []
    for index, cell in enumerate(record):
        value = _CONTROL.sub("", cell.value)
        if value != cell.value:
            faults.meet("control-character", partial(_control, cell, index, sheet, faults.say))
        clean.append(cell._replace(value=value))
    return clean


def _control(cell: Cell, index: int, sheet: Sheet, say: Phrases) -> Finding:
    name = (sheet.header[index].value if index < len(sheet.header) else "") or None
    character = f"U+{ord(_CONTROL.findall(cell.value)[0]):04X}"
    place, value = sheet.place(cell, name), ascii(cell.value)
    return fault("control-character", place, say, field=name, value=value, character=character)
