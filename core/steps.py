"""Ways to take the steps of gradient descent: all of them the same arithmetic, each the fastest for its kind of run."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from numpy.random import Generator

from core.backpropagation import Backpropagation
from core.batches import Batches, epoch_order
from core.config import RunConfig
from core.network import Parameters
from core.optimizers import Optimizer, add_penalties
from core.team import Operation, Team, in_turn, shares


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
    """

    config: RunConfig
    x: Float[ndarray, "n n_features"]
    targets: Float[ndarray, "n n_classes"]
    weights: Float[ndarray, " n"] | None
    batch_size: int
    parameters: Parameters
    gradient: Parameters
    before: Float[ndarray, " n_parameters"]
    optimizer: Optimizer
    generator: Generator
    team: Team
    rate: Float[ndarray, ""] = field(init=False)  # for a pass that takes its step itself

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", np.zeros((), self.parameters.flat.dtype))

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
        gradient = material.gradient
        # A bias gradient is the sum of its layer's deltas: what is not finite anywhere shows in them, at no cost.
        has_all = all(bias is not None for bias in gradient.biases)
        self._watched = gradient.flat_others if has_all else gradient.flat

    @abstractmethod
    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        """Take the steps number `start` up to `end`, each with the learning rate that `rate_of` names.

        Raises NotFiniteError when the gradient of a step is not finite.
        """

    def _check(self, step: int) -> None:
        if not math.isfinite(self._watched.dot(self._watched)):
            refuse(self._material.gradient, "gradient", step)


class SerialSteps(Steps):
    """One thing after the other: gather a batch, forward, backward, update. It can do all that a config asks for."""

    def __init__(self, material: Material) -> None:
        super().__init__(material)
        training = material.config.training
        self._batches = Batches(
            material.x,
            material.targets,
            material.weights,
            material.batch_size,
            seed=training.seed,
            shuffle=training.shuffle,
        )
        self._shapes_gradient = bool(training.l1 or training.l2 or training.clip_norm)
        self._steps_in_pass = training.delta_weights == "updated"
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
            if self._shapes_gradient:
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

    def _shape_gradient(self) -> None:
        training, parameters, gradient = (
            self._material.config.training,
            self._material.parameters,
            self._material.gradient,
        )
        add_penalties(training, parameters.flat_weights, gradient.flat_weights)
        if training.clip_norm:
            norm = math.sqrt(gradient.flat.dot(gradient.flat))
            if norm > training.clip_norm:
                gradient.flat *= gradient.flat.dtype.type(training.clip_norm / (norm + 1e-6))


class SharedSteps(Steps):
    """A team shares a large first layer, so closely that its members meet only once a step.

    Each member owns some features: their columns of all examples, their rows of the weight, gradient and
    moments, all of which stay with its core. In one go it ends a step (gradient and update of what it
    owns) and begins the next one (its features of the next batch, and their part of the first sums). What
    lies between is the first member's alone, but for layers that are large themselves.
    """

    def __init__(self, material: Material) -> None:
        super().__init__(material)
        self._n_examples = len(material.x)
        self._per_epoch = -(-self._n_examples // material.batch_size)
        n_features, n_units = material.parameters.weights[0].shape
        owned = shares(n_features, n_units, material.team.size)
        sources = [np.ascontiguousarray(material.x[:, columns]) for columns in owned]
        rest = self._n_examples % material.batch_size
        self._passes = {size: _SharedPass(material, size, sources) for size in (material.batch_size, rest) if size}
        self._begin = {key: material.team.together(each.begin) for key, each in self._passes.items()}
        self._end = {key: material.team.together(each.end) for key, each in self._passes.items()}
        self._turn = {
            (key, following): material.team.together(_joined(each.end, after.begin))
            for key, each in self._passes.items()
            for following, after in self._passes.items()
        }
        self._epoch = -1
        self._order: Int[ndarray, " n"] = np.empty(0, np.int64)

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        material, optimizer = self._material, self._material.optimizer
        if start == end:
            return
        size = self._choose(start)
        self._begin[size]()
        for step in range(start, end):
            for operation in self._passes[size].between:
                operation()
            self._check(step)
            optimizer.begin(rate_of(step))
            if step == end - 1:
                material.before[...] = material.parameters.flat
                self._end[size]()
            else:
                following = self._choose(step + 1)
                self._turn[size, following]()
                size = following
            optimizer.end()

    def _choose(self, step: int) -> int:
        """Say which rows the batch of a step has; returns how many."""
        training, batch_size = self._material.config.training, self._material.batch_size
        epoch, batch = divmod(step, self._per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = epoch_order(self._n_examples, training.seed, epoch, shuffle=training.shuffle)
        rows = self._order[batch * batch_size : (batch + 1) * batch_size]
        self._passes[len(rows)].rows = rows
        return len(rows)


class _SharedPass:
    """A step with one size of batch: `begin` and `end` are an operation for each member, `between` a line of them."""

    def __init__(self, material: Material, size: int, sources: Sequence[Float[ndarray, "n _"]]) -> None:
        self.rows: Int[ndarray, " size"] = np.arange(size)
        gathers: list[list[Operation]] = [[] for _ in sources]
        own = [self._gathered(source, gather) for source, gather in zip(sources, gathers, strict=True)]
        targets = self._gathered(material.targets, gathers[0])
        weights = None if material.weights is None else self._gathered(material.weights, gathers[0])
        step = material.backpropagation(size)
        inputs = [part.T for part in own]
        self.begin = [in_turn([*gather, sums]) for gather, sums in zip(gathers, step.sums(inputs), strict=True)]
        self.between = (*step.draw(), *step.between(targets, weights))
        gradients = step.gradients(inputs)[: len(material.optimizer.walks)]
        self.end = [
            in_turn([*operations, walk]) for operations, walk in zip(gradients, material.optimizer.walks, strict=True)
        ]

    def _gathered(self, source: Float[ndarray, "n *_"], gather: list[Operation]) -> Float[ndarray, "size *_"]:
        """Where the batch's rows of `source` are to be found, once what is added to `gather` has run."""
        size = len(self.rows)
        if size == len(source):  # a batch of all examples is the examples
            return source
        into = np.empty((size, *source.shape[1:]), source.dtype)
        # mode="clip" writes straight into `into`; the rows are within bounds anyway.
        gather.append(lambda: source.take(self.rows, 0, into, "clip"))
        return into


def _joined(first: Sequence[Operation], then: Sequence[Operation]) -> list[Operation]:
    return [in_turn(pair) for pair in zip(first, then, strict=True)]


def steps_of(material: Material) -> Steps:
    """The fastest way to take the steps of this run."""
    training = material.config.training
    plain = not (training.l1 or training.l2 or training.clip_norm or training.delta_weights == "updated")
    n_features, n_units = material.parameters.weights[0].shape
    if plain and len(shares(n_features, n_units, material.team.size)) > 1:
        return SharedSteps(material)
    return SerialSteps(material)
