"""Is the gradient right? Backpropagation against central differences, parameter by parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from core.backpropagation import gradient_of
from core.config import RunConfig
from core.losses import LOSSES, one_hot
from core.network import Network, Parameters, layer_sizes
from core.optimizers import add_penalties, penalties
from core.snapshot import LayerParameters

EPSILON = 1e-5
"""The step of the differences: in float64 about where rounding and curvature do equally little harm."""


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """Both gradients in one order, all weights and then all biases, and how far they are apart.

    `error` is |a - d| / max(|a| + |d|, floor) in the Euclidean norm, a the analytic and d the
    difference quotients: 0 where they agree and 1 where they have nothing in common.
    """

    analytic: Float[ndarray, " n_parameters"]
    numeric: Float[ndarray, " n_parameters"]

    @property
    def error(self) -> float:
        """The relative error over all parameters."""
        distance = float(np.linalg.norm(self.analytic - self.numeric))
        return distance / max(float(np.linalg.norm(self.analytic) + np.linalg.norm(self.numeric)), 1e-12)


def gradient_check(
    config: RunConfig,
    layers: tuple[LayerParameters, ...],
    x: Float[ndarray, "n n_features"],
    y: Int[ndarray, " n"],
    n_classes: int,
    epsilon: float = EPSILON,
) -> GradientCheck:
    """Compare the gradient of the whole objective, penalties included, at the given parameters, in float64."""
    parameters = _float64(config, layers, x.shape[1], n_classes)
    gradient = _float64(config, layers, x.shape[1], n_classes)
    x = x.astype(np.float64)
    targets = one_hot(y, n_classes, "float64")
    gradient_of(config.network, config.training.loss, parameters, x, targets, gradient)
    add_penalties(config.training, parameters.flat_weights, gradient.flat_weights)

    network = Network(config.network, x.shape[1], n_classes, parameters.layers)
    values = LOSSES[config.training.loss, config.network.output].values

    def objective() -> float:
        return float(values(network.logits(x), targets, 1).mean()) + penalties(config.training, parameters.weights)

    numeric = np.empty_like(parameters.flat)
    for i, value in enumerate(parameters.flat.tolist()):
        parameters.flat[i] = value + epsilon
        above = objective()
        parameters.flat[i] = value - epsilon
        numeric[i] = (above - objective()) / (2 * epsilon)
        parameters.flat[i] = value
    return GradientCheck(gradient.flat, numeric)


def _float64(config: RunConfig, layers: tuple[LayerParameters, ...], n_features: int, n_classes: int) -> Parameters:
    sizes = layer_sizes(config.network, n_features, n_classes)
    parameters = Parameters(sizes, bias=config.network.bias, dtype="float64")
    for mine, given in zip(parameters.layers, layers, strict=True):
        mine.weight[...] = given.weight
        if mine.bias is not None and given.bias is not None:
            mine.bias[...] = given.bias
    return parameters
