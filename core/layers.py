"""What one layer computes in training, forward and backward, as operations on buffers that are made once.

Inside a pass the units are axis 0 and the examples axis 1: so each weighted sum, its mask and its
softmax run along contiguous memory, and no matrix multiplication meets a copy. Each operation is a
function bound to its buffers; a training step is a straight line of them, with nothing looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.activations import Activation

Operation: TypeAlias = Callable[[], object]


class Layer:
    """A fully connected layer with its gradient, for one batch size.

    `z` = weight^T a_in + bias are the weighted sums and `a` = activation(z) the outputs, both
    [n_out, batch]; without an activation `a` is `z`. `dz`, the gradient with respect to z, is
    written by the layer above, or by the loss.
    """

    def __init__(
        self,
        weight: Float[ndarray, "n_in n_out"],
        bias: Float[ndarray, " n_out"] | None,
        d_weight: Float[ndarray, "n_in n_out"],
        d_bias: Float[ndarray, " n_out"] | None,
        activation: Activation | None,
        batch_size: int,
    ) -> None:
        self.weight, self.bias, self.d_weight, self.d_bias = weight, bias, d_weight, d_bias
        self.activation = activation
        shape = (weight.shape[1], batch_size)
        self.z: Float[ndarray, "n_out batch"] = np.empty(shape, weight.dtype)
        self.a = np.empty_like(self.z) if activation is not None and activation.needs_input else self.z
        if activation is None:
            self.dz = self.z  # the loss turns the output into its gradient where it stands
        else:
            self.dz = np.empty_like(self.z)
            self._slope = np.empty_like(self.z)
        self._ones = np.ones(batch_size, weight.dtype)

    def forward(self, a_in: Float[ndarray, "n_in batch"]) -> list[Operation]:
        """From the outputs of the layer below to `a`."""
        operations: list[Operation] = [partial(np.matmul, self.weight.T, a_in, self.z)]
        if self.bias is not None:
            operations.append(partial(np.add, self.z, self.bias[:, None], self.z))
        if self.activation is not None:
            operations.append(partial(self.activation.function, self.z, self.a))
        return operations

    def backward(self, a_in: Float[ndarray, "n_in batch"], below: Layer | None) -> list[Operation]:
        """From `dz` to the gradient of the parameters, and to the `dz` of the layer below if there is one.

        dW = a_in dz^T, db = dz 1, and below: dz = (W dz) * f'(z).
        """
        operations: list[Operation] = []
        if below is not None:
            operations += [
                partial(np.matmul, self.weight, self.dz, below.dz),
                partial(below.activation.derivative, below.z, below.a, below._slope),  # type: ignore[union-attr]
                partial(np.multiply, below.dz, below._slope, below.dz),
            ]
        operations.append(partial(np.matmul, a_in, self.dz.T, self.d_weight))
        if self.d_bias is not None:
            operations.append(partial(np.matmul, self.dz, self._ones, self.d_bias))
        return operations
