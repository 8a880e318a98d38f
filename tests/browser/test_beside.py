"""Two runs side by side: both networks on one timeline."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from scripts.serving import Served
from tests.records import train_run

pytestmark = pytest.mark.browser

STAGE = ".annscope-stage"


def test_two_networks_are_watched_side_by_side(served: Served, open_tab: Callable[..., Page]) -> None:
    """Another run is found in the list; one timeline and one image drive both, by epoch, step or time; Close ends it.

    What is below does not move while the timeline does.
    """
    assert served.home.exists()
    beside = train_run(data="digits", hidden=(4,), epochs=2, batch_size=32).run
    shown = train_run(data="digits", hidden=(8, 4), epochs=4, batch_size=64).run
    page = open_tab(f"/?run={shown}")
    stage, other = page.locator(STAGE), page.locator("[data-view=beside]")
    expect(stage).to_have_attribute("data-number", "4")
    expect(other).to_have_count(0)

    page.get_by_role("button", name="Side by side").click()
    page.get_by_role("combobox", name="Show beside this run").fill("64-4-10")
    page.get_by_role("option").first.click()
    expect(page).to_have_url(re.compile(f"beside={beside}"))
    expect(other).to_have_attribute("data-number", "2")
    pair = page.get_by_role("region", name="Two runs side by side")
    expect(pair.get_by_role("status").first).to_have_text("B ended at epoch 2 (finished): its last snapshot stands.")
    heads = pair.locator(".as-moment")
    expect(heads.first).to_contain_text("Hidden layers 8,4")
    expect(heads.last).to_contain_text(re.compile(r"Epoch 2 · step 92 · .*Held-out accuracy .* %Prediction \d"))

    below = page.locator(".as-columns")
    place = below.bounding_box()
    timeline = page.get_by_role("slider", name="Timeline")
    timeline.focus()
    timeline.press("Home")
    timeline.press("ArrowRight")
    expect(heads.first).to_contain_text("Epoch 1 · step 23")
    expect(heads.last).to_contain_text("Epoch 1 · step 46")
    pair.get_by_role("button", name="Same step").click()
    expect(heads.last).to_contain_text("Epoch 0 · step 0")
    expect(page).to_have_url(re.compile("same=step"))

    images = [card.get_by_role("group", name="Examples") for card in (page.locator("[data-view=network]"), other)]
    images[1].get_by_role("button").nth(3).click()
    for each in images:
        expect(each.get_by_role("button").nth(3)).to_have_attribute("aria-pressed", "true")
    images[0].get_by_role("button").nth(3).press("ArrowRight")
    for each in images:
        expect(each.get_by_role("button").nth(4)).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("probe=4"))
    assert below.bounding_box() == place

    page.reload()
    expect(other).to_have_attribute("data-number", "0")
    expect(heads.first).to_contain_text("Epoch 1 · step 23")
    expect(images[1].get_by_role("button").nth(4)).to_have_attribute("aria-pressed", "true")
    stage.get_by_role("button", name="Latest").click()
    expect(other).to_have_attribute("data-number", "2")

    pair.get_by_role("button", name="Close").press("Enter")
    expect(pair).to_be_hidden()
    expect(page).not_to_have_url(re.compile("beside=|same="))
    expect(below.locator("[data-view=network] .nv-canvas")).to_be_visible()


def test_a_point_of_the_plane_goes_through_both_networks(served: Served, open_tab: Callable[..., Page]) -> None:
    """A click on the map sends the point through both, each with its own inputs, and each says its prediction."""
    assert served.home.exists()
    beside = train_run(data="blobs", hidden=(3,), epochs=2, extra_inputs=("x1x2",)).run
    shown = train_run(data="blobs", hidden=(8,), epochs=2).run
    page = open_tab(f"/?run={shown}&beside={beside}")
    canvas = page.locator("[data-view=map] .mp-canvas")
    expect(canvas).to_have_attribute("data-side", "120")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] * 0.03, "y": box["height"] * 0.04})
    for view in ("network", "beside"):
        expect(page.locator(f"[data-view={view}] h3")).to_have_text("Your point through the network")
    about = page.request.get(f"{served.url}/annscope/runs/{shown}/plane").json()
    (left, right), (bottom, top) = about["ends"]
    x, y = left + 0.03 * (right - left), top - 0.04 * (top - bottom)
    for head, run in zip(page.locator(".as-moment").all(), (shown, beside), strict=True):
        reader = RunReader(run_directory(run))
        about = page.request.get(f"{served.url}/annscope/runs/{run}/plane").json()
        raw = np.array([x, y, x * y])[: len(about["offset"])]
        inputs = (raw - about["offset"]) / about["divisor"]
        predicted = reader.network(2).forward(inputs[None])[1][-1].argmax()
        names = reader.description["dataset"]["class_names"]
        expect(head).to_contain_text(f"Prediction {names[predicted]}")
