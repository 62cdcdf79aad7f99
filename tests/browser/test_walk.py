"""A member and a reviewer go through the member's door in a browser, from the template to the undone alignment."""

import csv
import io
import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PATIENCE, SCRIPT, Server
from playwright.sync_api import Page, expect

QUESTION = "https://w3id.org/itu-align/id/question/ITU-T-Q4.5-2017"
LINE = "https://w3id.org/itu-align/id/action-line/C2"
LINKED = f"ASK {{ <{QUESTION}> <https://w3id.org/itu-align/ontology#alignsWith> <{LINE}> }}"
RIGHT = {
    "id": "Q4-5-contributes-to-C2",
    "relation": "relation-contributes-to",
    "level": "actionLineLevel",
    "subject": "ITU-T-Q4/5-2017",
    "object": "C2",
    "status": "published",
    "justification": "https://w3id.org/semapv/vocab/UnspecifiedMatching",
    "source": "https://example.org/minutes",
    "date": "2026-11-24",
    "statement": "the minutes say so",
    "author": "BRS-Secretariat",
}
WRONG = RIGHT | {"level": "high", "object": "C22", "date": "spring"}
FAULTS = {
    'Violation: Level, row 3, column "level"': "high",
    'Violation: Object, row 3, column "object"': "C22",
    'Violation: Date, row 3, column "date"': "spring",
}


@pytest.fixture
def tokens(data_copy: Path) -> dict[str, str]:
    """What an operator hands out: one token for the member's own graph, one for a reviewer."""
    graph = "https://w3id.org/itu-align/graph/member/sg5"
    return {
        "Study Group 5": create(data_copy, "submit", "Study Group 5", "--graph", graph),
        "Reviewer": create(data_copy, "review", "Reviewer"),
    }


def create(data: Path, scope: str, note: str, *more: str) -> str:
    command = [SCRIPT, "token", "create", "--data", data, "--scope", scope, "--note", note, *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout.strip()


def linked(server: Server) -> bool:
    """Whether `/sparql` says that the Question is aligned with the action line."""
    query = urllib.parse.urlencode({"query": LINKED, "format": "json"})
    return bool(json.loads(server.get(f"/sparql?{query}"))["boolean"])


def filled(template: str, row: dict[str, str]) -> bytes:
    """The template with one more row; every field of the row has a column there."""
    header = next(csv.reader(io.StringIO(template)))
    assert row.keys() <= set(header)
    line = io.StringIO()
    csv.writer(line).writerow([row.get(name, "") for name in header])
    return (template + line.getvalue()).encode()


def choose(page: Page, content: bytes) -> None:
    file = {"name": "Alignment.csv", "mimeType": "text/csv", "buffer": content}
    page.get_by_label("Choose files").set_input_files(file)


def findings(page: Page) -> dict[str, str]:
    """The violations on the page: the heading of each, which says field and place, and what stands below it."""
    items = page.locator("li.violation").all()
    return {item.get_by_role("heading").inner_text(): item.inner_text() for item in items}


def check(page: Page, content: bytes) -> None:
    choose(page, content)
    page.get_by_role("button", name="Check only").click()
    page.get_by_role("heading", name="Report of the check").wait_for()


def act(page: Page, action: str, token: str, reason: str = "") -> None:
    """Take a step, as the form on the page at hand offers it."""
    page.get_by_label("Access token").fill(token)
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=action).click()


def expect_state(page: Page, state: str) -> None:
    expect(page.locator("main .state").first).to_have_text(state)


def test_walk_from_the_template_to_the_undone_alignment(
    page: Page, serve: Callable[[Path], Server], data_copy: Path, tokens: dict[str, str], tmp_path: Path
) -> None:
    server = serve(data_copy)
    assert not linked(server)

    # The member fills in a template and finds out what is wrong with it.
    page.goto(f"{server.url}/submissions")
    page.get_by_role("link", name="Templates").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Alignment.csv", exact=True).click()
    template = download.value.path().read_text("utf-8-sig")
    page.get_by_role("navigation").get_by_role("link", name="Check or submit a file").click()
    check(page, filled(template, WRONG))
    page.screenshot(path=tmp_path / "wrong.png", full_page=True)
    found = findings(page)
    assert found.keys() == FAULTS.keys()
    assert all(f'Found\n"{FAULTS[heading]}"' in text and "How to mend" in text for heading, text in found.items())

    # Mended, it is right; the member submits it and asks for a decision.
    check(page, filled(template, RIGHT))
    expect(page.get_by_role("heading", name="Conforms.")).to_be_visible()
    assert findings(page) == {}
    choose(page, filled(template, RIGHT))
    page.get_by_label("Title").fill("Question 4/5 and action line C2")
    page.get_by_label("Access token").fill(tokens["Study Group 5"])
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 4/5 and action line C2")
    expect_state(page, "validated")
    with page.expect_download() as download:
        page.get_by_role("link", name="Alignment.csv").click()
    assert download.value.path().read_bytes() == filled(template, RIGHT)
    page.get_by_role("link", name="Findings").click()
    expect(page.get_by_role("heading", name="Conforms.")).to_be_visible()
    page.go_back()
    act(page, "Propose", tokens["Study Group 5"])
    expect_state(page, "proposed")
    assert not linked(server)

    # The reviewer looks at what it would change, and accepts that.
    page.get_by_role("link", name="See what accepting it would change").click()
    page.screenshot(path=tmp_path / "preview.png", full_page=True)
    expect(page.get_by_role("row", name="Alignments gained")).to_contain_text("1")
    gained = page.get_by_role("listitem").filter(has_text="→")
    expect(gained).to_have_text(
        "Electromagnetic compatibility (EMC) aspects in ICT environment → Information and communication infrastructure"
    )
    act(page, "Accept", tokens["Reviewer"])
    expect_state(page, "accepted")
    assert linked(server)

    # It was a mistake: it is undone, and the graph is as it was.
    act(page, "Undo", tokens["Reviewer"], "the minutes were of another meeting")
    expect_state(page, "undone")
    assert not linked(server)
    page.screenshot(path=tmp_path / "undone.png", full_page=True)
    steps = page.locator("ol.steps > li")
    expect(steps.locator(".state")).to_have_text(["received", "validated", "proposed", "accepted", "undone"])
    expect(steps.last).to_contain_text("By Reviewer")
    expect(steps.last).to_contain_text("Reason: the minutes were of another meeting")
    assert "<summary>the minutes were of another meeting</summary>" in server.get("/submissions.atom")
