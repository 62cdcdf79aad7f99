"""The report as JSON: its schema, and each value whole."""

import json
from dataclasses import replace
from typing import Any

import pytest
from itu_align.graph.report.formats import write
from itu_align.graph.report.plain_schema import SCHEMA
from jsonschema import Draft202012Validator, ValidationError
from reports import FORMULA, RICH, WRONG_LANGUAGE, checked


def read(content: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(content)
    Draft202012Validator(SCHEMA).validate(found)
    return found


def test_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_kind_of_finding_fits_the_schema() -> None:
    found = read(write(RICH, "json"))
    assert found["conforms"] is False
    assert found["counts"] == {"Violation": 1003, "Warning": 1, "Info": 1}
    assert found["truncated"] == [
        {"shape": WRONG_LANGUAGE.shape, "field": "Title", "severity": "Violation", "listed": 1, "total": 1001}
    ]
    assert found["versions"] == {"program": "0.1.0", "shapes": "0.1.0", "data": 7}
    assert found["notes"] == ["One shape was checked by the slower engine."]


def test_finding_has_all_that_is_known() -> None:
    assert read(write(checked(WRONG_LANGUAGE), "json"))["findings"] == [
        {
            "severity": "Violation",
            "shape": "https://w3id.org/itu-align/shapes#Activity-title",
            "component": "http://www.w3.org/ns/shacl#LanguageInConstraintComponent",
            "field": "Title",
            "group": "Content",
            "subject": {"iri": "https://example.org/a1", "label": "Workshop <b>"},
            "path": "http://purl.org/dc/terms/title",
            "value": "Atelier",
            "term": '"Atelier"@fr',
            "expected": "at most one title, in English.",
            "mend": "Keep one title and mark it with en.",
            "nearest": [],
            "message": "Title: at most one title, in English. Keep one title and mark it with en.",
            "place": {
                "file": "data/our activities.csv",
                "line": 3,
                "column": 5,
                "row": 3,
                "name": "title@en",
                "sheet": None,
                "cell": None,
                "excerpt": 'a1,,"Atelier",x',
            },
        }
    ]


def test_finding_on_a_file_has_neither_component_nor_subject_address() -> None:
    (found,) = read(write(checked(FORMULA), "json"))["findings"]
    assert (found["component"], found["subject"]) == (None, {"iri": None, "label": "book.xlsx"})
    assert (found["place"]["sheet"], found["place"]["cell"]) == ("Activities", "B3")


def test_value_is_whole_and_unescaped() -> None:
    value = "x" * 10_000 + "\x1b\u202e\n"
    (found,) = read(write(checked(replace(WRONG_LANGUAGE, value=value)), "json"))["findings"]
    assert found["value"] == value


@pytest.mark.parametrize("key", ["severity", "place", "nearest"])
def test_schema_refuses_a_finding_without_a_key(key: str) -> None:
    found = json.loads(write(RICH, "json"))
    del found["findings"][0][key]
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(found)


def test_schema_refuses_an_unknown_key() -> None:
    found = json.loads(write(RICH, "json"))
    found["findings"][0]["place"]["lines"] = 3
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(found)
