"""Which learning rate to begin with: a range test (Smith 2017, section 3.3)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.engine import NotFiniteError
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.errors import ConfigError
from annscope.core.evaluation.metrics import EVALUATION_BLOCK, evaluate
from annscope.core.network import Network

SMOOTHING = 0.8
"""How much of the smoothed loss is kept from one step to the next."""
GIVE_UP = 4.0
"""The test ends when the smoothed loss is this many times the lowest one."""


@dataclass(frozen=True)
class RangePoint:
    """One step of a range test: the learning rate it took and the loss after it, NaN where it was not finite."""

    learning_rate: float
    loss: float
    smoothed: float


@dataclass(frozen=True)
class Suggestion:
    """The result of a range test.

    `learning_rate` is where the smoothed loss falls fastest against the logarithm of the rate;
    None when it never fell. `lowest` is the rate at which it was lowest: beyond it training breaks.
    """

    learning_rate: float | None
    lowest: float


def range_test(
    dataset: Dataset, config: RunConfig, *, low: float = 1e-6, high: float = 10.0, n_steps: int = 100
) -> Iterator[RangePoint]:
    """Train `n_steps` steps with learning rates that rise evenly in the logarithm from `low` to `high`.

    The loss is measured on up to 1,024 training examples, always the same. Ends early when the loss
    explodes. Raises ConfigError for a range or a number of steps that is none.
    """
    if not 0 < low < high <= 1000 or n_steps < 10:
        raise ConfigError(
            f"a range test needs 0 < low < high <= 1000 and at least 10 steps, got {low!r}, {high!r} and {n_steps!r}"
        )
    x = dataset.x_train.astype(config.training.dtype, copy=False)
    engine = NumpyEngine(dataset, config, x)
    sample = np.random.default_rng([config.training.seed, 2]).permutation(len(x))[:EVALUATION_BLOCK]
    rates = np.geomspace(low, high, n_steps)
    mean, lowest = 0.0, math.inf
    for step, rate in enumerate(rates.tolist()):
        try:
            with np.errstate(all="ignore"):
                engine.advance(step, step + 1, lambda step: float(rates[step]))
                network = Network(config.network, dataset.n_features, dataset.n_classes, engine.parameters.layers)
                loss = evaluate(network, x[sample], dataset.y_train[sample], config.training.loss).loss
        except NotFiniteError:
            loss = math.nan
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smoothed = mean / (1 - SMOOTHING ** (step + 1))
        yield RangePoint(rate, loss, smoothed)
        lowest = min(lowest, smoothed)
        if not math.isfinite(loss) or smoothed > GIVE_UP * lowest:
            return


def suggest(points: list[RangePoint]) -> Suggestion:
    """The learning rate to begin with, from the points of a range test (at least one of them finite)."""
    finite = [point for point in points if math.isfinite(point.smoothed)]
    if not finite:
        raise ConfigError("the loss was not finite at any learning rate: scale the features")
    losses: Float[ndarray, " n"] = np.array([point.smoothed for point in finite])
    bottom = int(losses.argmin())
    slopes = np.diff(losses[: bottom + 1])
    steepest = finite[int(slopes.argmin())].learning_rate if len(slopes) and slopes.min() < 0 else None
    return Suggestion(steepest, finite[bottom].learning_rate)
