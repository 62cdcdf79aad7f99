"""Stage 1: a CSV table and its metadata become rows whose every cell has been checked.

The metadata is CSV on the Web (https://www.w3.org/TR/tabular-metadata/), the subset that `load_metadata`
reads: columns with required, separator and datatype (base, format), primaryKey, foreignKeys, aboutUrl; and
`align:aboutUrls`, our own addition, for the two tables that describe things of several kinds.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from .cells import Datatype, problem_of
from .csvfile import Cell, read_csv
from .errors import Place, TableError
from .names import key
from .phrases import DEFAULT, phrases

Folder = Traversable | Path

_URL_FIELD = re.compile(r"\{\+?(\w+)\}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column as its metadata describes it."""

    name: str
    datatype: Datatype
    required: bool = False
    separator: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Values of `column` must occur in `referenced_column` of `table`."""

    column: str
    table: str
    referenced_column: str


@dataclass(frozen=True, slots=True)
class AboutUrl:
    """The template of a row's IRI; `column` and `value` say for which rows, None for all others."""

    template: str
    column: str | None = None
    value: str = ""

    def fields(self) -> list[str]:
        """The columns whose values the template takes."""
        return _URL_FIELD.findall(self.template)

    def fill(self, cells: Mapping[str, Cell]) -> str:
        """The IRI of a row: `{+column}` is an IRI itself, else what follows the last `/` is one key (RFC 6570)."""
        if self.template.startswith("{+"):
            return cells[self.fields()[0]].value
        base, _, last = self.template.rpartition("/")
        return f"{base}/{key(_URL_FIELD.sub(lambda match: cells[match[1]].value, last))}"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a table should look like."""

    name: str
    title: str
    columns: Sequence[Column]
    primary_key: Sequence[str]
    foreign_keys: Sequence[ForeignKey]
    about_urls: Sequence["AboutUrl"]
    requires: Sequence[str] = ()
    """Tables that must be mapped before, as the mapping looks into their graphs (dcterms:requires)."""

    def column(self, name: str) -> Column:
        """The column of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        message = f"{self.name}.csv-metadata.json has no column {name!r}, which another table refers to."
        raise TableError(message, hint="Correct the foreign key of that table.")

    def about_url(self, cells: Mapping[str, Cell]) -> AboutUrl:
        """The template that serves a row."""
        return next(a for a in self.about_urls if a.column is None or cells[a.column].value == a.value)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one record by column name, and the IRI of the thing that it describes."""

    line: int
    cells: Mapping[str, Cell]
    about: str

    def items(self, column: Column) -> list[str]:
        """The values of a cell: none for a blank, several where the column has a separator."""
        text = self.cells[column.name].value
        if column.separator is None:
            return [text] if text else []
        return [item for part in text.split(column.separator.strip()) if (item := part.strip())]


@dataclass(frozen=True, slots=True)
class Table:
    """A checked table and the bytes that it was read from."""

    metadata: Metadata
    rows: Sequence[Row]
    content: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The table's name, which is also the name of its graph."""
        return self.metadata.name


def load_tables(folder: Folder) -> list[Table]:
    """All tables of a folder, each after those that it refers to; the first fault raises TableError."""
    names = sorted(file.name.removesuffix(".csv") for file in folder.iterdir() if file.name.endswith(".csv"))
    tables = {name: load_table(folder, name) for name in names}
    for table in tables.values():
        for foreign_key in table.metadata.foreign_keys:
            _check_references(table, foreign_key, tables)
    return _in_order(tables)


def _in_order(tables: Mapping[str, Table]) -> list[Table]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, table in tables.items():
        used = {foreign_key.table for foreign_key in table.metadata.foreign_keys} | set(table.metadata.requires)
        sorter.add(name, *sorted(used - {name}))
    try:
        return [tables[name] for name in sorter.static_order() if name in tables]
    except CycleError as error:
        message = f"These tables need each other first: {' -> '.join(error.args[1])}."
        raise TableError(message, hint="Take one of the foreign keys or of the dc:requires away.") from None


def load_table(folder: Folder, name: str) -> Table:
    """One table, checked by itself: header, types, required cells, unique keys."""
    metadata = load_metadata(folder, name)
    content = (folder / f"{name}.csv").read_bytes()
    records = list(read_csv(content, f"{name}.csv"))
    _check_header(records[0] if records else [], metadata)
    rows = [_row(record, metadata) for record in records[1:]]
    _check_unique(rows, metadata)
    return Table(metadata, rows, content)


def load_metadata(folder: Folder, name: str) -> Metadata:
    """The description of a table, `<name>.csv-metadata.json`; TableError where it is missing or broken."""
    file = f"{name}.csv-metadata.json"
    try:
        return _metadata(name, json.loads((folder / file).read_text("utf-8")))
    except FileNotFoundError:
        hint = f"Describe its columns in {file}; CONTRIBUTING.md, 'Add a source', shows how."
        raise TableError(f"{name}.csv has no metadata.", hint=hint) from None
    except json.JSONDecodeError as error:
        message = f"{file}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}."
        place = Place(error.lineno, error.colno)
        raise TableError(message, hint="Mend the JSON at that place.", place=place) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"{file}: {error} is missing, unknown or has the wrong form."
        raise TableError(message, hint="See https://www.w3.org/TR/tabular-metadata/.") from None


def _metadata(name: str, data: Mapping[str, Any]) -> Metadata:
    schema = data["tableSchema"]
    metadata = Metadata(
        name=name,
        title=data["dc:title"],
        columns=[_column(column) for column in schema["columns"]],
        primary_key=schema["primaryKey"],
        foreign_keys=[_foreign_key(foreign_key) for foreign_key in schema.get("foreignKeys", [])],
        about_urls=[
            *(AboutUrl(a["aboutUrl"], a["column"], a["value"]) for a in schema.get("align:aboutUrls", [])),
            AboutUrl(schema["aboutUrl"]),
        ],
        requires=[file.removesuffix(".csv") for file in data.get("dc:requires", [])],
    )
    used = [*metadata.primary_key, *(foreign_key.column for foreign_key in metadata.foreign_keys)]
    used += [name for about in metadata.about_urls for name in [*about.fields(), *filter(None, [about.column])]]
    if unknown := set(used) - {column.name for column in metadata.columns}:
        raise ValueError(f"the column {', '.join(sorted(unknown))}")
    return metadata


def _column(data: Mapping[str, Any]) -> Column:
    datatype = Datatype.from_csvw(data.get("datatype", "string"))
    required = data.get("required", False)
    return Column(data["name"], datatype, required, data.get("separator"), data.get("dc:description", ""))


def _foreign_key(data: Mapping[str, Any]) -> ForeignKey:
    (column,) = data["columnReference"]
    (referenced,) = data["reference"]["columnReference"]
    return ForeignKey(column, data["reference"]["resource"].removesuffix(".csv"), referenced)


def _check_header(header: Sequence[Cell], metadata: Metadata) -> None:
    found, expected = [cell.value for cell in header], [column.name for column in metadata.columns]
    if found == expected:
        return
    missing = [name for name in expected if name not in found]
    surplus = [name for name in found if name not in expected]
    what = [f"column {name!r} is missing" for name in missing] + [f"column {name!r} is unknown" for name in surplus]
    message = f"{metadata.name}.csv, line 1: {'; '.join(what) or 'the columns are in another order'}."
    hint = f"The header must read: {','.join(expected)}"
    raise TableError(message, hint=hint, place=Place(1))


def _row(record: Sequence[Cell], metadata: Metadata) -> Row:
    first = record[0]
    if len(record) != len(metadata.columns):
        message = (
            f"{metadata.name}.csv, line {first.line}: {len(record)} cells, expected {len(metadata.columns)}, "
            "one for each column of the header."
        )
        hint = "A comma inside a text needs quotes around the whole cell; a blank cell still needs its comma."
        raise TableError(message, hint=hint, place=Place(first.line, 1))
    cells = {column.name: cell for column, cell in zip(metadata.columns, record, strict=True)}
    row = Row(first.line, cells, metadata.about_url(cells).fill(cells))
    for column in metadata.columns:
        _check_cell(row, column, metadata.name)
    return row


def _check_cell(row: Row, column: Column, table: str) -> None:
    items = row.items(column)
    if column.required and not items:
        raise _cell_error(table, row.cells[column.name], column.name, "a value (the column is required)")
    for item in items:
        if problem := problem_of(item, column.datatype):
            expected = phrases(DEFAULT).text(f"cell.{problem.key}", **problem.values)
            about = f" ({column.description.rstrip('.')})" if column.description else ""
            raise _cell_error(table, row.cells[column.name], column.name, expected + about, _spreadsheet_hint(item))


def _cell_error(table: str, cell: Cell, column: str, expected: str, hint: str = "") -> TableError:
    message = (
        f"{table}.csv, line {cell.line}, column {cell.column} ({column}): "
        f"{repr(cell.value) if cell.value else 'blank'}, expected {expected}."
    )
    return TableError(message, hint=hint or "Mend the cell and build again.", place=Place(cell.line, cell.column))


def _check_unique(rows: Sequence[Row], metadata: Metadata) -> None:
    """No two rows share a primary key, and no two different keys mint one IRI."""
    seen: dict[tuple[str, ...], Row] = {}
    minted: dict[str, Row] = {}
    for row in rows:
        values = tuple(row.cells[name].value for name in metadata.primary_key)
        cell = row.cells[metadata.primary_key[-1]]
        first = seen.setdefault(values, row)
        if first is not row:
            expected = f"a key that no other row has, but line {first.line} has it too"
            hint = _number_hint(values[-1])
            raise _cell_error(metadata.name, cell, metadata.primary_key[-1], expected, hint)
        first = minted.setdefault(row.about, row)
        if _about_values(first, metadata) != _about_values(row, metadata):
            expected = f"a key whose address is its own; line {first.line} has the same, {row.about}"
            raise _cell_error(metadata.name, cell, metadata.primary_key[-1], expected)


def _about_values(row: Row, metadata: Metadata) -> list[str]:
    return [row.cells[name].value for name in metadata.about_url(row.cells).fields()]


def _number_hint(value: str) -> str:
    if re.fullmatch(r"\d+\.\d+", value):
        return (
            f"Codes are text: a spreadsheet may have turned {value}0 into the number {value}. "
            "Format the column as text and type the code again."
        )
    return "Remove one of the two rows or mend its key."


def _check_references(table: Table, foreign_key: ForeignKey, tables: Mapping[str, Table]) -> None:
    referenced = tables.get(foreign_key.table)
    if referenced is None:
        message = f"{table.name}.csv refers to {foreign_key.table}.csv, which is not there."
        raise TableError(message, hint="Add the table or take the foreign key out of the metadata.")
    column = referenced.metadata.column(foreign_key.referenced_column)
    known = {item for row in referenced.rows for item in row.items(column)}
    own = table.metadata.column(foreign_key.column)
    for row in table.rows:
        for item in row.items(own):
            if item not in known:
                expected = f"a value of {foreign_key.referenced_column} in {foreign_key.table}.csv"
                hint = _nearest_hint(item, known)
                raise _cell_error(table.name, row.cells[own.name], own.name, expected, hint)


def _spreadsheet_hint(value: str) -> str:
    if re.fullmatch(r"\d+\.0+", value):
        return (
            "Codes are text: a spreadsheet has made a number of it. Format the column as text and type the code again."
        )
    return ""


def _nearest_hint(value: str, known: set[str]) -> str:
    """Name the known values that are nearest in spelling, and the number that a code may have become."""
    near = get_close_matches(value, sorted(known), n=3)
    hint = f"Nearest known: {', '.join(near)}." if near else "Add the missing row first, or mend the cell."
    bare = value.removesuffix(".0")
    if bare != value and bare in known:
        hint = f"Codes are text: a spreadsheet has turned {bare} into a number. Format the column as text."
    return hint
