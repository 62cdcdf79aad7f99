"""What a check found, ready for a person or a tool: one finding a line, each with its place in the sender's own file.

`validation.py` and `intake/` make findings, `report/` writes them; a worker hands them to the server as JSON.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

SEVERITIES: Final = ("Violation", "Warning", "Info")
"""From the gravest on: we refuse; we take it, please mend; a hint."""


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """Where a file says something, or should: 1-based line and column in characters.

    In a workbook the line is the row's number and the column the column's; `sheet` and `cell` ("B3") name both as
    the program shows them. In a table `row` is the row's number as a spreadsheet counts (the header is row 1) and
    `name` the header of the column.
    """

    file: str
    line: int
    column: int
    excerpt: str | None = None
    sheet: str | None = None
    cell: str | None = None
    row: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check. `value` is None where something is missing.

    `subject` and `value` are for reading: an IRI or the characters of a literal. `focus` and `term` are the same
    as N-Triples, for tools. `component` is the IRI of the constraint component that was broken, where a shape was.
    `paths` lists the steps that can lead from subject to value, each an IRI, or ^IRI where it leads backwards.
    """

    severity: str
    shape: str
    field: str
    group: str
    order: float
    subject: str
    subject_label: str
    path: str | None
    value: str | None
    message: str
    component: str = ""
    focus: str = ""
    term: str | None = None
    paths: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    place: SourcePlace | None = None

    @property
    def expected(self) -> str:
        """What should be there: the message up to its first full stop, without the field's name."""
        return self._parts()[0]

    @property
    def mend(self) -> str:
        """What to do: the rest of the message."""
        return self._parts()[1]

    def text(self) -> str:
        """The finding in one line: what, where, what is expected, what was found."""
        found = "" if self.value is None else f" Found: {self.value}"
        return f"{self.severity} in {self.subject_label} <{self.subject}>: {self.message}{found}"

    def _parts(self) -> tuple[str, str]:
        stated, stop, advice = self.message.partition(". ")
        return stated.removeprefix(f"{self.field}: ").removeprefix(f"{self.field} : ") + stop.strip(), advice


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, the gravest first; in the order of a form within one severity.

    Where a shape has more findings than are listed, `counts` has the true number of them by the shape's IRI.
    `notes` are remarks on the check itself, as which shapes were left to the slower engine.
    """

    findings: tuple[Finding, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether nothing is a Violation: Warnings and Infos do not count."""
        return not self.violations

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The findings for which a graph is refused."""
        return tuple(finding for finding in self.findings if finding.severity == SEVERITIES[0])

    def by_severity(self) -> dict[str, int]:
        """How many findings there are of each severity, those included that are not listed."""
        totals = Counter(finding.severity for finding in self.findings)
        listed = Counter(finding.shape for finding in self.findings)
        severities = {finding.shape: finding.severity for finding in self.findings}
        for shape, count in self.counts.items():
            if shape in severities:
                totals[severities[shape]] += max(0, count - listed[shape])
        return {severity: totals[severity] for severity in SEVERITIES}

    def text(self) -> str:
        """The counts by severity, then one line for each finding."""
        first = ", ".join(f"{severity}: {count}" for severity, count in self.by_severity().items())
        return "\n".join([first, *(finding.text() for finding in self.findings)]) + "\n"


def to_json(report: Report) -> dict[str, Any]:
    """The report as plain values, all fields of each finding included."""
    return asdict(report)


def from_json(data: Mapping[str, Any]) -> Report:
    """The report that `to_json` wrote."""
    return Report(_findings(data["findings"]), dict(data["counts"]), tuple(data["notes"]))


def _findings(items: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            **{
                **item,
                "paths": tuple(item["paths"]),
                "nearest": tuple(item["nearest"]),
                "place": SourcePlace(**item["place"]) if item["place"] else None,
            }
        )
        for item in items
    )
