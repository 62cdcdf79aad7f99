"""The header of a template: which field each column is for, and what its values are.

A header is a field's name or label in any language, an IRI, or a prefixed name; `@fr` behind it gives the language of
the values, `^^gYear` their datatype, `^` before an IRI means that the value is the subject of the statement. `id` is
the record's address or key, `type` its class where that is not the form's own.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from .. import names
from ..csvfile import Cell
from ..fields import Field, Form, Forms
from .table_cells import named_node
from .table_faults import nearest
from .table_terms import Call, Expected, folded

ID: Final = "id"
TYPE: Final = "type"

TERM: Final = "_term"
"""What the variable of a column's term ends with, after the column's own."""

_RESERVED = frozenset({"this", "class", TYPE})
_RDF_TYPE = names.RDF + "type"
_HEADER = re.compile(r"(?P<name>.+?)(?:@(?P<language>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)|\^\^(?P<datatype>\S+))?")
_LONGEST = 500  # so that matching takes no time to speak of
_OUTSIDE_NAME = re.compile(r"\W+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that makes statements: at `index` of a record, `variable` in the query."""

    index: int
    cell: Cell
    variable: str
    path: str
    inverse: bool
    call: Call
    field: Field | None = None

    @property
    def name(self) -> str:
        """The header as written."""
        return self.cell.value

    @property
    def step(self) -> str:
        """The path as findings write it: an IRI, or ^IRI."""
        return f"^{self.path}" if self.inverse else self.path


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table; `id` and `type` are indexes."""

    columns: Sequence[Column]
    id: int | None
    type: int | None
    unknown: Sequence[Cell]

    def missing(self, form: Form) -> list[Field]:
        """The fields without a column that each record needs."""
        present = {column.step for column in self.columns}
        return [field for field in form.fields if field.minimum and field.step not in present]


class Reader:
    """Reads the headers of the tables of one form."""

    def __init__(self, form: Form, forms: Forms) -> None:
        self._form = form
        self._forms = forms
        self._fields: dict[str, tuple[Field, str | None]] = {}
        for field in form.fields:
            self._fields.setdefault(folded(field.name), (field, field.language))
        for field in form.fields:
            for name, language in field.other_names.items():
                self._fields.setdefault(folded(name), (field, language or field.language))

    def nearest(self, header: str) -> tuple[str, ...]:
        """The names and labels that are most alike to a header that is none."""
        spellings = [ID, TYPE, *(name for field in self._form.fields for name in (field.name, *field.other_names))]
        return nearest(header, list(dict.fromkeys(spellings)))

    def read(self, cells: Sequence[Cell]) -> Header:
        """What each column is for; blank headers are left out."""
        columns: list[Column] = []
        special: dict[str, int] = {}
        unknown: list[Cell] = []
        for index, cell in enumerate(cells):
            if not cell.value:
                continue
            role = self._role(cell.value)
            if role:
                special.setdefault(role, index)
            elif column := self._column(index, cell, {c.variable for c in columns}):
                columns.append(column)
            else:
                unknown.append(cell)
        return Header(columns, special.get(ID), special.get(TYPE), unknown)

    def _role(self, header: str) -> str | None:
        name = folded(header)
        if name == ID and ID not in self._fields:
            return ID
        if header in {"rdf:type", _RDF_TYPE} or (name == TYPE and TYPE not in self._fields):
            return TYPE
        return None

    def _column(self, index: int, cell: Cell, taken: set[str]) -> Column | None:
        match = _HEADER.fullmatch(cell.value[:_LONGEST])
        if match is None or len(cell.value) > _LONGEST:
            return None
        field, implied = self._fields.get(folded(match["name"]), (None, None))
        path = field.step if field else _path(match["name"])
        exact = _exact(match["language"], match["datatype"])
        if path is None or (exact is None and (match["language"] or match["datatype"])):
            return None
        step = path.removeprefix("^")
        field = field or next((f for f in self._form.fields if f.step == path), None)
        call = exact or (_call(field, implied or field.language) if field else self._without_field(step))
        variable = _variable(cell.value if field is None else f"{field.name}{cell.value[len(match['name']) :]}", taken)
        return Column(index, cell, variable, step, path.startswith("^"), call, field)

    def _without_field(self, property_iri: str) -> Call:
        return Call("thing") if self._forms.is_link(property_iri) else Call("text")


def _call(field: Field, language: str | None) -> Call:
    """How the values of a field are read where the header says no more."""
    if field.choices:
        return Call("choice", tuple(field.choices))
    if field.takes_things:
        return Call("thing", _nodes(field.classes))
    if field.datatypes:
        return Call("value", _nodes(field.datatypes))
    return Call("text", (ox.Literal(language),) if language else ())


def _exact(language: str | None, datatype: str | None) -> Call | None:
    """How values are read where the header says it; None also where it names no such language or datatype."""
    node = _datatype(datatype) if datatype else None
    if not language:
        return Call("typed", (node,)) if node else None
    try:
        ox.Literal("", language=language)
    except ValueError:
        return None
    return Call("text", (ox.Literal(language),))


def _datatype(name: str) -> ox.NamedNode | None:
    iri = _path(name) if ":" in name else names.XSD + name
    return named_node(iri) if iri and not iri.startswith(names.RDF) else None


def _path(name: str) -> str | None:
    """The IRI, or ^IRI, that a header writes out or abbreviates."""
    back, name = ("^", name[1:]) if name.startswith("^") else ("", name)
    name = name[1:-1] if name.startswith("<") and name.endswith(">") else name
    prefix, colon, rest = name.partition(":")
    if not colon:
        return None
    iri = names.PREFIXES[prefix] + rest if prefix in names.PREFIXES else name
    return back + iri if named_node(iri) and (prefix in names.PREFIXES or "://" in iri) else None


def _variable(header: str, taken: set[str]) -> str:
    name = _OUTSIDE_NAME.sub("_", header).strip("_") or "column"
    name, count = (name if name[0].isalpha() else f"column_{name}"), 1
    unique = name
    while unique in taken or unique in _RESERVED or unique.endswith(TERM):
        count += 1
        unique = f"{name}_{count}"
    return unique


def _nodes(iris: Iterable[str]) -> tuple[Expected, ...]:
    return tuple(map(ox.NamedNode, iris))
