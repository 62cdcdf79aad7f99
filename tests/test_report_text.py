"""The report for a terminal: what it says, where the caret stands, and that no value drives the terminal."""

from dataclasses import replace

import pytest
from itu_align.graph.finding import SourcePlace
from itu_align.graph.report.excerpt import excerpt, visible, width
from itu_align.graph.report.formats import write
from reports import MISSING, RICH, TURTLE, WRONG_LANGUAGE, checked

WHOLE = """\
Does not conform. 1,003 violations, 1 warning, 1 info. 4 files checked.

data/our activities.csv:2:1: Warning  Object  [Alignment-object]  (row 2, column "object")
  Link {0}  <https://example.org/a0>
  2 | a0,sdg:9.z,,
    | ^
  Found: <http://metadata.un.org/sdg/9.z>
  Expected: a target that exists.
  How to mend: Write its address.
  Nearest known: http://metadata.un.org/sdg/9.a, http://metadata.un.org/sdg/9.c

data/our activities.csv:3:5: Violation  Title  [Activity-title]  (row 3, column "title@en")
  Workshop <b>  <https://example.org/a1>
  3 | a1,,"Atelier",x
    |     ^~~~~~~~~
  Found: "Atelier"@fr
  Expected: at most one title, in English.
  How to mend: Keep one title and mark it with en.

b.ttl:1:4: Violation  Series  [Event-series]
  an event
  1 | [] a <urn:Event> .
    |    ^
  Found: nothing
  Expected: one series.
  How to mend: Name it.

book.xlsx:3:2: Violation  Title  [intake-formula]  (sheet "Activities", cell B3)
  Found: =A1
  Expected: a value, not a formula.
  How to mend: Write the value.

clean.nt: Nothing to mend.

Without a place in the files

Info  Official address known  [Record-officialKnown]
  A2  <https://example.org/a2>
  Found: <javascript:alert(1)>
  Expected: an official address.
  How to mend: Find the page at its publisher.

Title  [Activity-title]: 1,000 more of this kind not listed

Notes on the check
  One shape was checked by the slower engine.
"""


def test_report_of_every_kind_of_finding_reads_as_written_by_hand() -> None:
    assert write(RICH, "text") == WHOLE


def test_report_without_findings_is_the_verdict_and_one_line_a_file() -> None:
    assert write(checked(files=(TURTLE,)), "text") == (
        "Conforms. Nothing to mend. 1 file checked.\n\nb.ttl: Nothing to mend.\n"
    )


def test_report_in_french_has_french_words_and_numbers() -> None:
    text = write(replace(RICH, language="fr"), "text")
    verdict, _, _ = text.partition("\n")
    assert verdict == "Non conforme. 1\u202f003 violations, 1 avertissement, 1 information. 4 fichiers vérifiés."
    assert '  Trouvé : "Atelier"@fr\n' in text


CARETS = {
    "first column": ("abc", 1, None, "^"),
    "the value": ("a,bcd,e", 3, "bcd", "  ^~~"),
    "the value in quotes": ('a,"bcd"', 3, "bcd", "  ^~~~~"),
    "the value as an IRI": ("<urn:a> a", 1, "urn:a", "^~~~~~~"),
    "wide characters take two columns": ("東京,x", 4, "x", "     ^"),
    "a wide value": ("x,東京", 3, "東京", "  ^~~~"),
    "a combining mark takes none": ("e\N{COMBINING ACUTE ACCENT},x", 4, "x", "  ^"),
    "a Thai vowel takes none": ("ก\N{THAI CHARACTER SARA I}ก", 3, None, " ^"),
    "the letter with its mark": ("xe\N{COMBINING ACUTE ACCENT}y", 2, None, " ^"),
    "a tab stays a tab": ("a\tb", 3, None, " \t^"),
    "an escaped character takes its escape": ("a\x1bb", 3, None, "     ^"),
    "behind the end of the line": ("ab", 3, None, "  ^"),
}


@pytest.mark.parametrize(("line", "column", "value", "caret"), CARETS.values(), ids=CARETS)
def test_caret_stands_under_its_column(line: str, column: int, value: str | None, caret: str) -> None:
    found = excerpt(SourcePlace("f", 1, column, line), value)
    assert found is not None
    assert found.caret == caret


def test_column_that_the_line_does_not_have_gets_no_caret() -> None:
    place = SourcePlace("f", 1, 9, "abc")
    text = write(checked(replace(MISSING, place=replace(place, file=TURTLE.name))), "text")
    assert "  1 | abc\n  Found" in text


def test_long_line_is_cut_around_its_place_and_the_caret_moves_along() -> None:
    found = excerpt(SourcePlace("f", 1, 1001, "x" * 1000 + "!" + "y" * 1000), None)
    assert found is not None
    assert found.text == "…" + "x" * 60 + "!" + "y" * 39 + "…"
    assert found.caret == " " * 61 + "^"


def test_long_value_is_cut() -> None:
    text = write(checked(replace(WRONG_LANGUAGE, value="x" * 10_000, term='"' + "x" * 10_000 + '"')), "text")
    assert f'"{"x" * 300}…"' in text
    assert len(text) < 2_000


DANGEROUS = [*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u202e", "\u2066", "\u2028", "\u200b", "\ufeff"]


@pytest.mark.parametrize("field", ["value", "subject_label", "message", "subject", "field"])
def test_nothing_that_a_file_says_drives_the_terminal(field: str) -> None:
    hostile = "".join(DANGEROUS)
    place = SourcePlace(TURTLE.name, 1, 1, hostile, row=1, name=hostile)
    text = write(checked(replace(WRONG_LANGUAGE, place=place, nearest=(hostile,), **{field: hostile})), "text")
    assert {character for character in text if character in DANGEROUS} == {"\n", "\t"}
    assert "\\x1b" in text
    assert "\\u202e" in text


def test_tab_is_kept_in_an_excerpt_only() -> None:
    text = write(checked(replace(WRONG_LANGUAGE, value="a\tb", subject_label="c\td")), "text")
    assert "\t" not in text


def test_what_scripts_need_is_not_escaped() -> None:
    persian = "می\N{ZERO WIDTH NON-JOINER}خواهم"
    assert visible(persian) == persian


def test_width_counts_columns_of_a_terminal() -> None:
    assert [width(text) for text in ("abc", "日本", "한", "\u1112\u1161\u11ab", "ｱ", "ê", "e\u0302", "👍")] == [
        3,
        4,
        2,
        2,
        1,
        1,
        1,
        2,
    ]
