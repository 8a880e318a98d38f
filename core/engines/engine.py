"""What takes the steps of a training run; `core.training` decides how many, and looks at the result."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig, TrainingConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.bias_trick import FoldedSteps, can_fold
from annscope.core.engines.chunked import ChunkedSteps, can_chunk
from annscope.core.engines.parallel import SharedSteps, can_share
from annscope.core.engines.serial import Material, SerialSteps, Steps, refuse
from annscope.core.engines.used_features import used_features
from annscope.core.engines.workers import ALONE, Team
from annscope.core.functions.optimizers import OPTIMIZERS, Optimizer
from annscope.core.functions.outputs import check_fits, targets_for
from annscope.core.images.augmentation import augmentation_of
from annscope.core.network import Parameters, initial_parameters, layer_sizes


class Engine(ABC):
    """A network with its training examples, and the way its parameters change.

    After `advance`, `parameters` are the present ones, `gradient` is that of the last step and
    `before` what the parameters were before it; an engine computes them when they are asked for.
    `arrays` and `state` together are all it needs to go on elsewhere.
    """

    def __init__(self, dataset: Dataset, config: RunConfig, team: Team = ALONE) -> None:
        training = config.training
        check_fits(config, dataset.n_classes, f"data set {dataset.name}", is_multilabel=dataset.is_multilabel)
        self.config = config
        self.dtype = np.dtype(training.dtype)
        self._augment = augmentation_of(dataset, training)
        sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
        self._parameters = initial_parameters(config.network, sizes, self.dtype, training.seed, team)
        self._gradient = Parameters(config.network, sizes, self.dtype, team)
        self._before = self._parameters.flat.copy()

    @property
    def parameters(self) -> Parameters:
        """The parameters as they are now."""
        self._settle()
        return self._parameters

    @property
    def gradient(self) -> Parameters:
        """The gradient of the last step; 0 before the first."""
        self._settle()
        return self._gradient

    @property
    def before(self) -> Float[ndarray, " n_parameters"]:
        """The parameters before the last step, in the order of `parameters.flat`."""
        self._settle()
        return self._before

    @abstractmethod
    def _settle(self) -> None:
        """Bring what others look at up to date: engines compute it when they look."""

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
    """Batches, backpropagation and an optimizer, that of the config or `optimizer`, in vectorised NumPy."""

    def __init__(
        self,
        dataset: Dataset,
        config: RunConfig,
        x: Float[ndarray, "n n_features"],
        team: Team = ALONE,
        *,
        optimizer: type[Optimizer] | None = None,
    ) -> None:
        training = config.training
        sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
        batch_size = batch_size_of(dataset, training)
        self._used = used_features(x, training, sizes[1])
        n_used = sizes[0] if self._used is None else len(self._used.columns)
        weighted = dataset.weights_train is not None or training.class_weight != "none"
        way = _way_of(config, (n_used, *sizes[1:]), batch_size, team, weighted=weighted)
        if way is SharedSteps:
            team = team.lasting()
        super().__init__(dataset, config, team)
        self._trained, self._trained_gradient, self._trained_before = self._parameters, self._gradient, self._before
        if self._used is not None:
            x = np.take(x, self._used.columns, axis=1)
            narrow = (n_used, *sizes[1:])
            self._trained, self._trained_gradient = (
                Parameters(config.network, narrow, self.dtype, team) for _ in range(2)
            )
            self._trained.flat[...] = self._used.narrow(self._parameters.flat)
            self._trained.running = self._parameters.running
            self._trained_before = self._trained.flat.copy()
        self._is_stale = False  # whether the parameters of all features are behind those that are trained
        optimizer = optimizer or OPTIMIZERS[training.optimizer]
        self._optimizer = optimizer(training, self._trained, self._trained_gradient, team)
        self._generator = np.random.default_rng([training.seed, 3])  # what is drawn in a step
        self._steps = way(
            Material(
                config=config,
                x=x,
                targets=targets_of(dataset, config, self.dtype),
                weights=weights_of(dataset, training, self.dtype),
                batch_size=batch_size,
                parameters=self._trained,
                gradient=self._trained_gradient,
                before=self._trained_before,
                optimizer=self._optimizer,
                generator=self._generator,
                team=team,
                augments=[self._augment.again() for _ in range(team.size)] if self._augment else [],
            )
        )

    def _settle(self) -> None:
        if self._is_stale and self._used is not None:
            self._used.widen(self._trained.flat, self._parameters.flat)
            self._used.widen(self._trained_gradient.flat, self._gradient.flat)
            self._used.widen(self._trained_before, self._before)
        self._is_stale = False

    def advance(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        self._is_stale = True
        self._steps.take(start, end, rate_of)
        if not math.isfinite(self._trained.flat.dot(self._trained.flat)):
            refuse(self._trained, "parameters", end)

    def arrays(self) -> dict[str, ndarray]:
        running = {f"running.{i}": part for i, part in enumerate(self._parameters.running) if part is not None}
        moments = {f"moment.{name}": self._widened(moment) for name, moment in self._optimizer.moments.items()}
        return super().arrays() | running | moments

    def _widened(self, vector: Float[ndarray, " _"]) -> Float[ndarray, " _"]:
        if self._used is None:
            return vector
        wide = np.zeros_like(self._parameters.flat)
        self._used.widen(vector, wide)
        return wide

    def state(self) -> dict[str, Any]:
        return {"optimizer_steps": self._optimizer.n_steps, "generator": self._generator.bit_generator.state}

    def restore(self, step: int, arrays: Mapping[str, ndarray], state: Mapping[str, Any]) -> None:
        super().restore(step, arrays, state)
        if self._used is not None:
            self._trained.flat[...] = self._used.narrow(arrays["parameters"])
            self._trained_gradient.flat[...] = self._used.narrow(arrays["gradient"])
            self._trained_before[...] = self._used.narrow(arrays["before"])
            for name, moment in self._optimizer.moments.items():
                moment[...] = self._used.narrow(arrays[f"moment.{name}"])
        self._optimizer.n_steps = state["optimizer_steps"]
        self._generator.bit_generator.state = state["generator"]


def _way_of(config: RunConfig, sizes: Sequence[int], batch_size: int, team: Team, *, weighted: bool) -> type[Steps]:
    """The fastest way to take the steps of a run with layers of these sizes."""
    if can_chunk(config, sizes[0], batch_size, weighted=weighted):
        return ChunkedSteps
    if can_share(config.training, sizes[0], sizes[1], team.size):
        return SharedSteps
    return FoldedSteps if can_fold(config, sizes, batch_size) else SerialSteps


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
