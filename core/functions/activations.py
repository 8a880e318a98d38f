"""Activation functions: what a neuron puts out for the sum of its inputs, each with its derivative beside it.

All of them work element by element on arrays of any shape. An entry of `ACTIVATIONS` is all there is to an
activation: settings, sliders, help and the command line follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

LEAKY_SLOPE = 0.01
"""Slope of the leaky ReLU below 0 (Maas, Hannun & Ng 2013)."""
SATURATION = 0.05
"""How near an end of a bounded activation's range a value counts as saturated."""
GELU_SCALE = float(np.sqrt(2 / np.pi))
GELU_CUBIC = 0.044715


@dataclass(frozen=True)
class Activation:
    """A function f and its derivative.

    `derivative(z, a)` is f'(z), where a = f(z); it reads z only if `needs_input`. `lowest` and `highest` bound
    the values; None is unbounded. `initializer` is the one that keeps the size of what flows through.
    """

    name: str
    label: str
    formula: str
    function: Callable[[ndarray], ndarray]
    derivative: Callable[[ndarray, ndarray], ndarray]
    lowest: float | None = None
    highest: float | None = None
    needs_input: bool = False
    initializer: str = "he"

    def __call__(self, z: Float[ndarray, "..."]) -> Float[ndarray, "..."]:
        """f(z) as a new array."""
        return self.function(z)

    @property
    def unsaturated(self) -> tuple[float, float] | None:
        """The values that do not count as saturated, from lowest to highest; None for an unbounded function."""
        if self.lowest is None or self.highest is None:
            return None
        return self.lowest + SATURATION, self.highest - SATURATION


def sigmoid(z: Float[ndarray, "..."]) -> Float[ndarray, "..."]:
    """1 / (1 + e^-z), in a form that overflows for no z."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def _relu(z: ndarray) -> ndarray:
    return np.maximum(z, 0)


def _relu_derivative(_z: ndarray, a: ndarray) -> ndarray:
    return (a > 0).astype(a.dtype)


def _leaky_relu(z: ndarray) -> ndarray:
    return np.maximum(z, LEAKY_SLOPE * z)


def _leaky_relu_derivative(_z: ndarray, a: ndarray) -> ndarray:
    return np.where(a > 0, 1, LEAKY_SLOPE).astype(a.dtype)


def _sigmoid_derivative(_z: ndarray, a: ndarray) -> ndarray:
    return a * (1 - a)


def _tanh_derivative(_z: ndarray, a: ndarray) -> ndarray:
    return 1 - a * a


def _elu(z: ndarray) -> ndarray:
    return np.maximum(z, np.expm1(np.minimum(z, 0)))  # e^z - 1 >= z where z <= 0, and 0 <= z elsewhere


def _elu_derivative(_z: ndarray, a: ndarray) -> ndarray:
    return 1 + np.minimum(a, 0)


def _silu(z: ndarray) -> ndarray:
    return z * sigmoid(z)


def _silu_derivative(z: ndarray, a: ndarray) -> ndarray:
    return sigmoid(z) * (1 - a) + a  # f = z s, f' = s + z s (1 - s) = s (1 - f) + f


def _gelu(z: ndarray) -> ndarray:
    return 0.5 * z * (1 + np.tanh(GELU_SCALE * (z + GELU_CUBIC * z**3)))


def _gelu_derivative(z: ndarray, _a: ndarray) -> ndarray:
    t = np.tanh(GELU_SCALE * (z + GELU_CUBIC * z**3))
    return 0.5 * (1 + t + z * (1 - t * t) * GELU_SCALE * (1 + 3 * GELU_CUBIC * z**2))


def _softplus(z: ndarray) -> ndarray:
    return np.logaddexp(z, 0)


def _softplus_derivative(_z: ndarray, a: ndarray) -> ndarray:
    return -np.expm1(-a)  # f = ln(1 + e^z), f' = 1 / (1 + e^-z) = 1 - e^-f


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("relu", "ReLU", "max(0, z)", _relu, _relu_derivative, lowest=0.0),
        Activation("leaky_relu", "Leaky ReLU", "max(z, 0.01 z)", _leaky_relu, _leaky_relu_derivative),
        Activation(
            "sigmoid", "Sigmoid", "1 / (1 + e^-z)", sigmoid, _sigmoid_derivative,
            lowest=0.0, highest=1.0, initializer="glorot",
        ),
        Activation(
            "tanh", "tanh", "tanh z", np.tanh, _tanh_derivative, lowest=-1.0, highest=1.0, initializer="glorot"
        ),
        # Clevert, Unterthiner & Hochreiter 2016, alpha 1
        Activation("elu", "ELU", "z if z > 0 else e^z - 1", _elu, _elu_derivative, lowest=-1.0),
        # Elfwing, Uchibe & Doya 2018; also swish
        Activation("silu", "SiLU", "z / (1 + e^-z)", _silu, _silu_derivative, needs_input=True),
        # Hendrycks & Gimpel 2016, the form with tanh
        Activation(
            "gelu", "GELU", "z / 2 (1 + tanh(0.798 (z + 0.0447 z^3)))", _gelu, _gelu_derivative, needs_input=True
        ),
        Activation("softplus", "Softplus", "ln(1 + e^z)", _softplus, _softplus_derivative, lowest=0.0),
    )
}  # fmt: skip
"""Every activation function of hidden layers by its name."""
