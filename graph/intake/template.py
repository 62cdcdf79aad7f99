"""A table of one form: its rows are records, which become statements that know their cells.

`announce` says which things the rows describe, so that all tables of a submission can refer to each other; `read`
then makes the statements, by the CONSTRUCT that `generated.py` makes from the form.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from .. import names
from ..csvfile import Cell
from ..fields import Form, Forms
from ..finding import SourcePlace
from ..mapping import construct
from ..phrases import Phrases
from . import generated, table_faults
from .sheet import Sheet
from .source import Subject, Term
from .table_cells import address_of, items, text_of
from .table_header import TYPE, Column, Reader
from .table_known import CODES, NAMES, Known
from .table_source import TableSource
from .table_terms import Terms

EXAMPLE: Final = "example"
"""The `id` of the row that a downloaded template has already; such a row is not read."""

_TYPE = names.RDF + "type"
_OTHER_SEPARATOR = re.compile(r"[;,|\n][ \n]*+")
_PARTS_TRIED = 50

_Record = tuple[str, Sequence[Cell]]
"""The address of what a row describes, and its cells."""


class TemplateTable(TableSource):
    """A table of a form, as a Source."""

    def __init__(self, sheet: Sheet, form: Form, forms: Forms, known: Known, say: Phrases) -> None:
        super().__init__(sheet, say)
        self._form = form
        self._known = known
        self._say = say
        self._terms = Terms(forms, known)
        self._reader = Reader(form, forms)
        self._header = self._reader.read(sheet.header)
        self._records: list[_Record] = []

    def announce(self) -> None:
        """Find out what each row describes, and let the other tables know."""
        first: dict[str, Sequence[Cell]] = {}
        for cells in self._sheet.records:
            place = self._place(cells, self._id)
            if cells[self._id].value.strip().casefold() == EXAMPLE:
                self._faults.add(table_faults.example_row(place, self._say))
                continue
            about = self._address(cells)
            if first.setdefault(about, cells) is not cells:
                row = self._place(first[about], 0).row
                self._faults.add(table_faults.repeated(place, about, row, self._say))
            self._check_kinds(cells)
            self._records.append((about, cells))
            self._known.learn(about, self._classes(cells), self._naming(cells))

    def read(self) -> None:
        """Make the statements, in the order of the rows."""
        self._check_header()
        for column in self._header.columns:
            self._check_column(column)
        text = generated.query(self._form, self._header.columns)
        order = {about: number for number, (about, _) in reversed([*enumerate(self._records)])}
        found: dict[ox.Triple, None] = {}
        for rows in generated.rows(self._header.columns, map(self._row, self._records)):
            made = construct(text, f"The form {self._form.name}", rows, ox.Store(), self._terms.functions)
            found |= dict.fromkeys(sorted(made, key=lambda triple: (_number(triple, order), str(triple))))
        self.triples = list(found)

    def statement(self, subject: Subject, predicate: ox.NamedNode, object_: Term) -> SourcePlace | None:
        """The cell that says so."""
        for about, step, value in (
            (subject, predicate.value, object_),
            (object_, f"^{predicate.value}", subject),
        ):
            for cells in self._rows(about):
                if step == _TYPE and isinstance(value, ox.NamedNode) and value.value in self._classes(cells):
                    return self._place(cells, self._id if self._header.type is None else self._header.type)
                for column in self._columns(step):
                    if value in self._values(cells, column):
                        return self._place(cells, column.index)
        return None

    def field(self, subject: Subject, path: str) -> SourcePlace | None:
        """The cell of that path in the subject's row, blank or not; without such a column the row's first cell."""
        rows = self._rows(subject)
        places = [(cells, column.index) for cells in rows for column in self._columns(path)]
        filled = [(cells, index) for cells, index in places if cells[index].value.strip()]
        for cells, index in [*filled, *places, *((cells, 0) for cells in rows)]:
            return self._place(cells, index)
        return None

    def subject(self, subject: Subject) -> SourcePlace | None:
        """The cell that names the row's record, else the first that mentions it."""
        for cells in self._rows(subject):
            return self._place(cells, self._id)
        mention = self._mentions.get(subject)
        return self._place(*mention) if mention else None

    @property
    def _id(self) -> int:
        return self._header.id or 0

    @cached_property
    def _by_address(self) -> Mapping[str, Sequence[Sequence[Cell]]]:
        found: dict[str, list[Sequence[Cell]]] = {}
        for about, cells in self._records:
            found.setdefault(about, []).append(cells)
        return found

    @cached_property
    def _mentions(self) -> Mapping[Term, tuple[Sequence[Cell], int]]:
        found: dict[Term, tuple[Sequence[Cell], int]] = {}
        for _, cells in self._records:
            for column in self._header.columns:
                for value in self._values(cells, column):
                    found.setdefault(value, (cells, column.index))
        return found

    def _rows(self, term: Term) -> Sequence[Sequence[Cell]]:
        return self._by_address.get(term.value, ()) if isinstance(term, ox.NamedNode) else ()

    def _columns(self, step: str) -> Iterator[Column]:
        return (column for column in self._header.columns if column.step == step)

    def _values(self, cells: Sequence[Cell], column: Column) -> Iterator[Term]:
        return (self._terms.term(item, column.call) for item in items(cells[column.index].value))

    def _place(self, cells: Sequence[Cell], index: int) -> SourcePlace:
        return self._sheet.place(cells[index], self._sheet.header[index].value or None)

    def _address(self, cells: Sequence[Cell]) -> str:
        """The IRI of what a row describes: as its `id` or else its identifier says."""
        place = self._place(cells, self._id)
        written = items(cells[self._id].value) if self._header.id is not None else []
        for column in () if written else self._columns(CODES[0]):
            written = items(cells[column.index].value)
        if not written:
            self._faults.add(table_faults.without_id(place, self._say))
            return self._form.mint(f"row-{place.row}")
        text = text_of(written[0])
        node = address_of(written[0]) or self._terms.absolute(text)
        if node is not None:
            return node.value
        if len(written) > 1 or "://" in text or not names.key(text):
            self._faults.add(table_faults.wrong_id(place, cells[self._id].value, self._say))
        return self._form.mint(text)

    def _classes(self, cells: Sequence[Cell]) -> list[str]:
        """The classes that a row names; the form's own where it names none that we know."""
        written = [] if self._header.type is None else items(cells[self._header.type].value)
        kinds = [kind.value for item in written if (kind := self._terms.kind(item, self._form))]
        return kinds or [self._form.class_iri]

    def _check_kinds(self, cells: Sequence[Cell]) -> None:
        if self._header.type is None:
            return
        for item in items(cells[self._header.type].value):
            if self._terms.kind(item, self._form) is None:
                place = self._place(cells, self._header.type)
                self._faults.add(table_faults.unknown_kind(place, item, list(self._form.kinds), self._say))

    def _naming(self, cells: Sequence[Cell]) -> Iterator[tuple[str, str]]:
        for column in self._header.columns:
            if column.path in (*CODES, *NAMES) and not column.inverse:
                yield from ((column.path, text_of(item)) for item in items(cells[column.index].value))

    def _row(self, record: _Record) -> dict[str, Sequence[str]]:
        about, cells = record
        values = {column.variable: items(cells[column.index].value) for column in self._header.columns}
        return {"this": [about], TYPE: self._classes(cells), **values}

    def _check_header(self) -> None:
        for cell in self._header.unknown:
            place = self._sheet.place(cell, cell.value)
            alike = self._reader.nearest(cell.value)
            self._faults.add(table_faults.unknown_column(place, cell.value, alike, self._say))
        for field in self._header.missing(self._form):
            if not all(self._known.has(about, field.step) for about, _ in self._records):
                place, unknown = self._place(self._sheet.header, 0), [cell.value for cell in self._header.unknown]
                self._faults.add(table_faults.missing_column(place, field, unknown, self._say))

    def _check_column(self, column: Column) -> None:
        """Say what `Terms` does not report: spaces that were left out, and names that mean several things or none."""
        spaced = [cells for _, cells in self._records if _is_spaced(cells[column.index].value)]
        if spaced:
            place = self._place(spaced[0], column.index)
            self._faults.add(table_faults.spaces(place, column.name, len(spaced), self._say))
        if column.call.function != "thing":
            return
        for _, cells in self._records:
            for item in items(cells[column.index].value):
                if isinstance(self._terms.term(item, column.call), ox.Literal):
                    self._check_name(cells, column, item)

    def _check_name(self, cells: Sequence[Cell], column: Column, item: str) -> None:
        place, meanings = self._place(cells, column.index), self._terms.meanings(item, column.call.expected)
        parts = [part for part in _OTHER_SEPARATOR.split(item, _PARTS_TRIED) if part]
        if len(parts) > 1 and all(isinstance(self._terms.term(part, column.call), ox.NamedNode) for part in parts):
            self._faults.add(table_faults.other_separator(place, column.name, item, self._say))
        elif meanings:
            self._faults.add(table_faults.ambiguous(place, column.name, item, meanings, self._say))
        elif column.inverse:
            self._faults.add(table_faults.no_thing(place, column.name, item, self._say))


def _number(triple: ox.Triple, order: Mapping[str, int]) -> int:
    """The number of the row that makes a statement; the object is its record where the path leads backwards."""
    ends = (triple.subject, triple.object)
    return next((order[end.value] for end in ends if isinstance(end, ox.NamedNode) and end.value in order), 0)


def _is_spaced(value: str) -> bool:
    return value != value.strip() and not value.isspace()
