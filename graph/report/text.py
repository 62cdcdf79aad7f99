"""The report for a terminal and for e-mail: the verdict, then file by file one finding after the other.

`file:line:column:` begins a finding, so editors can jump there. Nothing in it drives the terminal, whatever
the file held.
"""

from collections.abc import Iterator

from ..finding import Finding, Report, SourcePlace
from ..phrases import Phrases, phrases
from .checked import Checked, Section, rule, sections, unlisted
from .excerpt import clipped, excerpt, visible
from .terms import subject_iri, value

_INDENT = "  "


def write(checked: Checked) -> str:
    """The whole report, each line ended."""
    say = phrases(checked.language)
    return "\n".join(_lines(checked, say)) + "\n"


def verdict(report: Report, say: Phrases) -> str:
    """Whether it conforms, and how many findings there are of each severity; those that are not listed count too."""
    first = say.text("conforms" if report.conforms else "does-not-conform")
    counts = [say.count(f"severity.{severity}", number) for severity, number in report.by_severity().items() if number]
    return f"{first} {', '.join(counts)}." if counts else f"{first} {say.text('no-findings')}"


def where(place: SourcePlace, say: Phrases) -> str:
    """The place inside its file, in words."""
    if place.cell is not None:
        return say.text("at.workbook", sheet=place.sheet or "", cell=place.cell)
    if place.row is not None:
        return say.text("at.table", row=place.row, name=place.name or "")
    return say.text("at.file", line=place.line, column=place.column)


def _lines(checked: Checked, say: Phrases) -> Iterator[str]:
    yield f"{verdict(checked.report, say)} {say.count('checked-files', len(checked.files))}."
    for section in sections(checked):
        yield from _section(section, say)
    more = unlisted(checked.report)
    if more:
        yield ""
    for one in more:
        name = f"{one.field}  [{rule(one.shape)}]"
        yield visible(say.text("labelled", label=name, text=say.text("more-findings", count=say.number(one.more))))
    if checked.report.notes:
        yield ""
        yield say.text("notes")
        yield from (f"{_INDENT}{visible(note)}" for note in checked.report.notes)


def _section(section: Section, say: Phrases) -> Iterator[str]:
    if section.file is None:
        yield ""
        yield say.text("place.none")
    elif not section.findings:
        yield ""
        yield say.text("labelled", label=visible(section.file.name), text=say.text("no-findings"))
    for finding in section.findings:
        yield ""
        yield from _finding(finding, finding.place if section.file else None, say)


def _finding(finding: Finding, place: SourcePlace | None, say: Phrases) -> Iterator[str]:
    name = visible(f"{finding.field}  [{rule(finding.shape)}]")
    line = f"{say.text(f'severity.{finding.severity}')}  {name}"
    if place is None:
        yield line
    else:
        yield visible(f"{place.file}:{place.line}:{place.column}: ") + line + _detail(place, say)
    if place is None or finding.subject != place.file:  # what is wrong with a file itself has the file as its subject
        yield _INDENT + _subject(finding)
    if place is not None:
        yield from _excerpt(place, finding.value)
    for key, text in _facts(finding, say):
        yield _INDENT + say.text("labelled", label=say.text(key), text=text)


def _detail(place: SourcePlace, say: Phrases) -> str:
    """Line and column stand at the beginning of the finding already."""
    return f"  ({visible(where(place, say))})" if place.row is not None or place.cell is not None else ""


def _subject(finding: Finding) -> str:
    iri = subject_iri(finding)
    return visible(finding.subject_label) + (f"  <{visible(iri)}>" if iri else "")


def _excerpt(place: SourcePlace, found: str | None) -> Iterator[str]:
    shown = excerpt(place, found)
    if shown is None:
        return
    number = str(place.line)
    yield f"{_INDENT}{number} | {shown.text}"
    if shown.points:
        yield f"{_INDENT}{' ' * len(number)} | {shown.caret}"


def _facts(finding: Finding, say: Phrases) -> Iterator[tuple[str, str]]:
    found = value(finding)
    if found is not None:
        opening, closing = found.quote
        yield "found", opening + clipped(found.text) + closing + visible(found.suffix)
    elif finding.path is not None:
        yield "found", say.text("missing")
    yield "expected", visible(finding.expected)
    if finding.mend:
        yield "mend", visible(finding.mend)
    if finding.nearest:
        yield "nearest", ", ".join(map(clipped, finding.nearest))
