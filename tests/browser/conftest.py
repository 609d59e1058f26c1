"""A page in headless Chromium for the tests of pages and pictures: no network, no profile, closed at the end.

Chromium is the system's own (Debian: `apt-get install chromium`); `make test-browser` installs what drives it. Playwright is
imported inside the fixtures, so that collecting these tests needs neither.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # the CI machine's user is root, for whom Chromium has no sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"none of {', '.join(NAMES)} is on PATH; Debian: apt-get install chromium"
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=found, args=list(FLAGS)) as running,
    ):
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page that may read files and nothing else: a request to the network fails the test."""
    asked: list[str] = []
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        yield page
    outside = [url for url in asked if not url.startswith(("file:", "data:", "about:", "blob:"))]
    assert not outside, f"the page asked the network for {outside}"
