"""The textbook engine: runs trained with `core.textbook`, a batch after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core import textbook
from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import epoch_order
from annscope.core.engines.engine import Engine, check_finite
from annscope.core.engines.examples import batch_size_of, targets_of, weights_of
from annscope.core.functions.optimizers import Optimizer


class TextbookEngine(Engine):
    """Forward, backward and update as the textbook writes them; `optimizer` takes the place of the config's."""

    def __init__(
        self,
        dataset: Dataset,
        config: RunConfig,
        x: Float[ndarray, "n n_features"],
        *,
        optimizer: Optimizer | None = None,
    ) -> None:
        super().__init__(dataset, config)
        self._training = config.training if optimizer is None else replace(config.training, optimizer=optimizer.name)
        self._x, self._targets = x, targets_of(dataset, config, self.dtype)
        self._weights = weights_of(dataset, config.training, self.dtype)
        self._batch_size = batch_size_of(dataset, config.training)
        self._generator = np.random.default_rng([config.training.seed, 3])  # draws the dropout masks
        self._moments = textbook.initial_moments(self._training, self._parameters)
        self._n_steps = 0

    def advance(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        config, parameters = self.config, self._parameters
        for step in range(start, end):
            x, targets, weights = self._batch(step)
            masks = None
            if config.network.dropout:
                masks = textbook.dropout_masks(config.network, len(x), self._generator, self.dtype)
            passes = textbook.forward(config.network, parameters, x, masks)
            if step % self.batch_losses.every == 0:
                self.batch_losses.note(step, passes[-1].z.T)
            rate = rate_of(step)
            gradient = textbook.backward(config, parameters, passes, targets, weights, masks, rate=rate)
            textbook.shape_gradient(config.training, parameters, gradient)
            check_finite(gradient, "gradient", step)
            self._before[...], self._gradient.flat[...] = parameters.flat, gradient.flat
            self._n_steps += 1
            textbook.update(self._training, parameters, gradient, self._moments, self._n_steps, rate)
        check_finite(parameters, "parameters", end)

    def _batch(
        self, step: int
    ) -> tuple[Float[ndarray, "batch n_features"], Float[ndarray, "batch n_outputs"], Float[ndarray, " batch"] | None]:
        training, n = self.config.training, len(self._x)
        epoch, batch = divmod(step, -(-n // self._batch_size))
        shuffle = training.shuffle and self._batch_size < n  # all examples at once have no order
        start = batch * self._batch_size
        rows = epoch_order(n, training.seed, epoch, shuffle=shuffle)[start : start + self._batch_size]
        x = self._x[rows]
        if self._augment is not None:
            self._augment(x, epoch, start)
        return x, self._targets[rows], None if self._weights is None else self._weights[rows]

    def _synchronize(self) -> None:
        """All is up to date at any time."""

    def arrays(self) -> dict[str, ndarray]:
        running = {f"running.{i}": part for i, part in enumerate(self._parameters.running) if part is not None}
        return super().arrays() | running | {f"moment.{name}": moment for name, moment in self._moments.items()}

    def state(self) -> dict[str, Any]:
        return {"optimizer_steps": self._n_steps, "generator": self._generator.bit_generator.state}

    def restore(self, step: int, arrays: Mapping[str, ndarray], state: Mapping[str, Any]) -> None:
        super().restore(step, arrays, state)
        self._n_steps = state["optimizer_steps"]
        self._generator.bit_generator.state = state["generator"]
