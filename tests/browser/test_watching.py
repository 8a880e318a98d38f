"""Slow, Watch and Live: a person sees a run learn, however fast the machine trained."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annscope.runs.reader import RunReader
from scripts.serving import Served
from tests.browser.test_train import button, head, record

pytestmark = pytest.mark.browser

STAGE = ".annscope-stage"
SMALL = "/?data=digits&hidden=16&epochs=4"
START = re.compile("^Start with my settings")
NOTE = f"""() => {{
  window.painted = [];
  window.blanks = 0;
  window.dimmed = false;
  new MutationObserver(() => {{
    const stage = document.querySelector('{STAGE}');
    const number = stage?.dataset.number;
    window.dimmed ||= stage?.classList.contains('as-old') ?? false;
    if (number !== undefined && window.painted.at(-1) !== number) window.painted.push(number);
    if (window.painted.length && stage?.querySelector('.as-columns').checkVisibility() === false) window.blanks += 1;
  }}).observe(document.body, {{ subtree: true, childList: true, attributes: true }});
}}"""
"""Notes the snapshots that were painted, how often there was none after the first, and whether one was dimmed."""


def painted(page: Page) -> list[int]:
    """The numbers of the snapshots painted so far."""
    return [int(number) for number in page.evaluate("window.painted")]


def test_a_started_run_is_watched_from_its_beginning(served: Served, open_tab: Callable[..., Page]) -> None:
    """A run that is over at once plays from step 0, says so, leaves the address alone, and then shows its end."""
    page = open_tab(SMALL)
    page.get_by_role("button", name=START).wait_for()
    page.evaluate(NOTE)
    page.get_by_role("button", name=START).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-status", "finished")
    expect(stage.locator(".as-readout")).to_contain_text("shown in 12 s")
    expect(stage.get_by_role("button", name="Watch")).to_have_attribute("aria-pressed", "true")
    expect(stage.get_by_role("button", name="Latest")).to_be_visible()
    reader = record(served, page)
    seen = painted(page)
    assert (seen[0], seen[-1]) == (0, reader.n_snapshots - 1)
    assert seen == sorted(set(seen)), "each once, in order"
    assert len(seen) > reader.n_snapshots / 3
    assert "snapshot=" not in page.url


def test_a_watched_run_can_be_skipped_to_its_end(open_tab: Callable[..., Page]) -> None:
    """One click shows the last snapshot."""
    page = open_tab(SMALL)
    page.get_by_role("button", name=START).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-status", "finished")
    stage.get_by_role("button", name="Skip to the end").click()
    expect(stage).to_have_attribute("data-live", "true")
    expect(stage.locator(".as-readout")).to_contain_text("Epoch 4")
    expect(stage.get_by_role("button", name="Latest")).to_have_attribute("aria-pressed", "true")


def test_the_old_picture_stays_until_the_new_one(open_tab: Callable[..., Page]) -> None:
    """From one run to the next nothing is blank; the old one is dimmed meanwhile."""
    page = open_tab(SMALL)
    page.get_by_role("button", name=START).click()
    stage = page.locator(STAGE)
    stage.get_by_role("button", name="Skip to the end").click()
    expect(stage.get_by_role("button", name="Latest")).to_be_visible()
    page.evaluate(NOTE)
    button(page, "Start").click()
    page.wait_for_function("() => window.dimmed")
    expect(stage).to_have_attribute("data-number", re.compile(r"^\d+$"))
    expect(stage).not_to_have_class(re.compile("as-old"))
    assert page.evaluate("window.blanks") == 0


def test_slow_trains_a_step_at_a_time_and_says_what_it_did(served: Served, open_tab: Callable[..., Page]) -> None:
    """With Slow a run waits for its steps: each shows its batch, the loss on it, and the weights that moved most."""
    page = open_tab(SMALL)
    page.get_by_role("button", name=START).click()
    stage = page.locator(STAGE)
    stage.get_by_role("button", name="Slow").click()
    button(page, "Start").click()
    expect(head(page)).to_contain_text("paused")
    did = stage.locator("[data-view=step]")
    expect(did).to_contain_text(re.compile(r"A batch of 64 training examples; the loss on it fell from \d"))
    expect(did.locator(".as-batch canvas")).to_have_count(24)
    expect(did.get_by_role("table")).to_contain_text("Weights that moved most")
    reader: RunReader = record(served, page)
    steps = [line["step"] for line in reader.snapshot_lines()]
    assert steps == list(range(len(steps)))
    stage.get_by_role("button", name="Live").click()
    expect(did).to_be_hidden()
    expect(stage).to_have_attribute("data-status", "finished")


def test_who_prefers_less_motion_sees_the_newest(chromium: Any, served: Served) -> None:
    """With reduced motion a started run is not played by itself."""
    page = chromium.new_context(reduced_motion="reduce", viewport={"width": 1440, "height": 1000}).new_page()
    page.goto(served.url + SMALL)
    page.get_by_role("button", name=START).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-status", "finished")
    expect(stage.get_by_role("button", name="Latest")).to_have_attribute("aria-pressed", "true")
    expect(stage.locator(".as-readout")).to_contain_text("Epoch 4")
    page.context.close()
