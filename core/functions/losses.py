"""Losses: what training makes small, and its gradient with respect to the logits.

The output function is fused with its loss: no logarithm of a rounded probability is ever taken. Classes are the
last axis. The cross-entropy of sigmoid units is the sum of their binary cross-entropies, one a class or label, as in
scikit-learn's MLPClassifier. PyTorch's BCEWithLogitsLoss is that divided by the number of units: a step would then
move each label the less, the more labels there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from annscope.core.functions.activations import sigmoid
from annscope.core.functions.outputs import OUTPUTS, softmax

SOFTMAX_DERIVATIVES = ("exact", "diagonal")


@dataclass(frozen=True)
class FusedLoss:
    """A loss of one kind of output units.

    `values(logits, targets)` has one number an example. `gradient(p, targets)` is the gradient of each example's
    loss with respect to its logits, where p is what the output units give.
    """

    values: Callable[[ndarray, ndarray], ndarray]
    gradient: Callable[[ndarray, ndarray], ndarray]


@dataclass(frozen=True)
class Loss:
    """A loss on units that share one probability (softmax), and on units that have one each (sigmoid)."""

    name: str
    label: str
    formula: str
    softmax: FusedLoss
    sigmoid: FusedLoss
    needs_softmax_derivative: bool = False
    """Whether its gradient contains the Jacobian of softmax: else everything but p - t cancels."""

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that mean something with this loss."""
        return ("softmax_derivative",) if self.needs_softmax_derivative else ()


def _log_sum_exp(logits: ndarray) -> ndarray:
    top = logits.max(axis=-1, keepdims=True)
    return np.log(np.exp(logits - top).sum(axis=-1)) + np.squeeze(top, axis=-1)


def _dot(targets: ndarray, logits: ndarray) -> ndarray:
    return np.where(targets == 0, 0, targets * logits).sum(axis=-1)  # 0 * infinity is 0 here


def _softmax_cross_entropy(logits: ndarray, targets: ndarray) -> ndarray:
    # -sum_k t_k ln p_k = (sum_k t_k) ln sum_j e^z_j - sum_k t_k z_k
    return targets.sum(axis=-1) * _log_sum_exp(logits) - _dot(targets, logits)


def _sigmoid_cross_entropy(logits: ndarray, targets: ndarray) -> ndarray:
    # -sum_k t_k ln p_k + (1 - t_k) ln (1 - p_k) = sum_k ln(1 + e^z_k) - t_k z_k
    return np.logaddexp(logits, 0).sum(axis=-1) - _dot(targets, logits)


def _cross_entropy_gradient(p: ndarray, targets: ndarray) -> ndarray:
    return p - targets  # of both cross-entropies, with softmax for targets that sum to 1


def _half_square(error: ndarray) -> ndarray:
    return np.square(error).sum(axis=-1) / 2


def _softmax_squared_error(logits: ndarray, targets: ndarray) -> ndarray:
    return _half_square(softmax(logits) - targets)


def _softmax_squared_error_gradient(p: ndarray, targets: ndarray) -> ndarray:
    # With e = p - t and the whole Jacobian of softmax, dp_j/dz_k = p_j ([j = k] - p_k):
    # dL/dz_k = p_k (e_k - sum_j e_j p_j)
    error = p - targets
    return p * (error - (error * p).sum(axis=-1, keepdims=True))


def _sigmoid_squared_error(logits: ndarray, targets: ndarray) -> ndarray:
    return _half_square(sigmoid(logits) - targets)


def _sigmoid_squared_error_gradient(p: ndarray, targets: ndarray) -> ndarray:
    return (p - targets) * p * (1 - p)  # dp_k/dz_k = p_k (1 - p_k)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            "cross_entropy", "Cross-entropy", "-sum_k t_k ln p_k",
            softmax=FusedLoss(_softmax_cross_entropy, _cross_entropy_gradient),
            sigmoid=FusedLoss(_sigmoid_cross_entropy, _cross_entropy_gradient),
        ),
        Loss(
            "squared_error", "Squared error", "1/2 sum_k (p_k - t_k)^2",
            softmax=FusedLoss(_softmax_squared_error, _softmax_squared_error_gradient),
            sigmoid=FusedLoss(_sigmoid_squared_error, _sigmoid_squared_error_gradient),
            needs_softmax_derivative=True,
        ),
    )
}  # fmt: skip
"""Every loss by its name."""


def fused_loss(loss: str, output: str, softmax_derivative: str = "exact") -> FusedLoss:
    """The loss of these output units, by name.

    A `softmax_derivative` of "diagonal" takes softmax' for p (1 - p), the slope of the sigmoid, and
    leaves out that each logit moves every probability: not the gradient of any loss.
    """
    of_softmax, of_sigmoid = LOSSES[loss].softmax, LOSSES[loss].sigmoid
    if not OUTPUTS[output].sums_to_one:
        return of_sigmoid
    is_diagonal = softmax_derivative == "diagonal" and LOSSES[loss].needs_softmax_derivative
    return FusedLoss(of_softmax.values, of_sigmoid.gradient) if is_diagonal else of_softmax
