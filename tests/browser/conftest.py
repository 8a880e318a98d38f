"""A dashboard of its own for each test, and a real browser to use it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from annscope.dashboard.queries.caches import clear_caches
from scripts.serving import Served, dashboard, find_chromium, open_chromium
from tests.records import RunInProgress

pytestmark = pytest.mark.browser

EXPECT_MS = 30_000
"""How long an expectation may take to come true, on a machine that has other things to do."""


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, once for all tests."""
    expect.set_options(timeout=EXPECT_MS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A headless Chromium; without one the test is skipped, or fails in continuous integration."""
    if find_chromium(playwright) is None:
        message = "no Chromium or Chrome found; `make browser` fetches one"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    browser = open_chromium(playwright)
    yield browser
    browser.close()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A dashboard on a free port, without runs; it ends with its workers after the test, which shares its home."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path / "home"))
    clear_caches()
    with dashboard(tmp_path / "home") as served:
        yield served


@pytest.fixture
def start_run(served: Served) -> Iterator[Callable[..., RunInProgress]]:
    """A function that starts a run that trains only while the test lets it; it ends with the test."""
    del served
    started: list[RunInProgress] = []

    def start_run(**settings: Any) -> RunInProgress:
        started.append(RunInProgress(**settings))
        return started[-1]

    yield start_run
    for training in started:
        training.interrupt()


@dataclass
class ConsoleErrors:
    """Console errors of a page and requests to other machines; no page may have any."""

    found: list[str] = field(default_factory=list)

    def watch(self, page: Page, host: str) -> None:
        """Record every error and every request to another machine from now on."""
        page.on(
            "console",
            lambda message: self.found.append(f"console: {message.text}") if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.found.append(f"page: {error}"))
        page.on("request", lambda request: self._note_foreign(request.url, host))

    def _note_foreign(self, url: str, host: str) -> None:
        if urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).netloc != host:
            self.found.append(f"request: {url}")


@pytest.fixture
def open_tab(chromium: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """A function that opens a path of the dashboard in a new tab; any console error fails the test."""
    errors = ConsoleErrors()
    contexts = []

    def open_tab(
        path: str = "/", *, width: int = 1440, height: int = 1000, scheme: str = "light", touch: bool = False
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            has_touch=touch,
        )
        contexts.append(context)
        page = context.new_page()
        errors.watch(page, urlsplit(served.url).netloc)
        page.goto(served.url + path)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert errors.found == []
