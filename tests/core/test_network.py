"""The forward pass of a network, and its initial parameters."""

from __future__ import annotations

import numpy as np
import pytest

from annscope.core.config import NetworkConfig
from annscope.core.errors import ConfigError
from annscope.core.functions.initializers import INITIALIZERS
from annscope.core.network import Network, Parameters, initial_parameters, layer_sizes
from annscope.core.snapshot import LayerParameters


def test_a_network_worked_by_hand() -> None:
    """Two inputs, two ReLU neurons of which one is off, two classes."""
    layers = (
        LayerParameters(np.array([[1.0, -1.0], [2.0, 0.5]]), np.array([0.5, -3.0])),
        LayerParameters(np.array([[0.2, -0.4], [5.0, 5.0]]), np.array([0.0, 0.1])),
    )
    network = Network(NetworkConfig(hidden_sizes=(2,)), 2, 2, layers)
    x = np.array([[1.0, 2.0]])
    hidden, logits = network.forward(x)[0]
    assert hidden.tolist() == [[5.5, -3.0]]
    np.testing.assert_allclose(logits, [[1.1, -2.1]])
    p = 1 / (1 + np.exp(-3.2))
    np.testing.assert_allclose(network.predict_proba(x), [[p, 1 - p]])
    assert network.activations(x)[0].tolist() == [[5.5, 0.0]]


def test_parameters_of_another_shape_are_refused() -> None:
    """The shapes found and the shapes expected stand in the sentence."""
    parameters = Parameters(NetworkConfig(hidden_sizes=(3,)), (4, 3, 2), "float32")
    with pytest.raises(
        ConfigError, match=r"weights must have the shapes \[\(4, 5\), \(5, 2\)\], got \[\(4, 3\), \(3, 2\)\]"
    ):
        Network(NetworkConfig(hidden_sizes=(5,)), 4, 2, parameters.layers)


@pytest.mark.parametrize(
    ("name", "scale", "deviation", "low", "high"),
    [
        ("he", 1.0, np.sqrt(2 / 400), -1.0, 1.0),
        ("glorot", 1.0, np.sqrt(2 / 700), -np.sqrt(6 / 700), np.sqrt(6 / 700)),
        ("lecun", 2.0, 2 / 20, -1.0, 1.0), ("uniform", 0.3, 0.3 / np.sqrt(3), -0.3, 0.3),
        ("unit_uniform", 0.3, 0.3 / np.sqrt(12), 0.0, 0.3), ("normal", 0.05, 0.05, -1.0, 1.0),
        ("legacy_normal", 0.1, 0.1, -1.0, 1.0),
    ],
)  # fmt: skip
def test_initialisers_have_the_spread_they_promise(
    name: str, scale: float, deviation: float, low: float, high: float
) -> None:
    """Standard deviation and range are those of the definition; biases begin at 0."""
    config = NetworkConfig(hidden_sizes=(300,), initializer=name, initializer_scale=scale)
    parameters = initial_parameters(config, layer_sizes(config, 400, 2), "float64", 1)
    weight = parameters.weights[0]
    assert weight.std() == pytest.approx(deviation, rel=0.02)
    assert low <= weight.min() < weight.max() <= high
    assert all((bias == 0).all() for bias in parameters.biases if bias is not None)


def test_every_initialiser_is_tried() -> None:
    """The list above is complete."""
    marks = test_initialisers_have_the_spread_they_promise.pytestmark  # type: ignore[attr-defined]
    assert [row[0] for row in marks[0].args[1]] == list(INITIALIZERS)


def test_the_legacy_initialiser_draws_what_numpy_drew_then() -> None:
    """`RandomState(2)`, each weight drawn as out x in, one after the other."""
    config = NetworkConfig(hidden_sizes=(5,), initializer="legacy_normal", initializer_scale=0.1)
    parameters = initial_parameters(config, (4, 5, 3), "float64", 2)
    old = np.random.RandomState(2)
    np.testing.assert_array_equal(parameters.weights[0], (old.randn(5, 4) * 0.1).T)
    np.testing.assert_array_equal(parameters.weights[1], (old.randn(3, 5) * 0.1).T)


def test_where_biases_come_from() -> None:
    """None, only the constant input's, or drawn like the weights."""
    without = initial_parameters(NetworkConfig(hidden_sizes=(3,), bias=False), (2, 3, 2), "float64", 0)
    assert without.biases == [None, None]
    constant = NetworkConfig(hidden_sizes=(3,), bias=False, constant_input=True)
    first, last = initial_parameters(constant, (2, 3, 2), "float64", 0).biases
    assert last is None
    assert first is not None
    assert (first != 0).all()
    drawn = NetworkConfig(hidden_sizes=(3,), bias_initializer="same", initializer="uniform", initializer_scale=0.1)
    for bias in initial_parameters(drawn, (2, 3, 2), "float64", 0).biases:
        assert bias is not None
        assert ((bias != 0) & (np.abs(bias) <= 0.1)).all()


def test_batch_normalisation_begins_by_changing_nothing() -> None:
    """Scales begin at 1, shifts at 0, with a running mean of 0 and variance of 1."""
    config = NetworkConfig(hidden_sizes=(3,), batch_norm=True)
    parameters = initial_parameters(config, (2, 3, 2), "float64", 0)
    assert [None if scale is None else scale.tolist() for scale in parameters.scales] == [[1.0] * 3, None]
    np.testing.assert_allclose(parameters.layers[0].weight, parameters.weights[0], rtol=1e-5)
