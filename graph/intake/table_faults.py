"""The findings on a table that the shapes cannot make: they are about columns, keys and names, not about the graph."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rapidfuzz import process

from ..fields import Field
from ..finding import SEVERITIES, Finding, SourcePlace
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


def example_row(place: SourcePlace) -> Finding:
    """The row that a template shows as an example was sent with the others."""
    message = "the key of a record. This is the template's example row, so it is left out; write another id to send it."
    return fault("example-row", message, place, field="id", value="example", severity=_WARNING)


def repeated(place: SourcePlace, iri: str, row: int | None) -> Finding:
    """Two rows describe one thing."""
    message = (
        f"one row for each record, and row {row} describes this one already. "
        "Put all that is said of it into one row, several values parted by ||, or give this row another id."
    )
    return fault("repeated-record", message, place, field="id", value=iri)


def without_id(place: SourcePlace) -> Finding:
    """A row does not say what it describes."""
    message = "each row names its record. Enter a key, as forum-session-2024, or the record's address."
    return fault("without-id", message, place, field="id")


def wrong_id(place: SourcePlace, value: str) -> Finding:
    """The id is neither a key nor an address."""
    message = (
        "one key of letters, digits, dots and dashes, or one address. "
        "Write a short key; an address begins with http:// or https:// and has no spaces."
    )
    return fault("wrong-id", message, place, field="id", value=value)


def unknown_kind(place: SourcePlace, value: str, kinds: Sequence[str]) -> Finding:
    """The type of a record is none of its form."""
    message = f"one of {', '.join(kinds)}. Write one of these, or leave the cell blank."
    return replace(fault("unknown-type", message, place, field="type", value=value), nearest=nearest(value, kinds))


def unknown_column(place: SourcePlace, header: str, alike: tuple[str, ...]) -> Finding:
    """A column is for no field."""
    advice = f"Did you mean {' or '.join(alike)}?" if alike else "Take it out, or use a name of the template."
    message = f"a column of the form or the address of a property; it is not read. {advice}"
    found = fault("unknown-column", message, place, field=header, value=header, severity=_WARNING)
    return replace(found, nearest=alike)


def missing_column(place: SourcePlace, field: Field, unknown: Sequence[str]) -> Finding:
    """A field that every record needs has no column."""
    alike = tuple(dict.fromkeys(name for spelling in (field.name, field.label) for name in nearest(spelling, unknown)))
    advice = f'Is it "{alike[0]}"? Then write {field.header} there.' if alike else f"Add a column {field.header}."
    message = f'a column "{field.header}", as no record is complete without it. {advice}'
    return replace(fault("missing-column", message, place, field=field.label), nearest=alike)


def spaces(place: SourcePlace, header: str, count: int) -> Finding:
    """Values stand between spaces, which are not read."""
    times = "once" if count == 1 else f"{count} times"
    message = f"values without spaces before or after them; they were left out, {times} in this column. Delete them."
    return fault("spaces", message, place, field=header, severity=_INFO)


def ambiguous(place: SourcePlace, header: str, name: str, meanings: Sequence[str]) -> Finding:
    """A name stands for several things."""
    message = f"a name of one thing only, and this is the name of {len(meanings)}. Write the address or key of one."
    found = fault("ambiguous", message, place, field=header, value=name)
    return replace(found, nearest=tuple(meanings[:_SHOWN]))


def other_separator(place: SourcePlace, header: str, value: str) -> Finding:
    """Several things stand in a cell, and not as several values."""
    message = "several values parted by ||, and these are parted by something else. Write || between them."
    return fault("separator", message, place, field=header, value=value, severity=_WARNING)


def no_thing(place: SourcePlace, header: str, name: str) -> Finding:
    """The value should be the subject of a statement, and no thing has that name."""
    message = "the address, key or name of a thing that exists. Write its address, or add its record."
    return fault("unknown-thing", message, place, field=header, value=name)


def form_chosen(place: SourcePlace, form: str, fitting: int, columns: int) -> Finding:
    """The name of a file or sheet says no form, and one was found by the header."""
    message = (
        f"a file or sheet with the name of its form. Taken for {form}, which has {fitting} of the {columns} columns; "
        "name it so where that is right."
    )
    return fault("form-chosen", message, place, severity=_INFO)


def no_form(place: SourcePlace, forms: Sequence[str]) -> Finding:
    """Nothing says which form a table is of."""
    message = (
        "a file or sheet with the name of its form, and columns with the names of its fields; nothing was read. "
        f"Use a template; the forms are {', '.join(forms)}."
    )
    return fault("no-form", message, place)


def missing_fact(place: SourcePlace, name: str, unknown: Sequence[str]) -> Finding:
    """A column is missing without which no row of a table of facts is complete."""
    alike = nearest(name, unknown)
    advice = f'Is it "{alike[0]}"? Then write {name} there.' if alike else f"Add a column {name}."
    message = f'a column "{name}", as no row is complete without it. {advice}'
    return replace(fault("missing-column", message, place, field=name), nearest=alike)


def blank_cell(place: SourcePlace, column: Column) -> Finding:
    """A required cell is blank."""
    message = f"a value in every row{_about(column)}. Fill the cell, or take the row out."
    return fault("blank-cell", message, place, field=column.name)


def wrong_cell(place: SourcePlace, column: Column, value: str, expected: str) -> Finding:
    """A value is not of its column's datatype."""
    message = f"{expected}{_about(column)}. {_numeric_advice(value) or 'Mend the cell.'}"
    return fault("wrong-cell", message, place, field=column.name, value=value)


def repeated_key(place: SourcePlace, name: str, value: str, row: int | None) -> Finding:
    """Two rows have one key, or keys that make one address."""
    message = f"a key that no other row has, and row {row} has it too. Take one of the two rows out, or mend its key."
    return fault("repeated-record", message, place, field=name, value=value)


def unknown_reference(place: SourcePlace, column: Column, value: str, key: ForeignKey, known: Sequence[str]) -> Finding:
    """A value should be a key of another table, and is none."""
    alike = nearest(value, known)
    bare = value.removesuffix(".0")
    advice = _numeric_advice(value) if bare != value and bare in known else ""
    message = (
        f"a value of {key.referenced_column} in the table {key.table}{_about(column)}. "
        f"{advice or 'Mend it, or send the row of that table that is missing as well.'}"
    )
    return replace(fault(UNKNOWN_REFERENCE, message, place, field=column.name, value=value), nearest=alike)


def too_many_values(place: SourcePlace, name: str) -> Finding:
    """The values of a row's cells, each combined with each, are too many."""
    message = (
        "fewer values in one row, as each is combined with those of the other columns. Divide it into several rows."
    )
    return fault("too-many-values", message, place, field=name)


def unknown_name(place: SourcePlace, name: str, value: str, known: Sequence[str]) -> Finding:
    """Nothing follows from a row, because the graph knows no thing of that name."""
    message = (
        "a name by which the graph knows a thing, as written in a source; nothing was made of this row. "
        "Write a name that is known, or send it in the table names_as_written first."
    )
    return replace(fault(UNKNOWN_NAME, message, place, field=name, value=value), nearest=nearest(value, known))


def _about(column: Column) -> str:
    return f" ({column.description.rstrip('.')})" if column.description else ""


def _numeric_advice(value: str) -> str:
    """What happens to codes in spreadsheets: 9 becomes 9.0."""
    if re.fullmatch(r"[0-9]+[.]0+", value):
        return "A spreadsheet has made a number of a code: format the column as text and type the code again."
    return ""
