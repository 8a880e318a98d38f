"""Sweeps on the Runs page, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annscope.runs.index import list_runs
from annscope.runs.sweeps.catalogue import sweep_names
from scripts.serving import Served

pytestmark = pytest.mark.browser


def test_a_sweep_is_started_watched_and_its_best_is_offered(served: Served, open_tab: Callable[..., Page]) -> None:
    """A sweep runs in a process of its own while the page shows how far it is, then its best setting and plots."""
    assert served.home.exists()
    page = open_tab("/all-runs")
    page.get_by_role("button", name="New sweep").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Hidden layers").fill("4|8")
    dialog.get_by_role("spinbutton", name="Trials").fill("2")
    dialog.get_by_role("textbox", name="Name").fill("by hand")
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The name of a sweep has letters")
    dialog.get_by_role("textbox", name="Name").fill("by-hand")
    dialog.get_by_role("textbox", name="Name").press("Enter")
    dialog.get_by_role("button", name="Start").click()
    expect(page.get_by_text(re.compile("^2 of 2 trials"))).to_be_visible()
    expect(page.get_by_text(re.compile("^Best: Learning rate"))).to_be_visible()
    expect(page.get_by_role("link", name="Open its settings")).to_have_attribute("href", re.compile("learning-rate="))
    page.get_by_role("radio", name="Slice").click()
    expect(page.get_by_text(re.compile("The figure against each setting"))).to_be_visible()
    assert [(about.status, about.annotations.tags) for about in list_runs()] == [("finished", ("by-hand",))] * 2

    page.get_by_role("button", name="Delete").last.click()
    question = page.get_by_test_id("stPopoverBody")
    expect(question).to_contain_text("Delete the sweep by-hand and its 2 runs")
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The sweep by-hand with 2 runs is deleted.")).to_be_visible()
    expect(page.get_by_text("There are no runs yet")).to_be_visible()
    assert (sweep_names(), list_runs()) == ([], [])
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 of 2 runs")).to_be_visible()
    assert sweep_names() == ["by-hand"]
