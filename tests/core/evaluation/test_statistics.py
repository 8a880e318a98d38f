"""Statistics of each layer, worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from annscope.core.config import NetworkConfig, RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.workers import SINGLE, Workers
from annscope.core.evaluation.metrics import HISTOGRAM_EDGES
from annscope.core.evaluation.statistics import layer_statistics
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.network import Network, Parameters
from annscope.core.snapshot import LayerStatistics
from annscope.core.training import Trainer
from annscope.runs.thread_workers import ThreadWorkers
from tests.core.engines.test_resuming import bits


def statistics_of(
    config: NetworkConfig,
    outputs: list[np.ndarray],
    *,
    stepped: bool = True,
    weight: float = 3.0,
    workers: Workers = SINGLE,
) -> tuple[LayerStatistics, ...]:
    """Those of a 2-2-2 network with all weights `weight`, one step of 0.3 after a gradient of -0.5."""
    parameters, gradient = (Parameters(config, (2, 2, 2), "float64") for _ in range(2))
    parameters.flat[...], gradient.flat[...] = weight, -0.5
    network = Network(config, 2, 2, parameters.layers)
    gradients = gradient if stepped else None
    before = parameters.flat - 0.3 * stepped
    return layer_statistics(
        network, outputs, parameters=parameters, gradients=gradients, before=before, workers=workers
    )


@pytest.mark.parametrize("size", [2, 3, 20])
def test_the_figures_do_not_depend_on_who_looks(size: int) -> None:
    """With any number of threads every statistic has the same bits, also before the first step."""
    outputs = [np.random.default_rng(0).normal(size=(30, 2)) for _ in range(2)]
    for stepped in (False, True):
        alone, shared = (
            statistics_of(NetworkConfig(hidden_sizes=(2,)), outputs, stepped=stepped, workers=workers)
            for workers in (SINGLE, ThreadWorkers(size))
        )
        assert bits(shared) == bits(alone)


def test_norms_and_ratios_by_hand() -> None:
    """Norms are over the four weights of a layer, biases left out."""
    config = NetworkConfig(hidden_sizes=(2,))
    for layer in statistics_of(config, [np.ones((3, 2))] * 2):
        assert layer.weight_norm == pytest.approx(6.0)
        assert layer.gradient_norm == pytest.approx(1.0)
        assert layer.update_ratio == pytest.approx(0.6 / 6.0)


def test_activations_by_hand() -> None:
    """Mean and deviation over all values; a dead neuron is 0 for every example; saturation is near an end."""
    config = NetworkConfig(hidden_sizes=(2,), activation="sigmoid")
    hidden = np.array([[0.0, 0.051], [0.0, 0.951], [0.0, 0.949], [0.0, 0.049], [0.0, 0.0]])
    first, last = statistics_of(config, [hidden, np.ones((5, 2))])
    assert first.activation_mean == pytest.approx(hidden.mean())
    assert first.activation_std == pytest.approx(hidden.std())
    assert first.dead_fraction == 0.5
    assert first.saturated_fraction == pytest.approx(8 / 10)
    low, high = ACTIVATIONS["sigmoid"].unsaturated or (0.0, 0.0)
    at_the_ends = np.array([[low, high], [np.nextafter(low, 0), np.nextafter(high, 1)]])
    assert statistics_of(config, [at_the_ends, np.ones((2, 2))])[0].saturated_fraction == 2 / 4
    assert last.dead_fraction == 0.0
    assert last.saturated_fraction is None, "the output layer has no activation to saturate"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_only_a_bounded_activation_saturates(name: str) -> None:
    """Sigmoid and tanh have two ends; for the others the figure is undefined, not 0."""
    first, _ = statistics_of(NetworkConfig(hidden_sizes=(2,), activation=name), [np.full((3, 2), 0.5)] * 2)
    assert first.saturated_fraction == (0.0 if name in {"sigmoid", "tanh"} else None)


def test_before_the_first_step_there_is_no_gradient() -> None:
    """What speaks of the last step is None, and its histograms are empty."""
    for layer in statistics_of(NetworkConfig(hidden_sizes=(2,)), [np.ones((3, 2))] * 2, stepped=False):
        assert (layer.gradient_norm, layer.update_ratio) == (None, None)
        assert not layer.gradient_histogram.any()
        assert not layer.update_histogram.any()
        assert layer.weight_histogram.sum() == 4


def test_weights_of_nothing_have_no_ratio() -> None:
    """A layer whose weights are all 0 has an undefined update ratio, without a warning."""
    first, _ = statistics_of(NetworkConfig(hidden_sizes=(2,)), [np.ones((3, 2))] * 2, weight=0.0)
    assert first.weight_norm == 0.0
    assert first.update_ratio is None


def test_without_examples_the_activations_count_for_nothing() -> None:
    """Nothing held out: zeros and empty histograms, without a warning."""
    config = NetworkConfig(hidden_sizes=(2,), activation="tanh")
    for layer in statistics_of(config, [np.ones((0, 2))] * 2):
        assert (layer.activation_mean, layer.activation_std, layer.dead_fraction) == (0.0, 0.0, 0.0)
        assert layer.saturated_fraction is None
        assert layer.activation_histogram.sum() == 0


def test_the_figures_of_a_snapshot_are_those_of_its_arrays(
    dataset: Dataset, configure: Callable[..., RunConfig]
) -> None:
    """Norms, ratios and histograms of a run follow from the weights of two snapshots, one step apart."""
    trainer = Trainer(dataset, configure(optimizer="sgd", learning_rate=0.1, dtype="float64"))
    trainer.advance(1)
    before = trainer.snapshot()
    trainer.advance(1)
    after = trainer.snapshot()
    for old, new, layer in zip(before.parameters, after.parameters, after.layers, strict=True):
        update = new.weight - old.weight
        assert layer.weight_norm == pytest.approx(np.linalg.norm(new.weight))
        assert layer.update_ratio == pytest.approx(np.linalg.norm(update) / np.linalg.norm(new.weight))
        assert layer.gradient_norm == pytest.approx(np.linalg.norm(update) / 0.1)
        for name, values in (("weight", new.weight), ("gradient", update / -0.1), ("update", update)):
            found = getattr(layer, f"{name}_histogram")
            edges = HISTOGRAM_EDGES[name]
            np.testing.assert_array_equal(found, np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0])
            assert found.sum() == new.weight.size
