"""A check with every kind of finding, and what each of them must tell in every format."""

from dataclasses import replace

from itu_align.graph.finding import Finding, Report, SourcePlace
from itu_align.graph.report.formats import Checked, CheckedFile

SHAPE = "https://w3id.org/itu-align/shapes#"
SH = "http://www.w3.org/ns/shacl#"
TITLE = "http://purl.org/dc/terms/title"

TABLE = CheckedFile("data/our activities.csv", "CSV", "a" * 64, 120, 12)
TURTLE = CheckedFile("b.ttl", "Turtle", "b" * 64, 1, 1)
BOOK = CheckedFile("book.xlsx", "Excel workbook", "c" * 64, 1200, 3)
CLEAN = CheckedFile("clean.nt", "N-Triples", "d" * 64, 0, 0)

WRONG_LANGUAGE = Finding(
    severity="Violation",
    shape=f"{SHAPE}Activity-title",
    field="Title",
    group="Content",
    order=3,
    subject="https://example.org/a1",
    subject_label="Workshop <b>",
    path=TITLE,
    value="Atelier",
    message="Title: at most one title, in English. Keep one title and mark it with en.",
    component=f"{SH}LanguageInConstraintComponent",
    focus="<https://example.org/a1>",
    term='"Atelier"@fr',
    paths=(TITLE,),
    place=SourcePlace(TABLE.name, 3, 5, 'a1,,"Atelier",x', row=3, name="title@en"),
)
UNKNOWN = Finding(
    severity="Warning",
    shape=f"{SHAPE}Alignment-object",
    field="Object",
    group="Content",
    order=4,
    subject="https://example.org/a0",
    subject_label="Link {0}",
    path=f"{TITLE}|^https://example.org/aligns",
    value="http://metadata.un.org/sdg/9.z",
    message="Object: a target that exists. Write its address.",
    component=f"{SH}ClassConstraintComponent",
    focus="<https://example.org/a0>",
    term="<http://metadata.un.org/sdg/9.z>",
    paths=(TITLE, "^https://example.org/aligns"),
    nearest=("http://metadata.un.org/sdg/9.a", "http://metadata.un.org/sdg/9.c"),
    place=SourcePlace(TABLE.name, 2, 1, "a0,sdg:9.z,,", row=2, name="object"),
)
MISSING = Finding(
    severity="Violation",
    shape=f"{SHAPE}Event-series",
    field="Series",
    group="Content",
    order=5,
    subject="_:b1",
    subject_label="an event",
    path="^https://example.org/series",
    value=None,
    message="Series: one series. Name it.",
    component=f"{SH}MinCountConstraintComponent",
    focus="_:b1",
    paths=("^https://example.org/series",),
    place=SourcePlace(TURTLE.name, 1, 4, "[] a <urn:Event> ."),
)
FORMULA = Finding(
    severity="Violation",
    shape=f"{SHAPE}intake-formula",
    field="Title",
    group="",
    order=3,
    subject=BOOK.name,
    subject_label=BOOK.name,
    path=None,
    value="=A1",
    message="Title: a value, not a formula. Write the value.",
    place=SourcePlace(BOOK.name, 3, 2, None, sheet="Activities", cell="B3", row=3, name="title@en"),
)
NOWHERE = Finding(
    severity="Info",
    shape=f"{SHAPE}Record-officialKnown",
    field="Official address known",
    group="Provenance",
    order=10,
    subject="https://example.org/a2",
    subject_label="A2",
    path="http://purl.org/dc/terms/source",
    value="javascript:alert(1)",
    message="Official address known: an official address. Find the page at its publisher.",
    component=f"{SH}QualifiedMinCountConstraintComponent",
    focus="<https://example.org/a2>",
    term="<javascript:alert(1)>",
    paths=("http://purl.org/dc/terms/source",),
)

IN_ORDER = (UNKNOWN, WRONG_LANGUAGE, MISSING, FORMULA, NOWHERE)
"""By file in the order in which they were sent, then by line."""

RICH = Checked(
    report=Report(
        findings=(WRONG_LANGUAGE, MISSING, FORMULA, UNKNOWN, NOWHERE),
        counts={WRONG_LANGUAGE.shape: 1001, MISSING.shape: 1},
        notes=("One shape was checked by the slower engine.",),
    ),
    files=(TABLE, TURTLE, BOOK, CLEAN),
    language="en",
    shapes_version="0.1.0",
    data_version=7,
)


def checked(*findings: Finding, files: tuple[CheckedFile, ...] = RICH.files, language: str = "en") -> Checked:
    """A check with these findings and nothing left out."""
    return replace(RICH, report=Report(findings), files=files, language=language)
