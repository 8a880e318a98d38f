"""The arithmetic of the network view in the browser, compared with the core's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.records import train_run

pytestmark = pytest.mark.browser

SUMS = """
async ([run, number]) => {
  const { parseFrame, parseTensors } = await import('/annscope/assets/lib/model/frame.js');
  const { preActivations, activationNamed } = await import('/annscope/assets/lib/model/math.js');
  const get = async (path) => (await fetch(`/annscope/runs/${run}/${path}`)).arrayBuffer();
  const frame = parseFrame(await get(`snapshots/${number}`));
  const images = parseTensors(await get('probe'))('x');
  const [n, width] = images.shape;
  return Array.from({ length: n }, (_, k) => {
    let a = images.data.subarray(k * width, (k + 1) * width);
    return [0, 1, 2].map((i) => {
      const z = preActivations(frame.tensor(`layer${i}.weight`), frame.tensor(`layer${i}.bias`), a);
      a = z.map(activationNamed('tanh').f);
      return Array.from(z);
    });
  });
}
"""


def test_the_sum_of_a_neuron_is_its_pre_activation(open_tab: Callable[..., Page]) -> None:
    """Term by term on the recorded float32 numbers, every neuron's sum is the core's to 1e-6, for every probe image."""
    reader = train_run(data="mnist-5k", hidden=(24, 12), epochs=2, activation="tanh")
    page = open_tab("/")
    found = page.evaluate(SUMS, [reader.run, 2])
    expected = reader.network(2).forward(reader.probe().x)[0]
    for i, layer in enumerate(expected):
        mine = np.array([sums[i] for sums in found])
        np.testing.assert_allclose(mine, layer, rtol=1e-6, atol=1e-6)


SENSITIVITY = """
async () => {
  const { ACTIVATIONS } = await import('/annscope/assets/lib/model/math.js');
  const { sensitivity } = await import('/annscope/assets/lib/model/forward.js');
  const weights = [{ shape: [2, 2], data: [1, 2, 3, 4] }, { shape: [2, 1], data: [5, 6] }];
  const frame = { tensor: (name) => (name.endsWith('weight') ? weights[Number(name[5])] : null) };
  const edits = { weight: (_, layer) => weights[layer], silenced: (layer) => new Set(layer === 0 ? [0] : []) };
  return Object.fromEntries(Object.keys(ACTIVATIONS).filter((name) => name !== 'softmax').map((name) => {
    const layers = [{ activation: name }, { activation: 'softmax' }];
    const of = (a, b) => Array.from(sensitivity(layers, frame, [[a, b], [0, 1]], 1, 0, edits));
    return [name, [of(0.5, 0.25), ACTIVATIONS[name].slope(2 * 0.5 + 4 * 0.25)]];
  }));
}
"""


def test_no_gradient_passes_through_a_neuron_that_is_switched_off(open_tab: Callable[..., Page]) -> None:
    """With any activation function, the gradient is that through the other neurons only."""
    found = open_tab("/").evaluate(SENSITIVITY)
    assert len(found) >= 8
    for name, (gradient, slope) in found.items():
        np.testing.assert_allclose(gradient, [2 * 6 * slope, 4 * 6 * slope], rtol=1e-12, err_msg=name)


TICKS = """
async ([run, number]) => {
  const { parseFrame, parseTensors } = await import('/annscope/assets/lib/model/frame.js');
  const { explain, layersOf, recorded } = await import('/annscope/assets/lib/model/forward.js');
  const get = async (path) => (await fetch(`/annscope/runs/${run}/${path}`)).arrayBuffer();
  const frame = parseFrame(await get(`snapshots/${number}`));
  const images = parseTensors(await get('probe'))('x');
  const { description } = JSON.parse(new TextDecoder().decode(await get('history')));
  const layers = layersOf(description);
  const found = { n: 0, apart: 0, loosest: 0 };
  for (let k = 0; k < images.shape[0]; k += 1) {
    const values = [images.data.subarray(k * images.shape[1], (k + 1) * images.shape[1])];
    for (const { index } of layers) values.push(recorded(frame, index, k));
    for (const { index, size } of layers) {
      for (let unit = 0; unit < size; unit += 1) {
        const sum = explain(layers, frame, values, index, unit, []);
        found.n += 1;
        found.apart += Math.abs(sum.activation - recorded(frame, index, k)[unit]) > sum.rounding;
        found.loosest = Math.max(found.loosest, sum.rounding / Math.max(1, Math.abs(sum.activation), Math.abs(sum.z)));
      }
    }
  }
  return found;
}
"""


def test_every_recorded_activation_follows_from_its_sum(open_tab: Callable[..., Page]) -> None:
    """Equal to the rounding of float32 for the number of terms, also on raw pixels, where sums are large."""
    page = open_tab("/")
    for settings in ({"activation": "gelu"}, {"activation": "relu", "scaling": "none", "learning_rate": 1e-4}):
        reader = train_run(data="mnist-5k", hidden=(24, 12), epochs=1, **settings)
        found = page.evaluate(TICKS, [reader.run, 1])
        assert found["n"] == 20 * (24 + 12 + 10)
        assert found["apart"] == 0
        assert found["loosest"] < 0.02


SWEEP = """
async ([count, first, last]) => {
  const { CHANGES, neutral, sweep, turningPoint } = await import('/annscope/assets/lib/model/transforms.js');
  const change = CHANGES.find(({ name }) => name === 'noise');
  const image = { height: 1, width: 200, data: new Float64Array(200).fill(0.5) };
  const spread = ({ data }) => Math.sqrt(data.reduce((sum, value) => sum + (value - 0.5) ** 2, 0) / data.length);
  const answer = (given) => { const s = spread(given); return s > first && s < last ? [0, 1] : [1, 0]; };
  const says = (probabilities, label) => probabilities[label] > 0.5;
  const found = sweep(image, neutral(), change, 0, answer, says, count, 1);
  return { ...found, turning: turningPoint((value) => value < 0.3, 0, 1) };
}
"""


def test_the_first_value_that_changes_a_prediction_is_found(open_tab: Callable[..., Page]) -> None:
    """Computing every step of a slider finds a prediction that changes for one step only; computing some of them finds
    the first of these that changes it, with their distance."""
    page = open_tab("/")
    fine = page.evaluate(SWEEP, [200, 0.11, 0.13])
    assert fine["apart"] == pytest.approx(0.02)
    assert 0.1 < fine["breaks"][1] < 0.16
    coarse = page.evaluate(SWEEP, [5, 0.11, 9])
    assert coarse["apart"] == pytest.approx(0.2)
    assert coarse["breaks"] == [None, fine["breaks"][1]]
    assert fine["turning"] == pytest.approx(0.3, abs=1e-3)
