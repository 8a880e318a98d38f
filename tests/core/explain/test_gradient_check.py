"""The gradient of every network that a config can describe, against central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annscope.core.config import RunConfig
from annscope.core.explain.gradient_check import GradientCheck, gradient_check, sample_parameters
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.functions.losses import LOSSES, fused_loss
from annscope.core.functions.outputs import OUTPUTS, one_hot
from annscope.core.network import initial_parameters, layer_sizes

KINKED = ("relu", "leaky_relu")


def error_of(config: RunConfig, *, seed: int = 0, n: int = 9, n_features: int = 5, n_classes: int = 3) -> float:
    """The relative error at random parameters, all of them away from 0."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, n_features)), rng.integers(0, n_classes, n)
    sizes = layer_sizes(config.network, n_features, n_classes)
    parameters = initial_parameters(config.network, sizes, "float64", seed)
    parameters.flat += 0.3 * rng.normal(size=parameters.flat.shape)
    near = np.abs(parameters.flat) < 1e-3
    parameters.flat[near] = 1e-3
    return gradient_check(config, parameters, x, y, n_classes).error


@pytest.mark.parametrize("penalty", [{}, {"l1": 0.02}, {"l2": 0.05}, {"l1": 0.02, "l2": 0.05}], ids=str)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_loss_output_and_penalty(
    configure: Callable[..., RunConfig], activation: str, loss: str, output: str, penalty: dict[str, float]
) -> None:
    """Backpropagation is exact: to 1e-6 for smooth functions, and away from the kink of the others."""
    config = configure(activation=activation, loss=loss, output=output, dtype="float64", **penalty)
    n_classes = 2 if output == "binary" else 3
    assert error_of(config, n_classes=n_classes) < (1e-5 if activation in KINKED else 1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"bias": False}, {"bias": False, "constant_input": True}, {"hidden": ()}, {"hidden": (4, 3, 6)},
        {"activation": ("tanh", "gelu")}, {"batch_norm": True}, {"batch_norm": True, "bias": False, "hidden": (6,)},
    ],
    ids=str,
)  # fmt: skip
def test_every_shape_of_network(configure: Callable[..., RunConfig], options: dict[str, Any]) -> None:
    """So it is without biases, without hidden layers, with several functions, and with batch normalisation."""
    assert error_of(configure(**{"activation": "tanh", "dtype": "float64", **options})) < 1e-6


@given(seed=st.integers(0, 2**32 - 1), hidden=st.lists(st.integers(1, 6), max_size=3), n=st.integers(1, 12))
@settings(max_examples=15, deadline=None)
def test_every_size(seed: int, hidden: list[int], n: int) -> None:
    """The sizes of batch and layers do not matter."""
    config = RunConfig().with_values({"hidden": tuple(hidden), "activation": "tanh", "dtype": "float64"})
    assert error_of(config, seed=seed, n=n) < 1e-6


def test_the_two_mistakes_of_one_by_one_turn_the_check_red(configure: Callable[..., RunConfig]) -> None:
    """The diagonal of softmax' is no gradient at all, and errors through updated weights are off by the step."""
    exact = configure(activation="tanh", loss="squared_error", optimizer="sgd", learning_rate=0.5)
    diagonal = configure(activation="tanh", loss="squared_error", softmax_derivative="diagonal")
    updated = configure(
        activation="tanh", loss="squared_error", optimizer="sgd", learning_rate=0.5, delta_weights="updated"
    )
    assert error_of(exact) < 1e-6
    assert error_of(diagonal) > 0.05
    assert error_of(updated) > 1e-4


@pytest.mark.parametrize(("loss", "output"), [(loss, output) for loss in LOSSES for output in OUTPUTS])
def test_losses_survive_certainty(loss: str, output: str) -> None:
    """A logit of 10,000 on the right or the wrong class gives a finite loss, without a warning."""
    logits = np.array([[1e4, -1e4], [-1e4, 1e4]])
    values = fused_loss(loss, output).values(logits, one_hot(np.array([0, 0]), 2, "float64"))
    assert np.isfinite(values).all()
    assert values[0] == pytest.approx(0, abs=1e-12)
    assert values[1] >= 0.99


def test_a_loss_worked_by_hand() -> None:
    """Cross-entropy of logits (ln 3, 0) is -ln(3/4) for the first class; half the squared error is 1/16."""
    logits, targets = np.array([[np.log(3), 0.0]]), np.array([[1.0, 0.0]])
    assert fused_loss("cross_entropy", "softmax").values(logits, targets)[0] == pytest.approx(-np.log(0.75))
    assert fused_loss("squared_error", "softmax").values(logits, targets)[0] == pytest.approx(1 / 16)


def test_some_parameters_are_checked_as_all_are(configure: Callable[..., RunConfig]) -> None:
    """With indices, the same numbers come out for the parameters that they name."""
    config = configure(activation="tanh", dtype="float64", batch_norm=True)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 5)), rng.integers(0, 3, 9)
    sizes = layer_sizes(config.network, 5, 3)
    parameters = initial_parameters(config.network, sizes, "float64", 0)
    indices = np.array([0, 7, len(parameters.flat) - 1])
    every = gradient_check(config, parameters, x, y, 3)
    some = gradient_check(config, parameters, x, y, 3, indices=indices)
    np.testing.assert_array_equal(some.analytic, every.analytic[indices])
    np.testing.assert_array_equal(some.numeric, every.numeric[indices])


def test_the_parameters_to_check_come_from_all_layers() -> None:
    """As many of each layer, none twice, and no weight out of an input that is always 0."""
    network = RunConfig().with_values({"hidden": (6, 5)}).network
    x = np.zeros((3, 100))
    x[:, 40:50] = 1
    drawn = sample_parameters(network, (100, 6, 5, 2), x, 30, np.random.default_rng(0))
    assert len(np.unique(drawn)) == 30
    first, second, third = 600, 600 + 30, 600 + 30 + 10
    biases = [range(third, third + 6), range(third + 6, third + 11), range(third + 11, third + 13)]
    weights = [range(240, 300), range(first, second), range(second, third)]
    for weight, bias in zip(weights, biases, strict=True):
        assert sum(place in weight or place in bias for place in drawn.tolist()) == 10
    again = sample_parameters(network, (100, 6, 5, 2), x, 30, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, again)
    assert len(sample_parameters(network, (100, 6, 5, 2), x, 10_000, np.random.default_rng(0))) == 60 + 30 + 10 + 13


def test_a_gradient_that_drowns_in_rounding_is_neither_right_nor_wrong() -> None:
    """The verdict is the error's, unless the rounding of the loss alone could make up that much."""
    a = np.array([1.0, 2.0])
    assert GradientCheck(a, a * (1 + 1e-6), 1e-9).is_right is True
    assert GradientCheck(a, -a, 1e-9).is_right is False
    assert GradientCheck(1e-8 * a, -1e-8 * a, 1e-9).is_right is None
    assert GradientCheck(0 * a, 0 * a, 1e-9).is_right is None


def test_the_error_of_a_check_is_relative_and_rounding_widens_its_tolerance() -> None:
    """By hand: |a - d| / (|a| + |d|); at least 1e-4, at most 1e-2 may be left to rounding."""
    a, d = np.array([3.0, 0.0]), np.array([0.0, 4.0])
    assert GradientCheck(a, d, 0.0).error == pytest.approx(5 / 7)
    assert GradientCheck(a, a, 0.0).error == 0
    assert GradientCheck(a, d, 0.0).tolerance == 1e-4
    assert GradientCheck(a, d, 7 * 5e-3).tolerance == pytest.approx(5e-3)
    near = a * (1 + 2 * 4e-3)
    assert GradientCheck(a, near, 0.0).is_right is False
    assert GradientCheck(a, near, 6 * 5e-3).is_right is True
    assert GradientCheck(a, a, 6 * 0.9e-2).is_right is True
    assert GradientCheck(a, a, 6 * 1.1e-2).is_right is None
    half = np.array([0.5])
    assert GradientCheck(half, half, 1e-2).is_right is True
    distance = float(np.linalg.norm(np.array([1.0]) - np.array([1.01])))
    assert GradientCheck(np.array([1.0]), np.array([1.01]), distance).is_right is False
