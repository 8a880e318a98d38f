"""Taking the steps of gradient descent: what every way of doing it has in common, and the plain one.

All ways are the same arithmetic, but for rounding; each is the fastest for its kind of run (`core.engines.engine`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from annscope.core.config import RunConfig
from annscope.core.engines.backpropagation import Backpropagation
from annscope.core.engines.batches import Augment, Batches
from annscope.core.engines.workers import Operation, Team
from annscope.core.functions.optimizers import Optimizer, add_penalties
from annscope.core.network import Parameters


class NotFiniteError(ArithmeticError):
    """A NaN or an infinity in `quantity` of a layer (from 0) after `step` finished steps."""

    def __init__(self, step: int, layer: int, quantity: str) -> None:
        super().__init__(f"{quantity} of layer {layer} at step {step}")
        self.step, self.layer, self.quantity = step, layer, quantity


def refuse(vectors: Parameters, quantity: str, step: int) -> None:
    """Raise NotFiniteError for the first layer with a number that is none."""
    for i, parts in enumerate(zip(vectors.weights, vectors.biases, vectors.scales, strict=True)):
        if not all(np.isfinite(part).all() for part in parts if part is not None):
            raise NotFiniteError(step, i, quantity)
    # Only the square was too large for its type: the numbers themselves are still finite.


@dataclass(frozen=True, eq=False)
class Material:
    """What steps are taken with: the examples, and the parameters with all that changes them.

    `targets` is what the output of each example should be, `weights` how much it counts, None where all
    count the same. `before` is where the parameters are to be kept as they were before a last step.
    `augments` change gathered features, the same in the same way, one for each member of the team; without
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
    optimizer: Optimizer
    generator: Generator
    team: Team
    augments: Sequence[Augment]
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
            team=self.team,
        )

    def backpropagation(self, batch_size: int) -> Backpropagation:
        """Buffers for batches of this size."""
        return Backpropagation(
            self.config,
            self.parameters,
            self.gradient,
            batch_size,
            generator=self.generator,
            rate=self.rate,
            team=self.team,
        )


class Steps(ABC):
    """Steps of one run; they change the parameters, the gradient and the optimizer of their material."""

    def __init__(self, material: Material) -> None:
        self._material = material
        gradient, training = material.gradient, material.config.training
        self._shapes_gradient = bool(training.l1 or training.l2 or training.clip_norm)
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
        training, gradient = self._material.config.training, self._material.gradient
        add_penalties(training, self._material.parameters.flat_weights, gradient.flat_weights)
        if training.clip_norm:
            norm = math.sqrt(gradient.flat.dot(gradient.flat))
            if norm > training.clip_norm:
                gradient.flat *= gradient.flat.dtype.type(training.clip_norm / (norm + 1e-6))

    def _check(self, step: int) -> None:
        if not math.isfinite(self._watched.dot(self._watched)):
            refuse(self._material.gradient, "gradient", step)


class SerialSteps(Steps):
    """One thing after the other: gather a batch, forward, backward, update. It can do all that a config asks for."""

    def __init__(self, material: Material) -> None:
        super().__init__(material)
        self._batches = material.batches()
        self._steps_in_pass = material.config.training.delta_weights == "updated"
        self._passes = self._passes_of()

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        batches, passes, material = self._batches, self._passes, self._material
        for step in range(start, end):
            if step == end - 1:
                material.before[...] = material.parameters.flat
            if self._steps_in_pass:
                material.rate[...] = rate_of(step)
            for operation in passes[batches.fill(step)]:
                operation()
            self._shape_gradient()
            self._check(step)
            if not self._steps_in_pass:
                material.optimizer.step(rate_of(step))

    def _passes_of(self) -> list[tuple[Operation, ...]]:
        made: dict[int, Backpropagation] = {}
        passes = []
        for x, targets, weights in self._batches.slots():
            if len(x) not in made:
                made[len(x)] = self._material.backpropagation(len(x))
            step = made[len(x)]
            passes.append((*step.draw(), *step.forward(x), *step.backward(x, targets, weights)))
        return passes
