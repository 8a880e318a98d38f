"""A dashboard and a real browser for all tests of a process: an empty home and a new profile for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from annscope.dashboard.queries.caches import clear_caches
from annscope.runs.reader import RunReader
from scripts.serving import LOG, Served, dashboard, find_chromium, open_chromium
from tests.records import RunInProgress

pytestmark = pytest.mark.browser

PATIENCE_MS = 90_000
"""How long an expectation may take to come true, and an action to be possible, on a machine that is busy."""


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, once for all tests."""
    expect.set_options(timeout=PATIENCE_MS)
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


@pytest.fixture(scope="session")
def dashboards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Served]]:
    """A function that gives the dashboard of this process: the one that runs, else a new one."""
    with ExitStack() as stack:
        running: list[Served] = []

        def running_dashboard() -> Served:
            if not running or running[-1].process.poll() is not None:
                running.append(stack.enter_context(dashboard(tmp_path_factory.mktemp("dashboard") / "home")))
            return running[-1]

        yield running_dashboard


@pytest.fixture
def served(dashboards: Callable[[], Served], monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A dashboard without runs, whose home the test shares; its workers end with the test."""
    served = dashboards()
    monkeypatch.setenv("ANNSCOPE_HOME", str(served.home))
    clear_caches()
    yield served
    _end_workers(served)
    _empty(served.home, but=LOG)


def _end_workers(served: Served) -> None:
    at_work = {RunReader(directory).status()["pid"] for directory in served.home.glob("runs/*/")}
    if served.process.poll() is not None:
        return
    left = [worker for worker in served.workers() if worker.pid in at_work]
    for worker in left:
        worker.terminate()
    psutil.wait_procs(left, timeout=20)


def _empty(folder: Path, but: str) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != but:
            path.unlink()


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


@pytest.fixture(scope="session")
def profile(chromium: Browser) -> Iterator[BrowserContext]:
    """The profile that the tabs of all tests share: what the page consists of is fetched once."""
    with chromium.new_context() as profile:
        yield profile


@pytest.fixture
def open_tab(chromium: Browser, profile: BrowserContext, served: Served) -> Iterator[Callable[..., Page]]:
    """A function that opens a path of the dashboard in a new tab; any console error fails the test."""
    errors = ConsoleErrors()
    with ExitStack() as stack:

        def open_tab(
            path: str = "/",
            *,
            width: int = 1440,
            height: int = 1000,
            scheme: str = "light",
            touch: bool = False,
            own_clock: bool = False,
        ) -> Page:
            # A second tab has a window of its own: a tab that is behind another is not drawn.
            shared = not (profile.pages or touch or own_clock)
            context = profile if shared else stack.enter_context(chromium.new_context(has_touch=touch))
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            errors.watch(page, urlsplit(served.url).netloc)
            page.goto(served.url + path)
            return page

        yield open_tab
    _forget(profile, served.url)
    assert errors.found == []


def _forget(profile: BrowserContext, origin: str) -> None:
    # Everything but the cache: tabs, cookies, permissions, and what the page has stored.
    for page in profile.pages:
        page.close()
    page = profile.new_page()
    profile.new_cdp_session(page).send(
        "Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "cookies,local_storage,indexeddb"}
    )
    page.close()
    profile.clear_permissions()
    profile.clear_cookies()
