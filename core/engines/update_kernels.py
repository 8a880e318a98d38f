"""Update kernels: the fast forms of `core.functions.optimizers`.

A kernel goes over the flat vectors of parameters, gradient and moments in batches of numbers that fit the cache, a
few NumPy operations each; the gradient itself is left as it is. Each worker updates the parameters whose rows of a
layer it computes as well.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import TrainingConfig
from annscope.core.engines.partition import aligned_parts, vector_shares
from annscope.core.engines.workers import CACHE_LINE, SINGLE, Operation, Workers, sequence
from annscope.core.functions.optimizers import ALPHA, BETA1, BETA2, EPSILON, RMSPROP_EPSILON, Moments, Optimizer
from annscope.core.network import Parameters

BLOCK = 32_768
"""Numbers of a block: five vectors of float32 stay in a second-level cache."""

FLUSH_EVERY = 256
"""Steps after which moments too small to matter become 0.

Where the gradient is 0 for long (a pixel that is seldom inked, a neuron that is off), a moment
falls by a tenth a step into the denormal numbers, with which a processor computes ten times
slower, and stays there. What is flushed is below 1e-26 in float32, far below any epsilon.
"""


Blocks: TypeAlias = list[tuple[Float[ndarray, " _"], ...]]


def _blocks(vectors: Sequence[Float[ndarray, " n_parameters"]], slices: Sequence[slice]) -> Blocks:
    """These parts of the vectors in even blocks of about `BLOCK` numbers at most, each with a scratch buffer.

    Blocks begin at a cache line where their part does.
    """
    line = CACHE_LINE // vectors[0].itemsize
    parts = [block for part in slices for block in aligned_parts(part, -(-(part.stop - part.start) // BLOCK), line)]
    scratch = SINGLE.zeros(max((part.stop - part.start for part in parts), default=0), vectors[0].dtype)
    return [(*(vector[part] for vector in vectors), scratch[: part.stop - part.start]) for part in parts]


def _flush(blocks: Blocks, negligible: float) -> None:
    """Make the moments of these blocks that are negligible 0."""
    for _, _, *moments, scratch in blocks:
        for moment in moments:
            moment[np.abs(moment, scratch) < negligible] = 0


class UpdateKernel(ABC):
    """Changes `parameters` by `gradient`, always the same vectors, by the rule of `optimizer`.

    `moments` are what it keeps from step to step, vectors of the same length; with `n_steps`,
    the number of steps taken, they are its whole state. `updates` has one operation for each worker of
    the workers that updates any parameters; `operations` are the same, operation by operation. `shares` are the parts
    of the vectors that each of them updates, if not those of the rows that it computes.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        config: TrainingConfig,
        parameters: Parameters,
        gradient: Parameters,
        workers: Workers = SINGLE,
        shares: Sequence[Sequence[slice]] | None = None,
    ) -> None:
        self.n_steps = 0
        self.optimizer = optimizer
        self._config, self._workers = config, workers
        self._dtype = parameters.flat.dtype
        self.moments = {name: workers.zeros(len(parameters.flat), self._dtype) for name in optimizer.moments}
        self._kept = self._number(1.0)
        self._make_constants()
        vectors = (parameters.flat, gradient.flat, *self.moments.values())
        shared = [_blocks(vectors, slices) for slices in shares or vector_shares(parameters, workers.size) if slices]
        self.operations = [
            [operation for block in blocks for operation in self._operations(*block)] for blocks in shared
        ]
        self.updates = [sequence(operations) for operations in self.operations]
        self._update_all = workers.parallel(self.updates)
        negligible = float(np.finfo(self._dtype).tiny) / 0.9**FLUSH_EVERY
        self._flush_all = workers.parallel([partial(_flush, blocks, negligible) for blocks in shared])
        self._weights = parameters.flat_weights

    def step(self, learning_rate: float) -> None:
        """Take one step."""
        self.begin(learning_rate)
        self._update_all()

    # The same in two parts: the `updates` that follow may run side by side with each other.

    def begin(self, learning_rate: float) -> None:
        """Begin a step."""
        if self.moments and self.n_steps % FLUSH_EVERY == 0:
            self._flush_all()
        self.n_steps += 1
        if self.optimizer.decays_weights:
            self._kept[...] = 1 - learning_rate * self._config.weight_decay
            np.multiply(self._weights, self._kept, self._weights)
        self._prepare(learning_rate)

    def begin_at_same_rate(self) -> None:
        """Begin a step with the learning rate of the one before; without moments nothing else changes."""
        self.n_steps += 1

    def _prepare(self, learning_rate: float) -> None:
        """Set what is the same for every block of this step."""
        self._rate[...] = learning_rate

    def _make_constants(self) -> None:
        """Make the constants that every step uses."""
        self._rate = self._number(0.0)

    def _number(self, value: float) -> Float[ndarray, ""]:
        # As an array of no dimensions NumPy takes it as it is; a scalar would cost every call a conversion.
        number: ndarray = self._workers.zeros((), self._dtype)
        number[...] = value
        return number

    @abstractmethod
    def _operations(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        """What takes the step on a block: the parameters, the gradient, the moments and a scratch buffer."""


class SGD(UpdateKernel):
    """p -= r g."""

    def _operations(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        p, g, t = block
        rate = self._rate
        return [
            partial(np.multiply, g, rate, t),
            partial(np.subtract, p, t, p),
        ]


class Momentum(UpdateKernel):
    """v = mu v + g; p -= r v."""

    def _make_constants(self) -> None:
        super()._make_constants()
        self._mu = self._number(self._config.momentum)

    def _operations(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        p, g, v, t = block
        rate, mu = self._rate, self._mu
        return [
            partial(np.multiply, v, mu, v),
            partial(np.add, v, g, v),
            partial(np.multiply, v, rate, t),
            partial(np.subtract, p, t, p),
        ]


class Nesterov(UpdateKernel):
    """v = mu v + g; p -= r (g + mu v)."""

    def _make_constants(self) -> None:
        super()._make_constants()
        self._mu = self._number(self._config.momentum)

    def _operations(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        p, g, v, t = block
        rate, mu = self._rate, self._mu
        return [
            partial(np.multiply, v, mu, v),
            partial(np.add, v, g, v),
            partial(np.multiply, v, mu, t),
            partial(np.add, t, g, t),
            partial(np.multiply, t, rate, t),
            partial(np.subtract, p, t, p),
        ]


class RMSProp(UpdateKernel):
    """s = a s + (1 - a) g^2; p -= r g / (sqrt(s) + eps)."""

    def _make_constants(self) -> None:
        super()._make_constants()
        self._keep, self._new, self._epsilon = map(self._number, (ALPHA, 1 - ALPHA, RMSPROP_EPSILON))

    def _operations(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        p, g, s, t = block
        rate, keep, new, epsilon = self._rate, self._keep, self._new, self._epsilon
        return [
            partial(np.multiply, s, keep, s),
            partial(np.multiply, g, g, t),
            partial(np.multiply, t, new, t),
            partial(np.add, s, t, s),
            partial(np.sqrt, s, t),
            partial(np.add, t, epsilon, t),
            partial(np.divide, g, t, t),
            partial(np.multiply, t, rate, t),
            partial(np.subtract, p, t, p),
        ]


class Adam(UpdateKernel):
    """Adam; AdamW is the same after the weights have decayed.

    The moments are kept as m / (1 - b1) and v / (1 - b2), two passes less; the bias corrections
    and these factors go into one rate and one eps a step:

        m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) = alpha M / (sqrt(V) + eps'),
        eps' = eps sqrt((1 - b2^t) / (1 - b2)),  alpha = (1 - b1) / (1 - b1^t) eps' / eps
    """

    def _make_constants(self) -> None:
        super()._make_constants()
        self._beta1, self._beta2, self._epsilon = map(self._number, (BETA1, BETA2, EPSILON))

    def _prepare(self, learning_rate: float) -> None:
        root = math.sqrt((1 - BETA2**self.n_steps) / (1 - BETA2))
        alpha = (1 - BETA1) / (1 - BETA1**self.n_steps) * root
        self._rate[...] = learning_rate * alpha
        self._epsilon[...] = EPSILON * root

    def _operations(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        p, g, m, v, t = block
        rate, epsilon, beta1, beta2 = self._rate, self._epsilon, self._beta1, self._beta2
        return [
            partial(np.multiply, m, beta1, m),
            partial(np.add, m, g, m),
            partial(np.multiply, v, beta2, v),
            partial(np.multiply, g, g, t),
            partial(np.add, v, t, v),
            partial(np.sqrt, v, t),
            partial(np.add, t, epsilon, t),
            partial(np.divide, m, t, t),
            partial(np.multiply, t, rate, t),
            partial(np.subtract, p, t, p),
        ]


class PlainUpdate(UpdateKernel):
    """What stands in for an optimizer that has no kernel of its own: its `update`, as it is defined."""

    def _make_constants(self) -> None:
        super()._make_constants()
        self._number_of_step = self._workers.zeros((), np.dtype(np.int64))
        self._hyperparameters = {name: getattr(self._config, name) for name in self.optimizer.hyperparameters}

    def _prepare(self, learning_rate: float) -> None:
        # In arrays that every worker sees.
        super()._prepare(learning_rate)
        self._number_of_step[...] = self.n_steps

    def begin_at_same_rate(self) -> None:
        super().begin_at_same_rate()
        self._number_of_step[...] = self.n_steps

    def _operations(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        p, g, *moments, _ = block
        return [partial(self._update, p, g, dict(zip(self.optimizer.moments, moments, strict=True)))]

    def _update(self, p: ndarray, g: ndarray, moments: Moments) -> None:
        t, rate = int(self._number_of_step), self._rate[()]
        after = dict(moments)
        p -= self.optimizer.update(g, after, t, rate, **self._hyperparameters)
        for name, moment in moments.items():
            moment[...] = after[name]


_KERNELS: dict[str, type[UpdateKernel]] = {
    "sgd": SGD, "momentum": Momentum, "nesterov": Nesterov, "rmsprop": RMSProp, "adam": Adam, "adamw": Adam
}  # fmt: skip


def update_kernel(
    optimizer: Optimizer,
    config: TrainingConfig,
    parameters: Parameters,
    gradient: Parameters,
    workers: Workers = SINGLE,
    shares: Sequence[Sequence[slice]] | None = None,
) -> UpdateKernel:
    """The fast form of an optimizer, or what stands in for it."""
    return _KERNELS.get(optimizer.name, PlainUpdate)(optimizer, config, parameters, gradient, workers, shares)
