"""Optimizers: how a gradient becomes a step.

An entry of `OPTIMIZERS` is all there is to an optimizer: the textbook takes its `update` as it stands, and so does
every engine that has no faster form of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Moments: TypeAlias = dict[str, ndarray]
"""What an optimizer remembers from step to step, by name: arrays of the shape of the gradient, 0 at first."""

ALPHA, RMSPROP_EPSILON = 0.99, 1e-8
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Optimizer:
    """A rule by which parameters p follow their gradient g.

    `update(g, moments, t, rate, **hyperparameters)` returns what is subtracted from p in step number t (from 1),
    element by element, and brings the `moments` up to date; `hyperparameters` are settings by their name. Where it
    `decays_weights`, weights (biases and scales never) become (1 - rate weight_decay) w first.
    """

    name: str
    label: str
    formula: str
    update: Callable[..., ndarray]
    moments: tuple[str, ...] = ()
    hyperparameters: tuple[str, ...] = ()
    decays_weights: bool = False
    is_gradient_descent: bool = False
    """Whether it subtracts rate times the gradient and nothing else: changes of several steps can then be added up."""

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that mean something with this optimizer."""
        decay = ("weight_decay",) if self.decays_weights else ()
        return (*self.hyperparameters, *decay, *(("delta_weights",) if self.is_gradient_descent else ()))


def _sgd(g: ndarray, moments: Moments, t: int, rate: float) -> ndarray:
    del moments, t
    return rate * g


def _momentum(g: ndarray, moments: Moments, t: int, rate: float, *, momentum: float) -> ndarray:
    del t
    moments["velocity"] = momentum * moments["velocity"] + g
    return rate * moments["velocity"]


def _nesterov(g: ndarray, moments: Moments, t: int, rate: float, *, momentum: float) -> ndarray:
    del t
    moments["velocity"] = momentum * moments["velocity"] + g
    return rate * (g + momentum * moments["velocity"])


def _rmsprop(g: ndarray, moments: Moments, t: int, rate: float) -> ndarray:
    del t
    moments["square"] = ALPHA * moments["square"] + (1 - ALPHA) * g**2
    return rate * g / (np.sqrt(moments["square"]) + RMSPROP_EPSILON)


def _adam(g: ndarray, moments: Moments, t: int, rate: float) -> ndarray:
    moments["mean"] = BETA1 * moments["mean"] + (1 - BETA1) * g
    moments["square"] = BETA2 * moments["square"] + (1 - BETA2) * g**2
    mean, square = moments["mean"] / (1 - BETA1**t), moments["square"] / (1 - BETA2**t)
    return rate * mean / (np.sqrt(square) + EPSILON)


OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer("sgd", "SGD", "p -= r g", _sgd, is_gradient_descent=True),
        # Polyak 1964, in the form of PyTorch
        Optimizer("momentum", "Momentum", "v = mu v + g; p -= r v", _momentum, ("velocity",), ("momentum",)),
        # Sutskever et al. 2013, in the form of PyTorch
        Optimizer("nesterov", "Nesterov", "v = mu v + g; p -= r (g + mu v)", _nesterov, ("velocity",), ("momentum",)),
        # Tieleman & Hinton 2012
        Optimizer(
            "rmsprop", "RMSProp", "s = 0.99 s + 0.01 g^2; p -= r g / (sqrt(s) + 1e-8)", _rmsprop, ("square",)
        ),
        # Kingma & Ba 2015, algorithm 1
        Optimizer(
            "adam", "Adam",
            "m = 0.9 m + 0.1 g; v = 0.999 v + 0.001 g^2; p -= r m / (1 - 0.9^t) / (sqrt(v / (1 - 0.999^t)) + 1e-8)",
            _adam, ("mean", "square"),
        ),
        # Loshchilov & Hutter 2019
        Optimizer(
            "adamw", "AdamW", "w -= r d w, then as Adam", _adam, ("mean", "square"), decays_weights=True
        ),
    )
}  # fmt: skip
"""Every optimizer by its name; r is the learning rate, mu the momentum, d the weight decay."""


def add_penalties(weights: Float[ndarray, " n"], d_weights: Float[ndarray, " n"], *, l1: float, l2: float) -> None:
    """Add the gradient of l1 sum |w| + l2 / 2 sum w^2 over the weights."""
    if l2:
        d_weights += weights.dtype.type(l2) * weights
    if l1:
        d_weights += weights.dtype.type(l1) * np.sign(weights)


def penalties(weights: Sequence[ndarray], *, l1: float, l2: float) -> float:
    """l1 sum |w| + l2 / 2 sum w^2 over all weights."""
    return sum(l1 * float(np.abs(w).sum()) + l2 / 2 * float(np.square(w).sum()) for w in weights)
