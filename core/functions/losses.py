"""What training makes small, and its gradient with respect to the logits: one pair for each loss and output.

The output function is fused with its loss: no logarithm of a rounded probability is ever taken.
Logits and targets have the classes along `axis`, examples along the other one; losses are means
over the examples.

The cross-entropy of sigmoid units is the sum of their binary cross-entropies, one a class or label,
as in scikit-learn's MLPClassifier. PyTorch's BCEWithLogitsLoss is that divided by the number of
units: a step would then move each label the less, the more labels there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.functions.activations import sigmoid, softmax, softmax_in_place


@dataclass(frozen=True)
class Loss:
    """The loss of one output function.

    `values(logits, targets, axis)` has one number an example. `gradient(probabilities, targets,
    scale)` overwrites the probabilities, classes along axis 0, with `scale` (faster as an array of no dimensions)
    times the gradient of an example's loss with respect to its logits.
    """

    output: Callable[..., ndarray]
    values: Callable[[ndarray, ndarray, int], ndarray]
    gradient: Callable[[ndarray, ndarray, float | ndarray], None]

    def output_in_place(self, logits: Float[ndarray, "n_outputs batch"]) -> Callable[[], object]:
        """An operation that overwrites these logits with their output, whenever it is called."""
        return softmax_in_place(logits) if self.output is softmax else partial(self.output, logits, logits, 0)


def _log_sum_exp(logits: ndarray, axis: int) -> Any:
    top = logits.max(axis=axis, keepdims=True)
    total: ndarray = np.log(np.exp(logits - top).sum(axis=axis)) + np.squeeze(top, axis=axis)
    return total


def _softmax_cross_entropy(logits: ndarray, targets: ndarray, axis: int) -> Any:
    # -sum_k t_k ln p_k = (sum_k t_k) ln sum_j e^z_j - sum_k t_k z_k
    return targets.sum(axis=axis) * _log_sum_exp(logits, axis) - _dot(targets, logits, axis)


def _dot(targets: ndarray, logits: ndarray, axis: int) -> Any:
    return np.where(targets == 0, 0, targets * logits).sum(axis=axis)  # 0 * infinity is 0 here


def _sigmoid_cross_entropy(logits: ndarray, targets: ndarray, axis: int) -> Any:
    # -sum_k t_k ln s(z_k) + (1 - t_k) ln (1 - s(z_k)) = sum_k ln(1 + e^z_k) - t_k z_k
    return np.logaddexp(logits, 0).sum(axis=axis) - _dot(targets, logits, axis)


def _difference(probabilities: ndarray, targets: ndarray, scale: float | ndarray) -> None:
    # d/dz of both cross-entropies is p - t, with softmax for targets that sum to 1.
    np.subtract(probabilities, targets, probabilities)
    np.multiply(probabilities, scale, probabilities)


def _softmax_squared_error(logits: ndarray, targets: ndarray, axis: int) -> Any:
    return _half_square(softmax(logits, axis=axis) - targets, axis)


def _sigmoid_squared_error(logits: ndarray, targets: ndarray, axis: int) -> Any:
    return _half_square(sigmoid(logits) - targets, axis)


def _half_square(difference: ndarray, axis: int) -> Any:
    half: ndarray = np.square(difference).sum(axis=axis) / 2
    return half


def _softmax_squared_error_gradient(probabilities: ndarray, targets: ndarray, scale: float | ndarray) -> None:
    # With e = p - t and the whole Jacobian of softmax, dp_j/dz_k = p_j ([j = k] - p_k):
    # d/dz_k = p_k (e_k - sum_j e_j p_j)
    error = probabilities - targets
    error -= (error * probabilities).sum(axis=0)
    probabilities *= error
    probabilities *= scale


def _sigmoid_squared_error_gradient(probabilities: ndarray, targets: ndarray, scale: float | ndarray) -> None:
    # d/dz_k = (p_k - t_k) p_k (1 - p_k)
    slope = probabilities * (1 - probabilities)
    probabilities -= targets
    probabilities *= slope
    probabilities *= scale


LOSSES: dict[tuple[str, str], Loss] = {
    ("cross_entropy", "softmax"): Loss(softmax, _softmax_cross_entropy, _difference),
    ("cross_entropy", "sigmoid"): Loss(sigmoid, _sigmoid_cross_entropy, _difference),
    ("squared_error", "softmax"): Loss(softmax, _softmax_squared_error, _softmax_squared_error_gradient),
    ("squared_error", "sigmoid"): Loss(sigmoid, _sigmoid_squared_error, _sigmoid_squared_error_gradient),
}
LOSSES |= {(loss, "binary"): LOSSES[loss, "sigmoid"] for loss in ("cross_entropy", "squared_error")}
"""Every pair of loss and output function, by the names that `core.config` knows; one sigmoid unit is one of many."""


def loss_of(config: RunConfig) -> Loss:
    """The loss that a config trains with, its quirk included.

    A `softmax_derivative` of "diagonal" takes softmax' for s (1 - s), the slope of the sigmoid, and
    leaves out that each logit moves every probability: not the gradient of any loss.
    """
    loss = LOSSES[config.training.loss, config.network.output]
    if config.training.softmax_derivative == "diagonal" and loss.gradient is _softmax_squared_error_gradient:
        return replace(loss, gradient=_sigmoid_squared_error_gradient)
    return loss


def one_hot(labels: ndarray, n_classes: int, dtype: str | np.dtype) -> Float[ndarray, "n n_classes"]:
    """A row for each label, 1 at its class and 0 elsewhere."""
    rows: ndarray = np.eye(n_classes, dtype=dtype)[labels]
    return rows
