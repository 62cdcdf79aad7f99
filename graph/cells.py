"""What a cell may hold: the datatypes of CSV on the Web that our tables use, and dates of varying precision.

https://www.w3.org/TR/tabular-data-primer/#datatypes; dates follow W3CDTF (https://www.w3.org/TR/NOTE-datetime),
as the sources give a day, a month or only a year.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, cast

from .names import DCTERMS, XSD

W3CDTF: Final = DCTERMS + "W3CDTF"
_PRECISION: Final = ((4, "gYear"), (7, "gYearMonth"), (10, "date"))
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)")
_NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_IRI = re.compile(r"https?://[^/]+.*")


@dataclass(frozen=True, slots=True)
class Datatype:
    """A base type and, for strings, a regular expression that the whole cell must match."""

    base: str = "string"
    format: str | None = None

    @classmethod
    def from_csvw(cls, data: object) -> "Datatype":
        """Read the `datatype` of a column description: a name or an object."""
        if isinstance(data, dict):
            data = cast("dict[str, object]", data)
            base = "W3CDTF" if data.get("@id") == W3CDTF else str(data.get("base", "string"))
            pattern = data.get("format")
            return cls(_known(base), None if pattern is None else str(pattern))
        return cls(_known(str(data)))


@dataclass(frozen=True, slots=True)
class Problem:
    """What was expected in place of a value: in each language the phrase `cell.<key>` says it with the values."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


def problem_of(value: str, datatype: Datatype) -> Problem | None:
    """What was expected in place of the value, or None where the value is right."""
    if value != value.strip():
        return Problem("spaces")
    if control := _CONTROL.search(value):
        return Problem("control-character", {"character": repr(control.group())})
    return _CHECKS[datatype.base](value, datatype.format)


def date_type(value: str) -> str:
    """The XSD datatype IRI of a date in W3CDTF, by its precision."""
    return XSD + next((name for length, name in _PRECISION if len(value) == length), "dateTime")


def date_literal(value: str) -> str:
    """The lexical form for that datatype: XSD wants seconds, which W3CDTF may leave out."""
    return value[:16] + ":00" + value[16:] if re.match(r".{16}[Z+-]", value) else value


def _known(base: str) -> str:
    if base not in _CHECKS:
        raise TypeError(f"datatype {base}")
    return base


def _string(value: str, pattern: str | None) -> Problem | None:
    return None if pattern is None or re.fullmatch(pattern, value) else Problem("form", {"form": pattern})


def _integer(value: str, pattern: str | None) -> Problem | None:
    return _string(value, pattern) if re.fullmatch(r"-?\d+", value) else Problem("integer")


def _boolean(value: str, pattern: str | None) -> Problem | None:
    """CSV on the Web writes a boolean's format as `Y|N`: https://www.w3.org/TR/tabular-data-model/#boolean-formats."""
    yes, _, no = (pattern or "true|false").partition("|")
    return None if value in {yes, no} else Problem("either", {"yes": yes, "no": no})


def _any_uri(value: str, _pattern: str | None) -> Problem | None:
    if not _IRI.fullmatch(value):
        return Problem("address")
    fault = _NOT_IN_IRI.search(value)
    return Problem("address-character", {"character": repr(fault.group())}) if fault else None


def _date(value: str, _pattern: str | None) -> Problem | None:
    try:
        if _DATE.fullmatch(value):
            date.fromisoformat(value + "-01-01"[len(value) - 4 :] if len(value) < 10 else value)
        elif _DATE_TIME.fullmatch(value):
            datetime.fromisoformat(value)
        else:
            return Problem("date")
    except ValueError:
        return Problem("day")
    return None


_CHECKS: Final[Mapping[str, Callable[[str, str | None], Problem | None]]] = {
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
    "anyURI": _any_uri,
    "W3CDTF": _date,
}
