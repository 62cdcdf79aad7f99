"""Downloaded templates: what they hold, and that what is filled in comes back as it was meant."""

import csv
import io

import openpyxl
import pyoxigraph as ox
import pytest
from itu_align.graph import fields, names
from itu_align.graph.fields import Form
from itu_align.graph.intake.delimited import read_delimited
from itu_align.graph.intake.download import forms, template_csv, template_xlsx
from itu_align.graph.intake.records import read
from itu_align.graph.intake.source import Source
from itu_align.graph.intake.workbook import read_workbook
from itu_align.graph.phrases import phrases
from itu_align.graph.spreadsheet import loose_cell, safe_cell
from itu_align.graph.validation import check

SMALL = """
@base <https://w3id.org/itu-align/id/> .
@prefix align: <https://w3id.org/itu-align/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<activity/a> a align:Activity ; dcterms:identifier "a" ; dcterms:title "=SUM(1)"@en, "Titre"@fr ;
  align:participant <body/X>, <body/Y> ; align:activityStatus align:done ; dcterms:source <https://example.org/> .
<activity/b> a align:Activity ; dcterms:identifier "b" .
<body/X> a org:Organization ; dcterms:identifier "X" ; skos:prefLabel "The X"@en, "Le X"@fr .
<body/Y> a org:Organization ; dcterms:identifier "Y" ; skos:notation "Y-1" ; skos:prefLabel "@Y"@en .
"""
ALL_FORMS = pytest.mark.parametrize("form", forms(), ids=lambda form: form.name)


@pytest.fixture(scope="module")
def small_graph() -> ox.Store:
    store = ox.Store()
    store.load(SMALL, format=ox.RdfFormat.TURTLE)
    return store


@pytest.fixture(scope="module")
def context(shipped: dict[str, list[ox.Triple]]) -> ox.Store:
    store = ox.Store()
    for triples in shipped.values():
        store.extend(ox.Quad(*triple) for triple in triples)
    return store


def activity() -> Form:
    return fields.shipped()["Activity"]


def lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def as_row(content: bytes) -> dict[str, str]:
    header, row = lines(content)
    return dict(zip(header, row, strict=True))


def sent(content: bytes, context: ox.Store, file: str) -> Source:
    say = phrases("en")
    is_workbook = file.endswith("xlsx")
    sheets = read_workbook(content, file, say=say) if is_workbook else [read_delimited(content, file, say=say)]
    (source,) = read(sheets, context, say)
    return source


def rules(source: Source) -> list[str]:
    return [finding.shape.removeprefix(f"{names.SHAPE}intake-") for finding in source.findings]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+41", "'+41"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("a=1", "a=1"),
        ("", ""),
        ("'quoted'", "'quoted'"),
    ],
)
def test_text_like_a_formula_gets_an_apostrophe_which_reading_takes_away(text: str, cell: str) -> None:
    assert safe_cell(text) == cell
    assert loose_cell(cell) == text


def test_template_begins_with_a_byte_order_mark_and_has_the_columns_of_the_form() -> None:
    content = template_csv(activity())
    assert content.startswith(b"\xef\xbb\xbf")
    assert lines(content)[0] == [
        *("id", "identifier", "title@en", "source"),
        *("notation", "description@en", "participant", "alignsWith", "event", "document", "programme", "sector"),
        *("followUpTo", "status", "quote", "writtenAs", "basis", "readIn", "officialAddress", "note"),
    ]


def test_example_comes_from_the_descriptions_where_there_is_no_graph() -> None:
    row = as_row(template_csv(activity()))
    assert row["id"] == "example"
    assert row["title@en"] == "Regular briefings on the WSIS Process"
    assert row["event"] == "WSIS-Forum-2020"
    assert row["status"] == "done"


def test_example_comes_from_the_fullest_record_of_the_graph(small_graph: ox.Store) -> None:
    row = as_row(template_csv(activity(), "en", small_graph))
    assert {header: cell for header, cell in row.items() if cell} == {
        "id": "example",
        "identifier": "a",
        "title@en": "'=SUM(1)",
        "source": "https://example.org/",
        "participant": "X || Y",
        "status": "done",
    }


def test_form_with_subclasses_asks_for_the_type() -> None:
    assert lines(template_csv(fields.shipped()["Event"]))[0][:2] == ["id", "type"]


@ALL_FORMS
def test_template_sent_back_as_it_is_says_nothing_and_conforms(form: Form, context: ox.Store) -> None:
    for content in (template_csv(form, "en", context), template_csv(form, "fr")):
        source = sent(content, context, f"{form.name}.csv")
        assert not source.triples
        assert rules(source) == ["example-row"]


@pytest.mark.parametrize("name", ["Activity", "Event", "Question", "MatrixLink"])
def test_workbook_sent_back_as_it_is_says_nothing_and_conforms(name: str, context: ox.Store) -> None:
    source = sent(template_xlsx(fields.shipped()[name], context, "fr"), context, "mine.xlsx")
    assert not source.triples
    assert rules(source) == ["example-row"]


@ALL_FORMS
def test_example_under_an_id_of_its_own_is_read_without_a_finding(form: Form, context: ox.Store) -> None:
    content = template_csv(form, "en", context).replace(b"\nexample,", b"\nmine,")
    source = sent(content, context, f"{form.name}.csv")
    assert not source.findings
    assert {triple.subject.value for triple in source.triples} == {form.mint("mine")}  # type: ignore[union-attr]
    wrong = [str(triple) for triple in source.triples if '"' in str(triple.object) and _takes_things(form, triple)]
    assert wrong == []


def _takes_things(form: Form, triple: ox.Triple) -> bool:
    return any(field.path == triple.predicate.value and field.takes_things for field in form.fields)


def test_filled_workbook_becomes_what_was_filled_in_and_conforms(context: ox.Store) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx(activity(), context)))
    sheet = book["Activity"]
    header = [cell.value for cell in sheet[1]]
    filled = {
        "id": "my-session",
        "identifier": "my-session",
        "title@en": "A session",
        "source": "https://example.org/agenda",
        "participant": "ITU-D Study Group 1 || WSIS-Secretariat",
        "event": "WSIS-Forum-2020",
        "status": "planned",
        "alignsWith": "9.c",
    }
    for name, value in filled.items():
        sheet.cell(3, header.index(name) + 1).value = value
    content = io.BytesIO()
    book.save(content)
    source = sent(content.getvalue(), context, "mine.xlsx")
    assert rules(source) == ["example-row"]
    this = ox.NamedNode(names.ID + "activity/my-session")
    assert set(source.triples) == {
        ox.Triple(this, ox.NamedNode(names.RDF + "type"), ox.NamedNode(names.ALIGN + "Activity")),
        ox.Triple(this, ox.NamedNode(names.DCTERMS + "identifier"), ox.Literal("my-session")),
        ox.Triple(this, ox.NamedNode(names.DCTERMS + "title"), ox.Literal("A session", language="en")),
        ox.Triple(this, ox.NamedNode(names.DCTERMS + "source"), ox.NamedNode("https://example.org/agenda")),
        ox.Triple(this, ox.NamedNode(names.ALIGN + "participant"), ox.NamedNode(names.ID + "body/ITU-D-SG1")),
        ox.Triple(this, ox.NamedNode(names.ALIGN + "participant"), ox.NamedNode(names.ID + "body/WSIS-Secretariat")),
        ox.Triple(this, ox.NamedNode(names.ALIGN + "concernsEvent"), ox.NamedNode(names.ID + "event/WSIS-Forum-2020")),
        ox.Triple(this, ox.NamedNode(names.ALIGN + "activityStatus"), ox.NamedNode(names.ALIGN + "planned")),
        ox.Triple(this, ox.NamedNode(names.ALIGN + "alignsWith"), ox.NamedNode(names.PREFIXES["sdg"] + "9.c")),
    }
    quads = [ox.Quad(*triple) for triple in source.triples]
    database = ox.Store()
    database.extend([*context, *quads])
    assert check(database, changed=quads).findings == ()


def test_workbook_has_the_form_its_codes_and_its_notes(small_graph: ox.Store) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx(activity(), small_graph)))
    assert book.sheetnames == ["Activity", "Codes", "Notes"]
    sheet = book["Activity"]
    assert sheet.freeze_panes == "B2"
    assert [cell.value for cell in sheet[1]][:4] == ["id", "identifier", "title@en", "source"]
    assert sheet["C1"].comment is not None
    assert sheet["C1"].comment.text.startswith("Title\nEnter")
    assert (sheet["C2"].value, sheet["C2"].data_type) == ("'=SUM(1)", "s")
    assert {sheet.column_dimensions[letter].number_format for letter in "ABT"} == {"@"}
    assert sheet["B2"].number_format == "@"


def test_codes_are_offered_in_the_cells_of_their_column(small_graph: ox.Store) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx(activity(), small_graph)))
    columns = {column[0].value: [cell.value for cell in column[1:] if cell.value] for column in book["Codes"].columns}
    assert columns["Status"] == ["done", "planned", "ongoing"]
    assert columns["Participant"] == ["X", "Y"]
    header = {cell.value: cell.column_letter for cell in book["Activity"][1]}
    offered = {str(rule.sqref): rule.formula1 for rule in book["Activity"].data_validations.dataValidation}
    letter = header["participant"]
    assert offered[f"{letter}2:{letter}1000"] == "=Codes!$A$2:$A$3"


def test_meanings_of_codes_follow_the_language_and_fall_back_to_english(small_graph: ox.Store) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx(activity(), small_graph, "fr")))
    meanings = [[cell.value for cell in row[:2]] for row in book["Codes"]["A1:B3"]]
    assert meanings == [["Participant", "Signification"], ["X", "Le X"], ["Y", "'@Y"]]


def test_notes_say_of_each_column_what_it_takes() -> None:
    rows = [
        [cell.value for cell in row]
        for row in openpyxl.load_workbook(io.BytesIO(template_xlsx(activity())))["Notes"].rows
    ]
    texts = [row[0] for row in rows]
    assert any("parted by ||" in str(text) for text in texts)
    (title,) = (row for row in rows if row[0] == "title@en")
    assert title[1:4] == ["Title", "yes", "exactly 1"]
    (participant,) = (row for row in rows if row[0] == "participant")
    assert participant[1:4] == ["Participant", "advised", "any number"]
    assert participant[5] == "ITU-D-SG1"


def test_notes_are_in_french_where_that_is_asked() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx(activity(), None, "fr")))
    rows = [[cell.value for cell in row] for row in book["Notes"].rows]
    assert ["Colonne", "Nom", "Obligatoire", "Combien", "Que saisir", "Exemple"] in rows
    (title,) = (row for row in rows if row[0] == "title@en")
    assert title[1:4] == ["Titre", "oui", "exactement 1"]
    comment = book["Activity"]["C1"].comment
    assert comment is not None
    assert comment.text.startswith("Titre\n")


def test_languages_have_the_same_words_for_templates() -> None:
    english, french = (
        {key for key in phrases(language).texts if key.startswith("template.")} for language in ("en", "fr")
    )
    assert english == french


def test_same_form_gives_the_same_bytes(small_graph: ox.Store) -> None:
    assert template_csv(activity(), "en", small_graph) == template_csv(activity(), "en", small_graph)


def test_forms_are_those_that_are_offered_in_order_of_their_names() -> None:
    found = [form.name for form in forms()]
    assert found == sorted(found)
    assert "Activity" in found
    assert "Table" not in found
