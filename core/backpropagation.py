"""The gradient of the mean loss of a batch with respect to every parameter (Rumelhart, Hinton & Williams 1986)."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from core.activations import ACTIVATIONS
from core.config import RunConfig
from core.layers import Layer
from core.losses import loss_of
from core.network import Parameters, activation_names
from core.team import ALONE, Operation, Team


class Backpropagation:
    """The buffers of a forward and a backward pass over `batch_size` examples.

    It reads `parameters` and overwrites `gradient`; there is no gradient for the input, nobody asks
    for it. `logits`, [n_classes, batch], hold the output layer's sums between the two passes. With
    `delta_weights` "updated" and a `rate` the backward pass also takes the step, layer by layer on
    its way down, and errors go down through the weights so changed. Without a generator there is no dropout.
    """

    def __init__(
        self,
        config: RunConfig,
        parameters: Parameters,
        gradient: Parameters,
        batch_size: int,
        *,
        generator: Generator | None = None,
        rate: Float[ndarray, ""] | None = None,
        team: Team = ALONE,
    ) -> None:
        names = activation_names(config.network)
        self._loss = loss_of(config)
        self._batch_size = batch_size
        self._layers = [
            Layer(i, parameters, gradient, ACTIVATIONS[names[i]] if i < len(names) else None, batch_size, team)
            for i in range(len(parameters.weights))
        ]
        if config.network.dropout and generator is not None:
            for layer in self._layers[:-1]:
                layer.drop(config.network.dropout, generator)
        self._rate = rate if config.training.delta_weights == "updated" else None
        self.logits = self._layers[-1].z

    def draw(self) -> list[Operation]:
        """What is random in a pass."""
        return [operation for layer in self._layers for operation in layer.draw()]

    def forward(self, x: Float[ndarray, "batch n_features"]) -> list[Operation]:
        """From the inputs to the logits."""
        inputs = self._inputs(x)
        return [
            operation for layer, a_in in zip(self._layers, inputs, strict=True) for operation in layer.forward(a_in)
        ]

    def backward(
        self,
        x: Float[ndarray, "batch n_features"],
        targets: Float[ndarray, "batch n_classes"],
        weights: Float[ndarray, " batch"] | None = None,
    ) -> list[Operation]:
        """From the logits to the gradient; `weights` make the mean over the examples a weighted one."""
        logits, loss = self.logits, self._loss
        scale = 1 / self._batch_size if weights is None else 1.0
        operations: list[Operation] = [
            partial(loss.output, logits, logits, 0),
            partial(loss.gradient, logits, targets.T, scale),
        ]
        if weights is not None:
            operations.append(partial(_weigh, logits, weights))
        inputs = self._inputs(x)
        for i in reversed(range(len(self._layers))):
            layer = self._layers[i]
            operations += layer.gradients(inputs[i])
            if self._rate is not None:
                operations.append(partial(_step, layer, self._rate))
            if i:
                operations += layer.backward_to(self._layers[i - 1])
        return operations

    def _inputs(self, x: ndarray) -> list[ndarray]:
        return [x.T, *(layer.output for layer in self._layers[:-1])]


def _step(layer: Layer, rate: Float[ndarray, ""]) -> None:
    layer.weight -= rate * layer.d_weight
    if layer.bias is not None and layer.d_bias is not None:
        layer.bias -= rate * layer.d_bias


def _weigh(dz: Float[ndarray, "n_classes batch"], weights: Float[ndarray, " batch"]) -> None:
    total = weights.sum()
    np.multiply(dz, weights / total if total > 0 else weights, dz)
