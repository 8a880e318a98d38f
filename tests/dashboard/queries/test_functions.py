"""The functions that the browser is told of are those of the registries."""

import pytest

from annscope.core.config import OUTPUTS, NetworkConfig
from annscope.core.functions.activations import ACTIVATIONS, SATURATION
from annscope.dashboard.queries.functions import layer_functions


def test_each_layer_has_the_name_the_range_and_the_unsaturated_values_of_its_activation() -> None:
    """A bounded function saturates near its ends; an unbounded one nowhere."""
    network = NetworkConfig(hidden_sizes=(4, 3), activation=("tanh", "relu"))
    tanh, relu, output = layer_functions(network)
    assert tanh == {
        "name": "tanh", "label": ACTIVATIONS["tanh"].label, "formula": ACTIVATIONS["tanh"].formula,
        "range": (-1.0, 1.0), "unsaturated": (-1 + SATURATION, 1 - SATURATION),
    }  # fmt: skip
    assert (relu["range"], relu["unsaturated"]) == ((0.0, None), None)
    assert (output["name"], output["range"], output["unsaturated"]) == ("softmax", (0.0, 1.0), None)


@pytest.mark.parametrize("name", OUTPUTS)
def test_output_units_that_are_judged_each_by_itself_are_called_by_their_activation(name: str) -> None:
    """A single unit for two classes is a sigmoid to the browser, too."""
    network = NetworkConfig(hidden_sizes=(), output=name)
    (output,) = layer_functions(network)
    assert output["name"] == ("softmax" if name == "softmax" else "sigmoid")
