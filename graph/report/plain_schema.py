"""What the JSON report looks like, as JSON Schema (https://json-schema.org/draft/2020-12/json-schema-core)."""

from collections.abc import Mapping
from typing import Any, Final

from ..finding import SEVERITIES


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An object with exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def _said(kind: str | list[str], description: str) -> dict[str, Any]:
    return {"type": kind, "description": description}


_TEXT: Final = {"type": "string"}
_MAYBE: Final = ["string", "null"]
_COUNT: Final = {"type": "integer", "minimum": 0}
_MAYBE_NUMBER: Final = {"type": ["integer", "null"], "minimum": 1}
_IRI: Final = {"type": "string", "format": "iri"}
_SEVERITY: Final = {
    "enum": list(SEVERITIES),
    "description": "Violation: refused; Warning: please mend; Info: a hint.",
}

_FILE: Final = _object(
    name=_said("string", "The name under which the file was sent."),
    kind=_said("string", "What it was read as."),
    sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"},
    bytes=_COUNT,
    triples=_COUNT,
)

_PLACE: Final = {
    **_object(
        file=_said("string", "The name of one of the files."),
        line={"type": "integer", "minimum": 1, "description": "In a workbook the number of the row."},
        column={"type": "integer", "minimum": 1, "description": "In characters; in a workbook the column's number."},
        row={**_MAYBE_NUMBER, "description": "In a table, as a spreadsheet counts: the header is row 1."},
        name=_said(_MAYBE, "In a table, the header of the column."),
        sheet=_said(_MAYBE, "In a workbook, the name of the sheet."),
        cell=_said(_MAYBE, "In a workbook, the cell, for instance B3."),
        excerpt=_said(_MAYBE, "The line."),
    ),
    "type": ["object", "null"],
    "description": "Where the file says it, or should; null where no file has such a place.",
}

_FINDING: Final = _object(
    severity=_SEVERITY,
    shape={**_IRI, "description": "The rule that was broken."},
    component=_said(_MAYBE, "The SHACL constraint component; null where the file itself is at fault."),
    field=_said("string", "The name of the field."),
    group=_said(_MAYBE, "The name of the group of fields."),
    subject=_object(iri=_said(_MAYBE, "Null for a blank node, and for a file."), label=_TEXT),
    path=_said(_MAYBE, "The property, ^ before it where it leads backwards, | between alternatives."),
    value=_said(_MAYBE, "What was found, an IRI or the characters of a literal; null where something is missing."),
    term=_said(_MAYBE, "The same as N-Triples, with language or datatype, where it is known."),
    expected=_TEXT,
    mend=_said(_MAYBE, "What to do."),
    nearest=_list(_TEXT),
    message=_said("string", "Field, expectation and advice in one text."),
    place=_PLACE,
)

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Report of itu-align validate",
    **_object(
        conforms=_said("boolean", "Whether nothing is a Violation."),
        counts=_object(**dict.fromkeys(SEVERITIES, _COUNT)),
        truncated={
            **_list(_object(shape=_IRI, field=_TEXT, severity=_SEVERITY, listed=_COUNT, total=_COUNT)),
            "description": "The shapes that have more findings than are listed.",
        },
        language=_said("string", "The language of the texts."),
        versions=_object(program=_TEXT, shapes=_TEXT, data={"type": ["integer", "null"], "minimum": 0}),
        files=_list(_FILE),
        findings=_list(_FINDING),
        notes={**_list(_TEXT), "description": "Remarks on the check itself."},
    ),
}
