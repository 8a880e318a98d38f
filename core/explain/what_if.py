"""What would be if: a neuron switched off, a weight set to another number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from annscope.core.errors import ConfigError
from annscope.core.snapshot import LayerParameters


@dataclass(frozen=True)
class Change:
    """A change by hand, with layers counted from 0, the output last.

    Without `input`, neuron `unit` of hidden layer `layer` is switched off: it puts out 0. With it, the
    weight from input number `input` of that layer to `unit` becomes `value`.
    """

    layer: int
    unit: int
    input: int | None = None
    value: float | None = None


def with_changes(parameters: Sequence[LayerParameters], changes: Iterable[Change]) -> tuple[LayerParameters, ...]:
    """The parameters with the changes in them; those given stay as they are.

    A neuron that puts out 0 is one whose outgoing weights are 0. Raises ConfigError for a layer, a
    neuron or an input that is not there and for a weight that is no finite number.
    """
    layers = list(parameters)
    weights = [layer.weight for layer in layers]

    def writable(i: int) -> np.ndarray:
        if weights[i] is layers[i].weight:
            weights[i] = layers[i].weight.copy()
        return weights[i]

    silent: list[Change] = []
    for change in changes:
        _check("layer", change.layer, len(layers))
        n_in, n_out = weights[change.layer].shape
        _check(f"neuron of layer {change.layer}", change.unit, n_out)
        if change.input is None:
            if change.layer == len(layers) - 1:
                raise ConfigError("an output neuron cannot be switched off: its probability would not be one")
            silent.append(change)
            continue
        _check(f"input of layer {change.layer}", change.input, n_in)
        if not isinstance(change.value, int | float) or not np.isfinite(change.value):
            raise ConfigError(f"a weight must be a finite number, got {change.value!r}")
        writable(change.layer)[change.input, change.unit] = change.value
    for change in silent:
        writable(change.layer + 1)[change.unit] = 0
    return tuple(LayerParameters(weight, layer.bias) for weight, layer in zip(weights, layers, strict=True))


def _check(what: str, number: object, count: int) -> None:
    if not isinstance(number, int) or not 0 <= number < count:
        raise ConfigError(f"there is no {what} number {number}; there are 0 to {count - 1}")
