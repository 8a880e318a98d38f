"""Buffers: one layer in training, forward and backward, as operations on arrays that are allocated once.

Inside a pass the units are axis 0 and the examples axis 1: so each weighted sum, its mask and its
softmax run along contiguous memory, and no matrix multiplication meets a copy. Each operation is a
function bound to its buffers; a training step is a sequence of them, with nothing looked up.

Workers share a large layer by the rows of its weight, which are its inputs: each multiplies,
differentiates and later updates the same rows, so that they stay in the cache of its core. The sums of
the layer are then the sum of the workers' sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from annscope.core.engines.kernels import ActivationKernel
from annscope.core.engines.partition import layer_rows
from annscope.core.engines.workers import Operation, Workers, sequence
from annscope.core.network import NORM_EPSILON, Parameters

EVERY = slice(None)
RUNNING_SHARE = 0.1
"""How much of a batch's mean and variance goes into the running ones."""


class Layer:
    """A fully connected layer with its gradient, for one batch size.

    Forward: z = weight^T a_in + bias, or batch normalisation of weight^T a_in; a = activation(z);
    `output` is `a`, or what dropout leaves of it; all [n_out, batch]. The output layer has no
    activation. Backward: `dz`, the gradient with respect to z, is written by the layer above, or by
    the loss. Inputs may lack the first ones, if these are 0 in all examples: the rows of the weight that
    belong to them are then left out, and those of its gradient left as they are. With the bias trick `output` has a
    further row of ones.
    """

    def __init__(
        self,
        i: int,
        parameters: Parameters,
        gradient: Parameters,
        activation: ActivationKernel | None,
        batch_size: int,
        workers: Workers,
        *,
        bias_trick: bool,
    ) -> None:
        self.weight, self.d_weight = parameters.weights[i], gradient.weights[i]
        self.bias, self.d_bias = parameters.biases[i], gradient.biases[i]
        self.activation = activation
        shape, dtype = (self.weight.shape[1], batch_size), self.weight.dtype
        # The sums of the first layer lie by example, as the inputs do: that multiplies faster. Where the next
        # layer is shared each worker wants some of the units, all their examples next to each other. With the
        # bias trick it is the last layer, whose targets lie so, and a row of ones goes below whole rows.
        is_split = i + 1 < len(parameters.weights) and len(layer_rows(parameters, i + 1, workers.size)) > 1
        by_example = activation is None if bias_trick else not (i or is_split)
        self._ones_below = int(bias_trick and activation is not None)
        self.new = partial(_buffer, workers, shape, dtype, "F" if by_example else "C")
        self.output: Float[ndarray, "n_rows batch"] = self.new(self._ones_below)
        self.a: Float[ndarray, "n_out batch"] = self.output[: shape[0]]
        self.z = self.new() if activation is not None and activation.needs_input else self.a
        self.dz = self.z if activation is None else self.new()  # the loss overwrites the logits
        self.slope = self.new()
        self._in_place: tuple[Operation, list[Operation]] | None = None
        if bias_trick and activation is not None and activation.in_place is not None:
            self._in_place = activation.in_place(self.a, self.dz, self.slope)
        self._ones = np.ones(batch_size, self.weight.dtype)
        scale, d_scale, running = parameters.scales[i], gradient.scales[i], parameters.running[i]
        self.scale, self.d_scale = scale, d_scale
        self._normalization: Normalization | None = None
        if scale is not None and d_scale is not None and running is not None:
            self._normalization = Normalization(self, scale, d_scale, running)
        self._dropout: Dropout | None = None
        self._workers = workers
        self.rows = layer_rows(parameters, i, workers.size)
        self._partial_sums = [self.new() for _ in self.rows] if len(self.rows) > 1 else [self.z]

    def drop(self, share: float, generator: Generator) -> None:
        """Have a share of the outputs switched off at random."""
        self.output = self.new(self._ones_below)
        self._dropout = Dropout(self, share, generator)

    def draw(self) -> list[Operation]:
        """What is random in a step."""
        return [self._dropout.draw] if self._dropout else []

    def sums(self, inputs: Sequence[Float[ndarray, "_ batch"]]) -> list[Operation]:
        """Each worker's part of the weighted sums, from the inputs that are its `rows`."""
        return [
            _product(_last(self.weight[rows], len(a_in)).T, a_in, z)
            for rows, a_in, z in zip(self.rows, inputs, self._partial_sums, strict=True)
        ]

    def outputs(self, units: slice = EVERY) -> list[Operation]:
        """From the parts of the sums to `output`, of some units or of all."""
        operations: list[Operation] = []
        z, a = self.z[units], self.a[units]
        if len(self.rows) > 1:
            first, second, *others = (part[units] for part in self._partial_sums)
            operations.append(partial(np.add, first, second, z))
            operations += [partial(np.add, z, part, z) for part in others]
        if self._normalization:
            operations.append(self._normalization.forward)
        elif self.bias is not None:
            operations.append(partial(np.add, z, self.bias[units, None], z))
        if self._in_place is not None:
            operations.append(self._in_place[0])
        elif self.activation is not None:
            operations.append(partial(self.activation.function, z, a))
        if self._dropout:
            operations.append(partial(np.multiply, a, self._dropout.mask[units], self._dropout.output[units]))
        return operations

    def forward(self, below: Layer) -> list[Operation]:
        """From the sums of the layer below to those of this one."""
        sums = self.sums(self.parts_of(below.output))
        if below._normalization:
            return [*below.outputs(), self._workers.parallel(sums)]
        return self._side_by_side([[*below.outputs(rows), part] for rows, part in zip(self.rows, sums, strict=True)])

    def parts_of(self, a_in: Float[ndarray, "n_in batch"]) -> list[Float[ndarray, "_ batch"]]:
        """The inputs of each worker."""
        return [a_in[rows] for rows in self.rows]

    def backward_to(self, below: Layer) -> list[Operation]:
        """From `dz` to the `dz` of the layer below, (W dz) * f'(z), and to its `gradients_of_others`."""
        if below._normalization:
            errors = self._side_by_side([self._errors_of(below, rows) for rows in self.rows])
            return [*errors, *below.gradients_of_others()]
        return self._side_by_side(
            [[*self._errors_of(below, rows), *below.gradients_of_others(rows)] for rows in self.rows]
        )

    def _side_by_side(self, parts: Sequence[Sequence[Operation]]) -> list[Operation]:
        return list(parts[0]) if len(parts) == 1 else [self._workers.parallel([sequence(part) for part in parts])]

    def _errors_of(self, below: Layer, rows: slice) -> list[Operation]:
        function, dz = below.activation, below.dz[rows]
        operations: list[Operation] = [_product(self.weight[rows][: len(dz)], self.dz, dz)]
        if below._dropout:
            operations.append(partial(np.multiply, dz, below._dropout.mask[rows], dz))
        if below._in_place is not None:
            operations += below._in_place[1]
        elif function is not None:
            slope = below.slope[rows]
            operations.append(partial(function.derivative, below.z[rows], below.a[rows], slope))
            operations.append(partial(np.multiply, dz, slope, dz))
        return operations

    def gradients_of_others(self, units: slice = EVERY) -> list[Operation]:
        """From `dz` to the gradient of all but the weight: db = dz 1; normalisation passes `dz` on to its input."""
        if self._normalization:
            return [self._normalization.backward]
        return [] if self.d_bias is None else [_product(self.dz[units], self._ones, self.d_bias[units])]

    def gradients(self, inputs: Sequence[Float[ndarray, "_ batch"]]) -> list[Operation]:
        """Each worker's part of the gradient of the weight, from the inputs that are its `rows`: dW = a_in dz^T."""
        return [
            _product(a_in, self.dz.T, _last(self.d_weight[rows], len(a_in)))
            for rows, a_in in zip(self.rows, inputs, strict=True)
        ]


def _buffer(
    workers: Workers, shape: tuple[int, int], dtype: np.dtype, order: Literal["C", "F"], n_ones: int = 0
) -> Float[ndarray, "n_rows batch"]:
    """Zeros of this shape, with so many rows of ones below, that every worker can write to."""
    n_units, batch = shape
    buffer = workers.zeros((n_units + n_ones, batch), dtype, order)
    buffer[n_units:] = 1
    return buffer


def _last(rows: Float[ndarray, "n_in n_out"], n: int) -> Float[ndarray, "n n_out"]:
    return rows[len(rows) - n :]


def _product(a: ndarray, b: ndarray, out: ndarray) -> Operation:
    """out = a b by the call that takes least time beside the multiplication itself: `dot` does where it can."""
    if out.flags.c_contiguous:
        return partial(a.dot, b, out)
    if out.T.flags.c_contiguous:
        return partial(b.T.dot, a.T, out.T)
    return partial(np.matmul, a, b, out)


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
        # The layer's arrays, not the layer: it would hold itself, and what it takes its steps with, forever.
        self._z, self._dz, self._bias, self._d_bias = layer.z, layer.dz, layer.bias, layer.d_bias
        self._scale, self._d_scale, self._running = scale, d_scale, running
        self._normal = np.empty_like(layer.z)  # (z - mean) / deviation
        self._deviation = np.empty((len(layer.z), 1), layer.z.dtype)

    def forward(self) -> None:
        """Normalise the sums where they stand, and take their mean and variance into the running ones."""
        z, n = self._z, self._normal
        batch = n.shape[1]
        mean = z.mean(axis=1, keepdims=True)
        np.subtract(z, mean, n)
        variance = np.square(n).mean(axis=1, keepdims=True)
        np.sqrt(variance + NORM_EPSILON, self._deviation)
        n /= self._deviation
        np.multiply(n, self._scale[:, None], z)
        if self._bias is not None:
            z += self._bias[:, None]
        self._running *= 1 - RUNNING_SHARE
        self._running[0] += RUNNING_SHARE * mean[:, 0]
        self._running[1] += RUNNING_SHARE * batch / max(1, batch - 1) * variance[:, 0]

    def backward(self) -> None:
        """Turn the gradient with respect to the normalised sums into the one with respect to the sums, in `dz`."""
        # dz = scale / deviation (dy - mean(dy) - n mean(dy n))
        dy, n = self._dz, self._normal
        batch = n.shape[1]
        np.einsum("ij,ij->i", dy, n, out=self._d_scale)
        shift = dy.sum(axis=1)
        if self._d_bias is not None:
            self._d_bias[...] = shift
        dy -= shift[:, None] / batch
        dy -= n * (self._d_scale[:, None] / batch)
        dy *= self._scale[:, None] / self._deviation


class Dropout:
    """Inverted dropout (Srivastava et al. 2014): an output is 0 with probability `share`, else a / (1 - share)."""

    def __init__(self, layer: Layer, share: float, generator: Generator) -> None:
        self._share, self._generator = share, generator
        self.mask = layer.new()
        self.output = layer.output[: len(layer.a)]
        self._uniform = np.empty(layer.a.shape, layer.a.dtype)  # drawn in one order, however the layer lies

    def draw(self) -> None:
        """Choose again which are off."""
        self._generator.random(out=self._uniform, dtype=self._uniform.dtype.type)
        np.greater_equal(self._uniform, self._share, out=self.mask)
        self.mask *= 1 / (1 - self._share)
