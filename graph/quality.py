"""What deserves a look in a built graph, as a page for people: the Warnings and Infos of its validation."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from .finding import SEVERITIES, Finding, Report
from .names import SHAPE

_SHOWN = 20
_MEANINGS = {
    "Violation": "The graph is refused until this is mended.",
    "Warning": "We take it, but it should be mended.",
    "Info": "A hint: a source may hold what is missing here.",
}
_HEAD = """# Data quality

What the shapes find in the built graph that is no error, by rule. This page is made from the validation report;
do not edit it. Mend the row of the thing in `graph/facts/` and build again.
"""
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#])")


def data_quality(report: Report) -> str:
    """The page in Markdown. The same report gives the same page: it names no time."""
    parts = [_HEAD, *_summary(report)]
    for severity in SEVERITIES:
        findings = [finding for finding in report.findings if finding.severity == severity]
        if findings:
            parts.append(f"\n## {severity}\n\n{_MEANINGS[severity]}\n")
            parts += [_section(group) for group in _by_shape(findings)]
    return "".join(parts)


def _summary(report: Report) -> Iterator[str]:
    yield "\n| rule | severity | findings |\n| --- | --- | ---: |\n"
    for severity in SEVERITIES:
        for group in _by_shape([finding for finding in report.findings if finding.severity == severity]):
            yield f"| {_name(group[0])} | {severity} | {len(group)} |\n"


def _by_shape(findings: Sequence[Finding]) -> list[list[Finding]]:
    """The findings of each shape, shapes in order of name."""
    ordered = sorted(findings, key=lambda finding: finding.shape)
    return [list(group) for _, group in groupby(ordered, key=lambda finding: finding.shape)]


def _section(findings: Sequence[Finding]) -> str:
    lines = [f"\n### {_name(findings[0])}: {len(findings)}\n", f"\n{_escape(findings[0].message)}\n\n"]
    lines += [f"- {_link(finding)}\n" for finding in findings[:_SHOWN]]
    if len(findings) > _SHOWN:
        lines.append(f"- and {len(findings) - _SHOWN} more\n")
    return "".join(lines)


def _link(finding: Finding) -> str:
    """The thing with its key, since one label can stand for several things ("Study Group 1")."""
    label, key = finding.subject_label, finding.subject.rsplit("/", 1)[-1]
    text = label if label == key else f"{label} ({key})"
    return f"[{_escape(text)}](<{finding.subject}>)"


def _name(finding: Finding) -> str:
    """The class of the shape and the field, for instance `CharteredGroup, Thematic name`."""
    return f"{finding.shape.removeprefix(SHAPE).split('-')[0]}, {_escape(finding.field)}"


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
