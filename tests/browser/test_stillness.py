"""The page stands still while a run is watched, and what it says of the run is never behind the picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

STAGE = ".annscope-stage"
WATCH = """
() => {
  window.shifts = [];
  window.moves = [];
  window.behind = [];
  window.grown = [];
  window.places = null;
  let heights = new Map();
  const name = (node) => node.dataset.view ?? node.className;
  const about = (node) => {
    const element = node?.closest ? node : node?.parentElement;
    const view = element?.closest('[data-view]')?.dataset.view ?? '';
    return `${view} ${element?.localName}.${element?.className}: ${node?.textContent.slice(0, 80)}`;
  };
  const measure = (stage) => {
    const now = new Map();
    for (const node of stage.querySelectorAll(':not(svg, svg *)')) {
      if (![...node.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim())) continue;
      now.set(node, node.offsetHeight);
      const before = heights.get(node);
      if (before && before !== now.get(node)) window.grown.push(`${before} -> ${now.get(node)} ${about(node)}`);
    }
    heights = now;
  };
  const look = () => {
    const stage = document.querySelector('.annscope-stage[data-number]');
    window.frames_seen = stage ? (window.frames_seen ?? 0) + 1 : 0;
    if (window.frames_seen > 3) { // by then every canvas of the first picture has its size
      const nodes = [stage, ...stage.querySelectorAll('.as-strip, .as-timeline, .as-card, .nv-canvas')];
      const now = new Map(nodes.map((node) => [name(node), Math.round(node.getBoundingClientRect().top)]));
      for (const [what, top] of now) {
        const before = window.places?.get(what);
        if (before !== undefined && before !== top) window.moves.push(`${what} ${before} -> ${top}`);
      }
      window.since ??= performance.now();
      window.places = now;
      measure(stage);
      const said = Number(/[\\d,]+/.exec(stage.querySelector('[data-cell=step]').textContent)?.[0].replaceAll(',', ''));
      const drawn = Number(stage.dataset.step);
      if (said < drawn) window.behind.push(`step ${said} at the picture of step ${drawn}`);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  new PerformanceObserver((list) => {
    for (const { value, startTime, sources } of list.getEntries()) {
      if (window.since === undefined || startTime < window.since) continue;
      window.shifts.push([value, sources.map(({ node }) => about(node))]);
    }
  }).observe({ type: 'layout-shift', buffered: true });
}
"""

WIDER = """
(letters) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { letter-spacing: ${letters}px !important }`);
  if (letters) document.adoptedStyleSheets.push(sheet);
}
"""
"""Letters so many pixels further apart, as in a wider font."""


def watch(page: Page) -> dict[str, Any]:
    """What moved since the first picture, from the start of a run to its end and to the last change of its buttons."""
    page.evaluate(WATCH)
    page.get_by_role("button", name=re.compile("^Start")).last.click()
    expect(page.locator(STAGE)).to_have_attribute("data-status", "finished")
    after = page.locator(".st-key-pause").get_by_role("button", name=re.compile("^(Continue|Go on)"))
    expect(after).to_be_visible()
    found: dict[str, Any] = page.evaluate("({ shifts, moves, behind, grown })")
    return found


@pytest.mark.parametrize(("width", "letters"), [(1440, 0), (900, 0), (390, 0), (390, 0.5), (1440, 0.5)])
def test_nothing_moves_during_a_run(open_tab: Callable[..., Page], width: int, letters: float) -> None:
    """From the first picture to the end of a run, with all that Health finds, nothing moves, in a wide font too."""
    link = "/?data=digits&hidden=48,48,24&optimizer=sgd&learning-rate=0.5&batch-size=32&epochs=60"
    page = open_tab(link, width=width)
    page.evaluate(WIDER, letters)
    found = watch(page)
    grown = found.pop("grown")
    assert found == {"shifts": [], "moves": [], "behind": []}, f"texts of another height: {grown}"
