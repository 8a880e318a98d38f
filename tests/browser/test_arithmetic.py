"""The arithmetic of the network view, in the browser, against the core's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from annscope.runs.reader import RunReader
from scripts.serving import Served

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


def test_the_sum_of_a_neuron_is_its_pre_activation(served: Served, open_tab: Callable[..., Page]) -> None:
    """Term by term on the recorded float32 numbers, every neuron's sum is the core's to 1e-6, for every probe image."""
    command = [sys.executable, "-m", "annscope.runs.cli", "train", "--data", "mnist-5k", "--hidden", "24,12",
               "--epochs", "2", "--activation", "tanh"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "ANNSCOPE_HOME": str(served.home)})
    (directory,) = (served.home / "runs").iterdir()
    reader = RunReader(directory)
    page = open_tab("/")
    found = page.evaluate(SUMS, [directory.name, 2])
    expected = reader.network(2).pre_activations(reader.probe().x)
    for i, layer in enumerate(expected):
        mine = np.array([sums[i] for sums in found])
        np.testing.assert_allclose(mine, layer, rtol=1e-6, atol=1e-6)
