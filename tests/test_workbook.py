"""Excel workbooks: values as text with their places, what is shown and not evaluated, and archives that attack."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
from itu_align.graph.finding import Finding
from itu_align.graph.intake import archive
from itu_align.graph.intake.archive import MAX_MEMBERS
from itu_align.graph.intake.sheet import Sheet, letters
from itu_align.graph.intake.source import IntakeError
from itu_align.graph.intake.workbook import CODES_SHEET, NOTES_SHEET, read_workbook
from itu_align.graph.phrases import phrases
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.xml import functions as openpyxl_xml

SHAPE = "https://w3id.org/itu-align/shapes#intake-"
SHEET_XML = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(rows: Sequence[Sequence[Any]], change: Callable[[openpyxl.Workbook], None] = lambda _: None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Data"
    for row in rows:
        sheet.append(list(row))
    change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def patched(parts: Mapping[str, bytes], rows: Sequence[Sequence[Any]] = (("a",), ("1",))) -> bytes:
    """A workbook with some members replaced or added."""
    source = zipfile.ZipFile(io.BytesIO(workbook(rows)))
    members = {name: source.read(name) for name in source.namelist()} | dict(parts)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for name, part in members.items():
            target.writestr(name, part)
    return content.getvalue()


def sheet_xml(rows: str, before: str = "") -> bytes:
    return f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def read(content: bytes) -> Sheet:
    (sheet,) = read_workbook(content, "t.xlsx", say=phrases("en"))
    return sheet


def values(sheet: Sheet) -> list[list[str]]:
    return [[cell.value for cell in record] for record in (sheet.header, *sheet.records)]


def summary(finding: Finding) -> tuple[str, str, str, str | None, str | None]:
    assert finding.place is not None
    return (
        finding.severity,
        finding.shape.removeprefix(SHAPE),
        finding.field,
        finding.value,
        finding.place.cell,
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        (" as sent ", " as sent "),
        (3, "3"),
        (3.0, "3"),
        (9.1, "9.1"),
        (-0.5, "-0.5"),
        (1e-7, "0.0000001"),
        (123456789012, "123456789012"),
        (True, "true"),
        (False, "false"),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime.fromisoformat("2024-01-02T00:00:00"), "2024-01-02"),
        (datetime.fromisoformat("2024-01-02T12:30:00"), "2024-01-02T12:30:00"),
        (time(9, 5), "09:05:00"),
        ("-dash", "-dash"),
        ("+plus", "+plus"),
        ("@at", "@at"),
        ("line\nbreak", "line\nbreak"),
    ],
)
def test_value_becomes_the_text_that_a_csv_would_hold(value: object, text: str) -> None:
    sheet = read(workbook([["a", "b"], [value, "x"]]))
    assert values(sheet) == [["a", "b"], [text, "x"]]
    assert not sheet.findings


@pytest.mark.parametrize(
    ("stored", "text"), [("3.0", "3"), ("1E3", "1000"), ("2.2999999999999998", "2.3"), ("1.0E-5", "0.00001")]
)
def test_number_is_as_short_as_it_can_be_however_it_is_stored(stored: str, text: str) -> None:
    rows = f'<row><c t="inlineStr"><is><t>a</t></is></c></row><row><c><v>{stored}</v></c></row>'
    assert values(read(patched({SHEET_XML: sheet_xml(rows)}))) == [["a"], [text]]


def test_dates_of_a_workbook_that_counts_from_1904_are_the_same_dates() -> None:
    def change(book: openpyxl.Workbook) -> None:
        book.epoch = MAC_EPOCH

    assert values(read(workbook([["a"], [date(2024, 1, 2)]], change))) == [["a"], ["2024-01-02"]]


def test_text_that_begins_as_a_formula_is_kept_as_text() -> None:
    row = '<row r="2"><c r="A2" t="inlineStr"><is><t>=SUM(A1:A9)</t></is></c></row>'
    header = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
    sheet = read(patched({SHEET_XML: sheet_xml(header + row)}))
    assert values(sheet) == [["a"], ["=SUM(A1:A9)"]]
    assert not sheet.findings


def test_escaped_carriage_return_is_a_line_break() -> None:
    assert values(read(workbook([["a"], ["x_x000D_\ny"]]))) == [["a"], ["x\ny"]]


def test_formula_is_shown_and_not_evaluated_and_its_stored_value_not_taken() -> None:
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>n</t></is></c><c r="B1" t="inlineStr"><is><t>m</t></is></c></row>'
        '<row r="2"><c r="A2"><f>SUM(B2:B3)</f><v>42</v></c><c r="B2"><v>1</v></c></row>'
    )
    sheet = read(patched({SHEET_XML: sheet_xml(rows)}))
    assert values(sheet) == [["n", "m"], ["", "1"]]
    (finding,) = sheet.findings
    assert summary(finding) == ("Violation", "formula", "n", "=SUM(B2:B3)", "A2")
    assert finding.expected == "a value, not a formula."
    assert finding.mend == "Nothing is evaluated here: copy the cell, and insert it as a value."


def test_command_in_a_formula_is_shown_only() -> None:
    (finding,) = read(workbook([["a", "b"], ["=cmd|'/c calc'!A1", "x"]])).findings
    assert summary(finding) == ("Violation", "formula", "a", "=cmd|'/c calc'!A1", "A2")


def test_array_formula_and_data_table_are_shown_too() -> None:
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
        '<row r="2"><c r="A2"><f t="array" ref="A2:A3">B2:B3*2</f><v>2</v></c>'
        '<c r="B2"><f t="dataTable" ref="B2:B3" dt2D="0" dtr="0" r1="A1"/><v>3</v></c></row>'
    )
    sheet = read(patched({SHEET_XML: sheet_xml(rows)}))
    assert [(finding.field, finding.value) for finding in sheet.findings] == [("a", "=B2:B3*2"), ("b", "a data table")]


def test_sheet_of_formulas_only_is_not_taken_for_a_blank_one() -> None:
    sheet = read(workbook([["=A2"], ["=A3"]]))
    assert [finding.value for finding in sheet.findings] == ["=A2", "=A3"]
    assert not sheet.records


def test_error_value_is_a_violation_and_left_blank() -> None:
    sheet = read(workbook([["a", "b"], ["#N/A", "x"]]))
    assert values(sheet) == [["a", "b"], ["", "x"]]
    assert [summary(finding) for finding in sheet.findings] == [("Violation", "error-value", "a", "#N/A", "A2")]


def test_date_beyond_the_calendar_is_an_error_value() -> None:
    def change(book: openpyxl.Workbook) -> None:
        book["Data"]["A2"].number_format = "yyyy-mm-dd"

    sheet = read(workbook([["a", "b"], [99_999_999, "x"]], change))
    assert [summary(finding)[:2] for finding in sheet.findings] == [("Violation", "error-value")]


def test_place_names_sheet_cell_row_and_column() -> None:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book["Data"]
        sheet["B3"], sheet["AB3"], sheet["B5"], sheet["AB5"] = "title", "year", "x", 2004

    sheet = read(workbook([], change))
    assert len(sheet.header) == 28
    assert [cell.value for cell in sheet.header if cell.value] == ["title", "year"]
    place = sheet.place(sheet.records[0][27], "year")
    assert (place.file, place.sheet, place.cell, place.name) == ("t.xlsx", "Data", "AB5", "year")
    assert (place.line, place.column, place.row) == (5, 28, 5)
    assert place.excerpt == " | x" + " | " * 26 + "2004"


@pytest.mark.parametrize(("column", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (703, "AAA")])
def test_column_has_the_name_that_programs_show(column: int, name: str) -> None:
    assert letters(column) == name


def test_blank_rows_are_left_out_and_short_rows_padded_with_their_places() -> None:
    sheet = read(workbook([["a", "b"], [], [" ", None], ["x"]]))
    assert [tuple(cell) for cell in sheet.records[0]] == [("x", 4, 1), ("", 4, 2)]
    assert len(sheet.records) == 1


def test_cell_beyond_the_header_stands_in_a_column_without_a_name() -> None:
    sheet = read(workbook([["a"], ["x"], ["y", None, "z"]]))
    assert values(sheet) == [["a", "", ""], ["x", "", ""], ["y", "", "z"]]
    (finding,) = sheet.findings
    assert summary(finding) == ("Violation", "blank-header", "File", "z", "C1")
    assert "column C has none but holds something in row 3" in finding.message


def test_second_column_of_a_name_is_a_violation() -> None:
    (finding,) = read(workbook([["a", "b", "a"], [1, 2, 3]])).findings
    assert summary(finding) == ("Violation", "duplicate-header", "a", "a", "C1")


def test_merged_cells_have_their_value_in_the_first_and_are_told() -> None:
    sheet = read(workbook([["a", "b"], ["x", 1], [None, 2]], lambda book: book["Data"].merge_cells("A2:A3")))
    assert values(sheet) == [["a", "b"], ["x", "1"], ["", "2"]]
    assert [summary(finding) for finding in sheet.findings] == [("Info", "merged-cells", "File", "A2:A3", "A2")]


def test_only_visible_sheets_with_data_are_read_and_hidden_ones_told() -> None:
    def change(book: openpyxl.Workbook) -> None:
        for title, state in (
            ("Secret", "hidden"),
            (NOTES_SHEET, "visible"),
            (CODES_SHEET, "hidden"),
            ("Code lists", "visible"),
        ):
            sheet = book.create_sheet(title)
            sheet["A1"] = "x"
            sheet.sheet_state = state
        book.create_sheet("Blank")
        book.create_sheet("More").append(["c"])

    sheets = read_workbook(workbook([["a"], [1]], change), "t.xlsx", say=phrases("en"))
    assert [sheet.sheet for sheet in sheets] == ["Data", "More"]
    assert [values(sheet) for sheet in sheets] == [[["a"], ["1"]], [["c"]]]
    (finding,) = sheets[0].findings
    assert summary(finding) == ("Info", "hidden-sheet", "File", "Secret", None)
    assert not sheets[1].findings


def test_workbook_without_a_table_is_refused() -> None:
    with pytest.raises(IntakeError, match="The workbook holds no table"):
        read_workbook(workbook([]), "t.xlsx", say=phrases("en"))


def test_macros_are_left_out_and_told() -> None:
    content = patched({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 code"})
    assert [summary(finding)[:2] for finding in read(content).findings] == [("Info", "macros")]


def test_members_that_are_no_xml_are_not_handed_on() -> None:
    parts = {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 code", "xl/media/image1.svg": b"<svg/>"}
    clean = zipfile.ZipFile(archive.rewritten(patched(parts), "t.xlsx"))
    assert clean.read("xl/vbaProject.bin") == b""
    assert clean.read("xl/media/image1.svg") == b"<svg/>"


def test_odd_properties_of_the_document_do_not_refuse_its_table() -> None:
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dcterms="http://purl.org/dc/terms/"><dcterms:created>yesterday</dcterms:created></cp:coreProperties>'
    )
    assert values(read(patched({"docProps/core.xml": core.encode()}))) == [["a"], ["1"]]


@pytest.mark.parametrize("stated", ["A1", "A1:XFD1048576"])
def test_stated_dimension_is_not_believed(stated: str) -> None:
    row = '<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row>'
    xml = f'<worksheet xmlns="{MAIN}"><dimension ref="{stated}"/><sheetData>{row}{row}</sheetData></worksheet>'
    assert values(read(patched({SHEET_XML: xml.encode()}))) == [["a", "b"], ["a", "b"]]


def test_openpyxl_reads_xml_by_defusedxml() -> None:
    assert openpyxl_xml.DEFUSEDXML
    assert openpyxl_xml.fromstring.__globals__["__name__"].startswith("defusedxml")
    assert openpyxl_xml.iterparse.__globals__["__name__"].startswith("defusedxml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("member", [SHEET_XML, "xl/sharedStrings.xml", "xl/workbook.xml", "customXml/item1.xml"])
def test_document_type_in_any_member_is_refused_in_any_encoding(member: str, encoding: str) -> None:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e0 "lol">{entities}]><x>&e9;</x>'
    with pytest.raises(IntakeError, match="has a document type") as caught:
        read(patched({member: xml.encode(encoding)}))
    assert member in str(caught.value)


def test_external_entity_is_not_fetched() -> None:
    before = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row>'
    with pytest.raises(IntakeError, match="has a document type"):
        read(patched({SHEET_XML: sheet_xml(rows, before)}))


def test_bomb_of_a_thousand_to_one_is_refused_by_its_size() -> None:
    content = patched({"xl/media/image1.png": bytes(50_000_000)})
    assert len(content) < 100_000
    with pytest.raises(IntakeError, match="Unpacked, the file has 50,0"):
        read(content)


def test_stream_longer_than_its_directory_says_is_not_read_beyond_that() -> None:
    """Both headers state the first bytes only, with their checksum, so that nothing seems wrong."""
    start = sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>')
    content = bytearray(patched({SHEET_XML: start + bytes(9_000_000)}))
    true = struct.pack("<I", len(start) + 9_000_000)
    crc = struct.pack("<I", zlib.crc32(start + bytes(9_000_000)))
    assert content.count(true) == 2
    content = content.replace(true, struct.pack("<I", len(start))).replace(crc, struct.pack("<I", zlib.crc32(start)))
    assert values(read(bytes(content))) == [["a"]]


def test_ten_thousand_members_are_refused() -> None:
    with pytest.raises(IntakeError, match=f"at most {MAX_MEMBERS:,} are read"):
        read(patched({f"xl/media/{n}": b"" for n in range(10_000)}))


@pytest.mark.parametrize("name", ["../../x", "xl/../../etc/passwd", "/etc/passwd"])
def test_member_that_leads_out_of_the_archive_is_refused(name: str) -> None:
    with pytest.raises(IntakeError, match="leads out of the archive"):
        read(patched({name: b"<x/>"}))


def test_member_that_is_there_twice_is_refused() -> None:
    content = patched({"xl/worksheets/sheet2.xml": b"<x/>"}).replace(b"sheet2.xml", b"sheet1.xml")
    with pytest.raises(IntakeError, match=r"'xl/worksheets/sheet1\.xml' is there twice"):
        read(content)


def test_member_by_a_method_that_cannot_be_bounded_is_refused() -> None:
    content = io.BytesIO(workbook([["a"]]))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_LZMA) as target:
        target.writestr("xl/x.xml", b"<x/>")
    with pytest.raises(IntakeError, match="compressed by method 14"):
        read(content.getvalue())


def test_encrypted_member_is_refused() -> None:
    content = bytearray(workbook([["a"]]))
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1
    with pytest.raises(IntakeError, match="is encrypted"):
        read(bytes(content))


@pytest.mark.parametrize("part", [0.2, 0.5, 0.99])
def test_truncated_archive_is_damaged(part: float) -> None:
    content = workbook([["a"], [1]])
    with pytest.raises(IntakeError, match="is damaged") as caught:
        read(content[: int(len(content) * part)])
    assert "cut off" in caught.value.hint


@pytest.mark.parametrize(
    "xml",
    [
        b"<worksheet",
        sheet_xml('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'),
        sheet_xml('<row r="one"><c><v>1</v></c></row>'),
        sheet_xml('<row r="1"><c r="A1"><v>one</v></c></row>'),
        sheet_xml('<row r="1"><c r="A1" t="d"><v>yesterday</v></c></row>'),
        sheet_xml('<row r="1"><c r="A1"><v>&undefined;</v></c></row>'),
        sheet_xml('<row r="1"><c r="A1"><f t="shared" si="0">"</f></c><c r="A2"><f t="shared" si="0"/></c></row>'),
    ],
)
def test_part_that_is_not_as_the_standard_has_it_is_an_error_and_no_crash(xml: bytes) -> None:
    with pytest.raises(IntakeError, match="The workbook cannot be read") as caught:
        read(patched({SHEET_XML: xml}))
    assert "save it as XLSX again" in caught.value.hint


def test_row_with_an_endless_number_is_refused() -> None:
    with pytest.raises(IntakeError, match="A row of sheet 'Data' has a number beyond 1,048,576"):
        read(patched({SHEET_XML: sheet_xml('<row r="999999999999"><c><v>1</v></c></row>')}))


def test_cell_far_to_the_right_is_refused_by_its_name() -> None:
    with pytest.raises(IntakeError, match="Sheet 'Data': ZZZ1 stands beyond the 500 columns"):
        read(patched({SHEET_XML: sheet_xml('<row r="1"><c r="ZZZ1"><v>1</v></c></row>')}))


def test_cell_too_long_is_refused_by_its_name() -> None:
    rows = f'<row r="1"><c r="B1" t="inlineStr"><is><t>{"x" * 100_001}</t></is></c></row>'
    with pytest.raises(IntakeError, match="Sheet 'Data': B1 has more than 100,000 characters"):
        read(patched({SHEET_XML: sheet_xml(rows)}))
