"""Cells and their places: RFC 4180, by hand-worked examples."""

import tracemalloc

import pytest
from itu_align.graph.csvfile import MAX_CELL, MAX_COLUMNS, read_csv, read_records
from itu_align.graph.errors import TableError


def read(text: str) -> list[list[tuple[str, int, int]]]:
    return [[(c.value, c.line, c.column) for c in record] for record in read_csv(text.encode(), "t.csv")]


def test_places_of_plain_and_quoted_cells() -> None:
    assert read('a,b\n1,"x, ""y"""\n') == [[("a", 1, 1), ("b", 1, 3)], [("1", 2, 1), ('x, "y"', 2, 3)]]


def test_line_break_inside_a_cell_moves_the_lines_after_it() -> None:
    assert read('"a\nb",c\nd,e\n') == [[("a\nb", 1, 1), ("c", 2, 4)], [("d", 3, 1), ("e", 3, 3)]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_line_end_counts_once(end: str) -> None:
    assert read(f"a{end}b{end}") == [[("a", 1, 1)], [("b", 2, 1)]]


def test_blank_cells_and_a_blank_last_cell_are_cells() -> None:
    assert read(",b,\n") == [[("", 1, 1), ("b", 1, 2), ("", 1, 4)]]


def test_last_line_without_an_end_and_byte_order_mark() -> None:
    assert read("\ufeffa,b") == [[("a", 1, 1), ("b", 1, 3)]]
    assert read("a,") == [[("a", 1, 1), ("", 1, 3)]]


def test_blank_lines_are_left_out() -> None:
    assert read("a\n\n\nb\n") == [[("a", 1, 1)], [("b", 4, 1)]]


def test_columns_count_characters_not_bytes() -> None:
    assert read("é€,b\n")[0][1] == ("b", 1, 4)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('a,b\nc"d,e\n', 2, 2, "a quote inside a cell"),
        ('x,"ab""\n', 1, 3, "never ends"),
        ('a\n"never closed\n', 2, 1, "never ends"),
        ('x,"ab"c\n', 1, 7, "found 'c'"),
        ('x,"a\nb"c\n', 2, 3, "found 'c'"),
    ],
)
def test_faults_name_their_place(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(TableError, match=words) as caught:
        read(text)
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (line, column)
    assert f"line {line}, column {column}" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_ends_cells_and_a_comma_does_not(delimiter: str) -> None:
    text = delimiter.join(["a,b", f'"x{delimiter}y"', "c\n"])
    (record,) = read_records(text, "t.csv", delimiter)
    assert [(cell.value, cell.column) for cell in record] == [("a,b", 1), (f"x{delimiter}y", 5), ("c", 11)]


def test_delimiter_is_named_where_it_is_missing() -> None:
    with pytest.raises(TableError, match="expected a semicolon or the line's end"):
        list(read_records('"a"b;c\n', "t.csv", ";"))


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("," * MAX_COLUMNS, MAX_COLUMNS + 1, "more than 500 columns"),
        ("a," + "x" * (MAX_CELL + 1), 3, "more than 100,000 characters"),
    ],
)
def test_too_many_columns_and_too_long_a_cell_are_refused_where_they_begin(text: str, column: int, words: str) -> None:
    with pytest.raises(TableError, match=words) as caught:
        read(text + "\n")
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (1, column)


def test_quote_that_is_not_closed_takes_no_memory_for_each_character() -> None:
    text = '"' + "x" * 2_000_000
    tracemalloc.start()
    with pytest.raises(TableError, match="never ends"):
        list(read_records(text, "t.csv"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_as_many_columns_and_as_long_a_cell_as_allowed_are_read() -> None:
    assert len(read("x," * (MAX_COLUMNS - 1) + "x\n")[0]) == MAX_COLUMNS
    assert read("x" * MAX_CELL + ",y\n")[0][1] == ("y", 1, MAX_CELL + 2)


def test_wrong_encoding_names_the_first_wrong_byte() -> None:
    with pytest.raises(TableError, match="byte 0xE9 is not UTF-8") as caught:
        list(read_csv("id,name\n1,Société,x\n".encode("latin-1"), "t.csv"))
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 7)
