"""Accessibility of every page, light and dark, by the rules of axe-core."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.records import train_run

pytestmark = pytest.mark.browser

PAGES = {
    "train": ("/?run=", ".annscope-stage[data-number='3']"),
    "inspect": ("/classes?only=wrong&run=", ".ai-sheet"),
    "thresholds": ("/classes?view=thresholds&run=", ".ai-chart[data-drawn]"),
    "evolution": ("/classes?view=epochs&sample=validation-0&run=", ".ai-chart[data-drawn]"),
    "draw": ("/drawing?sample=test-3&run=", ".nv-canvas"),
}


FADED_IN = """() => [...document.querySelectorAll('[data-testid=stElementContainer]')]
  .every((each) => getComputedStyle(each).opacity === '1')"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_serious_violations(open_tab: Callable[..., Page], scheme: str) -> None:
    """Names, roles and contrast hold on every page of a run, and on the first visit."""
    found = {"first visit": problems(open_tab("/", scheme=scheme), "[data-testid=stSidebar]")}
    found["data"] = problems(open_tab("/data?data=digits", scheme=scheme), ".as-sheet")
    found["augmentation"] = problems(open_tab("/?data=digits&elastic=1.0", scheme=scheme), ".annscope-augmented")
    run = train_run(data="digits", hidden=(16,), epochs=3).run
    for name, (address, ready) in PAGES.items():
        found[name] = problems(open_tab(address + run, scheme=scheme), ready)
    page = open_tab(f"/?run={run}", scheme=scheme)
    expect(page.locator(PAGES["train"][1])).to_be_visible()
    open_details(page)
    found["details"] = problems(page, "[data-view=compare] table")
    assert {name: each for name, each in found.items() if each} == {}


def test_a_screen_reader_hears_which_page_it_is_and_what_a_click_shows(open_tab: Callable[..., Page]) -> None:
    """Each page has its name as a title and as a heading; the gallery of Inspect says what was chosen, and how much."""
    run = train_run(data="digits", hidden=(16,), epochs=1).run
    page = open_tab(f"/classes?subset=test&run={run}")
    expect(page).to_have_title("Inspect · annscope")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inspect")
    said = page.locator(".ai-gallery [aria-live=polite]").first
    expect(said).to_contain_text("180 examples")
    page.locator(".ai-matrix").get_by_role("rowheader", name="3", exact=True).click()
    expect(said).to_contain_text("True class: 3")
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page).to_have_title("Draw · annscope")
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw")


def open_details(page: Page) -> None:
    """Pin a neuron, open all its details, and compare the last snapshot with the first."""
    canvas = page.locator(".nv-canvas")
    for key in ["ArrowDown", "Enter"]:
        canvas.press(key)
    dock = page.locator(".nv-dock")
    dock.get_by_role("button", name="Switch off").click()
    dock.get_by_role("button", name="All 64 terms").click()
    for summary in dock.locator("summary").all():
        summary.click()
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_role("slider", name="Timeline").press("Home")


def problems(page: Page, ready: str) -> list[str]:
    """The serious and critical violations that axe-core finds on a page, once it is drawn."""
    expect(page.locator(ready).first).to_be_visible()
    # What is drawn again fades meanwhile.
    app = page.locator("[data-testid=stApp]")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    page.wait_for_function(FADED_IN)
    page.wait_for_load_state("networkidle")
    return [
        f"{violation['id']}: {node['target']} {node['html'][:120]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
