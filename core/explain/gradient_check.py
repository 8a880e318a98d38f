"""Is the gradient right? The step that a run takes, and backpropagation, against central differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core import textbook
from annscope.core.config import NetworkConfig, RunConfig
from annscope.core.dataset import Dataset, Labels
from annscope.core.engines.choice import engine_for
from annscope.core.engines.chunked import LARGE_BYTES
from annscope.core.engines.examples import batch_of, batch_size_of, targets_of, weights_of
from annscope.core.engines.workers import SINGLE, Workers
from annscope.core.functions.optimizers import OPTIMIZERS, add_penalties, penalties
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.network import Parameters, layer_sizes

EPSILON = 1e-5
"""The step of the differences: in float64 about where rounding and curvature do equally little harm."""

TOLERANCE = 1e-4
"""The largest relative error of a right gradient: enough for a kink or two, and far below that of any mistake."""

LOOSEST = 1e-2
"""Where rounding alone may make up a larger relative error than this, nothing can be told."""

LEAST_EXAMPLES = 10
"""Examples that a step is judged on, at least: where a batch has fewer, more steps from the same parameters."""

MOST_WORK = 5e10
"""Multiplications of all the central differences, about: of a large network on a large batch fewer are checked."""

RATE = 2.0**24
"""A rate at which the parameters themselves vanish in the rounding of a step: what is left is its gradient."""

SLACK = 10
"""How many times as far from exact as plain backpropagation in the run's number type an engine may be."""


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """Both gradients in one order, that of the parameters that were checked, and how far they are apart.

    `error` is |a - d| / max(|a| + |d|, floor) in the Euclidean norm, a the analytic and d the
    difference quotients: 0 where they agree and 1 where they have nothing in common. `rounding`
    is what rounding alone may add to |a - d|.
    """

    analytic: Float[ndarray, " n_checked"]
    numeric: Float[ndarray, " n_checked"]
    rounding: float

    @property
    def error(self) -> float:
        """The relative error over all parameters."""
        distance = float(np.linalg.norm(self.analytic - self.numeric))
        return distance / self._size

    @property
    def tolerance(self) -> float:
        """The error below which the gradient is right: `TOLERANCE`, or more where rounding asks for it."""
        return max(TOLERANCE, self.rounding / self._size)

    @property
    def is_right(self) -> bool | None:
        """Whether the gradient is right, to its `tolerance`; None where it is too small to be told from rounding."""
        if self.tolerance > LOOSEST:
            return None
        return self.error < self.tolerance

    @property
    def _size(self) -> float:
        return max(float(np.linalg.norm(self.analytic) + np.linalg.norm(self.numeric)), 1e-12)


@dataclass(frozen=True, eq=False)
class StepCheck:
    """The gradient that a run's step goes by (`own`) and that of backpropagation in float64, of the same examples.

    `indices` are the places of the checked parameters in the flat vector, `range` is that of the features.
    """

    own: GradientCheck
    exact: GradientCheck
    indices: Int[ndarray, " n_checked"]
    n_examples: int
    range: tuple[float, float]
    epsilon: float


@dataclass(frozen=True, eq=False)
class _Batch:
    """What a step learns from, in float64."""

    x: Float[ndarray, "batch n_features"]
    targets: Float[ndarray, "batch n_outputs"]
    weights: Float[ndarray, " batch"] | None = None


def gradient_check(
    config: RunConfig,
    parameters: Parameters,
    x: Float[ndarray, "n n_features"],
    y: Labels,
    n_classes: int,
    epsilon: float = EPSILON,
    indices: Int[ndarray, " n_checked"] | None = None,
) -> GradientCheck:
    """Compare the gradient of the objective, penalties included, at these float64 parameters, without dropout.

    `indices` are the parameters of the flat vector to check, for a network that has too many; None checks all.
    With `delta_weights` "updated" the gradient is what the recipe steps along, divided by its rate.
    """
    config = config.with_values({"dropout": 0.0})
    batch = _Batch(x, OUTPUTS[config.network.output].targets(y, n_classes, "float64"))
    chosen = np.arange(len(parameters.flat)) if indices is None else indices
    analytic = _backpropagated(config, parameters, batch)
    numeric, rounding = _differences(config, parameters, batch, chosen, epsilon)
    return GradientCheck(analytic[chosen], numeric, rounding)


def check_step(
    dataset: Dataset, config: RunConfig, parameters: Parameters, *, n_checked: int, workers: Workers = SINGLE
) -> StepCheck:
    """Judge the step that a run of this config takes from these float64 parameters, by the engine it would take it by.

    The engine takes one step of plain gradient descent on the run's first batch (or several, from the same
    parameters, until `LEAST_EXAMPLES` are seen), in the number type of the run, and the gradient is how far it went:
    label smoothing, weights, penalties, dropout, augmentation and clipping included. Of a batch that is larger than
    the one from which on steps are taken in chunks, a part stands for the whole. Up to `n_checked` parameters are
    drawn from all layers, always the same ones.

    Raises NotFiniteError where the gradient of the step is not finite.
    """
    dataset, config = _bounded(dataset, config)
    sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
    batch_size = batch_size_of(dataset, config.training)
    n_steps = -(-LEAST_EXAMPLES // batch_size)
    steps = [_batch_of(dataset, config, step) for step in range(n_steps)]
    x = np.concatenate([batch.x for batch in steps])
    work = 2 * len(x) * max(1, len(parameters.flat))
    n_checked = max(min(n_checked, int(MOST_WORK / work)), 2 * len(sizes))
    chosen = sample_parameters(config.network, sizes, x, n_checked, np.random.default_rng(0))
    epsilon = EPSILON / max(1.0, float(np.abs(x).max()))

    exact_config = config.with_values({"softmax-derivative": "exact", "delta-weights": "current"})
    typed = Parameters(config.network, sizes, config.training.dtype)
    typed.flat[...] = parameters.flat
    taken = _steps_of_the_engine(dataset, config, typed.flat, n_steps, workers)
    own, exact, numeric = (np.zeros(len(chosen)) for _ in range(3))
    rounding, of_type = 0.0, float(np.finfo(typed.flat.dtype).eps)
    own_rounding = of_type * float(np.linalg.norm(parameters.flat[chosen])) / _rate_of(config)
    for batch, step in zip(steps, taken, strict=True):
        gradient = _backpropagated(exact_config, parameters, batch)
        plain = _backpropagated(exact_config, typed, batch)
        clip = _clip_factor(config, gradient)
        slopes, of_loss = _differences(config, parameters, batch, chosen, epsilon)
        own += step[chosen] / n_steps
        exact += clip * gradient[chosen] / n_steps
        numeric += clip * slopes / n_steps
        rounding += clip * of_loss / n_steps
        apart = float(np.linalg.norm((plain - gradient)[chosen])) + of_type * float(np.linalg.norm(gradient[chosen]))
        own_rounding += SLACK * clip * apart / n_steps
    return StepCheck(
        own=GradientCheck(own, numeric, rounding + own_rounding),
        exact=GradientCheck(exact, numeric, rounding),
        indices=chosen,
        n_examples=len(x),
        range=(float(x.min()), float(x.max())),
        epsilon=epsilon,
    )


def _bounded(dataset: Dataset, config: RunConfig) -> tuple[Dataset, RunConfig]:
    """Few enough examples to measure on, of which a run would take its steps in the same way."""
    x, n = dataset.x_train, len(dataset.y_train)
    is_used = x.any(axis=0)
    row = max(1, int(is_used.sum())) * np.dtype(config.training.dtype).itemsize
    batch_size = batch_size_of(dataset, config.training)
    bounded = min(batch_size, math.ceil(1.25 * LARGE_BYTES / row))
    is_whole = batch_size == n
    keep = bounded if is_whole else max(2 * bounded, 1024)
    if keep >= n:
        return dataset, config
    rows = np.linspace(0, n - 1, keep).astype(np.int64)
    missed = is_used & ~x[rows].any(axis=0)  # features that none of these have, and the whole has
    rows = np.union1d(rows, (x[:, missed] != 0).argmax(axis=0).astype(np.int64))
    weights = dataset.weights_train
    part = replace(
        dataset,
        x_train=x[rows],
        y_train=dataset.y_train[rows],
        weights_train=None if weights is None else weights[rows],
    )
    return part, config if is_whole else config.with_values({"batch-size": bounded})


def _batch_of(dataset: Dataset, config: RunConfig, step: int) -> _Batch:
    """The batch of step number `step`, as every engine meets it."""
    rows, x = batch_of(dataset, config.training, step)
    weights = weights_of(dataset, config.training, np.dtype("float64"))
    targets = targets_of(dataset, config, np.dtype("float64"))
    return _Batch(x.astype("float64"), targets[rows], None if weights is None else weights[rows])


def _rate_of(config: RunConfig) -> float:
    # Where errors go down through weights that the step has already changed, it is the run's own rate that matters.
    return config.training.learning_rate if config.training.delta_weights == "updated" else RATE


def _steps_of_the_engine(
    dataset: Dataset, config: RunConfig, start: Float[ndarray, " n_parameters"], n_steps: int, workers: Workers
) -> list[Float[ndarray, " n_parameters"]]:
    """How far each of the first steps goes, all of them from `start`, divided by the rate."""
    x = dataset.x_train.astype(config.training.dtype, copy=False)
    engine = engine_for(dataset, config, x, workers, optimizer=OPTIMIZERS["sgd"])
    arrays = {name: array.copy() for name, array in engine.arrays().items()}
    arrays |= {name: start for name in ("parameters", "base") if name in arrays}
    state, rate = engine.state(), _rate_of(config)
    taken = []
    for step in range(n_steps):
        engine.restore(step, arrays, state)
        with np.errstate(all="ignore"):
            engine.advance(step, step + 1, lambda _: rate)
        taken.append((start.astype("float64") - engine.parameters.flat) / rate)
    return taken


def _masks(config: RunConfig, n: int, dtype: str | np.dtype) -> list[Float[ndarray, "n _"]] | None:
    """The dropout of a run's first step."""
    if not config.network.dropout:
        return None
    generator = np.random.default_rng([config.training.seed, 3])
    masks = textbook.dropout_masks(config.network, n, generator, np.dtype(config.training.dtype))
    return [mask.astype(dtype) for mask in masks]


def _backpropagated(config: RunConfig, parameters: Parameters, batch: _Batch) -> Float[ndarray, " n_parameters"]:
    """The gradient of the objective before clipping, computed in the type of the parameters."""
    dtype, training = parameters.flat.dtype, config.training
    x, targets = batch.x.astype(dtype), batch.targets.astype(dtype)
    weights = None if batch.weights is None else batch.weights.astype(dtype)
    masks = _masks(config, len(x), dtype)
    with np.errstate(all="ignore"):
        passes = textbook.forward(config.network, parameters, x, masks)
        gradient = textbook.backward(config, parameters, passes, targets, weights, masks, rate=training.learning_rate)
    add_penalties(parameters.flat_weights, gradient.flat_weights, l1=training.l1, l2=training.l2)
    return gradient.flat.astype("float64")


def _differences(
    config: RunConfig, parameters: Parameters, batch: _Batch, chosen: Int[ndarray, " n_checked"], epsilon: float
) -> tuple[Float[ndarray, " n_checked"], float]:
    """The slope of the objective along each chosen parameter, and what rounding may add to their norm."""
    masks = _masks(config, len(batch.x), "float64")

    def objective() -> tuple[float, float]:
        """What a step makes smaller, the mean loss and the penalties, with the largest logit."""
        logits = textbook.forward(config.network, parameters, batch.x, masks)[-1].z
        mean = textbook.loss(config, logits, batch.targets, batch.weights)
        penalty = penalties(parameters.weights, l1=config.training.l1, l2=config.training.l2)
        return mean + penalty, float(np.abs(logits).max())

    largest = objective()[1]
    numeric = np.empty(len(chosen))
    for place, i in enumerate(chosen.tolist()):
        value = parameters.flat[i]
        parameters.flat[i] = value + epsilon
        above = objective()[0]
        parameters.flat[i] = value - epsilon
        numeric[place] = (above - objective()[0]) / (2 * epsilon)
        parameters.flat[i] = value
    return numeric, float(np.finfo("float64").eps) * max(1.0, largest) / epsilon * math.sqrt(len(chosen))


def _clip_factor(config: RunConfig, gradient: Float[ndarray, " n_parameters"]) -> float:
    """What clipping multiplies a gradient by."""
    most, norm = config.training.clip_norm, float(np.linalg.norm(gradient))
    return most / (norm + 1e-6) if most and norm > most else 1.0


def sample_parameters(
    config: NetworkConfig, sizes: Sequence[int], x: Float[ndarray, "n n_features"], n: int, rng: np.random.Generator
) -> Int[ndarray, " n_checked"]:
    """Up to `n` places in the flat vector, drawn evenly from all layers, in order.

    A weight out of an input that is 0 in every example has a gradient of 0 by any rule, so it is left out.
    """
    places = Parameters(config, sizes, "float64")
    places.flat[...] = np.arange(len(places.flat))
    weights = [places.weights[0][(x != 0).any(axis=0)], *places.weights[1:]]
    layers = [
        np.concatenate([weight.ravel(), *(part for part in (bias, scale) if part is not None)])
        for weight, bias, scale in zip(weights, places.biases, places.scales, strict=True)
    ]
    share = math.ceil(n / len(layers))
    drawn = [rng.permutation(layer)[:share] for layer in layers]
    return np.sort(np.concatenate(drawn)[:n].astype(np.int64))
