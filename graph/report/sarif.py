"""The report as SARIF 2.1.0, which code hosts and editors show at the lines of a file.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. A workbook has no lines, so a finding there names
sheet and cell as logical location and has no region (section 3.30). A finding without a place names the files of the
check. GitHub refuses more than 25,000 results and cuts texts of rules
(https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support), so what goes beyond is
left out here and counted in the properties of the run.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from ..finding import Finding, SourcePlace
from ..phrases import Phrases, phrases
from .checked import Checked, CheckedFile, is_link, rule, sections, unlisted
from .excerpt import clipped, marked_end
from .terms import value

MAX_RESULTS: Final = 25_000
_MAX_NAME: Final = 255
_MAX_DESCRIPTION: Final = 1_024
_MAX_SNIPPET: Final = 1_024
_MAX_LOCATIONS: Final = 10
_LEVELS: Final = {"Violation": "error", "Warning": "warning", "Info": "note"}
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_Object = dict[str, Any]


def write(checked: Checked) -> str:
    """A log with one run."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(checked)]}
    return json.dumps(log, ensure_ascii=False, indent=1) + "\n"


def _run(checked: Checked) -> _Object:
    report, say = checked.report, phrases(checked.language)
    rules = {finding.shape: finding for finding in reversed(report.findings)}
    indices = {shape: index for index, shape in enumerate(sorted(rules))}
    gravest = replace(checked, report=replace(report, findings=report.findings[:MAX_RESULTS]))
    listed = [finding for section in sections(gravest) for finding in section.findings]
    paths: dict[str, int] = {}
    for index, file in enumerate(checked.files):
        paths.setdefault(file.name, index)
    return {
        "tool": {"driver": _driver(checked, [rules[shape] for shape in indices])},
        "language": checked.language,
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notes(report.notes)}],
        "artifacts": [_artifact(file) for file in checked.files],
        "results": [_result(finding, indices[finding.shape], paths, say) for finding in listed],
        "properties": {
            "conforms": report.conforms,
            "counts": report.by_severity(),
            "truncated": {one.shape: {"listed": one.listed, "total": one.total} for one in unlisted(report)},
            "omitted": len(report.findings) - len(listed),
            "shapesVersion": checked.shapes_version,
            "dataVersion": checked.data_version,
        },
    }


def _driver(checked: Checked, rules: Sequence[Finding]) -> _Object:
    return {
        "name": "itu-align",
        "version": version("itu-align"),
        "semanticVersion": version("itu-align"),
        "language": checked.language,
        "rules": [_rule(finding) for finding in rules],
    }


def _rule(example: Finding) -> _Object:
    """A shape, as one of its findings tells it: all of them have its name and its message."""
    return {
        "id": rule(example.shape),
        "name": example.field[:_MAX_NAME],
        "shortDescription": {"text": _plain(example.field)[:_MAX_DESCRIPTION]},
        "fullDescription": {"text": _plain(example.message or example.field)[:_MAX_DESCRIPTION]},
        "help": {"text": _plain(example.mend or example.message or example.field)},
        **({"helpUri": example.shape} if is_link(example.shape) else {}),
        "defaultConfiguration": {"level": _LEVELS[example.severity]},
    }


def _notes(notes: Iterable[str]) -> list[_Object]:
    return [{"level": "note", "message": {"text": _plain(note)}} for note in notes]


def _artifact(file: CheckedFile) -> _Object:
    return {
        "location": {"uri": _uri(file.name)},
        "length": file.bytes,
        "roles": ["analysisTarget"],
        "hashes": {"sha-256": file.sha256},
        "properties": {"kind": file.kind, "triples": file.triples},
    }


def _result(finding: Finding, index: int, paths: dict[str, int], say: Phrases) -> _Object:
    return {
        "ruleId": rule(finding.shape),
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding, say)},
        "locations": _locations(finding, paths),
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
        "properties": {"subject": finding.subject, "label": finding.subject_label, "path": finding.path},
    }


def _message(finding: Finding, say: Phrases) -> str:
    """The shape's message, then what was found and what is known that is like it: a viewer shows nothing else."""
    parts = [f"{finding.subject_label}: {finding.message}"]
    found = value(finding)
    if found is not None:
        opening, closing = found.quote
        text = opening + clipped(found.text) + closing + found.suffix
        parts.append(say.text("labelled", label=say.text("found"), text=text))
    if finding.nearest:
        text = ", ".join(map(clipped, finding.nearest))
        parts.append(say.text("labelled", label=say.text("nearest"), text=text))
    return _plain("\n".join(parts))


def _plain(text: str) -> str:
    """A text in which nothing is a placeholder or an embedded link (sections 3.11.5 and 3.11.6)."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "\\](")


def _locations(finding: Finding, paths: dict[str, int]) -> list[_Object]:
    place = finding.place
    if place is None or place.file not in paths:
        files = islice(paths.items(), _MAX_LOCATIONS)
        return [{"physicalLocation": {"artifactLocation": _reference(*file)}} for file in files]
    artifact = _reference(place.file, paths[place.file])
    if place.cell is not None:
        name = f"{place.sheet}!{place.cell}"
        logical = {"name": place.cell, "fullyQualifiedName": name, "kind": "cell"}
        return [{"physicalLocation": {"artifactLocation": artifact}, "logicalLocations": [logical]}]
    return [{"physicalLocation": {"artifactLocation": artifact, **_region(place, finding.value)}}]


def _reference(name: str, index: int) -> _Object:
    return {"uri": _uri(name), "index": index}


def _region(place: SourcePlace, found: str | None) -> _Object:
    """The place in its line, and the line. Behind the end of the line nothing is meant: something is missing there."""
    region: _Object = {"startLine": place.line, "startColumn": place.column}
    line, start = place.excerpt, place.column - 1
    if line is None:
        return {"region": region}
    end = marked_end(line, start, found) if start < len(line) else start
    region["endColumn"] = end + 1
    region["snippet"] = {"text": line[start:end][:_MAX_SNIPPET]}
    if len(line) > _MAX_SNIPPET:
        return {"region": region}
    return {"region": region, "contextRegion": {"startLine": place.line, "snippet": {"text": line}}}


def _uri(name: str) -> str:
    """A relative reference where the name is one: a colon in it must not read as a scheme."""
    path = quote(name)
    return f"file:///{path.lstrip('/')}" if path.startswith("/") else path


def _fingerprint(finding: Finding) -> str:
    """The same in the next run, also where lines moved; so a blank node, named anew each time, is left out."""
    focus = finding.subject_label if finding.focus.startswith("_:") else finding.subject
    file = finding.place.file if finding.place else ""
    parts = (finding.shape, focus, finding.path or "", finding.value or "", file)
    return sha256("\0".join(parts).encode()).hexdigest()
