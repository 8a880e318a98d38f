"""The gradient of the mean loss of a batch with respect to every parameter (Rumelhart, Hinton & Williams 1986)."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.activations import ACTIVATIONS
from core.config import NetworkConfig
from core.layers import Layer, Operation
from core.losses import LOSSES
from core.network import Parameters, activation_names


class Backpropagation:
    """The buffers of a forward and a backward pass over `batch_size` examples.

    It reads `parameters` and overwrites `gradient`. There is no gradient for the input: nobody
    asks for it.
    """

    def __init__(
        self, config: NetworkConfig, loss: str, parameters: Parameters, gradient: Parameters, batch_size: int
    ) -> None:
        names = activation_names(config)
        self._loss = LOSSES[loss, config.output]
        self._scale = 1 / batch_size
        self._layers = [
            Layer(weight, bias, d_weight, d_bias, ACTIVATIONS[names[i]] if i < len(names) else None, batch_size)
            for i, (weight, bias, d_weight, d_bias) in enumerate(
                zip(parameters.weights, parameters.biases, gradient.weights, gradient.biases, strict=True)
            )
        ]

    def operations(
        self, x: Float[ndarray, "batch n_features"], targets: Float[ndarray, "batch n_classes"]
    ) -> tuple[Operation, ...]:
        """The straight line that computes the gradient for what `x` and `targets` hold when it is run."""
        inputs = [x.T, *(layer.a for layer in self._layers)]
        steps: list[Operation] = []
        for layer, a_in in zip(self._layers, inputs, strict=False):
            steps += layer.forward(a_in)
        top = self._layers[-1]
        steps.append(partial(self._loss.output, top.z, top.z, 0))
        steps.append(partial(self._loss.gradient, top.z, targets.T, self._scale))
        for i in reversed(range(len(self._layers))):
            steps += self._layers[i].backward(inputs[i], self._layers[i - 1] if i else None)
        return tuple(steps)


def gradient_of(
    config: NetworkConfig,
    loss: str,
    parameters: Parameters,
    x: Float[ndarray, "n n_features"],
    targets: Float[ndarray, "n n_classes"],
    gradient: Parameters,
) -> None:
    """Write the gradient of the mean loss over the given examples into `gradient`, once and without reuse."""
    for operation in Backpropagation(config, loss, parameters, gradient, len(x)).operations(
        np.ascontiguousarray(x), targets
    ):
        operation()
