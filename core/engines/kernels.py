"""Fast forms of activations and losses: operations that write into buffers which are there already.

What has none here is computed as `core.functions` defines it, so that a new function works in every engine at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.engines.workers import Operation
from annscope.core.functions.activations import ACTIVATIONS, GELU_CUBIC, GELU_SCALE, LEAKY_SLOPE, Activation
from annscope.core.functions.losses import LOSSES, FusedLoss, fused_loss
from annscope.core.functions.outputs import OUTPUTS

_ZERO = np.zeros((), np.float32)  # as an array of no dimensions: a Python number costs each call a conversion


@dataclass(frozen=True)
class ActivationKernel:
    """An activation that allocates nothing.

    `function(z, out)` writes f(z); `out` may be `z` itself unless `needs_input`. `derivative(z, a, out)` writes f'(z),
    where a = f(z); it reads z only if `needs_input`, and `out` is neither of them.

    `in_place(a, dz, scratch)`, where there is one, is the same in less time for small arrays: an operation that turns
    `a` from z into f(z), and those that multiply `dz` by f'(z). A NaN in `dz` may become 0.
    """

    function: Callable[[ndarray, ndarray], object]
    derivative: Callable[[ndarray, ndarray, ndarray], object]
    needs_input: bool = False
    in_place: Callable[[ndarray, ndarray, ndarray], tuple[Operation, list[Operation]]] | None = None


def activation_kernel(activation: Activation) -> ActivationKernel:
    """The fast form of an activation, or what stands in for it."""
    known = _ACTIVATIONS.get(activation.name)
    if known is not None:
        return known
    return ActivationKernel(
        lambda z, out: np.copyto(out, activation.function(z)),
        lambda z, a, out: np.copyto(out, activation.derivative(z, a)),
        activation.needs_input,
    )


def _relu(z: ndarray, out: ndarray) -> None:
    # A maximum beside as many zeros takes a third of the time that it takes beside one; tiles of examples, as an
    # inference layer has them, [n_tiles, rows, n_units], share those of one tile.
    shape = z.shape[-2:]
    np.maximum(z, _zeros(shape[::-1], z.dtype).T if z.flags.f_contiguous else _zeros(shape, z.dtype), out=out)


@lru_cache(maxsize=16)
def _zeros(shape: tuple[int, ...], dtype: np.dtype) -> ndarray:
    zeros = np.zeros(shape, dtype)
    zeros.flags.writeable = False
    return zeros


def _relu_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    np.greater(a, _ZERO, out)


def _relu_in_place(a: ndarray, dz: ndarray, scratch: ndarray) -> tuple[Operation, list[Operation]]:
    # The bits of a float, read as a whole number, are above 0 just where it is. So the smaller one of that number and 1
    # is the slope, and its product with the bits of another float, as whole numbers, is that float or 0.
    # (Not where `a` is NaN; but then so are the activations of all layers above, and the step raises.)
    a_bits, dz_bits, slope = (part.view(f"i{part.itemsize}") for part in (a, dz, scratch))
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
    np.maximum(z, np.expm1(np.minimum(z, 0)), out=out)


def _elu_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    np.minimum(a, 0, out=out)
    out += 1


def _silu(z: ndarray, out: ndarray) -> None:
    _sigmoid(z, out)
    out *= z


def _silu_derivative(z: ndarray, a: ndarray, out: ndarray) -> None:
    _sigmoid(z, out)
    out *= 1 - a
    out += a


def _gelu(z: ndarray, out: ndarray) -> None:
    np.tanh(GELU_SCALE * (z + GELU_CUBIC * z * z * z), out=out)
    out += 1
    out *= z
    out *= 0.5


def _gelu_derivative(z: ndarray, _a: ndarray, out: ndarray) -> None:
    t = np.tanh(GELU_SCALE * (z + GELU_CUBIC * z * z * z))
    np.multiply(1 - t * t, GELU_SCALE * (1 + 3 * GELU_CUBIC * z * z), out=out)
    out *= z
    out += 1 + t
    out *= 0.5


def _softplus(z: ndarray, out: ndarray) -> None:
    np.logaddexp(z, 0, out=out)


def _softplus_derivative(_z: ndarray, a: ndarray, out: ndarray) -> None:
    np.negative(a, out=out)
    np.expm1(out, out=out)
    np.negative(out, out=out)


_ACTIVATIONS: dict[str, ActivationKernel] = {
    "relu": ActivationKernel(_relu, _relu_derivative, in_place=_relu_in_place),
    "leaky_relu": ActivationKernel(_leaky_relu, _leaky_relu_derivative),
    "sigmoid": ActivationKernel(_sigmoid, _sigmoid_derivative),
    "tanh": ActivationKernel(_tanh, _tanh_derivative),
    "elu": ActivationKernel(_elu, _elu_derivative),
    "silu": ActivationKernel(_silu, _silu_derivative, ACTIVATIONS["silu"].needs_input),
    "gelu": ActivationKernel(_gelu, _gelu_derivative, ACTIVATIONS["gelu"].needs_input),
    "softplus": ActivationKernel(_softplus, _softplus_derivative),
}


@dataclass(frozen=True)
class LossKernel:
    """The gradient of a loss on logits with the classes along axis 0, in their place.

    `output(logits)` makes an operation that overwrites these logits with what the output units give.
    `gradient(p, targets, scale)` overwrites that with `scale` (faster as an array of no dimensions) times the gradient
    of each example's loss with respect to its logits.
    """

    output: Callable[[ndarray], Operation]
    gradient: Callable[[ndarray, ndarray, float | ndarray], object]
    is_softmax_cross_entropy: bool = False


def loss_kernel(config: RunConfig) -> LossKernel:
    """The loss that a config trains with, its `softmax_derivative` included."""
    output, training = OUTPUTS[config.network.output], config.training
    fused = fused_loss(training.loss, output.name, training.softmax_derivative)
    if output.sums_to_one:
        operation: Callable[[ndarray], Operation] = softmax_in_place
    else:
        operation = _sigmoid_in_place
    gradient = next((fast for plain, fast in _GRADIENTS if plain is fused.gradient), None)
    return LossKernel(
        operation,
        gradient or partial(_plain_gradient, fused),
        output.sums_to_one and fused.gradient is LOSSES["cross_entropy"].softmax.gradient,
    )


def _plain_gradient(fused: FusedLoss, p: ndarray, targets: ndarray, scale: float | ndarray) -> None:
    p[...] = (fused.gradient(p.T, targets.T) * scale).T


def _difference(p: ndarray, targets: ndarray, scale: float | ndarray) -> None:
    np.subtract(p, targets, p)
    np.multiply(p, scale, p)


def _softmax_squared_error_gradient(p: ndarray, targets: ndarray, scale: float | ndarray) -> None:
    error = p - targets
    error -= (error * p).sum(axis=0)
    p *= error
    p *= scale


def _sigmoid_squared_error_gradient(p: ndarray, targets: ndarray, scale: float | ndarray) -> None:
    slope = p * (1 - p)
    p -= targets
    p *= slope
    p *= scale


_GRADIENTS: tuple[tuple[Callable[..., ndarray], Callable[..., None]], ...] = (
    (LOSSES["cross_entropy"].softmax.gradient, _difference),
    (LOSSES["cross_entropy"].sigmoid.gradient, _difference),
    (LOSSES["squared_error"].softmax.gradient, _softmax_squared_error_gradient),
    (LOSSES["squared_error"].sigmoid.gradient, _sigmoid_squared_error_gradient),
)
"""Gradients of `core.functions.losses`, each beside its fast form."""


def _sigmoid_in_place(logits: Float[ndarray, "n_outputs batch"]) -> Operation:
    return partial(_sigmoid, logits, logits)


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
