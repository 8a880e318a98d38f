"""The page around the live view: what comes first in a narrow window, the keys, full screen, and the sidebar."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annscope.dashboard.server.assets import ASSETS
from scripts.serving import Served
from tests.records import train_run

pytestmark = pytest.mark.browser

DRAWN = ".annscope-stage[data-number]"
CUT = """() => [...document.querySelectorAll(
  '[data-testid=stSidebar] :is(button, label, [data-baseweb=select], [data-testid=stMarkdownContainer] p)',
)].filter((node) => node.offsetParent && node.clientWidth && node.scrollWidth > node.clientWidth + 1)
  .map((node) => `${node.localName} ${node.textContent}`)"""
"""The controls of the sidebar whose text is wider than they are."""


def names(keys: list[str]) -> list[str]:
    """What stands on these keys."""
    known = {" ": "Space", "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "Escape": "Esc"}
    return [known.get(key, key.upper() if len(key) == 1 else key) for key in keys]


@pytest.mark.parametrize(("width", "height"), [(390, 844), (900, 1000)])
def test_the_network_comes_first_in_a_narrow_window(
    served: Served, open_tab: Callable[..., Page], width: int, height: int
) -> None:
    """Its card begins in the upper part of the window, and the timeline is in sight below it."""
    assert served.home.exists()
    train_run()
    page = open_tab("/", width=width, height=height)
    expect(page.locator(DRAWN)).to_be_visible(timeout=60_000)
    network, timeline = page.locator("[data-view=network]"), page.locator(".as-timeline")
    box, bar = network.bounding_box(), timeline.bounding_box()
    assert box is not None
    assert bar is not None
    assert box["y"] < 330
    assert bar["y"] > box["y"] + 250
    assert bar["y"] + bar["height"] <= height


@pytest.mark.parametrize("path", ["/", "/classes", "/drawing"])
def test_the_list_of_keys_is_the_table_and_full_screen_is_a_key(
    served: Served, open_tab: Callable[..., Page], path: str
) -> None:
    """On every page: `?` shows every shortcut with its keys, Escape closes it, F fills the screen and leaves it."""
    assert served.home.exists()
    train_run()
    page = open_tab(path)
    expect(page.get_by_role("button", name="Keys")).to_be_visible(timeout=60_000)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    table: dict[str, Any] = json.loads((Path(ASSETS) / "lib/ui/shortcuts.json").read_text(encoding="utf-8"))
    shown = dialog.locator("dl").evaluate_all(
        "(lists) => lists.flatMap((list) => [...list.querySelectorAll('dt')].map((dt) => "
        "[[...dt.querySelectorAll('kbd')].map((key) => key.textContent), dt.nextElementSibling.textContent]))"
    )
    assert sorted(shown) == sorted([names(each["keys"]), each["does"]] for each in table.values())
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement === null")


@pytest.mark.parametrize("width", [390, 900, 1440])
def test_nothing_is_cut_in_the_sidebar(open_tab: Callable[..., Page], width: int) -> None:
    """Each control has room for its words."""
    page = open_tab("/?schedule=step&optimizer=momentum&hidden=128,64", width=width)
    if width < 768:
        page.get_by_test_id("stExpandSidebarButton").click(timeout=60_000)
    expect(page.get_by_test_id("stSidebar").get_by_role("button", name=re.compile("^Start"))).to_be_visible(
        timeout=60_000
    )
    assert page.evaluate(CUT) == []
