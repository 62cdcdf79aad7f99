"""A check with its files and versions, and what every format needs of it: who is where, and what is left out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..finding import Finding, Report
from ..names import SHAPE


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was checked: the name it was sent under, what it was read as, its digest, size and statements."""

    name: str
    kind: str
    sha256: str
    bytes: int
    triples: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A report and what it is about. `data_version` is None where nothing but the files was looked at."""

    report: Report
    files: tuple[CheckedFile, ...]
    language: str
    shapes_version: str
    data_version: int | None


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one file in the order of its lines; those that have no place in any file where it is None."""

    file: CheckedFile | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A shape that more findings broke than are listed."""

    shape: str
    field: str
    severity: str
    listed: int
    total: int

    @property
    def more(self) -> int:
        """How many are not listed."""
        return self.total - self.listed


def sections(checked: Checked) -> Iterator[Section]:
    """One section for each file, then one for the findings without a place, if there are any.

    A finding whose place names no file of the check counts as one without a place; of two files of one name the first
    has the findings of both.
    """
    findings: dict[str, list[Finding]] = {file.name: [] for file in checked.files}
    nowhere: list[Finding] = []
    for finding in checked.report.findings:
        findings.get(finding.place.file if finding.place else "", nowhere).append(finding)
    for file in checked.files:
        yield Section(file, tuple(sorted(findings.pop(file.name, ()), key=_in_file)))
    if nowhere:
        yield Section(None, tuple(nowhere))


def unlisted(report: Report) -> tuple[Unlisted, ...]:
    """The shapes with more findings than are listed, in the order of the report."""
    listed = Counter(finding.shape for finding in report.findings)
    first = {finding.shape: finding for finding in reversed(report.findings)}
    return tuple(
        Unlisted(shape, finding.field, finding.severity, listed[shape], report.counts[shape])
        for shape, finding in reversed(first.items())
        if report.counts.get(shape, 0) > listed[shape]
    )


def rule(shape: str) -> str:
    """The name of a shape by which people cite it: its IRI without our namespace."""
    return shape.removeprefix(SHAPE)


def is_link(iri: str) -> bool:
    """Whether an IRI may be followed: `javascript:` and `data:` may not."""
    return iri.startswith(("http://", "https://"))


def _in_file(finding: Finding) -> tuple[str, int, int]:
    place = finding.place
    return (place.sheet or "", place.line, place.column) if place else ("", 0, 0)
