"""The checks that the metadata of a table of facts asks for, on a table that a member sends: all faults, not the first.

They are those of the build (`tables.py`): required cells, datatypes, keys of their own, references to other tables.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Final

from ..cells import problem_of
from ..csvfile import Cell
from ..finding import Finding, SourcePlace
from ..tables import Column, ForeignKey, Row
from . import table_faults
from .fault import Faults
from .sheet import Sheet
from .table_cells import named_node
from .table_layouts import Layout

Values = Callable[[str, str], frozenset[str]]
"""The values of a column of a table, shipped or sent with this one."""

MOST: Final = 1_000_000
"""The largest size of a row, and about that of the rows that are mapped together."""


class Checks:
    """The checks of one table, which fill its findings."""

    def __init__(
        self, sheet: Sheet, layout: Layout, faults: Faults, values: Values, known: Callable[[str], bool]
    ) -> None:
        self._sheet = sheet
        self._layout = layout
        self._faults = faults
        self._say = faults.say
        self._values = values
        self._known = known
        self.index = {cell.value: index for index, cell in reversed([*enumerate(sheet.header)])}

    def rows(self) -> list[Row]:
        """The rows that can be mapped: those where all that is needed is right; other wrong cells are blank in them."""
        self._check_header()
        found: list[Row] = []
        keys: dict[tuple[str, ...], Row] = {}
        addresses: dict[str, Row] = {}
        for record in self._sheet.records:
            row = self._row(record)
            if row is None:
                continue
            first = self._clash(row, keys, addresses)
            if first is not None:
                name = self._layout.metadata.primary_key[-1]
                other = self._sheet.place(next(iter(first.cells.values()))).row
                place = self.place(record, name)
                self._faults.add(table_faults.repeated_key(place, name, row.cells[name].value, other, self._say))
            found.append(row)
        return found

    def _clash(self, row: Row, keys: dict[tuple[str, ...], Row], addresses: dict[str, Row]) -> Row | None:
        """An earlier row with the same key, or with another key that makes the same address."""
        metadata = self._layout.metadata
        first = keys.setdefault(tuple(row.cells[name].value for name in metadata.primary_key), row)
        if first is not row:
            return first
        first = addresses.setdefault(row.about, row)
        named = metadata.about_url(row.cells).fields()
        return first if any(first.cells[name].value != row.cells[name].value for name in named) else None

    def place(self, record: Sequence[Cell], name: str) -> SourcePlace:
        """The place of a row's cell in a column; the row's first cell where there is no such column."""
        index = self.index.get(name, 0)
        return self._sheet.place(record[index], self._sheet.header[index].value or None)

    def _check_header(self) -> None:
        header = {cell.value for cell in self._sheet.header}
        unknown = [cell for cell in self._sheet.header if cell.value and cell.value not in self._layout.columns]
        for cell in unknown:
            alike = table_faults.nearest(cell.value, self._layout.columns)
            place = self._sheet.place(cell, cell.value)
            self._faults.add(table_faults.unknown_column(place, cell.value, alike, self._say))
        first = self._sheet.place(self._sheet.header[0], self._sheet.header[0].value or None)
        names = [cell.value for cell in unknown]
        for name in sorted(self._layout.required - header):
            self._faults.add(table_faults.missing_fact(first, name, names, self._say))

    def _row(self, record: Sequence[Cell]) -> Row | None:
        """The row without its wrong cells, or None where it cannot do without one of them."""
        columns = self._layout.metadata.columns
        blank = Cell("", record[0].line, record[0].column)
        cells = {c.name: record[self.index[c.name]] if c.name in self.index else blank for c in columns}
        wrong = {column.name for column in columns if not self._check(record, Row(0, cells, ""), column)}
        if wrong & self._layout.required:
            return None
        cells |= {name: Cell("", cells[name].line, cells[name].column) for name in wrong}
        about = self._layout.metadata.about_url(cells).fill(cells)
        row = Row(record[0].line, cells, about)
        if named_node(about) is None:
            place = self.place(record, self._layout.metadata.primary_key[0])
            self._faults.add(table_faults.wrong_id(place, about, self._say))
            return None
        return row if self._check_size(record, row) else None

    def _check(self, record: Sequence[Cell], row: Row, column: Column) -> bool:
        items = row.items(column)
        if column.required and not items:
            if column.name in self.index:
                place = self.place(record, column.name)
                self._faults.add(table_faults.blank_cell(place, column, self._say))
            return False
        right = True
        for item in items:
            if problem := problem_of(item, column.datatype):
                place = self.place(record, column.name)
                self._faults.add(table_faults.wrong_cell(place, column, item, problem, self._say))
                right = False
        return right and self._check_references(record, column, items)

    def _check_references(self, record: Sequence[Cell], column: Column, items: Sequence[str]) -> bool:
        """A reference to nothing is said, and yet mapped: the shapes say more about it."""
        for foreign_key in self._layout.metadata.foreign_keys:
            for item in items if foreign_key.column == column.name else ():
                values = self._values(foreign_key.table, foreign_key.referenced_column)
                if item not in values and not self._known(item):
                    make = partial(self._unknown_reference, record, column, item, foreign_key)
                    self._faults.meet(table_faults.UNKNOWN_REFERENCE, make)
        return True

    def _unknown_reference(self, record: Sequence[Cell], column: Column, item: str, key: ForeignKey) -> Finding:
        known = sorted(self._values(key.table, key.referenced_column))
        place = self.place(record, column.name)
        return table_faults.unknown_reference(place, column, item, key, known, say=self._say)

    def _check_size(self, record: Sequence[Cell], row: Row) -> bool:
        """A mapping combines the values of all cells, which long ones would make too many."""
        if size(row, self._layout) <= MOST:
            return True
        longest = max(self._layout.metadata.columns, key=lambda column: len(row.items(column))).name
        self._faults.add(table_faults.too_many_values(self.place(record, longest), longest, self._say))
        return False


def size(row: Row, layout: Layout) -> int:
    """How many characters a query has for a row: as many times its own as there are combinations of its values."""
    combinations = prod(len(row.items(column)) or 1 for column in layout.metadata.columns)
    return combinations * sum(len(cell.value) + 1 for cell in row.cells.values())
