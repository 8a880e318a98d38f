"""Engine: what takes the steps of a training run; `core.training` decides how many, and takes snapshots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig, check_fits
from annscope.core.dataset import Dataset
from annscope.core.engines.batch_losses import BatchLosses
from annscope.core.engines.workers import SINGLE, Workers
from annscope.core.images.augmentation import augmentation_of
from annscope.core.network import Parameters, initial_parameters, layer_sizes


class NotFiniteError(ArithmeticError):
    """A NaN or an infinity in `quantity` of a layer (from 0) after `step` finished steps."""

    def __init__(self, step: int, layer: int, quantity: str) -> None:
        super().__init__(f"{quantity} of layer {layer} at step {step}")
        self.step, self.layer, self.quantity = step, layer, quantity


def check_finite(vectors: Parameters, quantity: str, step: int) -> None:
    """Raise NotFiniteError for the first layer with a number that is not finite."""
    for i, parts in enumerate(zip(vectors.weights, vectors.biases, vectors.scales, strict=True)):
        if not all(np.isfinite(part).all() for part in parts if part is not None):
            raise NotFiniteError(step, i, quantity)
    # Only the square was too large for its type: the numbers themselves are still finite.


class Engine(ABC):
    """A network with its training examples, and the way its parameters change.

    After `advance`, `parameters` are the present ones, `gradient` is that of the last step and
    `before` what the parameters were before it; an engine computes them when they are asked for.
    `arrays` and `state` are its whole state, and `batch_losses` has the losses of the batches that it met.
    """

    def __init__(self, dataset: Dataset, config: RunConfig, workers: Workers = SINGLE) -> None:
        training = config.training
        check_fits(config, dataset.n_classes, f"data set {dataset.name}", is_multilabel=dataset.is_multilabel)
        self.config = config
        self.dtype = np.dtype(training.dtype)
        self.batch_losses = BatchLosses(dataset, config)
        self._augment = augmentation_of(dataset, training)
        sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
        self._parameters = initial_parameters(config.network, sizes, self.dtype, training.seed, allocate=workers.zeros)
        self._gradient = Parameters(config.network, sizes, self.dtype, allocate=workers.zeros)
        self._before = self._parameters.flat.copy()

    @property
    def parameters(self) -> Parameters:
        """The parameters as they are now."""
        self._synchronize()
        return self._parameters

    @property
    def gradient(self) -> Parameters:
        """The gradient of the last step; 0 before the first."""
        self._synchronize()
        return self._gradient

    @property
    def before(self) -> Float[ndarray, " n_parameters"]:
        """The parameters before the last step, in the order of `parameters.flat`."""
        self._synchronize()
        return self._before

    @abstractmethod
    def _synchronize(self) -> None:
        """Bring what others read up to date: engines compute it when it is asked for."""

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
