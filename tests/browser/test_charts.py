"""Curves, confusion matrix and table of classes: of a recorded run on the real page, and of extreme histories."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from annscope.core.evaluation.metrics import class_metrics
from tests.records import train_run

pytestmark = pytest.mark.browser

STORE = """
(classNames) => {
  const listeners = {};
  const store = {
    chance: { loss: null, accuracy: null },
    description: {
      run: 'one', config: { training: {} }, dataset: { class_names: classNames, n_validation: 0, n_test: 100 },
    },
    classNames, lines: [], snapshotLines: [], events: [], stepsPerEpoch: 100,
    shown: null, selected: null, theme: 'light', chosen: [],
    on(event, act) { (listeners[event] ??= []).push(act); return () => {}; },
    emit(event) { for (const act of listeners[event] ?? []) act(); },
    select(number) { store.selected = number; store.chosen.push(number); store.emit('select'); },
    add(lines) { store.snapshotLines.push(...lines); store.lines.push(...lines); store.emit('lines'); },
    show(line, perClass, counts, averages) {
      const n = classNames.length;
      const confusion = { shape: [n, n], data: Int32Array.from(counts.flat()) };
      store.shown = { number: line.number, line, perClass, averages, tensor: () => confusion };
      store.emit('frame');
    },
  };
  return store;
}
"""
"""A store as the stage makes it, filled by the test."""

CELL = "td[data-show]"
DRAWN = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
INK = """
(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let ink = 0;
  for (let i = 0; i < data.length; i += 4) {
    const color = [data[i], data[i + 1], data[i + 2]];
    if (Math.max(...color) - Math.min(...color) > 80) ink += 1;
  }
  return ink;
}
"""
"""How many pixels of a canvas have a colour, which only the lines and the marks do."""


def line(number: int, loss: float | None = None, accuracy: float | None = None, rate: float = 0.001) -> dict[str, Any]:
    """A snapshot's line of the metrics, ten steps after the one before."""
    figures = {"loss": loss, "accuracy": accuracy}
    return {
        "type": "snapshot", "number": number, "step": 10 * number, "epoch": number // 10,
        "learning_rate": rate, "train": figures, "heldout": figures,
    }  # fmt: skip


def history(n: int, start: int = 0) -> list[dict[str, Any]]:
    """The snapshot lines of a run that learns."""
    return [line(k, 2 / (1 + k / 20), 1 - 0.9 / (1 + k / 20)) for k in range(start, start + n)]


@pytest.fixture
def put(open_tab: Callable[..., Page]) -> Callable[..., Page]:
    """A function that mounts one view with its own store (`window.store`) on an empty page of the dashboard."""

    def put(module: str, create: str, class_names: list[str]) -> Page:
        page = open_tab(f"/annscope/assets/{module}.js")
        page.evaluate(
            f"""async (names) => {{
              document.body.innerHTML = '<div id="root" style="width: 700px"></div>';
              for (const name of ['lib/ui/frame', 'train/main', 'lib/ui/matrix']) {{
                const link = Object.assign(document.createElement('link'), {{ rel: 'stylesheet' }});
                const loaded = new Promise((resolve) => link.addEventListener('load', resolve));
                link.href = `/annscope/assets/${{name}}.css`;
                document.head.append(link);
                await loaded;
              }}
              window.store = ({STORE})(names);
              const {{ readerOf }} = await import('/annscope/assets/lib/model/output-reader.js');
              window.store.reader = readerOf(window.store.description);
              const {{ {create} }} = await import('/annscope/assets/{module}.js');
              window.view = {create}(document.getElementById('root'), window.store);
            }}""",
            class_names,
        )
        return page

    return put


@pytest.fixture
def curves(put: Callable[..., Page]) -> Page:
    """The curves of a run with 51 snapshots, the last of them selected."""
    page = put("train/curves/curves", "createCurves", ["a", "b"])
    page.evaluate("(lines) => { store.add(lines); store.show(lines.at(-1), [], [[1, 0], [0, 1]]); }", history(51))
    page.evaluate(DRAWN)
    return page


def epoch_range(page: Page) -> list[float]:
    """The range of epochs from left to right."""
    data = page.locator("canvas").evaluate("(canvas) => ({ ...canvas.dataset })")
    return [float(data["from"]), float(data["to"])]


def test_the_views_show_the_recorded_numbers(open_tab: Callable[..., Page]) -> None:
    """Every cell, every metric of a class and the curves' last values are the recorded numbers."""
    reader = train_run(data="digits", hidden=(8,), epochs=2)
    confusion = reader.snapshot(2).confusion
    figures = class_metrics(confusion)

    page = open_tab(f"/?run={reader.run}")
    matrix = page.get_by_role("grid", name=re.compile("^Confusion matrix"))
    expect(matrix).to_have_attribute("data-number", "2")
    shown = [0 if text == "·" else int(text) for text in matrix.locator(CELL).all_inner_texts()]
    assert np.array_equal(np.reshape(shown, confusion.shape), confusion)

    rows = page.get_by_role("table", name=re.compile("^Precision, recall")).locator("tbody tr").all()
    for k, row in enumerate(rows):
        *told, support = row.locator("td:not(.ch-trend)").all_inner_texts()
        rates = [values[k] for values in (figures.precision, figures.recall, figures.f1)]
        shown = [np.nan if text == "n/a" else float(text) for text in told]
        np.testing.assert_allclose(shown, rates, atol=0.000501, equal_nan=True)
        assert support == str(figures.support[k])

    page.get_by_role("button", name="Numbers").click()
    newest = page.locator(".ch-numbers tbody tr").first
    last = [line for line in reader.lines() if line["type"] == "snapshot"][-1]
    expect(newest.locator("td").nth(2)).to_have_text(f"{last['heldout']['loss']:.4f}")
    expect(newest.locator("td").nth(4)).to_have_text(f"{100 * last['heldout']['accuracy']:.2f} %")


def test_a_zoom_survives_new_snapshots(curves: Page) -> None:
    """A zoomed range stays while the run goes on, until it is reset."""
    box = curves.locator("canvas").bounding_box()
    assert box
    curves.mouse.move(box["x"] + 150, box["y"] + 80)
    curves.mouse.down()
    curves.mouse.move(box["x"] + 350, box["y"] + 80, steps=4)
    curves.mouse.up()
    curves.evaluate(DRAWN)
    zoomed = epoch_range(curves)
    assert 0 < zoomed[0] < zoomed[1] < 5
    assert curves.evaluate("store.chosen") == [], "a drag selects no snapshot"

    more = history(30, 51)
    curves.evaluate(
        "(lines) => { store.add(lines); store.show(lines.at(-1), [], [[1, 0], [0, 1]]); store.emit('status'); }", more
    )
    expect(curves.locator("canvas")).to_have_attribute("data-snapshots", "81")
    assert epoch_range(curves) == zoomed
    # After a reconnection the description and the history are sent again.
    curves.evaluate(
        """() => {
          store.description = structuredClone(store.description);
          store.emit('run');
          store.snapshotLines = structuredClone(store.snapshotLines);
          store.emit('lines');
        }"""
    )
    curves.evaluate(DRAWN)
    assert epoch_range(curves) == zoomed
    curves.get_by_role("button", name="Whole run").click()
    curves.evaluate(DRAWN)
    assert epoch_range(curves) == [0, 8]


def test_the_curves_are_never_blank(curves: Page) -> None:
    """The old picture stays until a new snapshot, size or theme is drawn."""
    curves.evaluate(
        f"""() => {{
          const canvas = document.querySelector('canvas');
          window.least = Infinity;
          window.seen = 0;
          window.observed = new Promise((resolve) => {{
            const observe = () => {{
              window.least = Math.min(window.least, ({INK})(canvas));
              window.seen += 1;
              if (window.seen < 40) requestAnimationFrame(observe);
              else resolve();
            }};
            requestAnimationFrame(observe);
          }});
        }}"""
    )
    for k in range(51, 63):
        curves.evaluate(
            "(lines) => { store.add(lines); store.show(lines.at(-1), [], [[1, 0], [0, 1]]); }", history(1, k)
        )
        curves.evaluate(f"document.getElementById('root').style.width = '{640 + 10 * (k % 7)}px'")
        curves.evaluate(f"store.theme = '{'dark' if k % 4 == 0 else 'light'}'; store.emit('theme')")
        curves.evaluate(DRAWN)
    curves.evaluate("window.observed")
    assert curves.evaluate("window.least") > 500


def test_nothing_is_drawn_while_nothing_changes(curves: Page) -> None:
    """An animation of the network, which reports progress at every frame, does not redraw the curves."""
    curves.evaluate(
        """() => {
          window.fills = 0;
          const { fillRect } = CanvasRenderingContext2D.prototype;
          CanvasRenderingContext2D.prototype.fillRect = function (...at) {
            window.fills += 1;
            fillRect.apply(this, at);
          };
        }"""
    )
    for _ in range(5):
        curves.evaluate("store.emit('frame')")
        curves.evaluate(DRAWN)
    assert curves.evaluate("window.fills") == 0
    curves.evaluate("(lines) => store.add(lines)", history(1, 51))
    curves.evaluate(DRAWN)
    assert curves.evaluate("window.fills") > 0


def test_a_click_and_the_keys_select_a_snapshot(curves: Page) -> None:
    """A click selects the snapshot under it; the arrow keys move on from there, one at a time."""
    canvas = curves.locator("canvas")
    canvas.click(position={"x": 330, "y": 90})
    (chosen,) = curves.evaluate("store.chosen")
    assert 10 < chosen < 40
    canvas.press("ArrowRight")
    canvas.press("ArrowRight")
    canvas.press("Home")
    assert curves.evaluate("store.chosen") == [chosen, chosen + 1, chosen + 2, 0]


def test_gaps_and_divergence_do_not_break_the_curves(put: Callable[..., Page]) -> None:
    """Missing figures are "n/a", and a loss of 1e30 leaves the rest of the curve as visible as it was."""
    page = put("train/curves/curves", "createCurves", ["a", "b"])
    page.evaluate("(lines) => { store.add(lines); store.show(lines.at(-1), [], [[1, 0], [0, 1]]); }", history(51))
    page.evaluate(DRAWN)
    page.get_by_role("button", name="Numbers").click()
    before = page.locator("canvas").evaluate(INK)
    page.evaluate("(lines) => store.add(lines)", [line(51, 1e30, 0.1), line(52), line(53)])
    page.evaluate(DRAWN)
    assert page.locator("canvas").evaluate(INK) > 0.7 * before
    rows = page.locator(".ch-numbers tbody tr")
    expect(rows.nth(0).locator("td").nth(1)).to_have_text("n/a")
    expect(rows.nth(2).locator("td").nth(1)).to_have_text("1e30")


@pytest.fixture
def matrix(put: Callable[..., Page]) -> Page:
    """A matrix of three classes, of which the third has no examples and is never predicted."""
    page = put("train/confusion/confusion", "createConfusion", ["4", "9", "boot"])
    page.evaluate("(line) => store.show(line, [], [[375, 37, 0], [1, 199, 0], [0, 0, 0]])", line(3))
    page.evaluate(DRAWN)
    return page


def test_a_cell_is_explained_in_one_sentence_and_pinned(matrix: Page) -> None:
    """The keyboard reaches every cell, a sentence explains it, and Enter pins it while the run goes on."""
    cells = matrix.locator(CELL)
    cells.nth(0).focus()
    matrix.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    sentence = matrix.locator(".ch-say")
    expect(sentence).to_contain_text("37 of 412 true 4s were called 9 (9.0 %)")
    matrix.keyboard.press("Enter")
    expect(cells.nth(1)).to_have_attribute("aria-selected", "true")
    matrix.evaluate("document.activeElement.blur()")
    matrix.evaluate("(line) => store.show(line, [], [[374, 38, 0], [1, 199, 0], [0, 0, 0]])", line(4))
    expect(sentence).to_contain_text("38 of 412 true 4s were called 9 (9.2 %)")


def test_undefined_percentages_are_marked(matrix: Page) -> None:
    """A class without examples has no recall, and one that is never predicted has no precision."""
    cells = matrix.locator(CELL)
    matrix.get_by_role("button", name="Row %").click()
    expect(cells).to_have_text(["91.0", "9.0", "·", "0.5", "99.5", "·", "n/a", "n/a", "n/a"])
    matrix.get_by_role("button", name="Column %").click()
    expect(cells).to_have_text(["99.7", "15.7", "n/a", "0.3", "84.3", "n/a", "·", "·", "n/a"])


def test_the_classes_are_sorted_with_the_undefined_last(put: Callable[..., Page]) -> None:
    """A column sorts with undefined metrics last in both orders, and an average states its number of classes."""
    page = put("train/classes/classes", "createClasses", ["a", "b", "c"])
    page.evaluate(
        "([line, classes, averages]) => store.show(line, classes, [[0, 0, 0], [0, 0, 0], [0, 0, 0]], averages)",
        [
            line(1),
            [
                {"label": "a", "precision": None, "recall": 0.0, "f1": 0.0, "support": 10},
                {"label": "b", "precision": 0.5, "recall": 1.0, "f1": 0.667, "support": 30},
                {"label": "c", "precision": 0.25, "recall": 0.5, "f1": 0.333, "support": 10},
            ],
            {
                "macro": {"precision": 0.375, "recall": 0.5, "f1": 0.333},
                "weighted": {"precision": 0.4375, "recall": 0.7, "f1": None},
            },
        ],
    )
    names = page.locator("tbody th > span")
    expect(names).to_have_text(["a", "b", "c"])
    precision = page.get_by_role("columnheader", name="Precision")
    precision.get_by_role("button").press("Enter")
    expect(precision).to_have_attribute("aria-sort", "ascending")
    expect(names).to_have_text(["c", "b", "a"])
    precision.get_by_role("button").click()
    expect(precision).to_have_attribute("aria-sort", "descending")
    expect(names).to_have_text(["b", "c", "a"])
    macro, weighted, defined = page.locator("tfoot tr").all()
    expect(defined.locator("td").first).to_have_text("2 of 3")
    expect(macro.locator("td").first).to_have_text("0.375")
    expect(weighted.locator("td").first).to_have_text("0.438")
    expect(weighted.locator("td").nth(2)).to_have_text("n/a")
    expect(page.locator("tbody tr").filter(has=page.locator("em:visible")).locator("th > span")).to_have_text("a")


def test_layers_and_distributions_have_their_tables(open_tab: Callable[..., Page]) -> None:
    """The tables of both charts hold the recorded numbers: a row per snapshot, counts that sum to the weights."""
    run = train_run(data="digits", hidden=(8,), epochs=2).run
    page = open_tab(f"/?run={run}")
    layers, counts = (page.locator(f"[data-view={name}] details") for name in ("layers", "distributions"))
    layers.get_by_text("Numbers").click()
    expect(layers.locator("tbody tr")).to_have_count(3)
    expect(layers.locator("tbody tr").first).to_contain_text("n/a")
    counts.get_by_text("Numbers").click()
    expect(counts.locator("tbody tr").first).to_be_visible()
    found = counts.locator("tbody tr td:last-child").all_inner_texts()
    assert sum(int(text.replace(",", "")) for text in found) == 64 * 8
