"""A table as it was sent, CSV or one sheet of a workbook: records of cells that know their place."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, overload

from ..csvfile import Cell
from ..errors import GraphError
from ..finding import Finding, SourcePlace
from ..phrases import Phrases
from .fault import Faults, excerpt, fault
from .source import IntakeError

MAX_RECORDS: Final = 1_000_000
MAX_CELLS: Final = 2_000_000
"""Of all records together: a cell takes about 200 bytes of memory."""


class LazyLines(Sequence[str], ABC):
    """Lines of text that are worked out when they are asked for."""

    @abstractmethod
    def line(self, index: int) -> str:
        """The line of an index that is there."""

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.line(index)


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
            place, both = sheet.place(cell, cell.value), {"first": letters(first + 1), "second": letters(index + 1)}
            faults.add(fault("duplicate-header", place, faults.say, field=cell.value, value=cell.value, **both))
    nameless = {index for index, cell in enumerate(sheet.header) if not cell.value}
    for record in sheet.records if nameless else ():
        for index in [index for index in nameless if record[index].value.strip()]:
            nameless.remove(index)
            faults.add(_nameless(sheet, index, record[index], faults.say))


def _nameless(sheet: Sheet, index: int, cell: Cell, say: Phrases) -> Finding:
    place, row = sheet.place(sheet.header[index]), sheet.place(cell).row
    return fault("blank-header", place, say, value=cell.value, column=letters(index + 1), row=row)
