"""The decision map of 2-D data on Train, as a person uses it: looking, sending points, painting."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from annscope.data.datasets import load_dataset
from annscope.runs.reader import RunReader
from scripts.serving import Served

pytestmark = pytest.mark.browser

Box = dict[str, float]


def train(served: Served, *options: str) -> RunReader:
    """A finished run with these options."""
    command = [sys.executable, "-m", "annscope.runs.cli", "train", *options]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "ANNSCOPE_HOME": str(served.home)})
    return RunReader(max((served.home / "runs").iterdir(), key=lambda directory: directory.stat().st_mtime))


def the_map(page: Page) -> Locator:
    """The map, once it is drawn finely."""
    canvas = page.locator("[data-view=map] .mp-canvas")
    expect(canvas).to_have_attribute("data-side", "120")
    canvas.scroll_into_view_if_needed()
    return canvas


def box_of(canvas: Locator) -> Box:
    """Where the map stands."""
    box = canvas.bounding_box()
    assert box is not None
    return {**box}


def color_at(canvas: Locator, across: float, down: float) -> list[int]:
    """The colour of the map at a place, as a share of its side."""
    found: list[int] = canvas.evaluate(
        "(canvas, [x, y]) => [...canvas.getContext('2d')"
        ".getImageData(Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data]",
        [across, down],
    )
    return found


def test_a_point_of_the_map_goes_through_the_network(served: Served, open_tab: Callable[..., Page]) -> None:
    """A click, or Enter at the cross-hair, sends a point: the network view shows it with the network's own numbers."""
    reader = train(served, "--data", "blobs", "--hidden", "8,6", "--epochs", "20", "--learning-rate", "0.02")
    page = open_tab(f"/?run={reader.run}")
    canvas = the_map(page)
    box = box_of(canvas)
    assert box["width"] == box["height"] >= 420
    about = page.request.get(f"{served.url}/annscope/runs/{reader.run}/plane").json()
    (left, right), (bottom, top) = about["ends"]

    def x_of(across: float, down: float) -> np.ndarray:
        raw = np.array([left + across * (right - left), top - down * (top - bottom)])
        scaled: np.ndarray = (raw - about["offset"]) / about["divisor"]
        return scaled

    canvas.hover(position={"x": box["width"] * 0.5, "y": box["height"] * 0.1})
    expect(page.locator("[data-view=map] .nv-tip b")).to_contain_text(f"y {top - 0.1 * (top - bottom):.2f}")
    canvas.click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.1})
    network = page.locator("[data-view=network]")
    expect(network.locator("h3")).to_have_text("Your point through the network")
    expect(network.locator(".nv-probe[aria-pressed=true]")).to_have_attribute("aria-label", re.compile("^Your point"))
    network.locator(".nv-canvas").focus()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    n_snapshots = len(reader.snapshot_lines())
    answers = reader.network(n_snapshots - 1).forward(x_of(0.5, 0.1)[None])[1]
    shown = network.locator(".nv-dock")
    expect(shown).to_be_visible()
    unit = int(re.search(r"\d+", shown.locator("header").inner_text().split("Hidden 2")[-1])[0])  # type: ignore[index]
    expect(shown).to_contain_text(f"{answers[1][0][unit - 1]:.2f}".replace("-", "−")[:4])

    canvas.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-view=map] [aria-live=polite]").first).to_contain_text("predicted")


def test_what_goes_through_the_network_is_in_the_address(served: Served, open_tab: Callable[..., Page]) -> None:
    """A clicked example of the data, and a clicked point that is none, are restored by the address."""
    reader = train(served, "--data", "blobs", "--samples", "60", "--hidden", "4", "--epochs", "5")
    page = open_tab(f"/?run={reader.run}")
    canvas, heading = the_map(page), page.locator("[data-view=network] h3")
    side = box_of(canvas)["width"]
    about = page.request.get(f"{served.url}/annscope/runs/{reader.run}/plane").json()
    (left, right), (bottom, top) = about["ends"]
    x, y, _ = about["points"]["train"][7]
    for across, down, sample, words in [
        ((x - left) / (right - left), (top - y) / (top - bottom), r"train-\d+", r"Train example \d+ through"),
        (0.03, 0.04, r"-?[\d.]+(%2C|,)-?[\d.]+", "Your point through"),
    ]:
        canvas.click(position={"x": across * side, "y": down * side})
        expect(heading).to_have_text(re.compile(words))
        expect(page).to_have_url(re.compile(f"[?&]sample={sample}(&|$)"))
        shown, address = heading.inner_text(), page.url
        page.reload()
        expect(heading).to_have_text(shown)
        assert page.url == address
        the_map(page)
    page.locator("[data-view=network] .nv-probe[data-probe='2']").click()
    expect(page).to_have_url(re.compile(r"[?&]probe=2(&|$)"))
    expect(heading).to_contain_text("Example 3 through")


def test_a_neuron_that_is_looked_at_has_its_own_map(served: Served, open_tab: Callable[..., Page]) -> None:
    """While a hidden neuron is under the pointer the map shows its activation, and the regions again afterwards."""
    reader = train(served, "--data", "moons", "--hidden", "4", "--epochs", "10", "--activation", "tanh")
    page = open_tab(f"/?run={reader.run}")
    canvas = the_map(page)
    title = page.locator("[data-view=map] h3")
    expect(title).to_contain_text("486 training points, 54 held out (validation)")
    before = [color_at(canvas, 0.02, at) for at in (0.1, 0.5, 0.9)]
    network = page.locator("[data-view=network] .nv-canvas")
    network.focus()
    network.press("ArrowDown")
    expect(title).to_contain_text("its activation; dashed: its sum is zero")
    during = [color_at(canvas, 0.02, at) for at in (0.1, 0.5, 0.9)]
    assert during != before
    network.evaluate("(canvas) => canvas.blur()")
    expect(title).to_contain_text("486 training points")
    page.wait_for_function(
        "(want) => { const c = document.querySelector('.mp-canvas'); const at = (y) => [...c.getContext('2d')"
        ".getImageData(Math.round(0.02 * c.width), Math.round(y * c.height), 1, 1).data].join();"
        " return [0.1, 0.5, 0.9].map(at).join('|') === want; }",
        arg="|".join(",".join(map(str, color)) for color in before),
    )


def test_every_point_is_in_the_table_with_its_probabilities(served: Served, open_tab: Callable[..., Page]) -> None:
    """The numbers of the map are one click away, and are those of the network."""
    reader = train(served, "--data", "xor", "--samples", "100", "--hidden", "6", "--epochs", "10")
    page = open_tab(f"/?run={reader.run}")
    the_map(page)
    page.locator("[data-view=map]").get_by_text("Numbers", exact=True).click()
    rows = page.locator("[data-view=map] .tb-numbers tbody tr")
    dataset = load_dataset(reader.config.data)
    expect(rows).to_have_count(len(dataset.y_train) + len(dataset.y_val))
    last = len(reader.snapshot_lines()) - 1
    p = reader.network(last).predict_proba(dataset.x_train[:1])[0]
    expect(rows.first).to_contain_text(f"{p[0]:.4f}".rstrip("0"))


def paint_arm(page: Page, canvas: Locator, arm: int) -> None:
    """Paint one of two arms of a spiral by the brush."""
    canvas.focus()
    page.keyboard.press(str(arm + 1))
    box = box_of(canvas)
    for step in range(48):
        angle, radius = math.pi * arm + 1.5 * math.pi * step / 47, 0.06 + 0.38 * step / 47
        page.mouse.move(
            box["x"] + box["width"] * (0.5 + radius * math.cos(angle)),
            box["y"] + box["height"] * (0.5 - radius * math.sin(angle)),
        )
        if step == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_spiral_is_painted_and_learned(served: Served, open_tab: Callable[..., Page]) -> None:
    """Points painted by hand are the data of the next run, whose network learns them; the record reproduces it."""
    first = train(served, "--data", "circles", "--hidden", "4", "--epochs", "1")
    settings = "hidden=24,16&activation=tanh&initializer=glorot&learning-rate=0.02&batch-size=16&epochs=200"
    page = open_tab(f"/?run={first.run}&{settings}")
    canvas = the_map(page)
    card = page.locator("[data-view=map]")
    card.get_by_role("button", name="Paint").click()
    card.get_by_role("button", name="Clear").click()
    expect(card.locator(".mp-say")).to_contain_text("0 points.")
    box = box_of(canvas)
    for arm in range(2):
        paint_arm(page, canvas, arm)
    count = int(card.locator(".mp-say").inner_text().split()[0])
    assert count > 60
    canvas.focus()
    page.keyboard.press("Control+z")
    expect(card.locator(".mp-say")).not_to_contain_text(f"{count} points")
    paint_arm(page, canvas, 1)
    said = card.locator(".mp-say")
    count = int(said.inner_text().split()[0])
    left, top = box["x"] + box["width"] * 0.95, box["y"] + box["height"] * 0.9
    page.mouse.click(left, top)
    expect(said).to_contain_text(f"{count + 1} points.")
    card.get_by_role("button", name="Move").click()
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left - 40, top)
    page.mouse.up()
    card.get_by_role("button", name="Erase").click()
    page.mouse.click(left, top)
    expect(said).to_contain_text(f"{count + 1} points.")
    page.mouse.click(left - 40, top)
    expect(said).to_contain_text(f"{count} points.")
    card.get_by_role("button", name="Use these points").click()
    expect(card.locator(".mp-say")).to_contain_text("the data set of the next run: press Start")
    expect(page).to_have_url(re.compile("data=.*painted-"))
    expect(page.get_by_test_id("stSidebar").get_by_role("combobox", name="Data set")).to_have_value(
        re.compile("^painted-")
    )
    page.get_by_role("button", name="Start").first.click()
    expect(page).not_to_have_url(re.compile(first.run))
    expect(card.locator("h3")).not_to_contain_text("486 training points")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-status", "finished")
    run = re.search(r"run=([^&]+)", page.url)
    assert run is not None
    reader = RunReader(served.home / "runs" / run[1])
    lines = reader.snapshot_lines()
    assert lines[-1]["train"]["accuracy"] >= 0.95
    data = load_dataset(reader.config.data, seed=reader.config.training.seed)
    assert data.fingerprint == reader.description["dataset"]["fingerprint"]
    assert len(load_dataset(replace(reader.config.data, split=0.0)).y_train) > 40
