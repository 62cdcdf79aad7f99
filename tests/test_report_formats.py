"""All formats of one report hold the same findings."""

import json
import re
from html import unescape

import pytest
import rdflib
from itu_align.graph.report.formats import write
from itu_align.server.report_page import FORMATS
from rdflib import SH
from reports import IN_ORDER, RICH

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's JSON-LD

RULES = [finding.shape.rpartition("#")[2] for finding in IN_ORDER]
LINES = [(finding.place.line, finding.place.column) for finding in IN_ORDER if finding.place]


def test_formats_are_those_of_the_command_line_with_their_media_types() -> None:
    assert {name: format_.media_type for name, format_ in FORMATS.items()} == {
        "text": "text/plain",
        "json": "application/json",
        "sarif": "application/sarif+json",
        "turtle": "text/turtle",
        "jsonld": "application/ld+json",
        "nt": "application/n-triples",
        "html": "text/html",
    }


def test_text_holds_all_findings_in_order() -> None:
    text = write(RICH, "text")
    assert re.findall(r"  \[([\w-]+)\](?!:)", text) == RULES
    assert [(int(line), int(column)) for line, column in re.findall(r":(\d+):(\d+): ", text)] == LINES


def test_json_holds_all_findings_in_order() -> None:
    findings = json.loads(write(RICH, "json"))["findings"]
    assert [one["shape"].rpartition("#")[2] for one in findings] == RULES
    assert [(one["place"]["line"], one["place"]["column"]) for one in findings if one["place"]] == LINES


def test_sarif_holds_all_findings_in_order() -> None:
    results = json.loads(write(RICH, "sarif"))["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == RULES
    regions = [one["locations"][0]["physicalLocation"].get("region") for one in results]
    assert [(region["startLine"], region["startColumn"]) for region in regions if region] == LINES[:3]


def test_html_holds_all_findings_in_order() -> None:
    text = unescape(FORMATS["html"].write(RICH))
    assert re.findall(r"<dt>Shape</dt><dd><a [^>]*><bdi>([\w-]+)</bdi>", text) == RULES


@pytest.mark.parametrize(("name", "syntax"), [("turtle", "turtle"), ("jsonld", "json-ld"), ("nt", "nt")])
def test_rdf_holds_all_findings(name: str, syntax: str) -> None:
    graph = rdflib.Graph().parse(data=write(RICH, name), format=syntax)
    assert sorted(map(str, graph.objects(None, SH.resultMessage))) == sorted(one.message for one in IN_ORDER)


@pytest.mark.parametrize("name", ["text", "turtle", "jsonld", "nt", "html"])
def test_each_format_says_how_many_are_not_listed(name: str) -> None:
    assert "1,000 more of this kind not listed" in FORMATS[name].write(RICH)


@pytest.mark.parametrize("name", ["json", "sarif"])
def test_each_format_for_programs_has_the_true_number(name: str) -> None:
    assert re.search(r'"total": 1001\b', write(RICH, name))


@pytest.mark.parametrize("name", FORMATS)
def test_report_is_the_same_each_time(name: str) -> None:
    assert FORMATS[name].write(RICH) == FORMATS[name].write(RICH)
