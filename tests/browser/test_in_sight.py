"""Views out of sight are not drawn, and up to date once they come into view."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annscope.runs.reader import RunReader
from scripts.serving import Served
from tests.records import train_run

pytestmark = pytest.mark.browser

STAGE = ".annscope-stage"
CLASSES = "[data-view=classes] table"
"""Far below the edge of the window."""
NETWORK = "[data-view=network] [data-number]"
N_EPOCHS = 12
NOTE = """
(selectors) => {
  window.noted = selectors.map(() => []);
  selectors.forEach((selector, i) => {
    const note = ([{ target }]) => window.noted[i].push(Number(target.dataset.number));
    new MutationObserver(note).observe(document.querySelector(selector), { attributeFilter: ['data-number'] });
  });
}
"""
FRAME = 40
"""Milliseconds in which whatever waits for the next animation frame is drawn."""
AT_REST = 2000
"""Milliseconds after which no view waits to be drawn."""
N_STEPS = 5
"""Snapshots that are passed in less than the second after which a view out of sight is drawn, too."""


@pytest.fixture
def stage(served: Served, open_tab: Callable[..., Page]) -> Page:
    """A page that shows the first snapshot of a finished run."""
    del served
    train_run(data="digits", hidden=(16,), epochs=N_EPOCHS)
    page = open_tab("/?snapshot=0", own_clock=True)
    page.set_viewport_size({"width": 1440, "height": 500})  # the classes are far below
    expect(page.locator(STAGE)).to_have_attribute("data-number", "0")
    expect(page.locator(CLASSES)).to_have_attribute("data-number", "0")
    return page


def test_a_view_out_of_sight_is_not_drawn_and_never_stale(stage: Page) -> None:
    """From one snapshot to the next only visible views are drawn; one that is scrolled to shows the current one."""
    stage.clock.install(time=0)
    stage.reload()
    expect(stage.locator(CLASSES)).to_have_attribute("data-number", "0")
    stage.clock.pause_at(600)  # seconds; from here on the page's time passes only where it is told to
    stage.clock.run_for(AT_REST)
    stage.evaluate(NOTE, [NETWORK, CLASSES])
    for number in range(1, N_STEPS + 1):
        stage.keyboard.press(".")
        expect(stage.locator(NETWORK)).to_have_attribute("data-number", str(number))
        stage.clock.run_for(FRAME)
        expect(stage.locator(STAGE)).to_have_attribute("data-number", str(number))
    assert stage.evaluate("window.noted") == [list(range(1, N_STEPS + 1)), []]
    stage.locator(CLASSES).scroll_into_view_if_needed()
    expect(stage.locator(CLASSES)).to_be_in_viewport()
    stage.clock.run_for(FRAME)
    expect(stage.locator(CLASSES)).to_have_attribute("data-number", str(N_STEPS))


def test_a_view_out_of_sight_is_up_to_date_when_nothing_moves(stage: Page) -> None:
    """A search of the page, or a screen reader, finds the numbers of the snapshot shown without scrolling."""
    stage.get_by_role("slider", name="Timeline").press("End")
    expect(stage.locator(CLASSES)).to_have_attribute("data-number", str(N_EPOCHS))
    expect(stage.locator(CLASSES)).not_to_be_in_viewport()


def test_every_snapshot_is_on_the_timeline_though_few_were_drawn(served: Served, open_tab: Callable[..., Page]) -> None:
    """Of a very fast run only some snapshots are drawn; every one is on the timeline."""
    page = open_tab("/?data=digits&hidden=8&epochs=400&snapshot-every=epoch")
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-status", "finished", timeout=120_000)
    expect(stage).to_have_attribute("data-number", "400")  # it is watched at a person's pace
    found = re.search(r"[?&]run=([^&]+)", page.url)
    assert found
    reader = RunReader(served.home / "runs" / found[1])
    assert [line["number"] for line in reader.snapshot_lines()] == list(range(401))
    # The last one is never left out.
    page.wait_for_function("window.__annscope.drawn.at(-1)?.number === 400")
    drawn = page.evaluate("window.__annscope.drawn.map(({ number }) => number)")
    skipped = next(number for number in range(100, 401) if number not in drawn)

    page.evaluate(
        """(number) => {
          const slider = document.querySelector('input[aria-label="Timeline"]');
          slider.value = number;
          slider.dispatchEvent(new Event('input', { bubbles: true }));
        }""",
        skipped,
    )
    expect(stage).to_have_attribute("data-number", str(skipped))
    counts = reader.snapshot(skipped).confusion.ravel().tolist()
    cells = page.locator("[data-view=confusion] td[data-show]")
    expect(cells).to_have_text([str(count) if count else "·" for count in counts])
