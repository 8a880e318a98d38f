"""All statistics of a layer can be recomputed from the record and the data alone, batch normalisation or not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy import ndarray
from safetensors.numpy import load_file, save_file

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.backpropagation import Backpropagation
from annscope.core.engines.batches import epoch_order
from annscope.core.engines.examples import targets_of
from annscope.core.images.augmentation import augmentation_of
from annscope.core.network import Parameters, fold_batch_norm
from annscope.core.snapshot import LayerParameters, LayerStatistics, Snapshot
from annscope.data.datasets import load_dataset
from tests.records import train_run

SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "normalised": {"batch-norm": True},
    "normalised, without biases": {"batch-norm": True, "bias": False, "activation": "tanh", "dtype": "float64"},
    "normalised, augmented": {"batch-norm": True, "activation": "sigmoid", "shift": 1, "optimizer": "momentum"},
}


class Recorded:
    """A short run on the digits, a snapshot after each of its seven steps, and nothing but its record and its data."""

    def __init__(self, settings: dict[str, Any]) -> None:
        config = RunConfig().with_values(
            {"data": "digits", "hidden": (12, 7), "batch-size": 400, "epochs": 2, "snapshot-every": 1} | settings
        )
        self.reader = train_run(config)
        self.config = self.reader.config
        self.snapshots = [self.reader.snapshot(n) for n in range(len(self.reader.snapshot_lines()))]
        self.data: Dataset = load_dataset(self.config.data, dtype=self.config.training.dtype)
        self.sizes = self.reader.description["layer_sizes"]

    def edges(self, name: str) -> ndarray:
        return np.array(self.reader.description["histogram_edges"][name])

    def batch(self, step: int) -> tuple[ndarray, ndarray]:
        """The batch of step `step` (from 0) and its targets."""
        n = len(self.data.y_train)
        epoch, batch = divmod(step, -(-n // 400))
        rows = epoch_order(n, self.config.training.seed, epoch)[400 * batch : 400 * batch + 400]
        targets = targets_of(self.data, self.config, self.data.x_train.dtype)
        x, augment = self.data.x_train[rows], augmentation_of(self.data, self.config.training)
        if augment is not None:
            augment(x, epoch, 400 * batch)
        return x, targets[rows]

    def gradient(self, step: int) -> list[ndarray]:
        """The gradient of that step, at what the snapshot before it recorded."""
        parameters, gradient = (
            Parameters(self.config.network, self.sizes, self.config.training.dtype) for _ in range(2)
        )
        for i, layer in enumerate(self.snapshots[step].parameters):
            parameters.weights[i][...] = layer.trained_weight
            normalized, bias, scale = layer.normalized, parameters.biases[i], parameters.scales[i]
            if bias is not None:
                bias[...] = layer.bias if normalized is None else normalized.shift
            if scale is not None and normalized is not None:
                scale[...] = normalized.scale
        x, targets = self.batch(step)
        passes = Backpropagation(self.config, parameters, gradient, len(x))
        for operation in (*passes.forward(x), *passes.backward(x, targets)):
            operation()
        return gradient.weights


def counted(values: ndarray, edges: ndarray) -> list[int]:
    """How many values lie between each two edges, by the rule the record's histograms follow."""
    inner = edges[1:-1]
    below_zero = np.searchsorted(-inner[::-1], -values.ravel(), side="right")  # an edge belongs to the bin beyond it
    place = np.where(values.ravel() < 0, len(inner) - below_zero, np.searchsorted(inner, values.ravel(), side="right"))
    return np.bincount(place, minlength=len(edges) - 1).tolist()


@pytest.fixture(scope="module", params=SETTINGS)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """One run of each kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNSCOPE_HOME", str(tmp_path_factory.mktemp("home")))
        return Recorded(SETTINGS[request.param])


NORMALIZED = [name for name, settings in SETTINGS.items() if settings.get("batch-norm")]


def layers_of(snapshot: Snapshot) -> list[tuple[LayerParameters, LayerStatistics]]:
    return list(zip(snapshot.parameters, snapshot.layers, strict=True))


def test_the_figures_of_the_weights(recorded: Recorded) -> None:
    """Norm and histogram are those of the recorded weights that training changes."""
    for snapshot in recorded.snapshots:
        for parameters, statistics in layers_of(snapshot):
            weight = parameters.trained_weight.astype(np.float64)
            assert statistics.weight_norm == pytest.approx(np.linalg.norm(weight), rel=1e-12)
            assert statistics.weight_histogram.tolist() == counted(parameters.trained_weight, recorded.edges("weight"))


def test_the_figures_of_the_updates(recorded: Recorded) -> None:
    """Update ratio and histogram are those of the difference between two recorded weights."""
    for before, after in pairwise(recorded.snapshots):
        assert after.step == before.step + 1
        for old, (new, statistics) in zip(before.parameters, layers_of(after), strict=True):
            update = new.trained_weight - old.trained_weight
            ratio = np.linalg.norm(update.astype(np.float64)) / statistics.weight_norm
            assert statistics.update_ratio == pytest.approx(ratio, rel=1e-12)
            assert statistics.update_histogram.tolist() == counted(update, recorded.edges("update"))


def test_the_figures_of_the_gradients(recorded: Recorded) -> None:
    """Gradient norm and histogram follow from the snapshot before and the examples of the step."""
    for step, snapshot in enumerate(recorded.snapshots[1:]):
        for d_weight, statistics in zip(recorded.gradient(step), snapshot.layers, strict=True):
            norm = np.linalg.norm(d_weight.astype(np.float64))
            assert statistics.gradient_norm == pytest.approx(norm, rel=1e-6)
            expected = counted(d_weight, recorded.edges("gradient"))
            assert np.abs(statistics.gradient_histogram - expected).sum() <= 4, "but for rounding at an edge"


def test_the_figures_of_the_activations(recorded: Recorded) -> None:
    """The activations of a layer for the first held-out examples follow from the recorded network."""
    x = recorded.data.split(recorded.data.heldout)[0][:1024]
    probe = recorded.reader.probe()
    for number, snapshot in enumerate(recorded.snapshots):
        network = recorded.reader.network(number)
        for output, known, (_, statistics) in zip(
            network.activations(x), snapshot.probe_activations, layers_of(snapshot), strict=True
        ):
            assert statistics.activation_mean == pytest.approx(output.mean(dtype=np.float64), rel=1e-9)
            assert statistics.activation_std == pytest.approx(output.std(dtype=np.float64), rel=1e-9)
            assert statistics.dead_fraction == np.mean(~output.any(axis=0))
            assert statistics.activation_histogram.tolist() == counted(output, recorded.edges("activation"))
            ends = {"tanh": (-1, 1), "sigmoid": (0, 1)}.get(str(recorded.config.network.activation))
            if ends is None or output.shape[1] == recorded.sizes[-1]:
                assert statistics.saturated_fraction is None
            else:
                near = (output < ends[0] + 0.05) | (output > ends[1] - 0.05)
                assert statistics.saturated_fraction == pytest.approx(near.mean(), abs=1e-12)
            assert known.dtype == output.dtype
            # Another number of rows may be multiplied by another kernel, which rounds in another order.
            np.testing.assert_allclose(output[probe.indices], known, rtol=1e-5, atol=1e-6)


def test_what_a_normalised_layer_uses_for_inference_is_what_it_learned(recorded: Recorded) -> None:
    """Recorded scale, shift, running mean and variance give the recorded inference weights, bit for bit."""
    has = recorded.config.network.batch_norm
    for snapshot in recorded.snapshots:
        *hidden, output = snapshot.parameters
        assert output.normalized is None
        assert all((layer.normalized is not None) == has for layer in hidden)
        for layer in hidden if has else []:
            normalized = layer.normalized
            assert normalized is not None
            again = fold_batch_norm(normalized)
            assert layer.bias is not None
            assert again.bias is not None
            assert (again.weight.tobytes(), again.bias.tobytes()) == (layer.weight.tobytes(), layer.bias.tobytes())
            x = np.random.default_rng(0).normal(size=(5, len(layer.weight))).astype(layer.weight.dtype)
            by_hand = normalized.scale * (x @ normalized.weight - normalized.mean)
            by_hand = by_hand / np.sqrt(normalized.variance + 1e-5) + normalized.shift
            np.testing.assert_allclose(x @ layer.weight + layer.bias, by_hand, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("recorded", NORMALIZED, indirect=True)
def test_the_running_figures_are_those_of_the_batches(recorded: Recorded) -> None:
    """Each step takes a tenth of its batch's mean and unbiased variance into the recorded ones."""
    for step, (before, after) in enumerate(pairwise(recorded.snapshots)):
        old, new = before.parameters[0].normalized, after.parameters[0].normalized
        assert old is not None
        assert new is not None
        sums = recorded.batch(step)[0].astype(np.float64) @ old.weight
        np.testing.assert_allclose(new.mean, 0.9 * old.mean + 0.1 * sums.mean(axis=0), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(new.variance, 0.9 * old.variance + 0.1 * sums.var(axis=0, ddof=1), rtol=1e-4)


@pytest.mark.parametrize("recorded", NORMALIZED, indirect=True)
def test_a_record_from_before_is_read(recorded: Recorded) -> None:
    """A record without the parts of its normalised layers gives the same predictions, bit for bit, and no parts."""
    x, expected = recorded.data.x_val[:5], recorded.reader.network(3).logits(recorded.data.x_val[:5])
    path = recorded.reader.directory / "snapshots" / "000003.safetensors"
    whole = path.read_bytes()
    try:
        save_file({name: array for name, array in load_file(path).items() if ".normalized." not in name}, path)
        assert all(layer.normalized is None for layer in recorded.reader.snapshot(3).parameters)
        assert recorded.reader.network(3).logits(x).tobytes() == expected.tobytes()
    finally:
        path.write_bytes(whole)
