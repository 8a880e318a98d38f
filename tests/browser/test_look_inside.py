"""The details of the network view: marks, captions, a neuron's weighted sum, its tables, health findings."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from annscope.runs.catalogue import run_directory, run_ids
from annscope.runs.reader import RunReader
from annscope.runs.writer import create_run
from tests.configs import make_config
from tests.records import train_run, train_to_the_end

pytestmark = pytest.mark.browser

WRITTEN = """
(selector) => new Promise((resolve) => {
  const canvas = document.querySelector(selector);
  let found = [];
  const { fillText, setTransform } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.setTransform = function (...numbers) {
    // Each drawing begins with this.
    if (this.canvas === canvas) found = [];
    return setTransform.apply(this, numbers);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, most) {
    if (this.canvas === canvas) {
      const width = Math.min(this.measureText(text).width, most ?? Infinity);
      const left = { left: x, start: x, center: x - width / 2, right: x - width }[this.textAlign];
      found.push({ text, left, right: left + width, y });
    }
    return fillText.call(this, text, x, y, ...(most === undefined ? [] : [most]));
  };
  document.querySelector('[aria-label="One snapshot back"]').click();
  setTimeout(() => {
    Object.assign(CanvasRenderingContext2D.prototype, { fillText, setTransform });
    resolve(found);
  }, 1000);
})
"""
"""The texts of a canvas with their places, of its last drawing for another snapshot."""


def pin(page: Page, layer: int, unit: int) -> None:
    """Pin a neuron by keyboard."""
    canvas = page.locator(".nv-canvas")
    canvas.focus()
    for key in ["ArrowDown", *["ArrowRight"] * layer, *["ArrowDown"] * unit, "Enter"]:
        canvas.press(key)
    expect(page.locator(".nv-dock")).to_be_visible()


def test_many_layers_are_legible(open_tab: Callable[..., Page]) -> None:
    """The captions of six layers do not overlap, and their chart shows the number of each."""
    train_run(data="digits", hidden=(32, 32, 32, 32, 32, 32), activation="sigmoid", epochs=3)
    page = open_tab("/")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "3")
    captions = [each for each in page.evaluate(WRITTEN, ".nv-canvas") if each["y"] < 56]
    assert len(captions) == 2 * 8  # input, six hidden layers, output
    for row in {each["y"] for each in captions}:
        side_by_side = sorted((each for each in captions if each["y"] == row), key=lambda each: each["left"])
        for one, next_one in pairwise(side_by_side):
            assert one["right"] < next_one["left"], (one, next_one)

    page.locator("[data-view=layers]").scroll_into_view_if_needed()
    texts = page.evaluate(WRITTEN, "[data-view=layers] canvas")
    named = [each for each in texts if re.fullmatch(r"hidden \d|output", each["text"])]
    assert len(named) == 7
    assert min(each["y"] for each in named) > 20  # its figure stands 13 pixels above


def test_a_hundred_and_twenty_classes_are_drawn(tmp_path: Path, open_tab: Callable[..., Page]) -> None:
    """With very many classes the network is drawn without an error, and the card of an output is in sight."""
    rows = [
        f"{label % 12 + copy / 9},{label // 12 + copy / 7},class {label}" for label in range(120) for copy in range(6)
    ]
    path = tmp_path / "many.csv"
    path.write_text("\n".join(["width,height,label", *rows]), encoding="utf-8")
    train_run(data=str(path), hidden=(8,), epochs=2)
    page = open_tab("/")
    expect(page.locator("[data-view=network] [data-number]")).to_have_attribute("data-number", "2")
    canvas = page.locator(".nv-canvas")
    canvas.focus()
    for key in ("ArrowDown", "ArrowRight", *["ArrowDown"] * 3):
        canvas.press(key)
    card = page.locator(".nv-float")
    expect(card).to_be_visible()
    expect(card.locator("header")).to_contain_text("class ")
    expect(card).to_be_in_viewport(ratio=1)
    colors = """(canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }"""
    assert canvas.evaluate(colors) > 100
    expect(page.locator(".as-trouble")).to_have_count(0)


def test_what_is_counted_is_what_is_recorded(open_tab: Callable[..., Page]) -> None:
    """The caption of a layer counts its neurons that are always 0, as recorded, and those that are saturated now."""
    reader = train_run(data="digits", hidden=(40,), learning_rate=0.05, epochs=3)
    page = open_tab("/")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "3")
    texts = [each["text"] for each in page.evaluate(WRITTEN, ".nv-canvas")]
    off = round(40 * reader.snapshot_line(2)["layers"][0]["dead_fraction"])
    assert off > 0
    assert f"⊘ {off} always off" in texts

    reader = train_run(data="digits", hidden=(40,), activation="tanh", initializer_scale=5, epochs=3)
    page = open_tab("/")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "3")
    texts = [each["text"] for each in page.evaluate(WRITTEN, ".nv-canvas")]
    activations = np.tanh(reader.network(2).forward(reader.probe().x)[0][0][0])
    full = int((np.abs(activations) > 0.95).sum())
    assert full > 0
    assert f"● {full} saturated" in texts


def test_a_weight_can_be_typed_and_any_connection_cut(open_tab: Callable[..., Page]) -> None:
    """A weight can be typed digit by digit; every term of a sum can be shown, and its connection cut."""
    train_run(data="digits", hidden=(24,), epochs=2)
    page = open_tab("/")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "2")
    pin(page, 0, 2)
    dock, banner = page.locator(".nv-dock"), page.locator(".nv-banner")
    sources = dock.locator(".nv-from")
    expect(sources).to_have_count(8)
    before = sources.all_inner_texts()

    field = dock.get_by_role("spinbutton").nth(4)
    field.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("0.75", delay=60)
    expect(field).to_be_focused()
    expect(field).to_have_value("0.75")
    expect(banner).to_contain_text("1 change")
    assert (box := banner.bounding_box())
    assert (view := page.locator(".nv-canvas").bounding_box())
    assert box["y"] >= view["y"] + view["height"]  # the predictions stay in sight
    assert sources.all_inner_texts() == before
    expect(dock.locator(".nv-changed .nv-from")).to_have_text(before[4])

    dock.get_by_role("button", name="All 64 terms").click()
    expect(sources).to_have_count(64)
    dock.get_by_role("button", name="Cut the connection from pixel 5, 5").click()
    expect(banner).to_contain_text("2 changes")
    expect(dock.get_by_role("spinbutton", name="Weight from pixel 5, 5", exact=True)).to_have_value("0")
    banner.get_by_role("button", name="Take the last change back").click()
    expect(banner).to_contain_text("1 change")
    dock.get_by_role("button", name="Only the largest terms").click()
    expect(sources).to_have_count(8)


def test_a_pinned_neuron_has_its_numbers(open_tab: Callable[..., Page]) -> None:
    """The charts of a pinned neuron have tables with the recorded activations."""
    reader = train_run(data="digits", hidden=(24,), epochs=2)
    page = open_tab("/")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "2")
    pin(page, 0, 2)
    dock = page.locator(".nv-dock")
    for summary in dock.locator("summary").all():
        summary.click()
    probe = reader.probe()
    activations = [np.maximum(reader.network(n).forward(probe.x)[0][0][:, 2], 0) for n in range(3)]
    over_probe = dock.get_by_role("region", name="Activation over the probe set").locator("tbody tr")
    told = {row.locator("td").nth(0).inner_text(): row.locator("td").nth(1).inner_text() for row in over_probe.all()}
    assert [float(told[f"Image {i + 1}"]) for i in range(len(activations[2]))] == pytest.approx(
        activations[2], abs=1e-5
    )
    history = dock.get_by_role("region", name="Activation over the snapshots").locator("tbody td")
    expect(history).to_have_count(3)
    assert [float(text) for text in history.all_inner_texts()] == pytest.approx(
        [each[0] for each in activations], abs=1e-5
    )


def test_the_health_findings_are_those_of_the_snapshot_shown(open_tab: Callable[..., Page]) -> None:
    """The panel shows the findings of the selected snapshot; at the last one they are those of the command line."""
    reader = train_run(data="digits", hidden=(8,), epochs=2, optimizer="sgd", learning_rate=30)
    page = open_tab("/")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "2")
    health = page.locator("[data-view=health]")
    found = reader.findings()
    assert "Learning rate too high" in [finding.title for finding in found]
    expect(health.locator("small")).to_have_text(re.compile(f"^{len(found)} things? to look at$"))
    for told in ("title", "why", "remedy"):
        tag = {"title": "b", "why": "span", "remedy": "em"}[told]
        stop = "." if told == "title" else ""
        expect(health.locator(f"li {tag}")).to_have_text([f"{getattr(finding, told)}{stop}" for finding in found])
    room = health.bounding_box()
    page.get_by_role("slider", name="Timeline").press("Home")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "0")
    expect(health.locator("li")).to_have_text([re.compile("^Nothing to report")])
    assert health.bounding_box() == room


def test_a_remedy_is_tried_beside_the_run_that_needs_it(open_tab: Callable[..., Page]) -> None:
    """Enter on Try it starts a run with the settings of the remedy; the old one stays as a ghost."""
    reader = train_run(data="digits", hidden=(16,), epochs=3, learning_rate=1e-6)
    (finding,) = reader.findings()
    assert (finding.title, finding.settings) == ("Learning rate too low", {"learning-rate": 0.001})
    page = open_tab("/")
    button = page.locator("[data-view=health]").get_by_role("button", name=f"Try it: {finding.remedy}")
    button.press("Enter")
    expect(page).to_have_url(re.compile(f"beside={reader.run}"))
    expect(page.locator(".ch-canvas")).to_have_attribute("data-beside", "4")
    expect(page.locator(".ch-canvas")).to_have_attribute("data-snapshots", "4")
    (new,) = [RunReader(run_directory(run)) for run in run_ids() if run != reader.run]
    assert new.config == reader.config.with_values(finding.settings)
    expect(page.locator("[data-view=health]")).not_to_contain_text("Learning rate too low")
    expect(page.locator(".st-key-control-learning-rate").get_by_test_id("stSliderThumbValue")).to_have_text("0.001")


def test_a_divergence_is_shown_step_by_step(open_tab: Callable[..., Page]) -> None:
    """The last steps are on the timeline, the axis of the loss stays readable, and Health names the step."""
    settings = {"optimizer": "sgd", "activation": "leaky_relu", "learning_rate": 3}
    config = make_config(data="digits", epochs=2, **settings)
    reader = RunReader(run_directory(create_run(config)))
    assert train_to_the_end(reader.directory)["status"] == "diverged"
    page = open_tab("/")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", str(reader.n_snapshots - 1))
    assert reader.n_snapshots > 5
    expect(page.locator("[data-view=health] li").first).to_contain_text("Training diverged. At step ")
    texts = [each["text"] for each in page.evaluate(WRITTEN, ".ch-canvas")]
    assert any(text.startswith("↑ goes on to ") for text in texts)
    loss = texts[: texts.index("Loss")]  # the ticks of the first chart come before its title
    assert max(float(text) for text in loss) < 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_among_the_pages_is_visible(open_tab: Callable[..., Page], scheme: str) -> None:
    """The focused link to a page has an outline."""
    page = open_tab("/", scheme=scheme)
    link = page.get_by_role("link", name="Draw")
    link.focus()
    page.keyboard.press("Shift+Tab")
    inspect = page.get_by_role("link", name="Inspect")
    expect(inspect).to_be_focused()
    expect(inspect).to_have_css("outline-style", "solid")
