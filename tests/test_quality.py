"""The page of Warnings and Infos: counts, explanations, links, and nothing that changes from build to build."""

from dataclasses import replace

import pytest
from itu_align.graph.finding import Finding, Report
from itu_align.graph.names import SHAPE
from itu_align.graph.quality import data_quality

FINDING = Finding(
    severity="Warning",
    shape=SHAPE + "Question-titleChecked",
    field="Title checked",
    group="Evidence",
    order=1.0,
    subject="https://w3id.org/itu-align/id/question/Q1",
    subject_label="A title",
    path="https://w3id.org/itu-align/ontology#quoteChecked",
    value="false",
    message="Title checked: a checked title. Check it.",
)


def numbered(count: int) -> tuple[Finding, ...]:
    return tuple(replace(FINDING, subject=f"{FINDING.subject}-{n:02}") for n in range(count))


def test_a_rule_is_shown_with_count_explanation_and_links() -> None:
    page = data_quality(Report((FINDING,)))
    assert "| Question, Title checked | Warning | 1 |" in page
    assert "### Question, Title checked: 1\n\nTitle checked: a checked title. Check it.\n\n" in page
    assert "- [A title (Q1)](<https://w3id.org/itu-align/id/question/Q1>)\n" in page


def test_warnings_stand_before_infos() -> None:
    info = replace(FINDING, severity="Info", shape=SHAPE + "Award-recipient")
    page = data_quality(Report((FINDING, info)))
    assert page.index("## Warning") < page.index("### Question") < page.index("## Info") < page.index("### Award")


@pytest.mark.parametrize(("count", "shown", "rest"), [(20, 20, None), (21, 20, "- and 1 more\n")])
def test_at_most_twenty_things_are_listed(count: int, shown: int, rest: str | None) -> None:
    page = data_quality(Report(numbered(count)))
    assert page.count("- [A title") == shown
    assert ("more" in page.split("###")[1]) is (rest is not None)
    assert rest is None or page.endswith(rest)


def test_the_key_is_not_repeated_where_it_is_the_label() -> None:
    assert "- [Q1](<" in data_quality(Report((replace(FINDING, subject_label="Q1"),)))


def test_signs_of_markdown_in_a_label_are_escaped() -> None:
    page = data_quality(Report((replace(FINDING, subject_label="a|b [c]\n*d*"),)))
    assert r"- [a\|b \[c\] \*d\* (Q1)]" in page


def test_a_graph_without_findings_has_an_empty_page() -> None:
    page = data_quality(Report(()))
    assert "##" not in page.replace("# Data quality", "")
    assert page.endswith("| --- | --- | ---: |\n")
