"""The page around the live view: what comes first in a narrow window, the keys, full screen, and the sidebar."""

from __future__ import annotations

import contextlib
import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from annscope.dashboard.server.assets import ASSETS
from scripts.serving import Served
from tests.records import train_run

pytestmark = pytest.mark.browser

DRAWN = ".annscope-stage[data-number]"
CUT = """() => [...document.querySelectorAll(
  '[data-testid=stSidebar] :is(button, label, input[role=combobox], [data-testid=stMarkdownContainer] p), '
  + '[role=option], [role=option] *',
)].filter((node) => node.offsetParent && node.clientWidth && node.scrollWidth > node.clientWidth + 1)
  .map((node) => `${node.localName} ${node.value ?? node.textContent}`)"""
"""The controls of the sidebar, and the options of an open menu, whose text is wider than they are."""
STEP = "schedule=step&optimizer=momentum"
LONGEST = "data=mnist-5k-traits&output=sigmoid&schedule=inverse_time&activation=leaky_relu&initializer=legacy_normal"


def names(keys: list[str]) -> list[str]:
    """What stands on these keys."""
    known = {" ": "Space", "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "Escape": "Esc"}
    return [known.get(key, key.upper() if len(key) == 1 else key) for key in keys]


def open_sidebar(page: Page) -> None:
    """Press the button of a narrow window until the sidebar is there: a page in the making does not hear it."""
    button = page.get_by_test_id("stExpandSidebarButton")
    for _ in range(6):
        button.click()
        with contextlib.suppress(AssertionError):
            return expect(button).to_be_hidden(timeout=15_000)
    raise AssertionError("the sidebar did not open")


def open_menu(page: Page, menu: Locator) -> None:
    """Press a key on a list until its options are there: a page in the making does not hear it."""
    for _ in range(6):
        menu.focus()
        menu.press("ArrowDown")
        with contextlib.suppress(AssertionError):
            return expect(page.get_by_role("option").first).to_be_visible(timeout=15_000)
    raise AssertionError("the list did not open")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (900, 1000)])
def test_the_network_comes_first_in_a_narrow_window(
    served: Served, open_tab: Callable[..., Page], width: int, height: int
) -> None:
    """Its card begins in the upper part of the window, and the timeline is in sight below it."""
    assert served.home.exists()
    train_run()
    page = open_tab("/", width=width, height=height)
    expect(page.locator(DRAWN)).to_be_visible()
    network, timeline = page.locator("[data-view=network]"), page.locator(".as-timeline")
    box, bar = network.bounding_box(), timeline.bounding_box()
    assert box is not None
    assert bar is not None
    assert box["y"] < 330
    assert bar["y"] > box["y"] + 250
    assert bar["y"] + bar["height"] <= height


@pytest.mark.parametrize("path", ["/data", "/classes", "/drawing"])
def test_a_phone_has_the_links_to_the_other_pages(open_tab: Callable[..., Page], path: str) -> None:
    """In a narrow window they stand in the sidebar, which a button opens on every page."""
    page = open_tab(path, width=390)
    open_sidebar(page)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Train").click()
    expect(page).to_have_url(re.compile(r":\d+/(\?.*)?$"))
    expect(page.get_by_role("button", name=re.compile("^Train on real digits|^Start")).last).to_be_attached()


@pytest.mark.parametrize("path", ["/", "/classes", "/drawing"])
def test_the_list_of_keys_is_the_table_and_full_screen_is_a_key(
    served: Served, open_tab: Callable[..., Page], path: str
) -> None:
    """On every page: `?` shows every shortcut with its keys, Escape closes it, F fills the screen and leaves it."""
    assert served.home.exists()
    train_run()
    page = open_tab(path)
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
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


def test_a_copied_link_restores_the_settings_or_the_moment(served: Served, open_tab: Callable[..., Page]) -> None:
    """The sidebar's link has every setting and no run; the timeline's the run, snapshot and example, too."""
    run = train_run(data="digits", hidden=(8,), epochs=3).run
    settings = {"epochs": "7", "hidden": "24,12", "activation": "tanh", "learning-rate": "0.05", "data": "digits"}
    page = open_tab(f"/?run={run}&snapshot=1&probe=2&{urlencode(settings)}")
    expect(page.locator(DRAWN)).to_have_attribute("data-number", "1")

    def copied(page: Page, name: str = "Copy link") -> str:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name=name).click()
        expect(page.get_by_text("Copied")).to_be_visible()
        link: str = page.evaluate("navigator.clipboard.readText()")
        return link

    link = copied(page)
    assert dict(parse_qsl(urlsplit(link).query)).items() >= settings.items()
    assert "run=" not in link
    restored = open_tab(link.removeprefix(served.url))
    assert copied(restored) == link

    moment = open_tab(copied(page, "Copy a link to this moment").removeprefix(served.url))
    expect(moment.locator(DRAWN)).to_have_attribute("data-number", "1")
    expect(moment.locator("[data-view=network] .nv-probe[data-probe='2']")).to_have_attribute("aria-pressed", "true")
    assert copied(moment) == link


@pytest.mark.parametrize(
    ("width", "settings"), [(390, LONGEST), (390, STEP), (900, LONGEST), (1440, LONGEST), (1440, STEP)]
)
def test_nothing_is_cut_in_the_sidebar(open_tab: Callable[..., Page], width: int, settings: str) -> None:
    """Each control has room for its words and its value, each menu for its options, and the button that closes it."""
    page = open_tab(f"/?hidden=128,64&{settings}", width=width)
    if width < 768:
        open_sidebar(page)
    expect(page.get_by_test_id("stSidebar").get_by_role("button", name=re.compile("^Start"))).to_be_visible()
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(f"() => !({CUT})().length", timeout=3000)  # it slides in, narrow at first
    assert page.evaluate(CUT) == []
    menus = page.locator("[data-testid=stSidebar] input[role=combobox]")
    for menu in menus.all():
        open_menu(page, menu)
        assert page.evaluate(CUT) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("option")).to_have_count(0)
    if width < 768:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
        expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
        expect(page.get_by_role("button", name="Keys")).to_be_visible()


def test_a_page_that_is_left_takes_nothing_from_the_next(served: Served, open_tab: Callable[..., Page]) -> None:
    """What Train chooses between the click on another page and that page is kept to itself: the other one stays."""
    assert served.home.exists()
    run = train_run(data="digits", hidden=(4,), epochs=2).run
    page = open_tab(f"/?run={run}")
    expect(page.locator(DRAWN)).to_have_attribute("data-number", "2")
    expect(page.locator(".nv-probe")).not_to_have_count(0)
    served.process.send_signal(signal.SIGSTOP)  # a busy server, which hears of both at once
    page.evaluate(
        """() => {
            document.querySelector('[data-testid=stTopNavLink][href$="/data"]').click();
            document.querySelectorAll('.nv-probe')[3].click();
        }"""
    )
    page.wait_for_timeout(600)
    served.process.send_signal(signal.SIGCONT)
    uploader = page.locator("[data-testid=stFileUploader]")
    expect(uploader).to_be_visible()
    page.wait_for_timeout(1500)  # in which the page would be taken away
    expect(uploader).to_be_visible()
    page.get_by_role("link", name="Train", exact=True).click()
    page.locator(".nv-probe").nth(2).click()
    expect(page).to_have_url(re.compile("probe=2"))
