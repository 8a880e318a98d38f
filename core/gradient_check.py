"""Is the gradient right? Backpropagation against central differences, parameter by parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from core.backpropagation import Backpropagation
from core.config import RunConfig
from core.losses import LOSSES, one_hot
from core.network import Parameters
from core.optimizers import add_penalties, penalties

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
    parameters: Parameters,
    x: Float[ndarray, "n n_features"],
    y: Int[ndarray, " n"],
    n_classes: int,
    epsilon: float = EPSILON,
) -> GradientCheck:
    """Compare the gradient of the objective, penalties included, at these float64 parameters, without dropout.

    With `delta_weights` "updated" the gradient is what the recipe steps along, divided by its rate.
    """
    loss = LOSSES[config.training.loss, config.network.output]
    targets = one_hot(y, n_classes, "float64")
    gradient = Parameters(config.network, (x.shape[1], *config.network.hidden_sizes, n_classes), "float64")
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

    numeric = np.empty_like(start)
    for i, value in enumerate(start.tolist()):
        parameters.flat[i] = value + epsilon
        above = objective()
        parameters.flat[i] = value - epsilon
        numeric[i] = (above - objective()) / (2 * epsilon)
        parameters.flat[i] = value
    return GradientCheck(gradient.flat, numeric)
