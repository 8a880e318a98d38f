"""Strategies: ways to take the steps of gradient descent.

All are the same arithmetic, but for rounding; each is the fastest for its kind of run, as its `suits` tests.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from annscope.core.config import RunConfig
from annscope.core.engines.backpropagation import Backpropagation
from annscope.core.engines.batch_losses import BatchLosses
from annscope.core.engines.batches import Augment, Batches
from annscope.core.engines.engine import check_finite
from annscope.core.engines.update_kernels import UpdateKernel
from annscope.core.engines.workers import Workers
from annscope.core.functions.optimizers import add_penalties
from annscope.core.network import Parameters


@dataclass(frozen=True)
class Workload:
    """What a strategy is chosen by: the config, the width of every layer, the examples of a step, the workers."""

    config: RunConfig
    sizes: tuple[int, ...]
    batch_size: int
    n_workers: int
    is_weighted: bool


@dataclass(frozen=True, eq=False)
class StepContext:
    """What steps are taken with: the examples, and the parameters with all that changes them.

    `targets` is what the output of each example should be, `weights` how much it counts, None where all
    count the same. `before` is where the parameters are to be kept as they were before a last step.
    `augments` change gathered features, the same in the same way, one for each worker; without
    augmentation there are none.
    """

    config: RunConfig
    x: Float[ndarray, "n n_features"]
    targets: Float[ndarray, "n n_outputs"]
    weights: Float[ndarray, " n"] | None
    batch_size: int
    parameters: Parameters
    gradient: Parameters
    before: Float[ndarray, " n_parameters"]
    optimizer: UpdateKernel
    generator: Generator
    workers: Workers
    augments: Sequence[Augment]
    batch_losses: BatchLosses
    rate: Float[ndarray, ""] = field(init=False)  # for a pass that takes its step itself

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", np.zeros((), self.parameters.flat.dtype))

    def batches(self) -> Batches:
        """The examples in batches."""
        training = self.config.training
        return Batches(
            self.x,
            self.targets,
            self.weights,
            self.batch_size,
            seed=training.seed,
            shuffle=training.shuffle,
            augments=self.augments,
            workers=self.workers,
        )

    def backpropagation(self, batch_size: int, *, bias_trick: bool = False) -> Backpropagation:
        """Buffers for batches of this size; with `bias_trick` each layer's inputs have a further one, which is 1."""
        return Backpropagation(
            self.config,
            self.parameters,
            self.gradient,
            batch_size,
            generator=self.generator,
            rate=self.rate,
            workers=self.workers,
            bias_trick=bias_trick,
        )


class Strategy(ABC):
    """Steps of one run; they change the parameters, the gradient and the optimizer of their context."""

    needs_persistent_workers: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def suits(cls, workload: Workload) -> bool:
        """Whether it can take the steps of such a run, and is worth it."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        gradient, training = context.gradient, context.config.training
        self._shapes_gradient = training.shapes_gradient
        # A bias gradient is the sum of its layer's deltas: what is not finite anywhere shows in them, at no cost.
        self._biases_tell = all(bias is not None for bias in gradient.biases)
        self._watched = gradient.flat_others if self._biases_tell else gradient.flat

    @abstractmethod
    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        """Take the steps number `start` up to `end`, each with the learning rate that `rate_of` names.

        Raises NotFiniteError when the gradient of a step is not finite.
        """

    def _shape_gradient(self) -> None:
        if not self._shapes_gradient:
            return
        training, gradient = self.context.config.training, self.context.gradient
        add_penalties(self.context.parameters.flat_weights, gradient.flat_weights, l1=training.l1, l2=training.l2)
        if training.clip_norm:
            norm = math.sqrt(gradient.flat.dot(gradient.flat))
            if norm > training.clip_norm:
                gradient.flat *= gradient.flat.dtype.type(training.clip_norm / (norm + 1e-6))

    def _check(self, step: int) -> None:
        if not math.isfinite(self._watched.dot(self._watched)):
            check_finite(self.context.gradient, "gradient", step)
