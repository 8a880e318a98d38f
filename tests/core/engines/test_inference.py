"""Inference on many examples at once equals the formulas for each of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray

from annscope.core.config import NetworkConfig
from annscope.core.engines.inference import BATCH, TILE, Inference, InferenceLayer
from annscope.core.engines.kernels import activation_kernel
from annscope.core.functions.activations import ACTIVATIONS, Activation
from annscope.core.functions.outputs import softmax
from annscope.core.network import Network, initial_parameters, layer_sizes
from annscope.core.snapshot import LayerParameters
from tests.core.engines.test_workers import Backwards

SIZES = [0, 1, TILE - 1, TILE, TILE + 1, BATCH // 4 + 1, BATCH, 2 * BATCH + 37]


def network_of(hidden: tuple[int, ...], n_features: int = 7, size: int = 1, **settings: object) -> Inference:
    """An untrained network with biases."""
    config = NetworkConfig(hidden_sizes=hidden, bias_initializer="same", **settings)  # type: ignore[arg-type]
    parameters = initial_parameters(config, layer_sizes(config, n_features, 4), "float64", 3)
    return Inference(Network(config, n_features, 4, parameters.layers), Backwards(size))


def examples(n: int, n_features: int = 7) -> ndarray:
    """This many random examples, always the same."""
    return np.random.default_rng(n).normal(size=(n, n_features))


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("hidden", [(), (5,), (300, 20)])
def test_every_layer_puts_out_what_its_formula_says(n: int, hidden: tuple[int, ...]) -> None:
    """For any number of examples, wherever batches and tiles end."""
    network, x = network_of(hidden), examples(n)
    a, expected = x, []
    for layer in network.network.parameters:
        z = a @ layer.weight + layer.bias
        a = np.maximum(z, 0)
        expected.append(a)
    expected[-1] = softmax(z)
    for found, right in zip(network.activations(x), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(network.logits(x), z, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(network.predict_proba(x), expected[-1], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("activation", [None, *ACTIVATIONS.values()], ids=lambda one: one.name if one else "none")
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("n", "n_in", "n_out", "has_bias"), [
    (1, 3, 2, True), (TILE, 6, 7, False), (3 * TILE + 1, 6, 7, False), (TILE + 1, 6, 150, True),
    (3 * TILE + 1, 6, 500, True), (TILE + 50, 9, 13_000, True), (9 * TILE + 5, 60, 70, True),
    (9 * TILE, 100, 100, True),
])  # fmt: skip
def test_a_layer_is_the_same_in_tiles(
    activation: Activation | None, order: str, n: int, n_in: int, n_out: int, has_bias: bool
) -> None:
    """Narrow or wide, with a bias or none, however the examples lie in memory, for each activation function."""
    rng = np.random.default_rng(0)
    x = np.asarray(rng.normal(size=(n, n_in)), order=order)  # type: ignore[call-overload]
    weight, bias = rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)
    out = np.full((n, n_out), np.nan)
    kernel = activation_kernel(activation) if activation else None
    InferenceLayer(LayerParameters(weight, bias if has_bias else None), kernel).write(x, out)
    z = x @ weight + (bias if has_bias else 0)
    np.testing.assert_allclose(out, activation(z) if activation else z, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("n_in", "n_out", "rows"), [(60, 70, TILE), (100, 100, 64), (300, 100, 9 * TILE)])
def test_a_large_product_is_cut_into_small_ones(
    monkeypatch: pytest.MonkeyPatch, n_in: int, n_out: int, rows: int
) -> None:
    """So many rows at a time, if a layer has few weights; the last two cases above are cut."""
    layer = InferenceLayer(LayerParameters(np.ones((n_in, n_out)), None), None)
    multiply, seen = np.matmul, []

    def watched(x: ndarray, weight: ndarray, out: ndarray) -> ndarray:
        seen.append(x.shape[-2])
        return multiply(x, weight, out=out)

    monkeypatch.setattr(np, "matmul", watched)
    layer.write(np.ones((9 * TILE, n_in)), np.empty((9 * TILE, n_out)))
    assert seen == [rows]


@pytest.mark.parametrize(("output", "is_multilabel"), [("softmax", False), ("sigmoid", False), ("sigmoid", True)])
def test_predictions_and_probabilities_are_those_of_the_logits(output: str, is_multilabel: bool) -> None:
    """As if they were taken from the logits of all examples."""
    network, x = network_of((20,), output=output), examples(BATCH + 5)
    predictions, probabilities = network.predict(x, is_multilabel=is_multilabel)
    logits = network.logits(x)
    np.testing.assert_allclose(probabilities, network.network.probabilities(logits), rtol=1e-14)
    np.testing.assert_array_equal(probabilities, network.predict_proba(x))
    np.testing.assert_array_equal(predictions, network.network.predictions(logits, is_multilabel=is_multilabel))
    np.testing.assert_array_equal(predictions, (probabilities >= 0.5) if is_multilabel else probabilities.argmax(1))


def test_one_unit_for_two_classes_predicts_in_batches_too() -> None:
    """Both classes have a probability, and the second one is predicted from a half on."""
    config = NetworkConfig(hidden_sizes=(6,), output="binary")
    parameters = initial_parameters(config, layer_sizes(config, 7, 2), "float64", 1)
    predictions, probabilities = Inference(Network(config, 7, 2, parameters.layers)).predict(examples(BATCH + 5))
    assert probabilities.shape == (BATCH + 5, 2)
    assert 0 < predictions.mean() < 1
    np.testing.assert_array_equal(predictions, probabilities[:, 1] >= 0.5)


@pytest.mark.parametrize("n", SIZES)
def test_a_prediction_is_the_same_bits_for_any_number_of_workers(n: int) -> None:
    """The batches are the same, and it does not matter which worker takes them."""
    alone, workers, x = network_of((300, 20)), network_of((300, 20), size=3), examples(n)
    for mine, theirs in zip(
        (*alone.predict(x), *alone.activations(x)), (*workers.predict(x), *workers.activations(x)), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_a_wide_layer_predicts_in_smaller_batches() -> None:
    """What is put out for a batch has a bound, with a tile of examples at least."""
    for width, longest in ((1024, BATCH), (8192, 256), (16_384, TILE)):
        config = NetworkConfig(hidden_sizes=(width,), bias=False)
        layers = [LayerParameters(np.zeros(shape, "float32"), None) for shape in ((1, width), (width, 2))]
        blocks = Inference(Network(config, 1, 2, layers)).batches(9000)
        assert max(block.stop - block.start for block in blocks) == pytest.approx(longest, rel=0.15)
        assert [block.start for block in blocks[1:]] == [block.stop for block in blocks[:-1]]
        assert (blocks[0].start, blocks[-1].stop) == (0, 9000)
        for n in (1, TILE // 2, TILE, TILE + 1, 2 * TILE):
            assert all(block.start < block.stop for block in Inference(Network(config, 1, 2, layers)).batches(n))
