"""A table that is laid out as one of `graph/facts`, as a Source: checked by its metadata, mapped by its own mapping.

A mapping makes its statements of all rows together, so where one stands is found afterwards: first the row, by mapping
each by itself, then the column, from the mapping's text (`table_origins.py`).
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from .. import names
from ..csvfile import Cell
from ..finding import SourcePlace
from ..mapping import construct, rows_of
from ..phrases import Phrases
from ..tables import Row, Table
from . import table_faults
from .sheet import Sheet
from .source import Subject, Term
from .table_checks import MOST, Checks, Values, size
from .table_known import Known
from .table_layouts import Layout
from .table_origins import Origins
from .table_source import TableSource

_ROWS_AT_ONCE: Final = 200
_WRITTEN_AS = ox.NamedNode(names.ALIGN + "writtenAs")


class FactsTable(TableSource):
    """A table of facts."""

    def __init__(self, sheet: Sheet, layout: Layout, known: Known, context: ox.Store, say: Phrases) -> None:
        super().__init__(sheet, say)
        self._layout = layout
        self._known = known
        self._context = context
        self._index = {cell.value: index for index, cell in reversed([*enumerate(sheet.header)])}
        self._parts: list[tuple[Sequence[Row], frozenset[Term]]] = []
        self._made: dict[int, set[ox.Triple]] = {}

    @property
    def layout(self) -> str:
        """The name of the table whose layout it has."""
        return self._layout.name

    def values(self, column: str) -> frozenset[str]:
        """What a column holds."""
        described = self._layout.metadata.column(column)
        if column not in self._index:
            return frozenset()
        rows = (Row(0, {column: record[self._index[column]]}, "") for record in self._sheet.records)
        return frozenset(item for row in rows for item in row.items(described))

    def read(self, values: Values) -> None:
        """Check the cells and make the statements, in the order of the rows."""
        checks = Checks(self._sheet, self._layout, self._faults, values, lambda text: bool(self._known.find(text, ())))
        found: dict[ox.Triple, None] = {}
        for part in self._in_parts(checks.rows()):
            made = self._map(part)
            self._parts.append((part, frozenset[Term](triple.subject for triple in made)))
            found |= dict.fromkeys(sorted(made, key=str))
            subjects = {str(triple.subject) for triple in made}
            for row in part:
                if f"<{row.about}>" not in subjects:
                    self._say_nothing(row)
        self.triples = list(found)
        self._known.learn_triples(self.triples)

    def statement(self, subject: Subject, predicate: ox.NamedNode, object_: Term) -> SourcePlace | None:
        """The cell from which the object comes, as the mapping says; the row's key where it comes from none."""
        row = self._row_of(subject, ox.Triple(subject, predicate, object_))
        if row is None:
            return None
        cells = self._cells(row, self._origins.of_value(predicate.value, of_row=row.about == subject.value))
        named = [name for name, cell in cells.items() if _holds(cell.value, object_)]
        filled = [name for name, cell in cells.items() if cell.value]
        return self._place(row, next(iter([*named, *filled, *cells]), self._key(row)))

    def field(self, subject: Subject, path: str) -> SourcePlace | None:
        """The cell that the values of the path come from, blank or not; without such a column the row's first cell."""
        row = self._row_of(subject)
        if row is None:
            return None
        cells = self._cells(row, self._origins.of_value(path, of_row=row.about == subject.value))
        return self._place(row, next(iter(cells), self._sheet.header[0].value))

    def subject(self, subject: Subject) -> SourcePlace | None:
        """The cell that names the row's thing; for another thing the one that its address is made of."""
        row = self._row_of(subject)
        if row is None:
            return None
        if row.about == subject.value:
            return self._place(row, self._key(row))
        cells = self._cells(row, self._origins.of_subject(names.RDF + "type"))
        return self._place(row, next(iter(cells), self._key(row)))

    @cached_property
    def _origins(self) -> Origins:
        return Origins(self._layout.mapping, self._layout.columns)

    def _in_parts(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """The rows, as many together as one query should take."""
        part: list[Row] = []
        together = 0
        for row in rows:
            together += size(row, self._layout)
            if part and (together > MOST or len(part) == _ROWS_AT_ONCE):
                yield part
                part, together = [], size(row, self._layout)
            part.append(row)
        if part:
            yield part

    def _map(self, rows: Sequence[Row]) -> set[ox.Triple]:
        table = Table(self._layout.metadata, rows, b"")
        return construct(self._layout.mapping, f"mappings/{self.layout}.rq", rows_of(table), self._context)

    def _row_of(self, subject: Subject, triple: ox.Triple | None = None) -> Row | None:
        """The row that makes a statement, or any about the subject: the subject's own, else the first."""
        for part, subjects in self._parts:
            if subject in subjects:
                own = [row for row in part if row.about == subject.value]
                for row in (*own, *part):
                    made = self._by_itself(row)
                    if triple in made if triple else any(found.subject == subject for found in made):
                        return row
        return None

    def _by_itself(self, row: Row) -> set[ox.Triple]:
        """What a row makes without the others."""
        if row.line not in self._made:
            self._made[row.line] = self._map([row])
        return self._made[row.line]

    def _cells(self, row: Row, columns: Sequence[str]) -> dict[str, Cell]:
        return {name: row.cells[name] for name in columns if name in self._index}

    def _key(self, row: Row) -> str:
        """The column whose value the row's address begins with."""
        return self._layout.metadata.about_url(row.cells).fields()[0]

    def _place(self, row: Row, name: str) -> SourcePlace:
        """The place of a row's cell; of the first cell where there is no such column."""
        first = self._sheet.header[0].value
        cell = row.cells[name] if name in self._index and name in row.cells else row.cells.get(first)
        return self._sheet.place(cell or next(iter(row.cells.values())), name if name in self._index else first)

    @cached_property
    def _names_known(self) -> Sequence[str]:
        written = self._context.quads_for_pattern(None, _WRITTEN_AS, None, ox.DefaultGraph())
        return sorted({quad.object.value for quad in written if isinstance(quad.object, ox.Literal)})

    def _say_nothing(self, row: Row) -> None:
        """A finding for a row of which the mapping makes no statement: a name in it means nothing to the graph."""
        name = next((column for column in self._origins.needed if column in self._index), self._key(row))
        value = row.cells[name].value
        self._faults.meet(
            table_faults.UNKNOWN_NAME,
            lambda: table_faults.unknown_name(self._place(row, name), name, value, self._names_known, self._faults.say),
        )


def _holds(cell: str, value: Term) -> bool:
    """Whether the value is written in the cell, or its key is."""
    text = value.value if isinstance(value, ox.NamedNode | ox.Literal) else ""
    written = names.key(cell)
    return bool(cell) and (text in cell or (bool(written) and text.endswith(f"/{written}")))
