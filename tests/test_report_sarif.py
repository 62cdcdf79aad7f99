"""The report as SARIF: valid by the schema of OASIS, and what the schema cannot say.

`data/sarif-schema-2.1.0.json` is the schema of the OASIS SARIF TC, draft 7, as SchemaStore keeps it, line ends apart.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from itu_align.graph.finding import Report, SourcePlace
from itu_align.graph.report.formats import Checked, CheckedFile, write
from itu_align.graph.report.sarif import MAX_RESULTS
from jsonschema import Draft7Validator
from reports import FORMULA, MISSING, NOWHERE, RICH, TABLE, TURTLE, UNKNOWN, WRONG_LANGUAGE, checked

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text("utf-8"))
VALIDATOR = Draft7Validator(SCHEMA, format_checker=Draft7Validator.FORMAT_CHECKER)


def run(about: Checked) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(write(about, "sarif"))
    VALIDATOR.validate(log)
    (found,) = log["runs"]
    return found  # type: ignore[no-any-return]


def only_result(about: Checked) -> dict[str, Any]:
    (found,) = run(about)["results"]
    return found  # type: ignore[no-any-return]


def place_of(result: dict[str, Any]) -> dict[str, Any]:
    (location,) = result["locations"]
    return location["physicalLocation"]  # type: ignore[no-any-return]


def test_every_kind_of_finding_fits_the_schema_of_oasis() -> None:
    found = run(RICH)
    assert found["columnKind"] == "unicodeCodePoints"
    assert found["invocations"][0]["executionSuccessful"] is True
    assert found["properties"]["truncated"] == {WRONG_LANGUAGE.shape: {"listed": 1, "total": 1001}}
    assert found["properties"]["omitted"] == 0


def test_schema_refuses_what_is_no_sarif() -> None:
    log = json.loads(write(RICH, "sarif"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not VALIDATOR.is_valid(log)


def test_report_without_findings_is_a_run_with_no_results() -> None:
    found = run(checked())
    assert (found["results"], found["tool"]["driver"]["rules"]) == ([], [])


def test_results_point_at_the_rule_that_they_name() -> None:
    found = run(RICH)
    rules = found["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in found["results"]] == [
        result["ruleId"] for result in found["results"]
    ]
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_results_point_at_the_artifact_that_they_name() -> None:
    found = run(RICH)
    uris = [artifact["location"]["uri"] for artifact in found["artifacts"]]
    assert uris == ["data/our%20activities.csv", "b.ttl", "book.xlsx", "clean.nt"]
    named = [place["physicalLocation"]["artifactLocation"] for one in found["results"] for place in one["locations"]]
    assert [uris[artifact["index"]] for artifact in named] == [artifact["uri"] for artifact in named]


def test_rule_tells_the_shape() -> None:
    (rule,) = run(checked(UNKNOWN))["tool"]["driver"]["rules"]
    assert rule == {
        "id": "Alignment-object",
        "name": "Object",
        "shortDescription": {"text": "Object"},
        "fullDescription": {"text": "Object: a target that exists. Write its address."},
        "help": {"text": "Write its address."},
        "helpUri": "https://w3id.org/itu-align/shapes#Alignment-object",
        "defaultConfiguration": {"level": "warning"},
    }


@pytest.mark.parametrize(("severity", "level"), [("Violation", "error"), ("Warning", "warning"), ("Info", "note")])
def test_level_follows_severity(severity: str, level: str) -> None:
    assert only_result(checked(replace(MISSING, severity=severity)))["level"] == level


def test_region_is_the_value_in_its_line() -> None:
    assert place_of(only_result(checked(WRONG_LANGUAGE))) == {
        "artifactLocation": {"uri": "data/our%20activities.csv", "index": 0},
        "region": {"startLine": 3, "startColumn": 5, "endColumn": 14, "snippet": {"text": '"Atelier"'}},
        "contextRegion": {"startLine": 3, "snippet": {"text": 'a1,,"Atelier",x'}},
    }


def test_columns_count_code_points_also_beyond_the_basic_plane() -> None:
    place = SourcePlace(TABLE.name, 1, 3, "👍,Atelier")
    region = place_of(only_result(checked(replace(WRONG_LANGUAGE, place=place))))["region"]
    assert (region["startColumn"], region["endColumn"]) == (3, 10)


def test_place_behind_the_end_of_a_line_is_empty() -> None:
    place = SourcePlace(TABLE.name, 1, 4, "a1,")
    region = place_of(only_result(checked(replace(MISSING, place=place))))["region"]
    assert region == {"startLine": 1, "startColumn": 4, "endColumn": 4, "snippet": {"text": ""}}


def test_place_without_its_line_is_line_and_column() -> None:
    place = place_of(only_result(checked(replace(MISSING, place=SourcePlace(TABLE.name, 9, 4)))))
    assert place["region"] == {"startLine": 9, "startColumn": 4}


def test_cell_of_a_workbook_is_a_logical_location_without_a_region() -> None:
    (location,) = only_result(checked(FORMULA))["locations"]
    assert location["logicalLocations"] == [
        {"name": "B3", "fullyQualifiedName": "Activities!B3", "kind": "cell"},
    ]
    assert "region" not in location["physicalLocation"]


def test_finding_without_a_place_names_the_files() -> None:
    locations = only_result(checked(NOWHERE, files=(TURTLE, TABLE)))["locations"]
    assert [location["physicalLocation"] for location in locations] == [
        {"artifactLocation": {"uri": "b.ttl", "index": 0}},
        {"artifactLocation": {"uri": "data/our%20activities.csv", "index": 1}},
    ]


URIS = {
    "a b.csv": "a%20b.csv",
    "a#b?c%d.csv": "a%23b%3Fc%25d.csv",
    "http:x.csv": "http%3Ax.csv",
    "été.csv": "%C3%A9t%C3%A9.csv",
    "a\\b.csv": "a%5Cb.csv",
    "/home/me/a b.csv": "file:///home/me/a%20b.csv",
    "//host/a.csv": "file:///host/a.csv",
}


@pytest.mark.parametrize(("name", "uri"), URIS.items())
def test_file_name_becomes_a_uri_reference(name: str, uri: str) -> None:
    (artifact,) = run(checked(files=(CheckedFile(name, "CSV", "a" * 64, 1, 1),)))["artifacts"]
    assert artifact["location"]["uri"] == uri


def test_message_says_what_was_found_and_what_is_like_it() -> None:
    assert only_result(checked(UNKNOWN))["message"]["text"] == (
        "Link {{0}}: Object: a target that exists. Write its address.\n"
        "Found: <http://metadata.un.org/sdg/9.z>\n"
        "Nearest known: http://metadata.un.org/sdg/9.a, http://metadata.un.org/sdg/9.c"
    )


def test_value_is_no_placeholder_and_no_link() -> None:
    hostile = replace(WRONG_LANGUAGE, value="{0} [here](https://evil.example)", term=None)
    text = only_result(checked(hostile))["message"]["text"]
    assert text.endswith(r"Found: {{0}} [here\](https://evil.example)")


def test_fingerprint_stays_where_lines_move_and_changes_with_the_value() -> None:
    place = WRONG_LANGUAGE.place
    assert place is not None
    moved = replace(WRONG_LANGUAGE, place=replace(place, line=30))
    other = replace(WRONG_LANGUAGE, value="Autre")
    first, second, third = run(checked(WRONG_LANGUAGE, moved, other))["results"]
    assert first["partialFingerprints"] == third["partialFingerprints"] != second["partialFingerprints"]


def test_fingerprint_does_not_hold_the_name_of_a_blank_node() -> None:
    named = only_result(checked(MISSING))["partialFingerprints"]
    assert only_result(checked(replace(MISSING, focus="_:x", subject="_:x")))["partialFingerprints"] == named


def test_more_results_than_a_code_host_takes_are_left_out_and_counted() -> None:
    findings = (*([MISSING] * (MAX_RESULTS - 1)), WRONG_LANGUAGE, *([NOWHERE] * 3))
    log = json.loads(write(replace(RICH, report=Report(findings)), "sarif"))["runs"][0]
    assert len(log["results"]) == MAX_RESULTS
    assert {result["level"] for result in log["results"]} == {"error"}
    assert log["properties"]["omitted"] == 3
    assert log["properties"]["counts"] == {"Violation": MAX_RESULTS, "Warning": 0, "Info": 3}


def test_long_texts_are_within_the_limits_of_a_code_host() -> None:
    long = replace(WRONG_LANGUAGE, field="f" * 2_000, message="m" * 2_000, value="v" * 10_000, term=None)
    found = run(checked(long))
    (rule,) = found["tool"]["driver"]["rules"]
    assert len(rule["name"]) == 255
    assert len(rule["shortDescription"]["text"]) == len(rule["fullDescription"]["text"]) == 1_024
    assert len(found["results"][0]["message"]["text"]) < 3_000
