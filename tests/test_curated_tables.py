"""The tables made here agree with the tables that were read: nothing left out, nothing added."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

FACTS = Path(__file__).resolve().parents[1] / "graph" / "facts"
REPORT = "https://w3id.org/itu-align/id/document/itu-study-groups-wsis-sdg-2021"

READ = (
    "external_crosswalk",
    "itu_documents_and_meetings",
    "itu_questions",
    "itu_sectors",
    "itu_study_groups",
    "labels_multilingual",
    "question_alignments",
    "sdg_goals",
    "sdg_indicators",
    "sdg_targets",
    "wsis_action_lines",
    "wsis_prizes_categories",
    "wsis_prizes_winners",
    "wsis_sdg_matrix",
    "wsis_sdg_matrix_check",
    "wsis_sdg_matrix_goal_pairs",
    "wsis_sessions",
)
"""The tables that were read; all others were made from them."""

MADE = (
    "alignment_authors",
    "alignment_subjects",
    "external_datasets",
    "group_changes",
    "matrix_editions",
    "names_as_written",
    "organizations",
    "question_continuity",
    "question_events",
    "question_wordings",
    "study_periods",
    "wsis_facilitators",
)

NAME_NOTHING_WE_HOLD = {
    # organisers
    "WSIS": "the summit itself, not an organization",
    # custodians
    "National Gov.": "not one organization",
    "Regional Commissions": "several organizations, not named",
    "SIDS": "a group of states",
    "Samoa Pathway": "not an organization",
    "other UN-Oceans agencies": "several organizations, not named",
    "Under discussion among agencies (ILO, UNESCO-UIS, WHO)": "not settled",
    "Under discussion among agencies (OECD, UNEP, UNESCO-UIS, World Bank)": "not settled",
    # related items: documents that our tables cite but do not describe
    "1/OJ/18(Rev.1)": "cited only",
    "1/REP/10 (2014)": "cited only",
    "1/REP/20 (2015)": "cited only",
    "1/REP/30 (2016)": "cited only",
    "1/REP/40": "cited only",
    "1/REP/40 (2017)": "cited only",
    "2/REP/10 (2014)": "cited only",
    "2/REP/21 (2015)": "cited only",
    "2/REP/32 (2016)": "cited only",
    "2/REP/42 (2017)": "cited only",
    "Documents 2/410 and 2/487": "cited only",
    "Recommendation ITU-T L.163 (11/2018)": "cited only",
    "Resolution 2 annex (Questions for 2018-2021)": "cited only",
    "SG2RGQ/18-E (6 August 2018)": "cited only",
    "TDAG-19/12(Rev.1)-E": "cited only",
    "TDAG-20/23": "cited only",
    "TDAG-20/59-E (15 June 2020)": "cited only",
    "TSAG TD 051": "cited only",
    "TSAG-TD254 (same liaison statement under its TSAG number)": "another number of the same document",
    "WTSA-16 Document 20 (Part II: Questions proposed for study during the study period 2017-2020)": "cited only",
    # related items: Questions of a period for which our tables have no row
    "Question 3/1 (2022-2025)": "no row",
    "merger of Q18/15 and Q19/15": "no rows for 2017-2020",
    # related items: remarks
    "Special Track": "a remark",
    "final week 2021-05-17 to 2021-05-21": "a remark; no event of its own",
    "held online": "a remark",
}


def read(table: str) -> list[dict[str, str]]:
    with (FACTS / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def items(cell: str, separator: str = "; ") -> list[str]:
    return [item.strip() for item in cell.split(separator.strip()) if item.strip()]


def column(table: str, name: str) -> set[str]:
    return {item for row in read(table) for item in items(row[name])}


def read_text() -> str:
    return "\n".join(cell for table in READ for row in read(table) for cell in row.values())


def bodies() -> set[str]:
    return column("organizations", "id") | column("itu_study_groups", "group_id") | column("itu_sectors", "code")


def documents(*, of_kind_document: bool) -> set[str]:
    rows = read("itu_documents_and_meetings")
    return {row["id"] for row in rows if (row["kind"] == "document") is of_kind_document}


HELD = {
    "action-line": lambda: column("wsis_action_lines", "code"),
    "body": lambda: bodies() | {"CWG-WSIS&SDG"},
    "document": lambda: documents(of_kind_document=True) | column("alignment_subjects", "id"),
    "event": lambda: documents(of_kind_document=False),
    "question": lambda: column("itu_questions", "id"),
}


# Study periods


def test_study_periods_are_those_of_groups_and_questions() -> None:
    rows = [*read("itu_study_groups"), *read("itu_questions")]
    found = {(r["sector"], r["study_period"]) for r in rows if re.fullmatch(r"\d{4}-\d{4}", r["study_period"])}
    assert {(r["sector"], r["period_as_written"]) for r in read("study_periods")} == found
    others = {r["study_period"] for r in rows} - {period for _, period in found}
    assert [text for text in others if text != "not stated" and not text.startswith("dated ")] == []


def test_a_second_way_of_writing_a_period_stands_in_a_note() -> None:
    for row in read("study_periods"):
        if row["also_written"]:
            notes = [r["note"] for r in read("itu_questions") if row["also_written_source_url"] in r["note"]]
            assert any(row["also_written"] in note for note in notes)


# Names


def texts_that_may_name_something() -> Iterator[str]:
    for row in read("itu_documents_and_meetings"):
        yield from items(row["organiser"]) + items(row["related"])
    for row in read("wsis_sessions"):
        yield from items(row["organisers"])
    for row in read("sdg_indicators"):
        yield from items(row["custodian_2019"])
    for row in read("question_alignments"):
        yield row["subject"]


def test_every_text_is_a_known_name_or_listed_as_naming_nothing() -> None:
    known = {row["written"] for row in read("names_as_written")}
    texts = set(texts_that_may_name_something())
    assert texts - known - set(NAME_NOTHING_WE_HOLD) == set()
    assert known & set(NAME_NOTHING_WE_HOLD) == set()
    assert (known | set(NAME_NOTHING_WE_HOLD)) - texts == set()


def test_every_name_is_the_name_of_something_held() -> None:
    for row in read("names_as_written"):
        held = HELD.get(row["kind"], lambda kind=row["kind"]: subjects_of_kind(kind))()
        assert row["key"] in held, row


def subjects_of_kind(kind: str) -> set[str]:
    return {row["id"] for row in read("alignment_subjects") if row["kind"] == kind}


def test_no_subject_of_an_alignment_has_two_meanings() -> None:
    subjects = column("question_alignments", "subject")
    names = [row["written"] for row in read("names_as_written") if row["written"] in subjects]
    assert len(names) == len(set(names)) == len(subjects)


def test_alignment_subjects_are_written_as_in_the_alignments() -> None:
    types = {(row["subject"], row["subject_type"]) for row in read("question_alignments")}
    assert {(row["name"], row["subject_type"]) for row in read("alignment_subjects")} <= types


# Organizations


def test_a_full_name_is_given_only_where_a_table_spells_it_out() -> None:
    text = read_text()
    assert [r["id"] for r in read("organizations") if not r["quote"] and r["name"] not in text] == []


def test_an_abbreviation_that_stands_for_a_name_is_read_somewhere() -> None:
    text = read_text()
    for row in read("organizations"):
        if row["notation"]:
            assert re.search(rf"\b{re.escape(row['notation'])}\b", row["quote"] or text), row


def test_every_body_that_a_table_refers_to_exists() -> None:
    used = column("organizations", "part_of") | column("alignment_authors", "author_key")
    for table, name in (
        ("report_events", "organisers"),
        ("report_activities", "participants"),
        ("report_document_statements", "made_by"),
        ("report_document_statements", "addressee"),
    ):
        used |= column(table, name)
    assert used - bodies() == set()


def test_no_key_of_an_organization_is_taken() -> None:
    others = column("itu_study_groups", "group_id") | column("itu_sectors", "code")
    assert column("organizations", "id") & others == set()


def test_agencies_of_the_crosswalk_and_facilitators_are_organizations() -> None:
    codes = {row["our_code"] for row in read("external_crosswalk") if not row["our_code"].startswith("SDG")}
    facilitators = column("wsis_action_lines", "lead_facilitators") | column("wsis_action_lines", "co_facilitators")
    assert (codes | facilitators) - column("organizations", "id") == set()


# Facilitators and groups


def test_facilitators_are_those_of_the_action_lines() -> None:
    for role in ("lead", "co"):
        cell = f"{role}_facilitators"
        rows = [r for r in read("wsis_facilitators") if r["read_in"] == cell]
        assert {r["role"] for r in rows} == {role}
        stated = {(r["code"], name) for r in read("wsis_action_lines") for name in items(r[cell])}
        assert {(r["action_line"], r["organization"]) for r in rows} == stated


def test_a_facilitator_has_a_source_of_its_own_line_and_a_time_that_is_stated() -> None:
    lines = {row["code"]: row for row in read("wsis_action_lines")}
    notes = " ".join(row["facilitator_note"] for row in lines.values())
    for row in read("wsis_facilitators"):
        line = lines[row["action_line"]]
        assert row["source_url"] in line["facilitator_source_url"] + line["facilitator_note"]
        assert row["stated_for"] in notes
        assert all(part in line["facilitator_note"] for part in items(row["note"])), row


def test_changes_of_groups_rest_on_notes() -> None:
    notes = [row["note"] for row in read("itu_study_groups")]
    for row in read("group_changes"):
        assert all(any(basis in note for note in notes) for basis in items(row["basis"], "||"))
    merged = {row["id"] for row in read("itu_study_groups") if row["status"] == "merged"}
    assert merged == column("group_changes", "original_charters")


# Continuity


def predecessors_in(cell: str) -> list[str]:
    if cell.startswith("ITU-"):
        return items(cell)
    return [f"Question {number}" for number in re.findall(r"\d[\d-]*/\d+", cell)]


def test_every_predecessor_is_a_row_and_no_row_is_invented() -> None:
    rows = read("question_continuity")
    for question in read("itu_questions"):
        stated = [r for r in rows if r["question"] == question["id"] and r["read_in"] == "continuation_of"]
        assert [r["predecessor_as_written"] for r in stated] == predecessors_in(question["continuation_of"])
        assert [r["n"] for r in stated] == [str(n) for n in range(1, len(stated) + 1)]
    notes = {row["id"]: row["note"] for row in read("itu_questions")}
    for row in rows:
        if row["read_in"] == "note":
            assert row["predecessor_as_written"] in notes[row["question"]]


@pytest.mark.parametrize(
    ("question", "extents"),
    [
        ("ITU-T-Q19/12-2017", "whole whole"),
        ("ITU-T-Q6/2-2013", "part whole part"),
        ("ITU-T-Q12/17-2013", "part part"),
        ("ITU-T-Q13/16-2017", "whole whole part"),
        ("ITU-T-Q1/20-2013", "part part part part part part"),
        ("ITU-T-Q1/20-2017", "whole part part part"),
        ("ITU-T-Q9/2-2009", "part whole"),
        ("ITU-T-Q4/20-2017", "part part"),
    ],
)
def test_whole_and_part_are_as_the_cell_says(question: str, extents: str) -> None:
    found = [row["extent"] for row in read("question_continuity") if row["question"] == question]
    assert found == extents.split()


def test_a_cell_without_the_word_part_speaks_of_whole_questions() -> None:
    cells = {row["id"]: row["continuation_of"] for row in read("itu_questions")}
    for row in read("question_continuity"):
        if row["read_in"] == "continuation_of":
            assert row["extent"] == "whole" or "part" in cells[row["question"]]
    parted = {question for question, cell in cells.items() if "part" in cell}
    assert parted == {row["question"] for row in read("question_continuity") if row["extent"] == "part"}


def test_resolutions_keep_their_promises() -> None:
    questions = {row["id"]: row for row in read("itu_questions")}
    for row in read("question_continuity"):
        assert bool(row["predecessor"]) == (row["resolution"] != "unresolved"), row
        if not row["predecessor"]:
            continue
        own, other = questions[row["question"]], questions[row["predecessor"]]
        assert own is not other
        assert own["sector"] == other["sector"]
        if row["resolution"] == "stated":
            assert row["predecessor"] == row["predecessor_as_written"]
            continue
        assert other["number_as_written"] == row["predecessor_as_written"]
        expected = period_before(own) if row["resolution"] == "preceding-period" else own["study_period"]
        assert other["study_period"] == expected, row


def period_before(question: dict[str, str]) -> str:
    sector = question["sector"]
    periods = sorted(r["period_as_written"] for r in read("study_periods") if r["sector"] == sector)
    return periods[periods.index(question["study_period"]) - 1]


def test_an_earlier_wording_is_never_taken_for_the_last_one_of_a_period_before() -> None:
    rows = [row for row in read("question_continuity") if row["resolution"] == "preceding-period"]
    assert [row for row in rows if row["predecessor"].endswith("-orig")] == []


# Events and wordings


def test_events_rest_on_the_words_of_notes() -> None:
    questions = {row["id"]: row for row in read("itu_questions")}
    notes = [row["note"] for row in questions.values()]
    for row in read("question_events"):
        assert row["question"] in questions
        assert any(row["basis"] in note for note in notes), row
        if re.fullmatch(r"\d{4}-\d\d-\d\d", row["date"]):
            assert row["date"] in row["basis"]


@pytest.mark.parametrize(
    "word", ["discontinued", "merged", "moved to", "deletion requested", "established", "New Question"]
)
def test_every_note_of_an_event_has_its_row(word: str) -> None:
    bases = " ".join(row["basis"] for row in read("question_events"))
    continued = " ".join(row["basis"] for row in read("question_continuity"))
    for row in read("itu_questions"):
        if word in row["note"]:
            parts = [part for part in re.split("; ", row["note"]) if word in part]
            assert all(part in bases or part in continued for part in parts), row["id"]


def test_wordings_are_the_pairs_of_the_questions_table() -> None:
    earlier = {row["id"] for row in read("itu_questions") if row["id"].endswith("-orig")}
    pairs = {row["earlier"]: row["later"] for row in read("question_wordings")}
    assert pairs == {question: question.removesuffix("-orig") for question in earlier}


# Alignments, matrix and outside data


def test_authors_of_alignments_rest_on_words_of_their_table() -> None:
    addresses = column("question_alignments", "source_url")
    for row in read("alignment_authors"):
        assert row["source_url"] in addresses
        assert any(row["basis"] in cell for r in read(row["basis_table"]) for cell in r.values()), row


def test_an_author_whom_the_words_do_not_name_is_inferred() -> None:
    for row in read("alignment_authors"):
        body, _, holder = row["author_key"].partition("-")
        named = body in row["basis"] and (not holder or holder in row["basis"])
        assert row["resolution"] == ("stated" if named or body == "BRS" else "inferred"), row


def test_the_date_of_the_report_rests_on_the_note_of_a_session() -> None:
    rows = [row for row in read("report_documents") if row["issued"]]
    notes = {row["source_url"]: row["note"] for row in read("wsis_sessions")}
    assert [row["issued_basis"] in notes[row["issued_source_url"]] for row in rows] == [True]
    assert [row["issued"] in row["issued_basis"] for row in rows] == [True]


def test_matrix_editions_are_those_that_were_read() -> None:
    editions = {row["id"]: row for row in read("matrix_editions")}
    later = editions["wsis-sdg-matrix-2017-06-08"]
    assert {later["issued"]} == column("wsis_sdg_matrix", "source_date")
    assert set(items(later["source_url"], "||")) == column("wsis_sdg_matrix", "source_url")
    assert all(row["source_title"].startswith(later["title"]) for row in read("wsis_sdg_matrix"))
    earlier = editions["wsis-sdg-matrix-2017-03-04"]
    assert {earlier["source_url"]} == column("wsis_sdg_matrix_check", "source_url")


def test_external_datasets_are_those_of_the_crosswalk() -> None:
    spaces = {row["title"]: row["uri_space"].rstrip("/") for row in read("external_datasets")}
    assert set(spaces) == {row["external_dataset"] for row in read("external_crosswalk")}
    for row in read("external_crosswalk"):
        assert row["external_iri"].startswith(spaces[row["external_dataset"]])


# Sources


@pytest.mark.parametrize("table", MADE)
def test_every_source_is_an_address_that_a_table_gives(table: str) -> None:
    text = read_text()
    for row in read(table):
        for address in items(row["source_url"], "||"):
            assert address in text or (address == REPORT and row["quote"]), row
