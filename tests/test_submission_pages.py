"""The pages of the member's door: what they say, what their forms send, and that nothing in a record can harm them.

The records stand in the register of a small graph; reports and previews are written by hand.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise

import pytest
from conftest import running_app, write_small
from door import (
    ACCEPTED,
    ALL,
    DECLINED,
    FILE,
    HOSTILE,
    PREVIEW,
    PROPOSED,
    REJECTED,
    VALIDATED,
    WRONG,
    Page,
)
from flask import Flask, render_template
from flask.testing import FlaskClient
from itu_align.graph.finding import Finding, Report
from itu_align.graph.intake.files import ENDINGS
from itu_align.graph.phrases import languages, phrases
from itu_align.graph.report.checked import Checked
from itu_align.graph.submissions import record, register
from itu_align.graph.submissions.record import ACTIONS, Mode, State, Submission
from itu_align.server.report_page import page_parts
from rdf import write_version

ATOM = "{http://www.w3.org/2005/Atom}"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = write_small(tmp_path_factory.mktemp("door") / "data")
    write_version(folder, {"submissions": [triple for each in ALL for triple in register.triples(each)]})
    with running_app(folder) as app:
        yield app


@pytest.fixture
def visitor(door: Flask) -> FlaskClient:
    return door.test_client()


def got(client: FlaskClient, path: str, language: str = "en") -> Page:
    response = client.get(path, headers={**BROWSER, "Accept-Language": language})
    assert (response.status_code, response.mimetype) == (200, "text/html"), response.text
    return Page(response.text)


def checked_page(app: Flask, *findings: Finding, language: str = "en", form: dict[str, str] | None = None) -> Page:
    checked = Checked(Report(findings), (FILE,), language, "0123456789ab", 7)
    with app.test_request_context("/validate", method="POST", data=form or {}):
        return Page(render_template("submissions/checked.html", **page_parts(checked, language)))


def preview_page(app: Flask, of: Submission = PROPOSED, language: str = "en", **changed: object) -> Page:
    shown = {
        "preview": PREVIEW | changed,
        "report": page_parts(Checked(Report(()), (), language, "0123456789ab", 7), language)["report"],
        "submission": record.as_json(of),
        "actions": ["withdraw", "accept", "decline"] if of is PROPOSED else [],
        "say": phrases(language),
        "language": language,
    }
    with app.test_request_context(f"/submissions/{of.id}/preview"):
        return Page(render_template("submissions/preview.html", **shown))


def pages(app: Flask, language: str) -> Iterator[Page]:
    client = app.test_client()
    for path in ("", "/new", *(f"/{each.id}" for each in ALL)):
        yield got(client, f"/submissions{path}", language)
    yield checked_page(app, WRONG, language=language)
    yield checked_page(app, language=language)
    yield preview_page(app, language=language)
    yield preview_page(app, ACCEPTED, language)


# What holds for every page


@pytest.mark.parametrize("language", languages())
def test_every_page_has_its_language_one_first_heading_and_no_level_left_out(door: Flask, language: str) -> None:
    for page in pages(door, language):
        assert page.one("html")[0]["lang"] == language
        levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("language", languages())
def test_every_control_has_a_label_and_every_reference_leads_to_one_element(door: Flask, language: str) -> None:
    for page in pages(door, language):
        ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
        assert len(ids) == len(set(ids))
        labels = {attrs["for"] for attrs, text in page.all("label") if text}
        for attrs, _ in page.all("input", "textarea", "select"):
            assert attrs.get("type") == "hidden" or attrs["id"] in labels
        named = [
            attrs.get(name, "") for _, attrs, _ in page.elements for name in ("aria-describedby", "aria-labelledby")
        ]
        inner = [attrs["href"][1:] for attrs, _ in page.all("a") if attrs["href"].startswith("#")]
        assert {id_ for value in named for id_ in value.split()} | set(inner) <= set(ids)
        assert "content" in inner, "the link to the content is missing"


@pytest.mark.parametrize("language", languages())
def test_every_table_has_a_name_and_headers_with_a_scope(door: Flask, language: str) -> None:
    for page in pages(door, language):
        captions, regions = page.all("caption"), page.all("div", role="region")
        assert len(page.all("table")) <= len(captions) + len([1 for attrs, _ in regions if attrs["aria-labelledby"]])
        assert all(attrs["scope"] in {"col", "row"} for attrs, _ in page.all("th"))


def test_nothing_of_a_record_becomes_markup_or_a_dangerous_address(door: Flask) -> None:
    for page in pages(door, "en"):
        for tag, attrs, _ in page.elements:
            assert tag not in {"script", "style", "img", "iframe"}
            assert not [name for name in attrs if name.startswith("on") or name == "style"]
            for name in ("href", "action", "formaction"):
                assert re.match(r"/|#|\?language=|https?://|$", attrs.get(name, ""))


def test_navigation_marks_the_page_on_which_one_is(visitor: FlaskClient) -> None:
    page = got(visitor, "/submissions/new")
    assert page.one("a", **{"aria-current": "page"}) == (
        {"href": "/submissions/new", "aria-current": "page"},
        "Check or submit a file",
    )
    assert [text for attrs, text in page.all("a")][:7] == [
        *("Skip to the content", "Query", "Submissions", "Check or submit a file", "Templates", "Versions", "Français"),
    ]


def test_language_of_the_address_is_kept_by_links_and_forms(visitor: FlaskClient) -> None:
    page = got(visitor, "/submissions/new?language=fr")
    assert page.one("html")[0]["lang"] == "fr"
    assert page.one("a", hreflang="en") == ({"href": "?language=en", "hreflang": "en", "lang": "en"}, "English")
    assert page.one("form")[0]["action"] == "/submissions?language=fr"
    assert page.all("button")[0][0]["formaction"] == "/validate?language=fr"
    assert page.one("a", **{"aria-current": "page"})[0]["href"] == "/submissions/new?language=fr"


def test_pages_that_speak_english_only_have_its_navigation_whatever_a_browser_asks(visitor: FlaskClient) -> None:
    page = got(visitor, "/sparql", "fr")
    assert page.one("html")[0]["lang"] == "en"
    assert page.one("a", href="/submissions/new")[1] == "Check or submit a file"


@pytest.mark.parametrize("language", languages())
def test_each_state_mode_and_action_has_words(language: str) -> None:
    say = phrases(language)
    for key in [*(f"state.{each}" for each in State), *(f"mode.{each}" for each in Mode)]:
        assert say.text(key) != say.text(f"{key}.meaning")
    assert len({say.text(action) for action in ACTIONS}) == len(ACTIONS)


# The form


def test_form_checks_without_a_token_and_submits_with_one(visitor: FlaskClient) -> None:
    page = got(visitor, "/submissions/new")
    form, _ = page.one("form")
    assert (form["action"], form["method"], form["enctype"]) == ("/submissions", "post", "multipart/form-data")
    (check, _), (submit, _) = page.all("button")
    assert check["formaction"] == "/validate"
    assert "formnovalidate" in check, "a check would ask for a title and a token"
    assert not {"formaction", "formnovalidate"} & submit.keys()
    files, token = page.one("input", type="file")[0], page.one("input", type="password")[0]
    assert {"multiple", "required"} <= files.keys()
    assert files["accept"].split(",") == [*ENDINGS, ".gz"]
    assert (token["name"], token["autocomplete"]) == ("token", "off")
    assert [(attrs["value"], "checked" in attrs) for attrs, _ in page.all("input", type="radio")] == [
        ("add", True),
        ("replace", False),
    ]


def test_form_names_the_submission_that_is_to_be_replaced(visitor: FlaskClient) -> None:
    page = got(visitor, '/submissions/new?revises=20260301-bbbbbb"><script>')
    assert page.one("input", name="revises")[0]["value"] == '20260301-bbbbbb"><script>'


def test_report_keeps_what_was_typed_but_never_the_token(door: Flask) -> None:
    typed = {"title": 'A "title"', "mode": "replace", "revises": "20260301-bbbbbb", "token": "ia_secret"}
    page = checked_page(door, WRONG, form=typed)
    assert page.one("input", name="title")[0]["value"] == 'A "title"'
    assert page.one("input", name="revises")[0]["value"] == "20260301-bbbbbb"
    assert "checked" in page.one("input", value="replace")[0]
    assert "value" not in page.one("input", name="token")[0]


def test_report_with_violations_is_tied_to_the_field_of_the_files(door: Flask) -> None:
    page = checked_page(door, WRONG)
    files = page.one("input", type="file")[0]
    assert (files["aria-describedby"], files["aria-invalid"]) == ("verdict files-hint", "true")
    assert page.one("h2", id="verdict")[1] == "Does not conform. 1 violation."
    assert page.one("title")[1].startswith("Does not conform. 1 violation.")
    assert page.all("h3")[0][1] == 'Violation: Level, row 2, column "level"'


def test_report_without_findings_says_that_one_can_submit(door: Flask) -> None:
    page = checked_page(door)
    assert "aria-invalid" not in page.one("input", type="file")[0]
    assert page.one("h2", id="verdict")[1] == "Conforms. Nothing to mend."
    assert "You can submit this file now" in page.one("main")[1]


# The list and the feed


def test_list_shows_each_submission_in_words(visitor: FlaskClient) -> None:
    page = got(visitor, "/submissions")
    rows = {row.partition(" ")[0]: row for _, row in page.all("tr")}
    assert (
        rows[REJECTED.id] == "20260301-bbbbbb rejected Study Group 5 2026-03-01 10:00 UTC 1,500 2 violations, 1 warning"
    )
    assert rows[PROPOSED.id].startswith(f"{PROPOSED.id} {HOSTILE} proposed")
    assert page.one("caption")[1] == "5 submissions"
    assert page.one("link", rel="alternate")[0]["type"] == "application/atom+xml"
    assert page.all("time")[0][0]["datetime"] == "2026-03-01T10:00:00Z"


def test_list_speaks_french(visitor: FlaskClient) -> None:
    page = got(visitor, "/submissions", "fr-CH")
    assert page.one("h1")[1] == "Soumissions"
    assert "1\u202f500" in page.one("table")[1]


def test_list_of_none_says_so(small_client: FlaskClient) -> None:
    page = got(small_client, "/submissions")
    assert "There are no submissions yet." in page.one("main")[1]
    assert page.all("table") == []


def test_feed_is_atom_with_the_newest_decision_first(visitor: FlaskClient) -> None:
    """https://www.rfc-editor.org/rfc/rfc4287#section-4"""
    response = visitor.get("/submissions.atom")
    assert response.mimetype == "application/atom+xml"
    feed = ET.fromstring(response.data)
    assert feed.tag == f"{ATOM}feed"
    assert (feed.findtext(f"{ATOM}title"), feed.findtext(f"{ATOM}updated")) == (
        "Feed of decisions · itu-align",
        "2026-03-04T10:00:00Z",
    )
    entries = feed.findall(f"{ATOM}entry")
    ids = {entry.findtext(f"{ATOM}id") for entry in entries}
    base = "https://w3id.org/itu-align/id/submission-step/20260301"
    assert ids == {f"{base}-cccccc-3", f"{base}-dddddd-3", f"{base}-dddddd-4", f"{base}-eeeeee-3", f"{base}-eeeeee-4"}
    titles = [entry.findtext(f"{ATOM}title") for entry in entries]
    assert {titles[0], titles[1]} == {
        "Submission 20260301-dddddd: Activities: accepted",
        "Submission 20260301-eeeeee: Activities: declined",
    }
    assert entries[0].findtext(f"{ATOM}author/{ATOM}name") == HOSTILE
    links = [(link.get("rel"), link.get("href")) for link in feed.findall(f"{ATOM}link")]
    assert links == [
        ("self", "http://localhost/submissions.atom"),
        ("alternate", "http://localhost/submissions"),
    ]


def test_feed_of_no_decision_is_atom_as_well(small_client: FlaskClient) -> None:
    feed = ET.fromstring(small_client.get("/submissions.atom").data)
    assert feed.findall(f"{ATOM}entry") == []
    assert feed.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


# One submission


@pytest.mark.parametrize(
    ("of", "actions", "required"),
    [
        (VALIDATED, ["propose", "withdraw"], set()),
        (REJECTED, ["withdraw"], set()),
        (PROPOSED, ["withdraw", "accept", "decline"], set()),
        (ACCEPTED, ["undo"], {"required"}),
    ],
    ids=lambda value: value.state if isinstance(value, Submission) else None,
)
def test_submission_offers_what_can_be_done_now(
    visitor: FlaskClient, of: Submission, actions: list[str], required: set[str]
) -> None:
    page = got(visitor, f"/submissions/{of.id}")
    assert page.one("form")[0]["method"] == "post"
    assert {attrs["formaction"] for attrs, _ in page.all("button")} == {
        f"/submissions/{of.id}/{action}" for action in actions
    }
    assert page.one("textarea", name="reason")[0].keys() & {"required"} == required
    assert page.all("input", name="version") == []


def test_submission_that_is_over_has_no_form(visitor: FlaskClient) -> None:
    page = got(visitor, f"/submissions/{DECLINED.id}")
    assert page.all("form") == []
    assert "Nothing more can be done with it." in page.one("main")[1]


def test_submission_shows_its_files_and_steps(visitor: FlaskClient) -> None:
    page = got(visitor, f"/submissions/{ACCEPTED.id}")
    assert page.one("a", download="") == (
        {"href": f"/submissions/{ACCEPTED.id}/files/1", "download": ""},
        f"{HOSTILE}.csv",
    )
    assert page.all("tr")[1][1] == f"{HOSTILE}.csv CSV 1,234 bytes {'ab' * 32}"
    assert [text for _, text in page.all("li") if " · " in text] == [
        "received 2026-03-01 10:00 UTC · By Study Group 5 · version 2",
        "validated 2026-03-02 10:00 UTC · By Study Group 5 · version 3",
        f"proposed 2026-03-03 10:00 UTC · By {HOSTILE} · version 4",
        f"accepted 2026-03-04 10:00 UTC · By {HOSTILE} · version 5",
    ]
    assert page.one("a", href="/versions/5/changes")[1] == "version 5"
    assert page.one("a", href="/submissions/20260301-bbbbbb")[1] == "20260301-bbbbbb"


def test_rejected_submission_leads_to_the_form_for_its_successor(visitor: FlaskClient) -> None:
    page = got(visitor, f"/submissions/{REJECTED.id}")
    assert page.one("h1")[1] == "Submission 20260301-bbbbbb"
    assert page.one("a", href="/submissions/new?revises=20260301-bbbbbb")[1] == (
        "Send a mended version that replaces this one"
    )
    assert [attrs for attrs, text in page.all("a") if "preview" in attrs["href"]] == []


# The preview


def test_preview_counts_first_and_lists_what_comes(door: Flask) -> None:
    page = preview_page(door)
    counts = [text for _, text in page.all("tr")][:8]
    assert counts == [
        *("Statements added 1,234", "Statements removed 0"),
        *("Statements that follow from them, added 3", "Statements that follow from them, removed 0"),
        *("Alignments gained 1", "Alignments lost 0", "Competency questions with another answer 1", "Findings 0"),
    ]
    main = page.one("main")[1]
    assert "The first 2 of 1,234." in main
    assert "Question 1 → 9.c" in main
    assert "Which Questions are there?" in [text for _, text in page.all("h3")]
    assert "There was no time for these questions: cq02, cq03" in main


def test_preview_links_our_things_here_others_there_and_nothing_else(door: Flask) -> None:
    page = preview_page(door)
    links = {text: attrs["href"] for attrs, text in page.all("a")}
    assert links["A"] == "/id/alignment/A"
    assert links["9.c"] == "http://metadata.un.org/sdg/9.c"
    assert links["date"] == "http://purl.org/dc/terms/date"
    assert HOSTILE not in links


def test_decision_on_a_preview_names_the_version_that_was_seen(door: Flask) -> None:
    page = preview_page(door)
    assert page.one("input", type="hidden") == ({"type": "hidden", "name": "version", "value": "7"}, "")
    assert [attrs["formaction"].rpartition("/")[2] for attrs, _ in page.all("button")] == [
        *("withdraw", "accept", "decline"),
    ]


def test_preview_of_what_changes_nothing_says_so(door: Flask) -> None:
    none = {"total": 0, "first": []}
    page = preview_page(door, inserted=none, derived_inserted=0, gained=none, questions=[], unchecked=[])
    assert "Nothing would change." in page.one("main")[1]


def test_preview_of_what_is_decided_has_no_form(door: Flask) -> None:
    assert preview_page(door, ACCEPTED).all("form") == []
