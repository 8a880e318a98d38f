"""What takes the steps of a training run; `core.training` decides how many, and looks at the result."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.backpropagation import Backpropagation
from core.batches import Batches
from core.config import RunConfig, TrainingConfig
from core.dataset import Dataset
from core.layers import Operation
from core.network import Parameters, initial_parameters, layer_sizes
from core.optimizers import OPTIMIZERS, add_penalties
from core.outputs import check_fits, targets_for


class NotFiniteError(ArithmeticError):
    """A NaN or an infinity in `quantity` of a layer (from 0) after `step` finished steps."""

    def __init__(self, step: int, layer: int, quantity: str) -> None:
        super().__init__(f"{quantity} of layer {layer} at step {step}")
        self.step, self.layer, self.quantity = step, layer, quantity


class Engine(ABC):
    """A network with its training examples, and the way its parameters change.

    After `advance`, `parameters` are the present ones, `gradient` is that of the last step and
    `before` what the parameters were before it; an engine may compute them when they are asked for.
    `arrays` and `state` together are all it needs to go on elsewhere.
    """

    def __init__(self, dataset: Dataset, config: RunConfig) -> None:
        training = config.training
        check_fits(config, dataset.n_classes, f"data set {dataset.name}", is_multilabel=dataset.is_multilabel)
        self.config = config
        self.dtype = np.dtype(training.dtype)
        sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
        self._parameters = initial_parameters(config.network, sizes, self.dtype, training.seed)
        self._gradient = Parameters(config.network, sizes, self.dtype)
        self._before = self._parameters.flat.copy()

    @property
    def parameters(self) -> Parameters:
        """The parameters as they are now."""
        return self._parameters

    @property
    def gradient(self) -> Parameters:
        """The gradient of the last step; 0 before the first."""
        return self._gradient

    @property
    def before(self) -> Float[ndarray, " n_parameters"]:
        """The parameters before the last step, in the order of `parameters.flat`."""
        return self._before

    @abstractmethod
    def advance(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        """Take the steps number `start` (from 0) up to `end`, each with the learning rate that `rate_of` names.

        Raises NotFiniteError when the numbers stop being finite.
        """

    def arrays(self) -> dict[str, ndarray]:
        """Everything numeric that it needs to go on; `restore` writes into the same arrays."""
        return {"parameters": self.parameters.flat, "gradient": self.gradient.flat, "before": self.before}

    def state(self) -> dict[str, Any]:
        """What else it needs, as plain data."""
        return {}

    def restore(self, step: int, arrays: Mapping[str, ndarray], state: Mapping[str, Any]) -> None:
        """Be where another engine of this config was after `step` steps. ValueError names an array that is wrong."""
        del step, state
        for name, mine in self.arrays().items():
            found = arrays.get(name)
            if found is None or found.shape != mine.shape or found.dtype != mine.dtype:
                raise ValueError(name)
            mine[...] = found


class NumpyEngine(Engine):
    """Batches, backpropagation and an optimizer, in vectorised NumPy."""

    def __init__(self, dataset: Dataset, config: RunConfig, x: Float[ndarray, "n n_features"]) -> None:
        super().__init__(dataset, config)
        training = config.training
        self._optimizer = OPTIMIZERS[training.optimizer](training, self._parameters, self._gradient)
        self._generator = np.random.default_rng([training.seed, 3])  # what is drawn in a step
        self._batches = Batches(
            x,
            targets_of(dataset, config, self.dtype),
            weights_of(dataset, training, self.dtype),
            batch_size_of(dataset, training),
            seed=training.seed,
            shuffle=training.shuffle,
        )
        # A bias gradient is the sum of its layer's deltas: what is not finite anywhere shows in them, at no cost.
        has_all = all(bias is not None for bias in self._gradient.biases)
        self._watched = self._gradient.flat_others if has_all else self._gradient.flat
        self._shapes_gradient = bool(training.l1 or training.l2 or training.clip_norm)
        self._steps_in_pass = training.delta_weights == "updated"
        self._rate = np.zeros((), self.dtype)  # for a pass that takes its step itself
        self._passes = self._passes_of()

    def advance(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        batches, passes, watched = self._batches, self._passes, self._watched
        for step in range(start, end):
            if step == end - 1:
                self._before[...] = self._parameters.flat
            if self._steps_in_pass:
                self._rate[...] = rate_of(step)
            for operation in passes[batches.fill(step)]:
                operation()
            if self._shapes_gradient:
                self._shape_gradient()
            if not math.isfinite(watched.dot(watched)):
                refuse(self._gradient, "gradient", step)
            if not self._steps_in_pass:
                self._optimizer.step(rate_of(step))
        if not math.isfinite(self._parameters.flat.dot(self._parameters.flat)):
            refuse(self._parameters, "parameters", end)

    def arrays(self) -> dict[str, ndarray]:
        running = {f"running.{i}": part for i, part in enumerate(self._parameters.running) if part is not None}
        moments = {f"moment.{name}": moment for name, moment in self._optimizer.moments.items()}
        return super().arrays() | running | moments

    def state(self) -> dict[str, Any]:
        return {"optimizer_steps": self._optimizer.n_steps, "generator": self._generator.bit_generator.state}

    def restore(self, step: int, arrays: Mapping[str, ndarray], state: Mapping[str, Any]) -> None:
        super().restore(step, arrays, state)
        self._optimizer.n_steps = state["optimizer_steps"]
        self._generator.bit_generator.state = state["generator"]

    def _passes_of(self) -> list[tuple[Operation, ...]]:
        made: dict[int, Backpropagation] = {}
        passes = []
        for x, targets, weights in self._batches.slots():
            if len(x) not in made:
                made[len(x)] = Backpropagation(
                    self.config, self._parameters, self._gradient, len(x), generator=self._generator, rate=self._rate
                )
            step = made[len(x)]
            passes.append((*step.draw(), *step.forward(x), *step.backward(x, targets, weights)))
        return passes

    def _shape_gradient(self) -> None:
        training, gradient = self.config.training, self._gradient.flat
        add_penalties(training, self._parameters.flat_weights, self._gradient.flat_weights)
        if training.clip_norm:
            norm = math.sqrt(gradient.dot(gradient))
            if norm > training.clip_norm:
                gradient *= gradient.dtype.type(training.clip_norm / (norm + 1e-6))


def batch_size_of(dataset: Dataset, training: TrainingConfig) -> int:
    """How many examples a step takes, at most all."""
    n = len(dataset.y_train)
    return n if training.batch_size == "full" else min(n, int(training.batch_size))


def targets_of(dataset: Dataset, config: RunConfig, dtype: np.dtype) -> Float[ndarray, "n n_outputs"]:
    """What the output of each training example should be."""
    targets = targets_for(dataset.y_train, config.network.output, dataset.n_classes, dtype)
    if config.training.label_smoothing:
        share = dtype.type(config.training.label_smoothing)
        n_answers = 2 if dataset.is_multilabel else dataset.n_classes  # a label is there or not
        targets = targets * (1 - share) + share / n_answers
    return targets


def weights_of(dataset: Dataset, training: TrainingConfig, dtype: np.dtype) -> Float[ndarray, " n"] | None:
    """How much each training example counts, or None where all count the same."""
    weights = dataset.weights_train
    if training.class_weight == "balanced":
        counts = np.bincount(dataset.y_train, minlength=dataset.n_classes)
        balance = len(dataset.y_train) / (dataset.n_classes * np.maximum(counts, 1))
        balanced = balance[dataset.y_train]
        weights = balanced if weights is None else weights * balanced
    return None if weights is None else weights.astype(dtype)


def refuse(vectors: Parameters, quantity: str, step: int) -> None:
    """Raise NotFiniteError for the first layer with a number that is none."""
    for i, parts in enumerate(zip(vectors.weights, vectors.biases, vectors.scales, strict=True)):
        if not all(np.isfinite(part).all() for part in parts if part is not None):
            raise NotFiniteError(step, i, quantity)
    # Only the square was too large for its type: the numbers themselves are still finite.
