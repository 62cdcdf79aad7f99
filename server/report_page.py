"""The report of a check as a page: what the template shows, and the page by itself for `--format html`.

Everything that comes from a file is escaped twice: what nobody sees or what turns the direction of a text becomes
visible (`graph/report/excerpt.py`), and the template escapes for HTML. Only http and https addresses are links.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..graph.finding import Finding, SourcePlace
from ..graph.phrases import Phrases, phrases
from ..graph.report import formats
from ..graph.report.checked import Checked, CheckedFile, Section, is_link, rule, sections, unlisted
from ..graph.report.excerpt import Excerpt, clipped, excerpt, visible
from ..graph.report.formats import ReportFormat
from ..graph.report.terms import Value, subject_iri, value
from ..graph.report.text import verdict, where

_FOLDER: Final = Path(__file__).parent
_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A text, and where it leads."""

    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A value with its quotes, language and datatype."""

    opening: str
    text: Shown
    closing: str
    language: str


@dataclass(frozen=True, slots=True)
class Item:
    """One finding. `anchor` is set for the first of its line."""

    severity: str
    heading: str
    rule: Shown
    anchor: str | None
    subject: Shown | None
    excerpt: Excerpt | None
    found: Found | None
    missing: bool
    expected: str
    mend: str
    nearest: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A file with its findings; `file` is None for the findings without a place."""

    anchor: str
    name: str
    file: CheckedFile | None
    findings: Sequence[Item]


def page_parts(checked: Checked, language: str) -> dict[str, Any]:
    """What `templates/report/report.html` shows. The language is that of the check: its findings have their texts."""
    say = phrases(language)
    report = checked.report
    return {
        "say": say,
        "report": {
            "language": say.language,
            "direction": "rtl" if say.language in _RIGHT_TO_LEFT else "ltr",
            "conforms": report.conforms,
            "verdict": verdict(report, say),
            "counts": report.by_severity(),
            "parts": [_part(number, section, say) for number, section in enumerate(sections(checked), 1)],
            "unlisted": [(one, Shown(rule(one.shape), _link(one.shape))) for one in unlisted(report)],
            "notes": [visible(note) for note in report.notes],
            "shapes_version": checked.shapes_version,
            "data_version": checked.data_version,
        },
    }


def page(checked: Checked) -> str:
    """A whole page that needs nothing beside it: its style stands inside."""
    style = (_FOLDER / "static" / "style.css").read_text("utf-8")
    parts = page_parts(checked, checked.language)
    return _environment().get_template("report/standalone.html").render(parts, style=style)


FORMATS: Final[Mapping[str, ReportFormat]] = {**formats.FORMATS, "html": ReportFormat("text/html", page)}
"""All formats of a report."""


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_FOLDER / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)


def _part(number: int, section: Section, say: Phrases) -> Part:
    name = visible(section.file.name) if section.file else say.text("place.none")
    return Part(f"file-{number}", name, section.file, list(_items(number, section, say)))


def _items(number: int, section: Section, say: Phrases) -> Iterator[Item]:
    taken: set[str] = set()
    sheets: dict[str | None, int] = {}
    for finding in section.findings:
        place = finding.place if section.file else None
        anchor = None
        if place is not None:
            anchor = _anchor(number, sheets.setdefault(place.sheet, len(sheets) + 1), place)
        yield _item(finding, place, None if anchor in taken else anchor, say)
        taken |= {anchor} if anchor else set()


def _anchor(file: int, sheet: int, place: SourcePlace) -> str:
    """`L3` for line 3 of the first file, `F2-L3` in the second, `F2-S1-L3` in a sheet of it."""
    parts = [f"F{file}"] if file > 1 or place.sheet is not None else []
    parts += [f"S{sheet}"] if place.sheet is not None else []
    return "-".join([*parts, f"L{place.line}"])


def _item(finding: Finding, place: SourcePlace | None, anchor: str | None, say: Phrases) -> Item:
    iri = subject_iri(finding)
    of_file = place is not None and finding.subject == place.file
    found = value(finding)
    return Item(
        severity=finding.severity,
        heading=_heading(finding, place, say),
        rule=Shown(visible(rule(finding.shape)), _link(finding.shape)),
        anchor=anchor,
        subject=None if of_file else Shown(visible(finding.subject_label), _link(iri)),
        excerpt=excerpt(place, finding.value) if place else None,
        found=None if found is None else _found(found),
        missing=found is None and finding.path is not None,
        expected=visible(finding.expected),
        mend=visible(finding.mend),
        nearest=tuple(Shown(clipped(near), _link(near)) for near in finding.nearest),
    )


def _heading(finding: Finding, place: SourcePlace | None, say: Phrases) -> str:
    name = say.text("labelled", label=say.text(f"severity.{finding.severity}"), text=finding.field)
    return visible(f"{name}, {where(place, say)}" if place else name)


def _found(found: Value) -> Found:
    opening, closing = found.quote
    return Found(opening, Shown(clipped(found.text), _link(found.iri)), closing + visible(found.suffix), found.language)


def _link(iri: str | None) -> str | None:
    return iri if iri is not None and is_link(iri) else None
