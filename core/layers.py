"""What one layer computes in training, forward and backward, as operations on buffers that are made once.

Inside a pass the units are axis 0 and the examples axis 1: so each weighted sum, its mask and its
softmax run along contiguous memory, and no matrix multiplication meets a copy. Each operation is a
function bound to its buffers; a training step is a straight line of them, with nothing looked up.

A team shares a large layer by the rows of its weight, which are its inputs: each member multiplies,
differentiates and later updates the same rows, so that they stay in the cache of its core. The sums of
the layer are then the sum of what the members found.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from core.activations import Activation
from core.network import NORM_EPSILON, Parameters
from core.team import Operation, Team, in_turn, shares

RUNNING_SHARE = 0.1
"""How much of a batch's mean and variance goes into the running ones."""

LARGE = 256
"""Examples from which on the sums of the first layer lie by example, as the inputs do: that multiplies faster."""


class Layer:
    """A fully connected layer with its gradient, for one batch size.

    Forward: z = weight^T a_in + bias, or batch normalisation of weight^T a_in; a = activation(z);
    `output` is `a`, or what dropout leaves of it; all [n_out, batch]. The output layer has no
    activation. Backward: `dz`, the gradient with respect to z, is written by the layer above, or by
    the loss.
    """

    def __init__(
        self,
        i: int,
        parameters: Parameters,
        gradient: Parameters,
        activation: Activation | None,
        batch_size: int,
        team: Team,
    ) -> None:
        self.weight, self.d_weight = parameters.weights[i], gradient.weights[i]
        self.bias, self.d_bias = parameters.biases[i], gradient.biases[i]
        self.activation = activation
        shape, dtype = (self.weight.shape[1], batch_size), self.weight.dtype
        lies_by_example = i == 0 and batch_size >= LARGE
        self.z: Float[ndarray, "n_out batch"] = np.empty(shape, dtype, "F" if lies_by_example else "C")
        self.a = np.empty_like(self.z) if activation is not None and activation.needs_input else self.z
        self.output = self.a
        self.dz = self.z if activation is None else np.empty_like(self.z)  # the loss overwrites the logits
        self.slope = np.empty_like(self.z)
        self._ones = np.ones(batch_size, self.weight.dtype)
        scale, d_scale, running = parameters.scales[i], gradient.scales[i], parameters.running[i]
        self._normalization: Normalization | None = None
        if scale is not None and d_scale is not None and running is not None:
            self._normalization = Normalization(self, scale, d_scale, running)
        self._dropout: Dropout | None = None
        self._team = team
        self.rows = shares(self.weight.shape[0], self.weight.shape[1], team.size)
        self._partial_sums = [np.empty_like(self.z) for _ in self.rows] if len(self.rows) > 1 else [self.z]

    def drop(self, share: float, generator: Generator) -> None:
        """Have a share of the outputs switched off at random."""
        self._dropout = Dropout(self, share, generator)
        self.output = self._dropout.output

    def draw(self) -> list[Operation]:
        """What is random in a step."""
        return [self._dropout.draw] if self._dropout else []

    def sums(self, inputs: Sequence[Float[ndarray, "_ batch"]]) -> list[Operation]:
        """Each member's part of the weighted sums, from the inputs that are its `rows`."""
        return [
            partial(np.matmul, self.weight[rows].T, a_in, z)
            for rows, a_in, z in zip(self.rows, inputs, self._partial_sums, strict=True)
        ]

    def outputs(self) -> list[Operation]:
        """From the parts of the sums to `output`."""
        operations: list[Operation] = []
        if len(self.rows) > 1:
            first, second, *others = self._partial_sums
            operations.append(partial(np.add, first, second, self.z))
            operations += [partial(np.add, self.z, z, self.z) for z in others]
        if self._normalization:
            operations.append(self._normalization.forward)
        elif self.bias is not None:
            operations.append(partial(np.add, self.z, self.bias[:, None], self.z))
        if self.activation is not None:
            operations.append(partial(self.activation.function, self.z, self.a))
        if self._dropout:
            operations.append(partial(np.multiply, self.a, self._dropout.mask, self.output))
        return operations

    def forward(self, below: Layer) -> list[Operation]:
        """From the output of the layer below to `output`."""
        return [self._team.together(self.sums(self.parts_of(below.output))), *self.outputs()]

    def parts_of(self, a_in: Float[ndarray, "n_in batch"]) -> list[Float[ndarray, "_ batch"]]:
        """The inputs of each member."""
        return [a_in[rows] for rows in self.rows]

    def backward_to(self, below: Layer) -> list[Operation]:
        """From `dz` to the `dz` of the layer below: (W dz) * f'(z)."""
        return [self._team.together([in_turn(self._errors_of(below, rows)) for rows in self.rows])]

    def _errors_of(self, below: Layer, rows: slice) -> list[Operation]:
        function, dz = below.activation, below.dz[rows]
        operations: list[Operation] = [partial(np.matmul, self.weight[rows], self.dz, dz)]
        if below._dropout:
            operations.append(partial(np.multiply, dz, below._dropout.mask[rows], dz))
        if function is not None:
            slope = below.slope[rows]
            operations.append(partial(function.derivative, below.z[rows], below.a[rows], slope))
            operations.append(partial(np.multiply, dz, slope, dz))
        return operations

    def gradients_of_others(self) -> list[Operation]:
        """From `dz` to the gradient of all but the weight: db = dz 1; normalisation passes `dz` on to its input."""
        if self._normalization:
            return [self._normalization.backward]
        return [] if self.d_bias is None else [partial(np.matmul, self.dz, self._ones, self.d_bias)]

    def gradients(self, inputs: Sequence[Float[ndarray, "_ batch"]]) -> list[Operation]:
        """Each member's part of the gradient of the weight, from the inputs that are its `rows`: dW = a_in dz^T."""
        return [
            partial(np.matmul, a_in, self.dz.T, self.d_weight[rows])
            for rows, a_in in zip(self.rows, inputs, strict=True)
        ]


class Normalization:
    """Batch normalisation of a layer's sums (Ioffe & Szegedy 2015, algorithm 1), before the activation.

    The biases are its shifts. The running variance takes the unbiased one of the batch, as PyTorch does.
    """

    def __init__(
        self,
        layer: Layer,
        scale: Float[ndarray, " n_out"],
        d_scale: Float[ndarray, " n_out"],
        running: Float[ndarray, "2 n_out"],
    ) -> None:
        self._layer, self._scale, self._d_scale, self._running = layer, scale, d_scale, running
        self._normal = np.empty_like(layer.z)  # (z - mean) / deviation
        self._deviation = np.empty((len(layer.z), 1), layer.z.dtype)

    def forward(self) -> None:
        """Normalise the sums where they stand, and take their mean and variance into the running ones."""
        layer, n = self._layer, self._normal
        batch = n.shape[1]
        mean = layer.z.mean(axis=1, keepdims=True)
        np.subtract(layer.z, mean, n)
        variance = np.square(n).mean(axis=1, keepdims=True)
        np.sqrt(variance + NORM_EPSILON, self._deviation)
        n /= self._deviation
        np.multiply(n, self._scale[:, None], layer.z)
        if layer.bias is not None:
            layer.z += layer.bias[:, None]
        self._running *= 1 - RUNNING_SHARE
        self._running[0] += RUNNING_SHARE * mean[:, 0]
        self._running[1] += RUNNING_SHARE * batch / max(1, batch - 1) * variance[:, 0]

    def backward(self) -> None:
        """Turn the gradient with respect to the normalised sums into the one with respect to the sums, in `dz`."""
        # dz = scale / deviation (dy - mean(dy) - n mean(dy n))
        layer, n = self._layer, self._normal
        batch = n.shape[1]
        dy = layer.dz
        np.einsum("ij,ij->i", dy, n, out=self._d_scale)
        shift = dy.sum(axis=1)
        if layer.d_bias is not None:
            layer.d_bias[...] = shift
        dy -= shift[:, None] / batch
        dy -= n * (self._d_scale[:, None] / batch)
        dy *= self._scale[:, None] / self._deviation


class Dropout:
    """Inverted dropout (Srivastava et al. 2014): an output is 0 with probability `share`, else a / (1 - share)."""

    def __init__(self, layer: Layer, share: float, generator: Generator) -> None:
        self._share, self._generator = share, generator
        self.mask = np.ones_like(layer.a)
        self.output = np.empty_like(layer.a)
        self._uniform = np.empty_like(layer.a)

    def draw(self) -> None:
        """Choose anew who is off."""
        self._generator.random(out=self._uniform, dtype=self._uniform.dtype.type)
        np.greater_equal(self._uniform, self._share, out=self.mask)
        self.mask *= 1 / (1 - self._share)
