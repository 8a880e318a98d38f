"""The Runs page in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annscope.runs.annotations import Annotations
from annscope.runs.catalogue import run_ids
from annscope.runs.index import list_runs
from scripts.serving import Served
from tests.records import train_run

pytestmark = pytest.mark.browser

ROW, LEFT = 35, 15  # pixels: the height of a row, and where the box is by which it is picked


def pick(page: Page, row: int) -> None:
    """Pick a row of the table, counted from 0 below its header: it is drawn on a canvas."""
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + LEFT, box["y"] + ROW * (row + 1) + ROW / 2)


def test_runs_are_found_annotated_compared_deleted_and_opened(served: Served, open_tab: Callable[..., Page]) -> None:
    """The filter is in the address, a deleted run comes back, and the run that is opened is shown."""
    assert served.home.exists()
    sgd, adam, moons = (
        train_run(hidden=(4,), epochs=2, **settings).run
        for settings in (
            {"data": "digits", "optimizer": "sgd"},
            {"data": "digits", "optimizer": "adam"},
            {"data": "moons"},
        )
    )
    page = open_tab("/all-runs")
    expect(page.get_by_text("3 of 3 runs")).to_be_visible()
    words = page.get_by_role("textbox", name="Filter")
    words.fill("accuraci>0.5")
    words.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("did you mean 'accuracy'")
    words.fill("data=digits")
    words.press("Enter")
    expect(page.get_by_text("2 of 3 runs")).to_be_visible()
    expect(page).to_have_url(re.compile("filter=data"))

    # The newest stands first. One row has a form for its annotations; two rows are compared.
    pick(page, 0)
    page.get_by_role("textbox", name="Name").fill("The second")
    page.get_by_role("textbox", name="Tags").fill("good, small")
    page.get_by_role("button", name="Save", exact=True).click()
    pick(page, 1)
    expect(page.get_by_role("table", name=re.compile("the differences to B$"))).to_contain_text("Optimizer")
    annotations = {about.run: about.annotations for about in list_runs()}
    assert annotations == {
        moons: Annotations(),
        adam: Annotations("The second", "", ("good", "small")),
        sgd: Annotations(),
    }

    page.get_by_role("button", name="Delete").click()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("2 runs are deleted.")).to_be_visible()
    assert run_ids() == [moons]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 of 3 runs")).to_be_visible()
    assert run_ids() == [sgd, adam, moons]

    expect(page.get_by_role("table", name="Runs and their figures")).to_be_visible()
    pick(page, 0)
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page).to_have_url(re.compile(f"run={sgd}"))
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "2")


def test_runs_and_groups_are_compared(served: Served, open_tab: Callable[..., Page]) -> None:
    """A link restores the comparison, a row becomes the baseline, a sentence says what is luck, a point opens its run.

    A run that is started elsewhere appears by itself.
    """
    assert served.home.exists()
    sgd, adam = (
        [train_run(data="digits", hidden=(4,), epochs=2, optimizer=optimizer, seed=seed).run for seed in (0, 1)]
        for optimizer in ("sgd", "adam")
    )
    page = open_tab(f"/all-runs?chosen={adam[0]},{sgd[0]}")
    table = page.get_by_role("table", name="Runs and their figures")
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(page.locator("[data-drawn^='Held-out accuracy']")).to_be_visible()
    page.get_by_text("Better, or luck?").click()
    expect(page.get_by_text(re.compile(r"validation examples: only [AB] is right on"))).to_be_visible()

    page.get_by_text("Groups over seeds").click()
    groups = page.get_by_role("table", name="Groups and their figures")
    expect(groups.locator("tbody tr").first).to_contain_text("adam")
    expect(
        page.get_by_text("A and B cannot be told apart with 2 seeds each.").or_(
            page.get_by_text(re.compile(r"A is (better|worse) than B by .*; 2 seeds each"))
        )
    ).to_be_visible()
    groups.locator("tbody tr").first.click()
    expect(page).to_have_url(re.compile(f"baseline={adam[1]}"))
    expect(page.get_by_text(re.compile(r"B (and A cannot|is (better|worse) than A)"))).to_be_visible()
    page.get_by_text("Confusion", exact=True).click()
    expect(page.locator("[data-drawn^='Confusion of B less that of A']")).to_be_visible()

    page.reload()
    expect(page.locator("[data-drawn^='Confusion of B less that of A']")).to_be_visible()
    expect(page.get_by_text("4 of 4 runs")).to_be_visible()
    train_run(data="moons", hidden=(4,), epochs=1)
    expect(page.get_by_text("5 of 5 runs")).to_be_visible()
    expect(groups.locator("tbody tr")).to_have_count(2)

    page.get_by_text("Runs", exact=True).last.click()
    page.get_by_text("Better, or luck?").click()
    page.get_by_role("link", name="Show the images").click()
    expect(page).to_have_url(re.compile(f"run={adam[0]}.*against={sgd[0]}"))
    expect(page.get_by_text(re.compile(r"McNemar's exact test"))).to_be_visible()

    # The page has the address that it had.
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_text(re.compile(r"only [AB] is right on"))).to_be_visible()
    page.get_by_text("Settings", exact=True).click()
    chart = page.get_by_role("application", name=re.compile("settings and best accuracy"))
    expect(page.locator("[data-drawn^='Parallel coordinates']")).to_be_visible()
    chart.focus()
    chart.press("Home")
    chart.press("Enter")
    expect(page).to_have_url(re.compile(rf"\?run={adam[0]}"))
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "2")
