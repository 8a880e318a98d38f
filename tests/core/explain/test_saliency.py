"""Attribution: what changes a prediction when it changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray

from annscope.core.config import NetworkConfig
from annscope.core.errors import ConfigError
from annscope.core.explain.neighbors import last_hidden, nearest
from annscope.core.explain.saliency import input_gradient, occlusion
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.network import Network, initial_parameters, layer_sizes


def network_of(activation: str, hidden: tuple[int, ...], seed: int, n_features: int = 12) -> Network:
    """A network as it begins, in float64, with biases that are not 0."""
    config = NetworkConfig(hidden_sizes=hidden, activation=activation, bias_initializer="same")
    parameters = initial_parameters(config, layer_sizes(config, n_features, 4), "float64", seed)
    return Network(config, n_features, 4, parameters.copy_layers())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@given(seed=st.integers(0, 2**16), hidden=st.lists(st.integers(1, 6), max_size=3))
def test_the_gradient_is_the_slope_of_the_logit(activation: str, hidden: list[int], seed: int) -> None:
    """The map is the derivative of the logit by each pixel: central differences agree to 1e-5."""
    network = network_of(activation, tuple(hidden), seed)
    x = np.random.default_rng(seed).normal(size=12)
    sums = network.forward(x[None])[0][:-1]
    if any(np.abs(z).min() < 1e-3 for z in sums):
        return  # at a kink there is no slope
    step = 1e-5
    numeric = [
        (network.logits((x + e)[None])[0, 2] - network.logits((x - e)[None])[0, 2]) / (2 * step)
        for e in step * np.eye(12)
    ]
    np.testing.assert_allclose(input_gradient(network, x, 2), numeric, rtol=1e-5, atol=1e-8)


def test_occlusion_is_what_blanking_each_patch_by_hand_costs() -> None:
    """Every number of the map is a difference of two probabilities that anybody can ask for."""
    network = network_of("relu", (7,), 3)
    image = np.random.default_rng(1).random((3, 4))
    found = occlusion(network, image, 1, patch=3, blank=0.25)
    whole = network.predict_proba(image.reshape(1, -1))[0, 1]
    for row in range(3):
        for column in range(4):
            hidden = image.copy()
            for r in range(3):
                for c in range(4):
                    if abs(r - row) <= 1 and abs(c - column) <= 1:
                        hidden[r, c] = 0.25
            assert found[row, column] == pytest.approx(whole - network.predict_proba(hidden.reshape(1, -1))[0, 1])


def test_bare_paper_costs_nothing_to_blank() -> None:
    """A patch that is already blank has no effect on the prediction."""
    network = network_of("tanh", (5,), 0)
    image = np.zeros((3, 4))
    image[0, 0] = 1
    assert occlusion(network, image, 0, patch=1)[1:].tolist() == np.zeros((2, 4)).tolist()


def test_a_wrong_question_is_refused_by_name() -> None:
    """A class or a patch that cannot be is told from the others in one sentence."""
    network = network_of("relu", (5,), 0)
    with pytest.raises(ConfigError, match="label must be from 0 to 3, got 4"):
        input_gradient(network, np.zeros(12), 4)
    with pytest.raises(ConfigError, match="patch must be an odd number of pixels, got 2"):
        occlusion(network, np.zeros((3, 4)), 0, patch=2)


@given(seed=st.integers(0, 2**16), k=st.integers(1, 30))
def test_the_nearest_are_nearer_than_all_others(seed: int, k: int) -> None:
    """What is listed comes in order, and nothing that is left out is nearer."""
    rng = np.random.default_rng(seed)
    known: ndarray = rng.normal(size=(20, 3)).astype(np.float32)
    point: ndarray = rng.normal(size=3).astype(np.float32)
    rows, distances = nearest(known, point, k)
    assert len(rows) == min(k, 20)
    assert np.array_equal(distances, np.sort(distances))
    others = np.delete(np.linalg.norm(known - point, axis=1), rows)
    assert not len(others) or others.min() >= distances[-1] - 1e-6


def test_without_a_hidden_layer_the_features_are_compared() -> None:
    """In a linear network the nearest examples are those with similar pixels."""
    x = np.random.default_rng(0).random((3, 12))
    assert np.array_equal(last_hidden(network_of("relu", (), 0), x), x)
    assert last_hidden(network_of("relu", (5, 2), 0), x).shape == (3, 2)
