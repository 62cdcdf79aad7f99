"""The sheets of an Excel workbook (XLSX, ECMA-376): each cell as the text that a CSV of it would hold.

Nothing is evaluated. A formula is shown and its cell left blank, since the value that the program stored beside it may
be stale; macros and links to other workbooks are not looked at.
"""

import re
import warnings
import zipfile
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl.formula.tokenizer import TokenizerError  # type: ignore[import-untyped]
from openpyxl.reader.excel import ExcelReader  # type: ignore[import-untyped]
from openpyxl.utils.cell import coordinate_to_tuple  # type: ignore[import-untyped]

from ..csvfile import MAX_CELL, MAX_COLUMNS, Cell
from ..errors import GraphError, Place
from ..finding import SEVERITIES, Finding, SourcePlace
from ..phrases import Phrases
from . import archive
from .fault import Faults, fault
from .sheet import LazyLines, Sheet, check_header, check_room, letters
from .source import IntakeError

KIND: Final = "Excel workbook"
NOTES_SHEET: Final = "Notes"
CODES_SHEET: Final = "Codes"

_NOT_DATA: Final = {NOTES_SHEET.casefold(), CODES_SHEET.casefold(), "code lists"}
_LAST_ROW: Final = 1 << 20
"""Of every spreadsheet program; openpyxl would count up to whatever number a row gives itself."""

_UNREAD: Final = ("docProps/", "xl/theme/")
"""Nothing of it is needed, and a date there that openpyxl does not like would refuse the workbook."""

_BROKEN: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    ParseError,
    RuntimeError,
    TokenizerError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)
"""What openpyxl raises over a part that is not as it should be: it does not check, it stumbles."""

_ODD: Final = {"f": "formula", "e": "error-value"}
"""The rules by openpyxl's data types."""

_MERGED: Final = re.compile(rb'mergeCell [^<>]{0,99}?ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_RETURN: Final = re.compile(r"_x000D_\n?")
_LONGEST_CAUSE: Final = 200
_HINT: Final = "Open it in a spreadsheet program and save it as XLSX again, or send CSV."


class Rows(LazyLines):
    """The rows of a sheet as text, one cell after the other; those that hold nothing are blank."""

    def __init__(self, header: Sequence[Cell], records: Sequence[Sequence[Cell]]) -> None:
        self._header = header
        self._records = records

    def __len__(self) -> int:
        return _row(self._records[-1] if self._records else self._header)

    def line(self, index: int) -> str:
        """Cut out or put together."""
        if _row(self._header) == index + 1:
            return _joined(self._header)
        position = bisect_left(self._records, index + 1, key=_row)
        return _joined(record) if _row(record := self._records[position]) == index + 1 else ""


def read_workbook(content: bytes, file: str, findings: Sequence[Finding] = (), *, say: Phrases) -> list[Sheet]:
    """The visible sheets that hold anything, without notes and code lists; those of a macro workbook (XLSM) too.

    Raises IntakeError where there is none, or where it cannot be read. `findings` are those made before.
    """
    clean = archive.rewritten(content, file, _UNREAD)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of extensions that it leaves out
        with _library(file):
            reader = ExcelReader(clean, read_only=True, keep_links=False)
            reader.read()
            parts = {sheet.name: rel.target for sheet, rel in reader.parser.find_sheets()}
        worksheets, remarks = _data_sheets(reader.wb.worksheets, file, say)
        if any(name.endswith("vbaProject.bin") for name in reader.valid_files):
            remarks.append(fault("macros", SourcePlace(file, 1, 1), say, severity=SEVERITIES[2]))
        sheets: list[Sheet] = []
        for worksheet in worksheets:
            xml = reader.archive.read(parts[worksheet.title])
            sheets += _Reading(file, worksheet, sheets, say).sheet(_merged(xml))
    if not sheets:
        message = "The workbook holds no table: its sheets are blank, hidden, or named as notes and code lists are."
        hint = "Fill in a visible sheet, with the names of the columns in its first row."
        raise IntakeError(file, GraphError(message, hint=hint))
    return [replace(sheets[0], findings=(*findings, *remarks, *sheets[0].findings)), *sheets[1:]]


def _data_sheets(worksheets: Sequence[Any], file: str, say: Phrases) -> tuple[list[Any], list[Finding]]:
    """The sheets that are read, and a remark for each that is hidden."""
    candidates = [sheet for sheet in worksheets if sheet.title.strip().casefold() not in _NOT_DATA]
    hidden = [sheet.title for sheet in candidates if sheet.sheet_state != "visible"]
    remarks = [
        fault("hidden-sheet", SourcePlace(file, 1, 1, sheet=title), say, value=title, severity=SEVERITIES[2])
        for title in hidden
    ]
    return [sheet for sheet in candidates if sheet.sheet_state == "visible"], remarks


class _Reading:
    """One sheet while it is read: its header grows to the widest record."""

    def __init__(
        self,
        file: str,
        worksheet: Any,  # noqa: ANN401 - openpyxl's
        before: Sequence[Sheet],
        say: Phrases,
    ) -> None:
        self._file = file
        self._worksheet = worksheet
        self._cells_before = sum(len(sheet.records) * len(sheet.header) for sheet in before)
        self._header: list[Cell] = []
        self._records: list[list[Cell]] = []
        self._faults = Faults((), say)
        rows = Rows(self._header, self._records)
        self._sheet = Sheet(file, KIND, worksheet.title, self._header, self._records, rows)

    def sheet(self, merged: Sequence[str]) -> list[Sheet]:
        """The sheet, unless it is blank."""
        for number, row in _rows(self._worksheet, self._file):
            record = [Cell(_text(each), number, column) for column, each in enumerate(row, 1)]
            odd = [(cell, each) for cell, each in zip(record, row, strict=True) if _is_odd(each)]
            if any(cell.value and not cell.value.isspace() for cell in record) or (odd and not self._header):
                self._add(record)
            for cell, each in odd:
                self._faults.meet(_ODD[each.data_type], partial(self._odd, cell, each))
        if not self._header:
            return []
        for record in self._records:
            record += [Cell("", _row(record), column + 1) for column in range(len(record), len(self._header))]
        for range_ in merged:
            self._merge(range_)
        check_header(self._sheet, self._faults)
        return [replace(self._sheet, findings=self._faults.findings, counts=self._faults.counts)]

    def _add(self, record: list[Cell]) -> None:
        longest = max(record, key=lambda cell: len(cell.value))
        if len(longest.value) > MAX_CELL:
            message = f"{letters(longest.column)}{longest.line} has more than {MAX_CELL:,} characters."
            raise self._error(message, "Shorten it.", longest)
        if len(record) > MAX_COLUMNS:
            message = f"{letters(len(record))}{_row(record)} stands beyond the {MAX_COLUMNS} columns that are read."
            raise self._error(message, "Leave out columns.", record[-1])
        if not self._header:
            self._header += [cell._replace(value=cell.value.strip()) for cell in record]
            return
        self._records.append(record)
        first = _row(self._header)
        self._header += [Cell("", first, column + 1) for column in range(len(self._header), len(record))]
        check_room(self._sheet, self._cells_before)

    def _error(self, message: str, hint: str, cell: Cell) -> IntakeError:
        message = f"Sheet '{self._sheet.sheet}': {message}"
        return IntakeError(self._file, GraphError(message, hint=hint, place=Place(cell.line, cell.column)))

    def _odd(self, cell: Cell, each: Any) -> Finding:  # noqa: ANN401 - openpyxl's
        """A cell that holds a formula or an error in place of a value."""
        say = self._faults.say
        name = (self._header[cell.column - 1].value if cell.column <= len(self._header) else "") or None
        written = each.value if isinstance(each.value, str) else getattr(each.value, "text", None)
        value = say.text("data-table") if written is None else written
        return fault(_ODD[each.data_type], self._sheet.place(cell, name), say, field=name, value=value)

    def _merge(self, range_: str) -> None:
        first = range_.partition(":")[0]
        row, column = coordinate_to_tuple(first)
        place, values = self._sheet.place(Cell("", row, column)), {"range": range_, "first": first}
        self._faults.add(fault("merged-cells", place, self._faults.say, value=range_, severity=SEVERITIES[2], **values))


@contextmanager
def _library(file: str) -> Iterator[None]:
    """Errors of openpyxl, for people."""
    try:
        yield
    except _BROKEN as error:
        cause = error.__cause__ or error
        why = str(cause).partition("\n")[0][:_LONGEST_CAUSE]
        message = f"The workbook cannot be read: it is damaged, or not as the standard has it ({why})."
        raise IntakeError(file, GraphError(message, hint=_HINT)) from None


def _rows(worksheet: Any, file: str) -> Iterator[tuple[int, Sequence[Any]]]:  # noqa: ANN401 - openpyxl's
    """The number and the cells of each row, up to the last that holds anything."""
    with _library(file):
        worksheet.reset_dimensions()  # a sheet may state more rows and columns than it has
        for number, row in enumerate(worksheet.iter_rows(), 1):
            if number > _LAST_ROW:
                message = f"A row of sheet '{worksheet.title}' has a number beyond {_LAST_ROW:,}."
                raise IntakeError(file, GraphError(message, hint=_HINT))
            width = next((width for width in range(len(row), 0, -1) if row[width - 1].value is not None), 0)
            if width:
                yield number, row[:width]


def _merged(xml: bytes) -> list[str]:
    """The ranges of merged cells, as B2:B4, which openpyxl does not tell of a sheet that it reads row by row."""
    return [match[1].decode() for match in _MERGED.finditer(xml)]


def _is_odd(cell: Any) -> bool:  # noqa: ANN401 - openpyxl's
    return cell.data_type in _ODD and cell.value is not None


def _text(cell: Any) -> str:  # noqa: ANN401 - openpyxl's
    """The value as text: dates by ISO 8601, numbers as short as they can be, blank for a formula or an error."""
    value = cell.value
    if value is None or cell.data_type in _ODD:
        return ""
    if isinstance(value, str):
        return _RETURN.sub("\n", value) if "_x000D_" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        value = value.replace(microsecond=0)
        return (value if value.time() != time() else value.date()).isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _row(record: Sequence[Cell]) -> int:
    return record[0].line


def _joined(record: Sequence[Cell]) -> str:
    return " | ".join(cell.value for cell in record)
