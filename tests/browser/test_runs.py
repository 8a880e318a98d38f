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

    # The newest stands first. One row has a form for its annotations; of two rows, the settings that differ are shown.
    pick(page, 0)
    page.get_by_role("textbox", name="Name").fill("The second")
    page.get_by_role("textbox", name="Tags").fill("good, small")
    page.get_by_role("button", name="Save").click()
    pick(page, 1)
    expect(page.get_by_role("heading", name="Settings that differ")).to_be_visible()
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

    pick(page, 1)
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page).to_have_url(re.compile(f"run={sgd}"))
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "2")
