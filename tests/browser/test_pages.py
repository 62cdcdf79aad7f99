"""The pages of the member's door as a browser shows them: for the eye, the keyboard, a phone and a screen reader."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from base import ALIGNMENT, write_base
from conftest import Server
from door import ACCEPTED, ALL, PROPOSED
from itu_align.graph import schema, tokens
from itu_align.graph.submissions import register
from playwright.sync_api import FilePayload, Page
from rdf import write_version

Audit = Callable[[Page], list[str]]

PATHS = [
    *("/sparql", "/templates", "/submissions", "/submissions/new", "/submissions/unknown"),
    *(f"/submissions/{each.id}" for each in ALL),
    f"/submissions/{PROPOSED.id}/preview",
]
WRONG = FilePayload(name="Activity.csv", mimeType="text/csv", buffer=b"id,title,source\nA,,nowhere\n")


@pytest.fixture
def door(serve: Callable[[Path], Server], tmp_path: Path) -> str:
    """The root address of a server with submissions in every state."""
    folder = write_base(tmp_path / "data")
    sent = schema.parse_turtle(ALIGNMENT, "alignment.ttl")
    records = [triple for each in ALL for triple in register.triples(each)]
    write_version(folder, {"submissions": records, f"submission/{PROPOSED.id}": sent})
    return serve(folder).url


def opened(page: Page, door: str) -> Iterator[str]:
    """Each page, opened one after the other; at last a report with findings."""
    for path in PATHS:
        page.goto(door + path)
        yield path
    check(page, door)
    yield "/validate"


def check(page: Page, door: str) -> None:
    page.goto(f"{door}/submissions/new")
    page.get_by_label("Choose files").set_input_files([WRONG])
    page.get_by_role("button", name="Check only").click()
    page.get_by_role("heading", name="Report of the check").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_in_any_page(page: Page, door: str, audit: Audit, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    assert {path: faults for path in opened(page, door) if (faults := audit(page))} == {}


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways(page: Page, door: str, tmp_path: Path, width: int) -> None:
    """https://www.w3.org/TR/WCAG22/#reflow. Tables may be wider; they scroll by themselves."""
    page.set_viewport_size({"width": width, "height": 900})
    wide = {}
    for number, path in enumerate(opened(page, door)):
        page.screenshot(path=tmp_path / f"{number}-{width}.png", full_page=True)
        wide[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: found for path, found in wide.items() if found > width} == {}


def test_keyboard_goes_through_the_form_in_its_order_and_shows_where_it_is(page: Page, door: str) -> None:
    page.goto(f"{door}/submissions/new")
    stops = []
    for _ in range(15):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        stops.append(focused.get_attribute("id") or focused.inner_text())
        assert focused.evaluate("e => getComputedStyle(e).outlineStyle") != "none", stops[-1]
    assert stops == [
        *("Skip to the content", "Query", "Submissions", "Check or submit a file", "Templates", "Versions", "Français"),
        *("Get a template to fill in", "files", "mode-add", "Check only", "title", "revises", "token", "Submit"),
    ]


def test_skip_link_leads_past_the_navigation(page: Page, door: str) -> None:
    page.goto(f"{door}/submissions/new")
    page.keyboard.press("Tab")
    assert page.get_by_text("Skip to the content").is_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Get a template to fill in"


def test_submitting_without_title_and_token_is_stopped_before_anything_is_sent(page: Page, door: str) -> None:
    page.goto(f"{door}/submissions/new")
    page.get_by_label("Choose files").set_input_files([WRONG])
    page.get_by_role("button", name="Submit").click()
    assert page.locator(":focus").get_attribute("id") == "title"
    assert page.url == f"{door}/submissions/new"


def test_undoing_without_a_reason_is_stopped_before_anything_is_sent(page: Page, door: str) -> None:
    page.goto(f"{door}/submissions/{ACCEPTED.id}")
    page.get_by_label("Access token").fill("ia_x")
    page.get_by_role("button", name="Undo").click()
    assert page.locator(":focus").get_attribute("id") == "reason"


def test_member_who_tries_to_accept_reads_that_it_is_not_allowed(page: Page, door: str, tmp_path: Path) -> None:
    _, secret = tokens.create(tmp_path / "data", ["submit"])
    page.goto(f"{door}/submissions/{PROPOSED.id}/preview")
    page.get_by_label("Access token").fill(secret)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("heading", name="Not allowed").wait_for()
    page.goto(f"{door}/submissions/{PROPOSED.id}")
    assert page.locator("main .state").first.inner_text() == "proposed"


def test_title_survives_a_check_so_that_it_is_typed_once(page: Page, door: str) -> None:
    page.goto(f"{door}/submissions/new?language=fr")
    page.get_by_label("Titre").fill("Activités")
    page.get_by_label("Choisir des fichiers").set_input_files([WRONG])
    page.get_by_role("button", name="Vérifier seulement").click()
    page.get_by_role("heading", name="Rapport de vérification").wait_for()
    assert page.get_by_label("Titre").input_value() == "Activités"
