"""Inspect: from a click in the confusion matrix to the images of its examples, drawn, in headless Chromium."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from playwright.sync_api import Page

from benchmarks import options, tables, threads
from benchmarks.dashboard import STAGE, VIEWPORT, Figure, dashboard_in_browser
from benchmarks.others import Others
from benchmarks.tables import Table

N_CLASSES = 10
SPLITS = {"test": "10,000 examples", "train": "54,000 examples"}
GOAL = 0.3
READY = """() => ["matrix", "gallery"].every((part) => document.querySelector(`.ai-${part}[data-ready]`))"""
CLICK = """
async ([show, title]) => {
  const cell = document.querySelector(`.ai-matrix [data-show="${show}"]`);
  const begin = performance.now();
  cell.click();
  while (document.querySelector('.ai-gallery h3')?.textContent !== title)
    await new Promise((done) => requestAnimationFrame(done));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));  // painted
  return (performance.now() - begin) / 1000;
}
"""


def main(argv: Sequence[str]) -> None:
    """Print the median and the 95th percentile of the clicks on each split, with the goal."""
    given = options.parser("inspecting", __doc__ or "", rounds=40).parse_args(argv)
    figures = measure(given.rounds)
    notes = [f"MNIST, 784-64-32-10; 1440 x 1000; {given.threads} cores in total; {given.rounds} clicks on each split."]
    table = Table("Click to images on Inspect", ["", "measured", "goal", ""], [each.row() for each in figures], notes)
    values = {
        "machine": threads.machine(given.threads),
        "figures": {each.name: {"value": each.value, "goal": each.goal, "unit": each.unit} for each in figures},
    }
    tables.show("inspecting", [table], values, as_json=given.json, as_markdown=given.markdown, page=given.page)


def measure(n_clicks: int) -> list[Figure]:
    """All measurements of one run on one dashboard."""
    figures: list[Figure] = []
    with dashboard_in_browser() as (served, browser):
        page = browser.new_context(viewport=VIEWPORT).new_page()
        page.goto(f"{served.url}/?data=mnist&epochs=1&hidden=64,32")
        page.get_by_role("button", name="Start").first.click()
        page.locator(f"{STAGE}[data-status=finished]").wait_for(timeout=600_000)
        run = page.evaluate("new URL(location.href).searchParams.get('run')")
        meanwhile = Others()
        for split, about in SPLITS.items():
            page.goto(f"{served.url}/classes?run={run}&subset={split}")
            page.wait_for_function(READY)
            page.wait_for_timeout(1500)  # a user pauses before clicking
            seconds = sorted(_clicks(page, n_clicks))
            p95 = seconds[int(0.95 * (len(seconds) - 1))]
            figures += [
                Figure(f"{split}_median", f"{about}, median", statistics.median(seconds), GOAL, "s"),
                Figure(f"{split}_p95", f"{about}, 95th percentile", p95, GOAL, "s"),
            ]
        others = Figure("others", "other programs meanwhile, of a core", meanwhile.share(), None, "share")
    return [*figures, others]


def _clicks(page: Page, n: int) -> list[float]:
    """Seconds of clicks on cells all over the matrix, the headings of its rows and those of its columns."""
    found = []
    for k in range(n):
        true, predicted = k % N_CLASSES, (3 * k + 1) % N_CLASSES
        show, title = [
            (f"true-{true}", f"True class: {true}"),
            (f"predicted-{predicted}", f"Predicted: {predicted}"),
            (f"{true}-{predicted}", f"{true} predicted as {predicted}"),
        ][k % 3]
        if true == predicted and k % 3 == 2:
            title = f"{true}, correctly predicted"
        found.append(page.evaluate(CLICK, [show, title]))
        page.wait_for_timeout(300)
    return found
