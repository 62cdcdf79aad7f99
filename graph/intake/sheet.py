"""A table as it was sent, CSV or one sheet of a workbook: records of cells that know their place."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..csvfile import Cell
from ..errors import GraphError
from ..finding import Finding, SourcePlace
from .fault import Faults, excerpt, fault
from .source import IntakeError

MAX_RECORDS: Final = 1_000_000
MAX_CELLS: Final = 2_000_000
"""Of all records together: a cell takes about 200 bytes of memory."""

_NAMES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and its records; `record[i]` stands under `header[i]`.

    Each record is padded with blank cells to the header's length; what stands beyond the header is kept at its end.
    The values of the header are stripped, those of the records are as sent. A column without a name has a blank
    header; where it holds anything, there is a finding.
    """

    file: str
    kind: str
    """What the file is in a word for people: "CSV" or "Excel workbook"."""

    sheet: str | None
    """The sheet's name in a workbook."""

    header: Sequence[Cell]
    """In a workbook a cell's line is the number of its row, and its column that of its column."""

    records: Sequence[Sequence[Cell]]
    """Without the blank ones."""

    lines: Sequence[str] = ()
    """The text of each line, or of each row its cells; worked out when it is asked for."""

    continued: Sequence[int] = ()
    """The numbers of the lines that a spreadsheet does not count: they continue a cell that holds line breaks."""

    findings: Sequence[Finding] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many findings there really are of a shape (by its IRI), where not all are listed."""

    def place(self, cell: Cell, name: str | None = None) -> SourcePlace:
        """Where a cell of this sheet stands, in the column of this name."""
        return SourcePlace(
            file=self.file,
            line=cell.line,
            column=cell.column,
            excerpt=self._excerpt(cell.line),
            sheet=self.sheet,
            cell=None if self.sheet is None else f"{letters(cell.column)}{cell.line}",
            row=cell.line - bisect_right(self.continued, cell.line),
            name=name,
        )

    def _excerpt(self, line: int) -> str | None:
        return excerpt(self.lines[line - 1]) if line <= len(self.lines) else None


def letters(column: int) -> str:
    """The name of a column as spreadsheet programs show it: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, digit = divmod(column - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def check_room(sheet: Sheet, cells_before: int = 0) -> None:
    """Refuse a table that grows beyond what is read, with other sheets of its file that were read before."""
    count, width = len(sheet.records), len(sheet.header)
    most = min(MAX_RECORDS, (MAX_CELLS - cells_before) // width)
    if count > most:
        message = f"The table has more than {most:,} records, which is the most that is read with {width} columns."
        raise IntakeError(sheet.file, GraphError(message, hint="Send it in parts, each with the header."))


def check_header(sheet: Sheet, faults: Faults) -> None:
    """Findings for two columns with one name, and for cells in a column without a name."""
    columns: dict[str, int] = {}
    for index, cell in enumerate(sheet.header):
        first = columns.setdefault(cell.value, index)
        if cell.value and first != index:
            both = f"columns {letters(first + 1)} and {letters(index + 1)} have the same"
            message = f"each column has a name of its own, and {both}. Rename one of them, or delete it."
            place = sheet.place(cell, cell.value)
            faults.add(fault("duplicate-header", message, place, field=cell.value, value=cell.value))
    nameless = {index for index, cell in enumerate(sheet.header) if not cell.value}
    for record in sheet.records if nameless else ():
        for index in [index for index in nameless if record[index].value.strip()]:
            nameless.remove(index)
            faults.add(_nameless(sheet, index, record[index]))


def _nameless(sheet: Sheet, index: int, cell: Cell) -> Finding:
    row = sheet.place(cell).row
    message = (
        f"a column that holds anything has a name, and column {letters(index + 1)} has none but holds something in row "
        f"{row}. Write its name into the header, or delete what stands under it."
    )
    return fault("blank-header", message, sheet.place(sheet.header[index]), value=cell.value)


def quoted(names: Sequence[str]) -> str:
    """Names in quotes for a sentence, the first few of them."""
    shown = [f"'{name}'" for name in names[:_NAMES_SHOWN]]
    if len(names) > _NAMES_SHOWN:
        shown.append(f"{len(names) - _NAMES_SHOWN} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
