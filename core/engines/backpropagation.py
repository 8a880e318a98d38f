"""The gradient of the mean loss of a batch with respect to every parameter (Rumelhart, Hinton & Williams 1986)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from annscope.core.config import RunConfig
from annscope.core.engines.buffers import Layer
from annscope.core.engines.kernels import activation_kernel, loss_kernel
from annscope.core.engines.workers import SINGLE, Operation, Workers
from annscope.core.network import Parameters, activations_of


class Backpropagation:
    """The buffers of a forward and a backward pass over `batch_size` examples.

    It reads `parameters` and overwrites `gradient`; there is no gradient for the input, nobody asks
    for it. `logits`, [n_classes, batch], hold the output layer's sums between the two passes. With
    `delta_weights` "updated" and a `rate` the backward pass also takes the step, layer by layer on
    its way down, and errors go down through the weights so changed. Without a generator there is no dropout.
    `n_examples` is the size of the whole batch where this is but a part of it: the gradient is then its share.
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
        workers: Workers = SINGLE,
        n_examples: int | None = None,
        bias_trick: bool = False,
    ) -> None:
        activations = [*map(activation_kernel, activations_of(config.network)), None]
        self._loss = loss_kernel(config)
        self._n_examples = n_examples or batch_size
        self._workers = workers
        self._layers = [
            Layer(i, parameters, gradient, activation, batch_size, workers, bias_trick=bias_trick)
            for i, activation in enumerate(activations)
        ]
        if config.network.dropout and generator is not None:
            for layer in self._layers[:-1]:
                layer.drop(config.network.dropout, generator)
        self._rate = rate if config.training.delta_weights == "updated" else None
        self.logits = self._layers[-1].z

    def draw(self) -> list[Operation]:
        """What is random in a pass."""
        return [operation for layer in self._layers for operation in layer.draw()]

    @property
    def rows(self) -> list[slice]:
        """The features that each worker computes."""
        return self._layers[0].rows

    @property
    def errors(self) -> Float[ndarray, "n_units batch"]:
        """The gradient with respect to the sums of the first layer, the last that a backward pass comes to."""
        return self._layers[0].dz

    def forward(self, x: Float[ndarray, "batch n_features"]) -> list[Operation]:
        """From the inputs to the logits."""
        return [self._workers.parallel(self.sums(self._layers[0].parts_of(x.T))), *self.outputs]

    def backward(
        self,
        x: Float[ndarray, "batch n_features"],
        targets: Float[ndarray, "batch n_classes"],
        weights: Float[ndarray, " batch"] | None = None,
        *,
        errors: Sequence[Operation] = (),
    ) -> list[Operation]:
        """From the logits to the gradient; `weights` make the mean over the examples a weighted one.

        `errors`, where there are any, overwrite the logits with the gradient with respect to them, instead of the loss.
        """
        inputs = self._layers[0].parts_of(x.T)
        operations = self._errors(targets, weights, inputs, errors)
        if self._rate is None:
            operations += [self._workers.parallel(layer) for layer in self._gradients(inputs)]
        return operations

    # The same in four parts, of which workers can take the last and the next batch's first in one go.

    def sums(self, inputs: Sequence[Float[ndarray, "_ batch"]]) -> list[Operation]:
        """What each worker begins with: its part of the first layer's sums, from its features."""
        return self._layers[0].sums(inputs)

    def errors_of(
        self, targets: Float[ndarray, "batch n_classes"], weights: Float[ndarray, " batch"] | None
    ) -> list[Operation]:
        """From the logits to the errors of every layer and the gradient of all that is no weight."""
        return self._errors(targets, weights, None)

    def gradients(self, inputs: Sequence[Float[ndarray, "_ batch"]]) -> list[list[Operation]]:
        """What each worker ends with: its part of the gradient of the weights."""
        workers: list[list[Operation]] = [[] for _ in range(self._workers.size)]
        for layer in self._gradients(inputs):
            for worker, operation in zip(workers, layer, strict=False):
                worker.append(operation)
        return workers

    # What does not depend on where the examples lie is made once, for all of a run's batches of one size: less
    # memory to read in each step.

    @cached_property
    def outputs(self) -> list[Operation]:
        """From the first layer's sums to the logits."""
        operations: list[Operation] = []
        for below, layer in pairwise(self._layers):
            operations += layer.forward(below)
        return operations + self._layers[-1].outputs()

    def _errors(
        self,
        targets: Float[ndarray, "batch n_classes"],
        weights: Float[ndarray, " batch"] | None,
        inputs: Sequence[Float[ndarray, "_ batch"]] | None,
        errors: Sequence[Operation] = (),
    ) -> list[Operation]:
        operations = [*(errors or self._errors_of_loss(targets, weights)), *self._layers[-1].gradients_of_others()]
        if self._rate is None or inputs is None:
            return operations + self._errors_below
        for i in reversed(range(len(self._layers))):
            layer = self._layers[i]
            operations += layer.gradients(inputs if i == 0 else layer.parts_of(self._layers[i - 1].output))
            operations.append(partial(_step, layer, self._rate))
            if i:
                operations += layer.backward_to(self._layers[i - 1])
        return operations

    @cached_property
    def _errors_below(self) -> list[Operation]:
        operations: list[Operation] = []
        for below, layer in reversed(list(pairwise(self._layers))):
            operations += layer.backward_to(below)
        return operations

    def _errors_of_loss(
        self, targets: Float[ndarray, "batch n_classes"], weights: Float[ndarray, " batch"] | None
    ) -> list[Operation]:
        logits, loss = self.logits, self._loss
        scale = np.array(1 / self._n_examples if weights is None else 1, logits.dtype)
        operations: list[Operation] = [
            loss.output(logits),
            partial(loss.gradient, logits, targets.T, scale),
        ]
        if weights is not None:
            operations.append(partial(_weigh, logits, weights))
        return operations

    def _gradients(self, inputs: Sequence[Float[ndarray, "_ batch"]]) -> list[list[Operation]]:
        return [self._layers[0].gradients(inputs), *self._gradients_above]

    @cached_property
    def _gradients_above(self) -> list[list[Operation]]:
        return [layer.gradients(layer.parts_of(below.output)) for below, layer in pairwise(self._layers)]


def _step(layer: Layer, rate: Float[ndarray, ""]) -> None:
    layer.weight -= rate * layer.d_weight
    for part, gradient in ((layer.bias, layer.d_bias), (layer.scale, layer.d_scale)):
        if part is not None and gradient is not None:
            part -= rate * gradient


def _weigh(dz: Float[ndarray, "n_classes batch"], weights: Float[ndarray, " batch"]) -> None:
    total = weights.sum()
    np.multiply(dz, weights / total if total > 0 else weights, dz)
