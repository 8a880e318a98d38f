"""Online gradient descent: one example at a time, as fast as in batches, with deferred updates.

One step changes the first weight by the outer product of an input x and its delta d, which takes as
much memory traffic as the whole forward pass. So the updates of a block are deferred: with W the
weight at the start of the block and g_s = rate_s d_s,

    W_t = W - sum_{s<t} x_s g_s^T,    x_t^T W_t = x_t^T W - sum_{s<t} (x_t . x_s) g_s

where all x_t^T W and all x_t . x_s of a block come from two matrix multiplications. At the end of the
block its changes are applied at once. The layers above are small and change at every step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import epoch_order
from annscope.core.engines.engine import Engine, check_finite
from annscope.core.engines.examples import batch_size_of, is_weighted, targets_of
from annscope.core.engines.kernels import activation_kernel, loss_kernel
from annscope.core.engines.used_features import used_features
from annscope.core.engines.workers import Operation
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.network import Parameters, activations_of, layer_sizes

BLOCK = 64


class OnlineEngine(Engine):
    """Takes one step for each example, with the updates of the first weight deferred in blocks.

    A block lies at a fixed place of an epoch, so that the bits do not depend on when somebody asks; the
    `parameters` of a step within a block are computed when they are needed.
    """

    @staticmethod
    def suits(dataset: Dataset, config: RunConfig) -> bool:
        """This is plain gradient descent on single examples."""
        training, network = config.training, config.network
        plain = OPTIMIZERS[training.optimizer].is_gradient_descent and not (training.decays or training.clip_norm)
        is_deterministic = not (network.dropout or network.batch_norm or is_weighted(dataset, config))
        return batch_size_of(dataset, training) == 1 and plain and is_deterministic

    def __init__(self, dataset: Dataset, config: RunConfig, x: Float[ndarray, "n n_features"]) -> None:
        super().__init__(dataset, config)
        sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
        self._used = used_features(x, config.training, sizes[1])
        if self._used is not None:
            x, sizes = np.take(x, self._used.columns, axis=1), (len(self._used.columns), *sizes[1:])
        self._x, self._targets = x, targets_of(dataset, config, self.dtype)
        # With the first weight as the block began, and as all stood when they were last asked for.
        self._base, self._now, self._slope = (Parameters(config.network, sizes, self.dtype) for _ in range(3))
        self._base.flat[...] = self._narrowed(self._parameters.flat)
        self._loss = loss_kernel(config)
        self._functions = [*map(activation_kernel, activations_of(config.network))]
        self._z = [np.zeros(n, self.dtype) for n in sizes[1:]]
        self._a = [
            np.zeros_like(z) if function.needs_input else z
            for z, function in zip(self._z, self._functions, strict=False)
        ]
        self._dz = [*(np.zeros_like(a) for a in self._a), self._z[-1]]  # the loss overwrites the logits
        self._slopes = [np.zeros_like(a) for a in self._a]
        self._steps = [np.zeros_like(z) for z in self._z]
        self._outers = [np.empty_like(weight) for weight in self._base.weights]
        self._deferred: Float[ndarray, "block n_units"] = np.zeros((BLOCK, sizes[1]), self.dtype)
        self._correction = np.empty(sizes[1], self.dtype)
        self._rate = np.zeros((), self.dtype)
        self._x_block = np.empty((BLOCK, sizes[0]), self.dtype)
        self._target_block = np.empty((BLOCK, sizes[-1]), self.dtype)
        self._sums = np.empty((BLOCK, sizes[1]), self.dtype)
        self._products = np.empty((BLOCK, BLOCK), self.dtype)
        self._n_in_block = BLOCK
        self._operations = [self._operations_at(place) for place in range(BLOCK)]
        self._block: tuple[int, int] | None = None
        self._upper_before = self._base.flat.copy()
        self._is_stale = False
        self._step = 0

    def advance(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        rate, lowest, losses = self._rate, self._dz[0], self.batch_losses
        logits = self._z[-1][:, None]
        for step in range(start, end):
            self._enter_block(step)
            if step == end - 1:
                # The first weight is not checked here: it is still that of the block's beginning.
                self._upper_before[...] = self._base.flat
            place = self._place(step)
            rate[()] = rate_of(step)
            forward, backward = self._operations[place]
            for operation in forward:
                operation()
            if step % losses.every == 0:
                losses.note(step, logits)
            for operation in backward:
                operation()
            if not math.isfinite(lowest.dot(lowest)):
                self._step, self._is_stale = step, True
                check_finite(self.gradient, "gradient", step)
            if place == self._n_in_block - 1:
                self._apply(self._base, place + 1)
        self._step, self._is_stale = end, True
        if not math.isfinite(self._base.flat.dot(self._base.flat)):
            check_finite(self._base, "parameters", end)

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
        n = len(rows)
        # mode="clip" writes straight into `out`; the rows are within bounds anyway.
        x, targets = self._x_block[:n], self._target_block[:n]
        np.take(self._x, rows, 0, x, "clip")
        np.take(self._targets, rows, 0, targets, "clip")
        if self._augment is not None:
            self._augment(x, epoch, block * BLOCK)
        np.matmul(x, self._base.weights[0], self._sums[:n])
        np.matmul(x, x.T, self._products[:n, :n])
        self._n_in_block = n

    def _operations_at(self, place: int) -> tuple[tuple[Operation, ...], tuple[Operation, ...]]:
        """The operations of the step at this place of a block: forward to the logits, and backward with the step."""
        base, z, a, dz, steps, rate = self._base, self._z, self._a, self._dz, self._steps, self._rate
        deferred, top = self._deferred[place], len(z) - 1
        operations: list[Operation] = [partial(np.copyto, z[0], self._sums[0])]
        if place:
            products = self._products[place, :place]
            operations = [
                partial(np.matmul, products, self._deferred[:place], self._correction),
                partial(np.subtract, self._sums[place], self._correction, z[0]),
            ]
        for i in range(top + 1):
            if i:
                operations.append(partial(np.matmul, a[i - 1], base.weights[i], z[i]))
            bias = base.biases[i]
            if bias is not None:
                operations.append(partial(np.add, z[i], bias, z[i]))
            if i < top:
                operations.append(partial(self._functions[i].function, z[i], a[i]))
        forward = tuple(operations)
        operations = [self._loss.output(z[top][:, None])]
        operations.append(partial(self._loss.gradient, z[top], self._target_block[place], 1.0))
        is_updated = self.config.training.delta_weights == "updated"
        for i in range(top, 0, -1):
            update = partial(np.subtract, base.weights[i], self._outers[i], base.weights[i])
            errors = partial(np.matmul, base.weights[i], dz[i], dz[i - 1])
            operations += [
                partial(np.multiply, dz[i], rate, steps[i]),
                partial(np.multiply, a[i - 1][:, None], steps[i], self._outers[i]),
                *((update, errors) if is_updated else (errors, update)),
                partial(self._functions[i - 1].derivative, z[i - 1], a[i - 1], self._slopes[i - 1]),
                partial(np.multiply, dz[i - 1], self._slopes[i - 1], dz[i - 1]),
            ]
            bias = base.biases[i]
            if bias is not None:
                operations.append(partial(np.subtract, bias, steps[i], bias))
        operations.append(partial(np.multiply, dz[0], rate, deferred))
        bias = base.biases[0]
        if bias is not None:
            operations.append(partial(np.subtract, bias, deferred, bias))
        return forward, tuple(operations)

    def _apply(self, to: Parameters, n: int) -> None:
        """Take the first `n` changes of the block into a weight that is still that of its beginning."""
        np.matmul(self._x_block[:n].T, self._deferred[:n], self._outers[0])
        np.subtract(to.weights[0], self._outers[0], to.weights[0])

    def _synchronize(self) -> None:
        if not self._is_stale:
            return
        self._is_stale = False
        place = self._place(self._step - 1)
        inputs = [self._x_block[place], *self._a]
        for i, a_in in enumerate(inputs):
            np.multiply(a_in[:, None], self._dz[i], self._slope.weights[i])
            d_bias = self._slope.biases[i]
            if d_bias is not None:
                d_bias[...] = self._dz[i]
        self._widen(self._slope.flat, self._gradient.flat)
        self._now.flat[...] = self._base.flat
        if place < self._n_in_block - 1:
            self._apply(self._now, place + 1)
        self._widen(self._now.flat, self._parameters.flat)
        before, first = self._upper_before.copy(), self._base.weights[0].size
        was = before[:first].reshape(self._base.weights[0].shape)
        was -= self._x_block[:place].T @ self._deferred[:place]
        self._widen(before, self._before)

    def _narrowed(self, wide: Float[ndarray, " n_wide"]) -> Float[ndarray, " n_narrow"]:
        return wide if self._used is None else self._used.narrow(wide)

    def _widen(self, narrow: Float[ndarray, " n_narrow"], wide: Float[ndarray, " n_wide"]) -> None:
        if self._used is None:
            wide[...] = narrow
        else:
            self._used.widen(narrow, wide)

    def arrays(self) -> dict[str, ndarray]:
        base = self.parameters.flat.copy()
        self._widen(self._base.flat, base)
        return super().arrays() | {"base": base, "held": self._deferred}

    def restore(self, step: int, arrays: Mapping[str, ndarray], state: Mapping[str, Any]) -> None:
        super().restore(step, arrays, state)
        self._base.flat[...] = self._narrowed(arrays["base"])
        self._step, self._is_stale, self._block = step, False, None
