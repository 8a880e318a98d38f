"""How a gradient becomes a step, and how the size of the steps changes over time.

An optimizer walks over the flat vectors of parameters, gradient and moments in blocks that fit
the cache, a few NumPy operations to a block; the gradient itself is left as it is. Each member of a
team walks over the parameters that it looks after in the layers as well.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import TrainingConfig
from annscope.core.engines.workers import ALONE, CACHE_LINE, Operation, Team, in_turn
from annscope.core.network import Parameters

BLOCK = 65_536
"""Numbers of a block: five vectors of float32 stay in a second-level cache."""

FLUSH_EVERY = 256
"""Steps after which moments too small to matter become 0.

Where the gradient is 0 for long (a pixel that is seldom inked, a neuron that is off), a moment
falls by a tenth a step into the denormal numbers, with which a processor computes ten times
slower, and stays there. What is flushed is below 1e-26 in float32, far below any epsilon.
"""


Blocks: TypeAlias = list[tuple[Float[ndarray, " _"], ...]]


def _blocks(vectors: Sequence[Float[ndarray, " n_parameters"]], slices: Sequence[slice]) -> Blocks:
    """These parts of the vectors in even blocks of about `BLOCK` numbers at most, each with room for one more.

    Blocks begin at a cache line where their part does.
    """
    line = CACHE_LINE // vectors[0].itemsize
    bounds: list[tuple[int, int]] = []
    for part in slices:
        size = part.stop - part.start
        n = -(-size // BLOCK)
        starts = [part.start + (size * i // n) // line * line for i in range(n)]
        bounds += pairwise([*starts, part.stop])
    room = ALONE.zeros(max((stop - start for start, stop in bounds), default=0), vectors[0].dtype)
    return [(*(vector[start:stop] for vector in vectors), room[: stop - start]) for start, stop in bounds]


class Optimizer(ABC):
    """Changes `parameters` by `gradient`, both for ever the same vectors.

    `moments` are what it remembers from step to step, vectors of the same length; with `n_steps`,
    the number of steps taken, they are its whole state. `walks` has one operation for each member of
    the team that looks after any parameters; `lines` are the same, operation by operation.
    """

    moment_names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, config: TrainingConfig, parameters: Parameters, gradient: Parameters, team: Team = ALONE
    ) -> None:
        self.n_steps = 0
        self._config, self._team = config, team
        self._dtype = parameters.flat.dtype
        self.moments = {name: team.zeros(len(parameters.flat), self._dtype) for name in self.moment_names}
        self._settle()
        vectors = (parameters.flat, gradient.flat, *self.moments.values())
        self.lines = [
            [operation for block in _blocks(vectors, slices) for operation in self._line(*block)]
            for slices in parameters.shares(team.size)
            if slices
        ]
        self.walks = [in_turn(line) for line in self.lines]
        self._walk_all = team.together(self.walks)
        self._weights = parameters.flat_weights
        self._negligible = np.finfo(parameters.flat.dtype).tiny / 0.9**FLUSH_EVERY

    def step(self, learning_rate: float) -> None:
        """Take one step."""
        self.begin(learning_rate)
        self._walk_all()

    # The same in two parts: the `walks` that follow may run side by side with each other.

    def begin(self, learning_rate: float) -> None:
        """Begin a step."""
        if self.n_steps % FLUSH_EVERY == 0:
            for moment in self.moments.values():
                moment[np.abs(moment) < self._negligible] = 0
        self.n_steps += 1
        self._prepare(learning_rate)

    def begin_alike(self) -> None:
        """Begin a step with the learning rate of the one before; without moments nothing else is to be settled."""
        self.n_steps += 1

    def _prepare(self, learning_rate: float) -> None:
        """Settle what is the same for every block of this step."""
        self._rate[...] = learning_rate

    def _settle(self) -> None:
        """Make the numbers that every step uses."""
        self._rate = self._number(0.0)

    def _number(self, value: float) -> Float[ndarray, ""]:
        # As an array of no dimensions NumPy takes it as it is; a scalar would cost every call a conversion.
        number: ndarray = self._team.zeros((), self._dtype)
        number[...] = value
        return number

    @abstractmethod
    def _line(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        """What takes the step on a block: the parameters, the gradient, the moments and room for one more."""


class SGD(Optimizer):
    """p -= lr g."""

    def _line(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        p, g, t = block
        rate = self._rate
        return [
            partial(np.multiply, g, rate, t),
            partial(np.subtract, p, t, p),
        ]


class Momentum(Optimizer):
    """v = mu v + g; p -= lr v (Polyak 1964, in the form of PyTorch)."""

    moment_names = ("velocity",)

    def _settle(self) -> None:
        super()._settle()
        self._mu = self._number(self._config.momentum)

    def _line(self, *block: Float[ndarray, " _"]) -> list[Operation]:
        p, g, v, t = block
        rate, mu = self._rate, self._mu
        return [
            partial(np.multiply, v, mu, v),
            partial(np.add, v, g, v),
            partial(np.multiply, v, rate, t),
            partial(np.subtract, p, t, p),
        ]


class Nesterov(Momentum):
    """v = mu v + g; p -= lr (g + mu v) (Sutskever et al. 2013, in the form of PyTorch)."""

    def _line(self, *block: Float[ndarray, " _"]) -> list[Operation]:
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


class RMSProp(Optimizer):
    """s = a s + (1 - a) g^2; p -= lr g / (sqrt(s) + eps), a = 0.99, eps = 1e-8 (Tieleman & Hinton 2012)."""

    moment_names = ("square",)

    def _settle(self) -> None:
        super()._settle()
        self._keep, self._new, self._epsilon = map(self._number, (0.99, 1 - 0.99, 1e-8))

    def _line(self, *block: Float[ndarray, " _"]) -> list[Operation]:
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


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, algorithm 1) with b1 = 0.9, b2 = 0.999, eps = 1e-8.

    The moments are kept as m / (1 - b1) and v / (1 - b2), two passes less; the bias corrections
    and these factors go into one rate and one eps a step:

        m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) = alpha M / (sqrt(V) + eps'),
        eps' = eps sqrt((1 - b2^t) / (1 - b2)),  alpha = (1 - b1) / (1 - b1^t) eps' / eps
    """

    moment_names = ("mean", "square")
    BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

    def _settle(self) -> None:
        super()._settle()
        self._beta1, self._beta2, self._epsilon = map(self._number, (self.BETA1, self.BETA2, self.EPSILON))

    def _prepare(self, learning_rate: float) -> None:
        root = math.sqrt((1 - self.BETA2**self.n_steps) / (1 - self.BETA2))
        alpha = (1 - self.BETA1) / (1 - self.BETA1**self.n_steps) * root
        self._rate[...] = learning_rate * alpha
        self._epsilon[...] = self.EPSILON * root

    def _line(self, *block: Float[ndarray, " _"]) -> list[Operation]:
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


class AdamW(Adam):
    """Adam after w *= 1 - lr decay on the weights (Loshchilov & Hutter 2019); biases do not decay."""

    def _settle(self) -> None:
        super()._settle()
        self._kept = self._number(1.0)

    def _prepare(self, learning_rate: float) -> None:
        self._kept[...] = 1 - learning_rate * self._config.weight_decay
        np.multiply(self._weights, self._kept, self._weights)
        super()._prepare(learning_rate)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}
"""Every optimizer, by the name that `core.config` knows."""


def add_penalties(config: TrainingConfig, weights: Float[ndarray, " n"], d_weights: Float[ndarray, " n"]) -> None:
    """Add the gradient of l1 sum |w| + l2 / 2 sum w^2 over the weights."""
    if config.l2:
        d_weights += weights.dtype.type(config.l2) * weights
    if config.l1:
        d_weights += weights.dtype.type(config.l1) * np.sign(weights)


def penalties(config: TrainingConfig, weights: Sequence[ndarray]) -> float:
    """l1 sum |w| + l2 / 2 sum w^2 over all weights."""
    return sum(config.l1 * float(np.abs(w).sum()) + config.l2 / 2 * float(np.square(w).sum()) for w in weights)


def schedule_factor(config: TrainingConfig, step: int, steps_per_epoch: int) -> float:
    """What the learning rate of step number `step` (from 0) is multiplied by.

    The rate first rises evenly to its full size over the warm-up. Then, with the steps past it as
    t and in epochs as e: `step` has multiplied by the factor at every full `schedule_epochs`,
    `exponential` is factor ^ (e / schedule_epochs), `inverse_time` is 1 / (1 + decay t), and
    `cosine` falls to 0 at the end of the last epoch (Loshchilov & Hutter 2017, without restarts).
    """
    warmup = config.warmup_epochs * steps_per_epoch
    if step < warmup:
        return min(1.0, (step + 1) / warmup)
    past = step - warmup
    epochs = past / steps_per_epoch
    if config.schedule == "step":
        return float(config.schedule_factor ** math.floor(epochs / config.schedule_epochs + 1e-9))
    if config.schedule == "exponential":
        return float(config.schedule_factor ** (epochs / config.schedule_epochs))
    if config.schedule == "inverse_time":
        return 1 / (1 + config.schedule_decay * past)
    if config.schedule == "cosine":
        length = config.n_epochs - config.warmup_epochs
        return 0.5 * (1 + math.cos(math.pi * min(1.0, epochs / length))) if length > 0 else 1.0
    return 1.0
