"""Any example of the data in the network view, opened by a link and left by a click."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from annscope.data.datasets import load_dataset
from annscope.runs.reader import RunReader
from scripts.serving import Served
from tests.records import train_run

pytestmark = pytest.mark.browser

NETWORK = "[data-view=network]"
PREDICTIONS = """
async ({ run, number, sample }) => {
  const { withActivations, withSample } = await import('/annscope/assets/lib/model/sample.js');
  const { parseFrame, parseTensors } = await import('/annscope/assets/lib/model/frame.js');
  const get = async (path) => (await fetch(`/annscope/runs/${run}/${path}`));
  const { description } = await (await get('history')).json();
  const recorded = parseTensors(await (await get('probe')).arrayBuffer());
  const probe = { images: recorded('x'), labels: recorded('y').data };
  const asked = await (await get(`examples/${sample}`)).json();
  const frame = withActivations(parseFrame(await (await get(`snapshots/${number}`)).arrayBuffer()), {
    description, probe: withSample(probe, asked),
  });
  const last = description.layer_sizes.length - 2;
  const { shape, data } = frame.tensor(`layer${last}.activation`);
  return { shape, row: Array.from(data.slice(-shape[1])), label: asked.label };
}
"""


@pytest.fixture
def run(served: Served) -> RunReader:
    """A finished run on the small digits."""
    del served
    return train_run(data="digits", hidden=(16, 8), epochs=4)


def test_a_link_sends_any_example_through_the_network(run: RunReader, open_tab: Callable[..., Page]) -> None:
    """The example of a link comes before the recorded ones and is selected; the address follows the selection."""
    page = open_tab(f"/?run={run.run}&snapshot=2&sample=17")
    network = page.locator(NETWORK)
    expect(network).to_contain_text("Validation example 17 through the network")
    first = network.locator(".nv-probe").first
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_attribute("title", re.compile("^Validation example 17: "))

    network.locator(".nv-probe[data-probe='3']").click()
    expect(network).to_contain_text("Image 4 through the network")
    expect(page).to_have_url(re.compile(r"[?&]probe=3(&|$)"))
    page.reload()
    expect(network).to_contain_text("Image 4 through the network")
    first.click()
    expect(network).to_contain_text("Validation example 17 through the network")
    expect(page).not_to_have_url(re.compile("probe="))
    expect(page).to_have_url(re.compile(r"[?&]sample=validation-17(&|$)"))
    page.get_by_role("slider", name="Timeline").press("End")
    expect(network.locator("[data-number]")).to_have_attribute("data-number", "4")
    expect(network).to_contain_text("Validation example 17 through the network")


def test_its_prediction_is_that_of_the_network(run: RunReader, open_tab: Callable[..., Page]) -> None:
    """The browser's predictions for an example that was not recorded are those of the recorded network."""
    page = open_tab(f"/?run={run.run}")
    told = page.evaluate(PREDICTIONS, {"run": run.run, "number": 2, "sample": "test/5"})
    dataset = load_dataset(run.config.data, dtype="float32", seed=0)
    assert told["label"] == dataset.y_test[5]
    network = run.network(2)
    expected = network.probabilities(network.logits(dataset.x_test[5:6]))[0]
    np.testing.assert_allclose(told["row"], expected, rtol=1e-4, atol=1e-6)
    assert told["shape"] == [len(run.probe().y) + 1, dataset.n_classes]
