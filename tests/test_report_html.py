"""The report as a page: escaped, marked, linked only where it may be, and in order for a screen reader."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask, render_template
from itu_align.graph.finding import SourcePlace
from itu_align.graph.report.formats import Checked
from itu_align.server import report_page
from itu_align.server.report_page import FORMATS, page, page_parts
from reports import BOOK, FORMULA, MISSING, NOWHERE, RICH, TABLE, UNKNOWN, WRONG_LANGUAGE, checked

VOID = {"meta", "link", "br"}


@dataclass
class Element:
    """An element with its text, that of its descendants included."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, tag: str) -> Iterator["Element"]:
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.all(tag)


class Reader(HTMLParser):
    """A tree of the elements; fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open = [Element("", {})]
        self.seen: list[Element] = []
        self.feed(text)
        self.close()
        assert len(self.open) == 1

    @property
    def root(self) -> Element:
        return self.open[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.seen.append(element)
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def partial(about: Checked) -> Reader:
    """The partial as a page of the server includes it."""
    app = Flask("report", root_path=str(Path(report_page.__file__).parent))
    with app.app_context():
        return Reader(render_template("report/report.html", **page_parts(about, about.language)))


def finding(about: Checked) -> Element:
    (list_,) = (one for one in partial(about).root.all("ol"))
    return list_.children[0]


def test_partial_needs_no_style_and_no_script() -> None:
    for element in partial(RICH).seen:
        assert element.tag not in {"script", "style", "iframe", "object", "img", "link"}
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]


def test_headings_do_not_skip_a_level() -> None:
    levels = [int(one.tag[1]) for one in partial(RICH).seen if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 2
    assert all(below <= above + 1 for above, below in pairwise(levels))


def test_ids_are_unique_and_all_links_within_lead_to_one() -> None:
    found = partial(replace(RICH, report=replace(RICH.report, findings=(WRONG_LANGUAGE, *RICH.report.findings))))
    ids = [one.attributes["id"] for one in found.seen if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    targets = [one.attributes["href"] or "" for one in found.root.all("a")]
    within = {target[1:] for target in targets if target.startswith("#")}
    named = {one.attributes["aria-labelledby"] for one in found.seen if "aria-labelledby" in one.attributes}
    assert len(within) == 5
    assert within | named <= set(ids)


def test_lines_have_anchors_that_tell_files_and_sheets_apart() -> None:
    place = SourcePlace(BOOK.name, 3, 1, sheet="Other", cell="A3", row=3, name="id")
    about = checked(WRONG_LANGUAGE, WRONG_LANGUAGE, UNKNOWN, MISSING, FORMULA, replace(FORMULA, place=place))
    items = [item for list_ in partial(about).root.all("ol") for item in list_.children]
    assert [item.attributes.get("id") for item in items] == ["L2", "L3", None, "F2-L1", "F3-S1-L3", "F3-S2-L3"]


def test_excerpt_marks_the_value() -> None:
    (pre,) = finding(checked(WRONG_LANGUAGE)).all("pre")
    (mark,) = pre.all("mark")
    assert (pre.text, mark.text, pre.attributes["dir"]) == ('a1,,"Atelier",x', '"Atelier"', "ltr")


def test_end_of_a_line_is_marked_where_something_is_missing() -> None:
    place = SourcePlace(TABLE.name, 1, 4, "a1,")
    (mark,) = finding(checked(replace(MISSING, place=place))).all("mark")
    assert mark.text == "\N{NO-BREAK SPACE}"


def test_facts_stand_in_a_list_of_terms() -> None:
    (facts,) = finding(checked(UNKNOWN)).all("dl")
    terms, values = ([one.text for one in facts.all(tag)] for tag in ("dt", "dd"))
    assert dict(zip(terms, values, strict=True)) == {
        "Found": "<http://metadata.un.org/sdg/9.z>",
        "Expected": "a target that exists.",
        "How to mend": "Write its address.",
        "Nearest known": "http://metadata.un.org/sdg/9.a, http://metadata.un.org/sdg/9.c",
        "Shape": "Alignment-object",
    }


def test_value_has_its_language() -> None:
    languages = [one.attributes["lang"] for one in finding(checked(WRONG_LANGUAGE)).all("span")]
    assert languages == ["fr"]


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fr", "ltr")])
def test_report_names_its_language_and_direction(language: str, direction: str) -> None:
    section = partial(replace(RICH, language=language)).seen[0]
    assert (section.attributes["lang"], section.attributes["dir"]) == (language, direction)


def test_only_http_addresses_are_links() -> None:
    found = partial(checked(NOWHERE, replace(NOWHERE, nearest=("data:text/html,x", "JavaScript:alert(1)"))))
    targets = {(one.attributes["href"] or "").partition(":")[0] for one in found.root.all("a")}
    assert {target for target in targets if not target.startswith("#")} == {"https"}
    assert "javascript:alert(1)" in found.root.text


HOSTILE = "\"'><script>alert(1)</script>{{ 7*7 }}\x1b[31m\u202e"


@pytest.mark.parametrize("name", ["value", "subject_label", "message", "subject", "field", "shape", "term"])
def test_nothing_that_a_file_says_becomes_markup(name: str) -> None:
    place = SourcePlace(HOSTILE, 1, 1, HOSTILE, row=1, name=HOSTILE)
    hostile = replace(WRONG_LANGUAGE, place=place, nearest=(HOSTILE,), **{name: HOSTILE})
    found = partial(checked(hostile, files=(replace(TABLE, name=HOSTILE),)))
    assert [one for one in found.seen if one.tag == "script"] == []
    assert "<script>alert(1)</script>{{ 7*7 }}" in found.root.text
    assert "\x1b" not in found.root.text
    assert "\u202e" not in found.root.text


def test_address_cannot_leave_its_attribute() -> None:
    address = 'https://example.org/"onmouseover="x'
    hostile = replace(WRONG_LANGUAGE, subject=address, focus=f"<{address}>")
    links = [one.attributes for one in finding(checked(hostile)).all("a")]
    assert links[0] == {"href": address, "rel": "nofollow noreferrer"}


def test_page_by_itself_needs_nothing_beside_it() -> None:
    found = Reader(page(RICH))
    assert [one.attributes for one in found.seen if "src" in one.attributes or one.tag in {"link", "script"}] == []
    assert [one.text for one in found.root.all("h1")] == ["Report of the check"]
    assert FORMATS["html"].media_type == "text/html"
