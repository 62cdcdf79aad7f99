"""The Accept header by RFC 9110, section 12.5.1, as a table of headers and the type that each must get."""

import time

import pytest
from itu_align.graph.errors import ResultFormatError
from itu_align.graph.query import CSV, FORMATS, JSON, JSON_LD, N_TRIPLES, RDF_XML, TSV, TURTLE, XML
from itu_align.server.negotiation import HTML, AcceptError, FormatNameError, choose, named, prefers_page

RESULTS = (JSON, XML, CSV, TSV, HTML)
GRAPHS = (TURTLE, N_TRIPLES, RDF_XML, JSON_LD, HTML)
SRJ = "application/sparql-results+json"
SRX = "application/sparql-results+xml"
TSV_TYPE = TSV.media_type
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = FIREFOX.replace("*/*", "image/avif,image/webp,image/apng,*/*") + ",application/signed-exchange;v=b3;q=0.7"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("", SRJ, id="empty"),
        pytest.param(" , ,", SRJ, id="only-commas"),
        pytest.param("*/*", SRJ, id="star"),
        pytest.param("*", SRJ, id="lone-star-of-java"),
        pytest.param("text/html, image/gif, *; q=.2, */*; q=.2", "text/html", id="java-default"),
        pytest.param("application/*", SRJ, id="sub-star"),
        pytest.param("text/*", "text/csv", id="sub-star-of-text"),
        pytest.param(SRX, SRX, id="exact"),
        pytest.param("TEXT/CSV", "text/csv", id="case"),
        pytest.param("  text/csv  ;  q=0.5  ", "text/csv", id="spaces"),
        pytest.param("application/foo, text/csv", "text/csv", id="unknown-passed-over"),
        pytest.param(f"{SRX}, {SRJ}", SRX, id="implicit-priority-order-of-header"),
        pytest.param(f"*/*, {SRX}", SRX, id="implicit-priority-more-precise"),
        pytest.param(f"{SRJ};q=0.5, {SRX};q=0.8, text/csv;q=0.2", SRX, id="explicit-priority"),
        pytest.param(f"{SRJ};q=0.999, {SRX}", SRX, id="three-digits"),
        pytest.param(f"{SRJ};q=0, */*", SRX, id="exclusion"),
        pytest.param(f"*/*, {SRJ};q=0", SRX, id="exclusion-whatever-the-order"),
        pytest.param("application/*;q=0, */*;q=0.1", "text/csv", id="exclusion-of-a-sub-star"),
        pytest.param("text/*;q=0.3, text/tab-separated-values;q=0.7, */*;q=0.5", TSV_TYPE, id="specific"),
        pytest.param("text/csv;q=0.1, text/*", TSV_TYPE, id="specificity-lowers"),
        pytest.param("text/csv;charset=utf-8", "text/csv", id="matching-parameter"),
        pytest.param('text/csv;charset="UTF-8"', "text/csv", id="matching-parameter-quoted"),
        pytest.param(f"text/csv;header=absent, {SRX};q=0.1", SRX, id="non-matching-parameter"),
        pytest.param('text/csv;note="a,b;q=0", text/tab-separated-values', TSV_TYPE, id="comma-in-quotes"),
        pytest.param("text/csv;q=0.5;ext=1", "text/csv", id="extension-after-weight"),
        pytest.param("nonsense, text/csv", "text/csv", id="malformed-member-passed-over"),
        pytest.param("text/csv;q=high, text/tab-separated-values;q=0.1", TSV_TYPE, id="malformed-weight"),
        pytest.param("text/csv;q=2, text/tab-separated-values;q=0.1", TSV_TYPE, id="weight-over-one"),
        pytest.param("*/csv, text/tab-separated-values", TSV_TYPE, id="star-before-subtype"),
        pytest.param("application/json", "application/json", id="broader-type-by-name"),
        pytest.param(f"application/json, {SRJ}", "application/json", id="broader-type-first"),
        pytest.param(FIREFOX, "text/html", id="firefox"),
        pytest.param(CHROME, "text/html", id="chrome"),
    ],
)
def test_accept_for_a_table(accept: str, expected: str) -> None:
    assert choose(accept, RESULTS).media_type == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "text/turtle"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/xml", "application/xml"),
        ("application/json", "application/json"),
        ("application/n-triples;q=0.9, text/turtle;q=0.8", "application/n-triples"),
        ("application/*", "application/n-triples"),
        ("text/*", "text/turtle"),
        (FIREFOX, "text/html"),
    ],
)
def test_accept_for_triples(accept: str, expected: str) -> None:
    assert choose(accept, GRAPHS).media_type == expected


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "*/*;q=0", "text/csv;charset=latin1"])
def test_nothing_acceptable_names_what_is_available(accept: str) -> None:
    with pytest.raises(ResultFormatError, match="None of the media types") as caught:
        choose(accept, (CSV, TSV))
    assert caught.value.hint == "Available: text/csv, text/tab-separated-values."


@pytest.mark.parametrize("accept", ["nonsense", "text", "a/b/c", "text/csv;q=x", "*/csv", "text/csv;="])
def test_a_header_without_any_media_range_is_an_error(accept: str) -> None:
    with pytest.raises(AcceptError, match="cannot be read"):
        choose(accept, RESULTS)


@pytest.mark.parametrize(
    "accept", ["a/b" + ";  " * 2700 + "@", "a/b;c=d " * 1000, '"' * 8000, "a/b;c=" + '"\\' * 4000, "a/b," * 65000]
)
def test_a_hostile_header_is_quick(accept: str) -> None:
    started = time.perf_counter()
    assert not prefers_page(accept, RESULTS)
    assert time.perf_counter() - started < 0.5


def test_a_weight_of_equal_rank_takes_our_order() -> None:
    assert choose("text/*;q=0.4, application/*;q=0.4", RESULTS).media_type == "text/csv"
    assert choose("*/*;q=0.4", (XML, JSON)).media_type == SRX


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_a_format_is_found_by_name_and_by_media_type(each: object) -> None:
    assert each in FORMATS
    for spelling in (each.name, each.media_type):  # type: ignore[attr-defined]
        assert named(spelling, FORMATS).format.media_type == each.media_type  # type: ignore[attr-defined]


def test_a_format_that_does_not_fit_is_told_from_an_unknown_one() -> None:
    with pytest.raises(ResultFormatError, match="cannot be written as csv"):
        named("csv", GRAPHS)
    with pytest.raises(FormatNameError, match="no format 'excel'") as caught:
        named("excel", RESULTS)
    assert caught.value.hint == "Available: json, xml, csv, tsv, html."


@pytest.mark.parametrize(("accept", "page"), [("", False), ("*/*", False), (FIREFOX, True), ("bad", False)])
def test_only_browsers_prefer_a_page(accept: str, page: bool) -> None:  # noqa: FBT001
    assert prefers_page(accept, RESULTS[:-1]) is page
