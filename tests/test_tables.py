"""Tables against their metadata: each fault stops with table, line, column, value and what was expected."""

import json
from pathlib import Path
from typing import Any

import pytest
from itu_align.graph.cells import Datatype, date_literal, date_type, problem_of
from itu_align.graph.errors import TableError
from itu_align.graph.tables import load_table, load_tables

GROUPS = {
    "dc:title": "Groups",
    "tableSchema": {
        "aboutUrl": "https://example.org/id/group/{id}",
        "primaryKey": ["id"],
        "columns": [
            {"name": "id", "required": True},
            {"name": "code", "datatype": {"base": "string", "format": r"\d+\.\d+|\d+"}},
        ],
    },
}
QUESTIONS = {
    "dc:title": "Questions",
    "tableSchema": {
        "aboutUrl": "https://example.org/id/question/{id}",
        "align:aboutUrls": [{"column": "kind", "value": "old", "aboutUrl": "https://example.org/id/old/{id}"}],
        "primaryKey": ["id"],
        "columns": [
            {"name": "id", "required": True},
            {"name": "kind"},
            {"name": "group", "required": True, "separator": "; "},
            {"name": "when", "datatype": {"@id": "http://purl.org/dc/terms/W3CDTF", "base": "string"}},
        ],
        "foreignKeys": [
            {"columnReference": ["group"], "reference": {"resource": "groups.csv", "columnReference": ["id"]}}
        ],
    },
}
GOOD_GROUPS = "id,code\nSG1,8.10\nSG2,8.1\n"
GOOD_QUESTIONS = "id,kind,group,when\nQ1/1,,SG1; SG2,2020-09-21\nQ2/1,old,SG2,2020\n"


def write(folder: Path, name: str, text: str | bytes, metadata: dict[str, Any]) -> None:
    (folder / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / f"{name}.csv-metadata.json").write_text(json.dumps(metadata))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "groups", GOOD_GROUPS, GROUPS)
    write(tmp_path, "questions", GOOD_QUESTIONS, QUESTIONS)
    return tmp_path


def test_tables_come_after_those_they_refer_to_and_rows_have_addresses(folder: Path) -> None:
    write(
        folder,
        "a_first_by_name",
        "id,group\n1,SG1\n",
        {
            "dc:title": "A",
            "tableSchema": {
                "aboutUrl": "{+group}",
                "primaryKey": ["id"],
                "columns": [{"name": "id"}, {"name": "group"}],
                "foreignKeys": [
                    {
                        "columnReference": ["group"],
                        "reference": {"resource": "groups.csv", "columnReference": ["id"]},
                    }
                ],
            },
        },
    )
    tables = load_tables(folder)
    assert [t.name for t in tables].index("groups") < [t.name for t in tables].index("a_first_by_name")
    questions = next(t for t in tables if t.name == "questions")
    assert [row.about for row in questions.rows] == [
        "https://example.org/id/question/Q1.1",
        "https://example.org/id/old/Q2.1",
    ]
    assert questions.rows[0].items(questions.metadata.column("group")) == ["SG1", "SG2"]
    assert questions.rows[0].items(questions.metadata.column("kind")) == []
    assert next(t for t in tables if t.name == "a_first_by_name").rows[0].about == "SG1"


@pytest.mark.parametrize(
    ("table", "text", "words"),
    [
        (
            "questions",
            GOOD_QUESTIONS.replace("SG1;", "SG9;"),
            r"questions.csv, line 2, column 7 \(group\): 'SG9; SG2', expected a value of id in groups.csv",
        ),
        (
            "questions",
            GOOD_QUESTIONS.replace("2020-09-21", "2020-09-31"),
            r"line 2, column 16 \(when\): '2020-09-31', expected a day of the calendar",
        ),
        ("questions", GOOD_QUESTIONS.replace("2020-09-21", "21.9.2020"), r"expected a date as YYYY"),
        (
            "questions",
            GOOD_QUESTIONS.replace("Q2/1,old,SG2", "Q2/1,old,"),
            r"line 3, column 10 \(group\): blank, expected a value",
        ),
        (
            "questions",
            GOOD_QUESTIONS.replace("Q2/1", "Q1/1"),
            r"line 3, column 1 \(id\): 'Q1/1', expected a key that no other row has, but line 2",
        ),
        ("questions", GOOD_QUESTIONS.replace("id,kind", "id"), r"line 1: column 'kind' is missing"),
        (
            "questions",
            GOOD_QUESTIONS.replace("kind", "sort"),
            r"column 'kind' is missing; column 'sort' is unknown",
        ),
        ("questions", GOOD_QUESTIONS.replace("id,kind,group", "id,group,kind"), r"in another order"),
        ("questions", GOOD_QUESTIONS.replace(",2020\n", "\n"), r"line 3: 3 cells, expected 4"),
        ("questions", "", r"column 'id' is missing"),
        (
            "groups",
            GOOD_GROUPS.replace("8.10", "eight"),
            r"groups.csv, line 2, column 5 \(code\): 'eight', expected text of the form",
        ),
        ("groups", GOOD_GROUPS.replace("SG1", "SG1 "), r"'SG1 ', expected a value without spaces"),
        ("groups", GOOD_GROUPS.encode("utf-16"), r"byte 0xFF is not UTF-8"),
    ],
)
def test_faults_of_a_table(folder: Path, table: str, text: str | bytes, words: str) -> None:
    (folder / f"{table}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TableError, match=words) as caught:
        load_tables(folder)
    assert caught.value.hint


def test_a_code_that_turned_into_a_number_is_named_as_such(folder: Path) -> None:
    keyed = {**GROUPS, "tableSchema": {**GROUPS["tableSchema"], "primaryKey": ["code"]}}  # type: ignore[dict-item]
    write(folder, "groups", "id,code\nSG1,8.1\nSG2,8.1\n", keyed)
    with pytest.raises(TableError, match="line 3, column 5") as caught:
        load_tables(folder)
    assert "turned 8.10 into the number 8.1" in caught.value.hint


def test_an_unknown_reference_names_the_nearest(folder: Path) -> None:
    (folder / "questions.csv").write_text(GOOD_QUESTIONS.replace("SG2,2020\n", "SG22,2020\n"))
    with pytest.raises(TableError) as caught:
        load_tables(folder)
    assert "Nearest known: SG2" in caught.value.hint


def test_two_keys_that_mint_one_address_are_refused(folder: Path) -> None:
    (folder / "groups.csv").write_text("id,code\nA/1,\nA.1,\n")
    with pytest.raises(TableError, match=r"line 3.*'A.1', expected a key whose address is its own; line 2"):
        load_table(folder, "groups")


def test_metadata_faults(folder: Path) -> None:
    (folder / "groups.csv-metadata.json").write_text('{"dc:title": "x",\n oops}')
    with pytest.raises(TableError, match="line 2, column 2: not JSON"):
        load_table(folder, "groups")
    (folder / "groups.csv-metadata.json").write_text('{"dc:title": "x"}')
    with pytest.raises(TableError, match="'tableSchema' is missing"):
        load_table(folder, "groups")
    (folder / "groups.csv-metadata.json").unlink()
    with pytest.raises(TableError, match="has no metadata"):
        load_table(folder, "groups")


@pytest.mark.parametrize(
    ("value", "datatype", "right"),
    [
        ("yes", Datatype("boolean", "yes|no"), True),
        ("true", Datatype("boolean", "yes|no"), False),
        ("-12", Datatype("integer"), True),
        ("1.0", Datatype("integer"), False),
        ("https://studylib.net/doc/1/proposed%09ict", Datatype("anyURI"), True),
        ("https://example.org/a b", Datatype("anyURI"), False),
        ("www.itu.int", Datatype("anyURI"), False),
        ("2020-07-08T14:00+02:00", Datatype("W3CDTF"), True),
        ("2020-07-08T14:00", Datatype("W3CDTF"), False),
        ("2020-13", Datatype("W3CDTF"), False),
        ("8.10", Datatype("string", r"\d+\.\d+"), True),
        ("8.10x", Datatype("string", r"\d+\.\d+"), False),
    ],
)
def test_datatypes(value: str, datatype: Datatype, *, right: bool) -> None:
    assert (problem_of(value, datatype) is None) is right


@pytest.mark.parametrize(
    ("value", "name", "lexical"),
    [
        ("2025", "gYear", "2025"),
        ("2018-10", "gYearMonth", "2018-10"),
        ("2018-10-07", "date", "2018-10-07"),
        ("2020-12-07T14:00+01:00", "dateTime", "2020-12-07T14:00:00+01:00"),
        ("2020-12-07T14:00:30Z", "dateTime", "2020-12-07T14:00:30Z"),
    ],
)
def test_dates_keep_their_precision(value: str, name: str, lexical: str) -> None:
    assert date_type(value) == f"http://www.w3.org/2001/XMLSchema#{name}"
    assert date_literal(value) == lexical


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"aboutUrl": "https://example.org/{nix}"}, "the column nix is missing"),
        ({"primaryKey": ["nix"]}, "the column nix is missing"),
        ({"align:aboutUrls": [{"column": "sort", "value": "", "aboutUrl": "x/{id}"}]}, "column sort"),
    ],
)  # fmt: skip
def test_metadata_that_names_no_column(folder: Path, change: dict[str, Any], words: str) -> None:
    schema: dict[str, Any] = {**GROUPS["tableSchema"], **change}  # type: ignore[dict-item]
    write(folder, "groups", GOOD_GROUPS, {**GROUPS, "tableSchema": schema})
    with pytest.raises(TableError, match=words):
        load_tables(folder)


def test_tables_that_need_each_other_first(folder: Path) -> None:
    write(folder, "groups", GOOD_GROUPS, {**GROUPS, "dc:requires": ["questions.csv"]})
    with pytest.raises(TableError, match=r"need each other first: .*groups"):
        load_tables(folder)


def test_a_foreign_key_to_a_column_that_is_not_there(folder: Path) -> None:
    key = {"columnReference": ["group"], "reference": {"resource": "groups.csv", "columnReference": ["nix"]}}
    schema: dict[str, Any] = {**QUESTIONS["tableSchema"], "foreignKeys": [key]}  # type: ignore[dict-item]
    write(folder, "questions", GOOD_QUESTIONS, {**QUESTIONS, "tableSchema": schema})
    with pytest.raises(TableError, match=r"groups.csv-metadata.json has no column 'nix'"):
        load_tables(folder)


def test_a_control_character_is_refused(folder: Path) -> None:
    (folder / "groups.csv").write_text("id,code\nSG\x011,8.10\nSG2,8.1\n")
    with pytest.raises(TableError, match=r"line 2, column 1 .*without control characters"):
        load_tables(folder)
