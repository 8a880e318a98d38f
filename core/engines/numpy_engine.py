"""The NumPy engine: batches, backpropagation and an optimizer, by the fastest strategy that can."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.bias_trick import BiasTrickSteps
from annscope.core.engines.chunked import ChunkedSteps
from annscope.core.engines.engine import Engine, check_finite
from annscope.core.engines.examples import batch_size_of, is_weighted, targets_of, weights_of
from annscope.core.engines.parallel import ParallelSteps
from annscope.core.engines.serial import SerialSteps
from annscope.core.engines.strategy import StepContext, Strategy, Workload
from annscope.core.engines.update_kernels import update_kernel
from annscope.core.engines.used_features import used_features
from annscope.core.engines.workers import SINGLE, Workers
from annscope.core.functions.optimizers import OPTIMIZERS, Optimizer
from annscope.core.network import Parameters, layer_sizes

STRATEGIES: Sequence[type[Strategy]] = (ChunkedSteps, ParallelSteps, BiasTrickSteps, SerialSteps)
"""All ways to take steps, the fastest first: a run takes the first one that suits it."""


def strategy_for(workload: Workload) -> type[Strategy]:
    """The fastest way to take the steps of a run."""
    return next(strategy for strategy in STRATEGIES if strategy.suits(workload))


class NumpyEngine(Engine):
    """Batches, backpropagation and an optimizer, that of the config or `optimizer`, in vectorised NumPy."""

    def __init__(
        self,
        dataset: Dataset,
        config: RunConfig,
        x: Float[ndarray, "n n_features"],
        workers: Workers = SINGLE,
        *,
        optimizer: Optimizer | None = None,
    ) -> None:
        training = config.training
        sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
        batch_size = batch_size_of(dataset, training)
        self._used = used_features(x, training, sizes[1])
        n_used = sizes[0] if self._used is None else len(self._used.columns)
        widths = (n_used, *sizes[1:])
        strategy = strategy_for(Workload(config, widths, batch_size, workers.size, is_weighted(dataset, config)))
        if strategy.needs_persistent_workers:
            workers = workers.persistent()
        super().__init__(dataset, config, workers)
        self._trained, self._trained_gradient, self._trained_before = self._parameters, self._gradient, self._before
        if self._used is not None:
            self._trained, self._trained_gradient = (
                Parameters(config.network, widths, self.dtype, allocate=workers.zeros) for _ in range(2)
            )
            self._trained.flat[...] = self._used.narrow(self._parameters.flat)
            self._trained.running = self._parameters.running
            self._trained_before = self._trained.flat.copy()
        self._is_stale = False  # whether the parameters of all features are behind those that are trained
        optimizer = optimizer or OPTIMIZERS[training.optimizer]
        self._optimizer = update_kernel(optimizer, training, self._trained, self._trained_gradient, workers)
        self._generator = np.random.default_rng([training.seed, 3])  # what is drawn in a step

        def make_strategy() -> Strategy:
            return strategy(
                StepContext(
                    config=config,
                    x=x if self._used is None else np.take(x, self._used.columns, axis=1),
                    targets=targets_of(dataset, config, self.dtype),
                    weights=weights_of(dataset, training, self.dtype),
                    batch_size=batch_size,
                    parameters=self._trained,
                    gradient=self._trained_gradient,
                    before=self._trained_before,
                    optimizer=self._optimizer,
                    generator=self._generator,
                    workers=workers,
                    augments=[self._augment.again() for _ in range(workers.size)] if self._augment else [],
                    batch_losses=self.batch_losses,
                )
            )

        self._make_strategy = make_strategy

    @cached_property
    def strategy(self) -> Strategy:
        """What takes the steps; made before the first one, as ordering the examples for it may take a second."""
        strategy = self._make_strategy()
        del self._make_strategy  # the examples, which a strategy may keep in an order of its own
        return strategy

    def _synchronize(self) -> None:
        if self._is_stale and self._used is not None:
            self._used.widen(self._trained.flat, self._parameters.flat)
            self._used.widen(self._trained_gradient.flat, self._gradient.flat)
            self._used.widen(self._trained_before, self._before)
        self._is_stale = False

    def advance(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        self._is_stale = True
        self.strategy.take(start, end, rate_of)
        if not math.isfinite(self._trained.flat.dot(self._trained.flat)):
            check_finite(self._trained, "parameters", end)

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
