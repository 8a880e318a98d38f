"""Runs with the neurons of `core.pure_python`: the arrays of a run become lists, and lists arrays when they are read.

No step is taken with an array. The initial weights, the order of the examples and the batches are
those of the NumPy engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import epoch_order
from annscope.core.engines.engine import Engine, check_finite
from annscope.core.engines.examples import batch_size_of, targets_of
from annscope.core.errors import ConfigError
from annscope.core.network import Parameters, activations_of
from annscope.core.pure_python import Neuron, NeuronNetwork


class PurePythonEngine(Engine):
    """Gradient descent, neuron by neuron; what it cannot do, `core.config.RunConfig` rejects.

    Raises ConfigError for a data set with weights of its examples.
    """

    def __init__(self, dataset: Dataset, config: RunConfig, x: Float[ndarray, "n n_features"]) -> None:
        super().__init__(dataset, config)
        if dataset.weights_train is not None:
            raise ConfigError("engine 'pure_python' needs a data set whose examples all count the same")
        self._x, self._targets = x, targets_of(dataset, config, self.dtype)
        self._batch_size = batch_size_of(dataset, config.training)
        self._per_epoch = -(-len(x) // self._batch_size)
        self._epoch, self._order = -1, np.empty(0, np.int64)
        self._network = NeuronNetwork(
            _layers_of(self._parameters),
            [activation.name for activation in activations_of(config.network)],
            config.network.output,
            config.training.loss,
        )
        self._weights_before: list[list[list[float]]] = []
        self._biases_before: list[list[float]] = []
        self._is_stale = False

    def advance(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        network = self._network
        for step in range(start, end):
            x, targets = self._batch(step)
            logits = network.measure_gradient(x.tolist(), targets.tolist())
            if step % self.batch_losses.every == 0:
                self.batch_losses.note(step, np.array(logits, self.dtype).T)
            self._is_stale = True
            self._note_parameters()
            if not all(math.isfinite(neuron.d_bias) for layer in network.layers for neuron in layer):
                check_finite(self.gradient, "gradient", step)
            network.step(rate_of(step))
        check_finite(self.parameters, "parameters", end)

    def _batch(self, step: int) -> tuple[Float[ndarray, "batch n_features"], Float[ndarray, "batch n_classes"]]:
        epoch, batch = divmod(step, self._per_epoch)
        if epoch != self._epoch:
            training = self.config.training
            shuffle = training.shuffle and self._per_epoch > 1  # all examples at once have no order
            self._epoch = epoch
            self._order = epoch_order(len(self._x), training.seed, epoch, shuffle=shuffle)
        start = batch * self._batch_size
        rows = self._order[start : start + self._batch_size]
        x = self._x[rows]
        if self._augment is not None:
            self._augment(x, epoch, start)
        return x, self._targets[rows]

    def _note_parameters(self) -> None:
        # A step gives a neuron a new list of weights and leaves the old one as it was.
        self._weights_before = [[neuron.weights for neuron in layer] for layer in self._network.layers]
        self._biases_before = [[neuron.bias for neuron in layer] for layer in self._network.layers]

    def _synchronize(self) -> None:
        if not self._is_stale:
            return
        self._is_stale = False
        layers = self._network.layers
        _write(self._parameters, self._weights_before, self._biases_before)
        self._before[...] = self._parameters.flat
        _write(
            self._gradient,
            [[neuron.d_weights for neuron in layer] for layer in layers],
            [[neuron.d_bias for neuron in layer] for layer in layers],
        )
        _write(
            self._parameters,
            [[neuron.weights for neuron in layer] for layer in layers],
            [[neuron.bias for neuron in layer] for layer in layers],
        )

    def restore(self, step: int, arrays: Mapping[str, ndarray], state: Mapping[str, Any]) -> None:
        super().restore(step, arrays, state)
        self._network.layers = _layers_of(self._parameters)
        self._is_stale = False


def _layers_of(parameters: Parameters) -> list[list[Neuron]]:
    """A neuron for each column of each weight [n_in, n_out]."""
    return [
        [Neuron(weight[:, j].tolist(), None if bias is None else float(bias[j])) for j in range(weight.shape[1])]
        for weight, bias in zip(parameters.weights, parameters.biases, strict=True)
    ]


def _write(into: Parameters, weights: list[list[list[float]]], biases: list[list[float]]) -> None:
    for i, (weight, bias) in enumerate(zip(into.weights, into.biases, strict=True)):
        weight[...] = np.array(weights[i]).T
        if bias is not None:
            bias[...] = biases[i]
