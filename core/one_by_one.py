"""Plain gradient descent on one example at a time, as fast as on batches, and exactly the same mathematics.

One step changes the first weight by the outer product of an input x and its delta d, which takes as
much memory traffic as the whole forward pass. So the changes of a block are held back: with W the
weight at the start of the block and g_s = rate_s d_s,

    W_t = W - sum_{s<t} x_s g_s^T,    x_t^T W_t = x_t^T W - sum_{s<t} (x_t . x_s) g_s

where all x_t^T W and all x_t . x_s of a block come from two matrix multiplications. At the end of the
block its changes are applied at once. The layers above are small and change at every step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.activations import ACTIVATIONS
from core.batches import epoch_order
from core.config import RunConfig
from core.dataset import Dataset
from core.engine import Engine, batch_size_of, refuse, targets_of
from core.losses import loss_of
from core.network import Parameters, activation_names, layer_sizes

BLOCK = 64


def can_go_one_by_one(dataset: Dataset, config: RunConfig) -> bool:
    """Whether this config is plain gradient descent on single examples."""
    training, network = config.training, config.network
    others = (training.l1, training.l2, training.clip_norm, network.dropout, network.batch_norm)
    weighted = dataset.weights_train is not None or training.class_weight != "none"
    return batch_size_of(dataset, training) == 1 and training.optimizer == "sgd" and not any(others) and not weighted


class OneByOneEngine(Engine):
    """Takes one step for each example, with the changes of the first weight held back in blocks.

    A block lies at a fixed place of an epoch, so that the bits do not depend on who looks when; the
    `parameters` of a moment within a block are computed when they are asked for.
    """

    def __init__(self, dataset: Dataset, config: RunConfig, x: Float[ndarray, "n n_features"]) -> None:
        super().__init__(dataset, config)
        self._x, self._targets = x, targets_of(dataset, config, self.dtype)
        sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
        self._base = Parameters(config.network, sizes, self.dtype)  # with the first weight as the block began
        self._base.flat[...] = self._parameters.flat
        self._loss = loss_of(config)
        self._functions = [ACTIVATIONS[name] for name in activation_names(config.network)]
        self._z = [np.zeros(n, self.dtype) for n in sizes[1:]]
        self._a = [
            np.zeros_like(z) if function.needs_input else z
            for z, function in zip(self._z, self._functions, strict=False)
        ]
        self._dz = [*(np.zeros_like(a) for a in self._a), self._z[-1]]  # the loss overwrites the logits
        self._slopes = [np.zeros_like(a) for a in self._a]
        self._steps = [np.zeros_like(z) for z in self._z]
        self._outers = [np.empty_like(weight) for weight in self._base.weights]
        self._held: Float[ndarray, "block n_units"] = np.zeros((BLOCK, sizes[1]), self.dtype)
        self._correction = np.empty(sizes[1], self.dtype)
        self._block: tuple[int, int] | None = None
        self._upper_before = self._base.flat.copy()
        self._is_stale = False
        self._step = 0

    def advance(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        for step in range(start, end):
            self._enter_block(step)
            if step == end - 1:
                # The first weight is not looked at here: it is still that of the block's beginning.
                self._upper_before[...] = self._base.flat
            self._learn(step, self._place(step), self.dtype.type(rate_of(step)))
        self._step, self._is_stale = end, True
        if not math.isfinite(self._base.flat.dot(self._base.flat)):
            refuse(self._base, "parameters", end)

    def _place(self, step: int) -> int:
        return step % len(self._x) % BLOCK

    def _enter_block(self, step: int) -> None:
        """See to it that the block of this step is there; the one before it was settled at its end."""
        epoch, place = divmod(step, len(self._x))
        block = place // BLOCK
        if self._block == (epoch, block):
            return
        self._block = (epoch, block)
        rows = epoch_order(len(self._x), self.config.training.seed, epoch, shuffle=self.config.training.shuffle)
        rows = rows[block * BLOCK : (block + 1) * BLOCK]
        self._x_block, self._target_block = self._x[rows], self._targets[rows]
        self._sums = self._x_block @ self._base.weights[0]
        self._products = self._x_block @ self._x_block.T

    def _learn(self, step: int, place: int, rate: Any) -> None:
        base, z, a, dz, steps = self._base, self._z, self._a, self._dz, self._steps
        top = len(z) - 1
        # Forward.
        if place:
            np.matmul(self._products[place, :place], self._held[:place], self._correction)
            np.subtract(self._sums[place], self._correction, z[0])
        else:
            z[0][...] = self._sums[0]
        for i in range(top + 1):
            if i:
                np.matmul(a[i - 1], base.weights[i], z[i])
            bias = base.biases[i]
            if bias is not None:
                np.add(z[i], bias, z[i])
            if i < top:
                self._functions[i].function(z[i], a[i])
        # Backward, and down with the step.
        self._loss.output(z[top], z[top], 0)
        self._loss.gradient(z[top], self._target_block[place], 1.0)
        updated = self.config.training.delta_weights == "updated"
        for i in range(top, 0, -1):
            np.multiply(dz[i], rate, steps[i])
            np.multiply(a[i - 1][:, None], steps[i], self._outers[i])
            if updated:
                np.subtract(base.weights[i], self._outers[i], base.weights[i])
            np.matmul(base.weights[i], dz[i], dz[i - 1])
            if not updated:
                np.subtract(base.weights[i], self._outers[i], base.weights[i])
            self._functions[i - 1].derivative(z[i - 1], a[i - 1], self._slopes[i - 1])
            np.multiply(dz[i - 1], self._slopes[i - 1], dz[i - 1])
            bias = base.biases[i]
            if bias is not None:
                np.subtract(bias, steps[i], bias)
        np.multiply(dz[0], rate, self._held[place])
        bias = base.biases[0]
        if bias is not None:
            np.subtract(bias, self._held[place], bias)
        if not math.isfinite(dz[0].dot(dz[0])):
            self._step, self._is_stale = step, True
            refuse(self.gradient, "gradient", step)
        if place == len(self._x_block) - 1:
            self._apply(self._base, place + 1)

    def _apply(self, to: Parameters, n: int) -> None:
        """Take the first `n` changes of the block into a weight that is still that of its beginning."""
        np.matmul(self._x_block[:n].T, self._held[:n], self._outers[0])
        np.subtract(to.weights[0], self._outers[0], to.weights[0])

    # What others look at, computed when they look.

    @property
    def parameters(self) -> Parameters:
        self._settle()
        return self._parameters

    @property
    def gradient(self) -> Parameters:
        self._settle()
        return self._gradient

    @property
    def before(self) -> Float[ndarray, " n_parameters"]:
        self._settle()
        return self._before

    def _settle(self) -> None:
        if not self._is_stale:
            return
        self._is_stale = False
        place = self._place(self._step - 1)
        inputs = [self._x_block[place], *self._a]
        for i, a_in in enumerate(inputs):
            np.multiply(a_in[:, None], self._dz[i], self._gradient.weights[i])
            d_bias = self._gradient.biases[i]
            if d_bias is not None:
                d_bias[...] = self._dz[i]
        self._parameters.flat[...] = self._base.flat
        if place < len(self._x_block) - 1:
            self._apply(self._parameters, place + 1)
        first = self._base.weights[0].size
        self._before[...] = self._upper_before
        was = self._before[:first].reshape(self._base.weights[0].shape)
        was -= self._x_block[:place].T @ self._held[:place]

    def arrays(self) -> dict[str, ndarray]:
        return super().arrays() | {"base": self._base.flat, "held": self._held}

    def restore(self, step: int, arrays: Mapping[str, ndarray], state: Mapping[str, Any]) -> None:
        super().restore(step, arrays, state)
        self._step, self._is_stale, self._block = step, False, None
