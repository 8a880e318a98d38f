"""The functions of a network's layers as the browser draws them; it computes them itself (`math.js`)."""

from __future__ import annotations

from typing import Any

from annscope.core.config import NetworkConfig
from annscope.core.functions.activations import ACTIVATIONS, Activation
from annscope.core.functions.outputs import OUTPUTS, Output
from annscope.core.network import activations_of


def layer_functions(config: NetworkConfig) -> list[dict[str, Any]]:
    """Each layer's function: its name, label and formula, the range of its values, and those that are not saturated."""
    hidden = [_about(each, (each.lowest, each.highest), each.unsaturated) for each in activations_of(config)]
    return [*hidden, _output_function(config.output)]


def _output_function(name: str) -> dict[str, Any]:
    """The function of the output units, which is an activation where every unit has a probability of its own."""
    output = OUTPUTS[name]
    units = next((each for each in ACTIVATIONS.values() if each.function is output.function), output)
    return _about(units, (0.0, 1.0), None)


def _about(
    function: Activation | Output, limits: tuple[float | None, float | None], unsaturated: tuple[float, float] | None
) -> dict[str, Any]:
    return {
        "name": function.name,
        "label": function.label,
        "formula": function.formula,
        "range": limits,
        "unsaturated": unsaturated,
    }
