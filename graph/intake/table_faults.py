"""The findings on a table that the shapes cannot make: they are about columns, keys and names, not about the graph."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rapidfuzz import process

from ..cells import Problem
from ..fields import Field, word
from ..finding import SEVERITIES, Finding, SourcePlace
from ..phrases import Phrases
from ..tables import Column, ForeignKey
from .fault import fault

_WARNING: Final = SEVERITIES[1]
_INFO: Final = SEVERITIES[2]
UNKNOWN_NAME: Final = "unknown-name"
UNKNOWN_REFERENCE: Final = "unknown-reference"
"""Rules whose findings take time to make, so that not more are made than are kept (`Faults.meet`)."""

_SHOWN: Final = 3
_LONGEST: Final = 200
_ALIKE: Final = 60


def nearest(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """The few known texts that are most alike in spelling, the most alike first."""
    return tuple(found for found, *_ in process.extract(text[:_LONGEST], known, limit=_SHOWN, score_cutoff=_ALIKE))


def example_row(place: SourcePlace, say: Phrases) -> Finding:
    """The row that a template shows as an example was sent with the others."""
    return fault("example-row", place, say, field="id", value="example", severity=_WARNING)


def repeated(place: SourcePlace, iri: str, row: int | None, say: Phrases) -> Finding:
    """Two rows describe one thing."""
    return fault("repeated-record", place, say, field="id", value=iri, row=row)


def without_id(place: SourcePlace, say: Phrases) -> Finding:
    """A row does not say what it describes."""
    return fault("without-id", place, say, field="id")


def wrong_id(place: SourcePlace, value: str, say: Phrases) -> Finding:
    """The id is neither a key nor an address."""
    return fault("wrong-id", place, say, field="id", value=value)


def unknown_kind(place: SourcePlace, value: str, kinds: Sequence[str], say: Phrases) -> Finding:
    """The type of a record is none of its form."""
    found = fault("unknown-type", place, say, field="type", value=value, kinds=say.listed(kinds, "or"))
    return replace(found, nearest=nearest(value, kinds))


def unknown_column(place: SourcePlace, header: str, alike: tuple[str, ...], say: Phrases) -> Finding:
    """A column is for no field."""
    rule = "unknown-column.like" if alike else "unknown-column"
    found = fault(rule, place, say, field=header, value=header, severity=_WARNING, alike=say.listed(alike, "or"))
    return replace(found, nearest=alike)


def missing_column(place: SourcePlace, field: Field, unknown: Sequence[str], say: Phrases) -> Finding:
    """A field that every record needs has no column."""
    alike = tuple(dict.fromkeys(name for spelling in (field.name, field.label) for name in nearest(spelling, unknown)))
    rule = "missing-column.like" if alike else "missing-column"
    label = word(field.labels, say.language)
    return replace(fault(rule, place, say, field=label, header=field.header, alike="".join(alike[:1])), nearest=alike)


def spaces(place: SourcePlace, header: str, count: int, say: Phrases) -> Finding:
    """Values stand between spaces, which are not read."""
    return fault("spaces", place, say, field=header, severity=_INFO, times=say.count("times", count))


def ambiguous(place: SourcePlace, header: str, name: str, meanings: Sequence[str], say: Phrases) -> Finding:
    """A name stands for several things."""
    found = fault("ambiguous", place, say, field=header, value=name, count=say.number(len(meanings)))
    return replace(found, nearest=tuple(meanings[:_SHOWN]))


def other_separator(place: SourcePlace, header: str, value: str, say: Phrases) -> Finding:
    """Several things stand in a cell, and not as several values."""
    return fault("separator", place, say, field=header, value=value, severity=_WARNING)


def no_thing(place: SourcePlace, header: str, name: str, say: Phrases) -> Finding:
    """The value should be the subject of a statement, and no thing has that name."""
    return fault("unknown-thing", place, say, field=header, value=name)


def form_chosen(place: SourcePlace, form: str, fitting: int, columns: int, say: Phrases) -> Finding:
    """The name of a file or sheet says no form, and one was found by the header."""
    counts = {"fitting": say.number(fitting), "columns": say.number(columns)}
    return fault("form-chosen", place, say, severity=_INFO, form=form, **counts)


def no_form(place: SourcePlace, forms: Sequence[str], say: Phrases) -> Finding:
    """Nothing says which form a table is of."""
    return fault("no-form", place, say, forms=say.listed(forms))


def missing_fact(place: SourcePlace, name: str, unknown: Sequence[str], say: Phrases) -> Finding:
    """A column is missing without which no row of a table of facts is complete."""
    alike = nearest(name, unknown)
    rule = "missing-column.fact.like" if alike else "missing-column.fact"
    return replace(fault(rule, place, say, field=name, name=name, alike="".join(alike[:1])), nearest=alike)


def blank_cell(place: SourcePlace, column: Column, say: Phrases) -> Finding:
    """A required cell is blank."""
    return fault("blank-cell", place, say, field=column.name, about=_about(column, say))


def wrong_cell(place: SourcePlace, column: Column, value: str, problem: Problem, say: Phrases) -> Finding:
    """A value is not of its column's datatype."""
    rule = "wrong-cell.number" if _is_made_a_number(value) else "wrong-cell"
    expected = say.text(f"cell.{problem.key}", **problem.values)
    return fault(rule, place, say, field=column.name, value=value, expected=expected, about=_about(column, say))


def repeated_key(place: SourcePlace, name: str, value: str, row: int | None, say: Phrases) -> Finding:
    """Two rows have one key, or keys that make one address."""
    return fault("repeated-record.key", place, say, field=name, value=value, row=row)


def unknown_reference(  # noqa: PLR0913 - the parts of a finding
    place: SourcePlace, column: Column, value: str, key: ForeignKey, known: Sequence[str], *, say: Phrases
) -> Finding:
    """A value should be a key of another table, and is none."""
    is_number = _is_made_a_number(value) and value.removesuffix(".0") in known
    rule = "unknown-reference.number" if is_number else "unknown-reference"
    values = {"column": key.referenced_column, "table": key.table, "about": _about(column, say)}
    return replace(fault(rule, place, say, field=column.name, value=value, **values), nearest=nearest(value, known))


def too_many_values(place: SourcePlace, name: str, say: Phrases) -> Finding:
    """The values of a row's cells, each combined with each, are too many."""
    return fault("too-many-values", place, say, field=name)


def unknown_name(place: SourcePlace, name: str, value: str, known: Sequence[str], say: Phrases) -> Finding:
    """Nothing follows from a row, because the graph knows no thing of that name."""
    return replace(fault(UNKNOWN_NAME, place, say, field=name, value=value), nearest=nearest(value, known))


def _about(column: Column, say: Phrases) -> str:
    """What the metadata says of a column, which is in English only."""
    description = column.description.rstrip(".")
    return say.text("column-description", description=description) if description else ""


def _is_made_a_number(code: str) -> bool:
    """What happens to codes in spreadsheets: 9 becomes 9.0."""
    return re.fullmatch(r"[0-9]+[.]0+", code) is not None
