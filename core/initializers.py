"""How the first random weights are drawn; biases begin at 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator


def he(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Normal with standard deviation scale * sqrt(2 / n_in) (He et al. 2015, equation 10)."""
    return generator.normal(0.0, scale * np.sqrt(2 / n_in), (n_in, n_out))


def glorot(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Uniform within scale * sqrt(6 / (n_in + n_out)) of 0 (Glorot & Bengio 2010, equation 16)."""
    bound = scale * np.sqrt(6 / (n_in + n_out))
    return generator.uniform(-bound, bound, (n_in, n_out))


def uniform(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Uniform in [-scale, scale)."""
    return generator.uniform(-scale, scale, (n_in, n_out))


def normal(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Normal with standard deviation `scale`."""
    return generator.normal(0.0, scale, (n_in, n_out))


INITIALIZERS: dict[str, Callable[[Generator, int, int, float], ndarray]] = {
    "he": he,
    "glorot": glorot,
    "uniform": uniform,
    "normal": normal,
}
"""Every initialiser, by the name that `core.config` knows; each draws a weight [n_in, n_out] in float64."""
