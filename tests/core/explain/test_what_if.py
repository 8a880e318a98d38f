"""A network changed by hand predicts by its definition, and the record is not changed."""

from __future__ import annotations

import numpy as np
import pytest

from annscope.core.config import NetworkConfig
from annscope.core.errors import ConfigError
from annscope.core.explain.what_if import Change, with_changes
from annscope.core.network import Network, initial_parameters

CONFIG = NetworkConfig(hidden_sizes=(5, 4), activation="softplus")
LAYERS = initial_parameters(CONFIG, (3, 5, 4, 2), "float64", 0).layers
X = np.random.default_rng(0).normal(size=(6, 3))


def test_a_neuron_switched_off_puts_out_nothing() -> None:
    """The next layer sums without it, though its own activation would never be 0."""
    before = LAYERS[1].weight.copy()
    changed = Network(CONFIG, 3, 2, with_changes(LAYERS, [Change(0, 2)]))
    hidden = Network(CONFIG, 3, 2, LAYERS).activations(X)[0].copy()
    hidden[:, 2] = 0
    np.testing.assert_allclose(changed.forward(X)[0][1], hidden @ before + LAYERS[1].bias)
    assert (LAYERS[1].weight == before).all()


def test_a_weight_is_what_it_was_set_to() -> None:
    """Later changes win over earlier ones, and a silent neuron over its outgoing weights."""
    changed = with_changes(LAYERS, [Change(1, 3, 2, 9.0), Change(1, 3, 2, -1.5), Change(1, 0, 4, 7.0), Change(0, 4)])
    assert changed[1].weight[2, 3] == -1.5
    assert (changed[1].weight[4] == 0).all()
    assert changed[0].weight is LAYERS[0].weight


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (Change(3, 0), "there is no layer number 3; there are 0 to 2"),
        (Change(-1, 0), "there is no layer number -1"),
        (Change(0, 5), "there is no neuron of layer 0 number 5; there are 0 to 4"),
        (Change(1, 0, 5, 1.0), "there is no input of layer 1 number 5"),
        (Change(1, 0, 0, float("nan")), "a weight must be a finite number, got nan"),
        (Change(1, 0, 0), "a weight must be a finite number, got None"),
        (Change("0", 0), "there is no layer number 0; there are 0 to 2"),
        (Change(0, 1.5), "there is no neuron of layer 0 number 1.5"),
        (Change(1, 0, 0, "x"), "a weight must be a finite number, got 'x'"),
        (Change(2, 0), "an output neuron cannot be switched off"),
    ],
)
def test_a_change_that_cannot_be_is_named(change: Change, sentence: str) -> None:
    """One sentence names what does not exist."""
    with pytest.raises(ConfigError, match=sentence):
        with_changes(LAYERS, [change])
