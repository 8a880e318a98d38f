"""What a neuron makes of the sum of its inputs: each function and its derivative, side by side.

All of them work element by element on arrays of any shape and write into `out`, so that training
allocates nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.engines.workers import Operation

LEAKY_SLOPE = 0.01
"""Slope of the leaky ReLU below 0 (Maas, Hannun & Ng 2013)."""
_ZERO = np.zeros((), np.float32)  # as an array of no dimensions: a Python number costs each call a conversion
_GELU_SCALE = float(np.sqrt(2 / np.pi))
_GELU_CUBIC = 0.044715


@dataclass(frozen=True)
class Activation:
    """A function f and its derivative.

    `function(z, out)` writes f(z); `out` may be `z` itself unless `needs_input`.
    `derivative(z, a, out)` writes f'(z), where a = f(z); it reads z only if `needs_input`, and
    `out` is neither of them. `lowest` and `highest` bound the values; None is unbounded.

    `in_place(a, dz, room)`, where there is one, is the same in less time for small arrays: an operation that turns `a`
    from z into f(z), and those that multiply `dz` by f'(z). What is no number in `dz` may become 0.
    """

    name: str
    function: Callable[[ndarray, ndarray], None]
    derivative: Callable[[ndarray, ndarray, ndarray], None]
    lowest: float | None = None
    highest: float | None = None
    needs_input: bool = False
    in_place: Callable[[ndarray, ndarray, ndarray], tuple[Operation, list[Operation]]] | None = None

    def __call__(self, z: Float[ndarray, "..."]) -> Float[ndarray, "..."]:
        """f(z) as a new array."""
        out = np.empty_like(z)
        self.function(z, out)
        return out


def _relu(z: ndarray, out: ndarray) -> None:
    # A maximum beside as many zeros takes half the time that it takes beside one. They are kept for slabs of examples,
    # as an answering layer has them, [n_slabs, rows, n_units].
    np.maximum(z, _zeros(z.shape[1:], z.dtype) if z.ndim == 3 else _ZERO, out=out)


@lru_cache(maxsize=16)
def _zeros(shape: tuple[int, ...], dtype: np.dtype) -> ndarray:
    zeros = np.zeros(shape, dtype)
    zeros.flags.writeable = False
    return zeros


def _relu_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    np.greater(a, _ZERO, out)


def _relu_in_place(a: ndarray, dz: ndarray, room: ndarray) -> tuple[Operation, list[Operation]]:
    # The bits of a float, read as a whole number, are above 0 just where it is. So the smaller one of that number and 1
    # is the slope, and what it makes of the bits of another float, multiplied as whole numbers, is that float or 0.
    # (Not where `a` is NaN; but then so is what all layers above make of it, and the step is refused.)
    a_bits, dz_bits, slope = (part.view(f"i{part.itemsize}") for part in (a, dz, room))
    # (Zeros and ones of the same shape, not one of them: that saves a call a quarter of its time.)
    return partial(np.maximum, a, np.zeros_like(a), out=a), [
        partial(np.minimum, a_bits, np.ones_like(a_bits), out=slope),
        partial(np.multiply, dz_bits, slope, dz_bits),
    ]


def _leaky_relu(z: ndarray, out: ndarray) -> None:
    np.maximum(z, LEAKY_SLOPE * z, out=out)


def _leaky_relu_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    np.greater(a, 0, out=out)
    out *= 1 - LEAKY_SLOPE
    out += LEAKY_SLOPE


def _sigmoid(z: ndarray, out: ndarray) -> None:
    # 1 / (1 + e^-z) = (1 + tanh(z / 2)) / 2, which overflows for no z.
    np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5


def _sigmoid_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    np.subtract(1, a, out=out)
    out *= a


def _tanh(z: ndarray, out: ndarray) -> None:
    np.tanh(z, out=out)


def _tanh_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1, out, out=out)


def _elu(z: ndarray, out: ndarray) -> None:
    below = np.expm1(np.minimum(z, 0))
    np.maximum(z, below, out=out)  # e^z - 1 >= z where z <= 0, and 0 <= z elsewhere


def _elu_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    np.minimum(a, 0, out=out)
    out += 1


def _silu(z: ndarray, out: ndarray) -> None:
    _sigmoid(z, out)
    out *= z


def _silu_derivative(z: ndarray, a: ndarray, out: ndarray) -> None:
    # f = z s, f' = s + z s (1 - s) = s (1 - f) + f
    _sigmoid(z, out)
    out *= 1 - a
    out += a


def _gelu(z: ndarray, out: ndarray) -> None:
    np.tanh(_GELU_SCALE * (z + _GELU_CUBIC * z * z * z), out=out)
    out += 1
    out *= z
    out *= 0.5


def _gelu_derivative(z: ndarray, _a: ndarray, out: ndarray) -> None:
    t = np.tanh(_GELU_SCALE * (z + _GELU_CUBIC * z * z * z))
    np.multiply(1 - t * t, _GELU_SCALE * (1 + 3 * _GELU_CUBIC * z * z), out=out)
    out *= z
    out += 1 + t
    out *= 0.5


def _softplus(z: ndarray, out: ndarray) -> None:
    np.logaddexp(z, 0, out=out)


def _softplus_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    # f = ln(1 + e^z), f' = 1 / (1 + e^-z) = 1 - e^-f
    np.negative(a, out=out)
    np.expm1(out, out=out)
    np.negative(out, out=out)


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("relu", _relu, _relu_derivative, lowest=0.0, in_place=_relu_in_place),
        Activation("leaky_relu", _leaky_relu, _leaky_relu_derivative),
        Activation("sigmoid", _sigmoid, _sigmoid_derivative, lowest=0.0, highest=1.0),
        Activation("tanh", _tanh, _tanh_derivative, lowest=-1.0, highest=1.0),
        Activation("elu", _elu, _elu_derivative, lowest=-1.0),  # Clevert et al. 2016, alpha 1
        Activation("silu", _silu, _silu_derivative, needs_input=True),  # Elfwing et al. 2018; also swish
        Activation("gelu", _gelu, _gelu_derivative, needs_input=True),  # Hendrycks & Gimpel 2016, tanh form
        Activation("softplus", _softplus, _softplus_derivative, lowest=0.0),
    )
}
"""Every activation function of hidden layers, by the name that `core.config` knows."""


def softmax(logits: Float[ndarray, "..."], out: Float[ndarray, "..."] | None = None, axis: int = -1) -> ndarray:
    """e^z_k / sum_j e^z_j along `axis`; the largest logit is subtracted first, so that nothing overflows."""
    out = np.empty_like(logits) if out is None else out
    if logits.ndim == 2 and axis in {-1, 1} and logits.shape[1] < logits.shape[0]:
        # Many short rows: a reduction runs five times as fast along the long axis.
        columns = np.array(logits.T, order="C")
        out[...] = softmax(columns, columns, axis=0).T
        return out
    np.subtract(logits, np.maximum.reduce(logits, axis, keepdims=True), out=out)
    np.exp(out, out=out)
    np.divide(out, np.add.reduce(out, axis, keepdims=True), out=out)
    return out


def least_probability(dtype: np.dtype) -> float:
    """The least probability that counts in training: the cube root of the smallest normal number, 2e-13 in float32.

    What follows from smaller ones would be denormal numbers, with which a processor computes ten times slower, and
    change no weight.
    """
    return float(np.cbrt(float(np.finfo(dtype).tiny)))


def softmax_in_place(logits: Float[ndarray, "n_classes batch"]) -> Callable[[], None]:
    """An operation that makes softmax of what these logits then are, class by class along axis 0, for training.

    No probability is below `least_probability`.
    """
    top, total = (np.empty(logits.shape[1], logits.dtype) for _ in range(2))
    lowest = np.array(np.log(least_probability(logits.dtype)), logits.dtype)

    def operation() -> None:
        np.maximum.reduce(logits, 0, out=top)
        np.subtract(logits, top, logits)
        np.maximum(logits, lowest, out=logits)
        np.exp(logits, logits)
        np.add.reduce(logits, 0, out=total)
        np.divide(logits, total, logits)

    return operation


def sigmoid(z: Float[ndarray, "..."], out: Float[ndarray, "..."] | None = None, axis: int = -1) -> ndarray:
    """1 / (1 + e^-z) for each number by itself, without overflow; `axis` is there to stand in for softmax."""
    del axis
    out = np.empty_like(z) if out is None else out
    _sigmoid(z, out)
    return out
