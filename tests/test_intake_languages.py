"""What is found on files themselves, in each language: the same rule at the same place with the same values."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

import openpyxl
import pyoxigraph as ox
import pytest
from itu_align.graph.finding import Finding
from itu_align.graph.intake.download import forms
from itu_align.graph.intake.source import File
from itu_align.graph.intake.take_in import take_in
from itu_align.graph.names import SHAPE
from itu_align.graph.phrases import languages, phrases
from itu_align.graph.store import Store
from itu_align.graph.submissions.examination import examine
from itu_align.graph.submissions.record import Mode
from openpyxl.worksheet.formula import DataTableFormula

CONTEXT = """
@prefix align: <https://w3id.org/itu-align/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
<https://w3id.org/itu-align/id/event/E-1> a align:Event ; dcterms:identifier "E-1" ; dcterms:title "Forum"@en .
<https://w3id.org/itu-align/id/event/E-2> a align:Event ; dcterms:identifier "E-2" ; dcterms:title "Forum"@en .
"""
FORMS = [form.name for form in forms()]
EVENT_KINDS = "Conference, Event, FacilitationMeeting, Forum, Meeting, Session, Webinar, Workshop, WsisForum"
ALIGNMENTS = "question_alignments.csv"
HEADER = "subject,subject_type,object,object_level,relation,statement,source_url,source_date\n"
ROW = "ITU,organization,9,goal,contributes to,it does,https://example.org/a,2020\n"
ACTIVITIES = "id,title,description,status,events,documents,programmes,sector,quote\n"
MANY = "; ".join(f"k{number}" for number in range(40))
DATES = "a date as YYYY, YYYY-MM or YYYY-MM-DD, or a date and time with offset as YYYY-MM-DDThh:mm+hh:mm"
FRENCH_DATES = (
    "une date de la forme AAAA, AAAA-MM ou AAAA-MM-JJ, "
    "ou une date et une heure avec décalage de la forme AAAA-MM-JJThh:mm+hh:mm"
)
NO_SOURCE = "id,identifier,source\nx,x,https://example.org/\n"

Values = Mapping[str, str]


def workbook(change: Callable[[openpyxl.Workbook], object] = lambda _: None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Activity"
    sheet.append(["id", "note"])
    sheet.append(["x", "n"])
    change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_macros() -> bytes:
    content = io.BytesIO(workbook())
    with zipfile.ZipFile(content, "a") as book:
        book.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 code")
    return content.getvalue()


def note(value: str) -> bytes:
    return workbook(lambda book: book["Activity"].__setitem__("B2", value))


def activity(columns: str, cells: str) -> File:
    return File("Activity.csv", f"id,{columns}\nx,{cells}\n".encode())


def alignments(row: str, header: str = HEADER) -> File:
    return File(ALIGNMENTS, (header + row).encode())


def findings(language: str, files: Sequence[File]) -> list[Finding]:
    context = ox.Store()
    context.load(CONTEXT, format=ox.RdfFormat.TURTLE)
    return [finding for taken in take_in(files, context, language) for finding in taken.findings]


def told(language: str, rule: str, file: File) -> Finding:
    (found,) = (finding for finding in findings(language, [file]) if finding.shape == f"{SHAPE}intake-{rule}")
    return found


FOUND: Mapping[str, tuple[File | Sequence[File], str | tuple[str, str], Values, Values]] = {
    "kind.name": (
        File("Activity.xlsx", b"id,note\nx,n\n"),
        ("File", "Fichier"),
        {"claim": "an Excel workbook", "kind": "CSV"},
        {"claim": "classeur Excel", "kind": "CSV"},
    ),
    "kind.media-type": (
        File("Activity", workbook(), "text/turtle"),
        ("File", "Fichier"),
        {"claim": "Turtle", "kind": "an Excel workbook"},
        {"claim": "Turtle", "kind": "classeur Excel"},
    ),
    "encoding": (
        File("Activity.csv", "id,note\nx,Société\n".encode("cp1252")),
        ("File", "Fichier"),
        {"byte": "0xE9", "encoding": "Windows-1252 (Western European)"},
        {"byte": "0xE9", "encoding": "Windows-1252 (Europe occidentale)"},
    ),
    "control-character": (activity("note", "rings a bell\a"), "note", {"character": "U+0007"}, {"character": "U+0007"}),
    "cells.short": (
        activity("note,quote,status,event,document,source,title", ""),
        ("File", "Fichier"),
        {"width": "8", "missing": "'quote', 'status', 'event', 'document', 'source' and 1 more"},
        {"width": "8", "missing": "« quote », « status », « event », « document », « source » et 1 de plus"},
    ),
    "cells.surplus": (activity("note", "n,more"), ("File", "Fichier"), {"width": "2"}, {"width": "2"}),
    "duplicate-header": (
        activity("note,note", "n,n"),
        "note",
        {"first": "B", "second": "C"},
        {"first": "B", "second": "C"},
    ),
    "blank-header": (
        activity("note,", "n,more"),
        ("File", "Fichier"),
        {"column": "C", "row": "2"},
        {"column": "C", "row": "2"},
    ),
    "formula": (File("a.xlsx", note("=1+1")), "note", {}, {}),
    "error-value": (File("a.xlsx", note("#N/A")), "note", {}, {}),
    "merged-cells": (
        File("a.xlsx", workbook(lambda book: book["Activity"].merge_cells("B2:B3"))),
        ("File", "Fichier"),
        {"range": "B2:B3", "first": "B2"},
        {"range": "B2:B3", "first": "B2"},
    ),
    "hidden-sheet": (
        File("a.xlsx", workbook(lambda book: setattr(book.create_sheet("More"), "sheet_state", "hidden"))),
        ("File", "Fichier"),
        {},
        {},
    ),
    "macros": (File("a.xlsm", with_macros()), ("File", "Fichier"), {}, {}),
    "named-graph": (File("a.trig", b"<urn:g> { <urn:a> <urn:b> <urn:c> }"), ("File", "Fichier"), {}, {}),
    "form-chosen": (
        File("Sheet1.csv", b"id,identifier,title@en,followUpTo,status,colour\nx,x,T,,done,\n"),
        ("File", "Fichier"),
        {"form": "Activity", "fitting": "4", "columns": "6"},
        {"form": "Activity", "fitting": "4", "columns": "6"},
    ),
    "no-form": (
        File("shirts.csv", b"colour,size\nred,2\n"),
        ("File", "Fichier"),
        {"forms": f"{', '.join(FORMS[:-1])} and {FORMS[-1]}"},
        {"forms": f"{', '.join(FORMS[:-1])} et {FORMS[-1]}"},
    ),
    "unknown-column": (activity("0123456789", "n"), "0123456789", {}, {}),
    "unknown-column.like": (
        alignments(ROW, HEADER.replace("statement", "statements")),
        "statements",
        {"alike": "statement"},
        {"alike": "statement"},
    ),
    "missing-column": (
        File("Activity.csv", NO_SOURCE.encode()),
        ("Title", "Titre"),
        {"header": "title@en"},
        {"header": "title@en"},
    ),
    "missing-column.like": (
        File("Activity.csv", NO_SOURCE.replace("\n", ",titles\n", 1).replace("/\n", "/,T\n").encode()),
        ("Title", "Titre"),
        {"header": "title@en", "alike": "titles"},
        {"header": "title@en", "alike": "titles"},
    ),
    "missing-column.fact": (
        alignments(ROW.replace("it does,", ""), HEADER.replace("statement,", "")),
        "statement",
        {"name": "statement"},
        {"name": "statement"},
    ),
    "missing-column.fact.like": (
        alignments(ROW, HEADER.replace("statement", "statements")),
        "statement",
        {"name": "statement", "alike": "statements"},
        {"name": "statement", "alike": "statements"},
    ),
    "example-row": (File("Activity.csv", b"id,note\nexample,n\n"), "id", {}, {}),
    "without-id": (File("Activity.csv", b"id,note\n,n\n"), "id", {}, {}),
    "wrong-id": (File("Activity.csv", b"id,note\n!!,n\n"), "id", {}, {}),
    "repeated-record": (File("Activity.csv", b"id,note\nx,1\ny,2\nx,3\n"), "id", {"row": "2"}, {"row": "2"}),
    "repeated-record.key": (alignments(ROW + ROW), "object", {"row": "2"}, {"row": "2"}),
    "unknown-type": (
        File("Event.csv", b"id,type\nx,Workshp\n"),
        "type",
        {"kinds": f"{EVENT_KINDS} or WsisSession"},
        {"kinds": f"{EVENT_KINDS} ou WsisSession"},
    ),
    "spaces": (activity("note", " n"), "note", {"times": "once"}, {"times": "une fois"}),
    "separator": (activity("event", "E-1; E-2"), "event", {}, {}),
    "ambiguous": (activity("event", "Forum"), "event", {"count": "2"}, {"count": "2"}),
    "unknown-thing": (File("ActionLine.csv", b"id,facilitated\nC9,who knows\n"), "facilitated", {}, {}),
    "blank-cell": (
        alignments(ROW.replace("organization", "")),
        "subject_type",
        {"about": " (What kind of thing that is)"},
        {"about": " (en anglais : What kind of thing that is)"},
    ),
    "wrong-cell": (
        alignments(ROW.replace("2020", "May 2020")),
        "source_date",
        {"expected": DATES, "about": " (Date of the source)"},
        {"expected": FRENCH_DATES, "about": " (en anglais : Date of the source)"},
    ),
    "wrong-cell.number": (
        File("sdg_goals.csv", b"number,title,colour,source_url\n9.0,T,#F36D25,https://example.org/\n"),
        "number",
        {"expected": "text of the form 1[0-7]|[1-9]", "about": " (Number)"},
        {"expected": "un texte de la forme 1[0-7]|[1-9]", "about": " (en anglais : Number)"},
    ),
    "unknown-reference": (
        File("report_activities.csv", (ACTIVITIES + "a,T,D,done,no-event,,,ITU-D,q\n").encode()),
        "events",
        {"column": "id", "table": "report_events", "about": " (events that it concerns)"},
        {"column": "id", "table": "report_events", "about": " (en anglais : events that it concerns)"},
    ),
    "unknown-reference.number": (
        [
            File("report_activities.csv", (ACTIVITIES + "a,T,D,done,12.0,,,ITU-D,q\n").encode()),
            File("report_events.csv", b"id,title,quote\n12,T,q\n"),
        ],
        "events",
        {"column": "id", "table": "report_events", "about": " (events that it concerns)"},
        {"column": "id", "table": "report_events", "about": " (en anglais : events that it concerns)"},
    ),
    "too-many-values": (
        File("report_activities.csv", (ACTIVITIES + f"a,T,D,done,{MANY},{MANY},{MANY},ITU-D,q\n").encode()),
        "events",
        {},
        {},
    ),
    "unknown-name": (alignments(ROW), "subject", {}, {}),
}
"""By rule: the files, the field in English and French, and what the message says in English and in French."""


@pytest.mark.parametrize("key", FOUND)
def test_finding_says_the_same_in_english_and_french(key: str) -> None:
    files, field, *spoken = FOUND[key]
    sent = [files] if isinstance(files, File) else files
    fields = (field, field) if isinstance(field, str) else field
    shapes = f"{SHAPE}intake-{key.partition('.')[0]}"
    seen = []
    for language, label, values in zip(("en", "fr"), fields, spoken, strict=True):
        say = phrases(language)
        message = say.text("labelled", label=label, text=say.text(f"intake.{key}", **values))
        found = [finding for finding in findings(language, sent) if finding.message == message]
        assert [(finding.field, finding.shape) for finding in found] == [(label, shapes)]
        assert f"{found[0].expected} {found[0].mend}" == say.text(f"intake.{key}", **values)
        seen.append((found[0].severity, found[0].place, found[0].nearest))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("language", languages())
def test_every_message_of_the_language_has_its_example_here(language: str) -> None:
    assert {f"intake.{key}" for key in FOUND} == {key for key in phrases(language).texts if key.startswith("intake.")}


def test_spaces_in_several_cells_are_counted_in_words_of_the_language() -> None:
    file = File("Activity.csv", b"id,note\nx, 1\ny, 2\nz, 3\n")
    assert "they were left out, 3 times in this column" in told("en", "spaces", file).expected
    assert "ont été laissés de côté, 3 fois dans cette colonne" in told("fr", "spaces", file).expected


def test_data_table_of_a_workbook_is_named_in_the_language() -> None:
    formula = DataTableFormula("B2:B3", r1="A1")
    file = File("a.xlsx", workbook(lambda book: book["Activity"].__setitem__("B2", formula)))
    assert [told(language, "formula", file).value for language in ("en", "fr")] == [
        "a data table",
        "une table de données",
    ]


def test_guessed_encoding_is_named_in_the_language() -> None:
    file = File("Activity.csv", "id,note\nx,Развитие электросвязи\n".encode("cp1251"))
    names = [told(language, "encoding", file).value for language in ("en", "fr")]
    assert names == ["Windows-1251 (Cyrillic)", "Windows-1251 (cyrillique)"]


def test_language_without_a_file_gets_english() -> None:
    files = [File("Activity.csv", b"id,note\n,n\n")]
    assert findings("tlh", files) == findings("en", files)


def test_submission_is_examined_in_its_language() -> None:
    files = [File("Activity.csv", b"id,note\n,n\n")]
    examined = examine(Store(ox.Store(), 1), files, target="urn:example:graph", mode=Mode.ADD, language="fr")
    (found,) = (each for each in examined.checked.report.findings if each.shape == f"{SHAPE}intake-without-id")
    assert (found.field, found.expected) == ("id", "chaque ligne nomme sa fiche.")
    assert found.mend == "Saisissez une clé, comme forum-session-2024, ou l'adresse de la fiche."
