"""The Council working group report: each quote stands in it, and each of its sentences is in a table."""

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FACTS = ROOT / "graph" / "facts"
SHARED = Path(os.environ.get("ITU_ALIGN_SHARED", ROOT.parent / "shared"))
REPORT = SHARED / "sources" / "itu-study-groups-wsis-sdg-2021.txt"

TABLES = (
    "organizations",
    "report_activities",
    "report_document_statements",
    "report_documents",
    "report_events",
    "report_programmes",
)

HEADINGS = {
    "Summary": "heading of the abstract of the report itself (report_documents)",
    "Action required": "heading; what it announces is the statement report-invites-members",
    "References": "heading; each entry is a row of report_documents",
    "ITU-D": "heading; the column sector of report_activities",
    "ITU-T": "heading; the column sector of report_activities",
    "ITU-R": "heading; the column sector of report_activities",
    "1) Exploring synergies with the WSIS Process:": "heading of wsis-secretariat-briefings and what follows",
    "2) Engagements of Study Groups at the WSIS Forum 2020:": "heading of the sessions and panellists",
    "3) Outcomes of the WSIS Forum 2020:": "heading of what was presented and appreciated",
}
"""Lines that state no fact of their own, each with the reason why no quote holds it."""


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def quotes() -> Iterator[tuple[str, str]]:
    for table in TABLES:
        with (FACTS / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for quote in filter(None, row["quote"].split("||")):
                    yield f"{table} {row['id']}", squeeze(quote)


def sentences(report: str) -> Iterator[str]:
    """A line is a heading, an item of a list or a paragraph; a paragraph is cut after each full stop."""
    for line in report.splitlines():
        text = squeeze(line).strip("·• ")
        if text:
            yield from re.split(r"(?<=\.) (?=[A-Z])|(?<=\):)(?=[A-Z])", text)


def covered(text: str) -> list[bool]:
    """For each character of the text whether some quote holds it."""
    marks = [False] * len(text)
    for _, quote in quotes():
        for match in re.finditer(re.escape(quote), text):
            marks[match.start() : match.end()] = [True] * len(quote)
    return marks


@pytest.fixture(scope="module")
def report() -> str:
    if not REPORT.is_file():
        pytest.skip(f"the report is not here: {REPORT} (set ITU_ALIGN_SHARED to the folder that holds sources/)")
    return REPORT.read_text("utf-8")


def test_every_quote_stands_in_the_report(report: str) -> None:
    text = squeeze(report)
    assert [(row, quote) for row, quote in quotes() if quote not in text] == []


def test_every_sentence_of_the_report_is_quoted(report: str) -> None:
    text, position, missing = squeeze(report), 0, []
    marks = covered(text)
    for sentence in sentences(report):
        start = text.index(sentence, position)
        position = start + len(sentence)
        words = [m.start() for m in re.finditer(r"\w+", sentence)]
        if sum(marks[start + word] for word in words) < 0.9 * len(words) and sentence not in HEADINGS:
            missing.append(sentence)
    assert missing == []


def test_every_exempted_heading_stands_in_the_report(report: str) -> None:
    assert set(HEADINGS) - set(sentences(report)) == set()


def test_every_document_number_time_and_address_is_quoted(report: str) -> None:
    text = squeeze(report)
    marks = covered(text)
    facts = r"https?://\S+|\b[\w&]+(?:/\w+)*/\d+(?:-E)?\b|\b\d\d:\d\d\b|\b\d{1,2} (?:July|December|October) 2020"
    assert [m.group() for m in re.finditer(facts, text) if not marks[m.start()]] == []


def test_every_row_that_rests_on_the_report_quotes_it() -> None:
    for table in TABLES[1:]:
        with (FACTS / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            assert [row["id"] for row in csv.DictReader(file) if not row["quote"]] == []
