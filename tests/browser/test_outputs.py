"""Binary and multi-label outputs in the browser: the core's arithmetic, and pages that work."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from annscope.core.explain.saliency import input_gradient, occlusion
from annscope.dashboard.queries.evaluations import dataset_of, predictions_of
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from tests.records import train_run

pytestmark = pytest.mark.browser

PREDICTIONS = """
async ([run, number, examples]) => {
  const { parseFrame } = await import('/annscope/assets/lib/model/frame.js');
  const { createModel } = await import('/annscope/assets/lib/model/inference.js');
  const { readerOf } = await import('/annscope/assets/lib/model/output-reader.js');
  const { description } = await (await fetch(`/annscope/runs/${run}/history`)).json();
  const frame = parseFrame(await (await fetch(`/annscope/runs/${run}/snapshots/${number}`)).arrayBuffer());
  const [model, reader] = [createModel(description, frame), readerOf(description)];
  const x = Float64Array.from(examples[0]);
  const shape = description.dataset.image_shape;
  const drops = (label) => Array.from(model.occlusion(x, shape, label, 3, x.map(() => 0)));
  return {
    probabilities: examples.map((each) => Array.from(model.probabilities(each))),
    predicted: examples.map((each) => reader.predicted(model.probabilities(each))),
    gradients: reader.names.map((_, label) => Array.from(model.gradient(x, label))),
    occlusions: shape ? reader.names.map((_, label) => drops(label)) : [],
  };
}
"""


def is_as_in_the_core(page: Page, run: str, number: int) -> None:
    """Compare probabilities, predictions and attributions with the core's, for examples of the test split."""
    predictions, dataset = predictions_of(run, number, "test"), dataset_of(run)
    network, x = RunReader(run_directory(run)).network(number), dataset.x_test[:30].astype(float)
    found = page.evaluate(PREDICTIONS, [run, number, x.tolist()])
    np.testing.assert_allclose(found["probabilities"], predictions.probabilities[:30], atol=1e-5)
    expected = (
        [np.flatnonzero(row).tolist() for row in predictions.predicted[:30]] if predictions.is_multilabel else None
    )
    assert found["predicted"] == (expected or [[int(label)] for label in predictions.predicted[:30]])
    for label in range(predictions.n_classes):
        np.testing.assert_allclose(found["gradients"][label], input_gradient(network, x[0], label), atol=1e-6)
        if dataset.image_shape is not None:
            drop = occlusion(network, x[0].reshape(dataset.image_shape), label, 3)
            np.testing.assert_allclose(found["occlusions"][label], drop.ravel(), atol=1e-6)


def test_one_unit_for_two_classes(open_tab: Callable[..., Page]) -> None:
    """The browser predicts both classes as the core does, and no page has an error."""
    run = train_run(data="moons", noise=0.3, output="binary", hidden=(6,), epochs=8, learning_rate=0.05).run
    predictions = predictions_of(run, 8, "test")
    page = open_tab(f"/drawing?run={run}&sample=test-4")
    is_as_in_the_core(page, run, 8)
    best = int(predictions.predicted[4])
    expect(page.locator(".dr-name")).to_have_text(str(best))
    sure = 100 * predictions.probabilities[4, best]
    expect(page.locator(".dr-sure")).to_have_text(f"probability {sure:.1f} %")
    expect(page.locator(".dr-bar")).to_have_count(2)
    expect(page.locator(".dr-true .dr-class")).to_have_text([str(predictions.labels[4])])

    page = open_tab(f"/?run={run}")
    expect(page.locator("[data-view=confusion] td[data-show]")).to_have_count(4)
    reader = RunReader(run_directory(run))
    probe, network = reader.probe(), reader.network(8)
    n_wrong = int((network.predictions(network.logits(probe.x)) != probe.y).sum())
    expect(page.locator(".nv-probe.nv-wrong")).to_have_count(n_wrong)
    expect(page.locator(".nv-probe")).to_have_count(20)
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page.locator(".as-compare")).to_be_visible()


def test_any_number_of_labels(open_tab: Callable[..., Page]) -> None:
    """Train, Inspect and Draw show each label separately; the images of a cell are exactly those it counts."""
    run = train_run(data="mnist-5k-traits", output="sigmoid", hidden=(12,), epochs=2, split=0.8).run
    predictions, recorded = predictions_of(run, 2, "test"), RunReader(run_directory(run)).snapshot(2).confusion
    page = open_tab(f"/?run={run}")
    cells = page.locator("[data-view=confusion] td[data-show]")
    expect(cells).to_have_count(16)
    counts = [str(n) if n else "·" for (tn, fp), (fn, tp) in recorded.tolist() for n in (tp, fn, fp, tn)]
    expect(cells).to_have_text(counts)
    cells.nth(1).click()
    (_, _), (missed, found) = recorded[0].tolist()
    expect(page.locator(".ch-say")).to_contain_text(
        f"{missed} false negatives of {missed + found} examples with “even”"
    )
    expect(page.locator(".as-strip")).to_contain_text("held-out subset accuracy")
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page.locator(".as-compare")).to_contain_text("Held-out subset accuracy")

    page = open_tab(f"/classes?run={run}&snapshot=2&subset=test")
    cell = page.locator(".ai-labels [data-show='fn-1']")
    count = int(predictions.confusion[1, 1, 0])
    expect(cell).to_have_text(str(count))
    cell.click()
    gallery = page.locator(".ai-gallery[data-ready]")
    expect(gallery).to_have_attribute("data-count", str(count))
    tiles = gallery.locator(".ai-tile")
    expect(tiles).to_have_count(min(42, count))
    expect(tiles.locator("b").first).to_contain_text("prime")
    tiles.first.click()
    expect(page.locator(".ai-bars .ai-missed").first).to_contain_text("prime")
    cell.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".ai-labels [data-show='tp-1']")).to_be_focused()

    place = int(np.flatnonzero(predictions.predicted.sum(axis=1) > 1)[0])
    page = open_tab(f"/drawing?run={run}&sample=test-{place}", scheme="dark")
    is_as_in_the_core(page, run, 2)
    predicted = [predictions.class_names[k] for k in np.flatnonzero(predictions.predicted[place])]
    expect(page.locator(".dr-name")).to_have_text(", ".join(predicted))
    expect(page.locator(".dr-best .dr-class")).to_have_text(predicted)
    true = [predictions.class_names[k] for k in np.flatnonzero(predictions.labels[place])]
    expect(page.locator(".dr-true .dr-class")).to_have_text(true)
    page.get_by_role("button", name="Gradient").click()
    expect(page.locator(".dr-seen .nv-scale")).to_be_visible()
    expect(page.locator(".dr-neighbor")).to_have_count(8)
    with page.expect_download() as download:
        page.get_by_label("Most alike in training", exact=True).get_by_role("button", name="CSV").click()
    head, *rows = csv.reader(io.StringIO(download.value.path().read_text()))
    dataset = dataset_of(run)
    assert head[1] == "label"
    for row in rows:
        truth = [dataset.class_names[k] for k in np.flatnonzero(dataset.y_train[int(row[0])])]
        assert row[1] == (", ".join(truth) or "no label")


def test_a_point_of_a_label_opens_its_examples(open_tab: Callable[..., Page]) -> None:
    """Arrow keys move along the charts of a label; Enter shows exactly the examples of a point."""
    run = train_run(data="mnist-5k-traits", output="sigmoid", hidden=(12,), epochs=2, split=0.8).run
    predictions, earlier = predictions_of(run, 2, "test"), predictions_of(run, 1, "test")
    gallery = ".ai-gallery[data-ready]"
    counts = {
        "precision": ("predicted", earlier.is_predicted(3).sum()),
        "recall": ("true", earlier.is_class(3).sum()),
        "f1": ("either", (earlier.is_predicted(3) | earlier.is_class(3)).sum()),
        "specificity": ("without", (~earlier.is_class(3)).sum()),
    }
    for figure, (kind, count) in counts.items():
        page = open_tab(f"/classes?run={run}&subset=test&view=epochs&class=loop&figure={figure}")
        plot = page.locator(".ai-chart[data-drawn]").get_by_role("application")
        expect(plot).to_be_visible()
        plot.press("End")
        plot.press("ArrowLeft")
        plot.press("Enter")
        expect(page).to_have_url(re.compile(f"show={kind}-3"))
        expect(page).to_have_url(re.compile("snapshot=1"))
        expect(page.locator(gallery)).to_have_attribute("data-count", str(int(count)))

    page = open_tab(f"/classes?run={run}&subset=test&snapshot=2&view=calibration&class=loop")
    chart = page.locator(".ai-chart[data-drawn]")
    expect(chart).to_be_visible()
    chart.get_by_role("application").press("End")
    fullest = int(predictions.calibration_of(3).count.nonzero()[0][-1])
    count = int(predictions.calibration_of(3).count[fullest])
    expect(chart.locator("[aria-live=polite]")).to_contain_text(f"{count:,} examples")
    chart.get_by_role("application").press("Enter")
    expect(page).to_have_url(re.compile(f"show=pbin-3-{fullest}"))
    expect(page.locator(gallery)).to_have_attribute("data-count", str(count))
