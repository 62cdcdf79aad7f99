"""Tables of delimited text: delimiter, places, rows as a spreadsheet counts them, and faults of single records."""

from importlib.resources import files
from pathlib import Path

import pytest
from itu_align.graph.csvfile import read_csv
from itu_align.graph.finding import Finding
from itu_align.graph.intake import sheet as sheets
from itu_align.graph.intake.delimited import find_delimiter, read_delimited
from itu_align.graph.intake.fault import MAX_LISTED
from itu_align.graph.intake.sheet import Sheet
from itu_align.graph.intake.source import IntakeError
from itu_align.graph.phrases import phrases

FACTS = Path(str(files("itu_align.graph"))) / "facts"
SHAPE = "https://w3id.org/itu-align/shapes#intake-"


def read(text: str) -> Sheet:
    return read_delimited(text.encode(), "t.csv", say=phrases("en"))


def values(sheet: Sheet) -> list[list[str]]:
    return [[cell.value for cell in record] for record in (sheet.header, *sheet.records)]


def summary(finding: Finding) -> tuple[str, str, str | None, int, int]:
    assert finding.place is not None
    rule = finding.shape.removeprefix(SHAPE)
    return finding.severity, rule, finding.value, finding.place.line, finding.place.column


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2\n", ";"),
        ("a\tb\n1, or 2\tc;d\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("Title, in English;Year\nFoo;2020\nBar;2021\n", ";"),
        ('"a;b",c;d\n"1;2",3;4\n', ","),
        ('"x\ny;z";b\n"1";2\n', ";"),
        ("title\nA, b\n", None),
    ],
)
def test_delimiter_is_the_one_that_the_first_records_agree_on(text: str, delimiter: str | None) -> None:
    assert find_delimiter(text) == delimiter


def test_table_of_one_column_has_commas_where_it_quotes_them() -> None:
    assert values(read('title\n"A, b"\nC\n')) == [["title"], ["A, b"], ["C"]]


def test_separator_line_of_excel_is_no_row_and_decides() -> None:
    sheet = read("sep=;\r\na,b;c\r\n1,2;3\r\n")
    assert values(sheet) == [["a,b", "c"], ["1,2", "3"]]
    place = sheet.place(sheet.records[0][1], "c")
    assert (place.line, place.column, place.row, place.excerpt) == (3, 5, 2, "1,2;3")


def test_mixed_line_ends_and_byte_order_mark_are_read() -> None:
    sheet = read("\ufeffa,b\r\n1,2\r3,4\n5,6")
    assert values(sheet) == [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]]
    assert [record[0].line for record in sheet.records] == [2, 3, 4]
    assert not sheet.findings


def test_utf16_with_tabs_as_excel_saves_unicode_text_is_read() -> None:
    sheet = read_delimited("a\tb\r\n1\té\r\n".encode("utf-16"), "t.txt", say=phrases("en"))
    assert values(sheet) == [["a", "b"], ["1", "é"]]
    assert not sheet.findings


def test_row_counts_blank_records_and_not_lines_inside_cells() -> None:
    sheet = read('a,b\n"x\ny\nz",1\n\n,\nlast,2\n')
    assert values(sheet) == [["a", "b"], ["x\ny\nz", "1"], ["last", "2"]]
    places = [sheet.place(cell) for record in sheet.records for cell in record]
    assert [(place.line, place.column, place.row, place.excerpt) for place in places] == [
        (2, 1, 2, '"x'),
        (4, 4, 2, 'z",1'),
        (7, 1, 5, "last,2"),
        (7, 6, 5, "last,2"),
    ]
    assert (places[0].file, places[0].sheet, places[0].cell) == ("t.csv", None, None)


def test_header_is_stripped_and_values_are_as_sent() -> None:
    assert values(read(" a , b\n 1 , 2\n")) == [["a", "b"], [" 1 ", " 2"]]


def test_short_record_is_padded_and_names_the_missing_columns_while_the_others_are_read() -> None:
    sheet = read('a,b,c\n"1"\n4,5,6\n')
    assert values(sheet) == [["a", "b", "c"], ["1", "", ""], ["4", "5", "6"]]
    (finding,) = sheet.findings
    assert summary(finding) == ("Violation", "cells", None, 2, 4)
    assert finding.expected == "a record has a cell for each of the 3 columns, and this one ends before 'b' and 'c'."
    assert finding.mend == "Add what is missing: a cell may be blank, but its delimiter is there."
    assert (finding.field, finding.subject, finding.order) == ("File", "t.csv", 2)


def test_long_record_names_its_surplus_and_keeps_it() -> None:
    sheet = read("a,b\n1,2,x,y\n3,4\n")
    assert values(sheet) == [["a", "b"], ["1", "2", "x", "y"], ["3", "4"]]
    (finding,) = sheet.findings
    assert summary(finding) == ("Violation", "cells", "x, y", 2, 5)


def test_blank_cells_beyond_the_header_are_dropped_without_a_word() -> None:
    sheet = read("a,b\n1,2,,\n3,4\n")
    assert values(sheet) == [["a", "b"], ["1", "2"], ["3", "4"]]
    assert not sheet.findings


def test_second_column_of_a_name_is_a_violation_that_names_both() -> None:
    (finding,) = read("title,year, title\n1,2,3\n").findings
    assert summary(finding) == ("Violation", "duplicate-header", "title", 1, 12)
    assert finding.field == "title"
    assert finding.expected == "each column has a name of its own, and columns A and C have the same."


def test_column_without_a_name_is_a_violation_only_where_it_holds_something() -> None:
    sheet = read("a,,\n1,,\n2,,x\n3,,y\n")
    (finding,) = sheet.findings
    assert summary(finding) == ("Violation", "blank-header", "x", 1, 4)
    assert "column C has none but holds something in row 3" in finding.message


def test_control_character_is_a_finding_at_its_cell_and_left_out() -> None:
    sheet = read("a,b\n1,x\x00y\x1b\n2,z\n")
    assert values(sheet) == [["a", "b"], ["1", "xy"], ["2", "z"]]
    (finding,) = sheet.findings
    assert summary(finding) == ("Violation", "control-character", r"'x\x00y\x1b'", 2, 3)
    assert finding.field == "b"
    assert finding.place is not None
    assert (finding.place.name, finding.place.excerpt) == ("b", "1,x\ufffdy\ufffd")


def test_control_character_in_the_header_is_a_finding_too() -> None:
    sheet = read("a\x07,b\n1,2\n")
    assert values(sheet)[0] == ["a", "b"]
    assert [summary(finding) for finding in sheet.findings] == [("Violation", "control-character", r"'a\x07'", 1, 1)]


def test_guessed_encoding_is_a_warning_of_the_table() -> None:
    sheet = read_delimited("a;b\n1;Société\n".encode("cp1252"), "t.csv", say=phrases("en"))
    assert values(sheet) == [["a", "b"], ["1", "Société"]]
    assert [summary(finding) for finding in sheet.findings] == [
        ("Warning", "encoding", "Windows-1252 (Western European)", 2, 7)
    ]


@pytest.mark.parametrize(
    ("text", "words", "line", "column"),
    [
        ('a;b\n1;"open\n2;3\n', "line 2, column 3: this quoted cell never ends", 2, 3),
        ('a,b\n1,x"y\n', "line 2, column 4: a quote inside a cell that is not quoted", 2, 4),
    ],
)
def test_fault_of_the_whole_text_is_an_error_with_its_place(text: str, words: str, line: int, column: int) -> None:
    with pytest.raises(IntakeError, match=f"^t.csv: {words}") as caught:
        read(text)
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (line, column)
    assert caught.value.hint


def test_table_of_blank_cells_has_no_header() -> None:
    with pytest.raises(IntakeError, match="The table has no header"):
        read(",,\n , ,\n")


def test_more_records_than_are_read_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_RECORDS", 2)
    assert len(read("a,b\n1,2\n3,4\n").records) == 2
    with pytest.raises(IntakeError, match="more than 2 records"):
        read("a,b\n1,2\n3,4\n5,6\n")


def test_more_cells_than_are_read_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_CELLS", 6)
    with pytest.raises(IntakeError, match="more than 3 records, which is the most that is read with 2 columns"):
        read("a,b\n" + "1,2\n" * 4)


def test_findings_of_one_rule_are_capped_with_their_true_count() -> None:
    sheet = read("a,b\n" + "1\n" * (MAX_LISTED + 7) + "1,2,3\n")
    assert len(sheet.findings) == MAX_LISTED
    assert sheet.counts == {SHAPE + "cells": MAX_LISTED + 8}
    assert sheet.findings[-1].place is not None
    assert sheet.findings[-1].place.line == MAX_LISTED + 1


@pytest.mark.parametrize("table", sorted(FACTS.glob("*.csv")), ids=lambda table: table.stem)
def test_table_of_the_facts_is_read_as_the_build_reads_it(table: Path) -> None:
    content = table.read_bytes()
    header, *records = read_csv(content, table.name)
    sheet = read_delimited(content, table.name, say=phrases("en"))
    assert (sheet.header, sheet.records, sheet.findings) == (header, records, ())


def test_long_line_is_cut_in_the_excerpt() -> None:
    sheet = read("a,b\n1," + "x" * 5000 + "\n")
    assert sheet.place(sheet.records[0][0]).excerpt == "1," + "x" * 998 + "…"
