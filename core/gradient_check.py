"""Is the gradient right? Backpropagation against central differences, parameter by parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.backpropagation import Backpropagation
from annscope.core.config import NetworkConfig, RunConfig
from annscope.core.dataset import Labels
from annscope.core.losses import LOSSES
from annscope.core.network import Parameters, layer_sizes
from annscope.core.optimizers import add_penalties, penalties
from annscope.core.outputs import targets_for

EPSILON = 1e-5
"""The step of the differences: in float64 about where rounding and curvature do equally little harm."""

TOLERANCE = 1e-4
"""The largest relative error of a right gradient: room for a kink or two, and far below that of any mistake."""


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """Both gradients in one order, that of the parameters that were checked, and how far they are apart.

    `error` is |a - d| / max(|a| + |d|, floor) in the Euclidean norm, a the analytic and d the
    difference quotients: 0 where they agree and 1 where they have nothing in common. `rounding`
    is what the rounding of the loss alone may add to |a - d|.
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
    def is_right(self) -> bool | None:
        """Whether the gradient is right, to `TOLERANCE`; None where it is too small to be told from rounding."""
        if self.rounding > TOLERANCE * self._size:
            return None
        return self.error < TOLERANCE

    @property
    def _size(self) -> float:
        return max(float(np.linalg.norm(self.analytic) + np.linalg.norm(self.numeric)), 1e-12)


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

    `indices` says which parameters of the flat vector to check, for a network that has too many; None checks all.
    With `delta_weights` "updated" the gradient is what the recipe steps along, divided by its rate.
    """
    loss = LOSSES[config.training.loss, config.network.output]
    targets = targets_for(y, config.network.output, n_classes, "float64")
    gradient = Parameters(config.network, layer_sizes(config.network, x.shape[1], n_classes), "float64")
    start = parameters.flat.copy()
    rate = np.array(config.training.learning_rate)
    step = Backpropagation(config, parameters, gradient, len(x), rate=rate)
    forward = step.forward(x)
    for operation in (*forward, *step.backward(x, targets)):
        operation()
    parameters.flat[...] = start
    add_penalties(config.training, parameters.flat_weights, gradient.flat_weights)

    def objective() -> float:
        for operation in forward:
            operation()
        mean = float(loss.values(step.logits, targets.T, 0).mean())
        return mean + penalties(config.training, parameters.weights)

    objective()
    largest = max(1.0, float(np.abs(step.logits).max()))
    chosen = np.arange(len(start)) if indices is None else indices
    numeric = np.empty(len(chosen))
    for place, i in enumerate(chosen.tolist()):
        value = start[i]
        parameters.flat[i] = value + epsilon
        above = objective()
        parameters.flat[i] = value - epsilon
        numeric[place] = (above - objective()) / (2 * epsilon)
        parameters.flat[i] = value
    rounding = float(np.finfo("float64").eps) * largest / epsilon * math.sqrt(len(chosen))
    return GradientCheck(gradient.flat[chosen], numeric, rounding)


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
