"""The report as JSON, for scripts: our own structure, whose keys stay. `plain_schema.py` describes it.

All values are whole and as they were read; nothing is cut or escaped for people.
"""

import json
from importlib.metadata import version
from typing import Any

from ..finding import Finding, Report, SourcePlace
from .checked import Checked, sections, unlisted
from .terms import subject_iri


def write(checked: Checked) -> str:
    """One JSON document, UTF-8 as it stands; the findings by file in the order of its lines."""
    report = checked.report
    content = {
        "conforms": report.conforms,
        "counts": report.by_severity(),
        "truncated": _truncated(report),
        "language": checked.language,
        "versions": {
            "program": version("itu-align"),
            "shapes": checked.shapes_version,
            "data": checked.data_version,
        },
        "files": [
            {"name": file.name, "kind": file.kind, "sha256": file.sha256, "bytes": file.bytes, "triples": file.triples}
            for file in checked.files
        ],
        "findings": [_finding(finding) for section in sections(checked) for finding in section.findings],
        "notes": list(report.notes),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _truncated(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "shape": one.shape,
            "field": one.field,
            "severity": one.severity,
            "listed": one.listed,
            "total": one.total,
        }
        for one in unlisted(report)
    ]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "shape": finding.shape,
        "component": finding.component or None,
        "field": finding.field,
        "group": finding.group or None,
        "subject": {"iri": subject_iri(finding), "label": finding.subject_label},
        "path": finding.path,
        "value": finding.value,
        "term": finding.term or None,
        "expected": finding.expected,
        "mend": finding.mend or None,
        "nearest": list(finding.nearest),
        "message": finding.message,
        "place": _place(finding.place),
    }


def _place(place: SourcePlace | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "row": place.row,
        "name": place.name,
        "sheet": place.sheet,
        "cell": place.cell,
        "excerpt": place.excerpt,
    }
