"""A real browser for the pages: the system's Chromium, driven by Playwright; axe-core looks for what shuts people out.

`page` fails its test where the browser reports an error, a refused resource or a breach of the security policy.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(os.environ.get("ITU_ALIGN_AXE") or Path(__file__).parents[2] / ".clients/node_modules/axe-core/axe.min.js")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
]
PATIENCE_MS = 30_000
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Audit = Callable[[Page], list[str]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that speaks English, without cookies and history of others."""
    errors: list[str] = []
    with browser.new_context(locale="en-GB", accept_downloads=True) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()

        def said(message: ConsoleMessage) -> None:
            # The browser notes of the page itself that its status is 404; a breach of the policy has that place too.
            missing = message.location["url"] == page.url and message.text.startswith("Failed to load resource")
            if message.type in {"error", "warning"} and not missing:
                errors.append(f"{page.url}: {message.text}")

        page.on("console", said)
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        page.on("requestfailed", lambda request: errors.append(f"{request.url}: {request.failure}"))
        yield page
    assert errors == []


@pytest.fixture
def data_copy(data: Path, tmp_path: Path) -> Path:
    """A data folder with the graph of the shipped facts, to be changed."""
    return shutil.copytree(data, tmp_path / "data")


@pytest.fixture(scope="session")
def audit() -> Audit:
    """Looks a page over with axe-core: WCAG 2.2 AA and what it calls best practice; each fault with its place."""
    if not AXE.is_file():
        pytest.skip("no axe-core here (make clients)")
    script = AXE.read_text("utf-8")

    def run(page: Page) -> list[str]:
        page.evaluate(script)
        found: dict[str, Any] = page.evaluate(
            "levels => axe.run(document, {runOnly: {type: 'tag', values: levels}})", LEVELS
        )
        assert found["passes"], "axe-core tried nothing"
        return [f"{each['id']} {node['html']}" for each in found["violations"] for node in each["nodes"]]

    return run
